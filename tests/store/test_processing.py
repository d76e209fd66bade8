"""A processing operation stands in the record of its action, leaves without a name, and says nothing to a thief."""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from crypto.chain import Pseudonym
from crypto.keyfiles import IndexSecrets
from signal_index import audit
from signal_index.errors import NotFound, Unavailable
from signal_index.model import AuditEvent, FieldValue
from signal_index.model.traces import ProcessingEntry, Status, Trace
from signal_index.ports import Database, Transaction
from signal_index.store import open_database

People = Callable[[int], Pseudonym]
PURPOSE = "toets-zelfredzaamheid"


def look(at: datetime, subject: Pseudonym | None, **fields: Any) -> AuditEvent:
    stated = {"actor": "w.jansen", "organisation": "00000004000000020000", "purpose": PURPOSE} | fields
    return AuditEvent("lookup.answered", at, stated, subject)


def entries(tx: Transaction, now: datetime) -> Sequence[ProcessingEntry]:
    return list(tx.processings.entries(now - timedelta(days=1), now + timedelta(days=1)))


def rows(path: Path, what: str = "*") -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as reader:
        return reader.execute(f"SELECT {what} FROM audit_records").fetchall()  # noqa: S608 - a constant


def test_a_record_says_what_was_done_with_whose_data_and_for_which_activity(
    database: Database, now: datetime, person: People
) -> None:
    trace = Trace(bytes(15) + b"t", b"caller-0", begun_at=now - timedelta(milliseconds=7))
    database.submit(lambda tx: tx.audit.append(look(now, person(1))), trace).result()
    [found] = database.run(lambda tx: entries(tx, now))
    done = found.processing
    assert (done.action.trace_id, done.action.parent_id) == (trace.trace_id, b"caller-0")
    assert (done.name, done.activity) == ("Raadplegen welke hulp er loopt", f"raadplegen-{PURPOSE}/1")
    assert (done.started_at, done.ended_at) == (now - timedelta(milliseconds=7), now)
    assert (done.status, done.processor) == (Status.UNSET, "urn:nld:oin:00000004000000020000")
    assert found.subject not in {None, person(1).encoded}
    assert found.epoch == 1


@pytest.mark.usefixtures("path")  # of each event, not of a kind of database
@pytest.mark.parametrize("name", sorted(audit.EVENTS))
def test_an_event_has_a_record_if_and_only_if_it_is_a_processing(
    database: Database, now: datetime, name: str
) -> None:
    fields: dict[str, FieldValue] = {"kind": "signaal"} if "kind" in audit.EVENTS[name] else {}
    event = AuditEvent(name, now, fields)
    database.run(lambda tx: tx.audit.append(event))
    found = database.run(lambda tx: entries(tx, now))
    assert len(found) == (audit.activity_of(event) is not None)
    [record] = database.run(lambda tx: list(tx.audit.entries()))
    assert record.action is not None
    assert all(each.processing.action.span_id == record.action.span_id for each in found)


def test_a_trial_is_about_nobody(database: Database, now: datetime) -> None:
    database.run(lambda tx: tx.audit.append(AuditEvent("delivery.accepted", now, {"kind": "proef"})))
    assert not database.run(lambda tx: entries(tx, now))


def test_a_job_that_fails_leaves_no_record_and_its_neighbours_do(
    database: Database, path: Path, now: datetime, person: People
) -> None:
    def refused(tx: Transaction) -> None:
        before = len(entries(tx, now))
        tx.audit.append(look(now, person(1)))
        assert len(entries(tx, now)) == before + 1, (
            "read back before the commit, it is written to the transaction"
        )
        tx.audit.append(look(now, person(2)))
        raise NotFound("no-view", "Niets.")

    for job in (refused, lambda tx: tx.audit.append(look(now, person(3))), refused):
        future = database.submit(job)
        assert isinstance(future.exception(), NotFound) is (job is refused)
    assert len(rows(path)) == 1
    assert database.run(lambda tx: tx.log.check()).records == 1


def test_the_same_person_has_one_alias_that_stands_in_no_column(
    database: Database, path: Path, now: datetime, person: People
) -> None:
    for number in (1, 2, 1):
        database.run(lambda tx: tx.audit.append(look(now, person(number))))  # noqa: B023 - run before the next
    database.run(lambda tx: tx.audit.append(AuditEvent("caseload.read", now)))
    aliases = [each.subject for each in database.run(lambda tx: entries(tx, now))]
    assert sorted(aliases.count(alias) for alias in set(aliases)) == [1, 1, 2]
    assert aliases.count(None) == 1
    cells = {cell for row in rows(path) for cell in row if isinstance(cell, bytes)}
    for alias in {*aliases} - {None}:
        assert alias is not None
        assert not [cell for cell in cells if alias in cell]


def test_a_thief_learns_neither_purpose_nor_outcome_nor_who_asked(
    database: Database, path: Path, now: datetime, person: People
) -> None:
    for purpose, shown in ((PURPOSE, True), ("x", False)):
        database.run(
            lambda tx: tx.audit.append(look(now, person(1), purpose=purpose, any_shown=shown))  # noqa: B023
        )
    with closing(sqlite3.connect(path)) as reader:
        reader.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for text in (PURPOSE, "raadplegen", "w.jansen", "00000004000000020000", person(1).encoded.hex()):
        assert text.encode() not in path.read_bytes()
    assert person(1).encoded not in path.read_bytes()
    assert len(set(rows(path, "length(sealed_body)"))) == 1


@pytest.mark.parametrize("column", ["sealed_body", "sealed_subject", "person_tag", "writer"])
def test_a_changed_row_is_a_fault_and_never_an_answer(
    database: Database, path: Path, now: datetime, person: People, column: str
) -> None:
    database.run(lambda tx: tx.audit.append(look(now, person(1))))
    with closing(sqlite3.connect(path)) as other, other:
        [(cell,)] = other.execute(f"SELECT {column} FROM audit_records").fetchall()  # noqa: S608
        changed = bytes([cell[0] ^ 1]) + cell[1:]
        other.execute(f"UPDATE audit_records SET {column} = ?", [changed])  # noqa: S608
    with pytest.raises(Unavailable):
        database.run(lambda tx: entries(tx, now))


def test_the_longest_purpose_and_activity_fit(database: Database, now: datetime) -> None:
    longest = "x" * 40  # codes in the catalogue are no longer
    for name in audit.PROCESSINGS:
        fields: dict[str, FieldValue] = {"purpose": longest, "publisher": "9" * 20}
        database.run(lambda tx: tx.audit.append(AuditEvent(name, now, fields)))  # noqa: B023
    assert len(database.run(lambda tx: entries(tx, now))) == len(audit.PROCESSINGS)


def test_a_question_no_decision_came_out_of_is_an_error_and_every_refusal_is_not(
    database: Database, now: datetime
) -> None:
    reasons = sorted({*audit.UNDECIDED, "no-relation", "role-for-purpose"})
    for number, reason in enumerate(reasons):
        event = AuditEvent("lookup.refused", now + timedelta(seconds=number), {"reason": reason})
        database.run(lambda tx: tx.audit.append(event))  # noqa: B023
    found = [each.processing.status for each in database.run(lambda tx: entries(tx, now))]
    assert [status is Status.ERROR for status in found] == [reason in audit.UNDECIDED for reason in reasons]


def test_a_period_includes_its_first_moment_and_not_its_last(
    database: Database, now: datetime, person: People
) -> None:
    for seconds in (0, 1, 2):
        at = now + timedelta(seconds=seconds)
        database.run(lambda tx: tx.audit.append(look(at, person(1))))  # noqa: B023
    last = now + timedelta(seconds=2)
    found = database.run(lambda tx: list(tx.processings.entries(now, last)))
    assert [each.processing.started_at for each in found] == [now, now + timedelta(seconds=1)]
    audited = database.run(lambda tx: list(tx.audit.entries(period=(now, last))))
    assert [entry.at for entry in audited] == [now + timedelta(seconds=1), now]


def test_records_outlive_the_process_that_made_them(
    database: Database, path: Path, keys: IndexSecrets, now: datetime, person: People
) -> None:
    database.run(lambda tx: tx.audit.append(look(now, person(1))))
    with open_database(path, keys, writer_kind="cli") as again:
        assert len(again.run(lambda tx: entries(tx, now))) == 1
