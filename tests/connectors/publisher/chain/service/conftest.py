"""The service as a real process on the real chain: its folder, its settings, its log, and ways to wait for it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from connectors.state import State
from crypto.chain import Bsn

OIN = "00000099000000000731"
SOURCE = "agb:99010011"
WAIT_SECONDS = 30.0


class Forker:
    """Starts the command, one process at a time; see `forker.py`."""

    def __init__(self) -> None:
        script = Path(__file__).with_name("forker.py")
        self._process = subprocess.Popen(
            [sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.child: int | None = None

    def start(self, config: Path, log: Path, environment: dict[str, str]) -> None:
        assert self.child is None, "one at a time"
        assert self._process.stdin is not None
        line = {"config": str(config), "log": str(log), "environment": environment}
        self._process.stdin.write(json.dumps(line) + "\n")
        self._process.stdin.flush()
        self.child = self._number()

    def end(self, number: signal.Signals) -> int:
        assert self.child is not None
        with suppress(ProcessLookupError):
            os.kill(self.child, number)
        self.child = None
        return self._number()

    def is_alive(self) -> bool:
        return self.child is not None and Path(f"/proc/{self.child}").exists()

    def close(self) -> None:
        self._process.communicate(timeout=20)

    def _number(self) -> int:
        assert self._process.stdout is not None
        return int(self._process.stdout.readline())


@dataclass
class RunningConnector:
    """One connector's folder, and the process that serves it."""

    folder: Path
    config: Path
    forker: Forker
    starts: list[int] = field(default_factory=list)

    @property
    def inbox(self) -> Path:
        return self.folder / "in"

    @property
    def log_path(self) -> Path:
        return self.folder / "log"

    def start(self, **environment: str) -> None:
        """Start the command and wait until it says it is ready."""
        self.starts.append(self.log_path.stat().st_size if self.log_path.exists() else 0)
        self.forker.start(self.config, self.log_path, environment)
        self.wait(lambda: self.said("ready"), "it says it is ready")

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        return self.forker.end(number)

    def log(self) -> list[dict[str, Any]]:
        """What the present process logged, without a line that is still being written."""
        text = self.log_path.read_bytes()[self.starts[-1] :].decode() if self.log_path.exists() else ""
        return [json.loads(line) for line in text.split("\n")[:-1] if line.startswith("{")]

    def said(self, event: str, **fields: object) -> list[dict[str, Any]]:
        return [e for e in self.log() if e["event"] == event and fields.items() <= e.items()]

    def address(self, setting: str) -> str:
        return str(self.said("listening", setting=setting)[0]["address"])

    def wait(self, condition: Callable[[], object], what: str) -> None:
        """Wait until something is so, as long as the process lives."""
        deadline = time.monotonic() + WAIT_SECONDS
        while not condition():
            assert self.forker.is_alive(), f"it ended before {what}: {self.log_path.read_text()}"
            assert time.monotonic() < deadline, f"too long until {what}: {self.log_path.read_text()}"
            time.sleep(0.01)

    def drop(self, name: str, content: bytes) -> Path:
        """Put a whole file in the inbox, as a careful writer does."""
        draft = self.inbox / f"{name}.part"
        draft.write_bytes(content)
        return draft.rename(self.inbox / name)

    def waiting(self) -> list[str]:
        return [path.name for path in self.inbox.iterdir() if path.is_file()]

    def done(self) -> list[str]:
        """Names of the files that were taken in."""
        return sorted(path.name for path in self.inbox.glob("done/*/*"))


def lines(rows: Sequence[tuple[Bsn, str, str, str]]) -> bytes:
    """A CSV file of (person, traject, first day, last day)."""
    text = "".join(
        f"{traject};{person.digits};{SOURCE};wmo-voorziening;{begin};{end}\n"
        for person, traject, begin, end in rows
    )
    return ("traject;bsn;bron;soort;begin;einde\n" + text).encode()


@pytest.fixture(name="lines")
def lines_fixture() -> Callable[..., bytes]:
    return lines


NewService = Callable[..., RunningConnector]


@pytest.fixture(scope="session")
def forker() -> Iterator[Forker]:
    forker = Forker()
    yield forker
    forker.close()


@pytest.fixture
def new_service(parties: Any, live_chain: Any, tmp_path: Path, forker: Forker) -> Iterator[NewService]:
    """Set a connector up; what is given is added to its settings."""
    made: list[Path] = []

    def make(
        settings: str = '[[inbox]]\nkind = "folder"\nfolder = "in"\nformat = "csv"\n',
        *,
        rhythm: str = "scan_seconds = 0.05\nsend_seconds = 0.05",
        first_hop: str | None = None,
    ) -> RunningConnector:
        folder = tmp_path / f"connector-{len(made)}"
        (folder / "in" / "done").mkdir(parents=True)
        parties.publisher.save(folder / "keys.json")
        parties.manifest.save(folder / "manifest.json")
        config = folder / "connector.toml"
        config.write_text(
            f'environment = "dev"\npublisher = "{OIN}"\nkeys = "keys.json"\nmanifest = "manifest.json"\n'
            f'first_hop = "{first_hop or live_chain.address}"\nstate = "state.sqlite"\nitems_per_batch = 8\n'
            f'[[publications]]\nsource = "{SOURCE}"\ntype = "wmo-voorziening"\n'
            f"[service]\n{rhythm}\n{settings}"
        )
        State.create(folder / "state.sqlite", parties.publisher, "testregio")
        made.append(folder)
        return RunningConnector(folder, config, forker)

    yield make
    if forker.child is not None:
        forker.end(signal.SIGKILL)


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False) as client:
        yield client
