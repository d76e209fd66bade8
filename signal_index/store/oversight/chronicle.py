"""The log read in the order of its tree, some records at a time, for jobs that go through all of it.

Invariants:
1. A record is read once it is in the tree, never before: what was read stays where it was.
2. A person is named by the tag that stands beside her records; her pseudonym is not opened.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Select, bindparam, func, select

from crypto.chain import Pseudonym
from signal_index.ports import oversight as ports
from signal_index.store import schema
from signal_index.store.audit import SqlAuditLog

_entries, _records = schema.log_entries, schema.audit_records
_IN_TREE = _entries.join(
    _records, (_records.c.writer == _entries.c.writer) & (_records.c.number == _entries.c.number)
)
_SIZE: Final[Select[Any]] = select(func.coalesce(func.max(_entries.c.position) + 1, 0))
_POSITION_AT: Final[Select[Any]] = (
    select(func.min(_entries.c.position))
    .select_from(_IN_TREE)
    .where(_records.c.recorded_at >= bindparam("at"))
)
_MOMENT_AT = (
    select(_records.c.recorded_at)
    .select_from(_IN_TREE)
    .where(_entries.c.position >= bindparam("at"))
    .order_by(_entries.c.position)
    .limit(1)
)
_RANGE = (
    select(_entries.c.position, *_records.columns)
    .select_from(_IN_TREE)
    .where(
        _entries.c.position >= bindparam("start"),
        _entries.c.position < bindparam("end"),
        _records.c.event.in_(bindparam("events", expanding=True)),
    )
    .order_by(_entries.c.position)
)


class SqlChronicle:
    """See `signal_index.ports.oversight.Chronicle`.

    Args:
        connection: with the transaction that the engine holds open.
        audit: the records, in the same transaction.
    """

    def __init__(self, connection: Connection, audit: SqlAuditLog) -> None:
        self._connection = connection
        self._audit = audit

    def size(self) -> int:
        """How many entries the tree has."""
        return int(self._connection.execute(_SIZE).scalar_one())

    def position_at(self, moment: datetime) -> int:
        """The first position of a record made at this moment or later."""
        found = self._connection.execute(_POSITION_AT, {"at": moment}).scalar()
        return self.size() if found is None else int(found)

    def moment_at(self, position: int) -> datetime | None:
        """When the first record from this position on was made."""
        found: datetime | None = self._connection.execute(_MOMENT_AT, {"at": position}).scalar()
        return found

    def read(self, start: int, end: int, events: Collection[str]) -> Sequence[ports.Logged]:
        """Records of these events, in order."""
        rows = self._connection.execute(_RANGE, {"start": start, "end": end, "events": list(events)})
        return [ports.Logged(row.position, self._audit.entry_of(row), row.person_tag) for row in rows]

    def mark_of(self, person: Pseudonym) -> bytes:
        """How `Logged.person` names this person."""
        return self._audit.person_tag(person)


_: type[ports.Chronicle] = SqlChronicle
