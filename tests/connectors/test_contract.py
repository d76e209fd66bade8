"""The contract suite over every installed format, and the proof that it sees a format that breaks its promises."""

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from connectors import csv_lines, ddas, json_lines
from connectors.formats import Format, Options, installed
from connectors.istandaarden import iwmo
from connectors.lines.layout import TYPES
from connectors.planting import planted
from connectors.reading import FileRefused, Message, Quarantined, Reading
from connectors.testing import RECEIVED, FormatContract, Sample

SAMPLES = Path(__file__).parent / "samples"
CSV = b"""traject;bsn;bron;soort;begin;einde
T-1;999900006;agb:98980001;wmo-voorziening;2026-01-08;
T-2;999900018;gemeente:0344;bijstandsuitkering;08-01-2026;31-03-2026
"""
COLUMNS = ("traject", "bsn", "bron", "soort", "begin", "einde")
JSONL = "".join(
    json.dumps(dict(zip(COLUMNS, values, strict=True))) + "\n"
    for values in (
        ("T-1", "999900006", "kvk:90001234", "schuldhulptraject", "2026-01-08", None),
        ("T-2", "999900018", "brin:20KD", "studiefinanciering", "2025-09-01", "2026-02-28"),
    )
).encode()


class TestIwmo(FormatContract):
    format = iwmo.FORMAT
    types = frozenset({"wmo-voorziening", "jeugdhulp"})
    samples = (
        Sample((SAMPLES / "wmo305.xml").read_bytes(), observations=2),
        Sample((SAMPLES / "jw307-default-namespace.xml").read_bytes(), observations=2),
    )


class TestDdas(FormatContract):
    format = ddas.FORMAT
    types = frozenset({"schuldhulptraject"})
    samples = (Sample((SAMPLES / "schuldhulp.json").read_bytes(), observations=6),)


class TestCsv(FormatContract):
    format = csv_lines.FORMAT
    types = TYPES
    samples = (Sample(CSV, observations=2),)
    is_in_lines = True


class TestJsonLines(FormatContract):
    format = json_lines.FORMAT
    types = TYPES
    samples = (Sample(JSONL, observations=2),)
    is_in_lines = True


# --- Formats that break a promise are seen ---------------------------------------------------------------------------


def _careless(message: Message, _: Options) -> Iterator[Reading]:
    """Yields what it has before the end is seen, and says where in the sender's own words."""
    for line in message.stream:
        name = json.loads(line).get("bron")
        yield Quarantined("bsn-missing", f"{message.name}: {name}")


def _quoting(message: Message, _: Options) -> Iterator[Reading]:
    """Passes on what the parser says."""
    try:
        json.loads(message.stream.read())
    except ValueError as error:
        raise FileRefused("not-json", message.name) from error
    return iter(())


def _greedy(message: Message, _: Options) -> Iterator[Reading]:
    """Looks no further than its own sample and knows no limit."""
    message.stream.read()
    yield from TestIwmo.format.reader()(
        Message(io.BytesIO(TestIwmo.samples[0].content), message.name, RECEIVED)
    )


BREAKS = [
    (_careless, "test_nothing_of_a_message_but_existence_comes_out"),
    (_careless, "test_a_sample_is_read_without_a_fault"),
    (_quoting, "test_what_is_no_such_message_says_nothing"),
    (_greedy, "test_what_is_no_such_message_says_nothing"),
    (_greedy, "test_a_message_that_breaks_off_says_nothing"),
    (_greedy, "test_a_message_over_the_limit_is_refused"),
    (_greedy, "test_every_word_of_a_reading_comes_from_a_closed_list"),
]


@pytest.mark.parametrize(("read", "promise"), BREAKS)
def test_a_format_that_breaks_a_promise_is_seen(read: Callable[..., Iterator[Reading]], promise: str) -> None:
    class Broken(FormatContract):
        format = Format(read, "breaks a promise")
        types = frozenset({"jeugdhulp"})
        samples = (Sample(JSONL, observations=2),)

    with pytest.raises(AssertionError):
        getattr(Broken(), promise)()


def _broken(_: Message, __: Options) -> Iterator[Reading]:
    yield from ()
    raise KeyError("999900006")


def test_a_fault_in_a_format_refuses_the_message_and_quotes_nothing() -> None:
    reader = Format(_broken, "has a fault").reader()
    with pytest.raises(FileRefused) as refused:
        list(reader(Message(io.BytesIO(b""), "levering.json", RECEIVED)))
    assert refused.value.code == "format-fault"
    assert refused.value.position.startswith("levering.json (KeyError at ")
    assert "test_contract.py:" in refused.value.position
    assert refused.value.__context__ is None
    assert "999900006" not in str(refused.value)


def test_every_installed_format_is_under_contract() -> None:
    under_contract = {kind.format for kind in FormatContract.__subclasses__() if kind.__module__ == __name__}
    assert {point.load() for point in installed().values()} <= under_contract


@pytest.mark.parametrize("content", [CSV, JSONL, TestIwmo.samples[0].content, TestDdas.samples[0].content])
def test_planting_reaches_every_leaf(content: bytes) -> None:
    """The search would find nothing in a message it does not change."""
    changed = list(planted(content, "Zqvulling"))
    assert len(changed) >= 12
    assert all(b"Zqvulling" in each for each in changed)
    assert len(set(changed)) == len(changed)
