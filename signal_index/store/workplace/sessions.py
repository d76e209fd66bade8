"""Sign-ins and used-up tickets: found by a tag of a secret that only the browser has.

Invariants:
1. No cookie and no ticket can be made from what stands here; a session is opened with its cookie only.
2. A session is opened only if the tag of its owner and the moment outside its seal agree with what is inside, so
   that nobody stretches a session or puts it on another name from outside.

Whoever takes the tables sees how many sign-ins there are, which are one unknown person's, and when each was last used.
"""

from dataclasses import replace
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, delete, select

from crypto.encoding import decode, encode
from crypto.sealing import RowKeys
from signal_index.model.workplace import Session
from signal_index.ports import workplace as ports
from signal_index.store import schema
from signal_index.store.cells import Cells
from signal_index.store.queries import Query
from signal_index.store.sql import AnyRow, insert_once, upsert

from .bodies import (
    agree,
    fetch,
    moment_number,
    open_body,
    read_moment,
    read_text_if_any,
    read_yes_no,
    text_if_any,
    yes_no,
)

BODY_BYTES: Final = 1024
"""A name of 100 characters of at most 4 bytes (400), an address (254, RFC 5321 section 4.5.3.1.3), a staff id (40),
a role (40), a form token (64), a session id (16), two moments (16) and a mark (1) take 831; with what the encoding
and the padding add, 887. A longer name or address is refused, so whoever signs somebody in leaves it out."""

_FIELDS: Final = 9
_session, _ticket = schema.sessions.c, schema.used_tickets.c
_GET = Query(select(*schema.sessions.columns).where(_session.session_tag == bindparam("tag")))
_PUT = upsert(schema.sessions)
_REMOVE = delete(schema.sessions).where(_session.session_tag == bindparam("tag"))
_REMOVE_ALL_OF = delete(schema.sessions).where(_session.staff_tag == bindparam("tag"))
_REMOVE_IDLE = delete(schema.sessions).where(_session.seen_at < bindparam("moment"))
_USE = insert_once(schema.used_tickets)
_REMOVE_EXPIRED = delete(schema.used_tickets).where(_ticket.expires_at <= bindparam("moment"))


class SqlSessions:
    """The table of sign-ins, see `signal_index.ports.workplace.Sessions`.

    Args:
        connection: with the transaction that the engine holds open.
        keys: row keys of the scope.
    """

    def __init__(self, connection: Connection, keys: RowKeys) -> None:
        self._connection = connection
        self._cells = Cells(keys, "sessions")

    def put(self, secret: bytes, session: Session) -> None:
        """Insert or replace the session of this cookie."""
        tag = self._tag(secret)
        sealed = self._cells.seal("sealed_body", _row(tag), _body(session), BODY_BYTES)
        self._connection.execute(
            _PUT,
            {
                "session_tag": tag,
                **self._outside(session),
                "sealed_body": sealed,
                "key_epoch": self._cells.keys.epoch,
            },
        )

    def get(self, secret: bytes) -> Session | None:
        """The session of this cookie, over or not; None when there is none."""
        found = fetch(self._connection, "sessions", _GET, {"tag": self._tag(secret)})
        return self._opened(found[0]) if found else None

    def seen(self, secret: bytes, at: datetime) -> None:
        """Move the moment it was last seen; nothing happens when there is no such session."""
        session = self.get(secret)
        if session is not None:
            self.put(secret, replace(session, seen_at=at))

    def remove(self, secret: bytes) -> bool:
        """End it; False when there was none."""
        return self._connection.execute(_REMOVE, {"tag": self._tag(secret)}).rowcount > 0

    def remove_all_of(self, staff_id: str) -> int:
        """End every session of one member of staff; how many there were."""
        return self._connection.execute(_REMOVE_ALL_OF, {"tag": self._staff_tag(staff_id)}).rowcount

    def remove_idle(self, seen_before: datetime) -> int:
        """Remove sessions that were last seen before this moment; how many there were."""
        return self._connection.execute(_REMOVE_IDLE, {"moment": seen_before}).rowcount

    def _tag(self, secret: bytes) -> bytes:
        return self._cells.tag("session_tag", secret)

    def _staff_tag(self, staff_id: str) -> bytes:
        return self._cells.tag("staff_tag", staff_id)

    def _outside(self, session: Session) -> dict[str, object]:
        return {"staff_tag": self._staff_tag(session.staff_id), "seen_at": session.seen_at}

    def _opened(self, row: AnyRow) -> Session:
        session = open_body(self._cells, _row(row.session_tag), row.sealed_body, BODY_BYTES, _read)
        agree("sessions", row, self._outside(session))
        return session


def _row(tag: bytes) -> bytes:
    return encode("sessions", tag)


def _body(session: Session) -> bytes:
    return encode(
        "session",
        session.session_id,
        session.staff_id,
        yes_no(said=session.second_factor),
        text_if_any(session.role),
        session.csrf,
        moment_number(session.opened_at),
        moment_number(session.seen_at),
        text_if_any(session.name),
        text_if_any(session.email),
    )


def _read(body: bytes) -> tuple[Session, bytes]:
    session_id, staff_id, factor, role, csrf, opened, seen, name, email = decode("session", body, _FIELDS)
    session = Session(
        session_id=session_id.decode(),
        staff_id=staff_id.decode(),
        second_factor=read_yes_no(factor),
        role=read_text_if_any(role),
        csrf=csrf.decode(),
        opened_at=read_moment(opened),
        seen_at=read_moment(seen),
        name=read_text_if_any(name),
        email=read_text_if_any(email),
    )
    return session, _body(session)


class SqlTickets:
    """The table of used-up tickets, see `signal_index.ports.workplace.Tickets`.

    Args:
        connection: with the transaction that the engine holds open.
        keys: row keys of the scope.
    """

    def __init__(self, connection: Connection, keys: RowKeys) -> None:
        self._connection = connection
        self._cells = Cells(keys, "used_tickets")

    def use(self, ticket: str, expires_at: datetime) -> bool:
        """Use a ticket up; False when it was used before."""
        used = {
            "ticket_tag": self._cells.tag("ticket_tag", ticket),
            "expires_at": expires_at,
            "key_epoch": self._cells.keys.epoch,
        }
        return self._connection.execute(_USE, used).rowcount > 0

    def remove_expired(self, now: datetime) -> int:
        """Forget tickets that could not be used any more anyway; how many there were."""
        return self._connection.execute(_REMOVE_EXPIRED, {"moment": now}).rowcount


_sessions_conform: type[ports.Sessions] = SqlSessions
_tickets_conform: type[ports.Tickets] = SqlTickets
