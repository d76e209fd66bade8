"""What the messages about one traject add up to, and which flags follow. Pure: no clock, no file, no network.

Invariants:
1. `merge` takes messages in any order and any number of times: each statement is kept under its own key, and of two
   statements with one key the later one wins, by when it was stated, then by message id.
2. Within one message a delivery beats a removal, because a source corrects by removing and delivering together.
3. A temporary stop, a removed stop and an unchanged delivery never end a traject.
4. Of a source without an id per traject, stretches of one person that overlap are one traject told anew: the later
   statement counts. Stretches of one delivery stand side by side.
5. The order to give help and what was given are two voices about one traject: an order never undoes a stop, and
   nothing runs past the last day of its order.
6. What was taken back counts as never said, of either voice.

Source: iWmo/iJw 3.2 business rules OP033, OP033x1, OP155 and OP377 to OP379, technical rules TR063, TR326, TR413 and
TR415, filling instruction IV008.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Self, TypeVar

from crypto.chain import Bsn
from crypto.encoding import Month

from .reading import Kind, Observation, moment_order
from .statements import Start, Statement, day_text, stored_day

_Key = TypeVar("_Key")


@dataclass(frozen=True)
class TrajectRecord:
    """Everything the messages so far say about one traject.

    Args:
        starts: statement per first day.
        stops: statement per (first day the stop refers to, temporary).
        order: first day and statement of the latest order to give help, from whoever pays for it.
        stretches: statement per first day of a stretch, its last day said with it.
    """

    person: Bsn
    source: str
    type: str
    starts: Mapping[Start, Statement]
    stops: Mapping[tuple[Start, bool], Statement]
    order: tuple[Start, Statement] | None = None
    stretches: Mapping[Start, Statement] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the record as JSON values, without the person: the store keeps her BSN apart and sealed."""
        starts = [{"start": day_text(day), **said.to_dict()} for day, said in self.starts.items()]
        stops = [
            {"start": day_text(day), "temporary": temporary, **said.to_dict()}
            for (day, temporary), said in self.stops.items()
        ]
        order = {"start": day_text(self.order[0]), **self.order[1].to_dict()} if self.order else None
        stretches = [{"start": day_text(day), **said.to_dict()} for day, said in self.stretches.items()]
        told = {"starts": starts, "stops": stops, "order": order, "stretches": stretches}
        return {"source": self.source, "type": self.type, **told}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any], *, person: Bsn) -> Self:
        """Read what `to_dict` wrote, for the person the store kept with it."""
        starts = {stored_day(item["start"]): Statement.from_dict(item) for item in stored["starts"]}
        stops = {
            (stored_day(item["start"]), item["temporary"]): Statement.from_dict(item)
            for item in stored["stops"]
        }
        said = stored.get("order")
        order = (stored_day(said["start"]), Statement.from_dict(said)) if said else None
        stretches = {
            stored_day(item["start"]): Statement.from_dict(item) for item in stored.get("stretches", ())
        }
        return cls(person, stored["source"], stored["type"], starts, stops, order, stretches)

    @property
    def size(self) -> int:
        """How many statements are kept."""
        return len(self.starts) + len(self.stops) + len(self.stretches)

    @property
    def is_empty(self) -> bool:
        """Whether no message has said anything about this traject yet, only that nothing changed."""
        return not self.starts and not self.stops and not self.stretches and self.order is None


@dataclass(frozen=True, slots=True)
class Period:
    """One stretch of a traject.

    Args:
        start: first day; None when only stop messages without one have been read.
        end: last day, inclusive; None while no final stop is known.
    """

    start: date | None
    end: date | None

    def covers(self, day: date) -> bool:
        """Whether the traject runs on this day."""
        return (self.start is None or self.start <= day) and (self.end is None or self.end >= day)

    def overlaps(self, other: "Period") -> bool:
        """Whether there is a day in both."""
        return all(
            one.end is None or two.start is None or two.start <= one.end
            for one, two in ((self, other), (other, self))
        )


@dataclass(frozen=True, slots=True)
class FlagWish:
    """What a source should be saying about a person: one per (person, source, type).

    Args:
        asserted: False means withdraw.
        since: earliest month among the running trajecten; None when withdrawn, or when no message told a first day.
        until: last day, when every running traject already has one.
    """

    person: Bsn
    source: str
    type: str
    asserted: bool
    since: Month | None = None
    until: date | None = None


def merge(record: TrajectRecord | None, observation: Observation) -> TrajectRecord:
    """Add one observation to what was known of its traject; `verdicts.screen` it first."""
    seen = observation
    known = record or TrajectRecord(seen.person, seen.source, seen.type, {}, {})
    said = Statement(moment_order(seen.stated_on), seen.message, replaces=seen.replaces)
    gone = replace(said, removed=True, replaces=False)
    ended = replace(said, end=seen.end, replaces=False)
    stop_key = (seen.start, seen.temporary)
    starts: dict[Start, Statement] = {}
    stops: dict[tuple[Start, bool], Statement] = {}
    stretches: dict[Start, Statement] = {}
    match seen.kind:
        case Kind.STARTED:
            starts = {seen.start: said}
        case Kind.START_REMOVED | Kind.NOT_A_TRAJECT:
            starts = {seen.start: replace(gone, replaces=seen.replaces)}
            stretches = {seen.start: gone}
        case Kind.STOPPED:
            stops = {stop_key: ended}
        case Kind.STOP_REMOVED:
            stops = {stop_key: gone}
        case Kind.STATE:
            # Begin and end are said together, so a correction voids what was said before of both.
            starts, stops = {seen.start: said}, {(seen.start, False): replace(ended, replaces=seen.replaces)}
        case Kind.STRETCH:
            stretches = {seen.start: ended}
        case Kind.ASSIGNED | Kind.ASSIGNMENT_REMOVED:
            return _ordered(known, seen.start, ended if seen.kind is Kind.ASSIGNED else gone)
        case Kind.UNCHANGED:
            return known
    return replace(
        known,
        starts=_later(known.starts, starts),
        stops=_later(known.stops, stops),
        stretches=_later(known.stretches, stretches),
    )


def running(record: TrajectRecord, as_of: date) -> bool:
    """Whether the traject runs on this day, as far as the messages tell."""
    return any(period.covers(as_of) for period in periods(record))


def periods(record: TrajectRecord) -> tuple[Period, ...]:
    """Return the stretches of a traject: one per first day that still stands, none longer than the order for it.

    A restart is a first day after the end of a stop, or on it when the stop refers to an earlier first day. While
    nothing stands that whoever gives the help has said, the order alone tells.
    """
    ordered = _standing_order(record)
    stretches = tuple(_standing_stretches(record))
    if ordered and all(said.removed for said in (*record.starts.values(), *record.stops.values())):
        return (*stretches, ordered)
    ends = [(refers_to, end) for refers_to, end in _final_stops(record)]
    limit = [ordered.end] if ordered and ordered.end else []
    return stretches + tuple(
        Period(
            day, min([*limit, *(end for refers_to, end in ends if _ends(day, refers_to, end))], default=None)
        )
        for day in _standing_starts(record)
    )


def flags(records: Iterable[TrajectRecord], as_of: date) -> list[FlagWish]:
    """Count trajecten into wishes, one per (person, source, type) in order of first appearance.

    Several running trajecten are one flag, which lasts until the last of them ends.
    """
    groups: dict[tuple[Bsn, str, str], list[Period]] = {}
    for record in records:
        if not record.is_empty:
            group = groups.setdefault((record.person, record.source, record.type), [])
            group.extend(period for period in periods(record) if period.covers(as_of))
    return [_wish(*key, live) for key, live in groups.items()]


def _ordered(record: TrajectRecord, start: Start, said: Statement) -> TrajectRecord:
    latest = max(
        record.order or (start, said),
        (start, said),
        key=lambda order: (order[1].rank, day_text(order[0]) or ""),
    )
    return replace(record, order=latest)


def _standing_order(record: TrajectRecord) -> Period | None:
    if record.order is None or record.order[1].removed:
        return None
    return Period(record.order[0], record.order[1].end)


def _later(known: Mapping[_Key, Statement], new: Mapping[_Key, Statement]) -> dict[_Key, Statement]:
    merged = dict(known)
    for key, statement in new.items():
        merged[key] = max(merged.get(key, statement), statement, key=lambda said: said.rank)
    return merged


def _standing_stretches(record: TrajectRecord) -> Iterator[Period]:
    """Yield the stretches that no later statement tells anew, which one does when it overlaps."""
    told = [(Period(day, said.end), said) for day, said in record.stretches.items() if not said.removed]
    for period, said in told:
        if not any(other.overlaps(period) and later.rank[:3] > said.rank[:3] for other, later in told):
            yield period


def _standing_starts(record: TrajectRecord) -> Iterator[Start]:
    """Yield the first days that still stand; those the stops refer to when no start message was read at all."""
    if not record.starts:
        yield from {day: None for day, _ in record.stops}
        return
    corrections = (said.rank for said in record.starts.values() if said.replaces)
    corrected = max(corrections, default=None)
    for day, said in record.starts.items():
        if not said.removed and (corrected is None or said.rank >= corrected):
            yield day


def _final_stops(record: TrajectRecord) -> Iterator[tuple[Start, date]]:
    """Yield (first day referred to, last day) where the latest stop that was not taken back is a final one."""
    corrected = max((said.rank[:3] for said in record.stops.values() if said.replaces), default=None)
    for refers_to in {day: None for day, _ in record.stops}:
        spoken = ((record.stops.get((refers_to, temporary)), temporary) for temporary in (True, False))
        live = [(said, temporary) for said, temporary in spoken if said is not None and not said.removed]
        live = [stop for stop in live if corrected is None or stop[0].rank[:3] >= corrected]
        latest = max(live, key=lambda stop: (stop[0].rank[:3], not stop[1]), default=None)
        if latest is not None and not latest[1] and latest[0].end is not None:
            yield refers_to, latest[0].end


def _ends(start: Start, refers_to: Start, end: date) -> bool:
    if start is None or start < end:
        return True
    return start == end and (refers_to is None or refers_to >= start)


def _wish(person: Bsn, source: str, type_code: str, live: list[Period]) -> FlagWish:
    if not live:
        return FlagWish(person, source, type_code, asserted=False)
    starts = [period.start for period in live if period.start is not None]
    ends = [period.end for period in live if period.end is not None]
    since = Month.of(min(starts)) if starts else None
    until = max(ends) if len(ends) == len(live) else None
    return FlagWish(person, source, type_code, asserted=True, since=since, until=until)
