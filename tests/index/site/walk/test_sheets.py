"""Paper: who prints is on record, and the fridge sheet says what the resident chose and nothing else."""

from dataclasses import replace
from typing import Any

import pytest

from crypto.batch import BatchClass
from crypto.sheet import SignaalOperation, SignaalRow
from signal_index.model import ContactRoute, Register

CONTACTS = {
    "agb:00000001": ContactRoute("Thuiszorg", "085-0000001"),
    "agb:00000002": ContactRoute("Wmo-loket", "085-0000002"),
    "kvk:00000004": ContactRoute("Kredietbank", "085-0000004"),
}


@pytest.fixture
def worker(world: Any, walk: Any) -> Any:
    """A worker with three signals before her, each with a contact of its own."""
    person = world.PEOPLE[0]
    give_contacts(world, CONTACTS)
    world.publish(world.GEMEENTE, "agb:00000001", "wmo-voorziening", {person: "2025-04"})
    world.publish(world.GEMEENTE, "agb:00000002", "wmo-voorziening", {person: "2025-05"})
    world.publish(world.ZORG, "kvk:00000004", "schuldhulptraject", {person: "2025-11"})
    world.register_relations((person, world.relation()))
    return look(walk())


def give_contacts(world: Any, contacts: dict[str, ContactRoute]) -> None:
    """The same register with other contacts."""

    def job(tx: Any) -> None:
        publications = tuple(
            replace(each, contact=contacts.get(each.source, each.contact))
            for each in tx.register.publications()
        )
        tx.register.replace(Register(tuple(tx.register.publishers()), publications))

    world.database.run(job)


def look(walker: Any) -> Any:
    walker.open("/caseload").tap("WT-2026-0001").choose("Voorbereiding").choose("Ja, dat heb ik verteld")
    return walker.tap("Toon signalen")


def paper(walker: Any) -> str:
    """What comes out of the printer: the sheet without the parts for the screen."""
    kept = "//main//text()[not(ancestor::*[contains(@class, 'no-print') or @hidden])]"
    return " ".join(" ".join(walker.all(kept)).split())


def test_a_work_sheet_is_recorded_once_and_a_refresh_records_nothing(world: Any, worker: Any) -> None:
    worker.tap("Werkblad afdrukken")
    assert worker.path.endswith("/werkblad")
    (record,) = world.records("view.printed")
    assert (record.fields["actor"], record.fields["sheet"]) == ("w.een", "werkblad")
    before = len(world.records())
    worker.refresh().refresh()
    assert len(world.records()) == before


def test_a_work_sheet_holds_all_signals_and_room_for_agreements(worker: Any) -> None:
    worker.tap("Werkblad afdrukken")
    printed = paper(worker)
    assert worker.headings("h3") == [
        "Er is een schuldhulptraject.", "Er is een Wmo-voorziening.", "Er is een Wmo-voorziening.",
    ]  # fmt: skip
    for part in (
        "WT-2026-0001",
        "Kredietbank",
        "085-0000004",
        "Afspraken",
        "Bewaar dit blad niet langer dan nodig.",
    ):
        assert part in printed
    assert len(worker.all("//*[@class='si-lines__line']")) == 8


def test_nothing_is_ticked_for_the_fridge(worker: Any) -> None:
    worker.tap("Koelkastblad maken")
    assert len(worker.all("//input[@type='checkbox']")) == 3
    assert not worker.all("//input[@checked]")


def test_the_fridge_sheet_holds_the_chosen_contacts_and_nothing_else(worker: Any) -> None:
    worker.tap("Koelkastblad maken").choose("Thuiszorg").choose("Kredietbank").tap("Maak het blad")
    assert paper(worker) == "Wie kan ik bellen? Kredietbank 085-0000004 Thuiszorg 085-0000001 Afspraken"
    assert "Wmo-loket" not in worker.content.decode()
    for secret in ("WT-2026-0001", "schuldhulp", "2026", "Bron 0004", "Voorbereiding"):
        assert secret not in worker.text


def test_the_fridge_sheet_is_recorded_without_what_was_chosen(world: Any, worker: Any) -> None:
    worker.tap("Koelkastblad maken").choose("Thuiszorg").tap("Maak het blad").refresh()
    (record,) = world.records("view.printed")
    assert record.fields["sheet"] == "koelkastblad"
    assert "Thuiszorg" not in repr(record.fields)


def test_another_choice_replaces_the_first(worker: Any) -> None:
    worker.tap("Koelkastblad maken").choose("Thuiszorg").tap("Maak het blad")
    worker.tap("Maak een ander blad").choose("Wmo-loket").tap("Maak het blad")
    assert paper(worker) == "Wie kan ik bellen? Wmo-loket 085-0000002 Afspraken"


def test_without_a_choice_it_is_a_sheet_for_agreements(worker: Any) -> None:
    worker.tap("Koelkastblad maken").tap("Maak het blad")
    assert paper(worker) == "Afspraken"


def test_a_contact_that_was_not_on_the_page_cannot_be_chosen(worker: Any) -> None:
    worker.tap("Koelkastblad maken")
    worker.send(worker.path, ("contact", "0" * 16), ("contact", "Kredietbank"))
    assert paper(worker) == "Afspraken"


def test_a_contact_goes_with_its_signal(world: Any, worker: Any) -> None:
    worker.tap("Koelkastblad maken").choose("Thuiszorg").choose("Kredietbank").tap("Maak het blad")
    row = SignaalRow(SignaalOperation.WITHDRAW, source="agb:00000001", type="wmo-voorziening", generation=1)
    world.accept(world.GEMEENTE, BatchClass.SIGNAAL, [(world.PEOPLE[0], row)])
    assert paper(worker.refresh()) == "Wie kan ik bellen? Kredietbank 085-0000004 Afspraken"


def test_signals_with_one_contact_are_one_choice(world: Any, worker: Any) -> None:
    shared = dict.fromkeys(("agb:00000001", "agb:00000002"), ContactRoute("Wmo-loket", "085-0000002"))
    give_contacts(world, CONTACTS | shared)
    worker.tap("Koelkastblad maken")
    assert len(worker.all("//input[@type='checkbox']")) == 2
    worker.choose("Wmo-loket").tap("Maak het blad")
    assert paper(worker) == "Wie kan ik bellen? Wmo-loket 085-0000002 Afspraken"


def test_a_sheet_asked_for_after_the_end_is_not_made(world: Any, worker: Any) -> None:
    shown = worker.path
    worker.tap("Klaar")
    for page in ("werkblad", "koelkastblad"):
        worker.send(f"{shown}/{page}")
        assert (worker.status, worker.path) == (410, shown)
    assert not world.records("view.printed")
