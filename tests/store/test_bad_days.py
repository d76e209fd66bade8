"""Bad days of a PostgreSQL server: nothing acknowledged is lost, and service returns by itself."""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import psycopg
import pytest
from sqlalchemy import text

from crypto.chain import Pseudonym
from crypto.keyfiles import IndexSecrets
from signal_index.errors import SetupFault, Unavailable
from signal_index.model import AuditEvent
from signal_index.ports import Transaction
from signal_index.store import SqlDatabase, begin_again, initialise, open_database, upgrade
from signal_index.store.places.roles import READS_THE_LOG, SERVES
from tests.support.postgresql import PostgresqlServer, name_of, postgresql_server

People = Callable[[int], Pseudonym]

FEED: Final = "00000004000000030000"
BACK_SECONDS: Final = 5.0
"""How soon service is to be back once the server is."""


@pytest.fixture
def own_server() -> Iterator[PostgresqlServer]:
    """A server to be unkind to; what it says was written is on the disk."""
    with postgresql_server(fsync="on", full_page_writes="on") as server:
        yield server


@pytest.fixture
def place(own_server: PostgresqlServer, keys: IndexSecrets) -> str:
    url = own_server.database()
    upgrade(url)
    initialise(url, keys, datetime(2026, 3, 1, tzinfo=UTC))
    return url


def step(who: Pseudonym) -> Callable[[Transaction], int]:
    """Store something and record it; the record's number."""

    def job(tx: Transaction) -> int:
        tx.restrictions.put(who, FEED, 1)
        return tx.audit.append(AuditEvent("restriction.stored", datetime.now(UTC), {}, who)).number

    return job


def look(who: Pseudonym) -> Callable[[Transaction], bool]:
    """Read something and record it."""

    def job(tx: Transaction) -> bool:
        found = tx.restrictions.is_deceased(who)
        tx.audit.append(AuditEvent("lookup.answered", datetime.now(UTC), {}, who))
        return found

    return job


def seconds_until_back(database: SqlDatabase, who: Pseudonym) -> float:
    """How long until a look is answered again."""
    begun = time.monotonic()
    while time.monotonic() - begun < BACK_SECONDS:
        try:
            database.submit(look(who), looking=True).result()
        except Unavailable:
            time.sleep(0.05)
        else:
            return time.monotonic() - begun
    raise AssertionError("service did not return")


def test_a_server_that_crashes_loses_nothing_that_was_answered(
    own_server: PostgresqlServer, place: str, keys: IndexSecrets, person: People
) -> None:
    with open_database(place, keys, writer_kind="serve") as database:
        answered = [database.run(step(person(number))) for number in range(5)]
        own_server.stop("immediate")
        for looking in (False, True):
            with pytest.raises(Unavailable, match="database"):
                database.submit(look(person(9)), looking=looking).result()
        own_server.start()
        assert seconds_until_back(database, person(0)) < BACK_SECONDS
        assert answered == [1, 2, 3, 4, 5]
        assert database.run(lambda tx: [tx.restrictions.is_deceased(person(n)) for n in (0, 4, 9)]) == [
            True,
            True,
            False,
        ]
        assert database.run(lambda tx: tx.log.check().records) == 6


def test_a_connection_that_is_ended_costs_those_on_it_their_answer_and_nobody_else(
    own_server: PostgresqlServer, place: str, keys: IndexSecrets, person: People
) -> None:
    def ends_its_own(tx: Transaction) -> None:
        tx.audit.append(AuditEvent("log.read", datetime.now(UTC)))
        tx.audit._connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))  # type: ignore[attr-defined]

    with open_database(place, keys, writer_kind="serve") as database:
        for looking in (False, True):
            with pytest.raises(Unavailable):
                database.submit(ends_its_own, looking=looking).result()
            assert database.submit(look(person(1)), looking=True).result() is False
        assert database.run(lambda tx: tx.log.check().records) == 2


def test_a_standby_takes_over_with_everything_that_was_answered(
    own_server: PostgresqlServer, place: str, keys: IndexSecrets, person: People
) -> None:
    with standby_of(own_server) as standby:
        hosts = f"host={own_server.folder},{standby.folder}"
        both = f"postgresql://postgres@/{name_of(place)}?{hosts}&target_session_attrs=read-write"
        with open_database(both, keys, writer_kind="serve") as database:
            assert [database.run(step(person(number))) for number in range(3)] == [1, 2, 3]
            own_server.stop("immediate")
            with pytest.raises(Unavailable):
                database.run(step(person(9)))
            standby.promote()
            standby.say("ALTER SYSTEM RESET synchronous_standby_names", "SELECT pg_reload_conf()")
            assert seconds_until_back(database, person(0)) < BACK_SECONDS
            assert database.run(lambda tx: tx.restrictions.is_deceased(person(2)))
            assert database.run(lambda tx: tx.log.check().records) == 4


@contextmanager
def standby_of(primary: PostgresqlServer) -> Iterator[PostgresqlServer]:
    """A second server that follows the first so closely that a commit waits for it."""
    parent = Path(tempfile.mkdtemp(prefix="si-st-"))
    parent.chmod(0o755)
    follower = PostgresqlServer.following(primary, parent / "s")
    follower.start()
    primary.say("ALTER SYSTEM SET synchronous_standby_names = '*'", "SELECT pg_reload_conf()")
    try:
        yield follower
    finally:
        follower.stop("immediate")
        shutil.rmtree(parent)


def test_a_full_disk_means_no_answers_and_room_means_answers_again(
    own_server: PostgresqlServer, place: str, keys: IndexSecrets, person: People
) -> None:
    """No file of the server grows beyond a size, which is what a full disk comes to."""
    own_server.stop()
    own_server.file_bytes_max = 16 * 1024 * 1024  # a piece of the server's own log is as large as that
    own_server.start()
    with open_database(place, keys, writer_kind="serve") as database:
        answered = database.run(step(person(0)))
        with pytest.raises(Unavailable, match="database"):  # noqa: PT012 - until it is full
            for _ in range(100):
                answered = database.run(many_records)
        with pytest.raises(Unavailable, match="database"):
            database.run(many_records)
        own_server.stop()
        own_server.file_bytes_max = None
        own_server.start()
        assert seconds_until_back(database, person(0)) < BACK_SECONDS
        assert database.run(lambda tx: tx.log.check().records) == answered + 1


def many_records(tx: Transaction) -> int:
    """Write more than there is room for in a while; the number of the last record."""
    at = datetime.now(UTC)
    return [tx.audit.append(AuditEvent("log.read", at)).number for _ in range(300)][-1]


def test_who_serves_adds_to_the_log_and_cannot_change_or_remove_a_record(
    own_server: PostgresqlServer, place: str, keys: IndexSecrets, person: People
) -> None:
    own_server.say(
        f"CREATE ROLE clerk LOGIN IN ROLE {SERVES}", f"CREATE ROLE auditor LOGIN IN ROLE {READS_THE_LOG}"
    )
    with open_database(own_server.url(name_of(place), "clerk"), keys, writer_kind="serve") as database:
        assert database.run(step(person(1))) == 1
        assert database.submit(look(person(1)), looking=True).result() is True
        assert database.run(lambda tx: tx.log.integrate(datetime.now(UTC), 64)) is not None
        with pytest.raises(SetupFault, match="owns"):
            database.run(lambda tx: tx.audit._connection.execute(text("DELETE FROM audit_records")))  # type: ignore[attr-defined]
    for statement in (
        "UPDATE audit_records SET salt = salt",
        "DELETE FROM audit_records",
        "TRUNCATE audit_records CASCADE",
        "UPDATE log_entries SET position = position",
        "DELETE FROM log_entries",
        "UPDATE index_state SET scope = scope",
        "DROP TABLE flags",
        "CREATE TABLE mine (n int)",
    ):
        assert not may(own_server.url(name_of(place), "clerk"), statement), statement
    auditor = own_server.url(name_of(place), "auditor")
    assert may(auditor, "SELECT * FROM audit_records")
    for statement in (
        "SELECT * FROM flags",
        "SELECT * FROM staff",
        "INSERT INTO log_head SELECT * FROM log_head",
    ):
        assert not may(auditor, statement), statement


def may(url: str, statement: str) -> bool:
    """Whether the server lets this role say it; nothing of it stays."""
    with psycopg.connect(url) as connection:
        try:
            connection.execute(statement)
        except psycopg.errors.InsufficientPrivilege:
            return False
        finally:
            connection.rollback()
    return True


def test_what_only_the_owner_may_do_is_refused_with_what_to_do(
    own_server: PostgresqlServer, place: str, keys: IndexSecrets
) -> None:
    own_server.say(f"CREATE ROLE clerk LOGIN IN ROLE {SERVES}")
    clerk = own_server.url(name_of(place), "clerk")
    with pytest.raises(SetupFault, match="owns"):
        begin_again(clerk, keys)


def test_a_server_that_is_not_there_is_said_so(
    own_server: PostgresqlServer, place: str, keys: IndexSecrets
) -> None:
    own_server.stop()
    with pytest.raises(SetupFault, match="lets nobody in"):
        open_database(place, keys, writer_kind="serve")
