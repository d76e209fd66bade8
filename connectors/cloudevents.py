"""CloudEvents about trajecten: the six values of any source, in the envelope of the NL GOV profile.

A message is one event, a batch (a JSON list), or lines with one event each. Types read, after `type_prefix`:
`traject-gestart`, `traject-gewijzigd`, `traject-beeindigd` and `traject-ingetrokken`, each with or without `.v1`. In
`data` stand the members of `lines.layout`. Each event tells how its traject stands, so an event that comes twice
changes nothing; the last one by `time` counts, then the last by `sequence`.

Invariants:
1. Only `data` tells of a traject; of the attributes none but `time` and `sequence` reaches a reading, as order.
2. A BSN in an attribute sets the event aside, as every party on the way may log attributes.
3. A member of `data` that is not one of the six sets the event aside, whatever stands in it.

Whoever writes an event can at most misstate that something runs at the sources its publisher may speak for.

Source: CloudEvents 1.0.2 and its JSON event format, §2.4, §3 and §4; NL GOV profile for CloudEvents 1.1.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from pydantic import Field

from .formats import Format
from .json_lines import object_in
from .lines import LineOptions, Lines
from .lines.layout import reading, unknown_member
from .parsing import once_whole
from .parsing.strict_json import Json, Opened, load, walk, written
from .reading import (
    Kind,
    Message,
    Nothing,
    Observation,
    Quarantined,
    Reading,
    read_bsn,
    read_moment,
)

_REQUIRED: Final = ("id", "source", "specversion", "type")
_SPECVERSION: Final = "1.0"
_VERSIONS: Final = (None, "v1")
_CHANGES: Final = frozenset({"gestart", "gewijzigd", "beeindigd", "ingetrokken"})
_ENDED: Final = "beeindigd"
_WITHDRAWN: Final = "ingetrokken"
_TYPE: Final = re.compile(r"(?:(?P<prefix>.+)\.)?traject-(?P<change>[a-z-]+)(?:\.(?P<version>v[0-9]+))?")
_INTEGER: Final = re.compile(r"0*([0-9]{1,18})")
# Not within a UUID, whose last part may hold nine digits in a row between letters.
_NINE_DIGITS: Final = re.compile(r"(?<![0-9a-fA-F])[0-9]{9}(?![0-9a-fA-F])")
_AHEAD_MAX: Final = timedelta(days=1)
"""A moment without its true offset is hours off; one further ahead would keep every later word from counting."""


class EventOptions(LineOptions):
    """How events about a traject are named, and how much one file may ask for.

    Args:
        type_prefix: reverse domain name in front of the four types.
    """

    type_prefix: str = Field(
        default="nl.sociaaldomein", pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)*$", max_length=200
    )


@dataclass(frozen=True, slots=True)
class Event:
    """One event whose envelope is in order.

    Args:
        type: reverse domain name.
        time: aware; when the producer logged it.
        sequence: its place in the producer's order, digits without leading zeros; empty when it has none as a number.
        subject: as the producer calls what it is about; may hold anything.
        dataref: where `data` can be fetched; a reference relative to whatever the producer agreed on.
        data: None when there is none.
        is_encoded: `data_base64` stands in it.
    """

    type: str
    time: datetime | None
    sequence: str
    subject: str | None = field(repr=False)
    dataref: str | None = field(repr=False)
    data: Json = field(repr=False)
    is_encoded: bool


def read(
    message: Message,
    options: EventOptions = EventOptions(),  # noqa: B008 - frozen
) -> Iterator[Reading]:
    """Read one event, a batch of them or lines of them. See `reading.MessageReader`.

    Yields:
        One reading per event, in the order they stand in the message.

    Raises:
        FileRefused: not strict JSON, or too large.
    """
    return once_whole(
        lambda stream: _read(replace(message, stream=stream), options), message, options.max_bytes
    )


FORMAT: Final = Format(read, "CloudEvents about trajecten (NL GOV profile 1.1)", EventOptions)


def events(message: Message, options: LineOptions) -> Iterator[tuple[str, Event | str]]:
    """Read the events of a message, whatever they are about.

    Args:
        message: its stream can go back.
        options: limits.

    Yields:
        Place and event; for what is no proper event its place and a code of `EXPLANATIONS`.

    Raises:
        FileRefused: not strict JSON, or too large; maybe only after some events, see `parsing.once_whole`.
    """
    stream, begin = message.stream, message.stream.tell()
    lines = Lines(message, options)
    if _is_in_lines(lines):
        yield from _in_lines(lines, message.name)
        return
    stream.seek(begin)
    items = walk(stream, message.name, ((),), options.max_bytes)
    if next(items)[1] is Opened.LIST:
        yield from ((written(message.name, place), envelope(item)) for place, item in items)
        return
    stream.seek(begin)
    yield message.name, envelope(load(stream, message.name, options.max_bytes))


def envelope(value: Json | Opened) -> Event | str:
    """Check the attributes of one event; return it, or the code that says what is wrong.

    An attribute that is null is one that is not there (JSON event format §2.2).
    """
    if not isinstance(value, dict):
        return "record-malformed"
    identity, source, version, type_name = (_text(value.get(name)) for name in _REQUIRED)
    if identity is None or source is None or version is None or type_name is None:
        return "event-incomplete"
    if version != _SPECVERSION:
        return "event-version"
    time = value.get("time")
    logged = read_moment(time) if isinstance(time, str) else None
    if time is not None and logged is None:
        return "event-time"
    return Event(
        type=type_name,
        time=logged,
        sequence=_sequence(value.get("sequence")),
        subject=_text(value.get("subject")),
        dataref=_text(value.get("dataref")),
        data=value.get("data"),
        is_encoded=value.get("data_base64") is not None,
    )


def has_bsn(attribute: str | None) -> bool:
    """Whether nine digits that can be a BSN stand by themselves in an attribute."""
    return any(not isinstance(read_bsn(digits), str) for digits in _NINE_DIGITS.findall(attribute or ""))


def _is_in_lines(lines: Lines) -> bool:
    """Whether the first line is an event by itself; a single event on one line is the same either way."""
    first = next((line for line in lines if not line.is_blank), None)
    return first is not None and not isinstance(object_in(first), str)


def _in_lines(lines: Lines, name: str) -> Iterator[tuple[str, Event | str]]:
    for line in lines:
        if not line.is_blank:
            members = object_in(line)
            yield f"{name}:{line.number}", members if isinstance(members, str) else envelope(members)


def _text(value: Json) -> str | None:
    return (value.strip() or None) if isinstance(value, str) else None


def _sequence(value: Json) -> str:
    """Return a number as its digits; other sequences are compared as texts, which the order here is not."""
    written_out = str(value) if isinstance(value, int) and not isinstance(value, bool) else _text(value)
    found = _INTEGER.fullmatch(written_out or "")
    return found[1] if found else ""


def _read(message: Message, options: EventOptions) -> Iterator[Reading]:
    for place, event in events(message, options):
        if isinstance(event, str):
            yield Quarantined(event, place)
        else:
            yield _reading(event, place, message.received, options.type_prefix)


def _reading(event: Event, place: str, received: datetime, prefix: str) -> Reading:
    change = _change(event.type, prefix)
    if change is None:
        return Nothing("another-subject", place)
    fault = _fault(event, change, received)
    if fault is not None:
        return Quarantined(fault, place)
    if event.data is None and event.dataref is not None:
        return Nothing("look-up-needed", place)
    if not isinstance(event.data, dict):
        return Quarantined("record-malformed", f"{place}: data")
    return _told(event.data, change, place, event.time or received, event.sequence)


def _change(type_name: str, prefix: str) -> str | None:
    """Return what the event says happened, empty for a type that is not read; None when it is about no traject.

    A broker passes on events about all kinds of things. But one that almost has the name of ours is a slip in a
    setting, and passing it over would lose trajecten in silence.
    """
    found = _TYPE.fullmatch(type_name)
    if found is None:
        return None
    is_ours = found["prefix"] == prefix and found["change"] in _CHANGES and found["version"] in _VERSIONS
    return found["change"] if is_ours else ""


def _fault(event: Event, change: str, received: datetime) -> str | None:
    rules = (  # the first that applies decides
        (not change, "event-type"),
        (has_bsn(event.subject) or has_bsn(event.dataref), "event-subject"),
        (event.is_encoded, "event-encoded"),
        (event.time is not None and event.time > received + _AHEAD_MAX, "event-ahead"),
    )
    return next((code for applies, code in rules if applies), None)


def _told(data: Mapping[str, Json], change: str, place: str, stated_on: datetime, sequence: str) -> Reading:
    if (number := unknown_member(data)) is not None:
        return Quarantined("record-malformed", f"{place}: data, member {number} is unknown")
    told = reading(data, place, stated_on)
    if not isinstance(told, Observation):
        return told
    if change == _WITHDRAWN:
        return told._replace(kind=Kind.START_REMOVED, end=None, message=sequence)
    if change == _ENDED and told.end is None:
        return Quarantined("end-missing", place, told.person, told.source, told.type, told.municipality)
    return told._replace(message=sequence)
