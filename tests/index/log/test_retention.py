"""What records say goes when their term has passed; what is left still proves that nothing was rewritten."""

import re
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from crypto.errors import VerificationFailed
from crypto.records import Places
from signal_index import audit
from signal_index.audit import EVENTS
from signal_index.retention import KIND_OF, TERMS, RecordKind, events_of
from signal_index.usecases.expire import ERASED_AT_ONCE, erase

ROOT = Path(__file__).parents[3]


def integrate(world: Any) -> int:
    size: int = world.database.run(lambda tx: tx.log.integrate(world.clock, 100_000)).head.size
    return size


def erase_looks(world: Any, size: int) -> int:
    count: int = world.database.run(
        lambda tx: erase(tx, RecordKind.LOOK, TERMS[RecordKind.LOOK], world.clock, size=size)
    )
    return count


@pytest.fixture
def looked(world: Any) -> Any:
    """A world with four looks, two of which are five years and a day old."""
    row = world.relation()
    world.register_relations((world.PEOPLE[0], row))
    for _ in range(2):
        assert world.look(row.relation_id).status_code == 200
    world.clock += TERMS[RecordKind.LOOK] + timedelta(days=1)
    for _ in range(2):
        assert world.look(row.relation_id).status_code == 404
    return world


def test_every_event_is_of_one_kind_and_no_other_is() -> None:
    assert KIND_OF.keys() == EVENTS.keys()
    assert sum(len(events_of(kind)) for kind in RecordKind) == len(EVENTS)
    assert set(RecordKind) - TERMS.keys() == {RecordKind.LOG}


def test_old_looks_go_and_the_log_still_holds(looked: Any) -> None:
    before = {entry.leaf for entry in looked.records("lookup.answered")}
    relations = looked.records("relation.registered")
    size = integrate(looked)
    held = looked.database.run(lambda tx: tx.log.check())
    assert erase_looks(looked, size) == len(before) + len(relations) == 3
    assert looked.records("lookup.answered") == []
    assert len(looked.records("lookup.refused")) == 2
    (record,) = looked.records("records.erased")
    assert (record.fields["kind"], record.fields["records"]) == ("raadpleging", 3)
    after = looked.database.run(lambda tx: tx.log.check())
    assert (after.erased, after.records) == (3, held.records - 3 + 1)
    integrate(looked)
    assert looked.database.run(lambda tx: tx.log.check()).entries == size + 1
    assert erase_looks(looked, size) == 0


def test_the_processing_record_of_an_erased_action_is_gone_as_well(looked: Any) -> None:
    def activities() -> list[str]:
        long = (looked.clock - timedelta(days=9_000), looked.clock + timedelta(days=1))
        found = looked.database.run(lambda tx: list(tx.processings.entries(*long)))
        return [each.processing.activity for each in found if each.subject is not None]

    assert sorted(activities()) == ["raadplegen-voorbereiding-huisbezoek/1"] * 2 + ["zorgrelaties/1"]
    assert erase_looks(looked, integrate(looked)) == 3
    assert activities() == []
    found = looked.database.run(
        lambda tx: list(tx.processings.entries(looked.clock, looked.clock + timedelta(days=1)))
    )
    assert len([each for each in found if each.processing.activity.startswith("raadplegen")]) == 2


def test_what_no_checkpoint_holds_yet_stays(looked: Any) -> None:
    integrate(looked)
    assert erase_looks(looked, 0) == 0
    assert len(looked.records("lookup.answered")) == 2


def test_nothing_of_an_erased_record_is_left_in_the_file(looked: Any) -> None:
    size = integrate(looked)
    with closing(sqlite3.connect(looked.path)) as reader:
        rows = reader.execute(
            "SELECT sealed_body, salt, sealed_subject FROM audit_records WHERE event = 'lookup.answered'"
        ).fetchall()
    assert erase_looks(looked, size) == 3
    looked.database.close()
    left = b"".join(file.read_bytes() for file in looked.folder.glob("index.sqlite*"))
    # A cell may run over a page boundary; its first bytes are found all the same.
    assert not [cell for row in rows for cell in row if cell[:16] in left]


@pytest.mark.parametrize("how", ["one more removed", "the count on record raised"])
def test_a_record_that_goes_with_none_to_account_for_it_is_missed(looked: Any, how: str) -> None:
    size = integrate(looked)
    erase_looks(looked, size)
    with closing(sqlite3.connect(looked.path)) as thief, thief:
        if how == "one more removed":
            thief.execute(
                "DELETE FROM audit_records WHERE event = 'lookup.refused' AND number = "
                "(SELECT min(number) FROM audit_records WHERE event = 'lookup.refused')"
            )
        else:
            thief.execute("DELETE FROM audit_records WHERE event = 'records.erased'")
    with pytest.raises(VerificationFailed, match=r"gone, and|chain broken|lost its records"):
        looked.database.run(lambda tx: tx.log.check())


def test_an_old_record_put_back_does_not_make_up_for_a_recent_one_taken_out(looked: Any) -> None:
    size = integrate(looked)
    with closing(sqlite3.connect(looked.path)) as thief:
        record = thief.execute("SELECT * FROM audit_records WHERE event = 'relation.registered'").fetchone()
    erase_looks(looked, size)
    assert looked.database.run(lambda tx: tx.log.check()).erased == 3
    with closing(sqlite3.connect(looked.path)) as thief, thief:
        put_back(thief, "audit_records", [record])
        thief.execute(
            "DELETE FROM audit_records WHERE event = 'lookup.refused' AND number = "
            "(SELECT min(number) FROM audit_records WHERE event = 'lookup.refused')"
        )
    with pytest.raises(VerificationFailed, match=r"^other records are gone"):
        looked.database.run(lambda tx: tx.log.check())


def put_back(thief: sqlite3.Connection, table: str, rows: list[Any]) -> None:
    """Put rows of a backup where they were, beside those that are still there."""
    cells = ", ".join("?" * len(rows[0]))
    thief.executemany(f"INSERT OR IGNORE INTO {table} VALUES ({cells})", rows)  # noqa: S608 - fixed words


def test_the_record_of_erasing_fits_its_places_whatever_their_order(looked: Any) -> None:
    places = [
        (entry.writer, entry.number)
        for event in ("relation.registered", "lookup.answered")
        for entry in looked.records(event)
    ]
    erase_looks(looked, integrate(looked))
    (record,) = looked.records("records.erased")
    assert record.fields["places"] == Places.of(places).digest


def test_more_than_one_round_takes_more_than_one_call(world: Any) -> None:
    def many(tx: Any) -> None:
        for _ in range(ERASED_AT_ONCE + 5):
            tx.audit.append(_access(world))

    world.database.run(many)
    world.clock += TERMS[RecordKind.ACCESS] + timedelta(days=1)
    size = integrate(world)
    kind = RecordKind.ACCESS
    counts = [
        world.database.run(lambda tx: erase(tx, kind, TERMS[kind], world.clock, size=size)) for _ in range(3)
    ]
    assert counts == [ERASED_AT_ONCE, 5, 0]
    assert world.database.run(lambda tx: tx.log.check()).erased == ERASED_AT_ONCE + 5


def _access(world: Any) -> Any:
    return audit.event("access.refused", world.clock, surface="test", reason="test")


def test_the_terms_in_the_settings_table_are_those_of_the_code() -> None:
    text = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
    stated = [int(days) for days in re.findall(r"`retention\.\w+_days` .*; (\d+) by default", text)]
    assert stated == [term.days for term in TERMS.values()]
