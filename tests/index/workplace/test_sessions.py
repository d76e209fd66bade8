"""A session is one person in one role, ends by itself, and is asked again at every request whether it may go on."""

from datetime import datetime, timedelta
from secrets import token_bytes
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from signal_index.errors import NotAuthenticated, NotPermitted
from signal_index.model import Actor
from signal_index.model.administration import Change
from signal_index.model.workplace import SESSION_IDLE, SESSION_LONGEST, Session
from signal_index.usecases.workplace import sessions
from signal_index.usecases.workplace.sessions import SignedIn

W_EEN = SignedIn("w.een", second_factor=True)
MEMBER, LEAD, SOURCE = "wijkteammedewerker", "teamleider", "bronbeheerder"
MINUTE = timedelta(minutes=1)


def _open(office: Any, who: SignedIn = W_EEN) -> tuple[bytes, Session]:
    secret = token_bytes(32)
    return secret, office.run(lambda tx: sessions.open_session(tx, secret, who, office.world.clock))


def _resume(office: Any, secret: bytes | None) -> tuple[Session, Actor]:
    found: tuple[Session, Actor] = office.run(lambda tx: sessions.resume(tx, secret, office.world.clock))
    return found


def _why_not(office: Any, secret: bytes | None) -> str:
    with pytest.raises(NotAuthenticated) as refused:
        _resume(office, secret)
    return refused.value.code


# --- Opening ------------------------------------------------------------------------------------------------------

FIRST_ROLES: list[tuple[list[str], str | None]] = [
    ([MEMBER], MEMBER),
    ([LEAD, MEMBER], MEMBER),
    ([SOURCE, LEAD], LEAD),
    (["privacy-officer", SOURCE], "privacy-officer"),
    (["functioneel-beheerder"], "functioneel-beheerder"),
    ([SOURCE], SOURCE),
    ([], None),
]


@pytest.mark.parametrize(("held", "active"), FIRST_ROLES)
def test_a_session_begins_in_one_role(office: Any, held: list[str], active: str | None) -> None:
    office.hire("x.nieuw", held)
    secret, session = _open(office, SignedIn("x.nieuw", second_factor=True))
    assert session.role == active
    _, actor = _resume(office, secret)
    assert actor.roles == frozenset([active] if active else [])
    opened = office.world.records("session.opened")[0].fields
    assert opened == {
        "actor": "x.nieuw",
        "organisation": office.world.GEMEENTE,
        "token": f"session:{session.session_id}",
        "role": active,
    }
    assert actor.token_id == opened["token"]


KEPT_OUT: list[tuple[str, SignedIn, str]] = [
    ("nobody knows", SignedIn("x.onbekend", second_factor=True), "account"),
    ("is blocked", SignedIn("x.geblokkeerd", second_factor=True), "account"),
    ("has no second factor", SignedIn("w.een", second_factor=False), "second-factor"),
]


@pytest.mark.parametrize(("_who", "who", "code"), KEPT_OUT, ids=[row[0] for row in KEPT_OUT])
def test_whom_we_may_not_let_in_gets_no_session_and_the_attempt_is_recorded(
    office: Any, _who: str, who: SignedIn, code: str
) -> None:
    office.hire("x.geblokkeerd", active=False)
    secret = token_bytes(32)
    error, record = office.refused(
        who.staff_id, lambda tx, _: sessions.open_session(tx, secret, who, office.world.clock)
    )
    assert isinstance(error, NotPermitted)
    assert (error.code, record.fields["reason"]) == (code, code)
    assert _why_not(office, secret) == "no-session"
    assert not office.world.records("session.opened")


def test_no_two_sessions_share_an_id_or_a_form_token(office: Any) -> None:
    opened = [_open(office)[1] for _ in range(20)]
    assert len({session.session_id for session in opened}) == 20
    assert len({session.csrf for session in opened}) == 20
    assert all(len(session.csrf) >= 43 for session in opened)


GREETINGS = [
    ("Wil de Vries", "wil@gemeente.example", "Wil de Vries", "wil@gemeente.example"),
    ("W" * 101, "w" * 255, None, None),
    ("W" * 100, "w" * 254, "W" * 100, "w" * 254),
    ("", "", None, None),
    ("half \ud800", "wïl@gemeente.example", None, None),
    ("twee\nregels", "wil@gemeente.example\r\nBcc: x@y.example", None, None),
]


@pytest.mark.parametrize(("name", "email", "kept_name", "kept_email"), GREETINGS)
def test_a_name_or_address_that_cannot_be_kept_is_left_out(
    office: Any, name: str, email: str, kept_name: str | None, kept_email: str | None
) -> None:
    secret, _ = _open(office, SignedIn("w.een", second_factor=True, name=name, email=email))
    session, _ = _resume(office, secret)
    assert (session.name, session.email) == (kept_name, kept_email)


# --- Going on -----------------------------------------------------------------------------------------------------


def test_without_a_cookie_or_with_a_strange_one_there_is_no_session(office: Any) -> None:
    _open(office)
    for cookie in (None, b"", token_bytes(32)):
        assert _why_not(office, cookie) == "no-session"


def test_who_is_idle_for_a_quarter_of_an_hour_is_out_and_not_a_second_sooner(office: Any) -> None:
    secret, _ = _open(office)
    office.world.clock += SESSION_IDLE - timedelta(seconds=1)
    _resume(office, secret)
    office.world.clock += SESSION_IDLE
    assert _why_not(office, secret) == "session-over"
    office.world.clock -= 2 * MINUTE  # the refusal moved nothing, and did not let her back in either
    _resume(office, secret)


def test_nobody_stays_in_for_longer_than_a_working_day(office: Any) -> None:
    secret, opened = _open(office)
    while office.world.clock + 10 * MINUTE < opened.opened_at + SESSION_LONGEST:
        office.world.clock += 10 * MINUTE
        _resume(office, secret)
    office.world.clock = opened.opened_at + SESSION_LONGEST
    assert _why_not(office, secret) == "session-over"


def test_requests_within_a_minute_write_nothing(office: Any) -> None:
    secret, opened = _open(office)
    statements: list[str] = []
    office.world.watch(statements)
    office.world.clock += timedelta(seconds=59)
    assert _resume(office, secret)[0].seen_at == opened.opened_at
    assert not _writes(statements)
    office.world.clock += timedelta(seconds=1)
    assert _resume(office, secret)[0].seen_at == office.world.clock
    assert _writes(statements)
    assert _resume(office, secret)[0].seen_at == office.world.clock


def _writes(statements: list[str]) -> list[str]:
    return [line for line in statements if line.split()[0] in {"INSERT", "UPDATE", "DELETE"}]


def test_a_session_that_is_over_is_closed_in_a_job_of_its_own(office: Any) -> None:
    secret, session = _open(office)
    office.world.clock += SESSION_IDLE
    assert _why_not(office, secret) == "session-over"
    for _ in range(2):
        office.run(lambda tx: sessions.close_session(tx, secret, office.world.clock))
    assert _why_not(office, secret) == "no-session"
    closed = [record.fields for record in office.world.records("session.closed")]
    assert closed == [{"actor": "w.een", "token": f"session:{session.session_id}"}]


def test_signing_out_ends_this_session_and_no_other(office: Any) -> None:
    (here, _), (elsewhere, _) = _open(office), _open(office)
    office.run(lambda tx: sessions.close_session(tx, here, office.world.clock))
    assert _why_not(office, here) == "no-session"
    assert _resume(office, elsewhere)[1].staff_id == "w.een"


def test_who_is_blocked_is_out_at_her_next_request(office: Any) -> None:
    secret, _ = _open(office)
    office.hire("w.een", active=False)
    assert _why_not(office, secret) == "account"


def test_a_role_that_was_taken_away_leaves_none_and_does_not_come_back_by_itself(office: Any) -> None:
    office.hire("w.een", [MEMBER, LEAD])
    secret, _ = _open(office)
    office.hire("w.een", [LEAD])
    session, actor = _resume(office, secret)
    assert (session.role, actor.roles) == (None, frozenset())
    office.hire("w.een", [MEMBER, LEAD])
    session, actor = _resume(office, secret)
    assert (session.role, actor.roles) == (None, frozenset())
    again = token_bytes(32)
    office.run(lambda tx: sessions.switch_role(tx, secret, again, LEAD, office.world.clock))
    assert _resume(office, again)[1].roles == {LEAD}


def test_who_is_revoked_one_of_her_roles_signs_in_again_before_she_uses_the_other(office: Any) -> None:
    office.hire("w.een", [MEMBER, LEAD])
    (here, _), (elsewhere, _), (colleague, _) = (
        _open(office),
        _open(office),
        _open(office, SignedIn("w.twee", second_factor=True)),
    )
    office.world.change(Change.revoke("w.een", LEAD))
    assert [_why_not(office, secret) for secret in (here, elsewhere)] == ["no-session"] * 2
    assert _resume(office, colleague)[1].staff_id == "w.twee"
    again, _ = _open(office)
    assert _resume(office, again)[1].roles == {MEMBER}


# --- Another role -------------------------------------------------------------------------------------------------


def test_another_role_is_another_cookie_and_another_form_token(office: Any) -> None:
    office.hire("w.een", [MEMBER, LEAD])
    old, opened = _open(office)
    office.world.clock += MINUTE
    new = token_bytes(32)
    office.run(lambda tx: sessions.switch_role(tx, old, new, LEAD, office.world.clock))
    assert _why_not(office, old) == "no-session"
    session, actor = _resume(office, new)
    assert (session.role, actor.roles) == (LEAD, frozenset({LEAD}))
    assert session.csrf != opened.csrf
    assert (session.session_id, session.opened_at) == (opened.session_id, opened.opened_at)
    switched = office.world.records("role.switched")[0].fields
    assert (switched["actor"], switched["role"]) == ("w.een", LEAD)
    assert switched["token"] == f"session:{session.session_id}"


@pytest.mark.parametrize("role", [LEAD, "privacy-officer", "alwetend", ""])
def test_a_role_she_does_not_hold_changes_nothing_and_is_recorded(office: Any, role: str) -> None:
    old, opened = _open(office)
    new = token_bytes(32)
    error, record = office.refused(
        "w.een", lambda tx, _: sessions.switch_role(tx, old, new, role, office.world.clock)
    )
    assert isinstance(error, NotPermitted)
    assert record.fields["reason"] == "role"
    assert _resume(office, old)[0] == opened
    assert _why_not(office, new) == "no-session"


STEPS = st.lists(
    st.tuples(st.sampled_from(["ask", "ask", "switch"]), st.integers(0, 20 * 60)), min_size=1, max_size=60
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_whatever_she_does_she_is_out_after_a_pause_or_a_working_day(
    office: Any, steps: list[tuple[str, int]]
) -> None:
    # Seen moves at most once a minute, so between 14 and 15 minutes of pause either answer is right.
    start: datetime = office.world.clock
    secret, _ = _open(office)
    last_asked = start
    for what, pause in steps:
        office.world.clock += timedelta(seconds=pause)
        now: datetime = office.world.clock
        idle, age = now - last_asked, now - start
        over = idle >= SESSION_IDLE or age >= SESSION_LONGEST
        in_doubt = SESSION_IDLE - MINUTE < idle < SESSION_IDLE
        next_secret = _step(office, what, secret)
        if next_secret is None:
            assert over or in_doubt, f"out after {idle} idle, {age} old"
            return
        assert not over, f"still in after {idle} idle, {age} old"
        secret, last_asked = next_secret, now


def _step(office: Any, what: str, secret: bytes) -> bytes | None:
    """One request; the cookie to go on with, None when the session is over."""
    new = token_bytes(32)
    try:
        if what == "ask":
            _resume(office, secret)
            return secret
        office.run(lambda tx: sessions.switch_role(tx, secret, new, MEMBER, office.world.clock))
    except NotAuthenticated as refused:
        if refused.code != "session-over":
            raise
        return None
    return new
