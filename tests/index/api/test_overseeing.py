"""A privacy officer does in the JSON interface what her pages do, by the same rules and with the same left out."""

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from httpx import Response

from signal_index import audit
from signal_index.model import Actor, AuditEvent
from signal_index.model.review import Indicator, LookRef, Reason
from signal_index.usecases.oversight.chosen import PER_PAGE
from signal_index.usecases.oversight.health import Expected
from signal_index.web.api.registry import ROUTES
from signal_index.web.app import Surface, create_app
from signal_index.web.pages import oversight
from signal_index.web.pages.administration import steering
from tests.index.conftest import World
from tests.index.records.test_catalogue import RECORDED
from tests.index.site.conftest import House

from .overseeing import COLLEAGUE, choose, decide, hire_colleague, look_id, made, newest, opening, wanted

OFFICER = "p.officer"
CASE = "WT-2026-0301"
LATE_AT_NIGHT = Reason(Indicator.OUTSIDE_HOURS, 3, (("time", "22.14"), ("times", "1"), ("looks", "40")))
TRIED = Reason(Indicator.ATTEMPTS, 5, (("times", "3"),))

# By page, and how it is asked: the route that does the same.
SAME = {
    "work_list get": "werklijst",
    "one_look get": "vastgelegde-raadpleging",
    "judge post": "oordeel",
    "look_proof post": "logbewijs",
    "openings get": "zaaknummeraanvragen",
    "open_person post": "nieuwe-zaaknummeraanvraag",
    "open_person get": "vastgelegde-raadpleging",
    "opening get": "zaaknummeraanvraag",
    "decide_opening post": "zaaknummerbesluit",
    "search post": "zoekopdracht",
    "objections get": "belemmeringen",
    "objections post": "nieuw-bezwaar",
    "end_objection post": "einde-bezwaar",
    "figures get": "maandcijfers",
    "rules get": "regels",
    "rules_to_decide get": "regelsets",
    "rules_to_decide post": "regelbesluit",
    "log_health get": "logboek",
    "steering get": "stuurcijfers",
}
AN_EMPTY_FORM = {"search get"}


@pytest.fixture
def relation(world: World) -> Any:
    """The case of a worker, of a resident about whom there is a signal; and two privacy officers."""
    hire_colleague(world)
    world.register_relations((world.PEOPLE[0], world.relation(case_reference=CASE)))
    world.publish(world.ZORG, "kvk:00000004", "schuldhulptraject", {world.PEOPLE[0]: "2025-11"})
    world.publish_nothing_else()
    (found,) = world.database.run(lambda tx: tx.relations.all_of(world.GEMEENTE))
    return found


def get(world: World, path: str, staff_id: str = OFFICER) -> Any:
    answered = world.request("GET", f"/v1{path}", headers=world.token(staff_id))
    assert answered.status_code == 200, answered.text
    return answered.json()


def post(world: World, path: str, body: Any, staff_id: str = OFFICER) -> Response:
    return world.request("POST", f"/v1{path}", headers=world.token(staff_id), json=body)


def test_every_page_of_oversight_and_the_figures_have_their_route_and_record_the_same() -> None:
    pages = [page for module in (*oversight.SECTIONS, steering) for page in module.PAGES]
    asked = {f"{each.name} {how}" for each in pages for how in ("get", "post") if getattr(each, how)}
    assert asked == SAME.keys() | AN_EMPTY_FORM
    for page, route in SAME.items():
        assert ROUTES[route].records == RECORDED.get(f"page {page.removesuffix(' get')}"), page


# --- The work list ------------------------------------------------------------------------------------------------


def test_the_list_says_why_and_until_when_and_can_be_narrowed(world: World, relation: Any) -> None:
    choose(world, made(world, relation.relation_id), LATE_AT_NIGHT)
    choose(world, made(world, relation.relation_id, "w.twee"), TRIED, due_in=-1)
    found = get(world, "/werklijstregels")
    assert (found["totaal"], found["verlopen"], found["volgende"]) == (2, 1, None)
    assert found["soorten"] == [{"soort": "tijd", "aantal": 1}, {"soort": "pogingen", "aantal": 1}]
    late, other = found["werklijstregels"]
    assert (late["waarom"], late["verlopen"]) == (["Poging buiten de caseload (3 keer)."], True)
    assert late["raadpleging"]["geweigerd"] == "no-relation"
    assert other["raadpleging"]["doel"] == "voorbereiding-huisbezoek"
    narrowed = get(world, "/werklijstregels?soort=tijd")
    assert narrowed["werklijstregels"] == [other]
    assert narrowed["totaal"] == 2


def test_a_long_list_comes_in_pages_and_the_last_one_ends_it(world: World, relation: Any) -> None:
    for _ in range(PER_PAGE + 1):
        choose(world, made(world, relation.relation_id))
    first, last = get(world, "/werklijstregels"), get(world, "/werklijstregels?bladzijde=2")
    assert (len(first["werklijstregels"]), first["volgende"]) == (PER_PAGE, 2)
    assert (len(last["werklijstregels"]), last["volgende"]) == (1, None)
    assert get(world, "/werklijstregels?bladzijde=99999") == last


def test_a_judgement_takes_a_look_off_the_list_and_a_question_gives_it_another_day(
    world: World, relation: Any
) -> None:
    ref = made(world, relation.relation_id)
    choose(world, ref)
    path = f"/vastgelegde-raadplegingen/{look_id(world, ref)}"
    asked = post(world, f"{path}/oordelen", {"oordeel": "vraag", "grond": "medewerker-gevraagd"})
    assert asked.status_code == 201
    assert asked.json()["uiterlijk"] == str(world.DAY + timedelta(days=14))
    assert get(world, "/werklijstregels")["werklijstregels"][0]["vraagGesteld"] is True
    review = get(world, path, COLLEAGUE)["beoordeling"]
    assert [each["oordeel"] for each in review["mogelijk"]] == ["terecht", "onterecht"]
    assert review["vraagVan"] == OFFICER
    final = post(world, f"{path}/oordelen", {"oordeel": "terecht", "grond": "huisbezoek"}, COLLEAGUE)
    assert final.json() == {"oordeel": "terecht", "grond": "huisbezoek", "uiterlijk": None}
    assert get(world, "/werklijstregels")["werklijstregels"] == []
    review = get(world, path)["beoordeling"]
    assert [each["door"] for each in review["eerder"]] == [OFFICER, COLLEAGUE]
    assert review["mogelijk"] == []
    again = post(world, f"{path}/oordelen", {"oordeel": "terecht", "grond": "huisbezoek"})
    assert (again.status_code, again.json()["code"]) == (409, "judged")


def test_a_ground_of_another_judgement_changes_nothing(world: World, relation: Any) -> None:
    ref = made(world, relation.relation_id)
    choose(world, ref)
    path = f"/vastgelegde-raadplegingen/{look_id(world, ref)}/oordelen"
    refused = post(world, path, {"oordeel": "terecht", "grond": "eigen-belang"})
    assert (refused.status_code, refused.json()["code"]) == (400, "ground")
    assert world.records("review.judged") == []


# --- One look -----------------------------------------------------------------------------------------------------


def whole(world: World, ref: LookRef) -> Any:
    return get(world, f"/vastgelegde-raadplegingen/{look_id(world, ref)}")


def test_a_look_tells_who_and_by_which_rules_and_never_what_was_shown(world: World, relation: Any) -> None:
    found = whole(world, made(world, relation.relation_id))
    assert (found["account"], found["band"]["eigenZaak"]) == ("w.een", True)
    assert found["regels"]
    assert all(each["titel"] for each in found["regels"])
    assert {"soort": "schuldhulptraject", "niveau": "contact"} in found["toegestaan"]
    text = str(found)
    private = (
        world.PEOPLE[0].digits,
        CASE,
        relation.person.encoded.hex(),
        str(uuid.UUID(bytes=relation.relation_id)),
    )
    assert not [each for each in private if each in text]
    assert "any_shown" not in text


def test_a_look_is_explained_in_four_lines_in_both_languages_as_its_page_does(
    world: World, relation: Any
) -> None:
    ref = made(world, relation.relation_id)
    told = whole(world, ref)["toelichting"]
    assert (told["klopt"], told["twijfel"]) == (True, None)
    page = House(world).browser(OFFICER).get(f"/toezicht/raadplegingen/{look_id(world, ref)}")
    text = " ".join(unescape(page.text).split())
    assert told["nl"]
    for each in told["nl"]:
        sentences = (each["besluit"], *each["waarom"], *each["watKanHelpen"])
        grounds = [f"{basis['wet']}, {basis['artikel']}" for basis in each["grondslag"]]
        assert not [said for said in (*sentences, *grounds) if said not in text]
    by_language = [[each["soorten"] for each in told[name]] for name in ("nl", "en")]
    assert by_language[0] == by_language[1]
    assert any("The worker was allowed to see" in each["besluit"] for each in told["en"])


def test_a_look_that_would_be_decided_otherwise_says_so(world: World, relation: Any) -> None:
    made(world, relation.relation_id)
    (entry,) = world.records("lookup.answered")
    forged = AuditEvent(entry.event, entry.at, {**entry.fields, "allowed": []}, None)
    world.database.run(lambda tx: tx.audit.append(forged))
    told = whole(world, newest(world))["toelichting"]
    assert (told["klopt"], told["twijfel"]) == (False, "outcome")


def test_two_looks_that_differ_in_what_was_shown_alone_read_the_same(world: World, relation: Any) -> None:
    def masked(ref: LookRef) -> Any:
        found = whole(world, ref)
        return {**found, "raadpleging": {**found["raadpleging"], "raadpleging": ""}, "logboek": None}

    shown = made(world, relation.relation_id)
    world.publish(world.ZORG, "kvk:00000004", "schuldhulptraject", {}, generation=2)
    hidden = made(world, relation.relation_id)
    fields = [each.fields["any_shown"] for each in world.records("lookup.answered")]
    assert fields == [False, True]
    assert masked(hidden) == masked(shown)


def test_an_attempt_says_why_it_was_refused_and_nothing_of_the_case(world: World, relation: Any) -> None:
    found = whole(world, made(world, relation.relation_id, "w.twee"))
    assert found["raadpleging"]["geweigerd"] == "no-relation"
    assert (found["band"], found["regels"], found["toegestaan"], found["feiten"]) == (None, [], [], {})
    assert found["toelichting"] is None


def test_the_proof_is_the_one_that_the_receipt_gives(world: World, relation: Any) -> None:
    ref = made(world, relation.relation_id)
    path = f"/v1/vastgelegde-raadplegingen/{look_id(world, ref)}/logbewijs"
    early = world.request("GET", path, headers=world.token(OFFICER))
    assert (early.status_code, early.json()["code"]) == (503, "not-in-tree")
    world.database.run(lambda tx: tx.log.integrate(world.clock, 1000))
    receipt = whole(world, ref)["logboek"]["ontvangstbewijs"]
    proof = world.request("GET", path, headers=world.token(OFFICER)).json()
    assert proof == post(world, "/logbewijzen", receipt).json()
    assert world.records("receipt.redeemed")[0].fields["number"] == ref.number


def test_a_look_that_is_not_there_is_not_found_in_any_way(world: World, relation: Any) -> None:
    path = f"/v1/vastgelegde-raadplegingen/{uuid.UUID(int=7)}"
    judgement = {"oordeel": "terecht", "grond": "huisbezoek"}
    for method, place, body in (
        ("GET", path, None),
        ("GET", f"{path}/logbewijs", None),
        ("POST", f"{path}/oordelen", judgement),
        ("POST", "/v1/zaaknummeraanvragen", wanted(uuid.UUID(int=7))),
    ):
        answered = world.request(method, place, headers=world.token(OFFICER), json=body)
        assert answered.status_code == 404, place


# --- Searching ----------------------------------------------------------------------------------------------------


def search(world: World, **changed: Any) -> Response:
    asked = {"reden": "klacht", "dossier": "K-2026-7", "van": str(world.DAY), "tot": str(world.DAY)}
    return post(world, "/zoekopdrachten", {**asked, **changed})


def test_a_search_finds_by_case_and_records_why_and_which(world: World, relation: Any) -> None:
    ref = made(world, relation.relation_id)
    found = search(world, zaak=CASE, medewerker="w.een").json()
    assert [each["raadpleging"] for each in found["raadplegingen"]] == [str(look_id(world, ref))]
    assert found["volgende"] is None
    (entry,) = world.records("looks.searched")
    assert (entry.fields["reason"], entry.fields["dossier"], entry.fields["found"]) == (
        "klacht",
        "K-2026-7",
        1,
    )
    assert entry.fields["relations"] == [str(uuid.UUID(bytes=relation.relation_id))]
    assert search(world, uitkomst="geweigerd").json()["raadplegingen"] == []


@pytest.mark.parametrize(
    ("changed", "field"),
    [({"dossier": ""}, "dossier"), ({"reden": None}, "reden"), ({"van": "2024-01-01"}, "van")],
)
def test_nothing_is_searched_without_a_reason_a_dossier_and_a_short_time(
    world: World, relation: Any, changed: dict[str, Any], field: str
) -> None:
    refused = search(world, **changed)
    assert refused.status_code == 400
    assert [each["veld"] for each in refused.json()["velden"]] == [field]
    assert world.records("looks.searched") == []


def test_whom_nobody_knows_is_an_answer_with_a_record_and_is_not_said_back(
    world: World, relation: Any
) -> None:
    bsn = world.PEOPLE[0].digits
    answered = search(world, medewerker="Nergens", zaak=bsn)
    assert answered.status_code == 400
    assert [each["veld"] for each in answered.json()["velden"]] == ["medewerker", "zaak"]
    (entry,) = world.records("looks.searched")
    assert (entry.fields["workers"], entry.fields["relations"]) == ([], [])
    dossier = search(world, dossier=bsn)
    assert dossier.status_code == 400
    assert bsn not in answered.text + dossier.text


# --- Openings -----------------------------------------------------------------------------------------------------


def test_only_who_asked_sees_the_case_after_another_agreed(world: World, relation: Any) -> None:
    asked = opening(world, OFFICER, look_id(world, made(world, relation.relation_id)))
    alone = decide(world, OFFICER, asked)
    assert (alone.status_code, alone.json()["code"]) == (403, "own-opening")
    (waiting,) = get(world, "/zaaknummeraanvragen", COLLEAGUE)["zaaknummeraanvragen"]
    assert (waiting["stand"], waiting["teBeslissen"], waiting["zaak"]) == ("gevraagd", True, None)
    decided = decide(world, COLLEAGUE, asked).json()
    assert (decided["stand"], decided["besluiter"], decided["zaak"]) == ("open", COLLEAGUE, None)
    assert get(world, f"/zaaknummeraanvragen/{asked}")["zaak"]["zaakreferentie"] == CASE
    assert len(world.records("opening.read")) == 1
    assert get(world, f"/zaaknummeraanvragen/{asked}", COLLEAGUE)["zaak"] is None
    assert CASE not in str(get(world, "/zaaknummeraanvragen"))
    assert len(world.records("opening.read")) == 1
    again = decide(world, COLLEAGUE, asked, approve=False)
    assert (again.status_code, again.json()["code"]) == (409, "opening-decided")


def test_asking_again_gives_the_request_that_waits(world: World, relation: Any) -> None:
    look = look_id(world, made(world, relation.relation_id))
    assert opening(world, OFFICER, look) == opening(world, OFFICER, look)
    assert len(world.records("opening.asked")) == 1


def test_a_bsn_is_no_dossier_and_is_not_said_back(world: World, relation: Any) -> None:
    bsn = world.PEOPLE[0].digits
    look = look_id(world, made(world, relation.relation_id))
    refused = post(world, "/zaaknummeraanvragen", wanted(look, bsn))
    assert (refused.status_code, refused.json()["velden"][0]["veld"]) == (400, "dossier")
    assert bsn not in refused.text
    assert world.records("opening.asked") == []


# --- Figures ------------------------------------------------------------------------------------------------------


def log_looks(world: World, at: datetime, *, shown: int, not_shown: int) -> None:
    """That many looks at a moment, on record."""

    def job(tx: Any) -> None:
        actor = Actor.in_all_roles("w.een", tx.staff.get("w.een"), second_factor=True, token_id="test")
        purpose = "voorbereiding-huisbezoek"
        for number in range(shown + not_shown):
            seen = number < shown
            tx.audit.append(audit.act("lookup.answered", at, actor, purpose=purpose, any_shown=seen))

    world.database.run(job)


@pytest.fixture
def may(world: World) -> World:
    """A month after April, in which 12 looks showed something and 13 did not; in March there were 9."""
    log_looks(world, datetime(2026, 3, 3, 9, tzinfo=UTC), shown=9, not_shown=0)
    log_looks(world, datetime(2026, 4, 7, 9, tzinfo=UTC), shown=12, not_shown=13)
    world.clock = datetime(2026, 5, 4, 9, tzinfo=UTC)
    return world


def counts(table: Any) -> dict[str, int | None]:
    return {each["code"]: each["aantal"] for each in table["tellingen"]}


def test_figures_are_of_a_closed_month_and_each_reader_gets_her_own(may: World) -> None:
    hers, other = get(may, "/maandcijfers"), get(may, "/stuurcijfers", "f.beheer")
    assert hers["maand"] == other["maand"] == "2026-04"
    assert hers["doelen"] == other["doelen"]
    assert hers["doelen"]["totaal"] == 25
    # Nobody was refused, which tells too little to be shown; what would give it away is left out with it, on both.
    assert counts(hers["uitkomsten"]) == {"met-signaal": None, "zonder-signaal": 13, "geweigerd": None}
    assert counts(other["metSignaal"]) == {"met-signaal": None, "geen-signaal": None}
    assert (other["metSignaal"]["totaal"], other["procentMetSignaal"]) == (25, None)
    assert {"teams", "uitkomsten", "beoordeeld"} <= hers.keys() - other.keys()
    assert {"metSignaal", "bronnen"} <= other.keys() - hers.keys()
    assert may.records("oversight.read")[0].fields["selection"] == "2026-04"


def test_small_counts_are_left_out_of_both(may: World) -> None:
    for path, reader in (("/maandcijfers", OFFICER), ("/stuurcijfers", "f.beheer")):
        found = get(may, f"{path}?maand=2026-03", reader)
        tables = [each for each in found.values() if isinstance(each, dict) and "tellingen" in each]
        assert len(tables) >= 3
        assert all(each["totaal"] is None and not set(counts(each).values()) - {None} for each in tables)


@pytest.mark.parametrize(
    ("month", "status"), [("2026-05", 404), ("2020-01", 404), ("2026-13", 400), ("x", 400)]
)
def test_a_month_without_figures_is_not_there(may: World, month: str, status: int) -> None:
    for path, reader in (("/maandcijfers", OFFICER), ("/stuurcijfers", "f.beheer")):
        answered = may.request("GET", f"/v1{path}?maand={month}", headers=may.token(reader))
        assert answered.status_code == status
    assert may.records("oversight.read", "administration.read") == []


# --- Log ----------------------------------------------------------------------------------------------------------


def test_a_witness_that_never_answered_makes_the_log_not_well(world: World) -> None:
    assert get(world, "/logboek")["getuigen"] == []
    desk = replace(world.desk, expected=Expected(("stil.example",), timedelta(minutes=15)))
    world.app = create_app(desk, Surface.ALL)
    found = get(world, "/logboek")
    assert (found["inOrde"], found["incident"], found["hooguitMinuten"]) == (False, False, 15)
    (witness,) = found["getuigen"]
    assert (witness["naam"], witness["bevestigd"], witness["weigert"]) == ("stil.example", None, None)
    assert newest_read(world) == "log_health"


def newest_read(world: World) -> Any:
    return world.records("oversight.read")[0].fields["page"]
