"""The command as an operator meets it: `signal-index connector read`."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from connectors.cli import commands, connector, run
from connectors.formats import installed

KEYS = ["outcome", "type", "since", "until", "source", "municipality", "person", "reason"]
OUTCOMES = {"assert", "withdraw", "unchanged", "quarantine", "source-unavailable"}
START = {"ToewijzingNummer": "300201", "Begindatum": "2026-01-08", "StatusAanlevering": "1"}
SAMPLES = Path(__file__).parent / "samples"
FORMATS = {"wmo305.xml": "iwmo", "jw307-default-namespace.xml": "iwmo", "schuldhulp.json": "ddas"}
BSNS = ("999900006", "999900018", "999900031", "999900043", "999900055", "999900067")

Write = Callable[..., bytes]
Run = Callable[..., Any]


@pytest.mark.parametrize("sample", FORMATS)
@pytest.mark.parametrize("options", [[], ["--flags"]])
def test_every_line_has_the_promised_members_in_order(
    sample: str, options: list[str], connector_read: Run
) -> None:
    result = connector_read(FORMATS[sample], SAMPLES / sample, options=options)
    assert result.exit_code == 0
    assert result.lines
    for line in result.lines:
        assert list(line) == KEYS
        assert line["outcome"] in OUTCOMES


def test_a_format_that_cannot_be_loaded_costs_only_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, connector_read: Run
) -> None:
    metadata = tmp_path / "stuk-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: stuk\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text("[signal_index.flags]\nstuk = stuk_dat_er_niet_is:FORMAT\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    listed = CliRunner().invoke(connector, ["formats"])
    assert listed.exit_code == 0
    assert (
        "stuk                   cannot be used: stuk_dat_er_niet_is:FORMAT cannot be loaded" in listed.output
    )
    assert "\nsuwi " in listed.output
    result = connector_read("stuk", SAMPLES / "wmo305.xml")
    assert (result.exit_code, "mend or remove that package" in result.stderr) == (2, True)


def test_people_are_counted_over_all_files_of_a_run(write_iwmo: Write, connector_read: Run) -> None:
    bad = write_iwmo("wmo305", [("999900007", [START]), ("999900018", [START])])
    result = connector_read("iwmo", SAMPLES / "jw307-default-namespace.xml", bad, SAMPLES / "wmo305.xml")
    assert [line["person"] for line in result.lines] == [1, 1, None, 2, 2, 2]


def test_a_person_in_quarantine_keeps_her_number(write_iwmo: Write, connector_read: Run) -> None:
    undated = {"ToewijzingNummer": "1", "StatusAanlevering": "1"}
    result = connector_read("iwmo", write_iwmo("wmo305", [("999900006", [undated]), ("999900018", [START])]))
    assert [line["person"] for line in result.lines] == [1, 2]


def test_all_in_quarantine_is_still_a_good_run(write_iwmo: Write, connector_read: Run) -> None:
    result = connector_read("iwmo", write_iwmo("wmo305", [("999900007", [START])]))
    assert (result.exit_code, result.codes()) == (0, ["bsn-invalid"])


def test_a_refused_file_does_not_cost_the_others(write_iwmo: Write, connector_read: Run) -> None:
    good = write_iwmo("wmo305", [("999900006", [START])])
    result = connector_read("iwmo", good, b"<x>", good, b"\x1f\x8b")
    assert result.exit_code == 2
    assert len(result.lines) == 2
    first, second = result.stderr.splitlines()
    assert first.startswith("refused: ")
    assert "not-well-formed" in first
    assert "compressed" in second


@pytest.mark.parametrize("options", [[], ["--flags"]])
def test_a_missing_file_or_a_folder_is_refused_by_name(
    options: list[str], tmp_path: Path, connector_read: Run
) -> None:
    result = connector_read(
        "iwmo", tmp_path / "nergens.xml", tmp_path, SAMPLES / "wmo305.xml", options=options
    )
    assert result.exit_code == 2
    assert result.lines
    assert result.stderr.count("unreadable") == 2
    assert "nergens.xml" in result.stderr


def test_flags_are_counted_over_all_files(write_iwmo: Write, connector_read: Run) -> None:
    start = write_iwmo(
        "wmo305", [("999900006", [START, {**START, "ToewijzingNummer": "2", "Begindatum": "2026-02-08"}])]
    )
    stop = {
        "ToewijzingNummer": "300201",
        "Begindatum": "2026-01-08",
        "Einddatum": "2026-03-01",
        "StatusAanlevering": "1",
    }
    result = connector_read("iwmo", write_iwmo("wmo307", [("999900006", [stop])]), start, options=["--flags"])
    assert result.lines == [
        {
            "outcome": "assert",
            "type": "wmo-voorziening",
            "since": "2026-02",
            "until": None,
            "source": "agb:98980001",
            "municipality": "0344",
            "person": 1,
            "reason": None,
        }
    ]


def test_what_is_not_counted_is_said(write_iwmo: Write, connector_read: Run) -> None:
    message = write_iwmo("wmo305", [("999900007", [START, START]), ("999900006", [START])])
    result = connector_read("iwmo", message, options=["--flags"])
    assert [line["person"] for line in result.lines] == [1]
    assert result.stderr.startswith("2 records not counted")


def test_trajecten_in_two_municipalities_have_no_single_one(write_iwmo: Write, connector_read: Run) -> None:
    files = [
        write_iwmo("wmo305", [("999900006", [START])], header={"Ontvanger": code})
        for code in ("0344", "0355")
    ]
    (line,) = connector_read("iwmo", *files, options=["--flags"]).lines
    assert line["municipality"] is None


def test_one_person_at_two_sources_is_two_flags(write_iwmo: Write, connector_read: Run) -> None:
    files = [
        write_iwmo("wmo305", [("999900006", [START])], header={"Afzender": agb})
        for agb in ("98980001", "98980002")
    ]
    lines = connector_read("iwmo", *files, options=["--flags"]).lines
    assert [(line["person"], line["source"]) for line in lines] == [(1, "agb:98980001"), (1, "agb:98980002")]


def test_the_day_defaults_to_today(write_iwmo: Write) -> None:
    def outcome(day: date) -> str:
        message = write_iwmo("wmo305", [("999900006", [{**START, "Begindatum": day.isoformat()}])])
        result = CliRunner().invoke(connector, ["read", "iwmo", "-"], input=message)
        return str(json.loads(result.stdout)["outcome"])

    today = datetime.now(tz=UTC).date()
    assert outcome(today.replace(year=today.year - 1, day=1)) == "assert"
    assert outcome(today.replace(year=today.year + 1, day=1)) == "unchanged"


def test_standard_input_is_a_file_too(write_iwmo: Write) -> None:
    message = write_iwmo("wmo305", [("999900006", [{**START, "Begindatum": "x"}])])
    result = CliRunner().invoke(connector, ["read", "iwmo", "-", "--as-of", "2026-04-15"], input=message)
    line = message[: message.index(b"<m:StartProduct>")].count(b"\n") + 1
    assert json.loads(result.stdout)["reason"].endswith(f"(stdin:{line})")


def test_an_unknown_format_names_the_known_ones() -> None:
    result = CliRunner().invoke(connector, ["read", "hl7", "x"])
    assert result.exit_code == 2
    assert all(name in result.stderr for name in installed())


@pytest.mark.parametrize("number", ["999900006", "9999.00.006", "9999 00 006", "1999900006"])
def test_a_number_in_the_name_of_a_file_is_not_shown(number: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(connector, ["read", "iwmo", str(tmp_path / f"{number}.xml")])
    assert result.exit_code == 2
    assert number not in result.output
    assert "unreadable" in result.output


@pytest.mark.parametrize(
    "arguments", [["read"], ["read", "iwmo"], ["read", "iwmo", "x", "--as-of", "gisteren"]]
)
def test_a_wrong_call_is_told_so(arguments: list[str]) -> None:
    result = CliRunner().invoke(connector, arguments)
    assert result.exit_code == 2
    assert "Usage" in result.stderr


def test_help_shows_an_example() -> None:
    assert "connector read iwmo inbox/*.xml" in CliRunner().invoke(connector, ["read", "--help"]).stdout


def test_a_bsn_in_a_file_name_is_not_repeated(tmp_path: Path, connector_read: Run) -> None:
    folder = tmp_path / "999900031"
    folder.mkdir()
    file = folder / "dossier_999900006.xml"
    file.write_bytes(b"<x>")
    result = connector_read("iwmo", file)
    assert "dossier_#########.xml" in result.stderr
    assert not any(bsn in result.stdout + result.stderr for bsn in BSNS)


SIGNAL_INDEX = str(Path(sys.executable).with_name("signal-index"))


def test_as_an_installed_command_it_says_the_same() -> None:
    arguments = ["connector", "read", "ddas", str(SAMPLES / "schuldhulp.json"), "--as-of", "2026-04-15"]
    result = subprocess.run([SIGNAL_INDEX, *arguments], capture_output=True, check=False, timeout=60)
    assert result.stderr == b""
    assert result.returncode == 0
    assert [json.loads(line)["person"] for line in result.stdout.splitlines()] == [1, 2, 3, 4, 5, 6]


def test_a_reader_that_stops_listening_gets_no_traceback(write_iwmo: Write, tmp_path: Path) -> None:
    message = tmp_path / "message.xml"
    message.write_bytes(write_iwmo("wmo305", [("999900006", [START] * 3000)]))
    receiving, sending = os.pipe()
    os.close(receiving)
    command = [SIGNAL_INDEX, "connector"]
    with os.fdopen(sending, "wb") as nobody:
        result = subprocess.run(
            [*command, "read", "iwmo", str(message)],
            stdout=nobody,
            stderr=subprocess.PIPE,
            check=False,
            timeout=20,
        )
    assert result.stderr == b""
    assert result.returncode == 1


# --- Nothing but existence comes out ------------------------------------------------------------------------------

MARKERS = st.text(alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=5, max_size=12).map(
    lambda text: f"Zq{text}7"
)


def shown(format_name: str, message: bytes, *options: str) -> str:
    arguments = ["read", format_name, "-", "--as-of", "2026-04-15", *options]
    result = CliRunner().invoke(connector, arguments, input=message)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.stdout + result.stderr


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a JSON value, containers included."""
    yield path
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(item, (*path, key))


def planted(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """The value with `new` at this place."""
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = planted(copy[path[0]], path[1:], new)
    return copy


XML_SAMPLES = [name for name in FORMATS if name.endswith(".xml")]
XML_ELEMENTS = {name: len(list(etree.parse(SAMPLES / name).iter())) for name in XML_SAMPLES}
DELIVERY = json.loads((SAMPLES / "schuldhulp.json").read_text("utf-8"))
JSON_PLACES = list(places(DELIVERY))


def with_marker(sample: str, index: int, marker: str, where: str) -> bytes:
    tree = etree.parse(SAMPLES / sample)
    element = list(tree.iter())[index]
    if where == "name":
        element.tag = f"{{{marker}}}{marker}"
    elif where == "attribute":
        element.set(marker, marker)
    else:
        setattr(element, where, marker)
    return bytes(etree.tostring(tree, encoding="UTF-8", xml_declaration=True))


@given(
    st.sampled_from(XML_SAMPLES), st.data(), MARKERS, st.sampled_from(["text", "tail", "name", "attribute"])
)
def test_no_text_planted_anywhere_in_xml_comes_out(
    sample: str, data: st.DataObject, marker: str, where: str
) -> None:
    index = data.draw(st.integers(1 if where == "tail" else 0, XML_ELEMENTS[sample] - 1))
    message = with_marker(sample, index, marker, where)
    assert marker not in shown("iwmo", message) + shown("iwmo", message, "--flags")


@given(st.sampled_from(JSON_PLACES), MARKERS, st.sampled_from(["text", "list", "key"]))
def test_no_text_planted_anywhere_in_json_comes_out(place: tuple[Any, ...], marker: str, how: str) -> None:
    new: Any = {"text": marker, "list": [marker], "key": {marker: marker}}[how]
    message = json.dumps(planted(DELIVERY, place, new)).encode()
    assert marker not in shown("ddas", message) + shown("ddas", message, "--flags")


@given(
    st.sampled_from(JSON_PLACES),
    st.sampled_from([0, -1, 3.5, True, False, None, [], {}, [[]], "", "0", 10**40]),
)
def test_no_value_of_the_wrong_kind_breaks_the_reading(place: tuple[Any, ...], value: object) -> None:
    shown("ddas", json.dumps(planted(DELIVERY, place, value)).encode())


NUMBERS = st.integers(10**8, 10**9 - 1).map(str)


@given(st.sampled_from(JSON_PLACES), NUMBERS)
def test_no_nine_digits_come_out_of_json_whatever_field_they_stand_in(
    place: tuple[Any, ...], number: str
) -> None:
    for new in (number, int(number)):
        output = shown("ddas", json.dumps(planted(DELIVERY, place, new)).encode())
        assert number not in output


@given(st.sampled_from(XML_SAMPLES), st.data(), NUMBERS | st.sampled_from(BSNS))
def test_no_nine_digits_come_out_of_xml_whatever_field_they_stand_in(
    sample: str, data: st.DataObject, number: str
) -> None:
    index = data.draw(st.integers(0, XML_ELEMENTS[sample] - 1))
    assert number not in shown("iwmo", with_marker(sample, index, number, "text"))


@pytest.mark.parametrize("sample", FORMATS)
def test_no_bsn_of_a_sample_comes_out(sample: str) -> None:
    content = (SAMPLES / sample).read_bytes()
    output = shown(FORMATS[sample], content) + shown(FORMATS[sample], content, "--flags")
    assert any(bsn.encode() in content for bsn in BSNS)
    assert not any(bsn in output for bsn in BSNS)


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    for format_name in ("iwmo", "ddas"):
        assert shown(format_name, content).startswith("refused: stdin")


def test_every_command_is_listed_under_its_own_name_and_found_by_it() -> None:
    context = click.Context(connector)
    made = {str(each.name): each for each in (*commands.COMMANDS, *run.COMMANDS)}
    assert connector.list_commands(context) == sorted(["read", "formats", *made])
    for name in connector.list_commands(context):
        found = connector.get_command(context, name)
        assert found is not None
        assert found is made.get(name, found)
        assert found.name == name
    assert connector.get_command(context, "forget") is None
