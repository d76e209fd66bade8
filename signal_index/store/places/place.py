"""What the store asks of a kind of database, whichever it is."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final, Protocol

from sqlalchemy import Connection, Engine

from signal_index.errors import SetupFault

from .layout import Layout

_FORBIDDEN: Final = "42501"  # SQLSTATE insufficient_privilege
BUSY_SECONDS: Final = 5.0
"""Longest wait for another process's transaction; a request should not take longer."""


class Changing(Exception):
    """A job that said it only looks is about to change something; nothing has changed yet.

    Nothing in a use case catches it; it is the engine's own.
    """


def owner_only(error: BaseException) -> SetupFault | None:
    """What to do when a server says that this role may not do what was asked; None for any other error."""
    cause = getattr(error, "orig", error)
    if getattr(cause, "sqlstate", None) != _FORBIDDEN:
        return None
    return SetupFault("only the role that owns the tables may do this: run the command again as that role")


class Talk(Protocol):
    """One connection of the writer thread, as the driver has it: what SQLAlchemy does not say, or says too slowly."""

    def begin(self, *, looking: bool) -> AbstractContextManager[None]:
        """Begin a transaction, commit it at the end of the block; undo it when the block raises.

        The commit is durable when the block has ended, and raises when the transaction was undone underneath.

        Args:
            looking: nothing but records is going to be written, so nobody has to wait; a statement that changes
                anything else raises `Changing`.
        """

    def has_news(self) -> bool:
        """Whether another connection may have committed a change since this was last asked, in a transaction."""

    def is_broken(self) -> bool:
        """Whether nothing more can be asked in this transaction."""

    def is_alive(self) -> bool:
        """Whether the transaction still stands; a database may undo the whole of it by itself on some faults."""

    def mark(self) -> None:
        """Set the savepoint of a job."""

    def keep(self) -> None:
        """Let go of the savepoint, and keep what the job did."""

    def undo(self) -> None:
        """Undo what the job did."""

    def is_fault(self, error: BaseException) -> bool:
        """Whether an error says that the database failed, rather than the job: locked, full, gone or damaged."""


class Place(Protocol):
    """A database that may or may not be there yet."""

    @property
    def name(self) -> str:
        """What it is called in a message; holds no secret."""

    @property
    def file(self) -> Path | None:
        """The file it is in; None when a server sees to that."""

    @property
    def backup(self) -> str:
        """The command that makes a copy of it."""

    @property
    def lets_look(self) -> bool:
        """Whether who only looks need not wait for who changes something."""

    @property
    def bucket_bits(self) -> int:
        """How many bits choose a person's shard in a database that is made here."""

    def make(self) -> None:
        """Make what the operator may leave to us.

        Raises:
            SetupFault: it cannot be made; says what to do.
        """

    def check(self) -> None:
        """Refuse one that is not there, or open to others.

        Raises:
            SetupFault: with what to do.
        """

    def engine(self, busy_seconds: float = BUSY_SECONDS, *, reading: bool = False) -> Engine:
        """Prepare connections.

        Args:
            busy_seconds: longest wait for another process's transaction.
            reading: whether nothing is going to be written.
        """

    def talk(self, connection: Connection) -> Talk:
        """Speak to the driver beneath a connection."""

    def migrate_alone(self, connection: Connection) -> None:
        """Wait until nobody else changes the tables, for the rest of a transaction, and let it take its time."""

    def lay_out(self, connection: Connection, layout: Layout) -> None:
        """Divide the flags as the settings say.

        Raises:
            SetupFault: they cannot be, here.
        """

    def share(self, connection: Connection) -> None:
        """Give each role what it needs of the tables, after they were made or changed."""
