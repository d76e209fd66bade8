"""Staff, roles, proposals and lists by real forms: what one person may do, and what takes two."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from policy.vocabulary import Role
from signal_index.usecases.administration.entries import ENTERPRISE

COLUMNS = "medewerker;organisatie;team;actief;naam"


@pytest.fixture
def beheer(walk: Callable[..., Any]) -> Any:
    """The functioneel beheerder at her browser."""
    return walk(staff_id="f.beheer")


@pytest.fixture
def named(world: Any, house: Any) -> None:
    """A colleague with a name, in a team of her own."""

    def job(tx: Any) -> None:
        tx.staff.put(replace(tx.staff.get("w.een"), name="Samira Haddou", team="west"))

    world.database.run(job)


def member(world: Any, staff_id: str) -> Any:
    """Somebody's entry as it is."""
    return world.database.run(lambda tx: tx.staff.get(staff_id))


def found(page: Any) -> list[str]:
    """Who stands in the list, by name or staff id."""
    return [
        " ".join(each.text_content().split()) for each in page.all("//main//*[@class='si-case__reference']")
    ]


# --- The list -----------------------------------------------------------------------------------------------------


def test_everybody_is_there_with_team_roles_and_the_day_she_was_last_seen(
    beheer: Any, named: None, world: Any
) -> None:
    page = beheer.open("/beheer/medewerkers")
    everybody = world.database.run(lambda tx: tx.staff.all())
    assert len(found(page)) == len(everybody)
    (row,) = page.all("//main//a[.//*[normalize-space(.)='Samira Haddou']]")
    assert "west · Wijkteammedewerker · Laatst gezien: 3 maart 2026" in " ".join(row.text_content().split())
    assert world.records("staff.listed")


@pytest.mark.parametrize(
    ("sought", "expected"),
    [("samira", ["Samira Haddou"]), ("WEST", ["Samira Haddou"]), ("w.tw", ["w.twee"]), ("niemand zo", [])],
)
def test_a_search_finds_by_name_team_or_number_and_stands_in_no_address(
    beheer: Any, named: None, sought: str, expected: list[str]
) -> None:
    page = beheer.open("/beheer/medewerkers").fill("Zoek op naam", sought).tap("Zoek")
    assert page.path == "/beheer/medewerkers"
    assert found(page) == expected
    assert ("Niemand gevonden" in page.text) == (not expected)


def test_it_can_be_narrowed_to_a_role_and_to_accounts_that_are_off(beheer: Any, house: Any) -> None:
    house.block("w.twee")
    page = beheer.open("/beheer/medewerkers").fill("Rol", "Privacy officer").tap("Zoek")
    assert found(page) == ["p.officer", "p.tweede"]
    page = beheer.open("/beheer/medewerkers").fill("Account", "Staat uit").tap("Zoek")
    assert found(page) == ["w.twee"]


def test_a_long_list_comes_in_pieces_and_keeps_what_was_asked(beheer: Any, house: Any) -> None:
    for number in range(120):
        house.hire(f"x.{number:03}", [Role.TEAM_MEMBER] if number % 2 else [])
    page = (
        beheer.open("/beheer/medewerkers")
        .fill("Zoek op naam", "x.")
        .fill("Rol", "Wijkteammedewerker")
        .tap("Zoek")
    )
    assert "60 medewerkers" in page.text
    first = found(page)
    page.tap("Volgende")
    assert "Bladzijde 2 van 2" in page.text
    assert [*first, *found(page)] == [f"x.{number:03}" for number in range(1, 120, 2)]
    assert found(page.tap("Vorige")) == first


def test_a_number_that_could_be_somebodys_is_not_sent_back(beheer: Any) -> None:
    page = beheer.open("/beheer/medewerkers").fill("Zoek op naam", "999990019").tap("Zoek")
    assert b"999990019" not in page.content


def test_no_address_names_anybody(beheer: Any, named: None, world: Any) -> None:
    page = beheer.open("/beheer/medewerkers")
    links = [str(each.get("href")) for each in page.all("//main//a[contains(@class, 'si-case')]")]
    assert len(set(links)) == len(found(page))
    for link in links:
        opened = beheer.open(link)
        assert opened.status == 200
        addresses = [str(each) for each in opened.all("//@href | //@action")]
        for each in world.database.run(lambda tx: tx.staff.all()):
            assert not [address for address in (*links, *addresses) if each.staff_id in address]


# --- One member ---------------------------------------------------------------------------------------------------


def open_member(page: Any, name: str) -> Any:
    """Her page, by way of the list."""
    page.open("/beheer/medewerkers").fill("Zoek op naam", name).tap("Zoek")
    return page.open(str(page.all("//main//a[contains(@class, 'si-case')]")[0].get("href")))


def propose(page: Any) -> Any:
    """The proposal to make somebody without a role privacy officer."""
    page = open_member(page, "w.niets").tap("Geef de rol privacy officer")
    return page.choose("Nieuwe taak").tap("Doe het voorstel")


def test_a_plain_role_is_given_and_taken_at_once(beheer: Any, world: Any) -> None:
    page = open_member(beheer, "w.niets")
    assert "Deze medewerker heeft nog geen rol, en kan dus niets zien." in page.text
    page.tap("Geef de rol wijkteammedewerker")
    assert "Dit gebeurt meteen." in page.text
    page.choose("Nieuwe taak").tap("Voer het door")
    assert "De rol is gegeven" in page.text
    assert member(world, "w.niets").roles == {Role.TEAM_MEMBER}
    fields = world.records("role.granted")[0].fields
    assert (fields["actor"], fields["staff"], fields["why"]) == ("f.beheer", "w.niets", "nieuwe-taak")
    page.tap("Trek in: Wijkteammedewerker").tap("Voer het door")
    assert "De rol is ingetrokken" in page.text
    assert member(world, "w.niets").roles == frozenset()


def test_a_sensitive_role_becomes_a_proposal_that_a_privacy_officer_decides_on(
    beheer: Any, walk: Callable[..., Any], world: Any
) -> None:
    page = open_member(beheer, "w.niets").tap("Geef de rol privacy officer")
    assert "Hier zijn twee mensen voor nodig" in page.text
    page.tap("Doe het voorstel")
    assert (page.status, "Kies een reden." in page.text) == (400, True)
    page.choose("Nieuwe taak").tap("Doe het voorstel")
    assert page.heading == "Voorstel over w.niets"
    assert "Dit is uw eigen voorstel." in page.text
    assert not page.offers("Ja, akkoord")
    assert member(world, "w.niets").roles == frozenset()

    officer = walk(staff_id="p.officer").open("/beheer/voorstellen")
    officer.tap("Beslissen: w.niets, Rol geven: Privacy officer")
    for said in ("Nummer w.niets Wat Rol geven: Privacy officer", f"Organisatie (OIN) {world.GEMEENTE}"):
        assert said in officer.text, "names are alike; a staff id and an organisation are one's own"
    officer.tap("Ja, akkoord")
    assert "Akkoord" in officer.text
    assert member(world, "w.niets").roles == {Role.PRIVACY_OFFICER}
    fields = world.records("proposal.approved")[0].fields
    assert (fields["actor"], fields["staff"]) == ("p.officer", "w.niets")


def test_who_proposed_it_cannot_decide_by_any_form(beheer: Any, world: Any) -> None:
    page = (
        open_member(beheer, "w.niets")
        .tap("Geef de rol privacy officer")
        .choose("Nieuwe taak")
        .tap("Doe het voorstel")
    )
    path = page.path
    page.open("/hulp").send(path, ("besluit", "akkoord"))
    assert (page.status, page.heading) == (403, "Dit kunt u niet zelf doen")
    assert member(world, "w.niets").roles == frozenset()


def test_a_refusal_changes_nothing_and_is_final(beheer: Any, walk: Callable[..., Any], world: Any) -> None:
    page = (
        open_member(beheer, "w.niets")
        .tap("Geef de rol privacy officer")
        .choose("Nieuwe taak")
        .tap("Doe het voorstel")
    )
    second = walk(staff_id="f.tweede").open("/beheer/voorstellen")
    second.tap("Beslissen: w.niets, Rol geven: Privacy officer").tap("Nee, wijs af")
    assert "Afgewezen" in second.text
    assert member(world, "w.niets").roles == frozenset()
    again = walk(staff_id="p.officer").open(page.path)
    assert not again.all("//main//form")
    again.send(page.path, ("besluit", "akkoord"))
    assert (again.status, again.heading) == (409, "Dit is al gedaan")
    assert member(world, "w.niets").roles == frozenset()


def test_her_own_page_offers_nothing_and_a_form_for_it_is_refused(beheer: Any, world: Any) -> None:
    page = open_member(beheer, "f.beheer")
    assert "Dit bent u zelf." in page.text
    assert not page.all("//main//a[contains(@href, 'wijzigen')]")
    page.send(f"{page.path.partition('?')[0]}/wijzigen", ("wat", "rol-geven"), ("rol", "privacy-officer"))
    assert (page.status, page.heading) == (403, "Dit kunt u niet zelf doen")


def test_an_account_is_switched_off_and_on_and_its_session_is_over(
    beheer: Any, walk: Callable[..., Any], world: Any
) -> None:
    worker = walk().open("/caseload")
    page = open_member(beheer, "w.een").tap("Zet het account uit").choose("Lang afwezig").tap("Voer het door")
    assert "Het account staat uit" in page.text
    assert not member(world, "w.een").active
    assert "Mijn caseload" not in worker.open("/caseload").text
    page.tap("Zet het account aan").tap("Voer het door")
    assert member(world, "w.een").active
    assert member(world, "w.een").roles == {Role.TEAM_MEMBER}


def test_she_moves_a_colleague_to_another_team_by_a_name_that_can_be_one(beheer: Any, world: Any) -> None:
    page = open_member(beheer, "w.een").tap("Ander team").fill("Nieuw team", "team zuid").tap("Voer het door")
    assert page.status == 400
    assert "Vul een team in" in page.text
    page.fill("Nieuw team", "zuid").tap("Voer het door")
    assert member(world, "w.een").team == "zuid"
    assert "De medewerker staat in het andere team" in page.text


@pytest.mark.parametrize("query", ["", "?wat=rol-geven", "?wat=rol-geven&rol=baas", "?wat=alles"])
def test_a_change_there_is_not_is_not_found(beheer: Any, query: str) -> None:
    page = open_member(beheer, "w.een")
    assert page.open(f"{page.path}/wijzigen{query}").status == 404


def test_a_member_there_is_not_is_not_found(beheer: Any) -> None:
    assert beheer.open("/beheer/medewerkers/00000000-0000-0000-0000-000000000007").status == 404


def test_roles_that_do_not_go_together_are_not_offered(beheer: Any) -> None:
    page = open_member(beheer, "w.een")
    assert not page.offers("Geef de rol functioneel beheerder")
    assert not page.offers("Geef de rol privacy officer")
    assert page.offers("Geef de rol teamleider")


# --- Lists --------------------------------------------------------------------------------------------------------


def csv(world: Any, *lines: str) -> str:
    """A list with semicolons; `@` stands for the municipality's number."""
    return "\r\n".join([COLUMNS, *lines]).replace("@", world.GEMEENTE)


def test_a_list_first_says_what_it_changes_and_then_changes_it(beheer: Any, world: Any) -> None:
    text = csv(
        world,
        "n.nieuw;@;oost;ja;Noa Nieuw",
        "w.een;@;oost;ja;",
        "w.twee;@;noord;nee;",
        "p.officer;@;zuid;ja;",
    )
    page = beheer.open("/beheer/medewerkers").tap("Neem een lijst van de werkgever over")
    page.fill("De lijst", text).tap("Bekijk wat er verandert")
    for heading in ("Nieuw, nog zonder rol (1)", "Meteen (2)", "Wacht op een tweede persoon (1)"):
        assert heading in page.headings("h3")
    assert "Noa Nieuw (oost)" in page.text
    assert member(world, "n.nieuw") is None
    assert member(world, "w.een").team == "noord"
    page.tap("Neem de lijst over")
    assert "Nieuw: 1. Gewijzigd: 2. Gelijk gebleven: 0. Wie nieuw is, heeft nog geen rol." in page.text
    assert "1 wijziging wacht op een tweede persoon." in page.text
    assert (member(world, "n.nieuw").name, member(world, "n.nieuw").roles) == ("Noa Nieuw", frozenset())
    assert member(world, "w.een").team == "oost"
    assert not member(world, "w.twee").active
    assert member(world, "p.officer").team == "noord"
    again = beheer.open("/beheer/medewerkers/lijst").fill("De lijst", text.replace("p.officer", "w.een2"))
    again.tap("Bekijk wat er verandert")
    assert "Gelijk blijven: 3." in again.text


def test_a_list_of_the_identity_provider_is_taken_over_too(beheer: Any, world: Any) -> None:
    works = {ENTERPRISE: {"organization": world.GEMEENTE, "department": "oost"}}
    user = {"userName": "s.scim", "displayName": "Sam Scim", "active": True, **works}
    text = json.dumps({"totalResults": 1, "Resources": [user]})
    page = beheer.open("/beheer/medewerkers/lijst").fill("De lijst", text).tap("Bekijk wat er verandert")
    page.tap("Neem de lijst over")
    assert member(world, "s.scim").name == "Sam Scim"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "de eerste regel moet de namen van de kolommen bevatten"),
        ("naam;team\nx;y", "de eerste regel moet de namen van de kolommen bevatten"),
        (COLUMNS, "er staat niemand in de lijst"),
        (f"{COLUMNS}\nw.x;123;noord;ja;", "Regel 2: de organisatie: een OIN van 20 cijfers"),
        (f"{COLUMNS}\nw.x;00000099000000000001;noord;misschien;", "of het account aan staat: ja of nee"),
        (f"{COLUMNS}\nset-up;00000099000000000001;noord;ja;", "het nummer van de medewerker"),
        ("{", "dit deel kunnen wij niet lezen"),
        ('{"Resources": [{"userName": "x"}]}', "het team: hoogstens 32 letters"),
        ('{"totalResults": 5, "Resources": [{}]}', "de lijst is niet heel"),
        ("[" * 15_000, "dit deel kunnen wij niet lezen"),
    ],
)
def test_a_list_that_is_not_right_says_where_and_changes_nothing(
    beheer: Any, world: Any, text: str, said: str
) -> None:
    before = world.database.run(lambda tx: tx.staff.all())
    page = beheer.open("/beheer/medewerkers/lijst").fill("De lijst", text).tap("Bekijk wat er verandert")
    assert page.status == 400
    assert said in page.text
    assert not page.offers("Neem de lijst over")
    assert world.database.run(lambda tx: tx.staff.all()) == before


def test_the_same_person_twice_in_one_list_is_refused(beheer: Any, world: Any) -> None:
    text = csv(world, "w.een;@;oost;ja;", "w.een;@;west;ja;")
    page = beheer.open("/beheer/medewerkers/lijst").fill("De lijst", text).tap("Bekijk wat er verandert")
    assert page.status == 400
    assert "iemand staat er twee keer in" in page.text


def test_a_list_that_changes_her_own_entry_is_refused_whole(beheer: Any, world: Any) -> None:
    text = csv(world, "n.nieuw;@;oost;ja;", "f.beheer;@;oost;ja;")
    page = beheer.open("/beheer/medewerkers/lijst").fill("De lijst", text).tap("Bekijk wat er verandert")
    assert page.status == 403
    assert member(world, "n.nieuw") is None


# --- Teams --------------------------------------------------------------------------------------------------------


def test_a_team_lead_looks_through_her_team_and_whoever_left_is_out(
    walk: Callable[..., Any], world: Any
) -> None:
    lead = walk(staff_id="t.lead").open("/team/namen")
    assert "Doe dit uiterlijk op 3 juni 2026." in lead.text
    lead.tap("Bevestig de lijst")
    assert lead.status == 400
    assert "Bekijk alle namen, en vink dat aan." in lead.text
    lead.choose("w.twee").choose("Ik heb alle namen bekeken").tap("Bevestig de lijst")
    assert "Deze accounts gaan uit" in lead.text
    assert member(world, "w.twee").active
    world.clock += timedelta(minutes=5)
    lead.tap("Bevestig, en zet deze accounts uit")
    assert "De lijst is bevestigd" in lead.text
    assert not member(world, "w.twee").active
    assert member(world, "w.een").active
    assert world.records("team.confirmed")[0].fields["gone"] == 1


def test_a_list_that_changed_meanwhile_confirms_nobody(
    walk: Callable[..., Any], world: Any, house: Any
) -> None:
    lead = walk(staff_id="t.lead").open("/team/namen")
    house.hire("w.later", [Role.TEAM_MEMBER])
    lead.choose("Ik heb alle namen bekeken").tap("Bevestig de lijst")
    assert (lead.status, lead.heading) == (409, "De lijst is veranderd")
    assert not world.records("team.confirmed")


def test_a_lead_is_told_in_time_and_no_longer_when_it_is_done(walk: Callable[..., Any], world: Any) -> None:
    assert "Kijk wie er in uw team werkt" not in walk(staff_id="t.lead").open("/team").text
    world.clock += timedelta(days=80)
    lead = walk(staff_id="t.lead").open("/team")
    assert "Kijk wie er in uw team werkt" in lead.text
    assert lead.all("//nav//a[contains(., 'Mijn team')]//*[contains(@class, 'badge')]")
    lead.tap("Bekijk de namen").choose("Ik heb alle namen bekeken").tap("Bevestig de lijst")
    assert "Kijk wie er in uw team werkt" not in lead.open("/team").text
    assert not lead.all("//nav//a[contains(., 'Mijn team')]//*[contains(@class, 'badge')]")


def test_a_worker_who_leads_gets_it_as_a_message(walk: Callable[..., Any], world: Any) -> None:
    assert "Klopt uw team?" not in walk(staff_id="w.leidt").open("/berichten").text
    world.clock += timedelta(days=100)
    page = walk(staff_id="w.leidt").open("/berichten")
    assert "Kijk wie er in uw team werkt" in page.text
    assert "Kies daarvoor bovenaan de rol teamleider." in page.text
    assert "Kijk wie er in uw team werkt" not in walk(staff_id="w.een").open("/berichten").text


def test_teams_stand_with_lead_and_day_and_she_confirms_those_no_lead_can(
    beheer: Any, named: None, world: Any
) -> None:
    page = beheer.open("/beheer/teams")
    names = page.headings("h2")
    assert sorted(names) == ["noord", "west"]
    page.tap("Bekijken: west")
    assert "Samira Haddou" in page.text
    page.choose("Ik heb alle namen bekeken").tap("Bevestig de lijst")
    assert "De lijst is bevestigd" in page.text
    fields = world.records("team.confirmed")[0].fields
    assert (fields["team"], fields["members"], fields["actor"]) == ("west", 1, "f.beheer")


# --- Covers -------------------------------------------------------------------------------------------------------


def test_she_arranges_and_ends_a_cover_for_a_colleague_who_is_ill(
    beheer: Any, walk: Callable[..., Any], world: Any
) -> None:
    relation = world.relation("w.een", case_reference="WT-2026-0301")
    world.register_relations((world.PEOPLE[0], relation))
    page = beheer.open("/beheer/vervanging").tap("Verder")
    assert (page.status, "Kies wie er niet is." in page.text) == (400, True)
    page.fill("Wie is er niet?", "w.een (noord)").tap("Verder")
    assert page.heading == "Vervanging voor w.een"
    page.tap("Regel vervanging")
    assert page.status == 400
    assert "Kies een vervanger." in page.text
    page.fill("Wie wordt de vervanger?", "w.twee").fill("Eerste dag", "03-03-2026").fill(
        "Laatste dag", "10-03-2026"
    )
    page.choose("Andere reden").tap("Regel vervanging")
    assert "w.twee vervangt w.een" in page.text
    assert "WT-2026-0301" in walk(staff_id="w.twee").open("/caseload").text
    assert world.records("cover.arranged")[0].fields["actor"] == "f.beheer"
    again = beheer.open("/beheer/vervanging").fill("Wie is er niet?", "w.een (noord)").tap("Verder")
    again.fill("Wie wordt de vervanger?", "w.twee").fill("Eerste dag", "04-03-2026").fill(
        "Laatste dag", "05-03-2026"
    )
    again.choose("Andere reden").tap("Regel vervanging")
    assert "Voor deze dagen is er al een vervanger. Kies andere dagen." in again.text
    page = beheer.open("/beheer/vervanging").tap("Beëindig: w.twee, w.een")
    assert page.heading == "Vervanging beëindigen?"
    assert not world.records("cover.ended"), "one tap ends nothing"
    page.tap("Beëindig de vervanging")
    assert "De vervanging is beëindigd" in page.text
    assert "WT-2026-0301" not in walk(staff_id="w.twee").open("/caseload").text


def test_the_page_of_covers_names_no_case(beheer: Any, world: Any) -> None:
    world.register_relations((world.PEOPLE[0], world.relation("w.een", case_reference="WT-2026-0301")))
    page = beheer.open("/beheer/vervanging").fill("Wie is er niet?", "w.een (noord)").tap("Verder")
    assert b"WT-2026-0301" not in page.content


# --- The beginning ------------------------------------------------------------------------------------------------


def test_with_nothing_waiting_it_says_so(beheer: Any, world: Any) -> None:
    world.publish_nothing_else()
    page = beheer.open("/")
    assert page.path == "/beheer"
    assert "Er wacht niets op u" in page.text


def test_what_waits_stands_at_the_beginning(
    walk: Callable[..., Any], beheer: Any, world: Any, house: Any
) -> None:
    world.publish_nothing_else()
    propose(beheer)
    house.block("w.twee")
    assert "Er wacht niets op u" in walk(staff_id="f.beheer").open("/beheer").text
    second = walk(staff_id="f.tweede").open("/beheer")
    assert second.offers("Beslissen: w.niets, Rol geven: Privacy officer")
    assert "Accounts die uit staan, met nog een rol" in second.text
    world.clock += timedelta(days=100)
    later = walk(staff_id="f.tweede").open("/beheer")
    assert {"Teams die te laat zijn", "Accounts die bijna uit gaan", "Bronnen die niet actueel zijn"} <= set(
        later.headings()
    )
