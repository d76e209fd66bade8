"""Sessions: one sign-in of one member of staff, kept here and not in her browser.

The identity provider says who she is; whether she may come in, and in which role, comes from the index's own tables.

Invariants:
1. A session acts in one role at a time, and in none once that role was taken from her.
2. Every request asks the staff table again: who is blocked is out at her next request.
3. A session that is over stays over: nothing moves its clock any more.
4. Another role means another cookie and another form token, never a longer session.

Whoever steals a cookie is that member of staff, in her one role, until the session is over or she signs out.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from secrets import token_hex, token_urlsafe

from policy.vocabulary import Role
from signal_index import audit
from signal_index.errors import NotAuthenticated, NotPermitted
from signal_index.model import Actor, StaffMember
from signal_index.model.workplace import Session
from signal_index.ports import Transaction
from signal_index.usecases.administration.accounts import note_seen

SEEN_EVERY = timedelta(minutes=1)  # a write per request would make every page wait for the disk

_ID_BYTES = 8
_CSRF_BYTES = 32
# What the store keeps; whoever has a longer name or address goes without rather than not at all.
_NAME_LENGTH_MAX = 100
_ADDRESS_LENGTH_MAX = 254  # RFC 5321 section 4.5.3.1.3


@dataclass(frozen=True)
class SignedIn:
    """What the identity provider says about who just signed in.

    Args:
        second_factor: whether it vouches for a second factor.
        name: how it calls her; None when it does not say.
        email: her work address; None when it does not say.
    """

    staff_id: str
    second_factor: bool
    name: str | None = None
    email: str | None = None


def open_session(tx: Transaction, secret: bytes, who: SignedIn, now: datetime) -> Session:
    """Let somebody in who has just signed in.

    Args:
        tx: the open transaction.
        secret: the 32 random bytes of her new cookie.
        who: as verified at the edge.
        now: aware UTC.

    Returns:
        The session, in the role she most often needs: that of who looks, if she has it.

    Raises:
        NotPermitted: `account` when she is unknown or blocked, `second-factor` when she signed in without one.
    """
    staff = tx.staff.get(who.staff_id)
    if staff is None or not staff.active:
        raise NotPermitted(
            "account", "Uw account is niet bekend of staat uit. Vraag uw functioneel beheerder om hulp."
        )
    if not who.second_factor:
        raise NotPermitted(
            "second-factor", "Log opnieuw in met een tweede stap, zoals een code op uw telefoon."
        )
    session = Session(
        session_id=token_hex(_ID_BYTES),
        staff_id=staff.staff_id,
        second_factor=True,
        role=_first_role(staff),
        csrf=token_urlsafe(_CSRF_BYTES),
        opened_at=now,
        seen_at=now,
        name=_kept(who.name, _NAME_LENGTH_MAX),
        email=_kept(who.email, _ADDRESS_LENGTH_MAX, only_ascii=True),
    )
    tx.sessions.put(secret, session)
    note_seen(tx, staff, now)
    tx.audit.append(audit.act("session.opened", now, _actor(session, staff), role=session.role))
    return session


def _kept(text: str | None, longest: int, *, only_ascii: bool = False) -> str | None:
    """What the identity provider said, if it can be kept and shown; nothing depends on it but the greeting."""
    usable = text and len(text) <= longest and text.isprintable() and (text.isascii() or not only_ascii)
    return text if usable else None


def _first_role(staff: StaffMember) -> str | None:
    """Who looks comes to look; for everybody else the order of the list of roles."""
    return next((role.value for role in (Role.TEAM_MEMBER, *Role) if role in staff.roles), None)


def _actor(session: Session, staff: StaffMember) -> Actor:
    return Actor.in_one_role(
        staff.staff_id,
        staff,
        session.role,
        second_factor=session.second_factor,
        token_id=f"session:{session.session_id}",
    )


def resume(tx: Transaction, secret: bytes | None, now: datetime) -> tuple[Session, Actor]:
    """Whose request this is, by the cookie that came with it.

    A session that is over is left where it is, since what raises leaves no trace; the edge closes it in a job of its
    own (`close_session`), and `expire` removes what nobody came back for.

    Args:
        tx: the open transaction.
        secret: from the cookie; None when there is none.
        now: aware UTC.

    Returns:
        The session, and the actor in the one role it has.

    Raises:
        NotAuthenticated: `no-session`, `session-over`, or `account` when she was blocked meanwhile.
    """
    session = tx.sessions.get(secret) if secret is not None else None
    if secret is None or session is None:
        raise NotAuthenticated("no-session", "Log in om verder te gaan.")
    if session.is_over(now):
        raise NotAuthenticated("session-over", "Uw sessie is verlopen. Log opnieuw in.")
    staff = tx.staff.get(session.staff_id)
    if staff is None or not staff.active:
        raise NotAuthenticated("account", "Uw account staat uit. Vraag uw functioneel beheerder om hulp.")
    session = _kept_up(tx, secret, session, staff, now)
    return session, _actor(session, staff)


def _kept_up(tx: Transaction, secret: bytes, session: Session, staff: StaffMember, now: datetime) -> Session:
    """The session as it goes on: seen now, and without a role she no longer holds."""
    if session.role is not None and session.role not in staff.roles:
        # Kept without it: a role that is given back later must be chosen again, not fall into her lap.
        session = replace(session, role=None, seen_at=now)
        tx.sessions.put(secret, session)
    elif now - session.seen_at >= SEEN_EVERY:
        session = replace(session, seen_at=now)
        tx.sessions.seen(secret, now)
    return session


def close_session(tx: Transaction, secret: bytes, now: datetime) -> None:
    """End a session, over or not; when there is none there is nothing to end, and nothing is recorded."""
    session = tx.sessions.get(secret)
    if session is None:
        return
    tx.sessions.remove(secret)
    closed = audit.event("session.closed", now, actor=session.staff_id, token=f"session:{session.session_id}")
    tx.audit.append(closed)


def switch_role(tx: Transaction, secret: bytes, new_secret: bytes, role: str, now: datetime) -> Session:
    """Go on in another of her roles, under a new cookie.

    Args:
        tx: the open transaction.
        secret: of the cookie that came with the request; it is good for nothing afterwards.
        new_secret: the 32 random bytes of her next cookie.
        role: code of the role.
        now: aware UTC.

    Returns:
        The session as it goes on: same id, same longest end, other role and form token.

    Raises:
        NotAuthenticated: see `resume`.
        NotPermitted: she does not hold this role.
    """
    session, actor = resume(tx, secret, now)
    if actor.staff is None or role not in actor.staff.roles:
        raise NotPermitted("role", "U heeft deze rol niet. Kies een rol die u wel heeft.")
    switched = replace(session, role=role, csrf=token_urlsafe(_CSRF_BYTES), seen_at=now)
    tx.sessions.remove(secret)
    tx.sessions.put(new_secret, switched)
    tx.audit.append(audit.act("role.switched", now, _actor(switched, actor.staff), role=role))
    return switched
