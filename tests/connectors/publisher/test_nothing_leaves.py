"""Whatever stands in a message: in rows that leave, in local state, in logs and on the terminal there is none of it.

The contract suite looks at what readers say; this looks at what a publisher does with it, over every format.
"""

import io
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.cli import connector
from connectors.config import RESTRICTION, Publication, Restrictions
from connectors.planting import planted
from connectors.publisher import MessageFile
from connectors.reading import FileRefused, Message, Observation
from connectors.testing import AS_OF, RECEIVED, Sample
from crypto.sheet import BeperkingRow, SignaalRow, decode_row
from tests.support.formats import UNDER_CONTRACT

WORDS = st.text(alphabet="abcdefghijkmnopqrstuvwxyz", min_size=7, max_size=14).map(lambda text: f"Zq{text}")
NUMBERS = st.integers(10**11, 10**15).map(str)
DAYS = st.dates().map(lambda day: day.isoformat()).filter(lambda day: day[8:] not in {"01", "30", "31"})
PEOPLE = st.sampled_from(["999900006", "999900018", "999900031"])

Source = Any


@cache
def pairs(name: str) -> tuple[Publication, ...]:
    """What the samples of a format are about, as a publisher registers it."""
    kind = UNDER_CONTRACT[name]
    found = {
        (seen.source, seen.type): None
        for sample in kind.samples
        for seen in kind.format.reader(kind.settings)(Message(io.BytesIO(sample.content), "m", RECEIVED))
        if isinstance(seen, Observation)
    }
    flags = ((source, code) for source, code in found if code != RESTRICTION)
    return tuple(Publication(source=source, type=code, format=name) for source, code in flags)


def may_say(name: str) -> dict[str, Any]:
    """Settings under which everything in the samples of a format is acted on."""
    return {
        "publications": pairs(name),
        "restrictions": Restrictions(format=name),
        "municipalities": frozenset({"0344"}),
        "caseload": None,
    }


@dataclass
class Heard:
    """Everything that a run said to somebody."""

    said: list[str] = field(default_factory=list)
    rows: list[SignaalRow | BeperkingRow] = field(default_factory=list)


@pytest.fixture
def logged() -> Iterator[list[str]]:
    """What the whole program logs, whatever the level."""
    said: list[str] = []

    class Listening(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append(f"{record.getMessage()}{record.args}{record.exc_text}")

    handler, root = Listening(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield said
    root.removeHandler(handler)
    root.setLevel(level)


def taken_in(source: Source, name: str, content: bytes) -> Heard:
    """Take a message in, and gather the rows that would leave and all that is said about it."""
    kind = UNDER_CONTRACT[name]
    file = MessageFile("bericht", RECEIVED, lambda: io.BytesIO(content))
    taken = source.publisher.ingest(kind.format.reader(kind.settings), name, [file], AS_OF)
    heard = Heard([repr(taken), *map(str, taken.refused), repr(source.state.quarantine.entries())])
    streams = [stream.stream_id for stream in source.state.streams.all()]
    for wish in source.state.wishes.due(streams, 1000):
        row = decode_row(source.state.streams.get(wish.stream_id).batch_class, wish.body)
        assert isinstance(row, SignaalRow | BeperkingRow)
        heard.rows.append(row)
    return heard


def rows_say_only(rows: list[SignaalRow | BeperkingRow], publications: tuple[Publication, ...]) -> bool:
    """Whether each row says a registered source and type, a month, and nothing else; or just that somebody died."""
    known = {(each.source, each.type) for each in publications}
    plain = (0, None)
    return all(
        (row.source, row.type) in known and (row.count, row.as_of) == plain
        if isinstance(row, SignaalRow)
        else row.count == 0
        for row in rows
    )


@pytest.mark.parametrize("name", UNDER_CONTRACT)
def test_nothing_of_a_message_leaves_but_type_and_month(
    name: str, new_source: Callable[..., Source], tmp_path: Path, logged: list[str]
) -> None:
    publications = pairs(name)
    numbers = iter(range(10**6))

    @settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.data())
    def run(data: st.DataObject) -> None:
        sample: Sample = data.draw(st.sampled_from(UNDER_CONTRACT[name].samples))
        stranger = data.draw(WORDS | NUMBERS | DAYS | PEOPLE)
        messages = list(planted(sample.content, stranger))
        content = data.draw(st.sampled_from(messages))
        source = new_source(tmp_path / f"{next(numbers)}", **may_say(name))
        try:
            heard = taken_in(source, name, content)
            assert rows_say_only(heard.rows, publications)
            assert stranger not in "".join([*heard.said, *map(repr, heard.rows), *logged])
            assert stranger.encode() not in source.state_bytes()
        finally:
            source.state.close()
        assert stranger not in terminal(name, content, tmp_path) or stranger[4:5] == "-"

    run()


def terminal(name: str, content: bytes, folder: Path) -> str:
    """What `connector read` shows of it; days are shown there, at the source."""
    file = folder / "bericht"
    file.write_bytes(content)
    said = ""
    for options in ([], ["--flags"]):
        result = CliRunner().invoke(connector, ["read", name, str(file), *options])
        assert result.exception is None or isinstance(result.exception, SystemExit)
        said += result.stdout + result.stderr
    return said.replace(str(folder), "")


@pytest.mark.parametrize("name", UNDER_CONTRACT)
def test_the_search_looks_at_what_leaves(
    name: str, new_source: Callable[..., Source], tmp_path: Path
) -> None:
    """Were there no rows to look at, the search above would prove nothing."""
    source = new_source(tmp_path, **may_say(name))
    rows = [
        row for sample in UNDER_CONTRACT[name].samples for row in taken_in(source, name, sample.content).rows
    ]
    source.state.close()
    assert rows
    assert all(row.since is not None for row in rows if isinstance(row, SignaalRow))
    assert any(isinstance(row, BeperkingRow) for row in rows) == (RESTRICTION in UNDER_CONTRACT[name].types)


def test_a_file_that_is_refused_is_named_without_its_content() -> None:
    with pytest.raises(FileRefused) as refused:
        list(UNDER_CONTRACT["iwmo"].format.reader()(Message(io.BytesIO(b"<Zqgeheim/>"), "m", RECEIVED)))
    assert "Zqgeheim" not in str(refused.value)
