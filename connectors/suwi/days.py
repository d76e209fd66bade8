"""Suwi dates: eight digits, of which the last two or four, or all, may be zero because nobody knows them.

Invariants:
1. An unknown part makes a begin as early and an end as late as it can be, so that a flag never falls short.

Source: SuwiML basisschema v0801, SimpleTypes/Datum.
"""

import re
from calendar import monthrange
from datetime import date
from typing import Final, NamedTuple

from connectors.reading import read_day

_DATUM: Final = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_UNKNOWN_YEAR: Final = "0000"
_UNKNOWN: Final = "00"


class Possible(NamedTuple):
    """The days a date may stand for: both None when any, both the same when it is complete."""

    first: date | None
    last: date | None


def read_datum(text: str) -> Possible | None:
    """Read a Suwi date, or a day as `YYYY-MM-DD`, which some systems write instead; None when it is neither."""
    found = _DATUM.fullmatch(text)
    if found is None:
        day = read_day(text)
        return Possible(day, day) if day else None
    year, month, day_of_month = found.groups()
    if year == _UNKNOWN_YEAR:
        return Possible(None, None)
    try:
        return _within(int(year), month, day_of_month)
    except ValueError:  # no such month or day
        return None


def _within(year: int, month: str, day: str) -> Possible:
    if month == _UNKNOWN:
        return Possible(date(year, 1, 1), date(year, 12, 31))
    if day == _UNKNOWN:
        return Possible(date(year, int(month), 1), date(year, int(month), monthrange(year, int(month))[1]))
    complete = date(year, int(month), int(day))
    return Possible(complete, complete)
