"""What is usual: how many residents a worker and her team look at, and how often outside office time.

Only days before today count as habit, so that nobody's exception becomes her rule while it happens.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from statistics import median

from .looks import Share

SERIES_MIN = 3  # so many residents outside office time on one day are a series
DAYS_MIN = 10  # days with looks before a worker has habits of her own
_TEAM_KEPT = timedelta(
    days=7
)  # medians of a team move slowly; computing them for every look is most of the work
_COLLEAGUES_MIN = 3
_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class DayCount:
    """One day of one worker.

    Args:
        residents: how many different ones she looked at.
        busiest_hour: most different residents within one hour.
        looks: all looks.
        outside: those outside office time.
        series: whether those were about several residents.
    """

    day: date
    residents: int
    busiest_hour: int
    looks: int
    outside: int
    series: bool


@dataclass
class Today:
    """The day that a worker is in."""

    day: date
    seen: list[tuple[datetime, str]] = field(default_factory=list)
    residents: set[str] = field(default_factory=set)
    busiest_hour: int = 0
    outside: int = 0
    outside_residents: set[str] = field(default_factory=set)

    def add(self, at: datetime, relation: str, *, outside: bool) -> None:
        """Count one look."""
        self.seen.append((at, relation))
        self.residents.add(relation)
        if outside:
            self.outside += 1
            self.outside_residents.add(relation)
        self.busiest_hour = max(self.busiest_hour, self.in_last_hour(at))

    def in_last_hour(self, at: datetime) -> int:
        """Different residents in the hour up to this moment."""
        return len({relation for moment, relation in self.seen if moment > at - _HOUR})

    def closed(self) -> DayCount:
        """What is kept of it."""
        return DayCount(
            self.day,
            len(self.residents),
            self.busiest_hour,
            len(self.seen),
            self.outside,
            len(self.outside_residents) >= SERIES_MIN,
        )


@dataclass
class Habits:
    """The days of one worker with at least one look."""

    days: deque[DayCount] = field(default_factory=deque)
    today: Today | None = None
    _medians: tuple[float | None, float | None] | None = None
    _outside: Share | None = None
    _series: int | None = None

    def on(self, day: date, habit: timedelta) -> Today:
        """The present day; a new day closes the one before and drops what is too old."""
        if self.today is None or self.today.day != day:
            if self.today is not None:
                self.days.append(self.today.closed())
            while self.days and self.days[0].day < day - habit:
                self.days.popleft()
            self.today, self._medians, self._outside, self._series = Today(day), None, None, None
        return self.today

    @property
    def medians(self) -> tuple[float | None, float | None]:
        """Residents on a day and in its busiest hour; None with too few days."""
        if self._medians is None:
            enough = len(self.days) >= DAYS_MIN
            self._medians = medians(self.days) if enough else (None, None)
        return self._medians

    @property
    def outside(self) -> Share:
        """Her looks outside office time, of all."""
        if self._outside is None:
            self._outside = share(self.days)
        return self._outside

    @property
    def series_days(self) -> int:
        """Days on which she looked at several residents outside office time."""
        if self._series is None:
            self._series = sum(each.series for each in self.days)
        return self._series


def medians(days: Iterable[DayCount]) -> tuple[float, float]:
    """Median number of residents on a day, and in the busiest hour of a day; 0 without days."""
    listed = list(days)
    if not listed:
        return 0.0, 0.0
    return float(median(each.residents for each in listed)), float(
        median(each.busiest_hour for each in listed)
    )


def share(days: Iterable[DayCount]) -> Share:
    """Looks outside office time of all looks."""
    listed = list(days)
    return Share(sum(each.outside for each in listed), sum(each.looks for each in listed))


@dataclass
class TeamHabits:
    """What is usual in one team, computed anew every week."""

    members: dict[str, Habits] = field(default_factory=dict)
    computed_on: date | None = None
    medians: tuple[float, float] = (0.0, 0.0)
    outside: Share = field(default_factory=Share)

    def refresh(self, day: date) -> None:
        """Compute again when it is time."""
        if self.computed_on is None or day >= self.computed_on + _TEAM_KEPT:
            self.computed_on = day
            self.medians = medians(self._days())
            self.outside = share(self._days())

    def _days(self) -> Iterator[DayCount]:
        return (each for habits in self.members.values() for each in habits.days)

    def usual_day(self, worker: str, day: date) -> tuple[float, float]:
        """Residents on a day: the team's median, and that of her colleagues today; 0 when fewer than three looked."""
        return self.medians[0], _median_of_many(len(each.residents) for each in self._others(worker, day))

    def usual_hour(self, worker: str, day: date) -> tuple[float, float]:
        """The same of the busiest hour."""
        return self.medians[1], _median_of_many(each.busiest_hour for each in self._others(worker, day))

    def _others(self, worker: str, day: date) -> Iterator[Today]:
        for name, habits in self.members.items():
            if name != worker and habits.today is not None and habits.today.day == day:
                yield habits.today


def _median_of_many(numbers: Iterable[int]) -> float:
    listed = list(numbers)
    return float(median(listed)) if len(listed) >= _COLLEAGUES_MIN else 0.0
