"""Streams: all a publisher says about one (source, type), or of relations or restrictions, and its complete sets.

A stream is *closed* until a complete set is opened for it at the index, *open* while that set fills, and *sealed*
once the index has confirmed the number of live wishes in it.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from connectors.statements import stored_day
from crypto.batch import BatchClass


class Phase(StrEnum):
    """Where the newest complete set of a stream stands at the index."""

    CLOSED = "closed"
    OPEN = "open"
    SEALED = "sealed"


@dataclass(frozen=True)
class Stream:
    """One stream as stored.

    Args:
        source: whose flags it holds; empty for relations and for restrictions, of which a publisher has one set each.
        type: of its flags, or the kind of restriction; empty for relations.
        generation: of the last complete set that was tried; the next one is one higher.
        as_of: messages up to and including this day are processed.
        told_as_of: what the index knows of that.
    """

    stream_id: int
    batch_class: BatchClass
    source: str
    type: str
    generation: int
    phase: Phase
    as_of: date | None
    told_as_of: date | None

    @property
    def accepts_rows(self) -> bool:
        """Whether rows on persons may be sent under its generation."""
        return self.phase is not Phase.CLOSED

    @property
    def has_news(self) -> bool:
        """Whether it is in sync up to a later day than the index knows."""
        return self.as_of is not None and (self.told_as_of is None or self.told_as_of < self.as_of)


_COLUMNS = "id, class, source, type, generation, phase, as_of, told_as_of"


class Streams:
    """The table of streams; every change happens inside a transaction of the caller."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def all(self) -> Sequence[Stream]:
        """Every stream, in the order they came in use."""
        rows = self._connection.execute(f"SELECT {_COLUMNS} FROM stream ORDER BY id")  # noqa: S608 - a constant
        return [_stream(row) for row in rows]

    def get(self, stream_id: int) -> Stream:
        """One stream."""
        row = self._connection.execute(
            f"SELECT {_COLUMNS} FROM stream WHERE id = ?",  # noqa: S608 - a constant
            (stream_id,),
        ).fetchone()
        return _stream(row)

    def ensure(self, batch_class: BatchClass, source: str = "", type_code: str = "") -> Stream:
        """Return the stream, made on first use."""
        key = (batch_class.value, source, type_code)
        self._connection.execute(
            "INSERT INTO stream (class, source, type, generation, phase) VALUES (?, ?, ?, 0, ?)"
            " ON CONFLICT DO NOTHING",
            (*key, Phase.CLOSED.value),
        )
        row = self._connection.execute(
            f"SELECT {_COLUMNS} FROM stream WHERE class = ? AND source = ? AND type = ?",  # noqa: S608 - a constant
            key,
        ).fetchone()
        return _stream(row)

    def processed(self, stream_id: int, as_of: date) -> None:
        """Note that all messages up to and including this day are processed; never goes back."""
        self._connection.execute(
            "UPDATE stream SET as_of = max(coalesce(as_of, ''), ?) WHERE id = ?",
            (as_of.isoformat(), stream_id),
        )

    def told(self, stream_id: int, as_of: date) -> None:
        """Note what the index acknowledged."""
        self._connection.execute(
            "UPDATE stream SET told_as_of = ? WHERE id = ?", (as_of.isoformat(), stream_id)
        )

    def move(self, stream_id: int, phase: Phase, generation: int) -> None:
        """Note a step of a complete set."""
        self._connection.execute(
            "UPDATE stream SET phase = ?, generation = ? WHERE id = ?", (phase.value, generation, stream_id)
        )

    def start_over(self, stream_id: int) -> None:
        """Ask for a new complete set: nothing is known any more of what the index holds of this stream."""
        self._connection.execute(
            "UPDATE stream SET phase = ?, told_as_of = NULL WHERE id = ?", (Phase.CLOSED.value, stream_id)
        )
        self._connection.execute(
            "UPDATE wish SET due = 1, accepted = 'unknown', accepted_content = NULL, asserted_month = NULL"
            " WHERE stream = ?",
            (stream_id,),
        )


def _stream(row: tuple[int, str, str, str, int, str, str | None, str | None]) -> Stream:
    stream_id, batch_class, source, type_code, generation, phase, as_of, told_as_of = row
    return Stream(
        stream_id,
        BatchClass(batch_class),
        source,
        type_code,
        generation,
        Phase(phase),
        stored_day(as_of),
        stored_day(told_as_of),
    )
