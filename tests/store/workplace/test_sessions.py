"""Sign-ins and tickets: the cookie alone opens a session, and a ticket works once."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from crypto.keyfiles import IndexSecrets
from signal_index.model.workplace import Session
from signal_index.ports import Database, Transaction
from signal_index.store import open_database

NewSession = Callable[..., Session]

COOKIE, OTHER_COOKIE = b"c" * 32, b"d" * 32
MINUTE = timedelta(minutes=1)


def get(database: Database, secret: bytes = COOKIE) -> Session | None:
    return database.run(lambda tx: tx.sessions.get(secret))


def put(database: Database, session: Session, secret: bytes = COOKIE) -> None:
    database.run(lambda tx: tx.sessions.put(secret, session))


def test_another_cookie_finds_no_session(database: Database, a_session: NewSession) -> None:
    put(database, a_session())
    assert get(database) == a_session()
    assert [get(database, secret) for secret in (OTHER_COOKIE, b"", COOKIE[:-1], COOKIE + b"c")] == [None] * 4


def test_storing_under_the_same_cookie_replaces_the_session(
    database: Database, a_session: NewSession
) -> None:
    put(database, a_session())
    put(database, a_session(role=None, staff_id="n.nieuw"))
    assert get(database) == a_session(role=None, staff_id="n.nieuw")
    assert database.run(lambda tx: tx.sessions.remove_all_of("w.jansen")) == 0
    assert database.run(lambda tx: tx.sessions.remove_all_of("n.nieuw")) == 1


def test_being_seen_moves_one_moment_of_one_session(database: Database, a_session: NewSession) -> None:
    session = a_session()
    put(database, session)
    put(database, session, OTHER_COOKIE)
    later = session.seen_at + 7 * MINUTE
    database.run(lambda tx: tx.sessions.seen(COOKIE, later))
    assert get(database) == replace(session, seen_at=later)
    assert get(database, OTHER_COOKIE) == session


def test_seeing_a_session_that_is_gone_does_not_bring_it_back(
    database: Database, a_session: NewSession
) -> None:
    put(database, a_session())
    database.run(lambda tx: tx.sessions.remove(COOKIE))
    database.run(lambda tx: tx.sessions.seen(COOKIE, a_session().seen_at + MINUTE))
    assert get(database) is None


def test_a_session_ends_once(database: Database, a_session: NewSession) -> None:
    put(database, a_session())
    put(database, a_session(), OTHER_COOKIE)
    assert database.run(lambda tx: tx.sessions.remove(COOKIE))
    assert not database.run(lambda tx: tx.sessions.remove(COOKIE))
    assert get(database, OTHER_COOKIE) == a_session()


def test_all_sessions_of_one_member_of_staff_end_and_no_others(
    database: Database, a_session: NewSession
) -> None:
    for number in range(3):
        put(database, a_session(session_id=f"{number:016x}"), bytes([number]) * 32)
    put(database, a_session(staff_id="w.jansen2"), OTHER_COOKIE)
    assert database.run(lambda tx: tx.sessions.remove_all_of("w.jansen")) == 3
    assert [get(database, bytes([number]) * 32) for number in range(3)] == [None] * 3
    assert get(database, OTHER_COOKIE) is not None


def test_sessions_go_by_when_they_were_last_seen_and_not_by_when_they_began(
    database: Database, a_session: NewSession
) -> None:
    session = a_session()
    put(database, session)
    put(database, replace(session, opened_at=session.opened_at - timedelta(hours=7)), OTHER_COOKIE)
    database.run(lambda tx: tx.sessions.seen(OTHER_COOKIE, session.seen_at + MINUTE))
    at = session.seen_at
    assert database.run(lambda tx: tx.sessions.remove_idle(at)) == 0, "seen at this very moment"
    assert database.run(lambda tx: tx.sessions.remove_idle(at + MINUTE)) == 1
    assert get(database) is None
    assert get(database, OTHER_COOKIE) is not None


def test_a_session_outlives_the_process_that_opened_it(
    database: Database, path: object, keys: IndexSecrets, a_session: NewSession
) -> None:
    put(database, a_session())
    with open_database(str(path), keys, writer_kind="serve") as other:
        assert get(other) == a_session()
        other.run(lambda tx: tx.sessions.remove(COOKIE))
    assert get(database) is None


def test_a_ticket_works_once(database: Database, a_session: NewSession) -> None:
    until = a_session().seen_at + MINUTE
    uses = [database.run(lambda tx, name=name: tx.tickets.use(name, until)) for name in ("a", "b", "a")]  # type: ignore[misc]
    assert uses == [True, True, False]
    assert not database.run(lambda tx: tx.tickets.use("b", until + MINUTE)), "whatever its expiry says now"


def test_a_ticket_of_a_step_that_failed_was_not_used(database: Database, a_session: NewSession) -> None:
    until = a_session().seen_at + MINUTE

    def fails(tx: Transaction) -> None:
        assert tx.tickets.use("a", until)
        raise LookupError

    with pytest.raises(LookupError):
        database.run(fails)
    assert database.run(lambda tx: tx.tickets.use("a", until))


def test_tickets_are_forgotten_only_when_they_have_expired(database: Database, a_session: NewSession) -> None:
    until = a_session().seen_at
    for number in range(3):
        database.run(lambda tx, number=number: tx.tickets.use(f"t{number}", until + number * MINUTE))  # type: ignore[misc]
    assert database.run(lambda tx: tx.tickets.remove_expired(until - timedelta(microseconds=1))) == 0
    assert database.run(lambda tx: tx.tickets.remove_expired(until)) == 1
    assert database.run(lambda tx: tx.tickets.remove_expired(until + timedelta(seconds=119))) == 1
    assert not database.run(lambda tx: tx.tickets.use("t2", until)), "still remembered"
    assert database.run(lambda tx: tx.tickets.use("t0", until)), (
        "forgotten, since it could not be used any more"
    )
