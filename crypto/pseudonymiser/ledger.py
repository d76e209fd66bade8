"""The quota ledger: how many items each publisher had hopped, per day, kept in SQLite.

Invariants:
1. A delivery is counted before it is hopped, durably, and once per (publisher, scope, incarnation, sequence):
   a retry or a rebuild of the same sequence costs no quota.
2. Days are UTC and never go back: after a clock that ran ahead is put right, items keep counting against the
   latest day seen. A clock can make a quota last longer, never start again.
3. Repeats have a ceiling of their own, `REPEATS_PER_QUOTA` quotas a day. Without one, a publisher and an index
   that work together could have any number of people hopped under one sequence.
4. The file is made by command only; a ledger that is missing is a fault, never an empty ledger.

Whoever controls the file can lift this party's quota; the other party's still holds.
"""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Final, Self

from crypto.batch import Header
from crypto.errors import KeyFault
from crypto.pseudonymiser.problems import Refused

REPEATS_PER_QUOTA: Final = 10
"""Room for a publisher that tries one batch again for hours; an eleven-fold quota for one that cheats."""

LOCK_SECONDS_MAX: Final = 10.0
"""Processes of one party share the file; a write takes milliseconds."""

_FORMAT: Final = 1
_TABLES: Final = """
CREATE TABLE ledger (             -- one row: what this file is
    format INTEGER NOT NULL,
    party TEXT NOT NULL,
    latest_day TEXT NOT NULL      -- the latest UTC day seen, ISO 8601; never goes back
) STRICT;
CREATE TABLE counted (            -- one row per sequence that has been counted
    publisher TEXT NOT NULL,
    scope TEXT NOT NULL,
    incarnation BLOB NOT NULL,    -- of the index, 16 bytes
    sequence INTEGER NOT NULL,
    class TEXT NOT NULL,
    day TEXT NOT NULL,
    items INTEGER NOT NULL,
    PRIMARY KEY (publisher, scope, incarnation, sequence)
) STRICT, WITHOUT ROWID;
CREATE TABLE day_total (          -- running totals, so that a decision reads one row
    publisher TEXT NOT NULL,
    scope TEXT NOT NULL,
    day TEXT NOT NULL,
    items INTEGER NOT NULL,       -- counted against the quota
    repeats INTEGER NOT NULL,     -- items of sequences counted before
    PRIMARY KEY (publisher, scope, day)
) STRICT, WITHOUT ROWID;
"""


@dataclass(frozen=True)
class Usage:
    """What one publisher used on one day, in items."""

    items: int = 0
    repeats: int = 0


class Ledger:
    """The open ledger; safe to use from several threads.

    Args:
        connection: to a file that `create` made.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._lock = Lock()

    @classmethod
    def create(cls, path: Path, party: str, now: datetime) -> None:
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
        with closing(_connect(path)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript("BEGIN IMMEDIATE;" + _TABLES)
            row = (_FORMAT, party, _utc_day(now).isoformat())
            connection.execute("INSERT INTO ledger (format, party, latest_day) VALUES (?, ?, ?)", row)
            connection.execute("COMMIT")

    @classmethod
    def open(cls, path: Path, party: str) -> Self:
        """Open an existing ledger.

        Raises:
            KeyFault: it is not there, or is not a ledger of this party.
        """
        if not path.is_file():
            raise KeyFault(
                f"{path} does not exist: run `pseudonymiser ledger init` once, or correct the setting"
            )
        connection = _connect(path)
        try:
            connection.execute("PRAGMA synchronous = FULL")
            rows = connection.execute("SELECT format, party FROM ledger").fetchall()
        except sqlite3.DatabaseError as error:
            connection.close()
            raise KeyFault(f"{path} is not a quota ledger ({type(error).__name__})") from None
        if rows != [(_FORMAT, party)]:
            connection.close()
            raise KeyFault(f"{path} is the ledger of another party or version")
        return cls(connection)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def count(self, header: Header, daily_quota: int, now: datetime) -> None:
        """Count a delivery's items, durably once this returns.

        Args:
            header: of a verified delivery.
            daily_quota: items this publisher may have hopped in a day.
            now: aware UTC.

        Raises:
            Refused: `quota-exceeded`, and nothing was counted; `ledger-unavailable`.
        """
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                try:
                    self._count(header, daily_quota, now)
                except BaseException:
                    self._connection.execute("ROLLBACK")
                    raise
                self._connection.execute("COMMIT")
            except sqlite3.Error as error:
                raise Refused("ledger-unavailable", retry_after_seconds=30) from error

    def usage(self, publisher: str, scope: str) -> Usage:
        """What a publisher used on the latest day seen."""
        with self._lock:
            return self._usage(publisher, scope, self._latest_day())

    def latest_day(self) -> date:
        """The day that items count against; also shows whether the file still answers.

        Raises:
            Refused: `ledger-unavailable`.
        """
        with self._lock:
            try:
                return self._latest_day()
            except sqlite3.Error as error:
                raise Refused("ledger-unavailable", retry_after_seconds=30) from error

    def _count(self, header: Header, daily_quota: int, now: datetime) -> None:
        day = self._advance(_utc_day(now))
        used = self._usage(header.publisher, header.scope, day)
        if self._seen(header):
            used = Usage(used.items, used.repeats + header.n)
        else:
            used = Usage(used.items + header.n, used.repeats)
            self._remember(header, day)
        if used.items > daily_quota or used.repeats > REPEATS_PER_QUOTA * daily_quota:
            raise Refused("quota-exceeded", retry_after_seconds=_seconds_until_after(day, now))
        self._connection.execute(
            "INSERT INTO day_total (publisher, scope, day, items, repeats) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET items = excluded.items, repeats = excluded.repeats",
            (header.publisher, header.scope, day.isoformat(), used.items, used.repeats),
        )

    def _advance(self, today: date) -> date:
        day = max(today, self._latest_day())
        self._connection.execute("UPDATE ledger SET latest_day = ?", (day.isoformat(),))
        return day

    def _latest_day(self) -> date:
        return date.fromisoformat(self._connection.execute("SELECT latest_day FROM ledger").fetchone()[0])

    def _seen(self, header: Header) -> bool:
        found = self._connection.execute(
            "SELECT 1 FROM counted WHERE publisher = ? AND scope = ? AND incarnation = ? AND sequence = ?",
            _identity(header),
        )
        return found.fetchone() is not None

    def _remember(self, header: Header, day: date) -> None:
        self._connection.execute(
            "INSERT INTO counted (publisher, scope, incarnation, sequence, class, day, items)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (*_identity(header), header.batch_class.value, day.isoformat(), header.n),
        )

    def _usage(self, publisher: str, scope: str, day: date) -> Usage:
        row = self._connection.execute(
            "SELECT items, repeats FROM day_total WHERE publisher = ? AND scope = ? AND day = ?",
            (publisher, scope, day.isoformat()),
        ).fetchone()
        return Usage(*row) if row else Usage()


def _connect(path: Path) -> sqlite3.Connection:
    # One connection for all threads: a lock of ours keeps them apart. Transactions are begun by hand.
    return sqlite3.connect(
        path.absolute().as_uri() + "?mode=rw",
        uri=True,
        timeout=LOCK_SECONDS_MAX,
        isolation_level=None,
        check_same_thread=False,
    )


def _identity(header: Header) -> tuple[str, str, bytes, int]:
    return header.publisher, header.scope, header.incarnation, header.sequence


def _utc_day(now: datetime) -> date:
    return now.astimezone(UTC).date()


def _seconds_until_after(day: date, now: datetime) -> int:
    """Seconds until the day after `day` begins."""
    begins = datetime.combine(day + timedelta(days=1), datetime.min.time(), UTC)
    return max(1, int((begins - now).total_seconds()) + 1)
