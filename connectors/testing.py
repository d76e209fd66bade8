"""The contract every message format keeps, as tests an author runs over her own samples.

    class TestMySource(FormatContract):
        format = my_source.FORMAT
        samples = (Sample(Path("answer.json").read_bytes(), observations=2),)

Invariants:
1. No test here knows a format: what holds for one holds for all, or it does not belong here.
2. Every leaf of a sample is replaced in turn, by a word, by a number and by a person: none of them comes out.

This is not proof that a reader understands its messages; only a table of golden cases shows that.
"""

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from typing import ClassVar, Final

from .explanations import EXPLANATIONS
from .formats import Format
from .planting import planted
from .reading import (
    FileRefused,
    Message,
    MessageReader,
    Nothing,
    Observation,
    Quarantined,
    Reading,
    Residence,
    SourceUnavailable,
    moment_order,
    read_source,
)
from .trajecten import FlagWish, TrajectRecord, flags, merge
from .verdicts import judge

NAME: Final = "bericht"
RECEIVED: Final = datetime(2026, 4, 14, 8, tzinfo=UTC)
AS_OF: Final = date(2026, 4, 15)

_REGISTER_OF_PERSONS: Final = "brp"
"""The one source without a number."""

_MUNICIPALITY: Final = re.compile(r"[0-9]{4}")
_STRANGERS: Final[Sequence[str]] = ("Zqvulling", "999900018", "Zq<&\"';,7")
"""Put in the place of every leaf: a word, somebody else's BSN, and what breaks careless quoting."""

_MOMENTS: Final[Sequence[str]] = (
    *("0001-01-01", "9999-12-31", "00010101", "99991231"),
    *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "9999-12-31T23:59:59Z"),
    "2026-01-08T09:30:00",
)
"""Put there too: days at the ends of the calendar, moments their offset carries out of it, and one without offset."""

_TRAJECT: Final = re.compile(r"[0-9a-f]{32}")

_CUTS: Final = 40
_HOSTILE: Final[Mapping[str, bytes]] = {
    "nothing": b"",
    "only space": b" \n\t ",
    "gzip": b"\x1f\x8b\x08\x00" + b"\0" * 64,
    "zip": b"PK\x03\x04" + b"\0" * 64,
    "every byte": bytes(range(256)) * 10,
    "UTF-16 without its mark": "<a>ë</a>".encode("utf-16-le"),
    "a DOCTYPE": b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
    "a key twice": b'{"a": 1, "a": 2}',
    "not a number": b'{"a": NaN}',
    "deep JSON": b"[" * 100_000,
    "deep XML": b"<a>" * 100_000,
    "another message": b'<?xml version="1.0"?><Onbekend xmlns="urn:onbekend"><A>1</A></Onbekend>',
    "another document": b'{"onbekend": [{"a": 1}]}',
}


@dataclass(frozen=True)
class Sample:
    """A message of the format, made up, that reads without a fault.

    Args:
        content: its bytes.
        observations: how many trajecten it tells of.
    """

    content: bytes
    observations: int


class FormatContract:
    """Subclass it in a test module, name the format and its samples, and run pytest.

    Args:
        format: under test.
        samples: at least one; together they should use every element the reader looks at.
        settings: of the format, as under `[formats.NAME]`.
        types: signal types it may yield.
        is_in_lines: every line stands by itself, so a file that breaks off leaves all but its last line as it was.
    """

    format: ClassVar[Format]
    samples: ClassVar[Sequence[Sample]]
    types: ClassVar[frozenset[str]]
    settings: ClassVar[Mapping[str, object]] = {}
    is_in_lines: ClassVar[bool] = False

    def test_a_sample_is_read_without_a_fault(self) -> None:
        """Every traject of a sample is understood."""
        for sample in self.samples:
            readings = self._read(sample.content)
            assert not [each for each in readings if isinstance(each, Quarantined)]
            assert sum(isinstance(each, Observation) for each in readings) == sample.observations

    def test_every_word_of_a_reading_comes_from_a_closed_list(self) -> None:
        """Types, sources, municipalities, codes and positions have the form the publisher counts on."""
        for sample in self.samples:
            for reading in self._read(sample.content):
                self._check(reading)

    def test_reading_again_says_the_same(self) -> None:
        """A reader keeps nothing between messages."""
        for sample in self.samples:
            assert self._read(sample.content) == self._read(sample.content)

    def test_the_way_a_message_comes_in_makes_no_difference(self) -> None:
        """In small pieces, or through a pipe that cannot go back."""
        for sample in self.samples:
            expected = self._read(sample.content)
            assert self._read_stream(_Drip(sample.content)) == expected
            assert self._read_stream(_Pipe(sample.content)) == expected

    def test_a_message_that_breaks_off_says_nothing(self) -> None:
        """Whatever was cut off might have said otherwise."""
        for sample in self.samples:
            whole = set(map(_essence, self._read(sample.content)))
            content = sample.content.rstrip()
            for length in range(1, len(content), max(1, len(content) // _CUTS)):
                told = self._read_or_refuse(content[:length])
                if isinstance(told, FileRefused):
                    continue
                assert self.is_in_lines, f"cut off after {length} bytes, it still said {told}"
                assert set(map(_essence, told[:-1])) <= whole

    def test_what_is_no_such_message_says_nothing(self) -> None:
        """Refused as a whole, or set aside line by line; never a traject."""
        for name, content in _HOSTILE.items():
            told = self._read_or_refuse(content)
            if not isinstance(told, FileRefused):
                assert not [each for each in told if isinstance(each, Observation)], name

    def test_a_message_over_the_limit_is_refused(self) -> None:
        """The limit counts bytes, and one below the size is too little."""
        for sample in self.samples:
            size = len(sample.content)
            narrow = self.format.reader({**self.settings, "max_bytes": size - 1})
            enough = self.format.reader({**self.settings, "max_bytes": size})
            assert _refusal_of(narrow, sample.content) == "too-large"
            assert _refusal_of(enough, sample.content) is None

    def test_nothing_of_a_message_but_existence_comes_out(self) -> None:
        """Each leaf is replaced in turn; what it was replaced by is in no reading, position or refusal."""
        for sample in self.samples:
            for stranger in _STRANGERS:
                for content in planted(sample.content, stranger):
                    assert stranger not in self._everything_said(content)

    def test_whatever_moment_a_message_names_its_readings_can_be_put_in_order(self) -> None:
        """A moment out of range is set aside like any other value; a message is never too odd to take in."""
        for sample in self.samples:
            for moment in _MOMENTS:
                for content in planted(sample.content, moment):
                    told = self._read_or_refuse(content)
                    for reading in () if isinstance(told, FileRefused) else told:
                        self._check_moments(reading)

    def test_messages_add_up_the_same_in_every_order(self) -> None:
        """And any number of times: a message that is seen twice or late changes nothing."""
        told = [self._dated(sample.content, number) for number, sample in enumerate(self.samples[:4])]
        totals = [_total(order) for order in permutations(told)]
        totals.append(_total([*told, *told]))
        assert all(total == totals[0] for total in totals)

    def _check(self, reading: Reading) -> None:
        assert reading.position.startswith(NAME), "a position begins with the name of the message"
        if isinstance(reading, Quarantined | SourceUnavailable | Nothing):
            assert reading.code in EXPLANATIONS
            assert reading.type is None or reading.type in self.types
        source, municipality = getattr(reading, "source", None), getattr(reading, "municipality", None)
        assert source in (None, _REGISTER_OF_PERSONS) or source == read_source(source), source
        assert municipality is None or _MUNICIPALITY.fullmatch(municipality)
        if isinstance(reading, Observation):
            assert reading.type in self.types
            assert _TRAJECT.fullmatch(reading.traject), "a traject is named by its `traject_key`"
            assert reading.note is None or reading.note in EXPLANATIONS

    def _check_moments(self, reading: Reading) -> None:
        judge(reading, AS_OF)
        if isinstance(reading, Observation | Residence):
            stated = reading.stated_on
            assert not isinstance(stated, datetime) or stated.tzinfo, "a moment needs its offset"
            assert moment_order(stated)

    def _read(self, content: bytes) -> list[Reading]:
        return self._read_stream(io.BytesIO(content))

    def _read_stream(self, stream: io.BytesIO) -> list[Reading]:
        return list(self.format.reader(self.settings)(Message(stream, NAME, RECEIVED)))

    def _read_or_refuse(self, content: bytes) -> list[Reading] | FileRefused:
        try:
            return self._read(content)
        except FileRefused as error:
            refusal = error
        assert refusal.code in EXPLANATIONS
        assert refusal.code != "format-fault", refusal.position
        assert refusal.position.startswith(NAME)
        assert refusal.__context__ is None, "a parser's own error may quote the message"
        return refusal

    def _everything_said(self, content: bytes) -> str:
        told = self._read_or_refuse(content)
        if isinstance(told, FileRefused):
            return f"{told}{told.position}"
        return "".join(repr(each) + getattr(each, "traject", "") for each in told)

    def _dated(self, content: bytes, number: int) -> list[Observation]:
        """The observations of a message that came in a while after the others."""
        message = Message(io.BytesIO(content), NAME, RECEIVED + timedelta(hours=number))
        readings = self.format.reader(self.settings)(message)
        return [each for each in readings if isinstance(each, Observation)]


class _Drip(io.BytesIO):
    """A stream that gives a few bytes at a time, as a slow network does."""

    def read(self, size: int | None = -1) -> bytes:
        return super().read(7 if size is None or size < 0 or size > 7 else size)


class _Pipe(io.BytesIO):
    """A stream that cannot go back."""

    def seekable(self) -> bool:
        return False


def _refusal_of(reader: MessageReader, content: bytes) -> str | None:
    try:
        list(reader(Message(io.BytesIO(content), NAME, RECEIVED)))
    except FileRefused as refusal:
        return refusal.code
    return None


def _essence(reading: Reading) -> str:
    """What a reading says, wherever it stands."""
    if isinstance(reading, Observation):
        return repr(reading._replace(position=""))
    return repr(replace(reading, position=""))


def _total(messages: Sequence[Sequence[Observation]]) -> list[FlagWish]:
    records: dict[tuple[object, ...], TrajectRecord] = {}
    for seen in (each for message in messages for each in message):
        records[seen.identity] = merge(records.get(seen.identity), seen)
    return sorted(
        flags(records.values(), AS_OF), key=lambda wish: (wish.person.digits, wish.source, wish.type)
    )
