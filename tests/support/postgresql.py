"""A PostgreSQL server of our own, from Debian's package, under an ordinary user, on a socket only."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Final

import psycopg

ACCOUNT: Final = "postgres"
"""Whom Debian's package makes for it; a server refuses to run for the superuser of the machine."""
# Nothing here has to outlive the machine, only the server.
_SETTINGS: Final = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "60",
    "shared_buffers": "128MB",
}


def programs() -> Path:
    """The folder of the server's programs, the newest version if there are several.

    Raises:
        AssertionError: it is not installed.
    """
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"),
        key=lambda place: [int(n) for n in place.parent.name.split(".")],
    )
    on_the_path = shutil.which("initdb")
    assert found or on_the_path, "PostgreSQL is not installed: make test installs Debian's package postgresql"
    return found[-1] if found else Path(on_the_path or "").parent


def _as_ordinary(command: list[str]) -> list[str]:
    return (
        command
        if os.geteuid()
        else ["setpriv", f"--reuid={ACCOUNT}", f"--regid={ACCOUNT}", "--init-groups", *command]
    )


@dataclass
class PostgresqlServer:
    """A server with a folder of its own.

    Args:
        folder: must not be there yet; short, as a socket's name is.
        settings: beside or instead of the usual ones.
        file_bytes_max: no file grows beyond this, as if the disk were full; from the next start on.
    """

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)
    file_bytes_max: int | None = None
    _numbers: Iterator[int] = field(default_factory=count)

    def make(self) -> None:
        """Make a cluster in it."""
        self._make_folder()
        made = "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C"
        self._run("initdb", "-D", str(self.data), "-U", ACCOUNT, *made)

    @classmethod
    def following(cls, primary: "PostgresqlServer", folder: Path) -> "PostgresqlServer":
        """A copy of a server that runs, which goes on following it."""
        follower = cls(folder, primary.settings)
        follower._make_folder()
        follower._run(
            "pg_basebackup",
            "-h",
            str(primary.folder),
            "-U",
            ACCOUNT,
            "-D",
            str(follower.data),
            "-R",
            "-c",
            "fast",
        )
        return follower

    def _make_folder(self) -> None:
        self.folder.mkdir()
        if not os.geteuid():
            account = pwd.getpwnam(ACCOUNT)
            os.chown(self.folder, account.pw_uid, account.pw_gid)

    @property
    def data(self) -> Path:
        """Where the server keeps everything."""
        return self.folder / "data"

    def _run(self, program: str, *arguments: str) -> None:
        limit = [] if self.file_bytes_max is None else ["prlimit", f"--fsize={self.file_bytes_max}"]
        done = subprocess.run(
            [*limit, *_as_ordinary([str(programs() / program), *arguments])],
            cwd="/", capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr + done.stdout

    def start(self) -> None:
        """Start, and wait until it lets clients in."""
        stated = _SETTINGS | {"unix_socket_directories": str(self.folder)} | self.settings
        options = " ".join(f"-c {name}={value!r}" for name, value in stated.items())
        self._run(
            "pg_ctl", "-D", str(self.data), "-l", str(self.folder / "log"), "-o", options, "-w", "start"
        )

    def promote(self) -> None:
        """Let a follower become the server that is written to."""
        self._run("pg_ctl", "-D", str(self.data), "-w", "promote")

    def stop(self, mode: str = "fast") -> None:
        """Stop; `immediate` is as if it crashed."""
        self._run("pg_ctl", "-D", str(self.data), "-m", mode, "-w", "stop")

    def url(self, name: str, role: str = ACCOUNT) -> str:
        """Where a database is, for somebody."""
        return f"postgresql://{role}@/{name}?host={self.folder}"

    def say(self, *statements: str, database: str = "postgres") -> None:
        """Have statements executed by the superuser."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def database(self, like: str = "template1") -> str:
        """Make a database, a copy of another if one is named; where it is."""
        name = f"one_{next(self._numbers)}"
        self.say(f'CREATE DATABASE {name} TEMPLATE "{like}" STRATEGY FILE_COPY')
        return self.url(name)

    def drop(self, url: str) -> None:
        """Remove a database nobody needs any more."""
        self.say(f"DROP DATABASE {name_of(url)} WITH (FORCE)")


def name_of(url: str) -> str:
    """The name of the database at a place."""
    return url.partition("?")[0].rpartition("/")[2]


@contextmanager
def postgresql_server(**settings: str) -> Iterator[PostgresqlServer]:
    """A server that runs, and is gone afterwards."""
    parent = Path(tempfile.mkdtemp(prefix="si-pg-"))
    parent.chmod(0o755)
    server = PostgresqlServer(parent / "s", settings)
    server.make()
    server.start()
    try:
        yield server
    finally:
        with suppress(AssertionError):
            server.stop("immediate")
        shutil.rmtree(parent)
