"""Walking a JSON document gives what parsing it whole gives, wherever it is cut; what is not strict is refused."""

import io
import json
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.parsing import json_text
from connectors.parsing.strict_json import ITEM, Json, Opened, Pattern, Place, load, walk, written
from connectors.reading import FileRefused

ANY_SIZE = 1 << 30
EVERYWHERE = frozenset({(), ("a",), ("a", ITEM), ("a", ITEM, "b"), (ITEM,), (ITEM, "a")})


class Cut(io.BytesIO):
    """A stream that gives a few bytes at a time."""

    def __init__(self, content: bytes, size: int) -> None:
        super().__init__(content)
        self._size = size

    def read(self, size: int | None = -1) -> bytes:
        return super().read(self._size if size is None or size < 0 else min(size, self._size))


def walked(
    content: bytes, opened: Iterable[Pattern] = (), *, cut: int = 1 << 20
) -> list[tuple[Place, Json | Opened]]:
    return list(walk(Cut(content, cut), "d.json", frozenset(opened), ANY_SIZE))


def refusal(content: bytes, opened: Iterable[Pattern] = (), *, cut: int = 1 << 20) -> tuple[str, str]:
    with pytest.raises(FileRefused) as refused:
        walked(content, opened, cut=cut)
    assert refused.value.__context__ is None, "the parser's own error holds the document"
    return refused.value.code, refused.value.position


def rebuilt(told: Iterable[tuple[Place, Json | Opened]]) -> Any:
    """Put a walked document together again."""
    root: list[Any] = []
    for place, value in told:
        holder: Any = root
        for step in (0, *place)[:-1]:
            holder = holder[step]
        fresh: Any = {Opened.OBJECT: {}, Opened.LIST: []}[value] if isinstance(value, Opened) else value
        if isinstance(holder, list):
            assert len(holder) == (0, *place)[-1], "items come in order"
            holder.append(fresh)
        else:
            holder[place[-1]] = fresh
    return root[0]


HALF_A_PAIR = re.compile("[\ud800-\udfff]")
KEYS = st.sampled_from(["a", "b", 'q"\\', "é", "\ud83d", ""])
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=()), max_size=8)
    | st.sampled_from(["}", "]", '",', "[{", "\ud800", "\U0001f600", "\\u0041", "\n"])
)
DOCUMENTS = st.recursive(
    SCALARS,
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(KEYS, inside, max_size=4),
    max_leaves=12,
)
PLACES = st.lists(st.lists(st.sampled_from(["a", "b", "é", ITEM]), max_size=4).map(tuple), max_size=6)


@given(
    DOCUMENTS,
    PLACES,
    st.integers(1, 40),
    st.sampled_from([None, 1, "\t"]),
    st.sampled_from([(",", ":"), (" , ", " : "), ("\r\n,", ":\n")]),
    st.booleans(),
)
def test_a_walked_document_is_the_document(
    document: Any,
    opened: list[Pattern],
    cut: int,
    indent: int | str | None,
    separators: tuple[str, str],
    is_escaped: bool,  # noqa: FBT001 - hypothesis passes by position
) -> None:
    written_out = json.dumps(document, indent=indent, separators=separators, ensure_ascii=False)
    is_escaped = is_escaped or HALF_A_PAIR.search(written_out) is not None
    content = json.dumps(document, indent=indent, separators=separators, ensure_ascii=is_escaped).encode()
    assert rebuilt(walked(content, [(), *opened], cut=cut)) == document
    assert rebuilt(walked(content, opened, cut=cut)) == json.loads(content)


DOCUMENT = (
    b'{"a": [{"b": [1.5e+10, -2, true], "c": "\\ud83d\\ude00 \xf0\x9f\x98\x80"}, null],\n'
    b' "d": 12, "e": -0.5E-3, "f": false}\n'
)


@pytest.mark.parametrize("cut", range(1, len(DOCUMENT) + 1))
@pytest.mark.parametrize("opened", [(), EVERYWHERE], ids=["whole", "walked"])
def test_where_the_stream_is_cut_makes_no_difference(opened: frozenset[Pattern], cut: int) -> None:
    assert rebuilt(walked(DOCUMENT, opened, cut=cut)) == json.loads(DOCUMENT)


@pytest.mark.parametrize("length", range(len(DOCUMENT.rstrip())))
def test_a_document_that_breaks_off_is_refused(length: int) -> None:
    code = "not-json" if length else "empty"
    for cut in (1, 7, 1000):
        # Half a character is as much a matter of encoding as of form.
        assert refusal(DOCUMENT[:length], cut=cut)[0] in {code, "bad-encoding"}
        assert refusal(DOCUMENT[:length], EVERYWHERE, cut=cut)[0] in {code, "bad-encoding"}


def test_what_is_walked_is_told_before_what_is_in_it() -> None:
    assert walked(b'{"a": [1, {"b": 2}], "c": {}}', [(), ("a",), ("c",)]) == [
        ((), Opened.OBJECT),
        (("a",), Opened.LIST),
        (("a", 0), 1),
        (("a", 1), {"b": 2}),
        (("c",), Opened.OBJECT),
    ]


def test_a_place_that_holds_no_list_or_object_is_handed_over() -> None:
    assert walked(b'{"a": "[1]"}', [(), ("a",)]) == [((), Opened.OBJECT), (("a",), "[1]")]


NOT_JSON = [
    b"nul",
    b"nulls",
    b"truetrue",
    b"[1 2]",
    b"[1,]",
    b"[,1]",
    b"[1,,2]",
    b"[",
    b"[1",
    b"[1,",
    b"]",
    b'{"a"}',
    b'{"a":}',
    b'{"a" 1}',
    b'{"a": 1,}',
    b'{,"a": 1}',
    b'{"a": 1 "b": 2}',
    b"{'a': 1}",
    b"{a: 1}",
    b'{1: "a"}',
    b'{"a": 1',
    b'{"a": 1]',
    b"[1}",
    b'"\t"',
    b'"\\x41"',
    b'"\\u12"',
    b'"a',
    b"'a'",
    b"01",
    b"-",
    b"+1",
    b".5",
    b"1.",
    b"1e",
    b"0x10",
    b"1_000",
    b"NaN",
    b"Infinity",
    b"-Infinity",
    b'{"a": NaN}',
    b"[Infinity]",
    b"\x0b1",
    b"\xc2\xa01",  # a space to people, not to JSON
    b"1 2",
    b"{} {}",
    b"{}]",
    b"[]\x00",
    b"// remark\n1",
    b"[" + b"9" * 5_000 + b"]",  # more digits than Python converts
    b"1\xef\xbb\xbf",  # a byte order mark that stands behind
]


@pytest.mark.parametrize("content", NOT_JSON)
@pytest.mark.parametrize("cut", [1, 3, 1000])
def test_what_is_not_json_is_refused_walked_or_not(content: bytes, cut: int) -> None:
    assert refusal(content, cut=cut)[0] == "not-json"
    assert refusal(content, EVERYWHERE | {("a",)}, cut=cut)[0] == "not-json"


@pytest.mark.parametrize("content", [b"", b" \r\n\t ", b"\xef\xbb\xbf", b"\xef\xbb\xbf \n"])
def test_nothing_but_space_is_empty(content: bytes) -> None:
    assert refusal(content)[0] == refusal(content, EVERYWHERE, cut=1)[0] == "empty"


@pytest.mark.parametrize(
    ("content", "opened"),
    [
        (b'{"a": 1, "a": 1}', ()),
        (b'{"a": 1, "a": 1}', [()]),
        (b'{"a": [{"b": 1, "\\u0062": 2}]}', ()),
        (b'{"a": [{"b": 1, "\\u0062": 2}]}', [()]),
        (b'{"a": [{"b": 1, "\\u0062": 2}]}', EVERYWHERE),
        (b'{"": 1, "": 2}', [()]),
    ],
)
def test_a_key_that_comes_twice_is_refused_at_every_level(content: bytes, opened: Iterable[Pattern]) -> None:
    for cut in (1, 1000):
        assert refusal(content, opened, cut=cut)[0] == "duplicate-key"


def test_one_key_in_two_objects_is_no_duplicate() -> None:
    document = b'[{"a": {"a": 1}}, {"a": 2}]'
    assert rebuilt(walked(document, EVERYWHERE)) == json.loads(document)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b'"\xff"', "bad-encoding"),
        (b'"\xc3"', "bad-encoding"),
        (b'"\xed\xa0\x80"', "bad-encoding"),  # half a pair, written out
        ('"é"'.encode("latin-1"), "bad-encoding"),
        ('{"a": 1}'.encode("utf-16"), "bad-encoding"),
        (b"\x1f\x8b\x08\x00" + bytes(20), "compressed"),
        (b"PK\x03\x04" + bytes(20), "compressed"),
        (b"BZh91AY", "compressed"),
    ],
)
def test_other_encodings_and_compressed_files_are_told_apart(content: bytes, code: str) -> None:
    for cut in (1, 2, 1000):
        assert refusal(content, cut=cut)[0] == code


def test_a_byte_order_mark_may_stand_in_front() -> None:
    for cut in (1, 2, 1000):
        assert walked(b'\xef\xbb\xbf{"a": 1}', cut=cut) == [((), {"a": 1})]


def test_half_a_pair_stays_in_a_text() -> None:
    """A system that cuts texts off leaves one in a remark nobody reads; that costs no file."""
    assert walked(b'["Toelichting \\ud83d", {"\\udc00": 1}]') == [((), ["Toelichting \ud83d", {"\udc00": 1}])]


def test_a_huge_number_is_read_as_the_stock_parser_reads_it() -> None:
    for number in (b"1e999", b"-1e999", b"9" * 4_000, b"0.1e-400"):
        assert load(io.BytesIO(number), "d.json", ANY_SIZE) == json.loads(number)


@pytest.mark.parametrize("opened", [(), [()], EVERYWHERE])
@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_depth_is_counted_from_the_document(
    opened: Iterable[Pattern], opening: bytes, closing: bytes
) -> None:
    deepest = json_text.DEPTH_MAX
    assert rebuilt(walked(opening * deepest + b"1" + closing * deepest, opened))
    assert refusal(opening * (deepest + 1) + b"1" + closing * (deepest + 1), opened)[0] == "too-deep"
    assert refusal(opening * 100_000, opened)[0] == "too-deep"


def test_many_marks_side_by_side_or_in_a_text_are_not_depth() -> None:
    document = json.dumps([[[]] * 100, "[" * 1_000, [{"a": "{" * 1_000}] * 100]).encode()
    assert rebuilt(walked(document, [()])) == json.loads(document)


@pytest.mark.parametrize(
    ("content", "code", "line"),
    [
        (b'{\n "a": 1,\n "b": }', "not-json", 3),
        (b'{\n "a": [1,\n\n 2\n}', "not-json", 5),
        (b'[\n\n{"b": "x",\n "b": 1}]', "duplicate-key", 4),
        (b'{\n "a": 1,\n\n "a": 2}', "duplicate-key", 4),
        (b'[\n"\n"]', "not-json", 2),
        (b'[\n1,\n"\xff"]', "bad-encoding", 3),
        (b"[]\n\nx", "not-json", 3),
        (b'[\n"a', "not-json", 2),
    ],
)
def test_a_refusal_names_the_line(content: bytes, code: str, line: int) -> None:
    for cut in (1, 4, 1000):
        assert refusal(content, [(), (ITEM,)], cut=cut) == (code, f"d.json:{line}")


def test_the_line_is_right_behind_many_pieces() -> None:
    lines = [b'{"a": [']
    lines += [b'{"b": "' + b"x" * 40 + b'"},'] * 10_000
    content = b"\n".join([*lines, b'{"b": tru}]}'])
    assert len(content) > 5 * 65_536
    for opened in ((), EVERYWHERE):
        assert refusal(content, opened) == ("not-json", "d.json:10002")


def test_a_fault_in_a_large_file_is_a_fault_and_not_its_size() -> None:
    large = b'{"a": [{"b": x}' + b', {"b": "vulling"}' * 400_000 + b"]}"
    assert refusal(large, EVERYWHERE) == ("not-json", "d.json:1")
    assert refusal(large) == ("not-json", "d.json:1")


def test_one_value_has_a_limit_and_the_document_another() -> None:
    most = json_text.VALUE_CHARACTERS_MAX
    fits, over = b'"' + b"x" * (most - 2) + b'"', b'"' + b"x" * (most - 1) + b'"'
    assert rebuilt(walked(b"[" + fits + b", " + fits + b"]", [()])) == ["x" * (most - 2)] * 2
    assert rebuilt(walked(b'{"a": ' + fits + b"}", [()]))["a"] == "x" * (most - 2)
    assert refusal(b'{"a": ' + over + b"}", [()])[0] == "too-large"
    assert refusal(b'{"a": "' + b"x" * 3 * most, [()])[0] == "too-large"
    assert refusal(b"[" + b"1," * most, ())[0] == "too-large"


def test_the_values_of_one_object_that_is_walked_are_together_no_larger_than_one() -> None:
    half = b'"' + b"x" * (json_text.VALUE_CHARACTERS_MAX // 2 - 2) + b'"'
    assert len(walked(b'{"a": ' + half + b', "b": ' + half + b"}", [()])) == 3
    assert refusal(b'{"a": ' + half + b', "b": ' + half + b', "c": 1}', [()])[0] == "too-large"
    # What is walked is not kept, so it does not count.
    assert len(walked(b'{"a": [' + half + b", " + half + b'], "b": ' + half + b"}", [(), ("a",)])) == 5


def test_a_document_over_the_limit_is_refused_at_the_byte() -> None:
    for cut in (1, 1000):
        told = walk(Cut(DOCUMENT, cut), "d.json", EVERYWHERE, len(DOCUMENT))
        assert rebuilt(told) == json.loads(DOCUMENT)
        with pytest.raises(FileRefused) as refused:
            list(walk(Cut(DOCUMENT, cut), "d.json", EVERYWHERE, len(DOCUMENT) - 1))
        assert refused.value.code == "too-large"


def test_an_object_that_is_walked_has_room_for_so_many_keys() -> None:
    def document(keys: int, length: int) -> bytes:
        return json.dumps({f"{number:0{length}}": 0 for number in range(keys)}).encode()

    room = json_text.KEY_CHARACTERS_MAX
    assert len(walked(document(10_000, 5), [()])) == 10_001
    assert refusal(document(room // 60, 6), [()])[0] == "too-large"
    assert refusal(document(3, room // 2), [()])[0] == "too-large"
    assert len(load(io.BytesIO(document(room // 60, 6)), "d.json", ANY_SIZE)) == room // 60  # type: ignore[arg-type] # an object


def test_a_place_is_written_for_people() -> None:
    assert written("d.json", ("leveringen", 0, "client")) == "d.json: leveringen[0].client"
    assert written("d.json", (3, "a")) == "d.json: [3].a"
    assert written("d.json", ()) == "d.json"


PEAK = """
import re, sys
from connectors.parsing.strict_json import ITEM, walk
opened = {(), ("a",), ("a", ITEM), ("a", ITEM, "b")}
count = sum(1 for _ in walk(open(sys.argv[1], "rb"), "d.json", opened, 1 << 30))
print(count, re.search(r"VmHWM:\\s+([0-9]+) kB", open("/proc/self/status").read())[1])
"""


def peak_kilobytes(file: Path) -> tuple[int, int]:
    """How many places a file has, and the most memory that walking them took."""
    ran = subprocess.run([sys.executable, "-c", PEAK, str(file)], capture_output=True, text=True, check=True)
    count, peak = ran.stdout.split()
    return int(count), int(peak)


def test_walking_takes_no_more_memory_for_a_large_document_than_for_a_small_one(tmp_path: Path) -> None:
    def document(items: int) -> bytes:
        inside = b'{"b": [{"c": "waarde", "d": [1, 2, 3]}], "e": "' + b"x" * 600 + b'"}'
        return b'{"a": [' + b",\n".join([inside] * items) + b"]}"

    small, large = tmp_path / "small.json", tmp_path / "large.json"
    small.write_bytes(document(500))
    large.write_bytes(document(20_000))
    assert large.stat().st_size > 12_000_000
    (few, low), (many, high) = peak_kilobytes(small), peak_kilobytes(large)
    assert (few, many) == (2 + 500 * 4, 2 + 20_000 * 4)
    assert high - low < 2_000
