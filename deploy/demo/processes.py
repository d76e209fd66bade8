"""Starts the parties as real processes and leaves none of them running.

1. Every process runs in a group of its own; stopping ends the group, so nothing it started survives it.
2. However the demonstration ends, at its last line, by an exception, Ctrl-C or SIGTERM, every group is ended
   before this program exits. Only SIGKILL of the demonstration itself can leave processes behind.
3. A signal that arrives while a process is being started is answered right after it is written down.
"""

import atexit
import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, NoReturn, Self

import httpx

READY_SECONDS_MAX = 30
STOP_SECONDS_MAX = 8
POLL_SECONDS = 0.05
WATCH_SECONDS = 0.5
LOG_LINES_SHOWN = 12
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """Someone asked the demonstration to stop. Not an `Exception`, so no step can mistake it for a fault.

    Args:
        number: the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


class ProcessError(Exception):
    """A process ended by itself, or did not get ready in time; the message holds the end of its log."""


@dataclass(frozen=True)
class Running:
    """A started process; its id is also that of its group."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def log_end(self) -> str:
        """The last lines the process wrote."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(f"    {line}" for line in lines[-LOG_LINES_SHOWN:]) or "    (its log is empty)"


class Processes:
    """The processes of one demonstration; use as a context manager, once per program.

    Args:
        stop_seconds_max: how long processes get to end by themselves when asked.
    """

    def __init__(self, stop_seconds_max: float = STOP_SECONDS_MAX) -> None:
        self._stop_seconds_max = stop_seconds_max
        self._running: list[Running] = []
        self._starting = False
        self._asked: int | None = None
        self._answered_before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        """Take over the signals that ask a program to stop."""
        for number in STOP_SIGNALS:
            self._answered_before[number] = signal.signal(number, self._on_signal)
        atexit.register(self.stop)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End everything, whatever happened inside."""
        self.stop()
        atexit.unregister(self.stop)
        for number, answer in self._answered_before.items():
            signal.signal(number, answer)

    def start(
        self, name: str, command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None
    ) -> Running:
        """Start a process with its output in `log` and nothing on its input.

        Args:
            name: for messages to people.
            command: program and arguments.
            log: made anew; its folder must exist.
            environment: the environment variables; this program's own when not given.
        """
        self._starting = True
        try:
            with log.open("wb") as output:
                process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    env=environment,
                    start_new_session=True,
                )
            running = Running(name, process, log)
            self._running.append(running)
        finally:
            self._starting = False
        if self._asked is not None:
            self._stop_now(self._asked)
        return running

    def watch(self) -> NoReturn:
        """Stay until somebody asks to stop.

        Raises:
            ProcessError: a process has ended by itself.
        """
        while True:
            for item in self._running:
                if item.process.poll() is not None:
                    raise ProcessError(f"{item.name} ended by itself:\n{item.log_end()}")
            time.sleep(WATCH_SECONDS)

    def stop(self) -> None:
        """End every process group, politely first; safe to call twice, and deaf to a second Ctrl-C."""
        for number in STOP_SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        running, self._running = self._running[::-1], []
        for item in running:
            _signal_group(item, signal.SIGTERM)
        deadline = time.monotonic() + self._stop_seconds_max
        for item in running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                item.process.wait(max(0.0, deadline - time.monotonic()))
            _signal_group(item, signal.SIGKILL)
            item.process.wait()

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if self._starting:
            self._asked = number
        else:
            self._stop_now(number)

    def _stop_now(self, number: int) -> NoReturn:
        self._asked = None
        raise Stopped(number)


def _signal_group(item: Running, number: signal.Signals) -> None:
    # The group outlives its first process when that one left children; gone altogether is what we want.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(item.process.pid, number)


def wait_until_ready(running: Running, url: str) -> None:
    """Wait until the process answers 200 at this address.

    Raises:
        ProcessError: it ended, or took longer than `READY_SECONDS_MAX`.
    """
    deadline = time.monotonic() + READY_SECONDS_MAX
    while time.monotonic() < deadline:
        if running.process.poll() is not None:
            raise ProcessError(
                f"{running.name} ended with code {running.process.returncode}:\n{running.log_end()}"
            )
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(url, timeout=2, trust_env=False).status_code == httpx.codes.OK:
                return
        time.sleep(POLL_SECONDS)
    raise ProcessError(f"{running.name} was not ready in {READY_SECONDS_MAX} seconds:\n{running.log_end()}")


def free_ports(count: int) -> tuple[int, ...]:
    """Different ports on 127.0.0.1 that were free a moment ago."""
    with contextlib.ExitStack() as stack:
        taken = [stack.enter_context(socket.socket()) for _ in range(count)]
        for item in taken:
            item.bind(("127.0.0.1", 0))
        return tuple(item.getsockname()[1] for item in taken)


def is_free(port: int) -> bool:
    """Whether this port on 127.0.0.1 can be listened on now."""
    with socket.socket() as attempt:
        attempt.setsockopt(
            socket.SOL_SOCKET, socket.SO_REUSEADDR, 1
        )  # as a server does, soon after another one
        try:
            attempt.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
