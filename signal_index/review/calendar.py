"""When offices in the Netherlands are open: working days without the public holidays, in Dutch time."""

from datetime import date, datetime, timedelta
from functools import cache

from signal_index.model import DUTCH_TIME

from .policy import ReviewPolicy

_SATURDAY = 5
_AFTER_EASTER = (-2, 1, 39, 50)  # Good Friday, Easter Monday, Ascension Day, Whit Monday
_SUNDAY = 6


def in_office_time(at: datetime, policy: ReviewPolicy) -> bool:
    """Whether this moment lies in office time."""
    local = at.astimezone(DUTCH_TIME)
    return is_working_day(local.date()) and policy.opens_hour <= local.hour < policy.closes_hour


def is_working_day(day: date) -> bool:
    """Whether municipalities are open: not in the weekend, and not on the days most of them are closed."""
    return day.weekday() < _SATURDAY and day not in holidays(day.year)


@cache
def holidays(year: int) -> frozenset[date]:
    """The public holidays on which municipal offices are closed."""
    easter = easter_sunday(year)
    movable = {easter + timedelta(days=days) for days in _AFTER_EASTER}
    return frozenset(movable | {date(year, 1, 1), kings_day(year), date(year, 12, 25), date(year, 12, 26)})


def kings_day(year: int) -> date:
    """27 April, or the day before when that is a Sunday."""
    day = date(year, 4, 27)
    return day - timedelta(days=1) if day.weekday() == _SUNDAY else day


def easter_sunday(year: int) -> date:
    """Easter in the Gregorian calendar.

    Source: the anonymous algorithm of 1876, as in J. Meeus, Astronomical Algorithms, chapter 8.
    """
    golden = year % 19
    century, of_century = divmod(year, 100)
    leaps, rest = divmod(century, 4)
    moon = (19 * golden + century - leaps - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    weekday = (32 + 2 * rest + 2 * (of_century // 4) - moon - of_century % 4) % 7
    shift = (golden + 11 * moon + 22 * weekday) // 451
    month, day = divmod(moon + weekday - 7 * shift + 114, 31)
    return date(year, month, day + 1)
