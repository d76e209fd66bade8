"""BRP (Haal Centraal Personen bevragen 2.7.0, and its events): who died, who is under guardianship, who lives where.

The population is never published: only persons a source already asks about are read here, and a person about whom
there is nothing to say adds nothing to the index.

Invariants:
1. Of a person, death, guardianship and municipality are read; names, addresses, relatives, secrecy and what is
   under investigation never are.
2. A fault is no answer: what BRP refuses or fails to say ends nothing.
3. An event without a person's number asks for a look-up and says nothing by itself.

Source: BRP API Personen 2.7.0 (RvIG); brp-api-gebeurtenissen, CloudEvents 1.0.
"""

import re
from collections.abc import Iterator, Mapping
from typing import BinaryIO, Final

from pydantic import Field

from connectors.formats import Format, Options
from connectors.parsing import once_whole
from connectors.parsing.problem import MEMBERS, fault_in
from connectors.parsing.strict_json import Json, Opened, Place, walk, written
from connectors.reading import (
    FileRefused,
    Message,
    Nothing,
    Quarantined,
    Reading,
    SourceUnavailable,
    read_bsn,
    read_moment,
)
from crypto.chain import Bsn

from . import persons
from .question import FIELDS, questions

__all__ = ["FORMAT", "BrpOptions", "questions", "read"]

_PERSONS: Final = "personen"
_EVENT: Final = frozenset({"specversion", "type", "time", "data"})
_KEPT: Final = persons.READ | MEMBERS | _EVENT
_OTHER: Final = ""
"""Stands for every member that is not looked at, so that any number of them takes no room."""

_EVENT_NAME: Final = re.compile(r"(?:[a-z0-9-]+\.)?brp\.(?P<what>[a-z.-]+?)(?:\.v[0-9]+)?")
# Whole names only: a part of one can be what happened to somebody's partner, or was put right.
_OF_DEATH: Final = frozenset({"overlijden", "overleden"})
_OF_LEAVING: Final = frozenset({"emigratie", "in-buitenland", "verhuisd.emigratie", "verhuisd.in-buitenland"})


class BrpOptions(Options):
    """What is known of the answers.

    Args:
        source: the source of what BRP says, as in the index's register: `brp`, or when several publishers of one
            region read BRP, each its own.
        fields_asked: the fields that were asked; what is left out of an answer to that question is not so.
    """

    source: str = Field(default="brp", pattern=r"^(brp|gemeente:[0-9]{4}|oin:[0-9]{20})$")
    fields_asked: tuple[str, ...] = FIELDS


def read(message: Message, options: BrpOptions = BrpOptions()) -> Iterator[Reading]:  # noqa: B008 - frozen
    """Read an answer, one person, an event, or a list of any of these. See `reading.MessageReader`.

    Yields:
        Per person at most one reading about death, one about guardianship and one about where she lives, in the
        order in which they stand in the file.

    Raises:
        FileRefused: not strict JSON, too large, or none of these.
    """
    answer = _Answer(message, options)
    return once_whole(answer.read, message, options.max_bytes)


FORMAT: Final = Format(read, "BRP: answers of Personen bevragen 2.7.0, and events", BrpOptions)


class _Answer:
    """One file of BRP being read."""

    def __init__(self, message: Message, options: BrpOptions) -> None:
        self._message = message
        self._options = options

    def read(self, stream: BinaryIO) -> Iterator[Reading]:
        """Yield what it says, as it is walked."""
        walked = walk(stream, self._message.name, {(), (_PERSONS,)}, self._options.max_bytes)
        _, root = next(walked)
        if root is Opened.OBJECT:
            yield from self._document(walked)
        elif root is Opened.LIST:
            yield from self._list(walked)
        else:
            raise FileRefused("unsupported-message", self._message.name)

    def _document(self, walked: Iterator[tuple[Place, Json | Opened]]) -> Iterator[Reading]:
        members: dict[str, Json] = {}
        found: int | None = None
        for place, value in walked:
            match place:
                case ("personen", int()):
                    found = (found or 0) + 1
                    yield from self._person(value, place)
                case ("personen",) if value is Opened.LIST or value is None:
                    found = 0
                case ("personen", *_) if found is None:
                    found = 1
                    yield self._malformed(place[:1])
                case (str() as key,):
                    members[key if key in _KEPT else _OTHER] = None if isinstance(value, Opened) else value
        if found is None:
            yield from self._record(members, ())
        elif not found:
            yield self._nothing("nothing-found", (_PERSONS,))

    def _list(self, walked: Iterator[tuple[Place, Json | Opened]]) -> Iterator[Reading]:
        is_empty = True
        for place, value in walked:
            is_empty = False
            listed = value.get(_PERSONS) if isinstance(value, dict) else None
            if isinstance(listed, list):
                for number, person in enumerate(listed):
                    yield from self._person(person, (*place, _PERSONS, number))
            elif isinstance(value, dict) and _is_known(value):
                yield from self._record(value, place)
            else:
                yield self._malformed(place)
        if is_empty:
            yield self._nothing("nothing-found", ())

    def _record(self, record: Mapping[str, Json], place: Place) -> Iterator[Reading]:
        """Read what stands by itself: a person, an event or a fault."""
        fault = fault_in(record)
        if persons.READ & record.keys():
            yield from self._person(record, place)
        elif "specversion" in record:
            yield from self._event(record, place)
        elif fault:
            yield SourceUnavailable(self._position(place), self._options.source, None, fault)
        else:
            raise FileRefused("unsupported-message", self._position(place))

    def _person(self, value: Json | Opened | Mapping[str, Json], place: Place) -> Iterator[Reading]:
        if not isinstance(value, dict):
            yield self._malformed(place)
            return
        yield from persons.readings(value, self._told(place), self._options.fields_asked)

    def _event(self, event: Mapping[str, Json], place: Place) -> Iterator[Reading]:
        """Read an event; one that says nothing of a person it names asks for a look-up, as those without her do."""
        held = event.get("data")
        record = dict(held) if isinstance(held, dict) else {}
        bsn = read_bsn(record.get(persons.PERSON))
        said: list[Reading] = []
        if not isinstance(bsn, str):
            said += _event_about(bsn, record, _happened(event), self._told(place, event.get("time")))
        elif bsn != "bsn-missing":
            said.append(Quarantined(bsn, self._position(place), None, self._options.source))
        yield from said or [self._nothing("look-up-needed", place)]

    def _told(self, place: Place, time: Json = None) -> persons.Told:
        """Date what is said: by the event's own time, which cannot lie after it came in, or by when it came in."""
        received = self._message.received
        told = read_moment(time) if isinstance(time, str) else None
        return persons.Told(self._options.source, min(told or received, received), self._position(place))

    def _nothing(self, code: str, place: Place) -> Nothing:
        return Nothing(code, self._position(place), self._options.source)

    def _malformed(self, place: Place) -> Quarantined:
        return Quarantined("record-malformed", self._position(place), None, self._options.source)

    def _position(self, place: Place) -> str:
        return written(self._message.name, place)


def _is_known(record: Mapping[str, Json]) -> bool:
    """Whether it is a person, an event or a fault."""
    return bool(persons.READ & record.keys()) or "specversion" in record or fault_in(record) is not None


def _happened(event: Mapping[str, Json]) -> str:
    """Return what an event's name says happened to the person it is about: of `nl.brp.overlijden` the last part."""
    name = event.get("type")
    found = _EVENT_NAME.fullmatch(name) if isinstance(name, str) else None
    return found["what"] if found else ""


def _event_about(bsn: Bsn, record: Mapping[str, Json], what: str, told: persons.Told) -> Iterator[Reading]:
    happened: Mapping[str, Json] = {"overlijden": {}} if what in _OF_DEATH else {}
    person = persons.Person({**happened, **record}, bsn, told)
    yield from person.death(absence_tells=False)
    yield from person.residence(has_left=what in _OF_LEAVING)
