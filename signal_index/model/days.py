"""Dutch calendar days as stretches of time: when a day begins, and some days in a row."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from . import DUTCH_TIME

FIRST_DAY: Final = date(1970, 1, 1)
"""Nothing is recorded before it. Days near the ends of the calendar begin at no moment that a clock can tell."""
LAST_DAY: Final = date(9998, 12, 31)


def day_start(day: date) -> datetime:
    """The first moment of a day, aware UTC; of the nearest day there can be a record of, when there can be none."""
    within = min(max(day, FIRST_DAY), LAST_DAY)
    return datetime.combine(within, time(), DUTCH_TIME).astimezone(UTC)


@dataclass(frozen=True)
class Days:
    """Days in a row.

    Args:
        first: the first day.
        last: the last day, included; days that end before they begin are none.
    """

    first: date
    last: date

    @property
    def is_backwards(self) -> bool:
        """Whether they end before they begin."""
        return self.last < self.first

    @property
    def period(self) -> tuple[datetime, datetime]:
        """From their first moment up to, not including, the first one after them; aware UTC."""
        after = min(self.last, LAST_DAY) + timedelta(days=1)
        return day_start(self.first), day_start(after)
