"""The frozen set: the changes that travel under the present sequence, until the index has acknowledged them.

Invariants:
1. A set is frozen before anything of it is sent, and only one is frozen at a time.
2. A frozen set never grows. Rows leave it only on the index's signed refusal, each time with a new stage.
3. Every digest is written down before its batch is sent, with its stage, so that an acknowledgement of any batch
   ever sent for the set is recognised, and settles exactly the rows that were in it.
4. Changes are kept sealed, ciphertexts not at all: a batch is composed anew each time it is sent.
"""

import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from crypto.batch import BatchClass
from crypto.chain import Bsn
from crypto.encoding import Month, decode, encode
from crypto.sealing import RowKeys, seal, unseal
from crypto.sheet import SetRow, decode_row

from .wishes import Intent, Wish


@dataclass(frozen=True)
class Change:
    """One change to be frozen: the wish it carries out, or None for a control row, and its row of the sheet."""

    stream_id: int
    wish: Wish | None
    row: bytes


@dataclass(frozen=True)
class FrozenRow:
    """One row of the frozen set.

    Args:
        place: its number in the set, for good.
        wish: key of the wish; None for a control row.
        content: content tag of the wish as it was frozen.
    """

    place: int
    stream_id: int
    wish: bytes | None
    intent: Intent | None
    content: bytes | None
    person: Bsn | None
    row: SetRow


@dataclass(frozen=True)
class FrozenSet:
    """The rows that are in the set now, under its sequence."""

    batch_class: BatchClass
    sequence: int
    stage: int
    month: Month
    rows: tuple[FrozenRow, ...]


class Spool:
    """The tables of the frozen set; every change happens inside a transaction of the caller."""

    def __init__(self, connection: sqlite3.Connection, keys: RowKeys) -> None:
        self._connection = connection
        self._keys = keys

    def freeze(self, batch_class: BatchClass, changes: Sequence[Change], month: Month) -> None:
        """Freeze these changes under the present sequence.

        Args:
            batch_class: of every row.
            changes: at least one.
            month: now; what its asserts count from.
        """
        assert self.frozen() is None, "one set at a time"
        self._connection.execute(
            "UPDATE state SET frozen_class = ?, frozen_stage = 0, frozen_month = ?",
            (batch_class.value, month.index),
        )
        for place, change in enumerate(changes):
            wish = change.wish
            self._connection.execute(
                "INSERT INTO frozen (place, stream, wish, intent, content, sealed) VALUES (?, ?, ?, ?, ?, ?)",
                (
                    place,
                    change.stream_id,
                    wish.key if wish else None,
                    wish.intent.value if wish else None,
                    wish.content if wish else None,
                    self._seal(place, wish.person.digits if wish else "", change.row),
                ),
            )

    def frozen(self) -> FrozenSet | None:
        """The frozen set, or None."""
        batch_class, sequence, stage, month = self._connection.execute(
            "SELECT frozen_class, sequence, frozen_stage, frozen_month FROM state"
        ).fetchone()
        if batch_class is None:
            return None
        rows = self._rows(BatchClass(batch_class), "left_at IS NULL", ())
        return FrozenSet(BatchClass(batch_class), sequence, stage, Month.from_index(month), tuple(rows))

    def note_sent(self, digest: bytes) -> None:
        """Write down the digest of a batch of the set as it is now, before the batch leaves."""
        self._connection.execute(
            "INSERT INTO sent (digest, stage) SELECT ?, frozen_stage FROM state", (digest,)
        )

    def sent_stage(self, digest: bytes) -> int | None:
        """The stage of the set this digest was sent at; None when it was never sent for this set."""
        row = self._connection.execute("SELECT stage FROM sent WHERE digest = ?", (digest,)).fetchone()
        return None if row is None else int(row[0])

    def rows_at(self, stage: int) -> Sequence[FrozenRow]:
        """The rows that were in the set at a stage."""
        batch_class = self._connection.execute("SELECT frozen_class FROM state").fetchone()[0]
        return self._rows(BatchClass(batch_class), "left_at IS NULL OR left_at > ?", (stage,))

    def take_out(self, places: Collection[int]) -> None:
        """Take rows out of the set; what is left is the next stage."""
        self._connection.execute("UPDATE state SET frozen_stage = frozen_stage + 1")
        self._connection.executemany(
            "UPDATE frozen SET left_at = (SELECT frozen_stage FROM state) WHERE place = ? AND left_at IS NULL",
            [(place,) for place in places],
        )

    def dissolve(self) -> None:
        """Remove the set and everything sent for it."""
        self._connection.execute("DELETE FROM frozen")
        self._connection.execute("DELETE FROM sent")
        self._connection.execute(
            "UPDATE state SET frozen_class = NULL, frozen_stage = 0, frozen_month = NULL"
        )

    def _rows(self, batch_class: BatchClass, condition: str, values: tuple[object, ...]) -> list[FrozenRow]:
        found = self._connection.execute(
            "SELECT place, stream, wish, intent, content, sealed FROM frozen"  # noqa: S608 - constants of this module
            f" WHERE {condition} ORDER BY place",
            values,
        )
        rows = []
        for place, stream_id, wish, intent, content, sealed in found:
            digits, encoded = self._unseal(place, sealed)
            row = decode_row(batch_class, encoded)
            assert isinstance(row, SetRow), "trials and requests are composed, not frozen"
            rows.append(
                FrozenRow(
                    place,
                    stream_id,
                    wish,
                    Intent(intent) if intent else None,
                    content,
                    Bsn.parse(digits) if digits else None,
                    row,
                )
            )
        return rows

    def _seal(self, place: int, digits: str, row: bytes) -> bytes:
        return seal(
            self._keys, encode("frozen", digits, row), table="frozen", column="sealed", row=_row_name(place)
        )

    def _unseal(self, place: int, sealed: bytes) -> tuple[str, bytes]:
        opened = unseal(self._keys, sealed, table="frozen", column="sealed", row=_row_name(place))
        digits, row = decode("frozen", opened, 2)
        return digits.decode("ascii"), row


def _row_name(place: int) -> bytes:
    return place.to_bytes(4, "big")
