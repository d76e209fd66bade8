"""The engine: jobs share a commit, fail alone, and are answered only when what they did is durable."""

import resource
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from crypto.chain import Pseudonym
from crypto.keyfiles import IndexSecrets
from signal_index.errors import Unavailable
from signal_index.model import AuditEvent, Receipt
from signal_index.ports import Transaction
from signal_index.store import SqlDatabase, open_database

People = Callable[[int], Pseudonym]
Job = Callable[[Transaction], Any]

FEED = "00000004000000030000"


def driver_of(tx: Transaction) -> sqlite3.Connection:
    driver = tx.audit._connection.connection.driver_connection  # type: ignore[attr-defined]
    assert isinstance(driver, sqlite3.Connection)
    return driver


def step(who: Pseudonym, at: datetime, *, fail: BaseException | None = None) -> Job:
    """Store something and record it, as every use case does; then fail, if so asked."""

    def job(tx: Transaction) -> Receipt:
        tx.restrictions.put(who, FEED, 1)
        receipt = tx.audit.append(AuditEvent("restriction.stored", at, {}, who))
        if fail is not None:
            raise fail
        return receipt

    return job


def submit_together(database: SqlDatabase, *jobs: Job) -> list[Future[Any]]:
    """Submit jobs while the writer is busy, so that they wait together and share a commit."""
    busy, go_on = threading.Event(), threading.Event()

    def gate(_: Transaction) -> None:
        busy.set()
        assert go_on.wait(10)

    first = database.submit(gate)
    assert busy.wait(10)
    futures = [database.submit(job) for job in jobs]
    go_on.set()
    first.result(10)
    return futures


def stored(database: SqlDatabase, *people: Pseudonym) -> list[bool]:
    return database.run(lambda tx: [tx.restrictions.is_deceased(who) for who in people])


def record_count(database: SqlDatabase) -> int:
    """How many records there are; every chain must hold."""
    return database.run(lambda tx: tx.log.check().records)


def test_a_job_that_raises_leaves_no_trace_and_its_neighbours_commit(
    database: SqlDatabase, person: People, now: datetime
) -> None:
    one, two, three = submit_together(
        database,
        step(person(1), now),
        step(person(2), now, fail=LookupError("mine")),
        step(person(3), now),
    )
    assert (one.result(10).number, three.result(10).number) == (1, 2)
    with pytest.raises(LookupError, match="mine"):
        two.result(10)
    assert stored(database, person(1), person(2), person(3)) == [True, False, True]
    assert record_count(database) == 2


def test_a_record_that_was_already_read_back_is_undone_with_its_job(
    database: SqlDatabase, person: People, now: datetime
) -> None:
    def reads_then_fails(tx: Transaction) -> None:
        tx.audit.append(AuditEvent("log.read", now))
        assert len(list(tx.audit.entries())) == 2  # writes the neighbour's record too
        raise LookupError

    one, two, three = submit_together(database, step(person(1), now), reads_then_fails, step(person(3), now))
    assert (one.result(10).number, three.result(10).number) == (1, 2)
    assert isinstance(two.exception(10), LookupError)
    assert record_count(database) == 2


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), AssertionError("wrong")])
def test_any_kind_of_exception_reaches_only_its_own_future(
    database: SqlDatabase, person: People, now: datetime, error: BaseException
) -> None:
    failing, other = submit_together(database, step(person(1), now, fail=error), step(person(2), now))
    assert failing.exception(10) is error
    assert other.result(10).number == 1


@pytest.mark.usefixtures("path")
def test_jobs_that_wait_together_share_one_commit_of_at_most_128(
    database: SqlDatabase, person: People, now: datetime
) -> None:
    seen: list[str] = []
    database.run(lambda tx: driver_of(tx).set_trace_callback(seen.append))
    futures = submit_together(database, *(step(person(n), now) for n in range(300)))
    assert [future.result(30).number for future in futures] == list(range(1, 301))
    database.run(lambda tx: driver_of(tx).set_trace_callback(None))
    shared = []
    for statement in seen:
        if statement.startswith("BEGIN"):
            shared.append(0)
        elif statement.startswith("SAVEPOINT"):
            shared[-1] += 1
    assert [count for count in shared if count > 1] == [128, 128, 44]
    assert record_count(database) == 300


def test_a_future_completes_only_when_another_connection_can_see_the_work(
    database: SqlDatabase, path: Path, person: People, now: datetime
) -> None:
    seen: list[int] = []

    def look(_: Future[Any]) -> None:
        with closing(sqlite3.connect(path)) as reader:
            seen.extend(reader.execute("SELECT count(*) FROM audit_records").fetchone())

    for number in range(3):
        future = submit_together(database, step(person(number), now))[0]
        future.add_done_callback(look)
        future.result(10)
    database.close()
    assert seen == [1, 2, 3]


def test_cancelling_does_not_undo_a_job(database: SqlDatabase, person: People, now: datetime) -> None:
    (future,) = submit_together(database, step(person(1), now))
    assert not future.cancel()
    assert future.result(10).number == 1


def test_a_job_cannot_wait_for_another(database: SqlDatabase) -> None:
    with pytest.raises(RuntimeError, match="cannot wait"):
        database.run(lambda _: database.run(lambda tx: tx.scope))


def test_closing_finishes_what_was_submitted_and_takes_nothing_more(
    path: Path, keys: IndexSecrets, person: People, now: datetime
) -> None:
    database = open_database(path, keys, writer_kind="serve")
    futures = submit_together(database, *(step(person(n), now) for n in range(200)))
    database.close()
    assert all(future.done() for future in futures)
    assert [future.result().number for future in futures] == list(range(1, 201))
    with pytest.raises(Unavailable) as fault:
        database.submit(lambda tx: tx.scope)
    assert fault.value.code == "closing"
    database.close()


def test_the_scope_and_the_incarnation_are_those_of_the_database(
    database: SqlDatabase, keys: IndexSecrets
) -> None:
    assert database.run(lambda tx: (tx.scope, tx.incarnation)) == (database.scope, database.incarnation)
    assert database.scope == keys.scope
    assert len(database.incarnation) == 16


def assert_unavailable(future: Future[Any]) -> BaseException:
    """The job got no answer, and the reason travels along for the operator's log."""
    error = future.exception(20)
    assert isinstance(error, Unavailable)
    assert error.code == "database"
    assert error.__cause__ is not None
    return error.__cause__


def why(error: BaseException | None) -> str:
    """The whole chain of causes, as an operator reads it."""
    return "" if error is None else f"{error}\n{why(error.__cause__)}"


@pytest.mark.usefixtures("path")
def test_a_failing_commit_gives_no_job_an_answer(
    database: SqlDatabase, person: People, now: datetime
) -> None:
    def breaks_the_commit(tx: Transaction) -> str:
        driver_of(tx).execute("PRAGMA defer_foreign_keys = ON")
        driver_of(tx).execute("INSERT INTO staff_roles VALUES ('nobody', 'teamleider', 'nobody', 0)")
        return "an answer"

    database.run(step(person(0), now))
    futures = submit_together(database, step(person(1), now), breaks_the_commit, step(person(2), now))
    for future in futures:
        assert "FOREIGN KEY" in str(assert_unavailable(future))
    assert len({id(future.exception()) for future in futures}) == 3
    assert stored(database, person(0), person(1), person(2)) == [True, False, False]
    assert record_count(database) == 1
    assert database.run(step(person(1), now)).number == 2
    assert record_count(database) == 2


@pytest.mark.usefixtures("path")
def test_after_a_fault_the_clock_is_still_compared_with_the_last_record(
    database: SqlDatabase, person: People, now: datetime
) -> None:
    database.run(step(person(0), now))
    (lost,) = submit_together(database, lambda tx: driver_of(tx).execute("ROLLBACK"))
    assert_unavailable(lost)
    with pytest.raises(Unavailable) as fault:
        database.run(step(person(1), now - timedelta(minutes=1)))
    assert fault.value.code == "clock"


@pytest.mark.usefixtures("path")
def test_a_transaction_that_was_undone_underneath_gives_no_answers(
    database: SqlDatabase, person: People, now: datetime
) -> None:
    """SQLite undoes the whole transaction by itself on some faults; here a job stands in for it."""

    def undone(tx: Transaction) -> None:
        driver_of(tx).execute("ROLLBACK")
        raise sqlite3.OperationalError("disk I/O error")

    futures = submit_together(database, step(person(1), now), undone, step(person(2), now))
    for future in futures:
        assert_unavailable(future)
    assert stored(database, person(1), person(2)) == [False, False]
    assert record_count(database) == 0
    assert database.run(step(person(1), now)).number == 1


@pytest.mark.usefixtures("path")
def test_a_full_database_gives_unavailable_and_nothing_recorded(
    database: SqlDatabase, person: People, now: datetime
) -> None:
    database.run(step(person(0), now))

    def limit(tx: Transaction) -> None:
        (pages,) = driver_of(tx).execute("PRAGMA page_count").fetchone()
        driver_of(tx).execute(f"PRAGMA max_page_count = {pages + 1}")

    database.run(limit)
    futures = submit_together(database, *(step(person(n), now) for n in range(1, 100)))
    for future in futures:
        assert "full" in why(assert_unavailable(future))
    assert stored(database, *(person(n) for n in range(3))) == [True, False, False]
    assert record_count(database) == 1


@contextmanager
def no_file_longer_than(size: int) -> Iterator[None]:
    """Make the system refuse every write past this size, as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.usefixtures("path")
def test_a_disk_that_refuses_the_commit_gives_unavailable_and_loses_nothing_before_it(
    database: SqlDatabase, person: People, now: datetime
) -> None:
    for number in range(10):
        database.run(step(person(number), now))
    with no_file_longer_than(0):
        assert "I/O" in str(assert_unavailable(database.submit(step(person(10), now))))
        for number in (11, 12):
            assert_unavailable(database.submit(step(person(number), now)))
    assert record_count(database) == 10
    assert database.run(step(person(10), now)).number == 11
    assert stored(database, person(9), person(10), person(11)) == [True, True, False]


def test_a_lock_held_too_long_gives_unavailable_and_then_all_is_well(
    path: Path, keys: IndexSecrets, person: People, now: datetime
) -> None:
    with open_database(path, keys, writer_kind="serve", busy_seconds=0.2) as database:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            begun = time.monotonic()
            assert "locked" in str(assert_unavailable(database.submit(step(person(1), now))))
            assert time.monotonic() - begun >= 0.2
        assert database.run(step(person(2), now)).number == 1
        assert stored(database, person(1), person(2)) == [False, True]


def test_a_short_lock_is_waited_for(database: SqlDatabase, path: Path, person: People, now: datetime) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        future = database.submit(step(person(1), now))
        with pytest.raises(TimeoutError):
            future.result(0.1)
        other.execute("ROLLBACK")
        assert future.result(10).number == 1


@pytest.mark.usefixtures("path")
def test_a_fault_of_the_database_inside_a_job_is_unavailable_for_that_job_alone(
    database: SqlDatabase, person: People, now: datetime
) -> None:
    def fails(tx: Transaction) -> None:
        tx.audit._connection.execute(text("SELECT * FROM no_such_table"))  # type: ignore[attr-defined]

    faulty, other = submit_together(database, fails, step(person(1), now))
    assert_unavailable(faulty)
    assert other.result(10).number == 1


@pytest.mark.usefixtures("path")
def test_error_texts_hold_no_parameters(database: SqlDatabase) -> None:
    def fails(tx: Transaction) -> None:
        statement = text("SELECT * FROM no_such_table WHERE a = :a")
        tx.audit._connection.execute(statement, {"a": "secret"})  # type: ignore[attr-defined]

    assert "secret" not in str(assert_unavailable(database.submit(fails)))


def test_a_damaged_file_gives_unavailable(
    database: SqlDatabase, path: Path, keys: IndexSecrets, person: People, now: datetime
) -> None:
    for number in range(20):
        database.run(step(person(number), now))
    database.close()
    with closing(sqlite3.connect(path)) as reader:
        place = "SELECT rootpage FROM sqlite_schema WHERE name = 'audit_records'"
        (root,), (size,) = reader.execute(place).fetchone(), reader.execute("PRAGMA page_size").fetchone()
    with path.open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"\xff" * size)
    with open_database(path, keys, writer_kind="cli") as reopened:
        assert "malformed" in str(assert_unavailable(reopened.submit(lambda tx: list(tx.audit.entries()))))
