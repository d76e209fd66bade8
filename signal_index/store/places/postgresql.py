"""A database of a PostgreSQL server, with three roles: one owns the tables, one serves, one reads the log.

Transactions that change something wait for each other at one row, which counts them; whoever only looks does not
wait, and sees by that row whether what it remembers of small tables still holds.

Source: PostgreSQL documentation, "Transaction Isolation" and "Explicit Locking"; libpq, "Connection Strings".
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError

from signal_index.errors import SetupFault

from .layout import Layout, lay_out
from .place import BUSY_SECONDS, Changing, Place, Talk
from .roles import share

CONNECT_SECONDS: Final = 5
STATEMENT_SECONDS: Final = 30  # whatever takes longer holds up everybody
MIGRATION_SECONDS: Final = 3600
_MIGRATING: Final = 0x7369676E616C  # the number of a lock; any that no other program on this database takes
IDLE_SECONDS: Final = 60  # no transaction of ours waits for anything but the database
BUCKET_BITS: Final = 12  # 4,096 shards to divide over servers, of some thousands of people each
_ALIVE: Final = {TransactionStatus.INTRANS, TransactionStatus.INERROR}
_LOOK: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT number FROM change_counter"
# READ COMMITTED: after the wait for the row, everything committed before is seen.
_CHANGE: Final = (
    "BEGIN ISOLATION LEVEL READ COMMITTED; UPDATE change_counter SET number = number + 1 RETURNING number - 1"
)


@dataclass(frozen=True)
class PostgresqlDatabase:
    """See `Place`.

    Args:
        url: whose; what it leaves out, such as the password, libpq finds where it always does.
    """

    url: URL

    bucket_bits = BUCKET_BITS
    file = None
    lets_look = True

    @property
    def name(self) -> str:
        """The URL without a password."""
        return self.url.set(drivername="postgresql").render_as_string(hide_password=True)

    @property
    def backup(self) -> str:
        """A copy of this database alone; continuous archiving is up to whoever runs the server."""
        return f"pg_dump --format=custom --file=/backup/{self.url.database}.dump '{self.name}'"

    def make(self) -> None:
        """A database and its owner are made by whoever runs the server; see that it is there."""
        self.check()

    def check(self) -> None:
        """Refuse a server that does not let us in.

        Raises:
            SetupFault: with what to do.
        """
        try:
            with self.engine().connect():
                pass
        except OperationalError as error:
            said = str(error.orig).strip().splitlines()[0] if error.orig else "no answer"
            raise SetupFault(
                f"{self.name} lets nobody in: {said}. See to the server, the database (createdb) and the role"
            ) from error

    def engine(self, busy_seconds: float = BUSY_SECONDS, *, reading: bool = False) -> Engine:  # noqa: ARG002 - as `Place` has it
        """Prepare connections; the transactions on them are begun by `Talk`, or by SQLAlchemy for making tables."""
        stated = {
            "timezone": "UTC",
            "jit": "off",  # compiling a query takes longer than any of ours
            "lock_timeout": f"{int(busy_seconds * 1000)}ms",
            "statement_timeout": f"{STATEMENT_SECONDS}s",
            "idle_in_transaction_session_timeout": f"{IDLE_SECONDS}s",
        }
        arguments = {
            "options": " ".join(f"-c {name}={value}" for name, value in stated.items()),
            "connect_timeout": CONNECT_SECONDS,
            "application_name": "signal-index",
        }
        return create_engine(
            self.url.set(drivername="postgresql+psycopg"),
            poolclass=NullPool,
            hide_parameters=True,
            connect_args=arguments,
        )

    def talk(self, connection: Connection) -> Talk:
        """Speak to the driver beneath a connection."""
        return _PostgresqlTalk(connection)

    def migrate_alone(self, connection: Connection) -> None:
        """Wait for who migrates; a table in use is waited for shortly, and then nothing has changed."""
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_MIGRATING})")
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = '{MIGRATION_SECONDS}s'")

    def lay_out(self, connection: Connection, layout: Layout) -> None:
        """Divide the flags by bucket, once."""
        lay_out(connection, layout)

    def share(self, connection: Connection) -> None:
        """Give the role that serves and the role that reads the log what they need, and no more."""
        share(connection)


class _PostgresqlTalk:
    """See `Talk`."""

    def __init__(self, connection: Connection) -> None:
        # Transactions are ours; SQLAlchemy is told that each statement stands alone.
        self._connection = connection.execution_options(isolation_level="AUTOCOMMIT")
        driver = connection.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
        self._driver: psycopg.Connection[Any] = driver
        self._changes = -1  # as they were counted last
        self._news = True
        self._looking = False
        # On this connection alone: a talk that ended in a fault, or another thread's, has no say over it.
        event.listen(self._connection, "before_cursor_execute", self._require_change)

    @contextmanager
    def begin(self, *, looking: bool) -> Iterator[None]:
        """Begin, and count one change more unless we are only looking."""
        cursor = self._driver.execute(_LOOK if looking else _CHANGE, prepare=False)
        cursor.nextset()
        found = cursor.fetchone()
        if found is None:
            raise psycopg.OperationalError("the row that counts changes is gone")
        self._news, self._changes = found[0] != self._changes, found[0] + (not looking)
        self._looking = looking
        try:
            yield
        except BaseException:
            self._changes = -1
            with suppress(psycopg.Error):  # the server may be gone, and the transaction with it
                self._driver.execute("ROLLBACK")
            raise
        if self._driver.execute("COMMIT").statusmessage != "COMMIT":
            raise psycopg.OperationalError("the transaction was undone")

    def _require_change(self, _connection: object, _cursor: object, statement: str, *_: object) -> None:
        """Stop what changes something while we only look; records go another road, to the driver."""
        if self._looking and not statement.startswith("SELECT"):
            raise Changing

    def has_news(self) -> bool:
        """Whether another process has changed something since."""
        return self._news

    def is_broken(self) -> bool:
        """Whether a statement failed in it, or the server is gone."""
        return self._driver.info.transaction_status is not TransactionStatus.INTRANS

    def is_alive(self) -> bool:
        """Whether the server is there, and the transaction can be gone back in."""
        return self._driver.info.transaction_status in _ALIVE

    def mark(self) -> None:
        """Set the savepoint."""
        self._driver.execute("SAVEPOINT job")

    def keep(self) -> None:
        """Let go of it."""
        self._driver.execute("RELEASE job")

    def undo(self) -> None:
        """Go back to it."""
        self._driver.execute("ROLLBACK TO job; RELEASE job", prepare=False)

    def is_fault(self, error: BaseException) -> bool:
        """Whether the database failed: locked, full, gone, or unsure of what it did."""
        cause = error.orig if isinstance(error, DBAPIError) else error
        failed = (psycopg.OperationalError, psycopg.InternalError, psycopg.InterfaceError)
        return isinstance(cause, failed) or (isinstance(error, SQLAlchemyError) and cause is None)


_: type[Place] = PostgresqlDatabase
