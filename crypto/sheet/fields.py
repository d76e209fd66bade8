"""What rows are made of: closed lists of codes, fields of a fixed width, and a row that checks what its operation uses.

A row object that exists is well formed: the constructor checks, `encode` cannot fail.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, ClassVar, Final, Self

from crypto.chain import Bsn
from crypto.encoding import Month
from crypto.errors import MalformedInput

MALFORMED_ROW: Final = "malformed-row"
UNKNOWN_CODE: Final = "unknown-code"

TEXT: Final = re.compile(r"[A-Za-z0-9._:@-]+", re.ASCII)
OIN: Final = re.compile(r"[0-9]{20}", re.ASCII)
_CASE_REFERENCE: Final = re.compile(r"[A-Z0-9./-]{3,32}", re.ASCII)
# A BSN is often written 1234.56.782, so dots are looked through. Dashes and slashes are not: they part a year from a
# serial number, and one such reference in eleven would look like a BSN by chance.
_CASE_SEPARATORS: Final = str.maketrans("", "", ".")
_NINE_DIGITS: Final = re.compile(r"(?=([0-9]{9}))", re.ASCII)
_NUMBER_MAX: Final = 2**32 - 1


class MalformedRow(MalformedInput):
    """The row cannot be read, or says more or less than its operation may.

    Args:
        code: reason code of a refusal: `malformed-row` or `unknown-code`.
        message: what is wrong and in which field; never the value.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Coded(StrEnum):
    """A closed list whose members have a byte in a row.

    The byte is for ever: a member that goes out of use keeps its byte. Zero means "not there".
    """

    byte: int

    def __new__(cls, value: str, byte: int = 0) -> Self:
        """Make a member of a value for people and a byte for the wire; looking one up takes the value only."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.byte = byte
        return member


@dataclass(frozen=True)
class Field:
    """One place in a row: its width, and how a value gets in and out of it.

    Args:
        empty: the value that stands for "not used"; it is all zeros in the row.
        pack: value to at most `width` bytes; ValueError when it is not a value of this field.
        unpack: exactly `width` bytes to a value; ValueError or MalformedInput when no value packs to them.
    """

    name: str
    width: int
    empty: object
    pack: Callable[[Any], bytes]
    unpack: Callable[[bytes], object]


def text_field(name: str, width: int, allowed: Callable[[str], object]) -> Field:
    """Make a field of ASCII text, padded with zeros on the right."""

    def pack(value: str) -> bytes:
        if len(value) > width or not allowed(value):
            raise ValueError
        return value.encode("ascii")

    return Field(name, width, "", pack, lambda data: data.rstrip(b"\0").decode("ascii"))


def number_field(name: str) -> Field:
    """Make a field of a whole number of 32 bits."""

    def pack(value: int) -> bytes:
        if not 0 <= value <= _NUMBER_MAX:
            raise ValueError
        return value.to_bytes(4, "big")

    return Field(name, 4, 0, pack, lambda data: int.from_bytes(data, "big"))


def month_field(name: str) -> Field:
    """Make a field of a month; none is zero."""

    def unpack(data: bytes) -> Month | None:
        index = int.from_bytes(data, "big")
        return Month.from_index(index) if index else None

    return Field(name, 4, None, lambda month: month.index.to_bytes(4, "big"), unpack)


def date_field(name: str) -> Field:
    """Make a field of a day; none is zero."""

    def unpack(data: bytes) -> date | None:
        ordinal = int.from_bytes(data, "big")
        if ordinal > date.max.toordinal():
            raise ValueError
        return date.fromordinal(ordinal) if ordinal else None

    return Field(name, 4, None, lambda day: day.toordinal().to_bytes(4, "big"), unpack)


def code_field(name: str, codes: type[Coded], empty: Coded | None = None) -> Field:
    """Make a field of one byte for a member of a closed list; zero is `empty`."""
    values: dict[int, Coded | None] = {0: empty} | {member.byte: member for member in codes}

    def unpack(data: bytes) -> Coded | None:
        if data[0] not in values:
            raise MalformedRow(UNKNOWN_CODE, f"{name} is not a code this version knows")
        return values[data[0]]

    return Field(name, 1, empty, lambda value: bytes([value.byte]), unpack)


def mark_field(name: str) -> Field:
    """Make a field of one byte that is on or off."""

    def unpack(data: bytes) -> bool:
        if data[0] > 1:
            raise ValueError
        return data[0] == 1

    return Field(name, 1, False, lambda value: bytes([value]), unpack)


def raw_field(name: str, width: int) -> Field:
    """Make a field of exactly this many bytes, such as an identifier or a key; all zeros stands for none."""

    def pack(value: bytes) -> bytes:
        if len(value) != width:
            raise ValueError
        return value

    return Field(name, width, bytes(width), pack, bytes)


def _is_bsn(digits: str) -> bool:
    try:
        Bsn.parse(digits)
    except MalformedInput:
        return False
    return True


def is_case_reference(text: str) -> bool:
    """Whether a text has the form of a case reference and hides no citizen service number."""
    digits = text.translate(_CASE_SEPARATORS)
    hides_bsn = any(_is_bsn(match[1]) for match in _NINE_DIGITS.finditer(digits))
    return _CASE_REFERENCE.fullmatch(text) is not None and not hides_bsn


@dataclass(frozen=True)
class Use:
    """Which fields an operation must fill and which it may; all others are empty."""

    needs: frozenset[str]
    allows: frozenset[str]


def use(needs: str = "", allows: str = "") -> Use:
    """List fields by name, parted by spaces."""
    return Use(frozenset(needs.split()), frozenset(allows.split()))


@dataclass(frozen=True)
class FixedRow:
    """What the three kinds of row share: layout as data, checking, encoding, decoding."""

    WIDTH: ClassVar[int]
    _layout: ClassVar[tuple[Field, ...]]
    _uses: ClassVar[Mapping[Coded, Use]]

    operation: Coded

    def __post_init__(self) -> None:
        """Refuse a row that says more or less than its operation may."""
        use = self._uses[self.operation]
        for field in self._layout:
            if getattr(self, field.name) == field.empty:
                if field.name in use.needs:
                    raise MalformedRow(MALFORMED_ROW, f"{self.operation} needs {field.name}")
            elif field.name not in use.needs | use.allows:
                raise MalformedRow(
                    MALFORMED_ROW, f"{self.operation} does not use {field.name}: leave it empty"
                )
            self._packed(field)

    def _packed(self, field: Field) -> bytes:
        value = getattr(self, field.name)
        if value == field.empty:
            return bytes(field.width)
        try:
            return field.pack(value).ljust(field.width, b"\0")
        except ValueError:
            # Not chained: the cause could carry the value, and this text reaches logs.
            raise MalformedRow(MALFORMED_ROW, f"{field.name} does not have the form it must have") from None

    def encode(self) -> bytes:
        """Return the row's bytes, always of its class's width."""
        fields = b"".join(self._packed(field) for field in self._layout)
        return (bytes([self.operation.byte]) + fields).ljust(self.WIDTH, b"\0")

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read a row back.

        Raises:
            MalformedRow: not this class's width, a code that is not on the list, a field outside its form, a
                field the operation does not use, or a byte set where none belongs.
        """
        if len(data) != cls.WIDTH:
            raise MalformedRow(MALFORMED_ROW, f"the row is not {cls.WIDTH} bytes")
        operations = {member.byte: member for member in cls._uses}
        if data[0] not in operations:
            raise MalformedRow(UNKNOWN_CODE, "operation is not a code this version knows")
        values: dict[str, Any] = {"operation": operations[data[0]]}
        offset = 1
        for field in cls._layout:
            values[field.name] = _unpacked(field, data[offset : offset + field.width])
            offset += field.width
        if any(data[offset:]):
            raise MalformedRow(MALFORMED_ROW, "a byte behind the last field is not zero")
        return cls(**values)


def _unpacked(field: Field, data: bytes) -> object:
    try:
        return field.unpack(data)
    except MalformedRow:
        raise
    except (ValueError, MalformedInput):
        # Not chained: the cause of a text that is not ASCII carries the bytes.
        raise MalformedRow(MALFORMED_ROW, f"{field.name} does not have the form it must have") from None
