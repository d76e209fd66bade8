import csv
import io
import json
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from connectors import csv_lines, json_lines
from connectors.cli import connector
from connectors.lines import LineOptions
from connectors.lines.layout import COLUMNS
from connectors.reading import FileRefused, Observation, Quarantined, Reading
from connectors.trajecten import FlagWish, flags, merge
from tests.support.messages import message

GOOD: Final[Mapping[str, Any]] = {
    "traject": "T-1",
    "bsn": "999900006",
    "bron": "kvk:90001234",
    "soort": "schuldhulptraject",
    "begin": "2026-01-08",
    "einde": None,
}
ABSENT: Final = object()
MORNING = datetime(2026, 4, 14, 8, tzinfo=UTC)

Run = Callable[..., Any]


def read(
    content: bytes | str, *, at: datetime = MORNING, options: LineOptions | None = None
) -> list[Reading]:
    raw = content.encode() if isinstance(content, str) else content
    return list(json_lines.read(message(raw, "export.jsonl", at), options or LineOptions()))


def refusal(content: bytes | str, options: LineOptions | None = None) -> FileRefused:
    with pytest.raises(FileRefused) as refused:
        read(content, options=options)
    return refused.value


def line(**changes: object) -> str:
    record = {**GOOD, **changes}
    return json.dumps({key: value for key, value in record.items() if value is not ABSENT})


def wishes(*files: Sequence[str]) -> list[FlagWish]:
    """What the lines of files, read a day after one another, add up to."""
    records: dict[Any, Any] = {}
    for day, lines in enumerate(files):
        for seen in read("\n".join(lines), at=MORNING + timedelta(days=day)):
            assert isinstance(seen, Observation)
            records[seen.identity] = merge(records.get(seen.identity), seen)
    return flags(records.values(), date(2026, 4, 30))


def told(readings: Sequence[Reading]) -> list[tuple[str | None, str]]:
    """Code and place of what is set aside, None and place of what is used."""
    return [(each.code if isinstance(each, Quarantined) else None, each.position) for each in readings]


CASES: dict[str, tuple[dict[str, object], dict[str, object]]] = {
    "running": ({}, {"outcome": "assert", "since": "2026-01"}),
    "no member for the last day": ({"einde": ABSENT}, {"outcome": "assert", "since": "2026-01"}),
    "an empty last day": ({"einde": " "}, {"outcome": "assert", "since": "2026-01"}),
    "over": (
        {"begin": "08-01-2026", "einde": "31-03-2026"},
        {"outcome": "withdraw", "since": "2026-01", "until": "2026-03-31", "reason": "ended"},
    ),
    "a municipality": (
        {"bron": "gemeente:0344"},
        {"outcome": "assert", "since": "2026-01", "source": "gemeente:0344", "municipality": "0344"},
    ),
    "no BSN": ({"bsn": None}, {"person": None, "reason": "bsn-missing"}),
    "no member for the BSN": ({"bsn": ABSENT}, {"person": None, "reason": "bsn-missing"}),
    "a BSN as a number": ({"bsn": 999900006}, {"person": None, "reason": "bsn-invalid"}),
    "a BSN in a list": ({"bsn": ["999900006"]}, {"person": None, "reason": "bsn-invalid"}),
    "eight digits get no zero": ({"bsn": "99990000"}, {"person": None, "reason": "bsn-invalid"}),
    "no source": ({"bron": ABSENT}, {"source": None, "reason": "source-unknown"}),
    "a source in an object": ({"bron": {"kvk": "90001234"}}, {"source": None, "reason": "source-unknown"}),
    "no type": ({"soort": ABSENT}, {"type": None, "reason": "record-malformed"}),
    "a type nobody knows": ({"soort": "verslavingszorg"}, {"type": None, "reason": "record-malformed"}),
    "no id": ({"traject": ABSENT}, {"reason": "record-malformed"}),
    "an id as a number": ({"traject": 1}, {"reason": "record-malformed"}),
    "an id with half a character in it": ({"traject": "T\ud800"}, {"reason": "record-malformed"}),
    "an id with a line break in it": ({"traject": "T\n1"}, {"reason": "record-malformed"}),
    "an id with a NUL in it": ({"traject": "T\x001"}, {"reason": "record-malformed"}),
    "no first day": ({"begin": None}, {"reason": "start-missing"}),
    "a first day as a number": ({"begin": 20260108}, {"reason": "start-invalid"}),
    "a first day that is false": ({"begin": False}, {"reason": "start-invalid"}),
    "a last day that is false": ({"einde": False}, {"reason": "end-invalid"}),
    "a last day that is zero": ({"einde": 0}, {"reason": "end-invalid"}),
    "over before it begins": ({"einde": "2026-01-07"}, {"reason": "end-before-start"}),
    "a last day that stands for none": ({"einde": "9999-12-31"}, {"reason": "date-implausible"}),
}


@pytest.mark.parametrize("name", CASES)
def test_a_line_on_its_own_reads_as_the_table_says(name: str, connector_read: Run) -> None:
    changes, differs = CASES[name]
    expected = {
        "outcome": "quarantine",
        "type": GOOD["soort"],
        "since": None,
        "until": None,
        "source": GOOD["bron"],
        "municipality": None,
        "person": 1,
        "reason": None,
    } | differs
    result = connector_read("jsonl", line(**changes).encode())
    assert (result.exit_code, result.stderr) == (0, "")
    assert [{**shown, "reason": code} for shown, code in zip(result.lines, result.codes(), strict=True)] == [
        expected
    ]


@pytest.mark.parametrize(
    ("bad", "code", "place"),
    [
        (line(naam="Voorbeeldstra"), "record-malformed", ": member 7 is unknown"),
        (line(einde=ABSENT, eindde="2026-03-31"), "record-malformed", ": member 6 is unknown"),
        (line(BSN="999900006"), "record-malformed", ": member 7 is unknown"),
        (line()[:-1] + ', "bsn": "999900018"}', "duplicate-key", ""),
        (line()[:-1] + ', "bsn": "999900006"}', "duplicate-key", ""),
        (line(bsn=["A"]).replace('["A"]', '{"a": 1, "a": 1}'), "duplicate-key", ""),
        (line()[:-1], "not-json", ""),
        (line() + line(), "not-json", ""),
        (line() + ",", "not-json", ""),
        (line().replace("null", "NaN"), "not-json", ""),
        (line().replace("null", "9" * 5000), "not-json", ""),
        (line().replace('"', "'"), "not-json", ""),
        (line() + "\0", "not-json", ""),
        (line().replace("null", "[" * 9 + "]" * 9), "end-invalid", ""),
        (line().replace("null", "[" * 30_000), "too-deep", ""),
        (line(traject="T" * 70_000), "too-large", ""),
        ("[" + line() + "]", "record-malformed", ""),
        ("null", "record-malformed", ""),
        ("{}", "source-unknown", ""),
        ("traject;bsn;bron;soort;begin;einde", "not-json", ""),
    ],
)
def test_a_bad_line_is_set_aside_and_the_others_are_read(bad: str, code: str, place: str) -> None:
    assert told(read(f"{line()}\n{bad}\n\n{line()}")) == [
        (None, "export.jsonl:1"),
        (code, f"export.jsonl:2{place}"),
        (None, "export.jsonl:4"),
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\n\n \n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_every_way_to_write_a_file_reads_the_same(end: str, mark: bytes) -> None:
    content = mark + (line() + end + line(traject="T-2") + end).encode()
    readings = read(content)
    assert [type(each) for each in readings] == [Observation, Observation]
    assert readings[:1] == read(line())


@pytest.mark.parametrize(
    ("content", "code", "place"),
    [
        (b"", "empty", ""),
        (b"\xef\xbb\xbf\r\n \n", "empty", ""),
        (b"traject;bsn\nT-1;999900006\n", "not-lines", ":1"),
        (b"\n\n[]\n", "not-lines", ":3"),
        (b"{\n}\n", "not-lines", ":1"),
        (json.dumps([dict(GOOD)]).encode(), "not-lines", ":1"),
        (json.dumps(dict(GOOD), indent=1).encode(), "not-lines", ":1"),
        (b"x" * 100_000, "not-lines", ":1"),
        (line().encode("utf-16"), "bad-encoding", ":1"),
        (line().encode("utf-16-le"), "not-lines", ":1"),
        (f'{line()}\n{{"naam": "Café"}}\n'.encode("cp1252"), "bad-encoding", ":2"),
        (b"\x1f\x8b\x08\x00", "compressed", ""),
    ],
)
def test_what_is_no_such_file_is_refused_as_a_whole(content: bytes, code: str, place: str) -> None:
    refused = refusal(content)
    assert (refused.code, refused.position) == (code, f"export.jsonl{place}")
    assert refused.__context__ is None
    assert refused.__cause__ is None


def test_a_fault_in_the_last_line_comes_before_any_reading() -> None:
    content = f"{line()}\n".encode() * 3_000 + b"\xe9\n"
    with pytest.raises(FileRefused, match="bad-encoding"):
        next(json_lines.read(message(content)))


def test_a_bad_first_line_does_not_cost_the_rest() -> None:
    assert told(read(f"x\n{line()}")) == [("not-json", "export.jsonl:1"), (None, "export.jsonl:2")]


def test_a_file_over_the_limit_is_refused() -> None:
    content = line()
    assert refusal(content, LineOptions(max_bytes=len(content) - 1)).code == "too-large"
    assert len(read(content, options=LineOptions(max_bytes=len(content)))) == 1


def test_bad_lines_do_not_make_reading_slow() -> None:
    begun = time.monotonic()
    assert len(read(f"{line()}\n" + "{\n" * 20_000)) == 20_001
    assert time.monotonic() - begun < 10


# --- What files add up to, in either format ------------------------------------------------------------------------


def test_of_two_files_the_one_read_last_counts() -> None:
    running, ended = [line()], [line(einde="2026-03-01")]
    assert [wish.asserted for wish in wishes(running, ended)] == [False]
    assert [wish.asserted for wish in wishes(ended, running)] == [True]


def test_a_corrected_first_day_replaces_the_earlier_one() -> None:
    (wish,) = wishes([line(begin="2025-03-01")], [line()])
    assert (wish.asserted, str(wish.since)) == (True, "2026-01")


def test_a_traject_that_begins_again_under_its_own_id_runs() -> None:
    over = [line(begin="2025-03-01", einde="2025-06-30")]
    assert [str(wish.since) for wish in wishes(over, [line()])] == ["2026-01"]


def test_a_file_that_leaves_a_traject_out_does_not_end_it() -> None:
    other = line(traject="T-2", begin="2026-03-01", einde="2026-03-31")
    assert [(wish.asserted, str(wish.since)) for wish in wishes([line()], [other])] == [(True, "2026-01")]


@pytest.mark.parametrize("other", [{"begin": "2025-03-01", "einde": "2025-06-30"}, {"einde": "2026-03-01"}])
def test_where_lines_of_one_file_differ_a_traject_runs_while_one_says_so(other: Mapping[str, str]) -> None:
    for lines in ([line(), line(**other)], [line(**other), line()]):
        assert [(wish.asserted, str(wish.since)) for wish in wishes(lines)] == [(True, "2026-01")]


def test_several_trajecten_of_one_type_are_one_flag() -> None:
    both = [line(), line(traject="T-2", begin="2026-03-01")]
    (wish,) = wishes(both, [line(einde="2026-03-31")])
    assert (wish.asserted, str(wish.since)) == (True, "2026-03")


VALUES = st.text(alphabet="T1-08;,.\"'= \u00a0é\0", max_size=8).filter(lambda text: text == text.strip())
RECORDS = st.fixed_dictionaries(
    {
        "traject": st.just("T-1") | VALUES,
        "bsn": st.sampled_from(["999900006", "999900018", "99990000"]) | VALUES,
        "bron": st.sampled_from(["kvk:90001234", "gemeente:0344", "brin:20KD"]) | VALUES,
        "soort": st.sampled_from(["jeugdhulp", "wmo-voorziening"]) | VALUES,
        "begin": st.sampled_from(["2026-01-08", "08-01-2026", "31-02-2026"]) | VALUES,
        "einde": st.sampled_from(["", "2026-03-31", "31-03-2026", "2025-01-01"]) | VALUES,
    }
)


@given(st.lists(RECORDS.filter(lambda record: any(record.values())), min_size=1, max_size=4))
def test_a_record_says_the_same_in_either_format(records: list[dict[str, str]]) -> None:
    """Also the same traject: a source may go from one format to the other and end what it had begun."""
    written = io.StringIO()
    writer = csv.DictWriter(written, COLUMNS, delimiter=";", lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    rows = list(csv_lines.read(message(written.getvalue().encode(), "export.jsonl", MORNING)))
    # The header takes a line of its own, so a blank one stands for it.
    assert read("\n" + "\n".join(json.dumps(record) for record in records)) == rows


def shown(content: bytes) -> str:
    output = ""
    for options in ([], ["--flags"]):
        arguments = ["read", "jsonl", "-", "--as-of", "2026-04-15", *options]
        result = CliRunner().invoke(connector, arguments, input=content)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        output += result.stdout + result.stderr
    return output


MARKERS = st.text(alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=5, max_size=12).map(
    lambda text: f"Zq{text}7"
)
NUMBERS = st.integers(10**8, 10**9 - 1).map(str)


@given(
    MARKERS | NUMBERS,
    st.sampled_from([*COLUMNS, "naam"]),
    st.sampled_from(["text", "scheme", "list", "key", "name", "broken"]),
)
def test_no_text_planted_in_any_member_comes_out(text: str, member: str, how: str) -> None:
    record: dict[str, Any] = dict(GOOD)
    if how == "name":
        record[text] = record.pop(member, None)
    else:
        record[member] = {"scheme": f"kvk:{text}", "list": [text], "key": {text: text}}.get(how, text)
    content = json.dumps(record)
    output = shown(f"{line()}\n{content[:-1] if how == 'broken' else content}\n".encode())
    assert text not in output
    assert GOOD["bsn"] not in output
    assert GOOD["traject"] not in output


@given(
    st.sampled_from(COLUMNS), st.sampled_from([0, -1, 3.5, True, False, None, [], {}, [[]], "", "0", 10**40])
)
def test_no_value_of_the_wrong_kind_breaks_the_reading(member: str, value: object) -> None:
    assert len(shown(line(**{member: value}).encode()).splitlines()) == 2


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    assert shown(content).startswith(("refused: stdin", '{"outcome": "quarantine"'))
    shown(line().encode() + b"\n" + content)


def test_the_moment_a_file_came_in_dates_what_it_says() -> None:
    (seen,) = json_lines.read(message(line().encode(), received=MORNING))
    assert isinstance(seen, Observation)
    assert seen.stated_on == MORNING
