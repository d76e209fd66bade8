"""The two lists of a worker: cases she may look in, and looks she had. Neither says that there is help."""

from datetime import date, timedelta
from typing import Any

import pytest

from crypto.batch import BatchClass
from crypto.encoding import Month
from crypto.sheet import SignaalOperation, SignaalRow
from signal_index.model.workplace import Cover, CoverReason

TYPED = "//main//input[not(@type='hidden')] | //main//textarea | //main//select"
BADGE = "//nav//*[@class='utrecht-number-badge']"


def cover(world: Any, first_day: date, last_day: date) -> None:
    arranged = Cover(
        bytes(16),
        world.GEMEENTE,
        "noord",
        "w.twee",
        "w.een",
        first_day,
        last_day,
        CoverReason.LEAVE,
        world.clock,
    )
    world.database.run(lambda tx: tx.covers.put(arranged))


def rows(walker: Any) -> list[str]:
    return [" ".join(each.text_content().split()) for each in walker.all("//main//ul[@class='si-list']/li")]


def look(walker: Any, case: str, informed: str = "Ja, dat heb ik verteld") -> Any:
    walker.open("/caseload").tap(case).choose("Voorbereiding van een huisbezoek").choose(informed)
    return walker.tap("Toon signalen")


def test_a_worker_without_cases_reads_what_to_do(world: Any, walk: Any) -> None:
    world.register_relations()
    worker = walk().open("/caseload")
    assert not rows(worker)
    assert "Er staan nu geen zaken op uw naam. Zet de inwoner in uw regiesysteem op uw naam." in worker.text


def test_a_case_that_cannot_be_opened_is_no_link_and_says_why(world: Any, walk: Any) -> None:
    people = world.PEOPLE
    world.register_relations(
        (people[0], world.relation(case_reference="WT-1")),
        (people[1], world.relation(case_reference="WT-2", registered_by="w.een")),
        (people[2], world.relation(case_reference="WT-3", valid_from=date(2026, 3, 9))),
        (people[3], world.relation(case_reference="WT-4", valid_until=date(2026, 3, 2))),
        (people[4], world.relation(case_reference="WT-5", worker="w.twee")),
    )
    worker = walk().open("/caseload")
    assert rows(worker) == [
        "WT-1 Tot en met 31 december 2026",
        "WT-2 Wacht op bevestiging Tot en met 31 december 2026",
        "WT-3 Begint op 9 maart 2026 Tot en met 31 december 2026",
    ]
    assert len(worker.all("//main//li//a")) == 1
    assert not worker.all(TYPED), "there is nothing to search with"


def test_a_badge_and_an_order_never_depend_on_a_flag(world: Any, walk: Any) -> None:
    people = world.PEOPLE
    world.register_relations(
        (people[0], world.relation(case_reference="WT-1", valid_until=date(2026, 3, 9))),
        (people[1], world.relation(case_reference="WT-2")),
    )
    world.publish_nothing_else()  # a source that was out of date is a message, and would stop being one below
    worker = walk()
    before = {path: worker.open(path).content for path in ("/caseload", "/raadplegingen", "/berichten")}
    assert worker.find(BADGE).text_content() == "1 wacht op u", "without a badge there is nothing to compare"
    for person in (people[1], people[0]):
        row = SignaalRow(
            SignaalOperation.ASSERT,
            source="kvk:00000004",
            type="schuldhulptraject",
            generation=1,
            since=Month(2025, 11),
        )
        world.accept(world.ZORG, BatchClass.SIGNAAL, [(person, row)])
        assert {path: worker.open(path).content for path in before} == before
    for case in ("WT-1", "WT-2"):
        worker.open("/caseload").tap(case).choose("Afstemmen van schuldhulp").choose("Ja, dat heb ik verteld")
        assert "1 signaal" in worker.tap("Toon signalen").text, "the flags are there"


def test_cases_of_a_colleague_she_stands_in_for_come_apart_and_only_in_time(world: Any, walk: Any) -> None:
    world.register_relations(
        (world.PEOPLE[0], world.relation(case_reference="WT-1")),
        (world.PEOPLE[1], world.relation(case_reference="WT-2", worker="w.twee")),
    )
    worker = walk().open("/caseload")
    own = "WT-1 Tot en met 31 december 2026"
    assert rows(worker) == [own]
    cover(world, date(2026, 3, 1), date(2026, 3, 3))
    worker.refresh()
    assert worker.headings() == ["Uw eigen zaken", "U vervangt w.twee tot en met 3 maart 2026"]
    assert rows(worker)[1] == "WT-2 De zaak loopt tot en met 31 december 2026"
    assert "U vervangt w.twee." in worker.tap("WT-2").text
    world.clock += timedelta(days=1)
    assert rows(walk().open("/caseload")) == [own]


def test_her_looks_stand_per_day_newest_first_and_never_say_what_was_shown(world: Any, walk: Any) -> None:
    people = world.PEOPLE
    world.publish(world.ZORG, "kvk:00000004", "schuldhulptraject", {people[0]: "2025-11"})
    world.register_relations(
        (people[0], world.relation(case_reference="WT-1")), (people[1], world.relation(case_reference="WT-2"))
    )
    look(walk(), "WT-1", "Nog niet")
    world.clock += timedelta(days=1)
    worker = look(walk(), "WT-2").tap("Ja").open("/raadplegingen")
    assert worker.headings() == ["4 maart 2026", "3 maart 2026"]
    buttons = "Zeg of het nut hadIk heb het verteld"
    purpose = "DoelVoorbereiding van een huisbezoek"
    assert rows(worker) == [
        f"10:00 · WT-2 {purpose} Weet de inwoner hetJa, vooraf verteld Had dit nutJa Bekijk de signalen",
        f"10:00 · WT-1 {purpose} Weet de inwoner hetNog niet Had dit nutNiet beantwoord {buttons}",
    ]
    assert "schuldhulp" not in worker.text
    assert "De privacy officer ziet deze lijst ook. De inwoner kan opvragen wie keek." in worker.text


def test_the_menu_shows_where_a_page_belongs(world: Any, walk: Any) -> None:
    world.publish(world.ZORG, "kvk:00000004", "schuldhulptraject", {world.PEOPLE[0]: "2025-11"})
    world.register_relations((world.PEOPLE[0], world.relation(case_reference="WT-1")))
    current = "//nav//*[@aria-current='page']"
    worker = look(walk(), "WT-1")
    shown = worker.path
    assert worker.find(current).text.strip() == "Mijn caseload"
    for tap in ("Werkblad afdrukken", "Koelkastblad maken", "Klopt dit niet? Meld het bij de bron"):
        worker.open(shown).tap(tap)
        assert worker.find(current).text.strip() == "Mijn caseload", tap
        assert worker.all("//main//a")[0].text_content() == "Terug naar de signalen", tap
    worker.choose("Er is een schuldhulptraject.").tap("Laat nakijken")
    assert (worker.heading, worker.find(current).text.strip()) == ("Bel nu de bron", "Berichten")
    assert worker.open("/raadplegingen").find(current).text.strip() == "Mijn raadplegingen"
    assert not worker.open("/nergens").all(current)


def test_from_the_list_she_can_still_answer_and_stays_there(world: Any, walk: Any) -> None:
    world.register_relations((world.PEOPLE[0], world.relation(case_reference="WT-1")))
    worker = look(walk(), "WT-1", "Nog niet").tap("Klaar").open("/raadplegingen")
    worker.tap("Ik heb het verteld")
    assert worker.heading == "Mijn raadplegingen"
    assert "Ja, verteld op 3 maart 2026" in rows(worker)[0]
    assert not worker.offers("Ik heb het verteld")
    worker.tap("Zeg of het nut had").tap("Nee")
    assert "Had dit nutNee" in rows(worker.open("/raadplegingen"))[0]


def test_nobody_finds_the_looks_of_a_colleague(world: Any, walk: Any) -> None:
    world.register_relations((world.PEOPLE[0], world.relation(case_reference="WT-1")))
    look(walk(), "WT-1")
    worker = walk(staff_id="w.twee").open("/raadplegingen")
    assert not rows(worker)
    assert "U heeft de laatste drie maanden niet gekeken." in worker.text


@pytest.mark.parametrize("staff_id", ["t.lead", "p.officer", "f.beheer", "b.bron", "w.niets"])
@pytest.mark.parametrize(
    "path", ["/caseload", "/raadplegingen", f"/raadplegingen/{'0' * 8}-{'0000-' * 3}{'0' * 12}"]
)
def test_whoever_is_no_worker_gets_none_of_these_pages(walk: Any, staff_id: str, path: str) -> None:
    worker = walk(staff_id=staff_id).open(path)
    assert worker.status == 403
