"""The memory of a witness at work: one turn at a time, durable before its outcome is known to anybody.

Invariants:
1. A turn compares and writes in one transaction; once it has ended well, what it wrote survives a kill and a power cut.
   A turn that fails has written nothing, or what it wrote gives nobody a cosignature.
2. What is held in this process is what the file says: rows that a command added in the meantime come first.
3. Once another file, or other content, was put in the place of the open one, nothing is cosigned any more.
"""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Final, Self

from crypto.keyfiles import WitnessSecrets
from crypto.log.merkle import EMPTY_ROOT
from crypto.witness.judgement import ALARMS, Happening, Standing, Tree
from crypto.witness.memory import checks, file
from crypto.witness.memory.file import Entry
from crypto.witness.problems import Refused

PAGE_ROWS: Final = 1000

RETRY_SECONDS: Final = 30
"""What a full disk or a slow one is given before the log tries again."""


class Turn:
    """What may be read and written during one turn; made by `Memory.turn` only."""

    def __init__(
        self, connection: sqlite3.Connection, standings: dict[str, Standing], last: tuple[int, bytes]
    ) -> None:
        self._connection = connection
        self._standings = standings
        self._last = last
        self.added: list[tuple[Entry, bytes]] = []

    def standing(self, origin: str) -> Standing:
        """How a log stands."""
        return self._standings.get(origin, Standing())

    def root_at(self, origin: str, size: int) -> bytes | None:
        """Return the root that was cosigned for exactly this size; of size 0 there is but one."""
        if size == 0:
            return EMPTY_ROOT
        found = self._connection.execute(
            "SELECT root FROM happening WHERE origin = ? AND size = ? AND what = 'cosigned'", (origin, size)
        ).fetchone()
        return bytes(found[0]) if found else None

    def latest_at(self) -> int:
        """Return the time below which no cosignature may go, of whatever log."""
        (latest,) = self._connection.execute(
            "SELECT max(at) FROM (SELECT at FROM latest UNION ALL SELECT made_at FROM memory)"
        ).fetchone()
        return int(latest)

    def add(self, at: int, origin: str, what: Happening, tree: Tree, said: str) -> Entry:
        """Write down what happened."""
        n, link = self._last
        entry = Entry(n + 1, at, origin, what, tree, said)
        self._last = entry.n, file.link_of(link, entry.row)
        self._connection.execute(
            "INSERT INTO happening (n, at, origin, what, size, root, said, link) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (*entry.row, self._last[1]),
        )
        self.added.append((entry, self._last[1]))
        return entry

    def keep_latest(self, origin: str, at: int, note: str) -> None:
        """Write down the last cosignature of a log."""
        self._connection.execute(
            "INSERT INTO latest (origin, at, note, digest) VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET at = excluded.at, note = excluded.note, digest = excluded.digest",
            (origin, at, note, file.latest_digest(origin, at, note)),
        )


class Memory:
    """The open memory; safe to use from several threads.

    Args:
        connection: to a file that was checked.
        path: of that file.
        held: what `file.lock` gave, for the process that serves.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path, held: int | None = None) -> None:
        self._connection = connection
        self._path = path
        self._held = held
        self._lock = Lock()
        self._file = _identity(path)
        self._standings: dict[str, Standing] = {}
        self._last = (0, b"")
        # At one moment, or a row that a command adds in between would never be seen.
        with self._transaction("BEGIN"):
            self._fold(file.lasting(connection))
            self._last = file.last_link(connection)

    @classmethod
    def create(cls, path: Path, secrets: WitnessSecrets, now: int) -> None:
        """Make a new, empty memory.

        Raises:
            KeyFault: the file exists already or cannot be made.
        """
        file.create(path, secrets, now)

    @classmethod
    def open(cls, path: Path, secrets: WitnessSecrets, *, to_serve: bool, every_row: bool = True) -> Self:
        """Open an existing memory and check it.

        Args:
            path: of the file.
            secrets: the key it belongs to.
            to_serve: for the one process that cosigns; commands work beside it.
            every_row: check all of it, or the last rows only.

        Raises:
            KeyFault: it is missing, damaged or another witness's, or another process serves with it.
        """
        connection = file.open_existing(path, secrets)
        held = None
        try:
            held = file.lock(path) if to_serve else None
            checks.check(connection, path, secrets, every_row=every_row)
            return cls(connection, path, held)
        except BaseException:
            connection.close()
            if held is not None:
                os.close(held)
            raise

    def close(self) -> None:
        """Close the file, and let another process serve."""
        with self._lock:
            self._connection.close()
            if self._held is not None:
                os.close(self._held)
                self._held = None

    @contextmanager
    def turn(self) -> Iterator[Turn]:
        """Compare and write in one transaction, durable once the block has ended well.

        Raises:
            Refused: `memory-unavailable`; nothing that was written in the block may leave.
        """
        with self._lock:
            try:
                with self._transaction():
                    self._check_file()
                    self._fold(file.entries(self._connection, self._last[0]))
                    turn = Turn(self._connection, self._standings, self._last)
                    yield turn
            except sqlite3.Error as error:
                raise Refused("memory-unavailable", retry_after_seconds=RETRY_SECONDS) from error
            # At once, so that older content put in the file meanwhile shows at the next turn.
            self._fold(turn.added)

    def standing(self, origin: str) -> Standing:
        """How a log stands."""
        with self.turn() as turn:
            return turn.standing(origin)

    def latest(self) -> dict[str, tuple[int, str]]:
        """Return the last cosignature of every log: its time, and the note that carries it."""
        with self.turn():
            rows = self._connection.execute("SELECT origin, at, note FROM latest").fetchall()
        return {origin: (at, note) for origin, at, note in rows}

    def made_at(self) -> int:
        """Return when this memory began."""
        with self.turn():
            return int(self._connection.execute("SELECT made_at FROM memory").fetchone()[0])

    def happened(self) -> Iterator[Entry]:
        """Return everything that happened, in order; a page at a time, as it can be years."""
        last = 0
        while True:
            with self.turn():
                page = [entry for entry, _ in file.entries(self._connection, last, PAGE_ROWS)]
            if not page:
                return
            yield from page
            last = page[-1].n

    def alarms(self) -> Sequence[Entry]:
        """Return every alarm there ever was, in order."""
        with self.turn():
            found = [entry for entry, _ in file.lasting(self._connection)]
        return [entry for entry in found if entry.what in ALARMS]

    def cosigned_up_to(self, origin: str, size: int, count: int) -> Sequence[Entry]:
        """Return the last growths of a log to at most this size, the largest first."""
        with self.turn():
            return file.cosigned_up_to(self._connection, origin, size, count)

    def contradicted_by(self, alarm: Entry) -> str | None:
        """Return the cosigned note that an alarm has to be read beside, if there is one."""
        same_size = alarm.what is Happening.FORK
        with self.turn():
            found = self._connection.execute(
                "SELECT said FROM happening WHERE origin = ? AND what = 'cosigned' AND n < ? AND (size = ? OR ?)"
                " ORDER BY n DESC LIMIT 1",
                (alarm.origin, alarm.n, alarm.tree[0], not same_size),
            ).fetchone()
        return str(found[0]) if found else None

    @contextmanager
    def _transaction(self, begin: str = "BEGIN IMMEDIATE") -> Iterator[None]:
        self._connection.execute(begin)
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            # A commit that failed on a full disk has been rolled back already.
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def _check_file(self) -> None:
        n, link = self._last
        if _identity(self._path) != self._file or file.link_at(self._connection, n) != link:
            raise sqlite3.OperationalError("another file stands in the place of the memory")

    def _fold(self, more: Iterator[tuple[Entry, bytes]] | Sequence[tuple[Entry, bytes]]) -> None:
        for entry, link in more:
            before = self._standings.get(entry.origin, Standing())
            self._standings[entry.origin] = before.after(entry.what, entry.tree, entry.at)
            self._last = entry.n, link


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
