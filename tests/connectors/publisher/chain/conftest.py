"""The chain as it really runs: pseudonymisers A and B as processes, and the index double behind HTTP."""

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from crypto.answers import Acknowledgement, verify
from crypto.batch import Batch, max_bytes
from crypto.keyfiles import PublisherSecrets
from crypto.pseudonymiser.ledger import Ledger

N = 8


class IndexOverHttp:
    """Serves an index double, and can be told to misbehave."""

    def __init__(self, index: Any, port: int = 0) -> None:
        self.index = index
        self.answer_with: Callable[[bytes], tuple[int, str, bytes]] | None = None
        outer = self

        class Answering(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, media_type, answer = outer.answer(body)
                self.send_response(status)
                self.send_header("Content-Type", media_type)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Answering)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def answer(self, body: bytes) -> tuple[int, str, bytes]:
        if self.answer_with is not None:
            return self.answer_with(body)
        batch = Batch.decode(body, max_bytes(N))
        signed = self.index.deliver(batch)
        accepted = isinstance(verify(signed, self.index.parties.manifest.index.verify_key), Acknowledgement)
        return (200 if accepted else 409), "application/octet-stream", signed

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@dataclass
class HopProcess:
    """A pseudonymiser as a real process."""

    config: Path
    port: int = 0
    process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        return self.config.with_suffix(".log")

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


@dataclass(frozen=True)
class Small:
    """A second publisher, whose quota is used up soon."""

    secrets: PublisherSecrets
    quota: int


@pytest.fixture(scope="session")
def small() -> Small:
    return Small(PublisherSecrets.generate("00000099000000000999", created=date(2026, 11, 22)), 3 * N)


def write_hop(parties: Any, small: Small, folder: Path, party: str, next_hop: str, port: int) -> HopProcess:
    """Write key files and settings for one pseudonymiser, and make its ledger."""
    folder.mkdir(parents=True, exist_ok=True)
    (parties.a if party == "A" else parties.b).save(folder / "keys.json")
    parties.manifest.save(folder / "manifest.json")
    lines = [
        'environment = "dev"',
        f'party = "{party}"',
        'keys = "keys.json"',
        'manifest = "manifest.json"',
        f'next_hop = "{next_hop}"',
        'ledger = "ledger.sqlite"',
        f"port = {port}",
    ]
    for name, secrets, quota in (("big", parties.publisher, 10**6), ("small", small.secrets, small.quota)):
        secrets.public().save(folder / f"{name}.json")
        lines += [
            "[[publishers]]",
            f'oin = "{secrets.publisher}"',
            f'verify_key = "{name}.json"',
            f"items_per_batch = {N}",
            f"daily_quota = {{ signaal = {quota}, zorgrelatie = {quota} }}",
        ]
    config = folder / "settings.toml"
    config.write_text("\n".join(lines) + "\n")
    Ledger.create(folder / "ledger.sqlite", party, datetime.now(UTC))
    return HopProcess(config, port)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@dataclass
class RunningChain:
    """Both pseudonymisers as processes, with the index double behind them."""

    a: HopProcess
    b: HopProcess
    index: IndexOverHttp

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.a.port}"


@pytest.fixture(scope="session")
def running(
    parties: Any, small: Small, new_index: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningChain]:
    folder = tmp_path_factory.mktemp("chain")
    index = IndexOverHttp(new_index())
    b = write_hop(parties, small, folder / "b", "B", f"http://127.0.0.1:{index.port}", free_port())
    a = write_hop(parties, small, folder / "a", "A", f"http://127.0.0.1:{b.port}", free_port())
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(HopProcess.start, (a, b)))
    yield RunningChain(a, b, index)
    endings = [a.stop(signal.SIGINT), b.stop(signal.SIGTERM)]
    index.close()
    assert endings == [0, 0]


@pytest.fixture
def live_chain(running: RunningChain, new_index: Any) -> RunningChain:
    """The running chain with a fresh index behind it."""
    running.index.index = new_index()
    running.index.answer_with = None
    return running
