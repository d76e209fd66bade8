import csv
import io
import json
import subprocess
import sys
import time
import tomllib
import tracemalloc
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from connectors import csv_lines
from connectors.cli import connector
from connectors.lines import LineOptions
from connectors.lines.layout import COLUMNS, TYPES
from connectors.reading import FileRefused, Observation, Quarantined, Reading
from crypto.keyfiles import IndexSecrets, PseudonymiserSecrets, PublisherSecrets
from tests.support.keys import agreed
from tests.support.messages import message

CATALOGUE = Path(__file__).parents[2] / "policy/rules/catalogue.toml"
HEADER = "traject;bsn;bron;soort;begin;einde"
GOOD: Final = {
    "traject": "T-1",
    "bsn": "999900006",
    "bron": "agb:98980001",
    "soort": "wmo-voorziening",
    "begin": "2026-01-08",
    "einde": "",
}
ROW = ";".join(GOOD.values())
MORNING = datetime(2026, 4, 14, 8, tzinfo=UTC)
AS_OF = date(2026, 4, 15)

Run = Callable[..., Any]


def read(
    content: bytes | str, *, at: datetime = MORNING, options: LineOptions | None = None
) -> list[Reading]:
    raw = content.encode() if isinstance(content, str) else content
    return list(csv_lines.read(message(raw, "export.csv", at), options or LineOptions()))


def refusal(content: bytes | str, options: LineOptions | None = None) -> FileRefused:
    with pytest.raises(FileRefused) as refused:
        read(content, options=options)
    return refused.value


def file(*rows: str, header: str = HEADER, end: str = "\n") -> str:
    return "".join(row + end for row in (header, *rows))


def row(separator: str = ";", **changes: str) -> str:
    return separator.join((GOOD | changes).values())


def told(readings: Iterable[Reading]) -> list[tuple[str | None, str]]:
    """Code and place of what is set aside, None and place of what is used."""
    return [(each.code if isinstance(each, Quarantined) else None, each.position) for each in readings]


# --- What one row says -------------------------------------------------------------------------------------------

NOBODY = {"person": None}
CASES: dict[str, tuple[dict[str, str], dict[str, object]]] = {
    "running": ({}, {"outcome": "assert", "since": "2026-01"}),
    "a Dutch first day": ({"begin": "08-01-2026"}, {"outcome": "assert", "since": "2026-01"}),
    "a Dutch day puts the day before the month": (
        {"begin": "03-04-2026"},
        {"outcome": "assert", "since": "2026-04"},
    ),
    "spaces around every value": (
        {key: f"  {value} " for key, value in GOOD.items()},
        {"outcome": "assert", "since": "2026-01"},
    ),
    "runs on its last day": (
        {"einde": "15-04-2026"},
        {"outcome": "assert", "since": "2026-01", "until": "2026-04-15"},
    ),
    "over the day after": (
        {"einde": "2026-04-14"},
        {"outcome": "withdraw", "since": "2026-01", "until": "2026-04-14", "reason": "ended"},
    ),
    "one day long": (
        {"einde": "2026-01-08"},
        {"outcome": "withdraw", "since": "2026-01", "until": "2026-01-08", "reason": "ended"},
    ),
    "not begun yet": (
        {"begin": "2026-05-01"},
        {"outcome": "unchanged", "since": "2026-05", "reason": "not-started"},
    ),
    "a municipality is a source": (
        {"bron": "gemeente:0344"},
        {"outcome": "assert", "since": "2026-01", "source": "gemeente:0344", "municipality": "0344"},
    ),
    "an OIN": ({"bron": "oin:" + "0" * 17 + "123"}, {"outcome": "assert", "since": "2026-01"}),
    "a school": ({"bron": "brin:20KD"}, {"outcome": "assert", "since": "2026-01"}),
    "an insurer": ({"bron": "uzovi:9991"}, {"outcome": "assert", "since": "2026-01"}),
    "no source": ({"bron": ""}, {"source": None, "reason": "source-unknown"}),
    "a source by its name": ({"bron": "Stichting Voorbeeld"}, {"source": None, "reason": "source-unknown"}),
    "a source without its scheme": ({"bron": "98980001"}, {"source": None, "reason": "source-unknown"}),
    "an RSIN, which may be a BSN": (
        {"bron": "rsin:999900006"},
        {"source": None, "reason": "source-unknown"},
    ),
    "a municipality that is none": ({"bron": "gemeente:0000"}, {"source": None, "reason": "source-unknown"}),
    "an AGB code that lost a zero": ({"bron": "agb:8980001"}, {"source": None, "reason": "source-unknown"}),
    "no type": ({"soort": ""}, {"type": None, "reason": "record-malformed"}),
    "a type that is not in the catalogue": ({"soort": "ggz"}, {"type": None, "reason": "record-malformed"}),
    "a type in capitals": ({"soort": "WMO-voorziening"}, {"type": None, "reason": "record-malformed"}),
    "no BSN": ({"bsn": ""}, {**NOBODY, "reason": "bsn-missing"}),
    "eight digits get no zero": ({"bsn": "99990000"}, {**NOBODY, "reason": "bsn-invalid"}),
    "a BSN that fails the eleven-test": ({"bsn": "999900007"}, {**NOBODY, "reason": "bsn-invalid"}),
    "a BSN with dots": ({"bsn": "9999.00.006"}, {**NOBODY, "reason": "bsn-invalid"}),
    "a BSN a spreadsheet made a number of": ({"bsn": "9,999E+08"}, {**NOBODY, "reason": "bsn-invalid"}),
    "a BSN as a formula": ({"bsn": '"=""999900006"""'}, {**NOBODY, "reason": "bsn-invalid"}),
    "a BSN in other digits": ({"bsn": "٩٩٩٩٠٠٠٠٦"}, {**NOBODY, "reason": "bsn-invalid"}),
    "no id": ({"traject": " "}, {"reason": "record-malformed"}),
    "a NUL in the id": ({"traject": "T\0"}, {"reason": "record-malformed"}),
    "an id that turns the text round": ({"traject": "T\u202e1"}, {"reason": "record-malformed"}),
    "a formula for an id is an id": (
        {"traject": "=cmd|' /C calc'!A0"},
        {"outcome": "assert", "since": "2026-01"},
    ),
    "no first day": ({"begin": ""}, {"reason": "start-missing"}),
    "a day that is none": ({"begin": "30-02-2026"}, {"reason": "start-invalid"}),
    "the month before the day": ({"begin": "01-13-2026"}, {"reason": "start-invalid"}),
    "a day without its zero": ({"begin": "8-1-2026"}, {"reason": "start-invalid"}),
    "a day with slashes": ({"begin": "08/01/2026"}, {"reason": "start-invalid"}),
    "a day with its time": ({"begin": "2026-01-08 00:00:00"}, {"reason": "start-invalid"}),
    "a day of a spreadsheet": ({"begin": "46030"}, {"reason": "start-invalid"}),
    "a last day that is none": ({"einde": "onbekend"}, {"reason": "end-invalid"}),
    "a dash is not empty": ({"einde": "-"}, {"reason": "end-invalid"}),
    "over before it begins": ({"einde": "2026-01-07"}, {"reason": "end-before-start"}),
    "a last day that stands for none": ({"einde": "31-12-9999"}, {"reason": "date-implausible"}),
    "a first day that stands for none": ({"begin": "01-01-1800"}, {"reason": "date-implausible"}),
}


@pytest.mark.parametrize("name", CASES)
def test_a_row_on_its_own_reads_as_the_table_says(name: str, connector_read: Run) -> None:
    changes, differs = CASES[name]
    expected = {
        "outcome": "quarantine",
        "type": GOOD["soort"],
        "since": None,
        "until": None,
        "source": changes.get("bron", GOOD["bron"]).strip(),
        "municipality": None,
        "person": 1,
        "reason": None,
    } | differs
    result = connector_read("csv", file(row(**changes)).encode())
    assert (result.exit_code, result.stderr) == (0, "")
    assert [{**line, "reason": code} for line, code in zip(result.lines, result.codes(), strict=True)] == [
        expected
    ]


def test_the_types_are_those_of_the_catalogue() -> None:
    assert {kind["code"] for kind in tomllib.loads(CATALOGUE.read_text("utf-8"))["type"]} == TYPES


def test_what_is_set_aside_is_told_by_its_place_and_column() -> None:
    places = [(row(soort="x"), "soort"), (row(traject=""), "traject")]
    for bad, column in places:
        assert told(read(file(ROW, bad))) == [
            (None, "export.csv:2"),
            ("record-malformed", f"export.csv:3: {column}"),
        ]


# --- What is a CSV file of this layout -----------------------------------------------------------------------------


@pytest.mark.parametrize("separator", [";", ","])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_every_way_to_write_a_file_reads_the_same(separator: str, end: str, mark: bytes) -> None:
    rows = [row(separator), "", row(separator, traject="T-2", bsn="")]
    content = file(*rows, header=separator.join(COLUMNS), end=end).encode()
    for written in (content, content.removesuffix(end.encode())):
        readings = read(mark + written)
        assert told(readings) == [(None, "export.csv:2"), ("bsn-missing", "export.csv:4")]
        assert readings[:1] == read(file(ROW))


@given(st.permutations(COLUMNS), st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]))
def test_columns_stand_in_any_order(columns: Sequence[str], quoting: Any) -> None:
    written = io.StringIO()
    writer = csv.DictWriter(written, columns, delimiter=";", quoting=quoting)
    writer.writeheader()
    writer.writerow(GOOD)
    assert read(written.getvalue()) == read(file(ROW))


def test_the_separator_is_the_one_of_the_first_line_alone() -> None:
    assert told(read(file(row(","), ROW))) == [("record-malformed", "export.csv:2"), (None, "export.csv:3")]


@pytest.mark.parametrize(
    ("header", "place"),
    [
        (f"{HEADER};naam", "1: column 7 is unknown"),
        (f"adres;{HEADER}", "1: column 1 is unknown"),
        (f"{HEADER};", "1: column 7 is unknown"),
        (f"{HEADER};bsn", "1: column 7 is there twice"),
        ("traject;bsn;bsn;soort;begin;einde", "1: column 3 is there twice"),
        ("traject;bsn;bron;soort;begin", "1: no column einde"),
        ("bsn", "1: no column traject"),
        ("traject;BSN;bron;soort;begin;einde", "1: column 2 is unknown"),
        ("traject\tbsn\tbron\tsoort\tbegin\teinde", "1: column 1 is unknown"),
        ("traject,bsn;bron;soort;begin;einde", "1: column 1 is unknown"),
        ("sep=;\n" + HEADER, "1: column 1 is unknown"),
        ("\n \n" + HEADER + ";naam", "3: column 7 is unknown"),
        ('"traject;bsn;bron;soort;begin;einde', "1"),
        ('"traject\n";bsn;bron;soort;begin;einde', "1"),
        ("\0" + HEADER, "1: column 1 is unknown"),
        (ROW, "1: column 1 is unknown"),
        ("x" * 100_000, "1"),
        ('{"traject": "T-1"}', "1"),
        ("<Bericht/>", "1: column 1 is unknown"),
    ],
)
def test_any_other_first_line_refuses_the_file_and_says_where(header: str, place: str) -> None:
    refused = refusal(file(ROW, header=header))
    assert (refused.code, refused.position) == ("columns-wrong", f"export.csv:{place}")


@pytest.mark.parametrize(
    ("content", "code", "place"),
    [
        (b"", "empty", "export.csv"),
        (b" \r\n\n", "empty", "export.csv"),
        (b"\xef\xbb\xbf\n", "empty", "export.csv"),
        (file(ROW, row(traject="Café")).encode("cp1252"), "bad-encoding", "export.csv:3"),
        (file(*[ROW] * 2000, row(traject="Café")).encode("cp1252"), "bad-encoding", "export.csv:2002"),
        (file(ROW).encode("utf-16"), "bad-encoding", "export.csv:1"),
        (file(ROW).encode("utf-16-le"), "columns-wrong", "export.csv:1: column 1 is unknown"),
        (file(ROW, "\ud800x").encode("utf-8", "surrogatepass"), "bad-encoding", "export.csv:3"),
        (b"\x1f\x8b\x08\x00", "compressed", "export.csv"),
        (b"PK\x03\x04xl/workbook.xml", "compressed", "export.csv"),
    ],
)
def test_what_is_no_such_file_is_refused_as_a_whole(content: bytes, code: str, place: str) -> None:
    refused = refusal(content)
    assert (refused.code, refused.position) == (code, place)
    assert refused.__context__ is None
    assert refused.__cause__ is None


def test_a_file_over_the_limit_is_refused() -> None:
    content = file(ROW)
    assert refusal(content, LineOptions(max_bytes=len(content) - 1)).code == "too-large"
    assert len(read(content, options=LineOptions(max_bytes=len(content)))) == 1


def test_a_header_alone_says_nothing() -> None:
    assert read(HEADER) == []


def test_a_file_that_can_be_read_once_only_is_read_all_the_same() -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def seek(self, *_: int) -> int:
            raise OSError

        tell = seek

    content = file(ROW, row(traject="T-2")).encode()
    assert list(csv_lines.read(message(Pipe(content), "export.csv", MORNING))) == read(content)
    with pytest.raises(FileRefused, match="too-large"):
        list(csv_lines.read(message(Pipe(content)), LineOptions(max_bytes=10)))


# --- Rows that are not clear ---------------------------------------------------------------------------------------

BAD = "record-malformed"


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([ROW, f"{ROW};x", ROW], [(None, "2"), (BAD, "3"), (None, "4")]),
        ([ROW, "T-1;999900006", ROW], [(None, "2"), (BAD, "3"), (None, "4")]),
        (["", " ", ";;;;;", ";", ROW], [(None, "6")]),
        ([row(traject='"T;1"'), row(traject='"T ""1"""')], [(None, "2"), (None, "3")]),
        ([row(traject='T"1'), ROW], [(BAD, "2"), (None, "3")]),
        ([row(traject='"T"1'), ROW], [(BAD, "2"), (None, "3")]),
        ([row(traject=' "T"'), ROW], [(BAD, "2"), (None, "3")]),
        ([row(traject="'T;1'"), ROW], [(BAD, "2"), (None, "3")]),
        ([row(traject='"T'), ROW, ROW], [(BAD, "2"), (None, "3"), (None, "4")]),
        ([row(traject='"T'), ROW, row(traject='"U"')], [(BAD, "2"), (None, "3"), (None, "4")]),
        ([row(traject='"T'), ROW, row(traject='"U')], [(BAD, "2"), (None, "3"), (BAD, "4")]),
        ([row(einde='"'), row(traject='"U"'), ROW], [(BAD, "2"), (None, "3"), (None, "4")]),
        ([row(traject=f'"T\n{ROW}\n"'), ROW], [(BAD, "2-4"), (None, "5")]),
        ([row(traject=f'"T\n\n""{ROW}""\n"'), ROW], [(BAD, "2-5"), (None, "6")]),
        ([row(traject="T" * 70_000), ROW], [("too-large", "2"), (None, "3")]),
        ([row(traject='"' + "T" * 70_000), ROW], [("too-large", "2"), (None, "3")]),
        ([row(traject='"T\n' + "x" * 70_000 + '\n"')], [(BAD, "2"), ("too-large", "3"), (BAD, "4")]),
        ([row(traject="T" * 60_000), ROW], [(None, "2"), (None, "3")]),
        (["\0" * 10, ROW], [(BAD, "2"), (None, "3")]),
        ([row(traject="T\u2028\x0b\x0c\x851"), ROW], [(BAD, "2: traject"), (None, "3")]),
    ],
)
def test_a_bad_row_is_set_aside_and_the_others_are_read(
    rows: Sequence[str], expected: list[tuple[str | None, str]]
) -> None:
    assert told(read(file(*rows))) == [(code, f"export.csv:{place}") for code, place in expected]


@pytest.mark.parametrize("size", [65_534, 65_535, 65_536, 65_537, 131_072])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_numbers_hold_wherever_a_read_is_cut_in_two(size: int, end: str) -> None:
    filled = file("x", end=end)
    rows = ["x" * (size - len(filled) - len(end)), "", ROW]
    content = filled + "".join(each + end for each in rows)
    options = LineOptions(max_line_bytes=200_000)
    assert told(read(content, options=options))[-1] == (None, "export.csv:5")


@given(st.lists(st.text(alphabet='a";,\n\r', max_size=12), max_size=8), st.sampled_from([";", ","]))
def test_text_that_was_properly_quoted_is_never_a_row_of_its_own(texts: list[str], separator: str) -> None:
    written = io.StringIO()
    writer = csv.writer(written, delimiter=separator, lineterminator="\n")
    writer.writerow(COLUMNS)
    for text in texts:
        writer.writerow((GOOD | {"traject": f"{text}\n{row(separator)}\n{text}"}).values())
    assert {code for code, _ in told(read(written.getvalue()))} <= {BAD}


@pytest.mark.parametrize("line", ['"', '"a', 'a""";"', '";"', 'a"', '"""', '"";', ";" * 60])
def test_quotes_cannot_make_reading_slow(line: str) -> None:
    content = io.BytesIO(file(*[line] * 30_000).encode())
    begun = time.monotonic()
    assert sum(1 for _ in csv_lines.read(message(content))) <= 30_000
    assert time.monotonic() - begun < 10  # a second or less, unless every line looks at all those after it


def memory_for(*rows: str) -> int:
    """Bytes in use at the busiest moment of reading a file with these rows."""
    content = io.BytesIO(file(*rows).encode())
    tracemalloc.start()
    try:
        *_, last = (isinstance(each, Observation) for each in csv_lines.read(message(content)))
        assert last
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("line", [ROW, row(traject='T"1"')])
def test_memory_does_not_grow_with_the_file(line: str) -> None:
    assert memory_for(*[line] * 10_000, ROW) < 1_000_000  # all it says takes several times as much


def test_a_line_without_end_is_not_kept() -> None:
    assert memory_for("x" * 20_000_000, '"', "x" * 20_000_000, ROW) < 1_000_000


@pytest.mark.parametrize(("rows", "expected"), [(1_000, (BAD, "2-1003")), (1_300, (BAD, "2"))])
def test_a_quote_that_is_open_for_very_long_is_a_stray(rows: int, expected: tuple[str, str]) -> None:
    first = told(read(file(row(traject='"T'), *[ROW] * rows, row(traject='T"'), ROW)))[0]
    assert first == (expected[0], f"export.csv:{expected[1]}")


def test_a_fault_in_the_last_line_comes_before_any_reading() -> None:
    content = file(*[ROW] * 5_000).encode() + b"\xe9\n"
    with pytest.raises(FileRefused, match="bad-encoding"):
        next(csv_lines.read(message(content)))


# --- What a publisher makes of it ----------------------------------------------------------------------------------


SETTINGS = """
environment = "dev"
publisher = "00000099000000000731"
keys = "keys.json"
manifest = "manifest.json"
first_hop = "http://127.0.0.1:1"
state = "state.sqlite"
items_per_batch = 8
[[publications]]
source = "agb:98980001"
type = "wmo-voorziening"
format = "csv"
"""


@pytest.fixture
def publish(tmp_path: Path) -> Callable[[str], dict[str, Any]]:
    """Run `connector publish` over one file, with the next hop out of reach: what is taken in waits, and is told."""
    index = IndexSecrets.generate("testregio", 1, created=AS_OF)
    b = PseudonymiserSecrets.generate("B", index.public(), created=AS_OF)
    a = PseudonymiserSecrets.generate("A", b.public(), created=AS_OF)
    agreed(index, b, a).save(tmp_path / "manifest.json")
    PublisherSecrets.generate("00000099000000000731", created=AS_OF).save(tmp_path / "keys.json")
    config, message = tmp_path / "connector.toml", tmp_path / "export.csv"
    config.write_text(SETTINGS)
    assert CliRunner().invoke(connector, ["init", str(config)]).exit_code == 0

    def run(content: str) -> dict[str, Any]:
        message.write_text(content, encoding="utf-8")
        arguments = ["publish", str(config), "csv", str(message), "--as-of", "2026-04-15", "--json"]
        figures: dict[str, Any] = json.loads(CliRunner().invoke(connector, arguments).stdout)
        return figures

    return run


def test_what_is_published_becomes_wishes_and_the_same_file_none(
    publish: Callable[[str], dict[str, Any]],
) -> None:
    first = publish(file(ROW, row(traject="T-2", bsn=""), row(bron="kvk:90001234")))
    assert (first["messages"], first["trajecten"], first["to_assert"]) == (1, 1, 1)
    assert first["quarantined"] == {"bsn-missing": 1, "source-not-registered": 1}
    assert publish(file(ROW))["to_assert"] == 0
    assert publish(file(row(einde="2026-03-01")))["to_withdraw"] == 1


def test_a_refused_file_changes_nothing(publish: Callable[[str], dict[str, Any]]) -> None:
    publish(file(ROW))
    over = file(row(einde="2026-03-01"))
    for content in (over.replace(";einde", ";einde;naam"), over[:30]):
        figures = publish(content)
        assert (figures["refused"], figures["messages"], figures["to_withdraw"]) == (1, 0, 0)


# --- As an operator meets it, and nothing but existence comes out ---------------------------------------------------


def test_as_an_installed_command_it_reads_standard_input(tmp_path: Path) -> None:
    command = [str(Path(sys.executable).with_name("signal-index")), "connector", "read", "csv", "-"]
    content = file(ROW, row(bsn="999900018", traject="T-2"), row(bsn="x")).encode()
    result = subprocess.run(
        [*command, "--as-of", "2026-04-15"], input=content, capture_output=True, check=False, timeout=60
    )
    assert (result.returncode, result.stderr) == (0, b"")
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(line["outcome"], line["person"]) for line in lines] == [
        ("assert", 1),
        ("assert", 2),
        ("quarantine", None),
    ]
    assert str(lines[2]["reason"]).endswith("(stdin:4)")


def shown(content: bytes) -> str:
    output = ""
    for options in ([], ["--flags"]):
        arguments = ["read", "csv", "-", "--as-of", "2026-04-15", *options]
        result = CliRunner().invoke(connector, arguments, input=content)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        output += result.stdout + result.stderr
    return output


MARKERS = st.text(alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=5, max_size=12).map(
    lambda text: f"Zq{text}7"
)
NUMBERS = st.integers(10**8, 10**9 - 1).map(str)
CELLS = [list(COLUMNS), list(GOOD.values()), [*GOOD.values()]]


@given(
    MARKERS | NUMBERS,
    st.integers(0, 2),
    st.integers(0, 5),
    st.sampled_from(["{}", '"{}"', '"{}', "={}", "agb:{}", "x;{}", "{}\n", '"\n{}"']),
)
def test_no_text_planted_in_any_cell_comes_out(text: str, line: int, column: int, shape: str) -> None:
    cells = [list(each) for each in CELLS]
    cells[line][column] = shape.format(text)
    content = "".join(";".join(each) + "\n" for each in cells)
    output = shown(content.encode())
    assert text not in output
    assert GOOD["bsn"] not in output
    assert GOOD["traject"] not in output


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    assert shown(content).startswith("refused: stdin")
    shown(HEADER.encode() + b"\n" + content)
