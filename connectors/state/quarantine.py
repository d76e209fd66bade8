"""What was set aside: a reason, and where to find it at the source. Never a person."""

import re
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from crypto.chain import Bsn
from crypto.errors import MalformedInput

_LONG_NUMBER: Final = re.compile(r"[0-9]{8,}")
_DATE_DIGITS: Final = 8
_PLACE_CHARACTERS_MAX: Final = 300


@dataclass(frozen=True)
class QuarantineEntry:
    """One thing that was set aside.

    Args:
        day: when it was first set aside.
        reason: a code.
        place: file and position, or the sequence in which the index refused it.
    """

    day: date
    reason: str
    place: str


class Quarantine:
    """The table of what was set aside; every change happens inside a transaction of the caller."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def add(self, day: date, reason: str, place: str) -> bool:
        """Set something aside; False when the same was set aside before."""
        done = self._connection.execute(
            "INSERT INTO quarantine (day, reason, place) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            (day.isoformat(), reason, without_numbers(place)[:_PLACE_CHARACTERS_MAX]),
        )
        return done.rowcount == 1

    def entries(self) -> Sequence[QuarantineEntry]:
        """Everything set aside, oldest first."""
        rows = self._connection.execute("SELECT day, reason, place FROM quarantine ORDER BY id")
        return [QuarantineEntry(date.fromisoformat(day), reason, place) for day, reason, place in rows]

    def counts(self) -> Mapping[str, int]:
        """How many per reason."""
        rows = self._connection.execute(
            "SELECT reason, count(*) FROM quarantine GROUP BY reason ORDER BY reason"
        )
        return dict(rows.fetchall())


def without_numbers(name: str) -> str:
    """Blank the digits in a name that may be a BSN: nine or more, or eight that are one without its first zero.

    Dates of eight digits mostly stay readable.
    """
    return _LONG_NUMBER.sub(lambda found: _blank(found[0]), name)


def _blank(digits: str) -> str:
    if len(digits) == _DATE_DIGITS:
        try:
            Bsn.parse("0" + digits)
        except MalformedInput:
            return digits
    return "#" * len(digits)
