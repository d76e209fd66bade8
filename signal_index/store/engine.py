"""Runs jobs in durable transactions: one writer thread, one connection, many jobs per commit.

Invariants:
1. A future completes with a result only after the commit that holds the job's work is durable.
2. A job that raises leaves no trace, in the database or in memory; the jobs beside it are not touched.
3. A transaction that cannot begin or commit gives `Unavailable` to every job in it, never an answer.
4. Only the writer thread touches the connection and what hangs on it.

Jobs waiting at the same moment share a commit, because making a commit durable costs more than most jobs. Nothing
ever waits for more jobs to come.
"""

import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from secrets import token_bytes
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DatabaseError, InternalError, OperationalError

from crypto.keyfiles import IndexSecrets
from crypto.log.notes import Verifier
from signal_index import ports
from signal_index.errors import Unavailable
from signal_index.model.traces import Trace

from .log.tree import LogIdentity, origin_of
from .provision import BUSY_SECONDS, connect, read_state, sqlite_path
from .transaction import Identity, SqlTransaction

T = TypeVar("T")

JOBS_MAX: Final = 128  # per commit; more gains nothing and makes the first wait for the last
WRITER_BYTES: Final = 8

_Deliver = Callable[[], None]  # completes one future


@dataclass(frozen=True)
class _Waiting:
    """A job in the queue."""

    job: Callable[[SqlTransaction], Any]
    future: Future[Any]
    trace: Trace | None


@dataclass(frozen=True)
class _Session:
    """One connection and what hangs on it; thrown away after any fault of the database."""

    connection: Connection
    driver: sqlite3.Connection
    transaction: SqlTransaction


class SqlDatabase:
    """A database that is open, see `signal_index.ports.Database`.

    Args:
        engine: makes connections.
        identity: of the database.
    """

    def __init__(self, engine: Engine, identity: Identity) -> None:
        self._engine = engine
        self._identity = identity
        self._queue: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._closing = threading.Lock()  # guards _closed, so that nothing is queued behind the last None
        self._closed = False
        self._session: _Session | None = None  # of the writer thread
        self._data_version = 0  # of the writer thread
        self._thread = threading.Thread(target=self._work, name="store-writer", daemon=True)
        self._thread.start()

    @property
    def scope(self) -> str:
        """The region this index serves."""
        return self._identity.scope

    @property
    def incarnation(self) -> bytes:
        """16 random bytes, new at each initialisation or restore."""
        return self._identity.incarnation

    def submit(self, job: Callable[[ports.Transaction], T], trace: Trace | None = None) -> Future[T]:
        """Run the job in a transaction that may be shared; the future completes after the commit.

        The job must not wait for another job, and must not let the transaction outlive it. Cancelling has no effect.

        Raises:
            Unavailable: `closing`: the database is being closed.
        """
        future: Future[T] = Future()
        future.set_running_or_notify_cancel()  # from here on, cancelling cannot make a lie of the outcome
        with self._closing:
            if self._closed:
                raise Unavailable("closing", "De index sluit af. Probeer het later nog eens.")
            self._queue.put(_Waiting(job, future, trace))
        return future

    def run(self, job: Callable[[ports.Transaction], T]) -> T:
        """`submit` and wait.

        Raises:
            RuntimeError: called from within a job, which would wait for itself.
        """
        if threading.current_thread() is self._thread:
            raise RuntimeError("a job cannot wait for another job")
        return self.submit(job).result()

    def close(self) -> None:
        """Finish every job that was submitted, then let go of the database; closing twice is harmless."""
        with self._closing:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        self._thread.join()
        self._engine.dispose()

    def __enter__(self) -> Self:
        """Close at the end of a `with` block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()

    def _work(self) -> None:
        while batch := self._next_batch():
            self._run(batch)
        self._drop_session()

    def _next_batch(self) -> list[_Waiting]:
        """Wait for a job and take all that wait with it; nothing when closing."""
        batch: list[_Waiting] = []
        waiting = self._queue.get()
        try:
            while waiting is not None:
                batch.append(waiting)
                if len(batch) == JOBS_MAX:
                    return batch
                waiting = self._queue.get_nowait()
        except Empty:
            return batch
        if batch:
            self._queue.put(None)  # seen again once this batch is done
        return batch

    def _run(self, batch: list[_Waiting]) -> None:
        try:
            outcomes = self._commit(batch)
        except Exception as error:  # noqa: BLE001 - whatever prevents a commit, nobody may get an answer
            self._drop_session()
            outcomes = [partial(waiting.future.set_exception, _unavailable(error)) for waiting in batch]
        for deliver in outcomes:
            deliver()

    def _commit(self, batch: list[_Waiting]) -> list[_Deliver]:
        """Run every job in one transaction; return only when it is durable."""
        session = self._open_session()
        with session.connection.begin():
            self._notice_others(session)
            outcomes = [_attempt(session, waiting) for waiting in batch]
            session.transaction.audit.write()
            if not session.driver.in_transaction:
                # Committing would do nothing, and say nothing.
                raise sqlite3.OperationalError("the transaction was undone")
        session.transaction.audit.committed()
        return outcomes

    def _open_session(self) -> _Session:
        if self._session is None:
            connection = self._engine.connect()
            driver = connection.connection.driver_connection
            assert isinstance(driver, sqlite3.Connection)
            self._session = _Session(connection, driver, SqlTransaction(connection, self._identity))
        return self._session

    def _drop_session(self) -> None:
        if self._session is not None:
            self._session.connection.invalidate()
            self._session.connection.close()
            self._session = None

    def _notice_others(self, session: _Session) -> None:
        """Forget what is remembered of small tables when another connection has committed since."""
        (version,) = session.driver.execute("PRAGMA data_version").fetchone()
        if version != self._data_version:
            session.transaction.forget()
            self._data_version = version


def _attempt(session: _Session, waiting: _Waiting) -> _Deliver:
    """Run one job in its own savepoint.

    Savepoints go straight to the driver: they are a fifth of the cost that way, and every job has two or three.

    Raises:
        sqlite3.OperationalError: SQLite has undone the whole transaction, as it does by itself on some faults.
    """
    mark = session.transaction.audit.mark()
    session.transaction.audit.follow(waiting.trace)
    session.driver.execute("SAVEPOINT job")
    try:
        result = waiting.job(session.transaction)
    except BaseException as error:
        if not session.driver.in_transaction:
            raise sqlite3.OperationalError("the transaction was undone") from error
        session.driver.execute("ROLLBACK TO job")
        session.driver.execute("RELEASE job")
        session.transaction.return_to(mark)
        return partial(waiting.future.set_exception, _unavailable(error) if _is_fault(error) else error)
    session.driver.execute("RELEASE job")
    return partial(waiting.future.set_result, result)


def _is_fault(error: BaseException) -> bool:
    """Whether the database failed, rather than the job: locked, full, unreadable or damaged."""
    operational = (OperationalError, InternalError, sqlite3.OperationalError, sqlite3.InternalError)
    return isinstance(error, operational) or type(error) in {DatabaseError, sqlite3.DatabaseError}


def _unavailable(cause: BaseException) -> Unavailable:
    unavailable = Unavailable("database", "De index kan nu niet antwoorden. Probeer het later nog eens.")
    unavailable.__cause__ = cause
    return unavailable


def open_database(
    url_or_path: str | Path,
    secrets: IndexSecrets,
    *,
    writer_kind: str,
    witnessed_within: timedelta | None = None,
    witnesses: Sequence[Verifier] = (),
    busy_seconds: float = BUSY_SECONDS,
    owner: str | None = None,
) -> SqlDatabase:
    """Open an existing, initialised database of these keys.

    Args:
        url_or_path: a path, or a URL `sqlite:///path`.
        secrets: the index's keys; only those for rows, records and checkpoints are kept.
        writer_kind: `serve` or `cli`; stands with the records of this process.
        witnessed_within: how old the last cosignature of the log may be; None for an index without witnesses.
        witnesses: keys of those whose cosignature counts.
        busy_seconds: longest wait for another process's transaction.
        owner: OIN of the organisation whose index it is.

    Raises:
        SetupFault: with what to do.
    """
    path = sqlite_path(url_or_path)
    incarnation, bucket_bits = read_state(path, secrets)
    identity = Identity(
        scope=secrets.scope,
        incarnation=incarnation,
        bucket_bits=bucket_bits,
        row_keys=secrets.row_keys,
        audit_keys=secrets.audit_keys,
        writer=token_bytes(WRITER_BYTES),
        writer_kind=writer_kind,
        log=LogIdentity(
            origin_of(secrets.scope, incarnation),
            secrets.log_signing,
            witnessed_within=witnessed_within,
            witnesses=tuple(witnesses),
        ),
        owner=owner,
    )
    return SqlDatabase(connect(path, busy_seconds), identity)


_: type[ports.Database] = SqlDatabase
