"""The contract suite over every installed format, and the proof that it sees a format that breaks its promises."""

import io
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime

import pytest

from connectors.formats import Format, Options, installed
from connectors.planting import planted
from connectors.reading import FileRefused, Kind, Message, Observation, Quarantined, Reading
from connectors.testing import RECEIVED, FormatContract
from crypto.chain import Bsn
from tests.support.formats import UNDER_CONTRACT

PROMISES = [name for name in vars(FormatContract) if name.startswith("test_")]


@pytest.mark.parametrize("name", UNDER_CONTRACT)
@pytest.mark.parametrize("promise", PROMISES)
def test_a_format_keeps_its_promises(name: str, promise: str) -> None:
    getattr(UNDER_CONTRACT[name](), promise)()


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
    iwmo = UNDER_CONTRACT["iwmo"]
    yield from iwmo.format.reader()(Message(io.BytesIO(iwmo.samples[0].content), message.name, RECEIVED))


def _local(message: Message, _: Options) -> Iterator[Reading]:
    """Takes any moment for one, and calls a traject by its name."""
    for line in message.stream:
        record = json.loads(line)
        with suppress(ValueError):
            yield Observation(
                person=Bsn("999900006"),
                source="kvk:90001234",
                type="jeugdhulp",
                traject=record["traject"],
                kind=Kind.STATE,
                start=None,
                end=None,
                stated_on=datetime.fromisoformat(str(record.get("begin"))),
                message="",
                municipality=None,
                position=message.name,
            )


BREAKS = [
    (_careless, "test_nothing_of_a_message_but_existence_comes_out"),
    (_careless, "test_a_sample_is_read_without_a_fault"),
    (_quoting, "test_what_is_no_such_message_says_nothing"),
    (_greedy, "test_what_is_no_such_message_says_nothing"),
    (_greedy, "test_a_message_that_breaks_off_says_nothing"),
    (_greedy, "test_a_message_over_the_limit_is_refused"),
    (_greedy, "test_every_word_of_a_reading_comes_from_a_closed_list"),
    (_local, "test_every_word_of_a_reading_comes_from_a_closed_list"),
    (_local, "test_whatever_moment_a_message_names_its_readings_can_be_put_in_order"),
]


@pytest.mark.parametrize(("read", "promise"), BREAKS)
def test_a_format_that_breaks_a_promise_is_seen(read: Callable[..., Iterator[Reading]], promise: str) -> None:
    class Broken(FormatContract):
        format = Format(read, "breaks a promise")
        types = frozenset({"jeugdhulp"})
        samples = UNDER_CONTRACT["jsonl"].samples

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
    assert {name: point.load() for name, point in installed().items()} == {
        name: kind.format for name, kind in UNDER_CONTRACT.items()
    }


@pytest.mark.parametrize("content", [kind.samples[0].content for kind in UNDER_CONTRACT.values()])
def test_planting_reaches_every_leaf(content: bytes) -> None:
    """The search would find nothing in a message it does not change."""
    changed = list(planted(content, "Zqvulling"))
    assert len(changed) >= 12
    assert all(b"Zqvulling" in each for each in changed)
    assert len(set(changed)) == len(changed)
