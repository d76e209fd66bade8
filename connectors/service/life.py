"""How long the service lives: signals end it between two steps, systemd hears that it works, faults make it wait.

Invariants:
1. A signal only notes that it is over. The work stops where it looks, `Life.beat`: between files, readings and batches,
   each time with every transaction finished or undone.
2. Waiting for the network never holds up the end, nor anything else for good: `Life.patiently` leaves such a call alone
   when it is over, or took too long.

Source: sd_notify(3) for the protocol; RFC 9110 §10.2.3 for Retry-After.
"""

import os
import signal
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from secrets import SystemRandom
from threading import Thread
from types import FrameType
from typing import Final, Generic, TypeVar

_T = TypeVar("_T")

LOOK_SECONDS: Final = 0.2
"""How often a wait for the network looks whether it is over."""

CALL_SECONDS_MAX: Final = 900.0
"""Of one call with everything around it; twice as long as any that goes well can take."""

RETRY_AFTER_SECONDS_MAX: Final = 24 * 3600.0
"""A source may ask for patience, not for oblivion."""

_CHANCE: Final = SystemRandom()


class Stopping(BaseException):
    """The service was asked to stop; not a fault, so no `except Exception` on the way may keep it."""


class Systemd:
    """What systemd is told, when it listens.

    Args:
        address: `$NOTIFY_SOCKET`; None outside systemd.
        watchdog_seconds: how often it wants to hear something; None when it does not watch.
    """

    def __init__(self, address: str | None, watchdog_seconds: float | None) -> None:
        self._address = address
        self._watchdog_seconds = watchdog_seconds
        self._said_at = time.monotonic()
        self._status = ""

    @classmethod
    def from_environment(cls) -> "Systemd":
        """Read what systemd set; the watchdog only when it is meant for this process."""
        microseconds = os.environ.get("WATCHDOG_USEC", "")
        is_ours = os.environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        seconds = int(microseconds) / 1e6 if microseconds.isdecimal() and is_ours else None
        return cls(os.environ.get("NOTIFY_SOCKET"), seconds)

    def say(self, line: str) -> None:
        """Send one line; nothing happens when nobody listens."""
        if not self._address:
            return
        # A leading @ stands for a name in the abstract namespace.
        name = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as to:
            to.sendto(line.encode(), name)

    def show(self, status: str) -> None:
        """Put a line in `systemctl status`."""
        if status != self._status:
            self._status = status
            self.say(f"STATUS={status}")

    def works(self) -> None:
        """Say that the work goes on, no more often than needed."""
        if self._watchdog_seconds and time.monotonic() - self._said_at > self._watchdog_seconds / 4:
            self._said_at = time.monotonic()
            self.say("WATCHDOG=1")


class Life:
    """The life of one service; everything but `wake` is for its main thread.

    Args:
        systemd: who else wants to know.
    """

    def __init__(self, systemd: Systemd) -> None:
        self.systemd = systemd
        self.is_over = False
        self.beaten_at = time.monotonic()
        # A queue and not an Event: putting into it is safe in a signal handler that interrupts getting from it.
        self._woken: SimpleQueue[None] = SimpleQueue()

    def mind_signals(self) -> None:
        """End on SIGTERM and SIGINT; a second one ends the process on the spot, which loses nothing either."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)

    def _end(self, number: int, _: FrameType | None) -> None:
        self.is_over = True
        self._woken.put(None)
        signal.signal(number, signal.SIG_DFL)

    def beat(self) -> None:
        """Say that the work goes on.

        Raises:
            Stopping: it is over.
        """
        if self.is_over:
            raise Stopping
        self.beaten_at = time.monotonic()
        self.systemd.works()

    def wake(self) -> None:
        """End the rest early; from any thread."""
        self._woken.put(None)

    def rest(self, until: float) -> None:
        """Wait until a moment of the monotonic clock, or until woken.

        Raises:
            Stopping: it is over.
        """
        self.beat()
        while (left := until - time.monotonic()) > 0:
            with suppress(Empty):
                self._woken.get(timeout=min(left, 1.0))
                break
            self.beat()
        with suppress(Empty):
            while True:
                self._woken.get_nowait()
        self.beat()

    def patiently(self, call: Callable[[], _T], seconds_max: float = CALL_SECONDS_MAX) -> _T:
        """Make a call that may wait for the network.

        Args:
            call: touches nothing of the main thread; when it is over the call is left to itself, and ends with the
                process.
            seconds_max: after which it is left to itself as well. A timeout of a library is one for each few bytes.

        Raises:
            Stopping: it is over.
            TimeoutError: it took too long.
        """
        ended: SimpleQueue[_Outcome[_T]] = SimpleQueue()
        Thread(target=lambda: ended.put(_Outcome(call)), daemon=True).start()
        until = time.monotonic() + seconds_max
        while time.monotonic() < until:
            self.beat()
            with suppress(Empty):
                return ended.get(timeout=LOOK_SECONDS).result()
        raise TimeoutError


class _Outcome(Generic[_T]):
    """What a call gave or raised, to be carried to another thread."""

    def __init__(self, call: Callable[[], _T]) -> None:
        self._error: BaseException | None = None
        try:
            self._value = call()
        except BaseException as error:  # noqa: BLE001 - raised again where somebody waits for it
            self._error = error

    def result(self) -> _T:
        if self._error is not None:
            raise self._error
        return self._value


class Backoff:
    """How long to wait after a fault: twice as long each time, with jitter, so that a crowd does not come back at once.

    Args:
        first_seconds: after the first fault.
        most_seconds: after many.
        chance: a number between two others.
    """

    def __init__(
        self,
        first_seconds: float,
        most_seconds: float,
        chance: Callable[[float, float], float] = _CHANCE.uniform,
    ) -> None:
        self._first = first_seconds
        self._most = most_seconds
        self._chance = chance
        self.faults = 0

    def failed(self, retry_after_seconds: float | None = None) -> float:
        """Count a fault and return how many seconds to wait, never less than was asked for."""
        self.faults += 1
        usual = min(self._most, self._first * 2.0 ** min(self.faults - 1, 30)) * self._chance(0.5, 1.0)
        asked = min(retry_after_seconds or 0.0, RETRY_AFTER_SECONDS_MAX)
        return max(usual, asked * self._chance(1.0, 1.1))

    def worked(self) -> None:
        """Begin anew."""
        self.faults = 0
