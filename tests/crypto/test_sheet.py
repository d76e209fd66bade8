"""Rows of the sheet: one width, one encoding, nothing said beyond the operation."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.encoding import Month
from crypto.errors import MalformedInput
from crypto.sheet import (
    ROW_WIDTHS,
    AgeBand,
    BatchClass,
    BeperkingKind,
    BeperkingOperation,
    BeperkingRow,
    Row,
    SignaalOperation,
    SignaalRow,
    ZorgrelatieOperation,
    ZorgrelatieRow,
    decode_row,
    is_control,
)
from crypto.sheet.fields import MalformedRow

VECTORS = json.loads((Path(__file__).parent / "vectors" / "sheet_v1.json").read_text(encoding="utf-8"))
SERVED = tuple(ROW_WIDTHS)
TEXT = "ABCXYZabcxyz0123456789._:@-"
OIN = "00000001003214345000"


def passes_eleven_test(digits: str) -> bool:
    weights = (9, 8, 7, 6, 5, 4, 3, 2, -1)
    return int(digits) > 9_999_999 and not sum(w * int(d) for w, d in zip(weights, digits, strict=True)) % 11


TEST_BSNS = [str(n) for n in range(999_900_006, 999_999_991) if passes_eleven_test(str(n))]

numbers = st.integers(1, 2**32 - 1)
months = st.builds(Month, st.integers(1, 9999), st.integers(1, 12))


def texts(longest: int) -> st.SearchStrategy[str]:
    return st.text(TEXT, min_size=1, max_size=longest)


def is_free_of_bsn(reference: str) -> bool:
    digits = reference.replace(".", "")
    runs = (digits[start : start + 9] for start in range(len(digits) - 8))
    return not any(run.isdecimal() and passes_eleven_test(run) for run in runs)


case_references = st.text("ABZ0123456789./-", min_size=3, max_size=32).filter(is_free_of_bsn)

places = {"source": texts(40), "type": texts(40), "generation": numbers}
signaal_rows = st.one_of(
    st.builds(SignaalRow, st.just(SignaalOperation.ASSERT), since=months, **places),
    st.builds(SignaalRow, st.sampled_from([SignaalOperation.WITHDRAW, SignaalOperation.OPEN_SET]), **places),
    st.builds(
        SignaalRow,
        st.just(SignaalOperation.SEAL_SET),
        as_of=st.dates(),
        count=st.integers(0, 2**32 - 1),
        **places,
    ),
    st.builds(SignaalRow, st.just(SignaalOperation.IN_SYNC), as_of=st.dates(), **places),
    st.just(SignaalRow(SignaalOperation.FILLER)),
)


@st.composite
def relations(draw: st.DrawFn) -> ZorgrelatieRow:
    first, last = sorted([draw(st.dates()), draw(st.dates())])
    band = draw(st.sampled_from(AgeBand))
    changes = band in {AgeBand.UNDER_12, AgeBand.FROM_12_TO_15, AgeBand.FROM_16_TO_17}
    return ZorgrelatieRow(
        draw(st.sampled_from([ZorgrelatieOperation.REGISTER, ZorgrelatieOperation.CHANGE])),
        relation_id=draw(st.binary(min_size=16, max_size=16).filter(any)),
        generation=draw(numbers),
        organisation=draw(st.text("0123456789", min_size=20, max_size=20)),
        team=draw(texts(32)),
        worker=draw(texts(40)),
        case_reference=draw(case_references),
        valid_from=first,
        valid_until=last,
        registered_by=draw(texts(40)),
        age_band=band,
        age_band_changes=draw(months) if changes else None,
        shielded=draw(st.booleans()),
        coordinator=draw(st.booleans()),
    )


named = {
    "relation_id": st.binary(min_size=16, max_size=16).filter(any),
    "generation": numbers,
    "organisation": st.just(OIN),
}
zorgrelatie_rows = st.one_of(
    relations(),
    st.builds(ZorgrelatieRow, st.just(ZorgrelatieOperation.END), valid_until=st.dates(), **named),
    st.builds(ZorgrelatieRow, st.just(ZorgrelatieOperation.WITHDRAW_MISTAKE), **named),
    st.builds(ZorgrelatieRow, st.just(ZorgrelatieOperation.OPEN_SET), generation=numbers),
    st.builds(
        ZorgrelatieRow, st.just(ZorgrelatieOperation.SEAL_SET), generation=numbers, count=st.integers(0, 9)
    ),
    st.just(ZorgrelatieRow(ZorgrelatieOperation.FILLER)),
)
beperking_rows = st.one_of(
    st.builds(
        BeperkingRow,
        st.sampled_from([BeperkingOperation.ASSERT, BeperkingOperation.REVOKE]),
        kind=st.sampled_from(BeperkingKind),
        generation=numbers,
    ),
    st.builds(BeperkingRow, st.just(BeperkingOperation.OPEN_SET), generation=numbers),
    st.builds(BeperkingRow, st.just(BeperkingOperation.SEAL_SET), generation=numbers, count=numbers),
    st.just(BeperkingRow(BeperkingOperation.FILLER)),
)
classed_rows = st.one_of(
    st.tuples(st.just(BatchClass.SIGNAAL), signaal_rows),
    st.tuples(st.just(BatchClass.ZORGRELATIE), zorgrelatie_rows),
    st.tuples(st.just(BatchClass.BEPERKING), beperking_rows),
)

ASSERT = SignaalRow(
    SignaalOperation.ASSERT, source="jw-aanbieder", type="jw-ambulant", since=Month(2026, 4), generation=1
)
REGISTER = ZorgrelatieRow(
    ZorgrelatieOperation.REGISTER,
    relation_id=bytes(range(1, 17)),
    generation=1,
    organisation=OIN,
    team="wijkteam-noord",
    worker="m.jansen@gemeente.example",
    case_reference="WT-2026/0001",
    valid_from=date(2026, 3, 1),
    valid_until=date(2027, 2, 28),
    registered_by="m.jansen@gemeente.example",
    age_band=AgeBand.FROM_12_TO_15,
    age_band_changes=Month(2027, 5),
    shielded=True,
)


def revised(row: Row, **changes: object) -> Row:
    make: Callable[..., Row] = type(row)
    return make(**(vars(row) | changes))


@given(classed_rows)
def test_a_row_comes_back_as_it_was_encoded(classed: tuple[BatchClass, Row]) -> None:
    batch_class, row = classed
    assert decode_row(batch_class, row.encode()) == row


@given(classed_rows)
def test_every_row_of_a_class_is_equally_wide(classed: tuple[BatchClass, Row]) -> None:
    batch_class, row = classed
    assert len(row.encode()) == {"signaal": 128, "zorgrelatie": 256, "beperking": 64}[batch_class]


@given(classed_rows, st.data())
def test_a_bit_set_behind_the_last_field_is_refused(
    classed: tuple[BatchClass, Row], data: st.DataObject
) -> None:
    batch_class, row = classed
    encoded = bytearray(row.encode())
    first = 1 + sum(width for _, width, _ in LAYOUTS[type(row)])
    position = data.draw(st.integers(first, len(encoded) - 1))
    encoded[position] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(MalformedRow):
        decode_row(batch_class, bytes(encoded))


@given(st.sampled_from(BatchClass), st.binary(max_size=300))
def test_random_bytes_are_refused_as_malformed_input_and_nothing_else(
    batch_class: BatchClass, data: bytes
) -> None:
    with pytest.raises(MalformedInput):
        decode_row(batch_class, data)


@given(classed_rows, st.data())
def test_a_changed_row_is_refused_or_is_the_one_encoding_of_another_row(
    classed: tuple[BatchClass, Row], data: st.DataObject
) -> None:
    batch_class, row = classed
    encoded = bytearray(row.encode())
    position = data.draw(st.integers(0, len(encoded) - 1))
    encoded[position] = data.draw(st.integers(0, 255))
    try:
        decoded = decode_row(batch_class, bytes(encoded))
    except MalformedRow:
        pass
    else:
        assert decoded.encode() == bytes(encoded)


@pytest.mark.parametrize("batch_class", SERVED)
def test_a_row_of_another_width_is_refused(batch_class: BatchClass) -> None:
    for width in (0, ROW_WIDTHS[batch_class] - 1, ROW_WIDTHS[batch_class] + 1):
        with pytest.raises(MalformedRow, match="bytes"):
            decode_row(batch_class, bytes([1]) + bytes(width)[1:])


@pytest.mark.parametrize("batch_class", SERVED)
def test_operation_bytes_off_the_list_are_an_unknown_code(batch_class: BatchClass) -> None:
    lists = {"signaal": 6, "zorgrelatie": 7, "beperking": 5, "proef": 1, "inzage": 1}
    known = lists[batch_class]
    for byte in (0, *range(known + 1, 256)):
        with pytest.raises(MalformedRow) as refused:
            decode_row(batch_class, bytes([byte]) + bytes(ROW_WIDTHS[batch_class] - 1))
        assert refused.value.code == "unknown-code"


def test_a_kind_or_age_band_off_the_list_is_an_unknown_code() -> None:
    beperking = bytearray(BeperkingRow(BeperkingOperation.ASSERT, BeperkingKind.OVERLEDEN, 1).encode())
    beperking[1] = 2
    relation = bytearray(REGISTER.encode())
    assert relation[193] == 2
    relation[193] = 5
    for batch_class, row in ((BatchClass.BEPERKING, beperking), (BatchClass.ZORGRELATIE, relation)):
        with pytest.raises(MalformedRow) as refused:
            decode_row(batch_class, bytes(row))
        assert refused.value.code == "unknown-code"


# Per operation: what it must fill, and what it may fill besides.
FILLED: dict[str, object] = {
    "source": "wmo-aanbieder",
    "type": "wmo-begeleiding",
    "since": Month(2026, 1),
    "generation": 3,
    "count": 5,
    "as_of": date(2026, 5, 1),
    "relation_id": bytes(range(16)),
    "organisation": OIN,
    "team": "noord",
    "worker": "w-17",
    "case_reference": "A/1-2",
    "valid_from": date(2026, 1, 1),
    "valid_until": date(2026, 12, 31),
    "registered_by": "w-17",
    "age_band": AgeBand.ADULT,
    "shielded": True,
    "coordinator": True,
    "kind": BeperkingKind.OVERLEDEN,
}
WHOLE = (
    "relation_id generation organisation team worker case_reference valid_from valid_until registered_by",
    "age_band shielded coordinator",
)
USES: list[tuple[type[Row], str, str, str]] = [
    (SignaalRow, "assert", "source type since generation", ""),
    (SignaalRow, "withdraw", "source type generation", ""),
    (SignaalRow, "open-set", "source type generation", ""),
    (SignaalRow, "seal-set", "source type generation as_of", "count"),
    (SignaalRow, "in-sync", "source type generation as_of", ""),
    (SignaalRow, "filler", "", ""),
    (ZorgrelatieRow, "register", *WHOLE),
    (ZorgrelatieRow, "change", *WHOLE),
    (ZorgrelatieRow, "end", "relation_id generation organisation valid_until", ""),
    (ZorgrelatieRow, "withdraw-mistake", "relation_id generation organisation", ""),
    (ZorgrelatieRow, "open-set", "generation", ""),
    (ZorgrelatieRow, "seal-set", "generation", "count"),
    (ZorgrelatieRow, "filler", "", ""),
    (BeperkingRow, "assert", "kind generation", ""),
    (BeperkingRow, "revoke", "kind generation", ""),
    (BeperkingRow, "open-set", "generation", ""),
    (BeperkingRow, "seal-set", "generation", "count"),
    (BeperkingRow, "filler", "", ""),
]
CLASSES: dict[type[Row], BatchClass] = {
    SignaalRow: BatchClass.SIGNAAL,
    ZorgrelatieRow: BatchClass.ZORGRELATIE,
    BeperkingRow: BatchClass.BEPERKING,
}
# Where fields stand behind the operation byte, and bytes that make a value of them.
LAYOUTS: dict[type[Row], list[tuple[str, int, bytes]]] = {
    SignaalRow: [
        ("source", 40, b"a"),
        ("type", 40, b"a"),
        ("since", 4, b"\0\0\0\x18"),
        ("generation", 4, b"\1"),
        ("count", 4, b"\1"),
        ("as_of", 4, b"\0\1"),
    ],
    ZorgrelatieRow: [
        ("relation_id", 16, b"\1"),
        ("generation", 4, b"\1"),
        ("organisation", 20, b"0" * 20),
        ("team", 32, b"a"),
        ("worker", 40, b"a"),
        ("case_reference", 32, b"AAA"),
        ("valid_from", 4, b"\0\0\0\1"),
        ("valid_until", 4, b"\0\1"),
        ("registered_by", 40, b"a"),
        ("age_band", 1, b"\4"),
        ("age_band_changes", 4, b"\0\0\0\x18"),
        ("shielded", 1, b"\1"),
        ("coordinator", 1, b"\1"),
        ("count", 4, b"\1"),
    ],
    BeperkingRow: [("kind", 1, b"\1"), ("generation", 4, b"\1"), ("count", 4, b"\1")],
}
Operation = SignaalOperation | ZorgrelatieOperation | BeperkingOperation
OPERATIONS: dict[type[Row], type[Operation]] = {
    SignaalRow: SignaalOperation,
    ZorgrelatieRow: ZorgrelatieOperation,
    BeperkingRow: BeperkingOperation,
}


def build(kind: type[Row], operation: str, names: set[str]) -> Row:
    make: Callable[..., Row] = kind
    return make(operation=OPERATIONS[kind](operation), **{name: FILLED[name] for name in names})


def test_the_table_of_uses_names_every_operation() -> None:
    named_here = {(kind, operation) for kind, operation, _, _ in USES}
    assert named_here == {(kind, member.value) for kind, members in OPERATIONS.items() for member in members}


@pytest.mark.parametrize(("kind", "operation", "needs", "allows"), USES)
def test_an_operation_has_its_own_fields_and_no_others(
    kind: type[Row], operation: str, needs: str, allows: str
) -> None:
    needed, allowed = set(needs.split()), set(allows.split())
    own = set(vars(build(kind, "filler", set()))) - {"operation", "age_band_changes"}
    whole, least = build(kind, operation, needed | allowed), build(kind, operation, needed)
    assert (whole.encode() == least.encode()) is not bool(allowed)
    for name in needed:
        with pytest.raises(MalformedRow, match=f"needs {name}"):
            build(kind, operation, needed - {name})
    for name in own - needed - allowed:
        with pytest.raises(MalformedRow, match=f"does not use {name}"):
            build(kind, operation, needed | {name})


@pytest.mark.parametrize(("kind", "operation", "needs", "allows"), USES)
def test_a_field_the_operation_does_not_use_is_refused_on_the_wire_too(
    kind: type[Row], operation: str, needs: str, allows: str
) -> None:
    encoded = build(kind, operation, set(needs.split())).encode()
    offset = 1
    for name, width, value in LAYOUTS[kind]:
        if name not in needs.split() + allows.split():
            filled = encoded[:offset] + value + encoded[offset + len(value) :]
            with pytest.raises(MalformedRow, match=f"does not use {name}|{name} belongs to"):
                decode_row(CLASSES[kind], filled)
        offset += width


@pytest.mark.parametrize(("kind", "operation", "needs", "allows"), USES)
def test_only_rows_about_a_person_ride_on_a_person(
    kind: type[Row], operation: str, needs: str, allows: str
) -> None:
    about_a_person = {"assert", "withdraw", "register", "change", "end", "withdraw-mistake", "revoke"}
    assert is_control(build(kind, operation, set(needs.split()))) == (operation not in about_a_person)


REFUSED_FIELDS: list[tuple[Row, str, object]] = [
    (ASSERT, "source", "x" * 41),
    (ASSERT, "source", "met spatie"),
    (ASSERT, "source", "Zoë"),
    (ASSERT, "source", "a\0b"),
    (ASSERT, "source", "regel\n"),
    (ASSERT, "type", "a/b"),
    (ASSERT, "type", "t" * 41),
    (ASSERT, "generation", -1),
    (ASSERT, "generation", 2**32),
    (REGISTER, "relation_id", bytes(range(15))),
    (REGISTER, "relation_id", bytes(range(17))),
    (REGISTER, "organisation", OIN[:-1]),
    (REGISTER, "organisation", OIN + "0"),
    (REGISTER, "organisation", "0000000100321434500A"),
    (REGISTER, "organisation", "\N{ARABIC-INDIC DIGIT ZERO}" * 20),
    (REGISTER, "team", "t" * 33),
    (REGISTER, "worker", "w" * 41),
    (REGISTER, "registered_by", "w" * 41),
    (REGISTER, "registered_by", "Jan Jansen"),
    (REGISTER, "case_reference", "AB"),
    (REGISTER, "case_reference", "A" * 33),
    (REGISTER, "case_reference", "wt-1"),
    (REGISTER, "case_reference", "WT 12"),
    (REGISTER, "case_reference", "WT_12"),
    (REGISTER, "valid_until", date(2026, 2, 28)),
    (REGISTER, "age_band", AgeBand.ADULT),
    (REGISTER, "age_band", AgeBand.UNKNOWN),
    (REGISTER, "age_band_changes", None),
]


@pytest.mark.parametrize(("row", "name", "value"), REFUSED_FIELDS)
def test_a_value_outside_its_form_is_refused_without_being_repeated(
    row: Row, name: str, value: object
) -> None:
    with pytest.raises(MalformedRow) as refused:
        revised(row, **{name: value})
    assert refused.value.code == "malformed-row"
    assert refused.value.__cause__ is None
    if isinstance(value, str) and len(value) > 2:
        assert value not in str(refused.value)


@given(st.sampled_from(TEST_BSNS), st.text(".", max_size=3), st.integers(1, 8), st.text("AZ4./-", max_size=9))
def test_a_case_reference_that_holds_a_bsn_is_refused(
    bsn: str, separators: str, cut: int, before: str
) -> None:
    reference = f"{before}{bsn[:cut]}{separators}{bsn[cut:]}"
    with pytest.raises(MalformedRow, match="case_reference") as refused:
        revised(REGISTER, case_reference=reference)
    assert bsn not in str(refused.value)


@given(st.sampled_from(TEST_BSNS), st.integers(0, 4))
def test_a_bsn_inside_a_longer_run_of_digits_is_found(bsn: str, shift: int) -> None:
    with pytest.raises(MalformedRow):
        revised(REGISTER, case_reference="7" * shift + bsn + "7" * (4 - shift))


@pytest.mark.parametrize(
    "reference", ["WT-2026/0001", "000000000", "2026.12345", "999900007", "ABC", "9999-00006"]
)
def test_an_ordinary_case_reference_is_kept(reference: str) -> None:
    assert is_free_of_bsn(reference)
    row = revised(REGISTER, case_reference=reference)
    assert decode_row(BatchClass.ZORGRELATIE, row.encode()) == row


def test_marks_are_one_or_zero_on_the_wire() -> None:
    encoded = bytearray(REGISTER.encode())
    assert (encoded[198], encoded[199]) == (1, 0)
    for position in (198, 199):
        changed = bytearray(encoded)
        changed[position] = 2
        with pytest.raises(MalformedRow, match=r"shielded|coordinator"):
            decode_row(BatchClass.ZORGRELATIE, bytes(changed))


def test_months_and_days_that_do_not_exist_are_refused_on_the_wire() -> None:
    since, as_of = slice(81, 85), slice(93, 97)
    row = bytearray(ASSERT.encode())
    assert int.from_bytes(row[since], "big") == 2026 * 12 + 3
    for index in (1, 11, 120_000, 2**32 - 1):
        row[since] = index.to_bytes(4, "big")
        with pytest.raises(MalformedRow, match="since"):
            decode_row(BatchClass.SIGNAAL, bytes(row))
    seal = bytearray(
        SignaalRow(
            SignaalOperation.IN_SYNC, source="b", type="t", generation=1, as_of=date(2026, 1, 1)
        ).encode()
    )
    for ordinal in (date.max.toordinal() + 1, 2**32 - 1):
        seal[as_of] = ordinal.to_bytes(4, "big")
        with pytest.raises(MalformedRow, match="as_of"):
            decode_row(BatchClass.SIGNAAL, bytes(seal))


def test_the_last_day_month_and_number_still_fit() -> None:
    for row in (
        revised(ASSERT, since=Month(9999, 12), generation=2**32 - 1),
        revised(ASSERT, since=Month(1, 1)),
        SignaalRow(SignaalOperation.IN_SYNC, source="b", type="t", generation=1, as_of=date.max),
        SignaalRow(SignaalOperation.IN_SYNC, source="b", type="t", generation=1, as_of=date.min),
    ):
        assert decode_row(BatchClass.SIGNAAL, row.encode()) == row


@pytest.mark.parametrize("vector", VECTORS["rows"], ids=lambda vector: vector["name"])
def test_frozen_rows_read_and_write_as_they_always_did(vector: dict[str, Any]) -> None:
    batch_class = BatchClass(vector["class"])
    encoded = bytes.fromhex(vector["bytes_up_to_padding"]).ljust(ROW_WIDTHS[batch_class], b"\0")
    row = decode_row(batch_class, encoded)
    assert {name: plain(value) for name, value in vars(row).items() if value} == vector["says"]
    assert row.encode() == encoded


def plain(value: object) -> object:
    return value.hex() if isinstance(value, bytes) else value if isinstance(value, int) else str(value)
