"""What the pseudonymiser's tests share: keys, batches, and both parties in this process or as real ones."""

import itertools
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import pytest
import pytest_asyncio

from crypto.answers import Acknowledgement, sign
from crypto.batch import Batch, BatchClass, Header, apply_hop, compose, max_bytes
from crypto.chain import Bsn
from crypto.chain.crew import Alone
from crypto.encoding import Month
from crypto.keyfiles import IndexSecrets, Manifest, PseudonymiserSecrets, PublisherSecrets
from crypto.pseudonymiser.app import Pseudonymiser, create_app
from crypto.pseudonymiser.config import TRIALS_PER_DAY, Place, Publisher
from crypto.pseudonymiser.ledger import Ledger
from crypto.sheet import SignaalOperation, SignaalRow
from tests.support.keys import agreed

SCOPE = "testregio"
OIN = "00000099000000000731"
TODAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
N = 4
QUOTA = 10 * N


@cache
def _manifest_of(scope: str, epoch: int) -> Manifest:
    index = IndexSecrets.generate(scope, epoch, created=TODAY)
    b = PseudonymiserSecrets.generate("B", index.public(), created=TODAY)
    return agreed(index, b, PseudonymiserSecrets.generate("A", b.public(), created=TODAY))


@dataclass
class Parties:
    """The keys of everybody, which only a test may hold together."""

    index: IndexSecrets
    b: PseudonymiserSecrets
    a: PseudonymiserSecrets
    publisher: PublisherSecrets
    manifest: Manifest

    @classmethod
    def make(cls) -> "Parties":
        index = IndexSecrets.generate(SCOPE, 1, created=TODAY)
        b = PseudonymiserSecrets.generate("B", index.public(), created=TODAY)
        a = PseudonymiserSecrets.generate("A", b.public(), created=TODAY)
        manifest = agreed(index, b, a)
        return cls(index, b, a, PublisherSecrets.generate(OIN, created=TODAY), manifest)

    def header(self, **changes: Any) -> Header:
        values: dict[str, Any] = {
            "audience": f"index:{SCOPE}",
            "scope": SCOPE,
            "key_epoch": 1,
            "publisher": OIN,
            "batch_class": BatchClass.SIGNAAL,
            "incarnation": bytes(16),
            "sequence": 1,
            "n": N,
            "composed_at": int(NOW.timestamp()),
        }
        return Header(**(values | changes))

    def batch(self, **changes: Any) -> Batch:
        """A good batch of one flag and fillers; the header can say something else."""
        header = self.header(**changes)
        said = SignaalRow(
            SignaalOperation.ASSERT,
            source="agb:1",
            type="wmo-voorziening",
            since=Month(2026, 3),
            generation=1,
        )
        items: list[tuple[Bsn | None, bytes]] = [(Bsn("999900006"), said.encode())]
        items += [(None, SignaalRow(SignaalOperation.FILLER).encode())] * (header.n - 1)
        # Keys are made for one place; a header that names another is the publisher's doing, and it can sign it.
        elsewhere = (header.scope, header.key_epoch) != (SCOPE, 1)
        manifest = _manifest_of(header.scope, header.key_epoch) if elsewhere else self.manifest
        return compose(header, items, manifest, self.publisher.signing)

    def place(self, party: str, quota: int = QUOTA) -> Place:
        quotas = {BatchClass.SIGNAAL: quota, BatchClass.PROEF: TRIALS_PER_DAY}
        publisher = Publisher(OIN, self.publisher.signing.public_key(), N, quotas)
        return Place(
            secrets=self.a if party == "A" else self.b,
            manifest=self.manifest,
            publishers={OIN: publisher},
        )

    def acknowledgement(self, batch: Batch) -> bytes:
        header = batch.header
        said = Acknowledgement(header.incarnation, SCOPE, OIN, header.sequence, header.n, batch.digest)
        return sign(said, self.index.signing)


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder in memory where there is one: these tests kill processes, not machines, and sync a lot."""
    memory = Path("/dev/shm")  # noqa: S108 - a fresh folder of our own is made in it
    with TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def parties() -> Parties:
    return Parties.make()


class Clock:
    """A clock that stands still until it is told otherwise."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **time_: float) -> None:
        self.now += timedelta(**time_)


@pytest.fixture
def clock() -> Clock:
    return Clock()


class NextHop:
    """A next party on a real socket that answers as it is told, and keeps what it got."""

    def __init__(self) -> None:
        self.got: list[bytes] = []
        self.answer: Callable[[bytes], tuple[int, dict[str, str], bytes]] = lambda _: (
            200,
            {"Content-Type": "application/octet-stream"},
            b"signed",
        )
        outer = self

        class Answering(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.got.append(body)
                status, headers, answer = outer.answer(body)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def next_hop() -> Iterator[NextHop]:
    made = NextHop()
    yield made
    made.close()


@dataclass
class Party:
    """One party's application in this process, spoken to over HTTP without a socket."""

    http: httpx.AsyncClient
    ledger: Ledger
    walk: Pseudonymiser

    async def post(self, body: bytes, **headers: str) -> httpx.Response:
        sent = {"Content-Type": "application/octet-stream"} | {
            k.replace("_", "-"): v for k, v in headers.items()
        }
        return await self.http.post("/v1/leveringen", content=body, headers=sent)


Start = Callable[..., Awaitable[Party]]


@pytest_asyncio.fixture
async def start(parties: Parties, next_hop: NextHop, clock: Clock, tmp_path: Path) -> AsyncIterator[Start]:
    """Start a party in this process: `await start("A")`."""
    async with AsyncExitStack() as stack:

        async def starting(party: str, quota: int = QUOTA, address: str | None = None) -> Party:
            path = tmp_path / f"ledger-{party}.sqlite"
            if not path.exists():
                Ledger.create(path, party, clock())
            ledger = Ledger.open(path, party)
            stack.callback(ledger.close)
            walk = Pseudonymiser(
                parties.place(party, quota), ledger, address or next_hop.address, clock, Alone()
            )
            app = create_app(walk)
            await stack.enter_async_context(app.router.lifespan_context(app))
            transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
            http = httpx.AsyncClient(transport=transport, base_url="http://party")
            await stack.enter_async_context(http)
            return Party(http, ledger, walk)

        yield starting


@dataclass
class HopProcess:
    """A pseudonymiser as a real process."""

    config: Path
    port: int = 0
    process: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def log(self) -> Path:
        return self.config.with_suffix(".log")

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        with self.log.open("ab") as log:
            begin = log.tell()
            self.process = subprocess.Popen(
                [sys.executable, "-m", "crypto.pseudonymiser", "serve", "--config", str(self.config)],
                stderr=log,
            )
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


@pytest.fixture
def write_service(parties: Parties, tmp_path: Path, next_hop: NextHop) -> Callable[..., Path]:
    """Write key files and settings for one party."""

    def write(party: str = "A", **changes: object) -> Path:
        secrets = parties.a if party == "A" else parties.b
        secrets.save(tmp_path / "keys.json")
        parties.manifest.save(tmp_path / "manifest.json")
        parties.publisher.public().save(tmp_path / "publisher.json")
        values: dict[str, object] = {
            "environment": "dev",
            "party": party,
            "keys": "keys.json",
            "manifest": "manifest.json",
            "next_hop": next_hop.address,
            "ledger": "ledger.sqlite",
            "port": 0,
        }
        lines = [f"{name} = {value!r}" for name, value in (values | changes).items() if value is not None]
        lines += [
            "[[publishers]]", f"oin = '{OIN}'", "verify_key = 'publisher.json'",
            f"items_per_batch = {N}", f"daily_quota = {{ signaal = {QUOTA} }}",
        ]  # fmt: skip
        config = tmp_path / "settings.toml"
        config.write_text("\n".join(lines) + "\n")
        return config

    return write


@pytest.fixture
def new_process() -> type[HopProcess]:
    """Makes a process of a settings file; whoever starts it stops it."""
    return HopProcess


@pytest.fixture
def service(write_service: Callable[..., Path]) -> Iterator[HopProcess]:
    """A party A on disk with its ledger, not started yet; stopped at the end."""
    made = HopProcess(write_service())
    Ledger.create(made.config.with_name("ledger.sqlite"), "A", datetime.now(UTC))
    yield made
    if made.process is not None and made.process.poll() is None:
        made.stop(signal.SIGKILL)


HOPS = {"A": 0, "B": 1}


def for_party(parties: Parties, party: str, batch: Batch) -> bytes:
    """The batch as it arrives at this party."""
    return (apply_hop(batch, parties.a, parties.manifest) if party == "B" else batch).encode()


@pytest.fixture(scope="session")
def arriving(parties: Parties) -> Callable[[str, Batch], bytes]:
    """Encode a batch as it arrives at a party."""
    return lambda party, batch: for_party(parties, party, batch)


@pytest.fixture(scope="session")
def bytes_max() -> int:
    return max_bytes(N)


SEQUENCES = itertools.count(1)
