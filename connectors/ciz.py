"""Wlz decisions (Indicatieregister of CIZ, GraphQL): who has a decision on long-term care, since when and until when.

Invariants:
1. Of a decision its number and its days are read; ground, disorder, limitation, care profile, remarks and everything
   about the client but her number never are.
2. An answer with errors is not a full answer: what it holds is read, and the source shows as not current.
3. A notification names no person, so it asks for a look-up and says nothing by itself.

A decision that CIZ deletes is in no later answer, and what is in no answer ends nothing: its flag stays.

Source: iWlz Indicatieregister 1.2.0 to 1.6.5, schema and notifications; GraphQL, October 2021, section 7.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import BinaryIO, Final, NamedTuple

from pydantic import Field

from connectors.formats import Format, Options
from connectors.parsing import once_whole
from connectors.parsing.problem import FAULT, MEMBERS, NOT_ENTITLED, fault_in
from connectors.parsing.strict_json import Json, Opened, Pattern, Place, walk, written
from connectors.reading import (
    FileRefused,
    Kind,
    Message,
    Nothing,
    Observation,
    Quarantined,
    Reading,
    SourceUnavailable,
    read_bsn,
    read_filled_day,
    traject_key,
)
from crypto.chain import Bsn

TYPE: Final = "wlz-indicatie"

CIZ: Final = "kvk:62253778"
"""What CIZ calls itself in its notifications (`afzenderIDType` KVK)."""

_DATA: Final = "data"
_QUERIES: Final = frozenset({"wlzIndicatie", "getWlzIndicatiesVoorBsn", "getWlzIndicatieVoorIndicatieID"})
_OPENED: Final[frozenset[Pattern]] = frozenset({(), (_DATA,), *((_DATA, query) for query in _QUERIES)})
_READ: Final = frozenset({"bsn", "client", "besluitnummer", "ingangsdatum", "einddatum", "vervaldatum"})
_NOTIFIES: Final = frozenset({"eventType", "subjectList", "specversion"})
_KEPT: Final = frozenset({"errors"}) | _NOTIFIES | MEMBERS

# The scalar is a local date; since change request 24010 a time zone may follow, which does not move the day.
_DAY: Final = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:Z|[+-][0-9]{2}:[0-9]{2}|T.*)?")
# The codes of the usual servers (UNAUTHENTICATED, FORBIDDEN, AUTH_NOT_AUTHORIZED) and the words of the others.
_DENIAL: Final = re.compile(r"\b(?:un)?auth|autoris|forbidden|denied|\b40[13]\b", re.IGNORECASE)


class CizOptions(Options):
    """What is known of the answers.

    Args:
        source: the source of what CIZ says, as in the index's register.
    """

    source: str = Field(default=CIZ, pattern=r"^(kvk:[0-9]{8}|oin:[0-9]{20}|uzovi:[0-9]{4})$")


class _Told(NamedTuple):
    """What a decision says, once it proved usable."""

    kind: Kind
    start: date | None
    end: date | None = None
    note: str | None = None


def read(message: Message, options: CizOptions = CizOptions()) -> Iterator[Reading]:  # noqa: B008 - frozen
    """Read an answer of the register, a notification, or a list of these. See `reading.MessageReader`.

    Yields:
        One reading per decision, in the order they stand in the file; after them, that there were errors.

    Raises:
        FileRefused: not strict JSON, too large, or none of these.
    """
    return once_whole(lambda stream: _read(stream, message, options), message, options.max_bytes)


FORMAT: Final = Format(read, "CIZ: answers of the Wlz Indicatieregister, and notifications", CizOptions)


def _read(stream: BinaryIO, message: Message, options: CizOptions) -> Iterator[Reading]:
    walked = walk(stream, message.name, _OPENED, options.max_bytes)
    _, root = next(walked)
    if root is Opened.OBJECT:
        yield from _Document(message, options.source, ()).readings(walked)
    elif root is Opened.LIST:
        for place, value in walked:
            pieces = _pieces(value) if isinstance(value, dict) else iter(())
            yield from _Document(message, options.source, place).readings(pieces)
    else:
        raise FileRefused("unsupported-message", message.name)


class _Document:
    """One answer or notification being read.

    Args:
        message: it stands in.
        source: of what it says.
        at: where it stands.
    """

    def __init__(self, message: Message, source: str, at: Place) -> None:
        self._message = message
        self._source = source
        self._at = at
        self._members: dict[str, Json] = {}
        self._has_data = self._is_answer = False

    def readings(self, pieces: Iterator[tuple[Place, Json | Opened]]) -> Iterator[Reading]:
        """Yield what it says.

        Args:
            pieces: as `strict_json.walk` gives them, the root left out.
        """
        is_empty = True
        for place, record in self._records(pieces):
            is_empty = False
            yield self._decision(record, place)
        fault = self._fault()
        if fault is not None:
            yield SourceUnavailable(self._position(()), self._source, None, fault)
        elif is_empty:
            yield Nothing(self._why_empty(), self._position(()), self._source)

    def _records(self, pieces: Iterator[tuple[Place, Json | Opened]]) -> Iterator[tuple[Place, Json]]:
        """Yield the decisions, and keep of the rest what tells an answer from a notification and from a fault."""
        single: dict[str, dict[str, Json]] = {}  # the members of the one decision a query found, per query
        for place, value in pieces:
            held = None if isinstance(value, Opened) else value
            match place:
                case ("data", _, int()):
                    yield place, held
                case ("data", str() as query, str() as key) if key in _READ:
                    single.setdefault(query, {})[key] = held
                case ("data", str() as query):
                    self._is_answer = self._is_answer or query in _QUERIES
                    self._members |= {query: held} if query in _NOTIFIES else {}
                    yield from _under_another_name(place, held)
                case ("data",):
                    self._has_data = value is Opened.OBJECT
                case (str() as key,) if key in _KEPT:
                    self._members[key] = held
        for query, record in single.items():
            yield (_DATA, query), record

    def _fault(self) -> str | None:
        """Return why the answer is not full, or not there; None when it is."""
        errors = self._members.get("errors")
        if errors:
            denials = (_is_denial(error) for error in (errors if isinstance(errors, list) else ()))
            return NOT_ENTITLED if any(denials) else FAULT
        if self._has_data or self._members.keys() & _NOTIFIES:
            return None
        return fault_in(self._members)

    def _why_empty(self) -> str:
        if self._is_answer:
            return "nothing-found"
        if self._members.keys() & _NOTIFIES:
            return "look-up-needed"
        raise FileRefused("unsupported-message", self._position(()))

    def _decision(self, record: Json, place: Place) -> Reading:
        where = self._position(place)
        if not isinstance(record, dict):
            return Quarantined("record-malformed", where, None, self._source, TYPE)
        person = _person(record)
        number = _number(record.get("besluitnummer"))
        told = _told(record) if number else "record-malformed"
        if isinstance(person, str) or isinstance(told, str):
            code = person if isinstance(person, str) else told
            assert isinstance(code, str)
            known = None if isinstance(person, str) else person
            return Quarantined(code, where, known, self._source, TYPE)
        return Observation(
            person=person,
            source=self._source,
            type=TYPE,
            traject=traject_key("wlz", number),
            kind=told.kind,
            start=told.start,
            end=told.end,
            stated_on=self._message.received,
            message="",
            municipality=None,
            position=where,
            note=told.note,
            replaces=True,  # the register states the whole decision anew each time
        )

    def _position(self, place: Place) -> str:
        # Whoever asks can give a query any name, so only the register's own names are shown.
        shown = tuple(part for part in place if isinstance(part, int) or part in _QUERIES | {_DATA})
        return written(self._message.name, (*self._at, *shown))


def _pieces(document: Mapping[str, Json]) -> Iterator[tuple[Place, Json | Opened]]:
    """Take an answer that is held whole apart as `walk` does one that stands by itself."""
    for key, value in document.items():
        if key == _DATA and isinstance(value, dict):
            yield (key,), Opened.OBJECT
            yield from (((key, query), result) for query, result in value.items())
        else:
            yield (key,), value


def _under_another_name(place: Place, result: Json) -> Iterator[tuple[Place, Json]]:
    """Yield the decisions in the result of a query, given whole because its asker gave it a name of her own."""
    if isinstance(result, list):
        listed: list[tuple[Place, Json]] = [((*place, number), item) for number, item in enumerate(result)]
    else:
        listed = [(place, result)]
    yield from (each for each in listed if isinstance(each[1], dict) and _READ & each[1].keys())


def _is_denial(error: Json) -> bool:
    told = error if isinstance(error, dict) else {}
    extensions = told.get("extensions")
    words = [told.get("message"), *(extensions.values() if isinstance(extensions, dict) else ())]
    return any(_DENIAL.search(str(word)) for word in words if isinstance(word, str | int))


def _person(record: Mapping[str, Json]) -> Bsn | str:
    """Return whose decision it is, or the code that says why that is not clear; the client may say it instead."""
    client = record.get("client")
    told = [record.get("bsn"), client.get("bsn") if isinstance(client, dict) else None]
    named = {read_bsn(number) for number in told if number is not None} or {read_bsn(None)}
    return named.pop() if len(named) == 1 else "bsn-ambiguous"


def _number(value: Json) -> str:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if is_number else value.strip() if isinstance(value, str) else ""


def _told(record: Mapping[str, Json]) -> _Told | str:
    """Return what a decision says, or the code that says why it cannot be used."""
    start = _day(record.get("ingangsdatum"))
    if not isinstance(start, date):
        return "start-missing" if start is None else "start-invalid"
    last, lapsed = _day(record.get("einddatum")), _day(record.get("vervaldatum"))
    if isinstance(last, str) or isinstance(lapsed, str):
        return "end-invalid"
    if lapsed is not None and lapsed < start:
        return _Told(Kind.NOT_A_TRAJECT, None, note="never-ran")
    if last is not None and last < start:
        return "end-before-start"
    return _Told(Kind.STATE, start, min((day for day in (last, lapsed) if day is not None), default=None))


def _day(value: Json) -> date | str | None:
    """Return a day, whatever time zone stands behind it; see `read_filled_day`."""
    found = _DAY.fullmatch(value.strip()) if isinstance(value, str) else None
    return read_filled_day(found[1] if found else value)
