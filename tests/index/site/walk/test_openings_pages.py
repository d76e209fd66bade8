"""Opening a person by real forms: it takes a dossier and two privacy officers, and ends by itself."""

import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

REFERENCE = b"WT-2026-0301"


@pytest.fixture
def look(world: Any) -> str:
    """Path of a look in a case of a worker."""
    world.register_relations((world.PEOPLE[0], world.relation(case_reference=REFERENCE.decode())))
    world.publish_nothing_else()
    (relation,) = world.database.run(lambda tx: tx.relations.all_of(world.GEMEENTE))
    world.look(relation.relation_id)
    (entry,) = world.records("lookup.answered")
    name = world.database.run(lambda tx: tx.names.of_look(entry.writer, entry.number))
    return f"/toezicht/raadplegingen/{uuid.UUID(bytes=name)}"


@pytest.fixture
def asked(look: str, walk: Any) -> Any:
    """A privacy officer before her request."""
    page = walk(staff_id="p.officer").open(look).tap("Vraag het zaaknummer")
    page.choose("Een klacht").fill("Dossiernummer", "PO-2026-014").tap("Vraag het aan")
    assert page.status == 200
    return page


def decide(page: Any, path: str, button: str) -> Any:
    """Somebody else goes to the request and decides."""
    return page.open("/toezicht/zaaknummers").open(path).tap(button)


def test_it_is_asked_approved_by_another_and_shown_to_who_asked(asked: Any, walk: Any, world: Any) -> None:
    assert "Een andere privacy officer moet beslissen" in asked.text
    assert REFERENCE not in asked.content
    second = walk(staff_id="p.tweede").open("/toezicht/zaaknummers")
    assert "Beslissen" in second.text
    second.open(asked.path)
    assert REFERENCE not in second.content
    second.tap("Ja, geef het vrij")
    assert "Alleen wie het vroeg, ziet het." in second.text
    assert REFERENCE not in second.content, "the second privacy officer decides and sees nothing"
    asked.refresh()
    assert REFERENCE in asked.content
    assert f"Van Organisatie {world.GEMEENTE[-1]} (OIN {world.GEMEENTE})" in asked.text
    names = ("opening.asked", "opening.approved", "opening.read")
    records = {each.event: each for each in world.records(*names)}
    assert [records[name].fields["actor"] for name in names] == ["p.officer", "p.tweede", "p.officer"]
    assert records["opening.asked"].fields["dossier"] == "PO-2026-014"
    (relation,) = world.database.run(lambda tx: tx.relations.all_of(world.GEMEENTE))
    about = world.database.run(lambda tx: list(tx.audit.entries(events=names, subject=relation.person)))
    assert {each.event for each in about} == set(names), "the resident can hear of every step"


def test_who_reads_a_request_is_on_record_also_when_no_case_is_shown(
    asked: Any, walk: Any, world: Any
) -> None:
    name = asked.path.rpartition("/")[2]
    walk(staff_id="p.tweede").open("/toezicht/zaaknummers").open(asked.path)
    read = [each.fields for each in world.records("oversight.read") if each.fields["page"] == "opening"]
    assert [(each["actor"], each["selection"]) for each in read] == [("p.tweede", name), ("p.officer", name)]
    assert world.records("opening.read") == []


def test_nobody_approves_her_own_request(asked: Any, world: Any) -> None:
    assert not asked.all("//main//form")
    path = asked.path
    assert asked.send(f"{path}/besluit", ("besluit", "goed")).status == 403
    assert "U heeft dit zelf gevraagd." in asked.text
    assert REFERENCE not in asked.open(path).content
    assert world.records("opening.approved") == []
    assert world.records("action.refused")[0].fields["reason"] == "own-opening"


@pytest.mark.parametrize("who", ["w.een", "t.lead", "f.beheer", "b.bron"])
def test_no_other_role_approves_or_asks(asked: Any, look: str, walk: Any, world: Any, who: str) -> None:
    other = walk(staff_id=who).open("/hulp")
    assert other.send(f"{asked.path}/besluit", ("besluit", "goed")).status == 403
    assert (
        other.open("/hulp").send(f"{look}/zaaknummer", ("reden", "klacht"), ("dossier", "X-1")).status == 403
    )
    assert world.records("opening.approved") == []
    assert len(world.records("opening.asked")) == 1


def test_a_refused_request_shows_nothing_and_can_be_decided_once(asked: Any, walk: Any, world: Any) -> None:
    second = decide(walk(staff_id="p.tweede"), asked.path, "Nee, weiger")
    assert "Het zaaknummer is niet vrijgegeven." in second.text
    assert second.send(f"{asked.path}/besluit", ("besluit", "goed")).status == 409
    assert REFERENCE not in asked.refresh().content
    assert len(world.records("opening.refused")) == 1


def test_it_ends_after_a_day(asked: Any, walk: Any, world: Any) -> None:
    decide(walk(staff_id="p.tweede"), asked.path, "Ja, geef het vrij")
    world.clock += timedelta(hours=23, minutes=59)
    assert REFERENCE in walk(staff_id="p.officer").open(asked.path).content
    world.clock += timedelta(minutes=1)
    page = walk(staff_id="p.officer").open(asked.path)
    assert REFERENCE not in page.content
    assert "Dit is voorbij." in page.text


def test_a_request_nobody_decides_on_lapses(asked: Any, walk: Any, world: Any) -> None:
    world.clock += timedelta(days=7)
    page = walk(staff_id="p.tweede").open(asked.path)
    assert not page.all("//main//form")
    assert page.send(f"{asked.path}/besluit", ("besluit", "goed")).status == 409


def test_asking_again_gives_the_request_that_waits(asked: Any, look: str, world: Any) -> None:
    path = asked.path
    asked.open(look).tap("Vraag het zaaknummer").choose("Een datalek").fill("Dossiernummer", "PO-2").tap(
        "Vraag het aan"
    )
    assert asked.path == path
    assert len(world.records("opening.asked")) == 1


def test_a_bsn_is_no_dossier_and_is_not_sent_back(look: str, walk: Any, world: Any) -> None:
    page = walk(staff_id="p.officer").open(f"{look}/zaaknummer")
    bsn = world.PEOPLE[0].digits
    page = page.choose("Een klacht").fill("Dossiernummer", bsn).tap("Vraag het aan")
    assert page.status == 400
    assert bsn.encode() not in page.content
    assert world.records("opening.asked") == []


def test_without_a_reason_or_a_dossier_it_says_so(look: str, walk: Any) -> None:
    page = walk(staff_id="p.officer").open(f"{look}/zaaknummer").tap("Vraag het aan")
    assert page.status == 400
    assert "Kies een reden." in page.text
    assert "Vul het dossiernummer in." in page.text


def test_a_case_that_is_gone_is_not_shown(asked: Any, walk: Any, world: Any) -> None:
    decide(walk(staff_id="p.tweede"), asked.path, "Ja, geef het vrij")

    def gone(tx: Any) -> None:
        (relation,) = tx.relations.all_of(world.GEMEENTE)
        tx.relations.remove(world.GEMEENTE, relation.relation_id)

    world.database.run(gone)
    assert REFERENCE not in asked.refresh().content
    assert "De zaak staat niet meer in de index" in asked.text


def test_another_organisation_neither_sees_nor_decides(asked: Any, house: Any, walk: Any, world: Any) -> None:
    def move(tx: Any) -> None:
        tx.staff.put(replace(tx.staff.get("p.tweede"), organisation=world.ZORG))

    world.database.run(move)
    page = walk(staff_id="p.tweede").open("/toezicht/zaaknummers")
    assert "Er is niets om over te beslissen." in page.text
    assert page.open(asked.path).status == 404
    assert page.open("/hulp").send(f"{asked.path}/besluit", ("besluit", "goed")).status == 404
    assert world.records("opening.approved") == []
