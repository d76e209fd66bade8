"""A database in a file of its own, for its owner only.

Source: SQLite documentation, "Write-Ahead Logging" and "PRAGMA synchronous" for what a commit survives.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from sqlalchemy import Connection, Engine, NullPool, create_engine, event
from sqlalchemy.exc import DatabaseError, InternalError, OperationalError

from signal_index.errors import SetupFault

from .layout import Layout
from .place import BUSY_SECONDS, Place, Talk

_FILE_MODE: Final = 0o600
_OTHERS: Final = 0o077
_PRAGMAS: Final = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",  # a commit survives power loss; NORMAL would not
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",  # a withdrawn flag leaves no bytes behind
    "PRAGMA trusted_schema = OFF",  # nothing planted in the schema runs functions for us
)


@dataclass(frozen=True)
class SqliteFile:
    """See `Place`.

    Args:
        path: of the file.
    """

    path: Path

    bucket_bits = 0
    lets_look = False

    @property
    def name(self) -> str:
        """The path."""
        return str(self.path)

    @property
    def file(self) -> Path:
        """The file."""
        return self.path

    @property
    def backup(self) -> str:
        """Copying by SQLite itself, which a running index does not spoil."""
        return f"sqlite3 {self.path} \".backup '/backup/{self.path.name}'\""

    def make(self) -> None:
        """Make an empty file when there is none.

        Raises:
            SetupFault: it cannot be made.
        """
        try:
            os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_RDWR, _FILE_MODE))
        except FileExistsError:
            return
        except OSError as error:
            raise SetupFault(f"{self.path} cannot be made: {error.strerror}") from error

    def check(self) -> None:
        """Refuse a file that is not there or open to others.

        Raises:
            SetupFault: with what to do.
        """
        if not self.path.is_file():
            raise SetupFault(f"{self.path} does not exist: run signal-index db upgrade")
        if self.path.stat().st_mode & _OTHERS:
            raise SetupFault(f"{self.path} is open to others than its owner: run chmod 600 {self.path}")

    def engine(self, busy_seconds: float = BUSY_SECONDS, *, reading: bool = False) -> Engine:
        """Prepare connections to an existing file; each transaction that writes takes the write lock at once.

        Without the lock, a transaction that reads and then writes fails as soon as another one has written.
        """
        place = f"file:{quote(str(self.path.absolute()))}?mode=rw"

        def open_file() -> sqlite3.Connection:
            connection = sqlite3.connect(place, uri=True, timeout=busy_seconds, isolation_level=None)
            try:
                for pragma in _PRAGMAS:
                    connection.execute(pragma)
            except sqlite3.Error:
                connection.close()
                raise
            return connection

        # Error texts would show the parameters of a statement; tags and seals have no business in a log.
        engine = create_engine("sqlite://", creator=open_file, poolclass=NullPool, hide_parameters=True)
        begin = "BEGIN" if reading else "BEGIN IMMEDIATE"
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
        return engine

    def talk(self, connection: Connection) -> Talk:
        """Speak to the driver beneath a connection."""
        return _SqliteTalk(connection)

    def migrate_alone(self, connection: Connection) -> None:
        """The transaction has the file's one write lock already."""

    def lay_out(self, connection: Connection, layout: Layout) -> None:  # noqa: ARG002 - as `Place` has it
        """One file is never divided.

        Raises:
            SetupFault: the settings say that it is.
        """
        if layout is not Layout.WHOLE:
            raise SetupFault(f"flag_layout = {layout.value} needs PostgreSQL; a SQLite file is one whole")

    def share(self, connection: Connection) -> None:
        """The file is for its owner only, who does everything."""


class _SqliteTalk:
    """See `Talk`; every transaction has the file's one write lock, so `looking` changes nothing."""

    def __init__(self, connection: Connection) -> None:
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        self._connection, self._driver = connection, driver
        self._data_version = 0

    @contextmanager
    def begin(self, *, looking: bool) -> Iterator[None]:  # noqa: ARG002 - as `Talk` has it
        """Take the write lock, and commit."""
        with self._connection.begin():
            yield
            if not self._driver.in_transaction:
                # Committing would do nothing, and say nothing.
                raise sqlite3.OperationalError("the transaction was undone")

    def has_news(self) -> bool:
        """Whether any other connection has committed since."""
        (version,) = self._driver.execute("PRAGMA data_version").fetchone()
        news: bool = version != self._data_version
        self._data_version = version
        return news

    def is_broken(self) -> bool:
        """Whether the transaction is gone; after any other error one may go on."""
        return not self._driver.in_transaction

    def is_alive(self) -> bool:
        """Whether the transaction still stands."""
        return self._driver.in_transaction

    # Savepoints go straight to the driver: they are a fifth of the cost that way, and every job has two or three.

    def mark(self) -> None:
        """Set the savepoint."""
        self._driver.execute("SAVEPOINT job")

    def keep(self) -> None:
        """Let go of it."""
        self._driver.execute("RELEASE job")

    def undo(self) -> None:
        """Go back to it."""
        self._driver.execute("ROLLBACK TO job")
        self._driver.execute("RELEASE job")

    def is_fault(self, error: BaseException) -> bool:
        """Whether the database failed: locked, full, unreadable or damaged."""
        operational = (OperationalError, InternalError, sqlite3.OperationalError, sqlite3.InternalError)
        return isinstance(error, operational) or type(error) in {DatabaseError, sqlite3.DatabaseError}


_: type[Place] = SqliteFile
