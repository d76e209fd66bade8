"""Which batch each publisher may send next, what was acknowledged, and how far its complete sets are.

Invariants:
1. A sequence is accepted once, in order; what was acknowledged is never replaced.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

from sqlalchemy import Connection, bindparam, delete, insert, select

from crypto.batch import BatchClass
from crypto.encoding import decode, decode_int, encode
from crypto.sealing import RowKeys
from signal_index import ports
from signal_index.model import SeriesState, SetProgress, Tally

from . import schema
from .cells import Cells
from .sql import AnyRow, upsert

_NEXT = select(schema.deliveries.c.next_sequence).where(
    schema.deliveries.c.publisher == bindparam("publisher")
)
_EXPECT = upsert(schema.deliveries)
_ACKNOWLEDGED = select(schema.acknowledgements.c.acknowledgement).where(
    schema.acknowledgements.c.publisher == bindparam("publisher"),
    schema.acknowledgements.c.sequence == bindparam("sequence"),
)
_ACCEPTED_LAST = (
    select(schema.acknowledgements.c.sequence, schema.acknowledgements.c.accepted_at)
    .where(schema.acknowledgements.c.publisher == bindparam("publisher"))
    .order_by(schema.acknowledgements.c.sequence.desc())
    .limit(1)
)
_ACKNOWLEDGE = insert(schema.acknowledgements)
_TALLIES = (
    select(*schema.tallies.columns)
    .where(
        schema.tallies.c.publisher == bindparam("publisher"),
        schema.tallies.c.batch_class == bindparam("batch_class"),
        schema.tallies.c.day >= bindparam("since"),
    )
    .order_by(schema.tallies.c.day)
)
_PUT_TALLY = upsert(schema.tallies)
_SETS = select(*schema.publisher_sets.columns)
_PUT_SET = upsert(schema.publisher_sets)
_REMOVE_SET = delete(schema.publisher_sets).where(
    schema.publisher_sets.c.publisher == bindparam("of_publisher"),
    schema.publisher_sets.c.batch_class == bindparam("of_class"),
    schema.publisher_sets.c.generation == bindparam("of_generation"),
)


_TALLY_BYTES: Final = 96  # Two numbers and the names of the alarms, with their lengths.


class SqlDeliveries:
    """Sequences, acknowledgements and complete sets, see `signal_index.ports.Deliveries`.

    Args:
        connection: with the transaction that the engine holds open.
        keys: row keys of the scope.
    """

    def __init__(self, connection: Connection, keys: RowKeys) -> None:
        self._connection = connection
        self._cells = Cells(keys, "tallies")
        self._sets: dict[tuple[str, str], dict[SeriesState, SetProgress]] | None = None

    def forget(self) -> None:
        """Read the sets anew next time."""
        self._sets = None

    def next_sequence(self, publisher: str) -> int:
        """The sequence expected next; 1 at first."""
        expected: int | None = self._connection.execute(_NEXT, {"publisher": publisher}).scalar()
        return 1 if expected is None else expected

    def accepted_last(self, publisher: str) -> tuple[int, datetime] | None:
        """The sequence accepted last and when that was; None before the first."""
        row = self._connection.execute(_ACCEPTED_LAST, {"publisher": publisher}).first()
        return None if row is None else (row.sequence, row.accepted_at)

    def acknowledgement(self, publisher: str, sequence: int) -> bytes | None:
        """The signed acknowledgement given for this sequence, or None."""
        key = {"publisher": publisher, "sequence": sequence}
        return self._connection.execute(_ACKNOWLEDGED, key).scalar()

    def accept(self, publisher: str, sequence: int, acknowledgement: bytes, at: datetime) -> None:
        """Store the acknowledgement and expect the next sequence from now on.

        Raises:
            ValueError: another sequence is expected.
        """
        if sequence != self.next_sequence(publisher):
            raise ValueError("only the expected sequence can be accepted")
        self._connection.execute(
            _ACKNOWLEDGE,
            {
                "publisher": publisher,
                "sequence": sequence,
                "acknowledgement": acknowledgement,
                "accepted_at": at,
            },
        )
        self._connection.execute(_EXPECT, {"publisher": publisher, "next_sequence": sequence + 1})

    def set_progress(self, publisher: str, batch_class: BatchClass) -> Sequence[SetProgress]:
        """The complete sets of one publisher and class: at most one per state."""
        return list(self._all().get((publisher, batch_class.value), {}).values())

    def _all(self) -> dict[tuple[str, str], dict[SeriesState, SetProgress]]:
        if self._sets is None:
            self._sets = {}
            for row in self._connection.execute(_SETS):
                progress = SetProgress(row.generation, SeriesState(row.state), row.accepted_count)
                self._sets.setdefault((row.publisher, row.batch_class), {})[progress.state] = progress
        return self._sets

    def put_set(self, publisher: str, batch_class: BatchClass, progress: SetProgress) -> None:
        """Insert or replace the set in this state."""
        self._connection.execute(
            _PUT_SET,
            {
                "publisher": publisher,
                "batch_class": batch_class.value,
                "state": progress.state.value,
                "generation": progress.generation,
                "accepted_count": progress.accepted_count,
            },
        )
        # Written once per row of a delivery, so what is known is amended instead of read again.
        if self._sets is not None:
            self._sets.setdefault((publisher, batch_class.value), {})[progress.state] = progress

    def remove_set(self, publisher: str, batch_class: BatchClass, generation: int) -> None:
        """Remove the set of this generation."""
        self._connection.execute(
            _REMOVE_SET,
            {"of_publisher": publisher, "of_class": batch_class.value, "of_generation": generation},
        )
        self.forget()

    def tallies(self, publisher: str, batch_class: BatchClass, since: date) -> Sequence[Tally]:
        """What was counted per day, from a day on, oldest first."""
        asked = {"publisher": publisher, "batch_class": batch_class.value, "since": since}
        return [self._tally(row) for row in self._connection.execute(_TALLIES, asked)]

    def _tally(self, row: AnyRow) -> Tally:
        place = _place(row.publisher, row.batch_class, row.day)
        opened = self._cells.unseal("sealed", place, row.sealed, _TALLY_BYTES)
        persons, misses, alarms = decode("tally", opened, 3)
        raised = frozenset(alarms.decode("ascii").split())
        return Tally(row.day, decode_int(persons), decode_int(misses), raised)

    def put_tally(self, publisher: str, batch_class: BatchClass, tally: Tally) -> None:
        """Insert or replace what was counted on one day."""
        content = encode("tally", tally.persons, tally.misses, " ".join(sorted(tally.alarms)))
        place = _place(publisher, batch_class.value, tally.day)
        self._connection.execute(
            _PUT_TALLY,
            {
                "publisher": publisher,
                "batch_class": batch_class.value,
                "day": tally.day,
                "sealed": self._cells.seal("sealed", place, content, _TALLY_BYTES),
                "key_epoch": self._cells.keys.epoch,
            },
        )


def _place(publisher: str, batch_class: str, day: date) -> bytes:
    return encode("tally-row", publisher, batch_class, day.isoformat())


_: type[ports.Deliveries] = SqlDeliveries
