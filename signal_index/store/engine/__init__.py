"""Runs jobs in durable transactions: one writer thread, one connection, many jobs per commit.

Invariants:
1. A reply with a result comes only after the commit that holds the job's work is durable.
2. A job that raises leaves no trace, in the database or in memory; the jobs beside it are not touched.
3. A transaction that cannot begin or commit gives `Unavailable` to every job in it, never an answer.
4. Only the writer thread touches the connection and what hangs on it.

Jobs waiting at the same moment share a commit, because making a commit durable costs more than most jobs. Nothing
ever waits for more jobs to come.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import timedelta
from functools import partial
from queue import Empty, SimpleQueue
from secrets import token_bytes
from types import TracebackType
from typing import Final, Self, TypeVar

from crypto.keyfiles import IndexSecrets
from crypto.log.notes import Verifier
from signal_index import ports
from signal_index.errors import Unavailable
from signal_index.model.traces import Trace
from signal_index.store.log.tree import LogIdentity, origin_of
from signal_index.store.places import BUSY_SECONDS, Place, place_of
from signal_index.store.provision import Stated, read_state
from signal_index.store.transaction import Identity, SqlTransaction

from .lanes import Done, Lane, MustChange, Session, Waiting, changed, looked, unavailable

T = TypeVar("T")

JOBS_MAX: Final = 128  # per commit; more gains nothing and makes the first wait for the last
WRITER_BYTES: Final = 8


class SqlDatabase:
    """A database that is open, see `signal_index.ports.Database`.

    Args:
        place: where it is.
        identity: of the database.
        busy_seconds: longest wait for another process's transaction.
    """

    def __init__(self, place: Place, identity: Identity, busy_seconds: float = BUSY_SECONDS) -> None:
        self._place = place
        self._engine = place.engine(busy_seconds)
        self._identity = identity
        self._queue: SimpleQueue[Waiting | None] = SimpleQueue()
        self._closing = threading.Lock()  # guards _closed, so that nothing is queued behind the last None
        self._closed = False
        self._session: Session | None = None  # of the writer thread
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

    def submit(
        self, job: Callable[[ports.Transaction], T], trace: Trace | None = None, *, looking: bool = False
    ) -> Future[T]:
        """`hand_over`, with a future for the reply; cancelling it has no effect.

        Raises:
            Unavailable: `closing`: the database is being closed.
        """
        future: Future[T] = Future()
        future.set_running_or_notify_cancel()  # from here on, cancelling cannot make a lie of the outcome
        self.hand_over(job, future, trace, looking=looking)
        return future

    def hand_over(
        self,
        job: Callable[[ports.Transaction], object],
        reply: ports.Reply,
        trace: Trace | None = None,
        *,
        looking: bool = False,
    ) -> None:
        """Run the job in a transaction that may be shared; the reply comes after the commit, on the writer thread.

        The job must not wait for another job, and must not let the transaction outlive it. One that only looks may be
        run twice, when it turns out to change something all the same.

        Raises:
            Unavailable: `closing`: the database is being closed.
        """
        with self._closing:
            if self._closed:
                raise Unavailable("closing", "De index sluit af. Probeer het later nog eens.")
            self._queue.put(Waiting(job, reply, trace, looking))

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

    def _next_batch(self) -> list[Waiting]:
        """Wait for a job and take all that wait with it; nothing when closing."""
        batch: list[Waiting] = []
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

    def _run(self, batch: list[Waiting]) -> None:
        looks = [waiting for waiting in batch if waiting.looking and self._place.lets_look]
        changes = [waiting for waiting in batch if not (waiting.looking and self._place.lets_look)]
        if looks:
            changes += self._answer(looks, looked)
        if changes:
            self._answer(changes, changed)

    def _answer(self, batch: list[Waiting], lane: Lane) -> list[Waiting]:
        """Reply to every job of the batch, but of those that have to change something first."""
        try:
            done = self._commit(batch, lane)
        except MustChange:
            self._drop_session()
            return batch
        except Exception as error:  # noqa: BLE001 - whatever prevents a commit, nobody may get an answer
            self._drop_session()
            done = Done([partial(waiting.reply.set_exception, unavailable(error)) for waiting in batch])
        for deliver in done.outcomes:
            deliver()
        return done.left

    def _commit(self, batch: list[Waiting], lane: Lane) -> Done:
        """Run every job in one transaction; return only when it is durable."""
        session = self._open_session()
        with session.talk.begin(looking=lane is looked):
            if session.talk.has_news():
                session.transaction.forget()
            done = lane(session, batch)
            session.transaction.audit.write()
        session.transaction.audit.committed()
        return done

    def _open_session(self) -> Session:
        if self._session is None:
            connection = self._engine.connect()
            talk = self._place.talk(connection)
            self._session = Session(connection, talk, SqlTransaction(connection, self._identity))
        return self._session

    def _drop_session(self) -> None:
        if self._session is not None:
            self._session.connection.invalidate()
            self._session.connection.close()
            self._session = None


def open_database(
    stated: Stated,
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
        stated: where it is, as the settings say: see `signal_index.store.places.place_of`.
        secrets: the index's keys; only those for rows, records and checkpoints are kept.
        writer_kind: `serve` or `cli`; stands with the records of this process.
        witnessed_within: how old the last cosignature of the log may be; None for an index without witnesses.
        witnesses: keys of those whose cosignature counts.
        busy_seconds: longest wait for another process's transaction.
        owner: OIN of the organisation whose index it is.

    Raises:
        SetupFault: with what to do.
    """
    incarnation, bucket_bits = read_state(stated, secrets)
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
    return SqlDatabase(place_of(stated), identity, busy_seconds)


_: type[ports.Database] = SqlDatabase
