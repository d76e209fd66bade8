"""Objections and workers who know a resident, by real forms: registering, ending, every error, and who may not."""

from typing import Any
from uuid import UUID

import pytest

from policy.vocabulary import Role
from signal_index import audit
from tests.index.conftest import World

CASE, OTHER = "WT-2026-0147", "WT-2026-0148"
OFFICER, LEAD = (
    {"staff_id": "p.officer", "role": "privacy-officer"},
    {"staff_id": "t.lead", "role": "teamleider"},
)
PURPOSE = "voorbereiding-huisbezoek"


@pytest.fixture
def own(house: Any) -> str:
    """Where w.een says that she knows the resident of her case, who has one signal; a second case is w.twee's."""
    world = house.world
    world.publish(world.GEMEENTE, "agb:00000001", "wmo-voorziening", {world.PEOPLE[0]: "2025-04"})
    row = world.relation(case_reference=CASE)
    world.register_relations(
        (world.PEOPLE[0], row), (world.PEOPLE[1], world.relation("w.twee", case_reference=OTHER))
    )
    world.publish_nothing_else()
    return f"/caseload/{UUID(bytes=row.relation_id)}/prive"


def shows(world: World, own: str) -> bool:
    """Whether a look of w.een in her case shows a signal."""
    return bool(world.look(UUID(own.split("/")[2]).bytes).json()["signalen"])


def news(world: World) -> list[str]:
    """What is on record about all this, newest first."""
    return [
        each.event for each in world.records("impediment.registered", "impediment.ended", "action.refused")
    ]


def alias(world: World) -> str:
    """Of the first resident."""

    def job(tx: Any) -> str:
        relation = next(each for each in tx.relations.all_of(world.GEMEENTE) if each.case_reference == CASE)
        found: str = tx.names.of_person(relation.person)
        return found

    return world.database.run(job)


# --- A worker -----------------------------------------------------------------------------------------------------


def test_a_worker_closes_a_case_to_herself_from_where_she_would_look(
    walk: Any, world: World, own: str
) -> None:
    assert shows(world, own)
    page = walk().open(own.replace("/prive", "/raadplegen")).tap("Leg vast dat u deze inwoner kent")
    assert page.path == own
    assert (page.heading, CASE in page.text) == ("Ik ken deze inwoner privé", True)
    assert "U kunt het niet zelf terugdraaien." in page.text
    done = page.choose("Ik ken deze inwoner").tap("Leg dit vast")
    assert "U heeft vastgelegd dat u deze inwoner kent" in done.text
    assert "Vanaf 3 maart 2026, zonder laatste dag." in done.text
    assert not done.offers("Leg dit vast")
    assert not shows(world, own)
    assert news(world) == ["impediment.registered"]


def test_nothing_is_registered_before_she_says_that_she_is_sure(walk: Any, world: World, own: str) -> None:
    page = walk().open(own).tap("Leg dit vast")
    assert page.status == 400
    assert "Er is nog niets vastgelegd" in page.text
    assert page.find("//a[@href='#zeker']").text.startswith("Zet een vinkje")
    assert news(world) == []


def test_sent_twice_it_is_registered_once(walk: Any, world: World, own: str) -> None:
    page = walk().open(own)
    for _ in range(2):
        page.send(own, ("zeker", "ja"))
    assert news(world) == ["impediment.registered"]


def test_what_her_lead_registered_is_not_on_her_page(walk: Any, world: World, own: str) -> None:
    before = walk().open(own).content
    _registered(walk(**LEAD))
    after = walk().open(own).content
    masked = [text.split(b"<main")[1].split(b'name="csrf"')[0] for text in (before, after)]
    assert masked[0] == masked[1]
    assert not shows(world, own)


def test_a_case_that_is_not_hers_is_as_unknown_as_one_that_is_not_there(walk: Any, own: str) -> None:
    theirs = walk(staff_id="w.twee").open(own)
    nothing = walk(staff_id="w.twee").open(f"/caseload/{UUID(int=7)}/prive")
    assert (theirs.status, nothing.status) == (404, 404)
    assert theirs.text == nothing.text


# --- A team lead --------------------------------------------------------------------------------------------------


def _registered(lead: Any, **changed: str) -> Any:
    filled = {"Welke medewerker?": "w.een", "Zaaknummer": CASE} | changed
    page = lead.open("/team/prive")
    for label, text in filled.items():
        page.fill(label, text)
    return page.tap("Leg dit vast")


def test_a_lead_registers_it_of_a_worker_and_ends_it(walk: Any, world: World, own: str) -> None:
    lead = walk(**LEAD)
    assert "Er is niets vastgelegd" in lead.open("/team/prive").text
    page = _registered(lead)
    assert f"w.een ziet dan niets van de inwoner van zaak {CASE}." in page.text
    assert page.headings("h3") == [f"w.een en zaak {CASE}"]
    assert not shows(world, own)
    ended = page.tap("Ja, beëindig dit")
    assert "Het is beëindigd" in ended.text
    assert shows(world, own)
    assert news(world) == ["impediment.ended", "impediment.registered"]


def test_a_lead_reads_what_a_worker_said_herself_and_what_she_is_not_offered(walk: Any, own: str) -> None:
    walk().open(own).choose("Ik ken deze inwoner").tap("Leg dit vast")
    page = walk(**LEAD).open("/team/prive")
    assert page.headings("h3") == [f"w.een en zaak {CASE}"]
    assert "door w.een" in page.text
    assert "t.lead" not in [each.get("value") for each in page.all("//select/option")]


def test_a_lead_reads_nothing_about_herself_and_cannot_end_it(walk: Any, house: Any, own: str) -> None:
    house.hire("l.twee", [Role.TEAM_LEAD, Role.TEAM_MEMBER])
    _registered(walk(**LEAD), **{"Welke medewerker?": "l.twee"})
    (made,) = house.world.records("impediment.registered")
    herself = walk(staff_id="l.twee", role="teamleider").open("/team/prive")
    assert "Er is niets vastgelegd" in herself.text
    refused = herself.send(f"/team/prive/{made.fields['impediment']}/beeindigen")
    assert refused.status == 404
    assert news(house.world) == ["action.refused", "impediment.registered"]


@pytest.mark.parametrize(
    ("changed", "field", "text"),
    [
        ({"Welke medewerker?": "Kies een medewerker"}, "medewerker", "Kies een medewerker."),
        ({"Zaaknummer": ""}, "zaak", "Vul het zaaknummer in."),
        ({"Zaaknummer": "WT-2026-9999"}, "zaak", "Dit zaaknummer is niet gevonden in uw team."),
        ({"Eerste dag": "morgen"}, "van", "Schrijf de eerste dag zo: 05-05-2026."),
        ({"Eerste dag": "02-03-2026"}, "van", "Kies vandaag of een latere dag."),
        ({"Laatste dag": "31-02-2027"}, "tot", "Schrijf de laatste dag zo: 05-05-2026."),
        ({"Laatste dag": "02-03-2026"}, "tot", "De laatste dag ligt vóór de eerste dag."),
    ],
)
def test_what_is_not_right_is_said_beside_its_field_and_kept(
    walk: Any, world: World, own: str, changed: dict[str, str], field: str, text: str
) -> None:
    page = _registered(walk(**LEAD), **changed)
    assert page.status == 400
    (link,) = page.all("//main//a[starts-with(@href, '#')]")
    assert (link.get("href"), link.text.startswith(text)) == (f"#{field}", True)
    if "Zaaknummer" not in changed:
        assert page.find("//input[@name='zaak']").get("value") == CASE
    assert not world.records("impediment.registered")


def test_a_colleague_of_another_team_is_refused_and_on_record(walk: Any, house: Any, own: str) -> None:
    lead = walk(**LEAD).open("/team/prive")
    fields = {"medewerker": "w.vreemd", "zaak": CASE, "van": "03-03-2026", "tot": ""}
    page = lead.send("/team/prive", *fields.items())
    assert (page.status, "Deze collega is niet gevonden in uw team." in page.text) == (400, True)
    assert news(house.world) == ["action.refused"]


# --- A privacy officer --------------------------------------------------------------------------------------------


def _objected(officer: Any, case: str = CASE) -> Any:
    return officer.open("/toezicht/bezwaren").fill("Zaaknummer", case).tap("Leg het bezwaar vast")


def test_an_objection_stops_everybody_until_it_is_ended(walk: Any, world: World, own: str) -> None:
    officer = walk(**OFFICER)
    assert "Er geldt geen bezwaar" in officer.open("/toezicht/bezwaren").text
    page = _objected(officer)
    assert "Het bezwaar is vastgelegd" in page.text
    assert page.headings("h3") == [f"Inwoner {alias(world)}"]
    assert f"Van inwoner {alias(world)} ziet niemand meer iets zolang het bezwaar geldt." in page.text
    assert not shows(world, own)
    ended = page.tap("Ja, beëindig het bezwaar")
    assert "Het bezwaar is beëindigd" in ended.text
    assert shows(world, own)
    assert news(world) == ["impediment.ended", "impediment.registered"]


def test_no_case_stands_on_a_page_of_an_officer_nor_in_its_address(walk: Any, world: World, own: str) -> None:
    _registered(walk(**LEAD))
    page = _objected(walk(**OFFICER))
    assert page.headings("h3") == [f"Inwoner {alias(world)}", f"w.een en inwoner {alias(world)}"]
    assert CASE.encode() not in page.content
    assert CASE not in page.path


def test_an_officer_reads_of_workers_and_leaves_ending_it_to_their_lead(
    walk: Any, world: World, own: str
) -> None:
    _registered(walk(**LEAD))
    (made,) = world.records("impediment.registered")
    page = walk(**OFFICER).open("/toezicht/bezwaren")
    assert not page.offers("Ja, beëindig het bezwaar")
    refused = page.send(f"/toezicht/bezwaren/{made.fields['impediment']}/beeindigen")
    assert refused.status == 404
    assert not shows(world, own)


def test_a_case_number_of_two_residents_is_no_guess(walk: Any, house: Any) -> None:
    world = house.world
    both = [(person, world.relation(case_reference=CASE)) for person in world.PEOPLE[:2]]
    world.register_relations(*both)
    page = _objected(walk(**OFFICER))
    assert (page.status, "hoort bij meer dan één inwoner" in page.text) == (400, True)
    assert news(world) == ["action.refused"]


def test_a_number_that_could_be_a_bsn_is_not_sent_back(walk: Any, world: World, own: str) -> None:
    digits = world.PEOPLE[0].digits
    page = _objected(walk(**OFFICER), digits)
    assert (page.status, "niet gevonden in uw organisatie" in page.text) == (400, True)
    assert digits.encode() not in page.content
    assert digits not in str(world.records())
    (refused,) = world.records("action.refused")
    assert (refused.fields["actor"], refused.fields["reason"]) == ("p.officer", "unknown-relation")


def test_the_news_is_not_in_the_address_alone(walk: Any, own: str) -> None:
    for signed_in, path in ((OFFICER, "/toezicht/bezwaren"), (LEAD, "/team/prive")):
        page = walk(**signed_in).open(f"{path}?vastgelegd={UUID(int=7)}")
        assert page.status == 200
        assert "is vastgelegd" not in page.text.partition("Wat is er vastgelegd?")[0]


@pytest.mark.parametrize(
    ("signed_in", "path"),
    [({}, "/team/prive"), ({}, "/toezicht/bezwaren"), (LEAD, "/toezicht/bezwaren"), (OFFICER, "/team/prive")],
)
def test_each_page_is_for_its_own_role(walk: Any, signed_in: dict[str, str], path: str) -> None:
    assert walk(**signed_in).open(path).status == 403


@pytest.mark.parametrize(("signed_in", "path"), [(OFFICER, "/toezicht/bezwaren"), (LEAD, "/team/prive")])
def test_after_a_restore_the_page_says_since_when_to_look_again(
    walk: Any, house: Any, signed_in: dict[str, str], path: str
) -> None:
    world = house.world
    assert "reservekopie" not in walk(**signed_in).open(path).text
    restored = audit.event(
        "index.restored", world.clock, actor="operator", token="t", newest="2026-03-01T20:15:00+00:00"
    )
    world.database.run(lambda tx: tx.audit.append(restored))
    page = walk(**signed_in).open(path)
    assert "Er is een reservekopie teruggezet" in page.text
    assert "na 1 maart 2026, 21:15" in page.text
