"""The canonical encoding is injective and strict; a month is a month."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.encoding import (
    Month,
    beginning,
    decode,
    decode_int,
    encode,
    encode_each,
    encode_field,
)
from crypto.errors import MalformedInput

labels = st.text(max_size=8)
fields = st.lists(st.binary(max_size=12), max_size=5)
months = st.builds(Month, st.integers(1, 9999), st.integers(1, 12))


class TestEncode:
    def test_the_layout_is_fixed(self) -> None:
        label, count = "00000003726f77", "00000003"
        text, number, raw = "000000026162", "000000080000000000000102", "0000000100"
        assert encode("row", "ab", 258, b"\x00").hex() == label + count + text + number + raw

    def test_a_label_alone_is_allowed(self) -> None:
        assert decode("empty", encode("empty"), 0) == ()

    @given(labels, st.lists(st.text(max_size=4) | st.integers(0, 9), max_size=3), fields)
    def test_a_beginning_and_the_other_fields_are_the_encoding(
        self, label: str, constants: list[str | int], others: list[bytes]
    ) -> None:
        begun = beginning(label, len(constants) + len(others), *constants)
        assert begun + b"".join(map(encode_field, others)) == encode(label, *constants, *others)

    def test_a_remembered_number_lets_no_truth_value_through(self) -> None:
        beginning("row", 1, 1)
        with pytest.raises(MalformedInput):
            beginning("row", 1, True)

    @given(labels, fields)
    def test_what_is_encoded_decodes_to_the_same(self, label: str, values: list[bytes]) -> None:
        assert decode(label, encode(label, *values), len(values)) == tuple(values)

    @given(st.tuples(labels, fields), st.tuples(labels, fields))
    def test_different_lists_never_share_an_encoding_or_a_beginning(
        self, one: tuple[str, list[bytes]], other: tuple[str, list[bytes]]
    ) -> None:
        left, right = encode(one[0], *one[1]), encode(other[0], *other[1])
        assert left.startswith(right) == (one == other)

    @given(labels, fields)
    def test_a_cut_encoding_is_refused_wherever_it_is_cut(self, label: str, values: list[bytes]) -> None:
        whole = encode(label, *values)
        for length in range(len(whole)):
            with pytest.raises(MalformedInput):
                decode(label, whole[:length], len(values))

    @given(labels, fields, st.binary(min_size=1, max_size=5))
    def test_bytes_left_over_are_refused(self, label: str, values: list[bytes], more: bytes) -> None:
        with pytest.raises(MalformedInput):
            decode(label, encode(label, *values) + more, len(values))

    @given(labels, labels, fields)
    def test_another_label_is_refused(self, label: str, other: str, values: list[bytes]) -> None:
        if label != other:
            with pytest.raises(MalformedInput):
                decode(other, encode(label, *values), len(values))

    @given(fields, st.integers(0, 6))
    def test_another_count_is_refused(self, values: list[bytes], count: int) -> None:
        if count != len(values):
            with pytest.raises(MalformedInput):
                decode("label", encode("label", *values), count)

    def test_a_length_that_points_far_outside_is_refused(self) -> None:
        with pytest.raises(MalformedInput):
            decode("a", encode("a", b"x").replace(b"\0\0\0\x01x", b"\xff\xff\xff\xffx"), 1)

    @given(st.binary(max_size=64), st.integers(0, 3))
    def test_what_decodes_at_all_encodes_to_the_same_bytes(self, tail: bytes, count: int) -> None:
        data = encode("label")[:-4] + count.to_bytes(4, "big") + tail
        try:
            found = decode("label", data, count)
        except MalformedInput:
            return
        assert encode("label", *found) == data

    def test_moving_a_border_between_fields_changes_the_encoding(self) -> None:
        assert encode("label", "ab", "c") != encode("label", "a", "bc")


class TestNumbers:
    @given(st.integers(0, 2**64 - 1))
    def test_a_number_survives(self, value: int) -> None:
        (field,) = decode("number", encode("number", value), 1)
        assert decode_int(field) == value

    @pytest.mark.parametrize("value", [-1, 2**64, True, False])
    def test_what_is_no_unsigned_number_is_refused(self, value: int) -> None:
        with pytest.raises(MalformedInput):
            encode("number", value)

    @pytest.mark.parametrize("size", [0, 7, 9])
    def test_a_number_of_another_size_is_refused(self, size: int) -> None:
        with pytest.raises(MalformedInput):
            decode_int(bytes(size))

    def test_text_without_utf8_form_is_refused_without_showing_it(self) -> None:
        with pytest.raises(MalformedInput) as caught:
            encode("text", "person\ud800")
        assert "person" not in str(caught.value)
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__


class TestMonth:
    @given(months)
    def test_text_and_index_lead_back(self, month: Month) -> None:
        assert Month.parse(str(month)) == month
        assert Month.from_index(month.index) == month

    @given(months, months)
    def test_order_is_the_order_of_time(self, one: Month, other: Month) -> None:
        assert (one < other) == (date(one.year, one.month, 1) < date(other.year, other.month, 1))
        assert (one < other) == (one.index < other.index)

    @given(months, st.integers(-600, 600))
    def test_adding_months_adds_to_the_index(self, month: Month, count: int) -> None:
        if Month(1, 1).index <= month.index + count <= Month(9999, 12).index:
            assert month.plus(count).index == month.index + count
        else:
            with pytest.raises(MalformedInput):
                month.plus(count)

    @pytest.mark.parametrize(
        ("start", "count", "end"),
        [
            ("2026-04", 0, "2026-04"),
            ("2026-12", 1, "2027-01"),
            ("2026-01", -1, "2025-12"),
            ("2024-02", 12, "2025-02"),
        ],
    )
    def test_adding_months_crosses_the_year(self, start: str, count: int, end: str) -> None:
        assert str(Month.parse(start).plus(count)) == end

    def test_a_day_lies_in_its_month(self) -> None:
        assert Month.of(date(2026, 4, 30)) == Month(2026, 4)
        assert Month(2026, 4).index == 2026 * 12 + 3

    @pytest.mark.parametrize(
        "text",
        [
            *("", "2026", "2026-4", "2026-00", "2026-13", "0000-01", "26-04", " 2026-04", "2026-04\n"),
            *("2026-04-01", "2026/04", "-026-04", "\u0662\u0660\u0662\u0666-\u0660\u0664", "2026-0\uff14"),
        ],
    )
    def test_any_other_writing_is_refused(self, text: str) -> None:
        with pytest.raises(MalformedInput):
            Month.parse(text)

    @pytest.mark.parametrize(("year", "month"), [(0, 1), (10000, 1), (2026, 0), (2026, 13), (-1, 5)])
    def test_a_month_that_does_not_exist_is_refused(self, year: int, month: int) -> None:
        with pytest.raises(MalformedInput):
            Month(year, month)


@given(st.lists(st.binary(max_size=40), max_size=5), st.integers(0, (1 << 64) - 1), st.text(max_size=8))
def test_an_encoding_made_in_pieces_is_the_one_made_at_once(
    each: list[bytes], number: int, text: str
) -> None:
    pieces = beginning("use", 2 + len(each), number, text)
    assert pieces + b"".join(encode_each(each)) == encode("use", number, text, *each)
