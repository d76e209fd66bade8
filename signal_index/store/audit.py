"""The audit log: a chain of records per process, written in the transaction it records.

Invariants:
1. A record exists when, and only when, the transaction it was appended in is committed; it goes only when its time
   has passed, and its place in the tree stays.
2. Numbers run 1, 2, 3 per writer without a gap, and recorded times never run backwards within a writer.
3. The body is sealed to its place and padded, so that its length tells nothing about what was allowed or shown.
4. The person concerned stands outside what is hashed; the body commits to her with the record's own salt.
5. Every record names its action in a trace; one of an action on personal data is its processing record as well.

Whoever controls the database can at most drop a writer's newest records; without the keys, anything else shows.
Records wait in memory until the commit and are then written together.

Source: ADR-0003, ADR-0005.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from secrets import token_bytes
from typing import Final

from sqlalchemy import ColumnElement, Connection, TextClause, bindparam, delete, select

from crypto import records
from crypto.chain import Pseudonym
from crypto.encoding import encode
from crypto.sealing import SEAL_BYTES, RowKeys
from signal_index import ports
from signal_index.errors import Unavailable
from signal_index.model import AuditEntry, AuditEvent, Receipt
from signal_index.model.log import LOOKS, Body
from signal_index.model.traces import Processing, Trace

from . import schema
from .cells import Cells, damaged
from .log.bodies import BODY_BYTES, padded_size, read_action, read_body, read_processing, write_body
from .queries import ASKED_THROUGH, Insert
from .sql import AnyRow

SALT_BYTES: Final = 16
LATE_MAX: Final = timedelta(seconds=10)
"""How long a job may have waited before its record is written; further back means that the clock was moved."""

_records, _writers = schema.audit_records, schema.audit_writers
_PUT, _PUT_WRITER = Insert(_records), Insert(_writers)
_HEAD = (
    select(_records.c.number, _records.c.link, _records.c.recorded_at)
    .where(_records.c.writer == bindparam("own"))
    .order_by(_records.c.number.desc())
    .limit(1)
)
_NEWEST_FIRST = select(
    _records.c.writer, _records.c.number, _records.c.commitment, _records.c.link, _records.c.sealed_body
).order_by(_records.c.recorded_at.desc(), _records.c.writer.desc(), _records.c.number.desc())
_ONE = select(*_records.columns).where(
    _records.c.writer == bindparam("own"), _records.c.number == bindparam("at")
)
_PLACED = schema.log_entries
_IS_PLACED = (_PLACED.c.writer == _records.c.writer) & (_PLACED.c.number == _records.c.number)
_WHEN = _records.c.recorded_at.type
_IN_TREE = (
    select(*_records.columns, _PLACED.c.position)
    .join(_PLACED, _IS_PLACED)
    .where(
        _PLACED.c.position > bindparam("after"),
        _PLACED.c.position < bindparam("size"),
        _records.c.recorded_at >= bindparam("start", type_=_WHEN),
        _records.c.recorded_at < bindparam("end", type_=_WHEN),
    )
    .order_by(_PLACED.c.position)
    .limit(bindparam("at_most"))
)
_OVER = (
    select(_records.c.writer, _records.c.number)
    .join(_PLACED, _IS_PLACED)
    .where(
        _records.c.recorded_at < bindparam("before", type_=_WHEN),
        _PLACED.c.position < bindparam("size"),
    )
    .order_by(_records.c.recorded_at)
    .limit(bindparam("at_most"))
)
_ERASE = delete(_records).where(
    _records.c.writer == bindparam("of_writer"), _records.c.number == bindparam("of_number")
)
_COMMITMENT = select(_records.c.commitment).where(
    _records.c.writer == bindparam("of_writer"), _records.c.number == bindparam("of_number")
)


@dataclass(frozen=True)
class Mark:
    """A moment to return to when a job fails.

    Args:
        appended: records waiting then.
        written: how many of those had been written to the transaction.
        head: number, link and time of the last record.
    """

    appended: int
    written: int
    head: tuple[int, bytes, datetime] | None


class SqlAuditLog:
    """The audit log of one process, see `signal_index.ports.AuditLog`.

    Args:
        connection: with the transaction that the engine holds open.
        writer: 8 random bytes, new at each start of a process.
        kind: of process, `serve` or `cli`.
        keys: audit keys, for the bodies.
        person_keys: row keys, for the persons concerned.
    """

    def __init__(
        self,
        connection: Connection,
        writer: bytes,
        kind: str,
        *,
        keys: RowKeys,
        person_keys: RowKeys,
    ) -> None:
        self._connection = connection
        self._writer = writer
        self._kind = kind
        self._bodies = Cells(keys, "audit_records")
        self._persons = Cells(person_keys, "audit_records")
        self._waiting: list[dict[str, object]] = []
        self._written = 0
        self._trace = Trace.new()
        self._head: tuple[int, bytes, datetime] | None = None

    def append(self, event: AuditEvent) -> Receipt:
        """Add a record to this transaction.

        A record that comes in a little late, because its job had to wait, gets the time of the record before it.

        Raises:
            Unavailable: `clock`: the clock has run backwards since the last record.
        """
        self._take_turn()
        number, previous, at = self._next(event.at)
        salt = token_bytes(SALT_BYTES)
        subject = None if event.subject is None else _subject_commitment(salt, event.subject)
        body = write_body(event, at, self._trace, subject)
        commitment = records.commitment(salt, body)
        link = records.link(previous, self._writer, number, commitment)
        row = _row(self._writer, number)
        self._waiting.append(
            {
                "writer": self._writer,
                "number": number,
                "recorded_at": at,
                "event": event.event,
                "salt": salt,
                "commitment": commitment,
                "link": link,
                "sealed_body": self._bodies.seal("sealed_body", row, body, padded_size(len(body))),
                **self._subject(row, event.subject),
                "key_epoch": self._bodies.keys.epoch,
            }
        )
        self._head = (number, link, at)
        return Receipt(self._writer, number, records.leaf(self._writer, number, commitment))

    def _take_turn(self) -> None:
        """Records are made in the order in which the jobs came, also when these run side by side."""
        gathering = self._connection.info.get(ASKED_THROUGH)
        if gathering is not None:
            gathering.take_turn()

    def follow(self, trace: Trace | None) -> None:
        """Put what comes next in this trace; in a new one when there is none."""
        self._trace = trace or Trace.new()

    def _next(self, at: datetime) -> tuple[int, bytes, datetime]:
        """Number, link before it and time of the next record."""
        if at.utcoffset() != timedelta(0):
            raise ValueError("the time of a record is aware and UTC")
        if self._head is None:
            last = self._connection.execute(_HEAD, {"own": self._writer}).first()
            self._head = (0, records.GENESIS, at) if last is None else tuple(last)
        number, link, before = self._head
        if at < before - LATE_MAX:
            raise Unavailable("clock", "De klok van de index loopt niet goed. Probeer het later nog eens.")
        return number + 1, link, max(at, before)

    def _subject(self, row: bytes, subject: Pseudonym | None) -> dict[str, bytes | None]:
        if subject is None:
            return {"person_tag": None, "sealed_subject": None}
        return {
            "person_tag": self._persons.tag("person_tag", subject.encoded),
            "sealed_subject": self._persons.seal("sealed_subject", row, subject.encoded),
        }

    def mark(self) -> Mark:
        """Remember this moment, before a job begins."""
        return Mark(len(self._waiting), self._written, self._head)

    def return_to(self, mark: Mark) -> None:
        """Drop what a failed job appended, after its savepoint has been rolled back."""
        del self._waiting[mark.appended :]
        self._written = mark.written
        self._head = mark.head

    def write(self) -> None:
        """Write the waiting records to the transaction."""
        fresh = self._waiting[self._written :]
        if not fresh:
            return
        if fresh[0]["number"] == 1:
            this = {"writer": self._writer, "kind": self._kind, "registered_at": fresh[0]["recorded_at"]}
            _PUT_WRITER.put(self._connection, [this])
        _PUT.put(self._connection, fresh)
        self._written = len(self._waiting)

    def committed(self) -> None:
        """Forget the records that are durable now."""
        self._waiting.clear()
        self._written = 0

    def entries(
        self,
        *,
        events: Collection[str] | None = None,
        subject: Pseudonym | None = None,
        limit: int | None = None,
        period: tuple[datetime, datetime] | None = None,
    ) -> Sequence[AuditEntry]:
        """Read records back, newest first, over all writers."""
        self.write()
        statement = _NEWEST_FIRST.limit(limit)
        if events is not None:
            statement = statement.where(*_of(events))
        if subject is not None:
            statement = statement.where(_records.c.person_tag == self.person_tag(subject))
        if period is not None:
            since, until = period
            statement = statement.where(_records.c.recorded_at >= since, _records.c.recorded_at < until)
        return [self.entry_of(row) for row in self._connection.execute(statement)]

    def one(self, writer: bytes, number: int) -> tuple[AuditEntry, Pseudonym | None] | None:
        """One record and the person it concerns, if it has one."""
        self.write()
        row = self._connection.execute(_ONE, {"own": writer, "at": number}).first()
        return None if row is None else (self.entry_of(row), self._opened_subject(row))

    def person_tag(self, subject: Pseudonym) -> bytes:
        """How records name the person concerned."""
        return self._persons.tag("person_tag", subject.encoded)

    def entry_of(self, row: AnyRow) -> AuditEntry:
        """Open a record, as read with its place, commitment, link and body."""
        body = read_body(self._open(row))
        return AuditEntry(
            writer=row.writer,
            number=row.number,
            event=body["event"],
            at=datetime.fromisoformat(body["at"]),
            fields=body["fields"],
            leaf=records.leaf(row.writer, row.number, row.commitment),
            link=row.link,
            action=read_action(body),
        )

    def processing_of(self, row: AnyRow) -> tuple[Processing | None, Pseudonym | None]:
        """What a record, as read with all its columns, says for the log of processing operations, and of whom."""
        return read_processing(read_body(self._open(row))), self._opened_subject(row)

    def _open(self, row: AnyRow) -> bytes:
        size = len(row.sealed_body) - SEAL_BYTES
        if size not in BODY_BYTES:
            raise damaged("audit_records")
        return self._bodies.unseal("sealed_body", _row(row.writer, row.number), row.sealed_body, size)

    def has(self, receipt: Receipt) -> bool:
        """Whether the record behind a receipt is there, with this very hash."""
        self.write()
        found = self._connection.execute(
            _COMMITMENT, {"of_writer": receipt.writer, "of_number": receipt.number}
        ).scalar()
        return found is not None and receipt.leaf == records.leaf(receipt.writer, receipt.number, found)

    def bodies(
        self, period: tuple[datetime, datetime], *, size: int, after: int, limit: int
    ) -> Sequence[Body]:
        """What the records of a period say, in the order of the tree."""
        start, end = period
        rows = self._connection.execute(
            _IN_TREE,
            {"after": after, "size": size, "start": start, "end": end, "at_most": limit},
        ).all()
        return [Body(row.position, row.writer, row.number, row.salt, self._open(row)) for row in rows]

    def erase(
        self, events: Collection[str], before: datetime, *, size: int, limit: int
    ) -> Sequence[tuple[bytes, int]]:
        """Remove records; SQLite overwrites their bytes (`secure_delete`)."""
        self.write()
        over = _OVER.where(*_of(events))
        found = self._connection.execute(over, {"before": before, "size": size, "at_most": limit}).all()
        if found:
            self._connection.execute(
                _ERASE, [{"of_writer": row.writer, "of_number": row.number} for row in found]
            )
        return [(bytes(row.writer), row.number) for row in found]

    def contradiction(self, row: AnyRow) -> bool:
        """Whether a column of a record, as read with all its columns, contradicts its body."""
        try:
            body = self._open(row)
            subject = self._opened_subject(row)
        except Unavailable:
            return True
        stated = read_body(body)
        of_subject = None if subject is None else _subject_commitment(row.salt, subject)
        return not (
            len(row.salt) == SALT_BYTES
            and compare_digest(records.commitment(row.salt, body), row.commitment)
            and stated["event"] == row.event
            and datetime.fromisoformat(stated["at"]) == row.recorded_at
            and stated["subject"] == of_subject
            and row.key_epoch == self._bodies.keys.epoch
        )

    def _opened_subject(self, row: AnyRow) -> Pseudonym | None:
        if row.sealed_subject is None and row.person_tag is None:
            return None
        place = _row(row.writer, row.number)
        subject = Pseudonym(self._persons.unseal("sealed_subject", place, row.sealed_subject or b""))
        if row.person_tag != self._persons.tag("person_tag", subject.encoded):
            raise damaged("audit_records")
        return subject


def _of(events: Collection[str]) -> tuple[ColumnElement[bool] | TextClause, ...]:
    """The condition that a record is of these events, so that the index on events serves when no look is among them."""
    named = _records.c.event.in_(events)
    return (named,) if set(LOOKS) & set(events) else (named, schema.NO_LOOK)


def _row(writer: bytes, number: int) -> bytes:
    return encode("audit_records", writer, number)


def _subject_commitment(salt: bytes, subject: Pseudonym) -> str:
    return sha256(encode("audit-subject", salt, subject.encoded)).hexdigest()


_: type[ports.AuditLog] = SqlAuditLog
