"""One look as the privacy officer sees it: who, why, by which rules; never which help was shown, or whether any was."""

import re
import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from policy.rulesets import bundled
from policy.vocabulary import Role
from signal_index.model import AuditEvent
from tests.support.rules import damage

OPENED = re.compile(rb"[0-9a-f]{16}/[0-9]+/[0-9a-f]{64}|\d{2}:\d{2}|Inwoner [0-9A-F-]{9}|Regel \d+ van \d+")


@pytest.fixture
def case(world: Any) -> Any:
    """One case of a worker, and one a colleague registered for herself and a team lead confirmed."""
    world.register_relations(
        (world.PEOPLE[0], world.relation(case_reference="WT-2026-0301")),
        (world.PEOPLE[1], world.relation(case_reference="WT-2026-0302", registered_by="w.een")),
    )
    world.publish(world.ZORG, "kvk:00000004", "schuldhulptraject", {world.PEOPLE[0]: "2025-11"})
    world.publish_nothing_else()
    return world.database.run(lambda tx: tx.relations.all_of(world.GEMEENTE))


def path_of(world: Any, number: int = 0) -> str:
    """Where the look that was made last stands; a number for an earlier one."""
    entry = world.records("lookup.answered", "lookup.refused")[number]
    name = world.database.run(lambda tx: tx.names.of_look(entry.writer, entry.number))
    return f"/toezicht/raadplegingen/{uuid.UUID(bytes=name)}"


@pytest.fixture
def officer(walk: Any) -> Any:
    return walk(staff_id="p.officer")


def test_it_says_who_why_by_which_rules_and_on_which_facts(case: Any, officer: Any, world: Any) -> None:
    world.look(case[0].relation_id)
    page = officer.open(path_of(world))
    assert page.status == 200
    assert page.headings() == [
        "Wat is er gevraagd?",
        "Wat mocht de medewerker zien, en waarom?",
        "Welke feiten kenden de regels?",
        "Hoort de inwoner bij deze medewerker?",
        "Moet u weten om welke zaak het gaat?",
        "Waar staat dit in het logboek?",
    ]
    assert "w.een, account w.een" in page.text
    assert "Wet maatschappelijke ondersteuning" in page.text
    assert "De leeftijd van de inwoner: 18 jaar of ouder." in page.text
    assert "De rol van de medewerker: wijkteammedewerker." in page.text
    assert "De zaak staat op naam van deze medewerker." in page.text
    (record,) = world.records("look.read")
    assert record.fields["actor"] == "p.officer"


def test_it_says_who_confirmed_a_case_she_registered_herself(
    case: Any, officer: Any, walk: Any, world: Any
) -> None:
    walk(staff_id="t.lead").open("/team").tap("Bevestigen (WT-2026-0302)")
    world.look(case[1].relation_id)
    page = officer.open(path_of(world))
    assert "De medewerker zette de zaak zelf op eigen naam. Bevestigd door t.lead." in page.text


def test_a_refused_look_says_why_and_nothing_of_a_resident(case: Any, officer: Any, world: Any) -> None:
    world.look(case[0].relation_id, "w.twee")
    page = officer.open(path_of(world))
    assert "Geweigerd: Poging buiten de eigen caseload" in page.text
    assert "Niet bekend: er is niets opgezocht" in page.text
    assert not page.offers("Vraag het zaaknummer")


def test_with_and_without_a_shown_signal_the_page_is_the_same(
    case: Any, officer: Any, walk: Any, world: Any
) -> None:
    walk(staff_id="t.lead").open("/team").tap("Bevestigen (WT-2026-0302)")
    for relation in case:
        world.look(relation.relation_id, purpose="schuldhulp-afstemming")
    shown = [record.fields["any_shown"] for record in world.records("lookup.answered")]
    assert shown == [False, True]
    pages = []
    for number in (0, 1):
        page = officer.open(path_of(world, number))
        assert page.status == 200
        text = re.sub(rb"(?s)<section[^>]*aria-labelledby=.band.*?</section>", b"", page.content)
        own = page.path.rpartition("/")[2].encode()
        pages.append(OPENED.sub(b"-", text.replace(own, b"LOOK")))
    assert pages[0] == pages[1]


def test_the_resident_is_one_alias_in_every_look_and_leads_nowhere_else(
    case: Any, officer: Any, world: Any
) -> None:
    aliases = []
    for number in range(2):
        world.look(case[0].relation_id)
        world.clock += timedelta(minutes=number)
        aliases += re.findall(r"Inwoner ([0-9A-F]{4}-[0-9A-F]{4})", officer.open(path_of(world)).text)
    assert len(set(aliases)) == 1
    person, page = case[0].person, officer.content
    for written in (person.encoded, person.encoded.hex().encode(), person.encoded.hex().upper().encode()):
        assert written not in page
    assert b"WT-2026" not in page
    assert str(uuid.UUID(bytes=case[0].relation_id)).encode() not in page


def test_a_case_that_became_somebody_elses_says_nothing(case: Any, officer: Any, world: Any) -> None:
    world.look(case[0].relation_id)
    other = world.database.run(lambda tx: tx.relations.all_of(world.GEMEENTE))[1].person
    world.database.run(lambda tx: tx.relations.put(replace(case[0], person=other)))
    assert (
        "De zaak staat niet meer in de index, of is van een andere inwoner"
        in officer.open(path_of(world)).text
    )


def test_any_other_name_is_no_look(case: Any, officer: Any, world: Any) -> None:
    world.look(case[0].relation_id)
    entry = world.records("relation.registered")[0]
    name = world.database.run(lambda tx: tx.names.of_look(entry.writer, entry.number))
    for other in (uuid.UUID(bytes=name), uuid.uuid4()):
        page = officer.open(f"/toezicht/raadplegingen/{other}")
        assert (page.status, page.heading) == (404, "Niet gevonden")


@pytest.mark.parametrize("who", ["w.een", "t.lead", "f.beheer", "b.bron", "w.niets"])
def test_nobody_else_sees_it_and_trying_is_on_record(case: Any, walk: Any, world: Any, who: str) -> None:
    world.look(case[0].relation_id)
    assert walk(staff_id=who).open(path_of(world)).status == 403
    record = world.records("action.refused")[0]
    assert (record.fields["actor"], record.fields["surface"], record.fields["reason"]) == (
        who,
        "one_look",
        "role",
    )


def test_a_lead_who_also_oversees_sees_it_in_that_role_only(
    case: Any, house: Any, walk: Any, world: Any
) -> None:
    world.look(case[0].relation_id)
    house.hire("p.leidt", [Role.TEAM_LEAD, Role.PRIVACY_OFFICER])
    assert walk(staff_id="p.leidt", role="teamleider").open(path_of(world)).status == 403
    assert walk(staff_id="p.leidt", role="privacy-officer").open(path_of(world)).status == 200


def test_it_explains_by_the_rules_that_decided_whichever_count_now(
    case: Any, officer: Any, walk: Any, world: Any
) -> None:
    world.look(case[0].relation_id)
    before = officer.open(path_of(world))
    assert "Een wijkteammedewerker mag voor een huisbezoek soorten zien" in before.text
    assert "Nu gelden er andere regels." not in before.text
    files = bundled()
    catalogue = files["catalogue.toml"].replace('label_nl = "Wmo-voorziening"', 'label_nl = "Steun"')
    world.succeed_rules({**files, "catalogue.toml": catalogue})
    after = walk(world, staff_id="p.officer").open(path_of(world))
    assert "Nu gelden er andere regels. U leest hier de regels die toen beslisten." in after.text
    assert "Wmo-voorziening" in after.text
    assert "Steun" not in after.text


def test_it_warns_when_a_look_does_not_give_the_same_answer_again(
    case: Any, officer: Any, world: Any
) -> None:
    world.look(case[0].relation_id)
    damage(world.path)
    page = officer.open(path_of(world))
    assert page.status == 200
    assert "Deze raadpleging is niet na te rekenen" in page.text
    assert "De bewaarde regels zijn niet meer de regels die toen golden." in page.text
    assert "Een wijkteammedewerker mag" not in page.text


def test_it_says_what_is_recorded_beside_what_comes_out_now(case: Any, officer: Any, world: Any) -> None:
    world.look(case[0].relation_id)
    (entry,) = world.records("lookup.answered")
    forged = AuditEvent(entry.event, entry.at, {**entry.fields, "allowed": []}, None)
    world.database.run(lambda tx: tx.audit.append(forged))
    page = officer.open(path_of(world))
    assert "Narekenen geeft iets anders dan is vastgelegd" in page.text
    assert "In het logboek staat dat de medewerker dit mocht zien: niets." in page.text
    assert "De medewerker mocht zien" in page.text.partition("Dit komt er uit als wij het nu narekenen:")[2]
