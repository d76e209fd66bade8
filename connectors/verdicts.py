"""What one reading, on its own, asks of the index on a given day. Pure: no clock, no file, no network.

Invariants:
1. Only a source that says so ends a traject: an unclear record is quarantined, an absent source unavailable.
2. A code says that a stop is temporary or final, never why.
"""

from dataclasses import dataclass, replace
from datetime import MAXYEAR, date, datetime, timedelta
from enum import StrEnum
from typing import Final

from crypto.encoding import Month

from .reading import (
    Kind,
    Nothing,
    Observation,
    Quarantined,
    Reading,
    Residence,
    SourceUnavailable,
    moment_order,
)

_EARLIEST: Final = date(1900, 1, 1)
_YEARS_AHEAD: Final = 10  # a date further away is a typing error or a stand-in for "no end"
_SHORTEST_MONTH: Final = 28


class Verdict(StrEnum):
    """What a single reading asks of the index."""

    ASSERT = "assert"
    WITHDRAW = "withdraw"
    UNCHANGED = "unchanged"
    QUARANTINE = "quarantine"
    SOURCE_UNAVAILABLE = "source-unavailable"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A verdict with its month, last day and the codes (keys of `EXPLANATIONS`) that explain it."""

    verdict: Verdict
    since: Month | None = None
    until: date | None = None
    codes: tuple[str, ...] = ()


def screen(reading: Reading, as_of: date) -> Reading:
    """Quarantine an observation whose dates cannot be meant; return every other reading unchanged."""
    if not isinstance(reading, Observation):
        return reading
    latest = date(min(as_of.year + _YEARS_AHEAD, MAXYEAR), as_of.month, min(as_of.day, _SHORTEST_MONTH))
    named = (day for day in (reading.start, reading.end, reading.stated_on) if day is not None)
    if all(_is_between(_EARLIEST, day, latest) for day in named):
        return reading
    about = (reading.person, reading.source, reading.type, reading.municipality)
    return Quarantined("date-implausible", reading.position, *about)


def not_ahead(reading: Reading, today: date) -> Reading:
    """Set an observation aside that is dated after it was read: no later word about that traject would count.

    Args:
        reading: any; every other reading is returned unchanged.
        today: by the clock, not the day that is counted for.
    """
    latest = today + timedelta(days=1)  # a clock that is off, a zone that was left out
    if not isinstance(reading, Observation) or _is_between(date.min, reading.stated_on, latest):
        return reading
    about = (reading.person, reading.source, reading.type, reading.municipality)
    return Quarantined("stated-ahead", reading.position, *about)


def _is_between(first: date, moment: date | datetime, last: date) -> bool:
    # The year first: an offset can carry a moment of year 1 or 9999 out of the calendar.
    is_near = first.year - 1 <= moment.year <= last.year + 1
    return is_near and first.isoformat() <= moment_order(moment)[:10] <= last.isoformat()


def judge(reading: Reading, as_of: date) -> Outcome:
    """Say what one reading, on its own, asks of the index on this day."""
    match screen(reading, as_of):
        case Quarantined(code=code):
            return Outcome(Verdict.QUARANTINE, codes=(code,))
        case SourceUnavailable(code=code):
            return Outcome(Verdict.SOURCE_UNAVAILABLE, codes=(code,))
        case Nothing(code=code):
            return Outcome(Verdict.UNCHANGED, codes=(code,))
        case Residence():
            return Outcome(Verdict.UNCHANGED, codes=("residence",))
        case Observation() as seen:
            outcome = _judge_observation(seen, as_of)
            noted = (seen.note,) if seen.note and seen.note not in outcome.codes else ()
            return replace(outcome, codes=outcome.codes + noted)


def _judge_observation(seen: Observation, as_of: date) -> Outcome:
    if seen.kind is Kind.NOT_A_TRAJECT:
        return Outcome(Verdict.UNCHANGED if seen.note == "application-only" else Verdict.WITHDRAW)
    is_over = seen.end is not None and seen.end < as_of
    is_ahead = seen.start is not None and seen.start > as_of
    rules = (  # the first that applies decides
        (seen.kind is Kind.UNCHANGED, Verdict.UNCHANGED, "unchanged-by-source"),
        (seen.kind in {Kind.START_REMOVED, Kind.ASSIGNMENT_REMOVED}, Verdict.WITHDRAW, "removed-by-source"),
        (is_ahead, Verdict.UNCHANGED, "not-started"),
        (seen.kind is Kind.STOP_REMOVED, Verdict.ASSERT, "stop-removed"),
        (seen.kind is Kind.STOPPED and seen.temporary, Verdict.UNCHANGED, "temporarily-stopped"),
        (is_over, Verdict.WITHDRAW, "ended"),
    )
    verdict, code = next(
        ((verdict, code) for applies, verdict, code in rules if applies), (Verdict.ASSERT, None)
    )
    since = Month.of(seen.start) if seen.start else None
    until = seen.end if code in {None, "ended"} else None
    return Outcome(verdict, since, until, (code,) if code else ())
