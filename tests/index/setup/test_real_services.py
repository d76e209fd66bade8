"""The same against the real services: pseudonymisers, a witness and an OpenID provider, each a process of its own.

What a stand-in of a test says may differ from what the service says; here nothing stands in.
"""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from signal_index.cli.setup.answers import kept_in
from tests.support.serving import COMMAND, WitnessServer, free_port

from .conftest import Desk

PROVIDER = Path(__file__).parents[3] / "deploy" / "demo" / "identity" / "provider.py"
PSEUDONYMISER = """
environment = "dev"
party = "{party}"
keys = "{party}.key"
manifest = "manifest.json"
ledger = "ledger-{party}.sqlite"
next_hop = "http://127.0.0.1:9"
port = {port}
"""


@dataclass
class Town:
    """The processes, and the answers that are about them."""

    folder: Path
    answers: dict[str, str] = field(default_factory=dict)
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, *words: str | Path) -> None:
        log = (self.folder / "log").open("ab")
        with log:
            self.running.append(
                subprocess.Popen(list(map(str, words)), cwd=self.folder, stdout=log, stderr=log)
            )

    def pseudonymiser(self, party: str) -> str:
        port = free_port()
        (self.folder / f"{party}.toml").write_text(PSEUDONYMISER.format(party=party, port=port))
        words = ("--config", f"{party}.toml")
        subprocess.run(
            [COMMAND, "pseudonymiser", "ledger", "init", *words],
            cwd=self.folder,
            check=True,
            capture_output=True,
        )
        self.start(COMMAND, "pseudonymiser", "serve", *words)
        return wait_for(f"http://127.0.0.1:{port}", "/v1/gereed")

    def provider(self) -> str:
        port = free_port()
        (self.folder / "accounts.json").write_text(
            json.dumps([{"claims": {"sub": "f.beheer"}, "role": "", "note": None}])
        )
        self.start(sys.executable, PROVIDER, str(port), "accounts.json")
        return wait_for(f"http://127.0.0.1:{port}", "/.well-known/openid-configuration")


def wait_for(origin: str, path: str) -> str:
    for _ in range(600):
        try:
            if httpx.get(origin + path, trust_env=False).status_code == 200:
                return origin
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise AssertionError(f"{origin}{path} does not answer")


@pytest.fixture
def town(ceremony: Path, tmp_path: Path) -> Iterator[Town]:
    folder = tmp_path / "town"
    folder.mkdir()
    for name in ("A.key", "B.key", "manifest.json"):
        (folder / name).write_bytes((ceremony / name).read_bytes())
        (folder / name).chmod(0o600)
    made = Town(folder)
    try:
        made.answers = {
            "pseudonymiser_a": made.pseudonymiser("A"),
            "pseudonymiser_b": made.pseudonymiser("B"),
            "identity_provider": made.provider(),
        }
        yield made
    finally:
        for process in made.running:
            process.terminate()
        for process in made.running:
            process.wait(20)


def test_a_set_up_that_is_interrupted_once_ends_in_an_index_that_serves(
    desk: Desk, town: Town, tmp_path: Path
) -> None:
    witness = WitnessServer(tmp_path / "witness")
    witness.start()
    port = free_port()
    desk.answers |= {
        **town.answers,
        "site_url": f"http://127.0.0.1:{port}",
        "listen": f"127.0.0.1:{port}",
        "witness_key": witness.key,
        "witness_address": f"http://127.0.0.1:{witness.port}",
    }
    _interrupt_after(desk, 9)
    done = subprocess.run(
        [COMMAND, "setup", "--config", desk.config],
        input="\n" * 9 + "".join(f"{value}\n" for value in [*desk.answers.values()][9:]),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "second factor: " in done.stdout
    assert f"ready at {town.answers['pseudonymiser_a']}" in done.stdout
    assert not kept_in(desk.config).exists()

    witness.stop()
    key = subprocess.run(
        [COMMAND, "audit", "key", "--config", desk.config], capture_output=True, text=True, check=True
    )
    witness.trust(key.stdout.strip())
    witness.start()
    town.start(COMMAND, "serve", "--config", desk.config)
    try:
        wait_for(f"http://127.0.0.1:{port}", "/status")  # 503 until the witness has cosigned
        page = httpx.get(f"http://127.0.0.1:{port}/status", trust_env=False).text
        assert "De index werkt, maar is nog leeg" in page
        away = httpx.get(f"http://127.0.0.1:{port}/inloggen/start", trust_env=False)
        assert away.headers["location"].startswith(town.answers["identity_provider"])
    finally:
        witness.stop()


def _interrupt_after(desk: Desk, count: int) -> None:
    """Answer some questions, and then press Ctrl-C."""
    with subprocess.Popen(
        [COMMAND, "setup", "--config", desk.config],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("".join(f"{value}\n" for value in [*desk.answers.values()][:count]))
        process.stdin.flush()
        for _ in range(600):
            if kept_in(desk.config).exists() and kept_in(desk.config).read_text().count("\n") > count:
                break
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        said = process.stdout.read()
    assert process.returncode == 1, said
    assert "What you answered is kept" in said
