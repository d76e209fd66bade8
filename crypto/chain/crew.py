"""Who does the multiplying: this thread alone, or a few worker processes beside it.

Invariants:
1. Which crew does the work changes nothing but the time it takes.
2. Workers are started when the first large piece of work comes, and end with the process that made them.
3. A worker that dies costs the work under way, which its caller can ask for again; never a wrong result.

Pieces of work go to workers over pipes of our own process, secrets included: whoever can read those can read the
memory of this process too.
"""

import signal
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import cpu_count, get_context, parent_process
from threading import Lock, Thread
from typing import Final, Protocol, TypeVar

Piece = TypeVar("Piece")
Result = TypeVar("Result")

PIECE_ITEMS_MIN: Final = 32
"""Items in the smallest piece worth carrying to another process: about 5 ms of work against 0.2 ms on the way."""


class WorkLost(Exception):
    """A worker process died with its work; asking again is safe and gets a new crew."""


class Crew(Protocol):
    """What does independent pieces of work.

    Args:
        size: how many pieces it can work on at one moment.
    """

    @property
    def size(self) -> int:
        """How many pieces it can work on at one moment."""

    def each(self, work: Callable[[Piece], Result], pieces: Sequence[Piece]) -> Iterable[Result]:
        """Do the work for every piece and return the results in the order of the pieces.

        Raises:
            WorkLost: a worker died.
        """


class Alone:
    """The calling thread, which does everything itself."""

    size: Final = 1

    def each(self, work: Callable[[Piece], Result], pieces: Sequence[Piece]) -> Iterable[Result]:
        """Do one piece after the other."""
        return map(work, pieces)


class Workers:
    """Worker processes; safe to use from several threads.

    Args:
        size: how many; as many as there are processors by default.
    """

    def __init__(self, size: int | None = None) -> None:
        self.size: Final = size or cpu_count()
        self._lock = Lock()
        self._pool: ProcessPoolExecutor | None = None

    def each(self, work: Callable[[Piece], Result], pieces: Sequence[Piece]) -> Iterable[Result]:
        """Hand the pieces out; a single one is done here.

        Args:
            work: a function of a module, so that a worker can find it.
            pieces: that can be pickled.

        Raises:
            WorkLost: a worker died.
        """
        if len(pieces) <= 1 or self.size <= 1:
            return map(work, pieces)
        pool = self._started()
        try:
            return list(pool.map(work, pieces))
        except BrokenProcessPool as error:
            self._drop(pool)
            raise WorkLost("a worker process died") from error

    def close(self) -> None:
        """End the workers; the next piece of work starts new ones."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(cancel_futures=True)

    def _started(self) -> ProcessPoolExecutor:
        with self._lock:
            if self._pool is None:
                # Fresh interpreters: a fork of a process with threads can stop with a lock held for ever.
                self._pool = ProcessPoolExecutor(
                    self.size, mp_context=get_context("spawn"), initializer=_follow_parent
                )
            return self._pool

    def _drop(self, broken: ProcessPoolExecutor) -> None:
        with self._lock:
            if self._pool is broken:
                self._pool = None
        broken.shutdown(wait=False)


def _follow_parent() -> None:
    """Let a worker end with its parent, however that ends, and leave a Ctrl-C to the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        signal.raise_signal(signal.SIGTERM)

    Thread(target=watch, daemon=True).start()


def shares(count: int, crew: Crew) -> list[slice]:
    """Cut a number of items into runs, one per member of the crew, none but the last too small to carry."""
    size = max(PIECE_ITEMS_MIN, -(-count // crew.size))
    return [slice(start, min(start + size, count)) for start in range(0, count, size)]
