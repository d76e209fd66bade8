"""What stands in the quota ledger, and how its file is made and opened.

A ledger is made by command only; one that is missing is a fault, never an empty ledger.
"""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from crypto.batch import BatchClass
from crypto.errors import KeyFault

LOCK_SECONDS_MAX: Final = 10.0
"""Processes of one party share the file; a write takes milliseconds."""

_FORMAT: Final = 2
_TABLES: Final = """
CREATE TABLE ledger (             -- one row: what this file is
    format INTEGER NOT NULL,
    party TEXT NOT NULL,
    latest_day TEXT NOT NULL      -- the latest UTC day seen, ISO 8601; never goes back
) STRICT;
CREATE TABLE counted (            -- one row per sequence and class that has been counted
    publisher TEXT NOT NULL,
    scope TEXT NOT NULL,
    incarnation BLOB NOT NULL,    -- of the index, 16 bytes
    sequence INTEGER NOT NULL,
    class TEXT NOT NULL,
    day TEXT NOT NULL,
    items INTEGER NOT NULL,
    PRIMARY KEY (publisher, scope, incarnation, sequence, class)
) STRICT, WITHOUT ROWID;
CREATE INDEX counted_day ON counted (day);
CREATE TABLE day_total (          -- running totals, so that a decision reads one row
    publisher TEXT NOT NULL,
    scope TEXT NOT NULL,
    class TEXT NOT NULL,
    day TEXT NOT NULL,
    items INTEGER NOT NULL,       -- counted, from quota and allowances together
    allowed INTEGER NOT NULL,     -- of these, taken from allowances
    repeats INTEGER NOT NULL,     -- items of sequences counted before
    PRIMARY KEY (publisher, scope, class, day)
) STRICT, WITHOUT ROWID;
CREATE TABLE allowance (          -- one row per grant; only `used` ever changes, and only upwards
    id INTEGER PRIMARY KEY,
    publisher TEXT NOT NULL,
    scope TEXT NOT NULL,
    class TEXT NOT NULL,
    granted_on TEXT NOT NULL,     -- UTC day
    until TEXT NOT NULL,          -- last UTC day it can be used
    reason TEXT NOT NULL,         -- for people
    items INTEGER NOT NULL,
    used INTEGER NOT NULL DEFAULT 0
) STRICT;
"""


@dataclass(frozen=True)
class Usage:
    """What one publisher used of one class on one day, in items.

    Args:
        items: counted, from quota and allowances together.
        allowed: of these, taken from allowances.
        repeats: of sequences counted before.
    """

    items: int = 0
    allowed: int = 0
    repeats: int = 0


@dataclass(frozen=True)
class Allowance:
    """A number of items beyond the daily quota, once.

    Args:
        until: last UTC day it can be used.
        reason: for people, such as the first complete set of a source.
    """

    publisher: str
    scope: str
    batch_class: BatchClass
    items: int
    until: date
    reason: str
    used: int = 0


@dataclass(frozen=True)
class Counted:
    """One sequence that was counted, of one class."""

    publisher: str
    batch_class: str
    incarnation: bytes
    sequence: int
    day: date
    items: int


def create(path: Path, party: str, today: date) -> None:
    """Make a new, empty ledger, readable by its owner only.

    Raises:
        KeyFault: the file exists already or cannot be made.
    """
    try:
        path.touch(mode=0o600, exist_ok=False)
    except FileExistsError:
        raise KeyFault(f"{path} exists already; a ledger that counted is never replaced") from None
    except OSError as error:
        raise KeyFault(f"{path} cannot be made: {error.strerror}") from error
    try:
        with closing(_connect(path)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript("BEGIN IMMEDIATE;" + _TABLES)
            row = (_FORMAT, party, today.isoformat())
            connection.execute("INSERT INTO ledger (format, party, latest_day) VALUES (?, ?, ?)", row)
            connection.execute("COMMIT")
    except sqlite3.Error as error:
        # Made just now and by us: nothing was counted in it.
        path.unlink(missing_ok=True)
        raise KeyFault(f"{path} cannot be made ({error})") from error


def open_existing(path: Path, party: str) -> sqlite3.Connection:
    """Open a ledger that `create` made.

    Raises:
        KeyFault: it is not there, or is not a ledger of this party.
    """
    if not path.is_file():
        raise KeyFault(f"{path} does not exist: run `pseudonymiser ledger init` once, or correct the setting")
    try:
        connection = _connect(path)
    except sqlite3.Error as error:
        raise KeyFault(f"{path} cannot be opened: is it this user's?") from error
    try:
        connection.execute("PRAGMA synchronous = FULL")
        rows = connection.execute("SELECT format, party FROM ledger").fetchall()
    except sqlite3.DatabaseError as error:
        connection.close()
        raise KeyFault(f"{path} is not a quota ledger ({type(error).__name__})") from None
    if rows != [(_FORMAT, party)]:
        connection.close()
        raise KeyFault(f"{path} is the ledger of another party or version")
    return connection


def _connect(path: Path) -> sqlite3.Connection:
    # One connection for all threads: a lock of ours keeps them apart. Transactions are begun by hand.
    return sqlite3.connect(
        path.absolute().as_uri() + "?mode=rw",
        uri=True,
        timeout=LOCK_SECONDS_MAX,
        isolation_level=None,
        check_same_thread=False,
    )
