"""One canonical byte encoding for everything that is signed, hashed or sealed, and the calendar month.

Invariants:
1. `encode` is injective on (label, field bytes): two different lists of fields never share an encoding, and
   no encoding is a prefix of another.
2. `decode` accepts exactly what `encode` makes: there is one encoding per list of fields.

Types are not part of the encoding (the number 1 and its eight bytes look the same), so each label stands for
one fixed list of field types.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, date
from functools import lru_cache
from typing import Final, Self

from crypto.errors import MalformedInput

_PREFIX_BYTES: Final = 4
_PREFIX_LIMIT: Final = 1 << 32
_INT_BYTES: Final = 8
_INT_LIMIT: Final = 1 << 64
_MONTHS: Final = 12
_MONTH_TEXT: Final = re.compile(r"([0-9]{4})-([0-9]{2})")


def encode(label: str, *fields: bytes | int | str) -> bytes:
    """Encode a labelled list of fields.

    Layout: label, field count, fields. Label and fields each have a four-byte big-endian length before them;
    the count is four bytes big-endian; numbers are eight bytes big-endian; text is UTF-8.

    Args:
        label: Names the use, so that bytes made for one use are never valid in another.
        fields: In the fixed order that belongs to the label.

    Raises:
        MalformedInput: A number is negative or over 64 bits, or a text has no UTF-8 form.
    """
    parts = [_head(label, len(fields))]
    for field in fields:
        content = field if type(field) is bytes else _field(field)
        if len(content) >= _PREFIX_LIMIT:
            raise MalformedInput("a field is too long to encode")
        parts.append(len(content).to_bytes(_PREFIX_BYTES, "big"))
        parts.append(content)
    return b"".join(parts)


def encode_texts(texts: Iterable[str]) -> list[bytes]:
    """Return `encode_field` of each, at half the cost.

    Raises:
        MalformedInput: A text has no UTF-8 form.
    """
    try:
        contents = [text.encode("utf-8") for text in texts]
    except UnicodeEncodeError:
        raise MalformedInput("a text field has no UTF-8 form") from None  # as in `_text`
    return [len(content).to_bytes(_PREFIX_BYTES, "big") + content for content in contents]


@lru_cache(maxsize=1024, typed=True)  # only what stays the same in a process is written this way
def beginning(label: str, count: int, *constants: int | str) -> bytes:
    """Return how an encoding of `count` fields begins when these are the first; `encode_field` gives each other one.

    Args:
        label: As for `encode`.
        count: Of all fields.
        constants: Nothing about a person, for it is remembered.
    """
    return _head(label, count) + b"".join(map(encode_field, constants))


def encode_field(field: bytes | int | str) -> bytes:
    """Encode one field, as it stands within `encode`.

    Raises:
        MalformedInput: As for `encode`.
    """
    content = field if type(field) is bytes else _field(field)
    if len(content) >= _PREFIX_LIMIT:
        raise MalformedInput("a field is too long to encode")
    return len(content).to_bytes(_PREFIX_BYTES, "big") + content


def encode_each(fields: Sequence[bytes]) -> list[bytes]:
    """Encode one field each, as `encode_field` does: what thousands of encodings differ in.

    Raises:
        MalformedInput: as `encode` does.
    """
    prefixes = {
        length: encode_field(bytes(length))[:_PREFIX_BYTES] for length in {len(each) for each in fields}
    }
    return [prefixes[len(each)] + each for each in fields]


@lru_cache(maxsize=256)  # one entry per use; labels are constants of the code
def _head(label: str, count: int) -> bytes:
    """Return what stands before the fields."""
    text = _text(label)
    if len(text) >= _PREFIX_LIMIT:
        raise MalformedInput("a label is too long to encode")
    return len(text).to_bytes(_PREFIX_BYTES, "big") + text + count.to_bytes(_PREFIX_BYTES, "big")


def decode(label: str, data: bytes, count: int) -> tuple[bytes, ...]:
    """Take apart what `encode` made, strictly.

    Args:
        label: The only label that is accepted.
        data: The whole encoding, nothing before or after it.
        count: The only number of fields that is accepted.

    Raises:
        MalformedInput: Other label, other count, too short, or bytes left over.
    """
    head = _head(label, count)
    if not data.startswith(head):
        raise MalformedInput("other label or field count than expected")
    fields = []
    offset = len(head)
    for _ in range(count):
        field, offset = _take(data, offset)
        fields.append(field)
    if offset != len(data):
        raise MalformedInput("bytes left over after the last field")
    return tuple(fields)


def decode_int(field: bytes) -> int:
    """Read a field that `encode` made from a number.

    Raises:
        MalformedInput: Not exactly eight bytes.
    """
    if len(field) != _INT_BYTES:
        raise MalformedInput("a number field must be eight bytes")
    return int.from_bytes(field, "big")


def _take(data: bytes, offset: int) -> tuple[bytes, int]:
    start = offset + _PREFIX_BYTES
    end = start + int.from_bytes(data[offset:start], "big")
    if end > len(data):
        raise MalformedInput("a field is cut short")
    return data[start:end], end


def _field(field: bytes | int | str) -> bytes:
    if isinstance(field, str):
        return _text(field)
    return field if isinstance(field, bytes) else _number(field)


def _number(value: int) -> bytes:
    # bool is an int in Python; a flag that slips in here is a mistake in the field list.
    if isinstance(value, bool) or not 0 <= value < _INT_LIMIT:
        raise MalformedInput("a number field must be whole, not negative and within 64 bits")
    return value.to_bytes(_INT_BYTES, "big")


def _text(text: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        # The cause would carry the whole text along, which may be personal.
        raise MalformedInput("a text field has no UTF-8 form") from None


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A calendar month, ordered by time.

    Args:
        year: 1 to 9999.
        month: 1 (January) to 12.

    Raises:
        MalformedInput: Outside those ranges.
    """

    year: int
    month: int

    def __post_init__(self) -> None:
        """Refuse a month that does not exist."""
        if not (MINYEAR <= self.year <= MAXYEAR and 1 <= self.month <= _MONTHS):
            raise MalformedInput("no such month")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read exactly `YYYY-MM` in ASCII digits.

        Raises:
            MalformedInput: Any other form, or no such month.
        """
        found = _MONTH_TEXT.fullmatch(text)
        if found is None:
            raise MalformedInput("a month is written as YYYY-MM")
        return cls(int(found[1]), int(found[2]))

    @classmethod
    def of(cls, day: date) -> Self:
        """Return the month a day lies in."""
        return cls(day.year, day.month)

    @classmethod
    def from_index(cls, index: int) -> Self:
        """Return the month with this `index`.

        Raises:
            MalformedInput: The index lies outside the years 1 to 9999.
        """
        year, month = divmod(index, _MONTHS)
        return cls(year, month + 1)

    @property
    def index(self) -> int:
        """Months since January of the year 0: consecutive months have consecutive numbers."""
        return self.year * _MONTHS + self.month - 1

    def plus(self, months: int) -> Self:
        """Return the month this many months later, or earlier when negative.

        Raises:
            MalformedInput: The result lies outside the years 1 to 9999.
        """
        return self.from_index(self.index + months)

    def __str__(self) -> str:
        """Write the month as `YYYY-MM`, which `parse` reads back."""
        return f"{self.year:04d}-{self.month:02d}"
