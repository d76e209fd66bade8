"""Rows of the sealed sheet: what a batch says about its items, in fixed-width rows.

Invariants:

1. Every row of a class has the same width, so a sealed sheet tells its length and nothing else.
2. A field its operation does not use is zero, and so are unused bytes: a row says what its operation says.
3. Bytes that decode encode back to themselves: one row has one encoding.
4. Every code comes from a closed list. No field holds a birth date or free text, and a case reference cannot
   hold a citizen service number.

A row object that exists is well formed: the constructors check, `encode` cannot fail.
Whoever writes rows can at most say what these fields can say; whether they may is the index's decision.
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
CLASS_NOT_SERVED: Final = "class-not-served"

_TEXT: Final = re.compile(r"[A-Za-z0-9._:@-]+", re.ASCII)
_OIN: Final = re.compile(r"[0-9]{20}", re.ASCII)
_CASE_REFERENCE: Final = re.compile(r"[A-Z0-9./-]{3,32}", re.ASCII)
# A BSN is often written 1234.56.782, so dots are looked through. Dashes and slashes are not: they part a year from a
# serial number, and one such reference in eleven would look like a BSN by chance.
_CASE_SEPARATORS: Final = str.maketrans("", "", ".")
_NINE_DIGITS: Final = re.compile(r"(?=([0-9]{9}))", re.ASCII)
_NUMBER_MAX: Final = 2**32 - 1


class MalformedRow(MalformedInput):
    """The row cannot be read, or says more or less than its operation may.

    Args:
        code: reason code of a refusal: `malformed-row`, `unknown-code` or `class-not-served`.
        message: what is wrong and in which field; never the value.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class BatchClass(StrEnum):
    """What kind of row a batch carries; `inzage` has no rows in this version of the format."""

    SIGNAAL = "signaal"
    ZORGRELATIE = "zorgrelatie"
    BEPERKING = "beperking"
    INZAGE = "inzage"


class _Coded(StrEnum):
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


class SignaalOperation(_Coded):
    """What a source says about a person's flag, or about the set of its flags of one type."""

    ASSERT = "assert", 1
    WITHDRAW = "withdraw", 2
    OPEN_SET = "open-set", 3
    SEAL_SET = "seal-set", 4
    IN_SYNC = "in-sync", 5
    FILLER = "filler", 6


class ZorgrelatieOperation(_Coded):
    """What a regiesysteem says about one care relation, or about the set of its relations."""

    REGISTER = "register", 1
    CHANGE = "change", 2
    END = "end", 3
    WITHDRAW_MISTAKE = "withdraw-mistake", 4
    OPEN_SET = "open-set", 5
    SEAL_SET = "seal-set", 6
    FILLER = "filler", 7


class BeperkingOperation(_Coded):
    """What BRP says about a restriction, or about the set of its restrictions."""

    ASSERT = "assert", 1
    REVOKE = "revoke", 2
    OPEN_SET = "open-set", 3
    SEAL_SET = "seal-set", 4
    FILLER = "filler", 5


class BeperkingKind(_Coded):
    """Restrictions that exist."""

    OVERLEDEN = "overleden", 1


class AgeBand(_Coded):
    """Age in years, as coarse as the rules need it; `UNKNOWN` is what a row without an age says."""

    UNDER_12 = "0-11", 1
    FROM_12_TO_15 = "12-15", 2
    FROM_16_TO_17 = "16-17", 3
    ADULT = "18+", 4
    UNKNOWN = "onbekend", 0


_CONTROL_OPERATIONS: Final = frozenset({"open-set", "seal-set", "in-sync", "filler"})
_CHANGING_BANDS: Final = frozenset({AgeBand.UNDER_12, AgeBand.FROM_12_TO_15, AgeBand.FROM_16_TO_17})


@dataclass(frozen=True)
class _Field:
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


def _text_field(name: str, width: int, allowed: Callable[[str], object]) -> _Field:
    def pack(value: str) -> bytes:
        if len(value) > width or not allowed(value):
            raise ValueError
        return value.encode("ascii")

    return _Field(name, width, "", pack, lambda data: data.rstrip(b"\0").decode("ascii"))


def _number_field(name: str) -> _Field:
    def pack(value: int) -> bytes:
        if not 0 <= value <= _NUMBER_MAX:
            raise ValueError
        return value.to_bytes(4, "big")

    return _Field(name, 4, 0, pack, lambda data: int.from_bytes(data, "big"))


def _month_field(name: str) -> _Field:
    def unpack(data: bytes) -> Month | None:
        index = int.from_bytes(data, "big")
        return Month.from_index(index) if index else None

    return _Field(name, 4, None, lambda month: month.index.to_bytes(4, "big"), unpack)


def _date_field(name: str) -> _Field:
    def unpack(data: bytes) -> date | None:
        ordinal = int.from_bytes(data, "big")
        if ordinal > date.max.toordinal():
            raise ValueError
        return date.fromordinal(ordinal) if ordinal else None

    return _Field(name, 4, None, lambda day: day.toordinal().to_bytes(4, "big"), unpack)


def _code_field(name: str, codes: type[_Coded], empty: _Coded | None = None) -> _Field:
    values: dict[int, _Coded | None] = {0: empty} | {member.byte: member for member in codes}

    def unpack(data: bytes) -> _Coded | None:
        if data[0] not in values:
            raise MalformedRow(UNKNOWN_CODE, f"{name} is not a code this version knows")
        return values[data[0]]

    return _Field(name, 1, empty, lambda value: bytes([value.byte]), unpack)


def _mark_field(name: str) -> _Field:
    def unpack(data: bytes) -> bool:
        if data[0] > 1:
            raise ValueError
        return data[0] == 1

    return _Field(name, 1, False, lambda value: bytes([value]), unpack)


def _relation_id_field() -> _Field:
    def pack(value: bytes) -> bytes:
        if len(value) != 16:
            raise ValueError
        return value

    return _Field("relation_id", 16, bytes(16), pack, bytes)


def _is_bsn(digits: str) -> bool:
    try:
        Bsn.parse(digits)
    except MalformedInput:
        return False
    return True


def _is_case_reference(text: str) -> bool:
    digits = text.translate(_CASE_SEPARATORS)
    hides_bsn = any(_is_bsn(match[1]) for match in _NINE_DIGITS.finditer(digits))
    return _CASE_REFERENCE.fullmatch(text) is not None and not hides_bsn


@dataclass(frozen=True)
class _Use:
    """Which fields an operation must fill and which it may; all others are empty."""

    needs: frozenset[str]
    allows: frozenset[str]


def _use(needs: str = "", allows: str = "") -> _Use:
    return _Use(frozenset(needs.split()), frozenset(allows.split()))


@dataclass(frozen=True)
class _Row:
    """What the three kinds of row share: layout as data, checking, encoding, decoding."""

    WIDTH: ClassVar[int]
    _layout: ClassVar[tuple[_Field, ...]]
    _uses: ClassVar[Mapping[_Coded, _Use]]

    operation: _Coded

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

    def _packed(self, field: _Field) -> bytes:
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


def _unpacked(field: _Field, data: bytes) -> object:
    try:
        return field.unpack(data)
    except MalformedRow:
        raise
    except (ValueError, MalformedInput):
        # Not chained: the cause of a text that is not ASCII carries the bytes.
        raise MalformedRow(MALFORMED_ROW, f"{field.name} does not have the form it must have") from None


@dataclass(frozen=True)
class SignaalRow(_Row):
    """One thing a source says (128 bytes).

    `assert` and `withdraw` belong to a person; the others are about the whole set of (source, type).

    Args:
        source: register code of the source; needed by all but `filler`.
        type: signal type code; needed by all but `filler`.
        since: month the earliest running traject began; `assert` only.
        generation: 1 or more, the complete set this belongs to; needed by all but `filler`.
        count: distinct live wishes in the set; `seal-set` only, and 0 is an empty set.
        as_of: the source has processed its messages up to and including this day; `seal-set`, `in-sync` only.
    """

    WIDTH: ClassVar[int] = 128
    _layout: ClassVar[tuple[_Field, ...]] = (
        _text_field("source", 40, _TEXT.fullmatch),
        _text_field("type", 40, _TEXT.fullmatch),
        _month_field("since"),
        _number_field("generation"),
        _number_field("count"),
        _date_field("as_of"),
    )
    _uses: ClassVar[Mapping[_Coded, _Use]] = {
        SignaalOperation.ASSERT: _use("source type since generation"),
        SignaalOperation.WITHDRAW: _use("source type generation"),
        SignaalOperation.OPEN_SET: _use("source type generation"),
        SignaalOperation.SEAL_SET: _use("source type generation as_of", allows="count"),
        SignaalOperation.IN_SYNC: _use("source type generation as_of"),
        SignaalOperation.FILLER: _use(),
    }

    operation: SignaalOperation
    source: str = ""
    type: str = ""
    since: Month | None = None
    generation: int = 0
    count: int = 0
    as_of: date | None = None


@dataclass(frozen=True)
class ZorgrelatieRow(_Row):
    """One thing a regiesysteem says about a care relation (256 bytes).

    `register` and `change` carry the whole relation, `end` and `withdraw-mistake` name it; the others are
    about no relation in particular.

    Args:
        relation_id: 16 random bytes made by the feed, unique per organisation.
        generation: 1 or more, the complete set this belongs to; needed by all but `filler`.
        organisation: OIN of the organisation that gives the care, 20 digits.
        team: code of the team.
        worker: staff id of the worker.
        case_reference: as the regiesysteem shows it, `[A-Z0-9./-]{3,32}`.
        valid_from: first day.
        valid_until: last day, inclusive; in `end` the last day of the relation that ends.
        registered_by: staff id of who registered it.
        age_band: of the person, `UNKNOWN` when the feed does not know.
        age_band_changes: month the band changes; needed for the three bands under 18, empty for the others.
        shielded: whether the person's address is secret.
        coordinator: whether this worker coordinates the person's help.
        count: relations in the set; `seal-set` only, and 0 is an empty set.
    """

    WIDTH: ClassVar[int] = 256
    _layout: ClassVar[tuple[_Field, ...]] = (
        _relation_id_field(),
        _number_field("generation"),
        _text_field("organisation", 20, _OIN.fullmatch),
        _text_field("team", 32, _TEXT.fullmatch),
        _text_field("worker", 40, _TEXT.fullmatch),
        _text_field("case_reference", 32, _is_case_reference),
        _date_field("valid_from"),
        _date_field("valid_until"),
        _text_field("registered_by", 40, _TEXT.fullmatch),
        _code_field("age_band", AgeBand, AgeBand.UNKNOWN),
        _month_field("age_band_changes"),
        _mark_field("shielded"),
        _mark_field("coordinator"),
        _number_field("count"),
    )
    _whole: ClassVar[_Use] = _use(
        "relation_id generation organisation team worker case_reference valid_from valid_until registered_by",
        allows="age_band age_band_changes shielded coordinator",
    )
    _uses: ClassVar[Mapping[_Coded, _Use]] = {
        ZorgrelatieOperation.REGISTER: _whole,
        ZorgrelatieOperation.CHANGE: _whole,
        ZorgrelatieOperation.END: _use("relation_id generation organisation valid_until"),
        ZorgrelatieOperation.WITHDRAW_MISTAKE: _use("relation_id generation organisation"),
        ZorgrelatieOperation.OPEN_SET: _use("generation"),
        ZorgrelatieOperation.SEAL_SET: _use("generation", allows="count"),
        ZorgrelatieOperation.FILLER: _use(),
    }

    operation: ZorgrelatieOperation
    relation_id: bytes = bytes(16)
    generation: int = 0
    organisation: str = ""
    team: str = ""
    worker: str = ""
    case_reference: str = ""
    valid_from: date | None = None
    valid_until: date | None = None
    registered_by: str = ""
    age_band: AgeBand = AgeBand.UNKNOWN
    age_band_changes: Month | None = None
    shielded: bool = False
    coordinator: bool = False
    count: int = 0

    def __post_init__(self) -> None:
        """Refuse, besides what every row refuses, dates and age bands that contradict each other."""
        super().__post_init__()
        if (
            self.valid_from is not None
            and self.valid_until is not None
            and self.valid_from > self.valid_until
        ):
            raise MalformedRow(MALFORMED_ROW, "valid_until lies before valid_from")
        if (self.age_band in _CHANGING_BANDS) != (self.age_band_changes is not None):
            raise MalformedRow(
                MALFORMED_ROW, "age_band_changes belongs to the bands under 18 and to no other"
            )


@dataclass(frozen=True)
class BeperkingRow(_Row):
    """One thing BRP says about a restriction (64 bytes).

    Args:
        kind: needed by `assert` and `revoke`, empty for the others: a set covers all kinds.
        generation: 1 or more, the complete set this belongs to; needed by all but `filler`.
        count: restrictions in the set; `seal-set` only, and 0 is an empty set.
    """

    WIDTH: ClassVar[int] = 64
    _layout: ClassVar[tuple[_Field, ...]] = (
        _code_field("kind", BeperkingKind),
        _number_field("generation"),
        _number_field("count"),
    )
    _uses: ClassVar[Mapping[_Coded, _Use]] = {
        BeperkingOperation.ASSERT: _use("kind generation"),
        BeperkingOperation.REVOKE: _use("kind generation"),
        BeperkingOperation.OPEN_SET: _use("generation"),
        BeperkingOperation.SEAL_SET: _use("generation", allows="count"),
        BeperkingOperation.FILLER: _use(),
    }

    operation: BeperkingOperation
    kind: BeperkingKind | None = None
    generation: int = 0
    count: int = 0


Row = SignaalRow | ZorgrelatieRow | BeperkingRow

_ROW_TYPES: Final[Mapping[BatchClass, type[SignaalRow | ZorgrelatieRow | BeperkingRow]]] = {
    BatchClass.SIGNAAL: SignaalRow,
    BatchClass.ZORGRELATIE: ZorgrelatieRow,
    BatchClass.BEPERKING: BeperkingRow,
}

ROW_WIDTHS: Final[Mapping[BatchClass, int]] = {kind: row.WIDTH for kind, row in _ROW_TYPES.items()}


def decode_row(batch_class: BatchClass, data: bytes) -> Row:
    """Read one row of a batch of this class.

    Raises:
        MalformedRow: see `SignaalRow.decode`; `class-not-served` for a class without rows.
    """
    if batch_class not in _ROW_TYPES:
        raise MalformedRow(CLASS_NOT_SERVED, f"this version has no rows of the class {batch_class}")
    return _ROW_TYPES[batch_class].decode(data)


def is_control(row: Row) -> bool:
    """Whether the row must ride on the identity element: it is about a set, or about nothing."""
    return row.operation in _CONTROL_OPERATIONS
