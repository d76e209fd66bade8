"""What the witness's tests share: a log that grows, can fork and be rolled back, and the witness as a process."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from crypto.keyfiles import WitnessSecrets
from crypto.log.checkpoint import Checkpoint
from crypto.log.merkle import consistency_proof, leaf_hash, node_hash, root
from crypto.log.notes import COSIGNATURE, Verifier, sign
from crypto.log.witnessing import AddCheckpoint
from crypto.witness.config import Place
from crypto.witness.memory import Memory
from crypto.witness.walk import Witness

ORIGIN = "signaalindex/testregio/0f3a"
NAME = "fg.testgemeente.example/getuige"
BEGAN = 1_795_000_000
"""In seconds since 1970; the clock of a witness in this process starts here."""


class Log:
    """A log with its key; every tree it ever was can be shown again."""

    def __init__(self, origin: str = ORIGIN, key: Ed25519PrivateKey | None = None) -> None:
        self.origin = origin
        self.key = key or Ed25519PrivateKey.generate()
        self._levels: list[list[bytes]] = [[]]

    @property
    def verifier(self) -> Verifier:
        return Verifier.of(self.origin, self.key)

    @property
    def size(self) -> int:
        return len(self._levels[0])

    def append(self, *entries: bytes) -> "Log":
        for entry in entries:
            self._add(0, leaf_hash(entry))
        return self

    def grow(self, count: int, mark: str = "") -> "Log":
        return self.append(*(f"{mark}{self.size + i}".encode() for i in range(count)))

    def cut(self, size: int) -> "Log":
        """Another log with the same key and the first leaves only, as after a restored backup."""
        shorter = Log(self.origin, self.key)
        for leaf in self._levels[0][:size]:
            shorter._add(0, leaf)
        return shorter

    def checkpoint(self, size: int | None = None) -> Checkpoint:
        size = self.size if size is None else size
        return Checkpoint(self.origin, size, root(size, self._read))

    def note(self, size: int | None = None) -> bytes:
        return sign(self.checkpoint(size).text, self.origin, self.key)

    def request(self, old: int, size: int | None = None) -> bytes:
        size = self.size if size is None else size
        return AddCheckpoint(old, consistency_proof(old, size, self._read), self.note(size)).body

    def _read(self, level: int, index: int) -> bytes:
        return self._levels[level][index]

    def _add(self, level: int, node: bytes) -> None:
        if level == len(self._levels):
            self._levels.append([])
        row = self._levels[level]
        row.append(node)
        if len(row) % 2 == 0:
            self._add(level + 1, node_hash(row[-2], row[-1]))


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def new_log() -> type[Log]:
    return Log


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder in memory where there is one: these tests kill processes, not machines, and sync a lot."""
    memory = Path("/dev/shm")  # noqa: S108 - a fresh folder of our own is made in it
    with TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def secrets() -> WitnessSecrets:
    return WitnessSecrets.generate(NAME, created=date(2026, 11, 22))


@pytest.fixture(scope="session")
def own(secrets: WitnessSecrets) -> Verifier:
    return Verifier.of(NAME, secrets.signing, COSIGNATURE)


class Clock:
    """A clock that stands still until it is told otherwise."""

    def __init__(self) -> None:
        self.at = BEGAN

    def __call__(self) -> datetime:
        return datetime.fromtimestamp(self.at, UTC)


@dataclass
class Desk:
    """A witness in this process, on a memory on disk."""

    folder: Path
    secrets: WitnessSecrets
    own: Verifier
    clock: Clock = field(default_factory=Clock)
    walk: Witness = field(init=False)

    @property
    def path(self) -> Path:
        return self.folder / "memory.sqlite"

    @property
    def evidence(self) -> Path:
        return self.folder / "evidence"

    def create(self) -> None:
        Memory.create(self.path, self.secrets, self.clock.at)
        self.evidence.mkdir()

    def open(self, *logs: Verifier) -> Witness:
        memory = Memory.open(self.path, self.secrets, to_serve=True)
        place = Place(self.secrets, self.own, {log.name: log for log in logs})
        self.walk = Witness(place, memory, self.evidence, self.clock)
        return self.walk

    def reopen(self, *logs: Verifier) -> Witness:
        self.walk.memory.close()
        return self.open(*(logs or self.walk.place.logs.values()))

    def laid_down(self) -> list[str]:
        return sorted(each.name.partition("-")[2] for each in self.evidence.iterdir())


@pytest.fixture
def desk(tmp_path: Path, secrets: WitnessSecrets, own: Verifier) -> Iterator[Desk]:
    made = Desk(tmp_path, secrets, own)
    made.create()
    yield made
    if hasattr(made, "walk"):
        made.walk.memory.close()


@dataclass
class WitnessProcess:
    """The witness as a real process."""

    config: Path
    port: int = 0
    process: subprocess.Popen[bytes] | None = None
    http: httpx.Client = field(default_factory=lambda: httpx.Client(trust_env=False, timeout=20))

    @property
    def log(self) -> Path:
        return self.config.with_suffix(".log")

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        with self.log.open("ab") as log:
            begin = log.tell()
            command = [sys.executable, "-m", "crypto.witness", "serve", "--config", str(self.config)]
            self.process = subprocess.Popen(command, stderr=log)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and self.process.poll() is None:
            said = self.log.read_bytes()[begin:]
            if b"ready on http://127.0.0.1:" in said:
                self.port = int(said.partition(b"ready on http://127.0.0.1:")[2].split()[0])
                return
            time.sleep(0.02)
        raise AssertionError(self.log.read_text())

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(15)

    def add(self, body: bytes) -> httpx.Response:
        return self.http.post(f"{self.address}/add-checkpoint", content=body)

    def get(self, path: str) -> httpx.Response:
        return self.http.get(self.address + path)


@pytest.fixture
def write_settings(tmp_path: Path, secrets: WitnessSecrets, log: Log) -> Callable[..., Path]:
    """Write the key file and settings of a witness that knows one log."""

    def write(**changes: object) -> Path:
        if not (tmp_path / "witness.key").exists():
            secrets.save(tmp_path / "witness.key")
        values: dict[str, object] = {
            "name": NAME,
            "keys": "witness.key",
            "memory": "memory.sqlite",
            "evidence": "evidence",
            "port": 0,
        }
        lines = [f"{name} = {value!r}" for name, value in (values | changes).items() if value is not None]
        lines += ["[[logs]]", f"origin = '{log.origin}'", f"verifier_key = '{log.verifier.text}'"]
        config = tmp_path / "settings.toml"
        config.write_text("\n".join(lines) + "\n")
        return config

    return write


@pytest.fixture
def service(write_settings: Callable[..., Path], secrets: WitnessSecrets) -> Iterator[WitnessProcess]:
    """A witness on disk with its memory, not started yet; stopped at the end."""
    made = WitnessProcess(write_settings())
    Memory.create(made.config.with_name("memory.sqlite"), secrets, int(time.time()) - 1)
    yield made
    if made.process is not None and made.process.poll() is None:
        made.stop(signal.SIGKILL)
    made.http.close()
