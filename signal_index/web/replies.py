"""Brings what came of jobs back from the writer thread to an event loop.

Jobs that share a commit are done at the same moment, and waking a loop costs more than telling it something: so the
first of them wakes it, and it then finds the others too.
"""

import asyncio
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Awaited:
    """One reply, see `signal_index.ports.Reply`; whoever stops waiting for it undoes nothing.

    Args:
        future: completed on its own loop.
    """

    replies: "Replies"
    future: "asyncio.Future[Any]"

    def set_result(self, result: object) -> None:
        """The job is done."""
        self.replies.bring(self.future, result, None)

    def set_exception(self, error: BaseException) -> None:
        """The job failed."""
        self.replies.bring(self.future, None, error)


class Replies:
    """The replies one event loop waits for."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._brought: deque[tuple[asyncio.Future[Any], object, BaseException | None]] = deque()
        self._woken = False

    def expect(self) -> Awaited:
        """A reply to wait for, on this loop."""
        return Awaited(self, self._loop.create_future())

    def bring(self, future: "asyncio.Future[Any]", result: object, error: BaseException | None) -> None:
        """Have a future completed on its own loop; called on any thread."""
        self._brought.append((future, result, error))
        if not self._woken:
            self._woken = True
            with suppress(RuntimeError):  # the loop has closed, and nobody waits any more
                self._loop.call_soon_threadsafe(self._complete)

    def _complete(self) -> None:
        self._woken = False  # before looking: whatever is brought from now on wakes the loop again
        while self._brought:
            future, result, error = self._brought.popleft()
            if future.cancelled():
                continue
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)
