"""The log of processing operations: what was done with whose data, read out of the records of the audit log.

Invariants:
1. It has a record of every action on personal data and of no other: both stand in one body, under one commitment.
2. No member of staff is in it. Who acted stands in the audit log, under the same trace.
3. A person is named by an alias under a key. No column holds that alias, so an export does not lead to a row here
   without the keys.

Source: Logboek Dataverwerkingen, the interface of the log; ADR-0016.
"""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection, bindparam, select

from crypto.sealing import RowKeys
from signal_index.model.traces import ProcessingEntry
from signal_index.ports.log import ProcessingLog
from signal_index.store import schema
from signal_index.store.audit import SqlAuditLog
from signal_index.store.cells import Cells

_records = schema.audit_records
_WHEN = _records.c.recorded_at.type
_BETWEEN = (
    select(*_records.columns)
    .where(
        _records.c.recorded_at >= bindparam("since", type_=_WHEN),
        _records.c.recorded_at < bindparam("until", type_=_WHEN),
    )
    .order_by(_records.c.recorded_at, _records.c.writer, _records.c.number)
)


class SqlProcessingLog:
    """The log of processing operations, see `signal_index.ports.log.ProcessingLog`.

    Args:
        connection: with the transaction that the engine holds open.
        records: the audit log, which it reads.
        person_keys: row keys, for the aliases.
    """

    def __init__(self, connection: Connection, records: SqlAuditLog, person_keys: RowKeys) -> None:
        self._connection = connection
        self._records = records
        self._persons = Cells(person_keys, "processing_records")

    def entries(self, since: datetime, until: datetime) -> Iterator[ProcessingEntry]:
        """Read what was recorded from one moment up to, not including, another; oldest first."""
        self._records.write()
        for row in self._connection.execute(_BETWEEN, {"since": since, "until": until}):
            done, subject = self._records.processing_of(row)
            if done is not None:
                alias = None if subject is None else self._persons.tag("alias", subject.encoded)
                yield ProcessingEntry(done, alias, row.key_epoch)


_: type[ProcessingLog] = SqlProcessingLog
