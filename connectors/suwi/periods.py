"""From the periods of one benefit to the one that counts on a day. Pure.

A source cuts one benefit into many periods: a new one per month, per year, or when an amount changes. Periods that
touch or overlap are one stretch, so that the month a benefit began stays the same for as long as it runs.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Final, NamedTuple

_DAY: Final = timedelta(days=1)


class Period(NamedTuple):
    """From first to last day, both inclusive; None for a first day nobody knows, and for no last day."""

    start: date | None
    end: date | None

    def has_ended(self, day: date) -> bool:
        """Whether the last day lies before this one."""
        return self.end is not None and self.end < day

    def runs(self, day: date) -> bool:
        """Whether it runs on this day; with an unknown first day it does until its last."""
        return (self.start is None or self.start <= day) and not self.has_ended(day)


def standing(periods: Sequence[Period], day: date) -> Period:
    """Return the stretch that runs on this day, or else the first to come, or else the last that ended.

    Args:
        periods: at least one.
        day: the day to judge by.
    """
    stretches = [*_joined(periods), *(period for period in periods if period.start is None)]
    running = [period for period in stretches if period.runs(day)]
    if running:
        known = [period.start for period in running if period.start is not None]
        return Period(min(known, default=None), _last(running))
    to_come = [period for period in stretches if not period.has_ended(day)]
    if to_come:
        return min(to_come, key=lambda period: period.start or date.max)
    return max(stretches, key=lambda period: period.end or date.max)


def _joined(periods: Iterable[Period]) -> Iterator[Period]:
    """Join periods that touch or overlap; those without a first day are left out, as they would join everything."""
    ordered = sorted((period.start, period.end or date.max) for period in periods if period.start is not None)
    current: tuple[date, date] | None = None
    for start, end in ordered:
        if current is None or current[1] < start - _DAY:
            yield from _closed(current)
            current = (start, end)
        else:
            current = (current[0], max(current[1], end))
    yield from _closed(current)


def _closed(stretch: tuple[date, date] | None) -> Iterator[Period]:
    if stretch is not None:
        yield Period(stretch[0], None if stretch[1] == date.max else stretch[1])


def _last(periods: Iterable[Period]) -> date | None:
    ends = [period.end or date.max for period in periods]
    return None if max(ends) == date.max else max(ends)
