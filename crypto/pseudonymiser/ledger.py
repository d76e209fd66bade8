"""The quota ledger: how many items each publisher had hopped, per class and day, kept in SQLite.

Invariants:
1. A delivery is counted before it is hopped, durably, and once per (publisher, scope, incarnation, sequence, class):
   a retry or a rebuild of the same sequence costs no quota. The class belongs to it, or a trial of one item could
   make room for a full batch.
2. Days are UTC and never go back: after a clock that ran ahead is put right, items keep counting against the
   latest day seen. A clock can make a quota last longer, never start again.
3. What a day's quota does not cover comes out of allowances: a number of items, once, until a day, granted here by
   command for a complete set. Each party grants its own, so a set passes only when both did.
4. Repeats have a ceiling of their own, `REPEATS_PER_QUOTA` times what may be counted that day. Without one, a
   publisher and an index that work together could have any number of people hopped under one sequence; with it, they
   have eleven times the quota. Trials and requests, which carry a number of their own, pass once.
5. Rows that were written stay: totals only grow, and what was counted is never taken out.
6. The file is made by command only; a ledger that is missing is a fault, never an empty ledger.

Whoever controls the file can lift this party's quota; the other party's still holds, and their statements differ.
"""

import sqlite3
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Final, Self, TypeVar

from crypto.batch import BatchClass, Header
from crypto.pseudonymiser.ledger_file import Allowance, Counted, Usage, create, open_existing
from crypto.pseudonymiser.problems import Refused
from crypto.sheet import SINGLES

REPEATS_PER_QUOTA: Final = 10
"""Room for a publisher that tries one batch again for hours; an eleven-fold quota for one that cheats."""

T = TypeVar("T")


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
        create(path, party, _utc_day(now))

    @classmethod
    def open(cls, path: Path, party: str) -> Self:
        """Open an existing ledger.

        Raises:
            KeyFault: it is not there, or is not a ledger of this party.
        """
        return cls(open_existing(path, party))

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def count(self, header: Header, daily_quota: int, now: datetime) -> None:
        """Count a delivery's items, durably once this returns.

        Args:
            header: of a verified delivery.
            daily_quota: items of its class this publisher may have hopped in a day.
            now: aware UTC.

        Raises:
            Refused: `quota-exceeded`, or `replayed` for a trial or request that was counted before, and nothing was
                counted;
                `ledger-unavailable`.
        """
        self._write(lambda: self._count(header, daily_quota, now))

    def grant(self, allowance: Allowance, now: datetime) -> None:
        """Write an allowance down; it can be used from now on.

        Args:
            allowance: nothing of it used yet.
            now: aware UTC.

        Raises:
            Refused: `ledger-unavailable`.
        """
        row = (
            allowance.publisher,
            allowance.scope,
            allowance.batch_class.value,
            _utc_day(now).isoformat(),
            allowance.until.isoformat(),
            allowance.reason,
            allowance.items,
        )
        self._write(
            lambda: self._connection.execute(
                "INSERT INTO allowance (publisher, scope, class, granted_on, until, reason, items)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                row,
            )
        )

    def usage(self, publisher: str, scope: str, batch_class: BatchClass) -> Usage:
        """What a publisher used of a class on the latest day seen."""
        return self._read(lambda: self._usage((publisher, scope, batch_class.value), self._latest_day()))

    def allowances(self) -> Sequence[Allowance]:
        """Every allowance ever granted, in that order."""
        rows = self._read(
            lambda: self._connection.execute(
                "SELECT publisher, scope, class, items, until, reason, used FROM allowance ORDER BY id"
            ).fetchall()
        )
        return [
            Allowance(publisher, scope, BatchClass(kind), items, date.fromisoformat(until), reason, used)
            for publisher, scope, kind, items, until, reason, used in rows
        ]

    def counted(self, first: date, last: date) -> Sequence[Counted]:
        """Every sequence that was counted on these UTC days, both included."""
        rows = self._read(
            lambda: self._connection.execute(
                "SELECT publisher, class, incarnation, sequence, day, items FROM counted"
                " WHERE day BETWEEN ? AND ? ORDER BY publisher, class, incarnation, sequence",
                (first.isoformat(), last.isoformat()),
            ).fetchall()
        )
        return [
            Counted(publisher, kind, incarnation, sequence, date.fromisoformat(day), items)
            for publisher, kind, incarnation, sequence, day, items in rows
        ]

    def latest_day(self) -> date:
        """The day that items count against; also shows whether the file still answers.

        Raises:
            Refused: `ledger-unavailable`.
        """
        return self._read(self._latest_day)

    def _read(self, question: Callable[[], T]) -> T:
        with self._lock:
            try:
                return question()
            except sqlite3.Error as error:
                raise Refused("ledger-unavailable", retry_after_seconds=30) from error

    def _write(self, change: Callable[[], object]) -> None:
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                try:
                    change()
                except BaseException:
                    self._connection.execute("ROLLBACK")
                    raise
                self._connection.execute("COMMIT")
            except sqlite3.Error as error:
                raise Refused("ledger-unavailable", retry_after_seconds=30) from error

    def _count(self, header: Header, daily_quota: int, now: datetime) -> None:
        day, sender = self._advance(_utc_day(now)), _sender(header)
        used = self._usage(sender, day)
        wait = _seconds_until_after(day, now)
        if self._seen(header):
            if header.batch_class in SINGLES:
                raise Refused("replayed")
            used = Usage(used.items, used.allowed, used.repeats + header.n)
        else:
            beyond = self._take(
                sender, used.items - used.allowed + header.n - daily_quota, header.n, day, wait
            )
            used = Usage(used.items + header.n, used.allowed + beyond, used.repeats)
            self._remember(header, day)
        if used.repeats > REPEATS_PER_QUOTA * (daily_quota + used.allowed):
            raise Refused("quota-exceeded", retry_after_seconds=wait)
        self._connection.execute(
            "INSERT INTO day_total (publisher, scope, class, day, items, allowed, repeats)"
            " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE"
            " SET items = excluded.items, allowed = excluded.allowed, repeats = excluded.repeats",
            (*sender, day.isoformat(), used.items, used.allowed, used.repeats),
        )

    def _take(self, sender: tuple[str, str, str], short: int, n: int, day: date, wait: int) -> int:
        """Take what the quota is short of from the allowances, the one that ends first before the others.

        Args:
            sender: publisher, scope and class.
            short: items beyond the quota, this delivery's and earlier ones'; none when not positive.
            n: items of this delivery, the most that can be taken.
            day: that counts.
            wait: seconds until the next day.

        Returns:
            How many were taken.

        Raises:
            Refused: `quota-exceeded`; there are not enough.
        """
        wanted = left = max(0, min(short, n))
        for number, rest in self._connection.execute(
            "SELECT id, items - used FROM allowance WHERE publisher = ? AND scope = ? AND class = ?"
            " AND until >= ? AND used < items ORDER BY until, id",
            (*sender, day.isoformat()),
        ).fetchall():
            taken = min(left, rest)
            self._connection.execute("UPDATE allowance SET used = used + ? WHERE id = ?", (taken, number))
            left -= taken
        if left:
            raise Refused("quota-exceeded", retry_after_seconds=wait)
        return wanted

    def _advance(self, today: date) -> date:
        day = max(today, self._latest_day())
        self._connection.execute("UPDATE ledger SET latest_day = ?", (day.isoformat(),))
        return day

    def _latest_day(self) -> date:
        return date.fromisoformat(self._connection.execute("SELECT latest_day FROM ledger").fetchone()[0])

    def _seen(self, header: Header) -> bool:
        found = self._connection.execute(
            "SELECT 1 FROM counted"
            " WHERE publisher = ? AND scope = ? AND incarnation = ? AND sequence = ? AND class = ?",
            _identity(header),
        )
        return found.fetchone() is not None

    def _remember(self, header: Header, day: date) -> None:
        self._connection.execute(
            "INSERT INTO counted (publisher, scope, incarnation, sequence, class, day, items)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (*_identity(header), day.isoformat(), header.n),
        )

    def _usage(self, sender: tuple[str, str, str], day: date) -> Usage:
        row = self._connection.execute(
            "SELECT items, allowed, repeats FROM day_total"
            " WHERE publisher = ? AND scope = ? AND class = ? AND day = ?",
            (*sender, day.isoformat()),
        ).fetchone()
        return Usage(*row) if row else Usage()


def _sender(header: Header) -> tuple[str, str, str]:
    return header.publisher, header.scope, header.batch_class.value


def _identity(header: Header) -> tuple[str, str, bytes, int, str]:
    return header.publisher, header.scope, header.incarnation, header.sequence, header.batch_class.value


def _utc_day(now: datetime) -> date:
    return now.astimezone(UTC).date()


def _seconds_until_after(day: date, now: datetime) -> int:
    """Seconds until the day after `day` begins."""
    begins = datetime.combine(day + timedelta(days=1), datetime.min.time(), UTC)
    return max(1, int((begins - now).total_seconds()) + 1)
