"""What the two kinds of DDAS delivery share: a dated header, and per organisation a list of records.

Invariants:
1. One record is held at a time, and of what stands around the records only the members this reading needs.
2. The order of members means nothing in JSON. What a record needs to know and what stands behind it (the date, who
   delivers) is looked up ahead, by walking the file once more; nothing waits in memory.
3. What names a record in a position is its place, numbers and words of the format, never a value.

Whoever writes a delivery can at most misstate what runs at the organisation it names as its sender.

Source: DDAS uitwisselmodellen schuldhulpverlening v0.9 to v1.0 and vroegsignalering v0.9 to v1.2 (VNG-Realisatie).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import BinaryIO, Final, NamedTuple

from connectors.parsing.strict_json import ITEM, Json, Opened, Place, walk
from connectors.reading import FileRefused, Quarantined, read_bsn, read_municipality, read_source
from crypto.chain import Bsn

DELIVERIES: Final = "leveringen"
DELIVERIES_MAX: Final = 50_000
"""In one file, when their senders stand behind their records; there are 342 municipalities."""

_NUMBERS: Final = ("KvK-nummer", "kvk-nummer", "gemeentecode")
_NUMBER_CHARACTERS: Final = 40  # with room for spaces around it
_DATES: Final = ("aanleverdatumEnTijd", "einddatumLevering")

# How many steps lead to it.
_FILE, _MEMBER, _DELIVERY, _PART, RECORD_STEPS = range(5)


class Sender(NamedTuple):
    """Who delivers, as far as it could be read.

    Args:
        source: typed identifier; None when there is no usable one.
        municipality: CBS code of four digits.
    """

    source: str | None
    municipality: str | None


class Delivery(NamedTuple):
    """What the records of one delivery have in common.

    Args:
        number: counts from 0 within the file.
        stated_on: aware; when the file was made.
        place: of its list of records.
    """

    number: int
    sender: Sender
    stated_on: datetime
    place: str


Record = tuple[Delivery, int, Json]
"""One record: its delivery, its number from 0 in there, and what it says."""


@dataclass(frozen=True)
class Form:
    """What one kind of delivery calls its parts.

    Args:
        records: the list of records in a delivery.
        type: of the signals that come from it, for what is set aside.
        about_sender: members of a delivery that say who delivers, and what this reading calls each.
        sender: makes the sender from those.
        passed_over: other lists in a delivery, which can be long.
        foreign: lists that only the other kind of delivery has.
    """

    records: str
    type: str
    about_sender: Mapping[str, str]
    sender: Callable[[Mapping[str, Json]], Sender]
    passed_over: frozenset[str]
    foreign: frozenset[str]

    def walk(self, stream: BinaryIO, name: str, max_bytes: int) -> Iterator[tuple[Place, Json | Opened]]:
        """Walk a file, record by record; raises as `strict_json.walk` does."""
        lists = {self.records, *self.passed_over, *self.foreign}
        opened = {(), (DELIVERIES,), (DELIVERIES, ITEM), *((DELIVERIES, ITEM, each) for each in lists)}
        return walk(stream, name, opened, max_bytes)


def records(stream: BinaryIO, name: str, max_bytes: int, form: Form) -> Iterator[Record | Quarantined]:
    """Read one file of deliveries.

    Args:
        stream: can go back; read from its present position to its end.
        name: what positions call it.
        max_bytes: of the whole file.
        form: which of the two kinds.

    Yields:
        The records in document order; `Quarantined` for a delivery or a list that is not what it should be.

    Raises:
        FileRefused: not strict JSON, not a delivery of this kind, or a header without a usable date.
    """
    around = _Around(name, form, ahead=lambda: _look_ahead(stream, begin, name, max_bytes, form))
    begin = stream.tell()
    delivery: Delivery | None = None
    for place, value in form.walk(stream, name, max_bytes):
        if len(place) == RECORD_STEPS:
            _, index, part, number = place
            if part == form.records and isinstance(number, int):
                delivery = delivery or around.delivery(index)
                assert not isinstance(value, Opened)  # only its list is walked
                yield delivery, number, value
            continue
        delivery = None
        around.take(place, value)
        if len(place) == _DELIVERY and value is not Opened.OBJECT:
            yield Quarantined("record-malformed", f"{name}: {DELIVERIES}[{place[1]}]", type=form.type)
        elif len(place) == _PART and place[2] == form.records and value not in (Opened.LIST, None):
            source, _ = around.delivery(place[1]).sender
            yield Quarantined("record-malformed", around.place(place[1]), None, source, form.type)
    around.check_end()


def client_bsn(client: Mapping[str, Json]) -> Bsn | str:
    """Read the BSN of a client; when there is none, the code that says why."""
    number, other = client.get("Burgerservicenummer"), client.get("burgerservicenummer")
    if not other:
        return read_bsn(number)
    return "bsn-ambiguous" if number and number != other else read_bsn(other)


def source_of(kvk_number: Json, municipality: str | None) -> str | None:
    """Return who delivers; a municipality that delivers for itself leaves the KvK number out and is its own code."""
    if kvk_number is None or kvk_number == "":
        return f"gemeente:{municipality}" if municipality else None
    stripped = kvk_number.strip() if isinstance(kvk_number, str) else ""
    return read_source(f"kvk:{stripped}")


def municipality_of(record: Mapping[str, Json]) -> str | None:
    """Return the municipality a record names; None when it names none that can be read."""
    code = record.get("gemeentecode")
    return read_municipality(code) if isinstance(code, str) else None


class _Around:
    """What was seen so far of what stands around the records.

    Args:
        ahead: sees the file to its end; asked at most once, and only when a record comes before what it needs.
    """

    def __init__(self, name: str, form: Form, *, ahead: Callable[[], "_Around"] | None = None) -> None:
        self._name = name
        self._form = form
        self._ahead = ahead
        self._known: _Around | None = None
        self._header: dict[str, Json] = {}
        self._senders: dict[str | int, dict[str, Json]] = {}
        self._has_deliveries = False

    def take(self, place: Place, value: Json | Opened) -> None:
        """Remember what will be needed, and refuse what is no delivery of this kind."""
        if len(place) == _FILE and value is not Opened.OBJECT:
            raise FileRefused("not-ddas", self._name)
        if len(place) == _MEMBER:
            self._take_member(place[0], value)
        elif len(place) == _DELIVERY:
            if self._ahead:
                self._senders.clear()  # the walk that yields has no use for those behind it
            elif len(self._senders) >= DELIVERIES_MAX:
                raise FileRefused("too-large", f"{self._name}: {DELIVERIES}[{place[1]}]")
            self._senders[place[1]] = {}
        elif len(place) == _PART:
            self._take_part(place[1], place[2], value)

    def delivery(self, index: str | int) -> Delivery:
        """What the records of one delivery have in common."""
        header_is_known = bool(self._header.get(_DATES[0]))
        sender_is_known = len(self._senders[index]) == len(set(self._form.about_sender.values()))
        whole = self if header_is_known and sender_is_known else self._to_the_end()
        return Delivery(int(index), whole.sender(index), whole.stated_on(), self.place(index))

    def sender(self, index: str | int) -> Sender:
        """Who makes a delivery, from what was seen of it."""
        return self._form.sender(self._senders.get(index, {}))

    def place(self, index: str | int) -> str:
        """Where the records of a delivery stand."""
        return f"{self._name}: {DELIVERIES}[{index}].{self._form.records}"

    def stated_on(self) -> datetime:
        """When the file was made; the last day it is about when that is not filled in."""
        for key in _DATES:
            value = self._header.get(key)
            if value is None or value == "":
                continue
            moment = _moment(value) if isinstance(value, str) else None
            if moment is None:
                raise FileRefused("header-invalid", f"{self._name}: {key}")
            return moment
        raise FileRefused("header-invalid", f"{self._name}: {_DATES[0]}")

    def check_end(self) -> None:
        """Refuse a file that came to its end without what every delivery has."""
        if not self._has_deliveries:
            raise FileRefused("not-ddas", self._name)
        self.stated_on()

    def _to_the_end(self) -> "_Around":
        if self._ahead and self._known is None:
            self._known = self._ahead()
        return self._known or self

    def _take_member(self, key: str | int, value: Json | Opened) -> None:
        if key == DELIVERIES:
            self._has_deliveries = True
            if value is not Opened.LIST:
                raise FileRefused("not-ddas", self._name)
        elif key in _DATES and not isinstance(value, Opened):
            self._header[str(key)] = value

    def _take_part(self, index: str | int, key: str | int, value: Json | Opened) -> None:
        place = f"{self._name}: {DELIVERIES}[{index}]"
        if key in self._form.foreign:
            raise FileRefused("unsupported-message", place)
        called = self._form.about_sender.get(str(key))
        if called is None or value is None or isinstance(value, Opened):
            return
        if called in self._senders[index]:
            raise FileRefused("header-invalid", place)  # under its old and its new name
        self._senders[index][called] = _kept(value)


def _look_ahead(stream: BinaryIO, begin: int, name: str, max_bytes: int, form: Form) -> _Around:
    """Walk the file to its end for what stands around its records; the stream stays where it is."""
    around, here = _Around(name, form), stream.tell()
    stream.seek(begin)
    for place, value in form.walk(stream, name, max_bytes):
        if len(place) < RECORD_STEPS:
            around.take(place, value)
    stream.seek(here)
    return around


def _kept(value: Json) -> Json:
    """Return what is needed of a member about the sender: its contacts are not, and no number is long."""
    if isinstance(value, dict):
        return {key: _kept(value[key]) for key in _NUMBERS if key in value}
    return False if isinstance(value, str) and len(value) > _NUMBER_CHARACTERS else value


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.strip())
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        moment.astimezone(UTC)  # out of range when the offset carries it past the first or last year
    except (ValueError, OverflowError):
        return None
    return moment
