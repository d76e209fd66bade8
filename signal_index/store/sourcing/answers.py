"""Which records of the log are about whose deliveries.

Invariants:
1. What was answered stands in the record and nowhere else; here stands only where that record is.

Whoever takes the table sees which publisher was answered when; the acknowledgements say as much.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, select

from signal_index.model import AuditEntry, Receipt
from signal_index.ports import sourcing as ports
from signal_index.store import schema
from signal_index.store.audit import SqlAuditLog

_records, _noted = schema.audit_records.c, schema.delivery_records.c
_PUT = insert(schema.delivery_records)
_NEWEST = (
    select(_records.writer, _records.number, _records.commitment, _records.link, _records.sealed_body)
    .select_from(
        schema.delivery_records.join(
            schema.audit_records, (_records.writer == _noted.writer) & (_records.number == _noted.number)
        )
    )
    .where(_noted.publisher == bindparam("of_publisher"), _noted.answered_at >= bindparam("since"))
    .order_by(_noted.answered_at.desc(), _noted.writer.desc(), _noted.number.desc())
    .limit(bindparam("at_most"))
    .offset(bindparam("skip"))
)
_REMOVE_OLDER = delete(schema.delivery_records).where(_noted.answered_at < bindparam("moment"))


class SqlAnswers:
    """See `signal_index.ports.sourcing.Answers`.

    Args:
        connection: with the transaction that the engine holds open.
        audit: the records, in the same transaction.
    """

    def __init__(self, connection: Connection, audit: SqlAuditLog) -> None:
        self._connection = connection
        self._audit = audit

    def put(self, publisher: str, record: Receipt, at: datetime) -> None:
        """Note that a record is about a delivery of this publisher."""
        noted = {"writer": record.writer, "number": record.number, "publisher": publisher, "answered_at": at}
        self._connection.execute(_PUT, noted)

    def newest(self, publisher: str, since: datetime, *, skip: int, limit: int) -> Sequence[AuditEntry]:
        """Records about this publisher's deliveries, newest first."""
        self._audit.write()
        asked = {"of_publisher": publisher, "since": since, "skip": skip, "at_most": limit}
        return [self._audit.entry_of(row) for row in self._connection.execute(_NEWEST, asked)]

    def remove_older(self, before: datetime) -> int:
        """Forget what was noted before this moment; how many there were."""
        return self._connection.execute(_REMOVE_OLDER, {"moment": before}).rowcount


_: type[ports.Answers] = SqlAnswers
