"""The log of processing operations: what was done with whose data, beside the audit record of the same action.

Invariants:
1. A record exists when, and only when, the audit record of the same action does: they are written and erased together.
2. No member of staff is in it. Who acted stands in the audit log, under the same trace.
3. Which activity it was is sealed: for a look it names the purpose, and must not stand beside a person.
4. What is read back names a person by an alias under a key. No column holds that alias, so an export does not lead
   to a row here without the keys.

Whoever takes the database without the keys sees how many actions share an unknown person, and when they were.

Source: Logboek Dataverwerkingen, the interface of the log; ADR-0016.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, delete, select

from crypto.chain import Pseudonym
from crypto.encoding import encode
from crypto.sealing import RowKeys
from signal_index import audit
from signal_index.errors import Unavailable
from signal_index.model import AuditEvent
from signal_index.model.traces import Action, Processing, ProcessingEntry, Status, Trace
from signal_index.ports.log import ProcessingLog
from signal_index.store import schema
from signal_index.store.cells import Cells, damaged
from signal_index.store.sql import AnyRow, Insert

ACTION_BYTES: Final = 320
"""Room for the longest name and purpose, so that the length tells neither."""

_table = schema.processing_records
_BETWEEN = (
    select(*_table.columns)
    .where(_table.c.started_at >= bindparam("since"), _table.c.started_at < bindparam("until"))
    .order_by(_table.c.started_at, _table.c.trace_id, _table.c.span_id)
)
_ONE = select(*_table.columns).where(
    _table.c.trace_id == bindparam("of_trace"), _table.c.span_id == bindparam("of_span")
)
_PUT = Insert(_table)
_ERASE = delete(_table).where(
    _table.c.trace_id == bindparam("of_trace"), _table.c.span_id == bindparam("of_span")
)


def processing(event: AuditEvent, at: datetime, trace: Trace, action: Action) -> Processing | None:
    """What this event means for the log of processing operations; None when it works with nobody's data.

    Args:
        event: as it goes into the audit log.
        at: the moment it is recorded with there.
        trace: of the request or command.
        action: of this action.
    """
    activity = audit.activity_of(event)
    if activity is None:
        return None
    begun = trace.begun_at or at
    return Processing(
        action=action,
        name=activity.name,
        activity=activity.reference(event.fields.get("purpose")),
        status=audit.status_of(event),
        started_at=min(begun, at),
        ended_at=max(begun, at),
        processor=_processor(event, trace),
    )


def _processor(event: AuditEvent, trace: Trace) -> str | None:
    """The organisation whose system asked: a publisher's always does, a worker's when it says which trace it is in."""
    publisher = event.fields.get("publisher")
    organisation = event.fields.get("organisation") if trace.parent_id is not None else None
    oin = publisher or organisation
    return f"urn:nld:oin:{oin}" if oin else None


class SqlProcessingLog:
    """The log of processing operations, see `signal_index.ports.log.ProcessingLog`.

    Its records wait in memory with those of the audit log, which says when they are written, dropped or done.

    Args:
        connection: with the transaction that the engine holds open.
        keys: audit keys, for what was done.
        person_keys: row keys, for the persons concerned.
    """

    def __init__(self, connection: Connection, keys: RowKeys, person_keys: RowKeys) -> None:
        self._connection = connection
        self._actions = Cells(keys, "processing_records")
        self._persons = Cells(person_keys, "processing_records")
        self._waiting: list[dict[str, object]] = []
        self._written = 0

    def append(self, done: Processing, subject: Pseudonym | None) -> None:
        """Add the record of one action to this transaction.

        Args:
            done: what was done.
            subject: the person whose data it was; None when it was about nobody in particular.
        """
        self._waiting.append(self._row(done, subject))

    def _row(self, done: Processing, subject: Pseudonym | None) -> dict[str, object]:
        action = done.action
        place = _place(action)
        parts = {"activity": done.activity, "name": done.name, "processor": done.processor}
        stated = json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode()
        return {
            "trace_id": action.trace_id,
            "span_id": action.span_id,
            "parent_span_id": action.parent_id,
            "status": done.status.value,
            "started_at": done.started_at,
            "ended_at": done.ended_at,
            "sealed_action": self._actions.seal("sealed_action", place, stated, ACTION_BYTES),
            **self._subject(place, subject),
            "key_epoch": self._actions.keys.epoch,
        }

    def _subject(self, place: bytes, subject: Pseudonym | None) -> dict[str, bytes | None]:
        if subject is None:
            return {"person_tag": None, "sealed_subject": None}
        return {
            "person_tag": self._persons.tag("person_tag", subject.encoded),
            "sealed_subject": self._persons.seal("sealed_subject", place, subject.encoded),
        }

    def mark(self) -> tuple[int, int]:
        """Remember this moment, before a job begins: how many records wait, and how many of them are written."""
        return len(self._waiting), self._written

    def return_to(self, mark: tuple[int, int]) -> None:
        """Drop what a failed job appended, after its savepoint has been rolled back."""
        appended, self._written = mark
        del self._waiting[appended:]

    def write(self) -> None:
        """Write the waiting records to the transaction."""
        fresh = self._waiting[self._written :]
        if fresh:
            _PUT.put(self._connection, fresh)
            self._written = len(self._waiting)

    def committed(self) -> None:
        """Forget the records that are durable now."""
        self._waiting.clear()
        self._written = 0

    def erase(self, actions: Sequence[Action]) -> None:
        """Remove the records of these actions, those that have one; SQLite overwrites their bytes (`secure_delete`)."""
        if actions:
            named = [{"of_trace": each.trace_id, "of_span": each.span_id} for each in actions]
            self._connection.execute(_ERASE, named)

    def entries(self, since: datetime, until: datetime) -> Iterator[ProcessingEntry]:
        """Read what began from one moment up to, not including, another; oldest first."""
        self.write()
        for row in self._connection.execute(_BETWEEN, {"since": since, "until": until}):
            yield self._entry(row)

    def contradiction(self, event: AuditEvent, at: datetime, action: Action) -> bool:
        """Whether the record of an action is missing, is another than its audit record says, or should not be there.

        An event that becomes a processing later gets a new name: under the old one its earlier records have none.

        Args:
            event: as the audit record has it.
            at: the moment it was recorded with.
            action: that both records name.
        """
        stated = processing(event, at, Trace(action.trace_id, action.parent_id), action)
        row = self._connection.execute(_ONE, {"of_trace": action.trace_id, "of_span": action.span_id}).first()
        if stated is None or row is None:
            return stated is not None or row is not None
        try:
            found = self._entry(row)
        except (Unavailable, ValueError):
            return True
        done, subject = found.processing, event.subject
        own = None if subject is None else self._persons.tag("alias", subject.encoded)
        return not (
            (done.name, done.activity, done.status, done.processor)
            == (stated.name, stated.activity, stated.status, stated.processor)
            and done.action.parent_id == action.parent_id
            and done.started_at <= at <= done.ended_at
            and at in {done.started_at, done.ended_at}
            and (found.subject, found.epoch) == (own, self._actions.keys.epoch)
        )

    def _entry(self, row: AnyRow) -> ProcessingEntry:
        action = Action(row.trace_id, row.span_id, row.parent_span_id)
        stated = json.loads(
            self._actions.unseal("sealed_action", _place(action), row.sealed_action, ACTION_BYTES)
        )
        done = Processing(
            action=action,
            name=stated["name"],
            activity=stated["activity"],
            status=Status(row.status),
            started_at=row.started_at,
            ended_at=row.ended_at,
            processor=stated["processor"],
        )
        return ProcessingEntry(done, self._alias(row, _place(action)), row.key_epoch)

    def _alias(self, row: AnyRow, place: bytes) -> bytes | None:
        if row.sealed_subject is None:
            return None
        subject = self._persons.unseal("sealed_subject", place, row.sealed_subject)
        if row.person_tag != self._persons.tag("person_tag", subject):
            raise damaged("processing_records")
        return self._persons.tag("alias", subject)


def _place(action: Action) -> bytes:
    return encode("processing_records", action.trace_id, action.span_id)


_: type[ProcessingLog] = SqlProcessingLog
