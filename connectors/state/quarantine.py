"""What was set aside: a reason, and where to find it at the source. Never a person.

Invariants:
1. An entry leaves on a person's word only, and leaves a count behind: per day, reason and way.
2. The number of an entry is never given to another one.
"""

import re
import sqlite3
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from crypto.chain import Bsn
from crypto.errors import MalformedInput

_LONG_NUMBER: Final = re.compile(r"[0-9]{8,}")
_DATE_DIGITS: Final = 8
_GROUPED: Final = re.compile(r"(?<![0-9])[0-9]{2,4}(?P<mark>[ .-])[0-9]{2,3}(?P=mark)[0-9]{3,4}(?![0-9])")
"""How people write a BSN for each other: 1234.56.789, 123 456 789. A date ends or begins otherwise."""
_PLACE_CHARACTERS_MAX: Final = 300
_COLUMNS: Final = "id, day, reason, place, file, wish"


class Way(StrEnum):
    """How an entry left; a closed list, so that no remark about a person can be written down."""

    READ_AGAIN = "read-again"  # its file was taken in again, and this place is fine now
    SENT_AGAIN = "sent-again"  # the wish the index refused is due once more
    CORRECTED = "corrected"
    NOT_OURS = "not-ours"
    UNTRACEABLE = "untraceable"


DROPPED: Final[Mapping[Way, str]] = {
    Way.CORRECTED: "the source has put it right in another message",
    Way.NOT_OURS: "nothing is to be published from it",
    Way.UNTRACEABLE: "the message cannot be found any more",
}
"""The ways that a person chooses from when she drops an entry, and what each means."""


@dataclass(frozen=True)
class QuarantineEntry:
    """One thing that was set aside.

    Args:
        number: what people call it by.
        day: when it was first set aside.
        reason: a code.
        place: file and position, or the sequence in which the index refused it.
        file: the file, as the place calls it; None for a row of the index, and where an earlier version did not tell.
        wish: key of the wish the index refused; None for what was read.
    """

    number: int
    day: date
    reason: str
    place: str
    file: str | None = None
    wish: bytes | None = None


@dataclass(frozen=True)
class Settled:
    """How many entries left on one day, in one way."""

    day: date
    reason: str
    way: Way
    count: int


class Quarantine:
    """The table of what was set aside; every change happens inside a transaction of the caller."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def add(
        self, day: date, reason: str, place: str, *, file: str | None = None, wish: bytes | None = None
    ) -> int:
        """Set something aside; return its number, which it keeps when the same was set aside before.

        Args:
            day: today.
            reason: a code.
            place: see `QuarantineEntry`, as are the others.
            file: see there.
            wish: see there.
        """
        row = self._connection.execute(
            "INSERT INTO quarantine (day, reason, place, file, wish) VALUES (?, ?, ?, ?, ?)"
            # What an earlier version left empty is filled in.
            " ON CONFLICT DO UPDATE SET file = excluded.file, wish = excluded.wish RETURNING id",
            (day.isoformat(), reason, without_numbers(place)[:_PLACE_CHARACTERS_MAX], file, wish),
        ).fetchone()
        return int(row[0])

    def entries(self, reason: str | None = None, file: str | None = None) -> Sequence[QuarantineEntry]:
        """Everything set aside, oldest first.

        Args:
            reason: only for this reason.
            file: only from this file, as places call it.
        """
        rows = self._connection.execute(
            f"SELECT {_COLUMNS} FROM quarantine"  # noqa: S608 - a constant
            " WHERE reason = coalesce(?, reason) AND (? IS NULL OR file = ?) ORDER BY id",
            (reason, file, file),
        )
        return [_entry(row) for row in rows]

    def get(self, number: int) -> QuarantineEntry | None:
        """One entry; None when there is none of this number."""
        row = self._connection.execute(
            f"SELECT {_COLUMNS} FROM quarantine WHERE id = ?",  # noqa: S608 - a constant
            (number,),
        ).fetchone()
        return _entry(row) if row else None

    def settle(self, entries: Collection[QuarantineEntry], day: date, way: Way) -> None:
        """Take entries out, and count them.

        Args:
            entries: as they stand in the table.
            day: today.
            way: how they leave.
        """
        self._connection.executemany(
            "DELETE FROM quarantine WHERE id = ?", [(entry.number,) for entry in entries]
        )
        self._connection.executemany(
            "INSERT INTO settled (day, reason, way, count) VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET count = count + excluded.count",
            [
                (day.isoformat(), reason, way.value, count)
                for reason, count in Counter(entry.reason for entry in entries).items()
            ],
        )

    def settled(self) -> Sequence[Settled]:
        """What left the quarantine, oldest first."""
        rows = self._connection.execute(
            "SELECT day, reason, way, count FROM settled ORDER BY day, reason, way"
        )
        return [Settled(date.fromisoformat(day), reason, Way(way), count) for day, reason, way, count in rows]

    def counts(self) -> Mapping[str, int]:
        """How many per reason."""
        rows = self._connection.execute(
            "SELECT reason, count(*) FROM quarantine GROUP BY reason ORDER BY reason"
        )
        return dict(rows.fetchall())


def _entry(row: tuple[int, str, str, str, str | None, bytes | None]) -> QuarantineEntry:
    number, day, reason, place, file, wish = row
    return QuarantineEntry(number, date.fromisoformat(day), reason, place, file, wish)


def without_numbers(name: str) -> str:
    """Blank the digits in a name that may be a BSN: nine or more, or eight that are one without its first zero.

    In groups too, when they are one. Dates of eight digits mostly stay readable.
    """
    return _GROUPED.sub(_blank_grouped, _LONG_NUMBER.sub(lambda found: _blank(found[0]), name))


def _blank(digits: str) -> str:
    if len(digits) == _DATE_DIGITS:
        try:
            Bsn.parse("0" + digits)
        except MalformedInput:
            return digits
    return "#" * len(digits)


def _blank_grouped(found: re.Match[str]) -> str:
    digits = found[0].replace(found["mark"], "")
    try:
        Bsn.parse(digits)
    except MalformedInput:
        return found[0]
    return found["mark"].join("#" * len(group) for group in found[0].split(found["mark"]))
