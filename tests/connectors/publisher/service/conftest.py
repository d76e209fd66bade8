"""What the tests of the service's parts share: a connector whose inboxes are looked at one step at a time."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from connectors.publisher import Publisher
from connectors.service.life import Life, Systemd
from connectors.service.settings import Running
from connectors.service.taking import Inbox, Taking
from connectors.service.telling import Figures
from crypto.chain import Bsn

SOURCE = "agb:99010011"
TYPE = "wmo-voorziening"


@dataclass
class Desk:
    """Inboxes and the state their messages go into; nothing is sent."""

    source: Any
    taking: Taking
    figures: Figures

    def look(self) -> bool:
        """Look at every inbox, whether its turn has come or not."""
        for inbox in self.taking.inboxes:
            inbox.next_at = 0.0
        with self.source.state.lock():
            return self.taking.look(self.today)

    @property
    def today(self) -> date:
        return date(2026, 11, 22)

    def wanted(self) -> int:
        """How many flags the index should hold."""
        return len(self.source.state.wishes.kept(1))

    def in_sync(self) -> date | None:
        day: date | None = self.source.state.streams.get(1).as_of
        return day

    def shown(self) -> str:
        self.figures.publish()
        return self.figures.text


NewDesk = Callable[[Running, Callable[[Any], Sequence[Inbox]]], Desk]


@pytest.fixture
def life() -> Life:
    return Life(Systemd(None, None))


@pytest.fixture
def new_desk(new_source: Any, tmp_path: Path, life: Life) -> Iterator[NewDesk]:
    """Set a connector up with the inboxes that are made for its source."""
    sources: list[Any] = []

    def make(running: Running, inboxes: Callable[[Any], Sequence[Inbox]], **changes: Any) -> Desk:
        source = new_source(tmp_path / f"state-{len(sources)}", running=running, **changes)
        sources.append(source)
        figures = Figures(source.clock())
        publisher = Publisher(source.setup, source.state, source.clock)
        return Desk(source, Taking(source.setup, inboxes(source), publisher, life, figures), figures)

    yield make
    for source in sources:
        source.state.close()


def lines(*rows: tuple[Bsn, str, str, str]) -> bytes:
    """A CSV file of (person, traject, first day, last day)."""
    text = "".join(
        f"{traject};{person.digits};{SOURCE};{TYPE};{begin};{end}\n" for person, traject, begin, end in rows
    )
    return ("traject;bsn;bron;soort;begin;einde\n" + text).encode()


@pytest.fixture(name="lines", scope="session")
def lines_fixture() -> Callable[..., bytes]:
    return lines
