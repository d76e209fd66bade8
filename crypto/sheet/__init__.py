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

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import ClassVar, Final

from crypto.encoding import Month
from crypto.sheet.fields import (
    MALFORMED_ROW,
    OIN,
    TEXT,
    Coded,
    Field,
    FixedRow,
    MalformedRow,
    Use,
    code_field,
    date_field,
    is_case_reference,
    mark_field,
    month_field,
    number_field,
    raw_field,
    text_field,
    use,
)


class BatchClass(StrEnum):
    """What kind of row a batch carries.

    `proef` and `inzage` travel one by one: they are about no set, so there is nothing to hide among others.
    """

    SIGNAAL = "signaal"
    ZORGRELATIE = "zorgrelatie"
    BEPERKING = "beperking"
    PROEF = "proef"
    INZAGE = "inzage"


class SignaalOperation(Coded):
    """What a source says about a person's flag, or about the set of its flags of one type."""

    ASSERT = "assert", 1
    WITHDRAW = "withdraw", 2
    OPEN_SET = "open-set", 3
    SEAL_SET = "seal-set", 4
    IN_SYNC = "in-sync", 5
    FILLER = "filler", 6


class ZorgrelatieOperation(Coded):
    """What a regiesysteem says about one care relation, or about the set of its relations."""

    REGISTER = "register", 1
    CHANGE = "change", 2
    END = "end", 3
    WITHDRAW_MISTAKE = "withdraw-mistake", 4
    OPEN_SET = "open-set", 5
    SEAL_SET = "seal-set", 6
    FILLER = "filler", 7


class BeperkingOperation(Coded):
    """What BRP says about a restriction, or about the set of its restrictions."""

    ASSERT = "assert", 1
    REVOKE = "revoke", 2
    OPEN_SET = "open-set", 3
    SEAL_SET = "seal-set", 4
    FILLER = "filler", 5


class ProefOperation(Coded):
    """What a trial holds: the canary, which stands for nobody."""

    CANARY = "canary", 1


class InzageOperation(Coded):
    """What a resident gateway asks on behalf of the person who logged in."""

    ASK = "ask", 1


class BeperkingKind(Coded):
    """Restrictions that exist."""

    OVERLEDEN = "overleden", 1


class AgeBand(Coded):
    """Age in years, as coarse as the rules need it; `UNKNOWN` is what a row without an age says."""

    UNDER_12 = "0-11", 1
    FROM_12_TO_15 = "12-15", 2
    FROM_16_TO_17 = "16-17", 3
    ADULT = "18+", 4
    UNKNOWN = "onbekend", 0


_CONTROL_OPERATIONS: Final = frozenset({"open-set", "seal-set", "in-sync", "filler"})
_CHANGING_BANDS: Final = frozenset({AgeBand.UNDER_12, AgeBand.FROM_12_TO_15, AgeBand.FROM_16_TO_17})


@dataclass(frozen=True)
class SignaalRow(FixedRow):
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
    _layout: ClassVar[tuple[Field, ...]] = (
        text_field("source", 40, TEXT.fullmatch),
        text_field("type", 40, TEXT.fullmatch),
        month_field("since"),
        number_field("generation"),
        number_field("count"),
        date_field("as_of"),
    )
    _uses: ClassVar[Mapping[Coded, Use]] = {
        SignaalOperation.ASSERT: use("source type since generation"),
        SignaalOperation.WITHDRAW: use("source type generation"),
        SignaalOperation.OPEN_SET: use("source type generation"),
        SignaalOperation.SEAL_SET: use("source type generation as_of", allows="count"),
        SignaalOperation.IN_SYNC: use("source type generation as_of"),
        SignaalOperation.FILLER: use(),
    }

    operation: SignaalOperation
    source: str = ""
    type: str = ""
    since: Month | None = None
    generation: int = 0
    count: int = 0
    as_of: date | None = None


@dataclass(frozen=True)
class ZorgrelatieRow(FixedRow):
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
    _layout: ClassVar[tuple[Field, ...]] = (
        raw_field("relation_id", 16),
        number_field("generation"),
        text_field("organisation", 20, OIN.fullmatch),
        text_field("team", 32, TEXT.fullmatch),
        text_field("worker", 40, TEXT.fullmatch),
        text_field("case_reference", 32, is_case_reference),
        date_field("valid_from"),
        date_field("valid_until"),
        text_field("registered_by", 40, TEXT.fullmatch),
        code_field("age_band", AgeBand, AgeBand.UNKNOWN),
        month_field("age_band_changes"),
        mark_field("shielded"),
        mark_field("coordinator"),
        number_field("count"),
    )
    _whole: ClassVar[Use] = use(
        "relation_id generation organisation team worker case_reference valid_from valid_until registered_by",
        allows="age_band age_band_changes shielded coordinator",
    )
    _uses: ClassVar[Mapping[Coded, Use]] = {
        ZorgrelatieOperation.REGISTER: _whole,
        ZorgrelatieOperation.CHANGE: _whole,
        ZorgrelatieOperation.END: use("relation_id generation organisation valid_until"),
        ZorgrelatieOperation.WITHDRAW_MISTAKE: use("relation_id generation organisation"),
        ZorgrelatieOperation.OPEN_SET: use("generation"),
        ZorgrelatieOperation.SEAL_SET: use("generation", allows="count"),
        ZorgrelatieOperation.FILLER: use(),
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
class BeperkingRow(FixedRow):
    """One thing BRP says about a restriction (64 bytes).

    Args:
        kind: needed by `assert` and `revoke`, empty for the others: a set covers all kinds.
        generation: 1 or more, the complete set this belongs to; needed by all but `filler`.
        count: restrictions in the set; `seal-set` only, and 0 is an empty set.
    """

    WIDTH: ClassVar[int] = 64
    _layout: ClassVar[tuple[Field, ...]] = (
        code_field("kind", BeperkingKind),
        number_field("generation"),
        number_field("count"),
    )
    _uses: ClassVar[Mapping[Coded, Use]] = {
        BeperkingOperation.ASSERT: use("kind generation"),
        BeperkingOperation.REVOKE: use("kind generation"),
        BeperkingOperation.OPEN_SET: use("generation"),
        BeperkingOperation.SEAL_SET: use("generation", allows="count"),
        BeperkingOperation.FILLER: use(),
    }

    operation: BeperkingOperation
    kind: BeperkingKind | None = None
    generation: int = 0
    count: int = 0


@dataclass(frozen=True)
class ProefRow(FixedRow):
    """A trial that shows whether the chain still makes the pseudonyms it was made for (64 bytes)."""

    WIDTH: ClassVar[int] = 64
    _layout: ClassVar[tuple[Field, ...]] = ()
    _uses: ClassVar[Mapping[Coded, Use]] = {
        ProefOperation.CANARY: use(),
    }

    operation: ProefOperation


@dataclass(frozen=True)
class InzageRow(FixedRow):
    """A resident asks who looked (1,280 bytes).

    Args:
        request_id: 16 random bytes, new for each request.
        response_key: HPKE public key, 1,216 bytes, new for each request: the answer is sealed to it.
    """

    WIDTH: ClassVar[int] = 1280
    _layout: ClassVar[tuple[Field, ...]] = (
        raw_field("request_id", 16),
        raw_field("response_key", 1216),
    )
    _uses: ClassVar[Mapping[Coded, Use]] = {InzageOperation.ASK: use("request_id response_key")}

    operation: InzageOperation
    request_id: bytes
    response_key: bytes


SetRow = SignaalRow | ZorgrelatieRow | BeperkingRow
"""A row that says something of a complete set, and so has a generation."""

Row = SetRow | ProefRow | InzageRow

_ROW_TYPES: Final[Mapping[BatchClass, type[FixedRow]]] = {
    BatchClass.SIGNAAL: SignaalRow,
    BatchClass.ZORGRELATIE: ZorgrelatieRow,
    BatchClass.BEPERKING: BeperkingRow,
    BatchClass.PROEF: ProefRow,
    BatchClass.INZAGE: InzageRow,
}

SINGLES: Final = frozenset({BatchClass.PROEF, BatchClass.INZAGE})
"""Classes whose batches hold one item."""

ROW_WIDTHS: Final[Mapping[BatchClass, int]] = {kind: row.WIDTH for kind, row in _ROW_TYPES.items()}


def decode_row(batch_class: BatchClass, data: bytes) -> Row:
    """Read one row of a batch of this class.

    Raises:
        MalformedRow: see `FixedRow.decode`.
    """
    row = _ROW_TYPES[batch_class].decode(data)
    assert isinstance(row, SignaalRow | ZorgrelatieRow | BeperkingRow | ProefRow | InzageRow)
    return row


def is_control(row: Row) -> bool:
    """Whether the row must ride on the identity element: it is about a set, or about nothing."""
    return row.operation in _CONTROL_OPERATIONS
