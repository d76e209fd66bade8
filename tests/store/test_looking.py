"""Looks that wait together share a read, a transaction and a commit, and each succeeds or fails alone."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from crypto.chain import Pseudonym
from crypto.encoding import Month
from crypto.keyfiles import IndexSecrets
from signal_index.errors import Unavailable
from signal_index.model import AuditEvent, CareRelation, NewFlag, Receipt, Series, StaffMember
from signal_index.ports import Transaction
from signal_index.store import SqlDatabase, open_database

People = Callable[[int], Pseudonym]
Job = Callable[[Transaction], Any]

ORGANISATION = "00000004000000020000"
FEED = "00000004000000030000"
TYPES = ("schuldhulptraject", "wmo-voorziening")
THIS_MONTH = Month.parse("2026-04")
HEARD_SECONDS = 10


def look_together(database: SqlDatabase, *jobs: Job) -> list[Future[Any]]:
    """Submit looks while the writer is busy, so that they wait together."""
    busy, go_on = threading.Event(), threading.Event()

    def gate(_: Transaction) -> None:
        busy.set()
        assert go_on.wait(HEARD_SECONDS)

    first = database.submit(gate)
    assert busy.wait(HEARD_SECONDS)
    futures = [database.submit(job, looking=True) for job in jobs]
    go_on.set()
    first.result(HEARD_SECONDS)
    return futures


def look(who: Pseudonym, at: datetime, *, fail: BaseException | None = None) -> Job:
    """Read something and record it; then fail, if so asked."""

    def job(tx: Transaction) -> Receipt:
        tx.restrictions.is_deceased(who)
        receipt = tx.audit.append(AuditEvent("lookup.answered", at, {}, who))
        if fail is not None:
            raise fail
        return receipt

    return job


def checked(database: SqlDatabase) -> int:
    """How many records there are; every chain must hold."""
    return database.run(lambda tx: tx.log.check().records)


def test_a_look_that_raises_after_its_record_leaves_none_and_its_neighbours_are_answered(
    database: SqlDatabase, person: People, now: datetime
) -> None:
    one, two, three = look_together(
        database, look(person(1), now), look(person(2), now, fail=LookupError("mine")), look(person(3), now)
    )
    assert [one.result(HEARD_SECONDS).number, three.result(HEARD_SECONDS).number] == [1, 2]
    assert isinstance(two.exception(HEARD_SECONDS), LookupError)
    assert checked(database) == 2


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), AssertionError("wrong")])
def test_whatever_a_look_raises_reaches_only_its_own_future(
    database: SqlDatabase, person: People, now: datetime, error: BaseException
) -> None:
    failing, other = look_together(database, look(person(1), now, fail=error), look(person(2), now))
    assert failing.exception(HEARD_SECONDS) is error
    assert other.result(HEARD_SECONDS).number == 1


def test_records_stand_in_the_order_in_which_the_looks_came(
    database: SqlDatabase, person: People, now: datetime
) -> None:
    """Also when some ask more than others, so that they are ready at other moments."""

    def asks(times: int) -> Job:
        def job(tx: Transaction) -> int:
            for number in range(times):
                tx.restrictions.is_deceased(person(number))
            return tx.audit.append(AuditEvent("lookup.answered", now, {"asked": times})).number

        return job

    futures = look_together(database, *(asks(times) for times in (3, 0, 5, 1, 4)))
    assert [future.result(HEARD_SECONDS) for future in futures] == [1, 2, 3, 4, 5]
    assert checked(database) == 5


def test_a_look_that_changes_something_all_the_same_is_done_too(
    database: SqlDatabase, person: People, now: datetime
) -> None:
    def changes(tx: Transaction) -> int:
        tx.restrictions.put(person(1), FEED, 1)
        return tx.audit.append(AuditEvent("restriction.stored", now, {}, person(1))).number

    changed, looked = look_together(database, changes, look(person(2), now))
    assert {changed.result(HEARD_SECONDS), looked.result(HEARD_SECONDS).number} == {1, 2}
    assert database.run(lambda tx: tx.restrictions.is_deceased(person(1)))
    assert checked(database) == 2


def test_a_look_whose_question_the_database_refuses_fails_alone(
    database: SqlDatabase, person: People, now: datetime
) -> None:
    def refused(tx: Transaction) -> None:
        tx.audit._connection.execute(text("SELECT no_such_column FROM staff"))  # type: ignore[attr-defined]

    broken, other = look_together(database, refused, look(person(2), now))
    assert broken.exception(HEARD_SECONDS) is not None
    assert other.result(HEARD_SECONDS).number == 1
    assert checked(database) == 1


# --- Reading together ---------------------------------------------------------------------------------------------

_asked = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 5), st.sets(st.sampled_from(TYPES))), min_size=1, max_size=12
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=_asked)
def test_whoever_looks_with_others_reads_what_she_would_read_alone(
    lived_in: SqlDatabase, person: People, asked: list[tuple[int, int, set[str]]]
) -> None:
    def reads(worker: int, who: int, allowed: set[str]) -> Job:
        def job(tx: Transaction) -> object:
            relation = tx.relations.of_worker(ORGANISATION, f"w.{worker}", bytes([who]) * 16)
            if relation is None:
                return None
            flags = tx.flags.find(relation.person, allowed, 16, THIS_MONTH)
            found = sorted((flag.source, flag.type, flag.since.index) for flag in flags)
            return relation, found, tx.restrictions.is_deceased(relation.person)

        return job

    jobs = [reads(*each) for each in asked]
    together = [future.result(HEARD_SECONDS) for future in look_together(lived_in, *jobs)]
    assert together == [lived_in.run(job) for job in jobs]


@pytest.fixture
def lived_in(
    database: SqlDatabase,
    person: People,
    a_series: Callable[..., Series],
    a_relation: Callable[..., CareRelation],
) -> SqlDatabase:
    """Some relations, flags and a death."""

    def fill(tx: Transaction) -> None:
        for kind in TYPES:
            tx.series.put(a_series(type_code=kind))
        for number in range(4):
            tx.relations.put(
                a_relation(
                    organisation=ORGANISATION,
                    relation_id=bytes([number]) * 16,
                    worker=f"w.{number}",
                    person=person(number),
                )
            )
            for kind in TYPES[: number % 3]:
                since, until = Month.parse("2026-01"), Month.parse("2027-01")
                tx.flags.put([NewFlag(person(number), a_series(type_code=kind), since, until)])
        tx.restrictions.put(person(3), FEED, 1)

    database.run(fill)
    return database


# --- Two processes on one server ----------------------------------------------------------------------------------


@contextmanager
def somebody_changing(url: str) -> Iterator[None]:
    """Another process in the middle of a change."""
    with psycopg.connect(url) as other:
        other.execute("UPDATE change_counter SET number = number + 1")
        yield
        other.rollback()


def test_who_looks_waits_for_nobody_and_who_changes_gives_up_in_time(
    url: str, keys: IndexSecrets, person: People, now: datetime
) -> None:
    with open_database(url, keys, writer_kind="serve", busy_seconds=0.2) as database:
        database.run(look(person(1), now))
        with somebody_changing(url):
            assert database.submit(look(person(1), now), looking=True).result(HEARD_SECONDS).number == 2
            with pytest.raises(Unavailable, match="database"):
                database.run(look(person(1), now))
        assert database.run(look(person(1), now)).number == 3
        assert checked(database) == 3


def test_a_change_by_one_process_is_seen_by_the_next_look_of_another(
    url: str, keys: IndexSecrets, now: datetime
) -> None:
    def is_active(tx: Transaction) -> bool:
        member = tx.staff.get("w.jansen")
        return member is not None and member.active

    def put(active: bool) -> Job:  # noqa: FBT001 - a test
        return lambda tx: tx.staff.put(StaffMember("w.jansen", ORGANISATION, "noord", active=active))

    with (
        open_database(url, keys, writer_kind="serve") as one,
        open_database(url, keys, writer_kind="serve") as other,
    ):
        for active in (True, False, True):
            one.run(put(active))
            assert other.submit(is_active, looking=True).result(HEARD_SECONDS) is active
            assert one.submit(is_active, looking=True).result(HEARD_SECONDS) is active
        one.run(lambda tx: tx.audit.append(AuditEvent("log.read", now)))
        other.submit(look(Pseudonym(b"\1" * 32), now), looking=True).result(HEARD_SECONDS)
        assert checked(one) == checked(other) == 2
