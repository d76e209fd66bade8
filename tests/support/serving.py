"""The index and a witness as processes of their own, on ports that were free a moment ago."""

import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

CONFIG = """
environment = "dev"
database = "{database}"
keys = "index.key"
manifest = "manifest.json"
{top}
[issuer]
name = "https://idp.test"
audience = "index"
keys = "issuer.public.json"
[server]
port = {port}
[limits]
looks_per_minute = 100_000
requests_per_minute = 90_000
{sections}
"""
WITNESS = """
name = "{name}"
keys = "witness.key"
memory = "memory.sqlite"
evidence = "evidence"
port = {port}
"""
COMMAND = str(Path(sys.executable).with_name("signal-index"))


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


class Server:
    """The index of a world as its own process, started as often as needed.

    Args:
        world: whose database it serves; closed by the caller.
        top: further settings.
        sections: further sections of the settings.
        database: as the settings name it.
    """

    def __init__(
        self, world: Any, *, top: str = "", sections: str = "", database: str = "index.sqlite"
    ) -> None:
        self.database = database
        self.folder: Path = world.folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        if not (self.folder / "index.key").exists():
            world.secrets.save(self.folder / "index.key")
            world.manifest.save(self.folder / "manifest.json")
        self.configure(top=top, sections=sections)

    def configure(self, *, top: str = "", sections: str = "") -> None:
        """Write the settings anew, for the next start."""
        text = CONFIG.format(port=self.port, top=top, sections=sections, database=self.database)
        (self.folder / "index.toml").write_text(text)

    @property
    def log(self) -> str:
        """What it has said so far."""
        return (self.folder / "server.log").read_text()

    def start(self) -> None:
        """Start, and wait until it answers."""
        command = [COMMAND, "serve", "--config", "index.toml"]
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log)
        for _ in range(400):
            try:
                if httpx.get(f"{self.url}/v1/gereed", trust_env=False).status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.05)
        raise AssertionError(self.log)

    def kill(self) -> None:
        """No goodbye."""
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """Ask it to stop, and wait; it ends of its own accord, everything closed."""
        self.process.terminate()
        assert self.process.wait(30) == 0, self.log

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Another command on the same settings."""
        return subprocess.run(
            [COMMAND, *words, "--config", "index.toml"],
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


@dataclass
class WitnessServer:
    """A witness as its own process, in a folder of its own.

    Args:
        folder: is made.
    """

    folder: Path
    name: str = "getuige.example"
    port: int = field(default_factory=free_port)
    logs: list[tuple[str, str]] = field(default_factory=list)
    key: str = ""

    def __post_init__(self) -> None:
        """Make the key and the memory, through the command."""
        self.folder.mkdir()
        self._configure()
        made = self.command("keys", "--name", self.name, "--out", ".", config=False)
        assert made.returncode == 0, made.stderr
        self.key = made.stdout.strip()
        started = self.command("init")
        assert started.returncode == 0, started.stderr

    def _configure(self) -> None:
        logs = "".join(
            f'[[logs]]\norigin = "{origin}"\nverifier_key = "{key}"\n' for origin, key in self.logs
        )
        (self.folder / "witness.toml").write_text(WITNESS.format(name=self.name, port=self.port) + logs)

    def trust(self, key: str) -> None:
        """Know one more log, from the next start on."""
        self.logs.append((key.split("+", maxsplit=1)[0], key))
        self._configure()

    @property
    def settings(self) -> str:
        """The section with which an index knows this witness, and asks it often."""
        return (
            f'[[witnesses]]\naddress = "http://127.0.0.1:{self.port}"\nkey = "{self.key}"\n'
            "asked_every_seconds = 1\n"
        )

    def command(self, *words: str, config: bool = True) -> subprocess.CompletedProcess[str]:
        """A command of the witness."""
        settings = ("--config", "witness.toml") if config else ()
        return subprocess.run(
            [COMMAND, "witness", *words, *settings],
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def start(self) -> None:
        """Start, and wait until it listens."""
        log = (self.folder / "witness.log").open("ab")
        with log:
            self.process = subprocess.Popen(
                [COMMAND, "witness", "serve", "--config", "witness.toml"], cwd=self.folder, stderr=log
            )
        for _ in range(400):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise AssertionError((self.folder / "witness.log").read_text())

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Stop and wait."""
        self.process.send_signal(number)
        self.process.wait(30)
