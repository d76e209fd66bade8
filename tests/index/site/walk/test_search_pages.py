"""Searching by real forms: first why, then what for; nothing in an address, and no more than looks."""

import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest


@pytest.fixture
def looked(world: Any) -> Any:
    """Two workers looked, one twice; one more attempt was refused."""
    world.register_relations(
        (world.PEOPLE[0], world.relation(case_reference="WT-2026-0301")),
        (world.PEOPLE[1], world.relation("w.twee", case_reference="WT-2026-0302")),
    )
    world.publish_nothing_else()
    mine, other = world.database.run(lambda tx: tx.relations.all_of(world.GEMEENTE))
    world.look(mine.relation_id)
    world.clock += timedelta(days=1)
    world.look(mine.relation_id)
    world.look(other.relation_id, "w.twee")
    world.look(other.relation_id, "w.een")
    return mine, other


def ask(page: Any, **fields: str) -> Any:
    """Fill in what a search needs, and whatever else is given, and send it."""
    page.open("/toezicht/zoeken").choose("Een klacht").fill("Dossiernummer", "PO-2026-014")
    for label, text in fields.items():
        page.fill(label.replace("_", " "), text)
    return page.tap("Zoek")


def found(page: Any) -> list[str]:
    """The looks in the list, each by its heading."""
    return [" ".join(each.text_content().split()) for each in page.all("//main//h3")]


@pytest.fixture
def officer(walk: Any) -> Any:
    return walk(staff_id="p.officer")


def test_without_a_reason_or_a_dossier_nothing_is_searched(looked: Any, officer: Any, world: Any) -> None:
    page = officer.open("/toezicht/zoeken").tap("Zoek")
    assert page.status == 400
    assert "Kies een reden." in page.text
    assert "Vul het dossiernummer in." in page.text
    assert found(page) == []
    assert world.records("looks.searched") == []


def test_a_bsn_is_no_dossier_and_is_not_sent_back(looked: Any, officer: Any, world: Any) -> None:
    bsn = world.PEOPLE[0].digits
    page = officer.open("/toezicht/zoeken").choose("Een klacht").fill("Dossiernummer", bsn)
    page = page.fill("Zaaknummer (niet verplicht)", bsn).fill("Medewerker (niet verplicht)", bsn).tap("Zoek")
    assert page.status == 400
    assert bsn.encode() not in page.content
    assert "Nooit een BSN" in page.text
    assert world.records("looks.searched") == []


def test_every_look_is_found_newest_first_and_the_search_is_on_record(
    looked: Any, officer: Any, world: Any
) -> None:
    page = ask(officer)
    assert page.status == 200
    assert page.path == "/toezicht/zoeken"
    assert [each.rpartition(" · ")[2] for each in found(page)] == [
        "w.een (noord)",
        "w.twee (noord)",
        "w.een (noord)",
        "w.een (noord)",
    ]
    assert "Bladzijde 1, de nieuwste eerst" in page.text
    assert not page.offers("Volgende")
    (record,) = world.records("looks.searched")
    assert {name: record.fields[name] for name in ("actor", "reason", "dossier", "workers", "found")} == {
        "actor": "p.officer",
        "reason": "klacht",
        "dossier": "PO-2026-014",
        "workers": None,
        "found": 4,
    }


def test_it_narrows_to_a_worker_a_case_a_period_and_an_outcome(looked: Any, officer: Any, world: Any) -> None:
    _, other = looked
    assert len(found(ask(officer, **{"Medewerker (niet verplicht)": "w.twee"}))) == 1
    assert len(found(ask(officer, **{"Zaaknummer (niet verplicht)": "WT-2026-0302"}))) == 2
    (record, *_) = world.records("looks.searched")
    assert record.fields["relations"] == [str(uuid.UUID(bytes=other.relation_id))]
    yesterday = f"{world.clock - timedelta(days=1):%d-%m-%Y}"
    assert len(found(ask(officer, Laatste_dag=yesterday))) == 1
    page = officer.open("/toezicht/zoeken").choose("Een klacht").fill("Dossiernummer", "PO-2026-014")
    refused = page.choose("Pogingen die zijn geweigerd").tap("Zoek")
    assert len(found(refused)) == 1
    assert "Poging buiten de eigen caseload" in refused.text


def test_more_than_twenty_go_in_pages_and_each_is_on_record(looked: Any, officer: Any, world: Any) -> None:
    mine, _ = looked
    for _ in range(20):
        world.look(mine.relation_id)
    page = ask(officer)
    assert len(found(page)) == 20
    page.tap("Volgende")
    assert (page.path, len(found(page))) == ("/toezicht/zoeken", 4)
    assert len(found(page.tap("Vorige"))) == 20
    assert [record.fields["page"] for record in world.records("looks.searched")] == [1, 2, 1]


def test_what_is_unknown_is_said_and_that_it_was_asked_is_on_record(
    looked: Any, officer: Any, world: Any
) -> None:
    page = ask(officer, **{"Medewerker (niet verplicht)": "niemand", "Zaaknummer (niet verplicht)": "WT-9"})
    assert page.status == 400
    assert "Wij kennen deze medewerker niet." in page.text
    assert "Wij kennen dit zaaknummer niet." in page.text
    (record,) = world.records("looks.searched")
    asked = {name: record.fields[name] for name in ("dossier", "workers", "relations", "found")}
    assert asked == {"dossier": "PO-2026-014", "workers": [], "relations": [], "found": 0}


@pytest.mark.parametrize("left_out", ["Dossiernummer", "Eerste dag"])
def test_without_a_search_on_record_nobody_hears_whether_a_case_is_known(
    looked: Any, officer: Any, world: Any, left_out: str
) -> None:
    answers = set()
    for reference, worker in (("WT-2026-0301", "w.een"), ("WT-2026-9999", "w.niemand")):
        page = officer.open("/toezicht/zoeken").choose("Een klacht").fill("Dossiernummer", "PO-2026-014")
        page.fill("Zaaknummer (niet verplicht)", reference).fill("Medewerker (niet verplicht)", worker)
        page.fill(left_out, "").tap("Zoek")
        assert page.status == 400
        answers.add(page.content.replace(reference.encode(), b"").replace(worker.encode(), b""))
    assert len(answers) == 1, "the answer differs by whether the case and the worker are known"
    assert world.records("looks.searched") == []


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        ("x", "y", "Schrijf de eerste dag zo: 05-05-2026."),
        ("05-01-2026", "04-01-2026", "De laatste dag ligt vóór de eerste dag."),
        ("01-01-2024", "01-02-2026", "Zoek in hoogstens 31 dagen."),
        ("01-01-0001", "02-01-0001", "Zo oud is het logboek niet."),
        ("01-12-2026", "31-12-2026", "Kies vandaag of een eerdere dag."),
    ],
)
def test_days_that_cannot_be_are_said(officer: Any, first: str, last: str, said: str) -> None:
    page = ask(officer, Eerste_dag=first, Laatste_dag=last)
    assert page.status == 400
    assert said in page.text


def test_what_is_found_names_no_case_and_no_person(looked: Any, officer: Any, world: Any) -> None:
    page = ask(officer)
    assert b"WT-2026" not in page.content
    for relation in looked:
        assert relation.person.encoded.hex().encode() not in page.content
        assert uuid.UUID(bytes=relation.relation_id).hex.encode() not in page.content.replace(b"-", b"")


def test_looks_of_another_organisation_are_not_hers(
    looked: Any, officer: Any, house: Any, world: Any
) -> None:
    def move(tx: Any) -> None:
        tx.staff.put(replace(tx.staff.get("p.officer"), organisation=world.ZORG))

    world.database.run(move)
    page = ask(officer)
    assert "Niets gevonden" in page.text
