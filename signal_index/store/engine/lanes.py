"""How the jobs of one transaction are run: one after another, or side by side when all of them only look.

Invariants:
1. A job that raises leaves no trace, in the database or in memory; the jobs beside it are not touched.
2. Records stand in the order in which the jobs came, whichever way they are run.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import Connection

from signal_index import ports
from signal_index.errors import Unavailable
from signal_index.model.traces import Trace
from signal_index.store.audit import Mark
from signal_index.store.places import Changing, Talk, owner_only
from signal_index.store.transaction import SqlTransaction

from .gathering import Gathering

Deliver = Callable[[], None]
"""Gives one reply."""


@dataclass(frozen=True)
class Waiting:
    """A job in the queue."""

    job: Callable[[SqlTransaction], Any]
    reply: ports.Reply
    trace: Trace | None
    looking: bool


@dataclass(frozen=True)
class Session:
    """One connection and what hangs on it; thrown away after any fault of the database."""

    connection: Connection
    talk: Talk
    transaction: SqlTransaction


class TransactionLost(Exception):
    """The database has undone the whole transaction, as it does by itself on some faults."""


class MustChange(Exception):
    """Whoever only looked cannot go on together; all of them begin anew where each can fail alone."""


@dataclass(frozen=True)
class Done:
    """What a transaction came to, to be said once it is durable.

    Args:
        outcomes: give one reply each.
        left: jobs that left no trace, and have to be run where something may be changed.
    """

    outcomes: list[Deliver]
    left: list[Waiting] = field(default_factory=list)


Lane = Callable[[Session, list[Waiting]], Done]


def changed(session: Session, batch: list[Waiting]) -> Done:
    """Run jobs one after another, each in its own savepoint.

    Raises:
        TransactionLost: nothing of the transaction is left.
    """
    return Done([_attempt(session, waiting) for waiting in batch])


def looked(session: Session, batch: list[Waiting]) -> Done:
    """Run jobs that write nothing but records side by side; records wait in memory, so no job needs a savepoint.

    Raises:
        MustChange: one of them failed in a way that a savepoint would have kept from the others.
    """
    looks = [_Look(session, waiting) for waiting in batch]
    gathering = Gathering(session.connection)
    for look in looks:
        gathering.add(look.run, look.go_on)
    try:
        gathering.run()
    except BaseException:
        gathering.abandon()
        raise
    left = [look.waiting for look in looks if look.deliver is None]
    return Done([look.deliver for look in looks if look.deliver is not None], left)


@dataclass
class _Look:
    """One job that only looks, under way.

    Args:
        session: the connection it shares.
        waiting: the job.
    """

    session: Session
    waiting: Waiting
    deliver: Deliver | None = None
    mark: Mark | None = None

    def go_on(self) -> None:
        """Others have run; what it records comes after theirs, and belongs to its own trace."""
        audit = self.session.transaction.audit
        self.mark = audit.mark()
        audit.follow(self.waiting.trace)

    def run(self) -> None:
        """Look, and keep what came of it; a job that raises leaves no record."""
        transaction, reply = self.session.transaction, self.waiting.reply
        try:
            self.deliver = partial(reply.set_result, self.waiting.job(transaction))
        except Changing:
            self._take_back()
        except BaseException as error:
            if self.session.talk.is_broken() or self.session.talk.is_fault(error):
                raise MustChange from error
            self._take_back()
            self.deliver = partial(reply.set_exception, error)

    def _take_back(self) -> None:
        assert self.mark is not None, "it has gone on"
        self.session.transaction.return_to(self.mark)


def _attempt(session: Session, waiting: Waiting) -> Deliver:
    """Run one job in its own savepoint.

    Raises:
        TransactionLost: nothing of the transaction is left.
    """
    mark = session.transaction.audit.mark()
    session.transaction.audit.follow(waiting.trace)
    session.talk.mark()
    try:
        result = waiting.job(session.transaction)
    except BaseException as error:
        if not session.talk.is_alive():
            raise TransactionLost from error
        session.talk.undo()
        session.transaction.return_to(mark)
        failed = unavailable(error) if session.talk.is_fault(error) else owner_only(error) or error
        return partial(waiting.reply.set_exception, failed)
    session.talk.keep()
    return partial(waiting.reply.set_result, result)


def unavailable(cause: BaseException) -> Unavailable:
    """What whoever waits gets to hear when the database failed."""
    error = Unavailable("database", "De index kan nu niet antwoorden. Probeer het later nog eens.")
    error.__cause__ = cause
    return error
