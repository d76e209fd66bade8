"""What stands in the memory of a witness, and how its file is made, opened, read and kept to one process.

Invariants:
1. The file is made by command only; one that is missing, empty, damaged or of another key is a fault, never an empty
   memory.
2. What happened is only ever added. Each row is chained to the one before, so a changed, dropped or swapped one shows
   at the next start; `crypto.witness.memory.checks` looks.
3. The database itself refuses a second root for one size of one log.

An old copy of the whole file that is put back is a good memory of an earlier day, and nothing in it can tell: see
`crypto.witness.judgement.Happening.FORGOTTEN` and deploy/witness/README.md.
"""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from crypto.encoding import encode
from crypto.errors import KeyFault
from crypto.keyfiles import WitnessSecrets
from crypto.witness.judgement import Happening, Tree

BUSY_SECONDS_MAX: Final = 10.0
"""Commands share the file with the service; a write takes milliseconds."""

_FORMAT: Final = 1
_TABLES: Final = """
CREATE TABLE memory (             -- one row: whose memory this is
    format INTEGER NOT NULL,
    witness TEXT NOT NULL,
    verify_key BLOB NOT NULL,     -- Ed25519, 32 bytes
    made_at INTEGER NOT NULL      -- seconds since 1970
) STRICT;
CREATE TABLE happening (          -- one row per growth of a log, alarm and acknowledgement; never changed
    n INTEGER PRIMARY KEY,        -- 1, 2, 3 without gaps
    at INTEGER NOT NULL,          -- seconds since 1970
    origin TEXT NOT NULL,
    what TEXT NOT NULL,
    size INTEGER NOT NULL,
    root BLOB NOT NULL,
    said TEXT NOT NULL,           -- the signed note; of an alarm the whole request; of an acknowledgement the reason
    link BLOB NOT NULL            -- over the link before and everything in this row
) STRICT;
CREATE UNIQUE INDEX one_root_per_size ON happening (origin, size) WHERE what = 'cosigned';
CREATE INDEX alarm ON happening (n) WHERE what <> 'cosigned';
CREATE TABLE latest (             -- one row per log: its last cosignature, given again and again while it does not grow
    origin TEXT PRIMARY KEY,
    at INTEGER NOT NULL,          -- its time; the largest of them never goes back
    note TEXT NOT NULL,           -- signed by the log and by this witness
    digest BLOB NOT NULL          -- over everything in this row
) STRICT, WITHOUT ROWID;
"""


@dataclass(frozen=True)
class Entry:
    """One row of what happened.

    Args:
        n: 1 for the first.
        at: seconds since 1970.
        tree: size and root.
        said: the signed note; of an alarm the whole request; of an acknowledgement the reason.
    """

    n: int
    at: int
    origin: str
    what: Happening
    tree: Tree
    said: str

    @property
    def row(self) -> "Row":
        """As it stands in the table, without its link."""
        return self.n, self.at, self.origin, self.what.value, *self.tree, self.said


Row = tuple[int, int, str, str, int, bytes, str]
"""Number, time, origin, what, size, root and what was said."""

COLUMNS: Final = "n, at, origin, what, size, root, said, link"
_LAST_COSIGNED: Final = "SELECT origin, max(size) FROM happening WHERE what = 'cosigned' GROUP BY origin"


def link_of(before: bytes, row: Row) -> bytes:
    """Return the hash that ties a row to everything before it."""
    return sha256(encode("witness-happening", before, *row)).digest()


def create(path: Path, secrets: WitnessSecrets, now: int) -> None:
    """Make a new, empty memory, readable by its owner only.

    Args:
        path: of the file.
        secrets: the key it belongs to.
        now: seconds since 1970.

    Raises:
        KeyFault: the file exists already or cannot be made.
    """
    try:
        path.touch(mode=0o600, exist_ok=False)
    except FileExistsError:
        raise KeyFault(f"{path} exists already; a memory that cosigned is never replaced") from None
    except OSError as error:
        raise KeyFault(f"{path} cannot be made: {error.strerror}") from error
    try:
        with closing(connect(path)) as connection:
            connection.executescript("BEGIN IMMEDIATE;" + _TABLES)
            row = (_FORMAT, secrets.witness, _public(secrets.signing), now)
            connection.execute(
                "INSERT INTO memory (format, witness, verify_key, made_at) VALUES (?, ?, ?, ?)", row
            )
            connection.execute("COMMIT")
    except sqlite3.Error as error:
        # Made just now and by us: nothing is remembered in it.
        path.unlink(missing_ok=True)
        raise KeyFault(f"{path} cannot be made ({error})") from error


def open_existing(path: Path, secrets: WitnessSecrets) -> sqlite3.Connection:
    """Open a memory that `create` made.

    Raises:
        KeyFault: it is not there, not a memory, or that of another witness, key or version.
    """
    if not path.is_file():
        raise KeyFault(
            f"{path} does not exist: run `witness init` for a new witness, or correct the setting. For a witness that "
            "cosigned before, do not make an empty one: see deploy/witness/README.md"
        )
    try:
        connection = connect(path)
    except (sqlite3.Error, ValueError) as error:
        # A ValueError: in a damaged file even the names in SQLite's own message may be no text.
        raise KeyFault(_not_a_memory(path, error)) from None
    try:
        rows = connection.execute("SELECT format, witness, verify_key FROM memory").fetchall()
    except (sqlite3.Error, ValueError) as error:
        connection.close()
        raise KeyFault(_not_a_memory(path, error)) from None
    if rows != [(_FORMAT, secrets.witness, _public(secrets.signing))]:
        connection.close()
        raise KeyFault(f"{path} is the memory of another witness, key or version")
    return connection


def connect(path: Path) -> sqlite3.Connection:
    """Open the file, which has to be there; transactions are begun by hand."""
    connection = sqlite3.connect(
        path.absolute().as_uri() + "?mode=rw",
        uri=True,
        timeout=BUSY_SECONDS_MAX,
        isolation_level=None,
        # A lock of the memory's own keeps threads apart.
        check_same_thread=False,
    )
    try:
        # One file at rest, so that a copy is whole; EXTRA also syncs the folder once the journal is gone.
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("PRAGMA synchronous = EXTRA")
    except (sqlite3.Error, ValueError):
        connection.close()
        raise
    return connection


def entries(connection: sqlite3.Connection, after: int = 0, count: int = -1) -> Iterator[tuple[Entry, bytes]]:
    """Read what happened, with the links, from the row behind `after` on; no more than `count` rows if that is said."""
    yield from _read(
        connection.execute(
            f"SELECT {COLUMNS} FROM happening WHERE n > ? ORDER BY n LIMIT ?",  # noqa: S608 - fixed words
            (after, count),
        )
    )


def lasting(connection: sqlite3.Connection) -> Iterator[tuple[Entry, bytes]]:
    """Read what decides how the logs stand: every alarm and acknowledgement, and the last growth of each log."""
    yield from _read(
        connection.execute(
            f"SELECT {COLUMNS} FROM happening WHERE what <> 'cosigned'"  # noqa: S608 - fixed words
            f" UNION ALL SELECT {COLUMNS} FROM happening"
            f" WHERE what = 'cosigned' AND (origin, size) IN ({_LAST_COSIGNED}) ORDER BY n"
        )
    )


def last_link(connection: sqlite3.Connection) -> tuple[int, bytes]:
    """Return number and link of the last row, or 0 and what the first will be chained to."""
    found = connection.execute("SELECT n, link FROM happening ORDER BY n DESC LIMIT 1").fetchone()
    return found or (0, start_link(connection))


def link_at(connection: sqlite3.Connection, n: int) -> bytes | None:
    """Return the link of a row; of row 0 what the first is chained to."""
    if n == 0:
        return start_link(connection)
    found = connection.execute("SELECT link FROM happening WHERE n = ?", (n,)).fetchone()
    return bytes(found[0]) if found else None


def cosigned_up_to(connection: sqlite3.Connection, origin: str, size: int, count: int) -> list[Entry]:
    """Return the last growths of a log to at most this size, the largest first."""
    found = connection.execute(
        f"SELECT {COLUMNS} FROM happening WHERE what = 'cosigned' AND origin = ? AND size <= ?"  # noqa: S608 - fixed words
        " ORDER BY size DESC LIMIT ?",
        (origin, size, count),
    )
    return [entry for entry, _ in _read(found)]


def latest_digest(origin: str, at: int, note: str) -> bytes:
    """Return what stands beside a last cosignature, so that a changed one shows."""
    return sha256(encode("witness-latest", origin, at, note)).digest()


def start_link(connection: sqlite3.Connection) -> bytes:
    """Return what the first row is chained to."""
    row = connection.execute("SELECT witness, verify_key, made_at FROM memory").fetchone()
    return sha256(encode("witness-memory", *row)).digest()


def lock(path: Path) -> int:
    """Take the one place of the process that serves with this memory; it ends with the process.

    Returns:
        What holds it: a file descriptor to close.

    Raises:
        KeyFault: another process has it.
    """
    beside = path.with_name(path.name + ".lock")
    try:
        held = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise KeyFault(f"{beside} cannot be made: {error.strerror}") from error
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(held)
        raise KeyFault(f"another process serves with {path}: one memory, one witness") from None
    return held


def _read(found: sqlite3.Cursor) -> Iterator[tuple[Entry, bytes]]:
    for n, at, origin, what, size, root, said, link in found:
        yield Entry(n, at, origin, Happening(what), (size, root), said), link


def _not_a_memory(path: Path, error: Exception) -> str:
    return f"{path} is not the memory of a witness, or not this user's ({type(error).__name__})"


def _public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()
