"""Runs the product's own command, `signal-index`, as an operator would, and writes down what it said."""

import os
import subprocess
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from deploy.demo.report import StepFailed

SECONDS_MAX = 120
SHOWN_ON_FAULT = 8  # lines
AT_A_TIME = max(2, min(4, os.cpu_count() or 1))
NO_CACHE = "PYTHONDONTWRITEBYTECODE"


class _UnderWay:
    """A command that runs. What it says goes to files, which never fill up as a pipe nobody reads does."""

    def __init__(self, command: list[str], environment: Mapping[str, str]) -> None:
        self.command = command
        self._out, self._err = TemporaryFile(), TemporaryFile()  # noqa: SIM115 - closed once they are read
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=self._out, stderr=self._err, env=environment
        )

    def wait(self) -> tuple[int, str, str]:
        """Exit status, and what went to stdout and stderr."""
        try:
            status = self._process.wait(SECONDS_MAX)
        except subprocess.TimeoutExpired as error:
            told = " ".join(self.command[:4])
            raise StepFailed(f"`{told}` took longer than {SECONDS_MAX} seconds") from error
        return status, _content(self._out), _content(self._err)

    def end(self) -> None:
        """End it at once, if it has not ended by itself."""
        self._process.kill()
        self._process.wait()


def _content(file: IO[bytes]) -> str:
    with file:
        file.seek(0)
        return file.read().decode(errors="replace")


class Commands:
    """The installed `signal-index`.

    Args:
        program: its path.
        log: every command with what it printed is added here; tokens are left out.
        cache: where Python may keep compiled modules when it may not keep them beside the modules.
    """

    def __init__(self, program: Path, log: Path, cache: Path) -> None:
        self._program = program
        self._log = log
        self.environment = _environment(cache)

    def line(self, *words: str | Path) -> list[str]:
        """The command line for these arguments."""
        return [str(self._program), *map(str, words)]

    def run(self, *words: str | Path, secret: bool = False, expect: int = 0) -> str:
        """Run one command and return what it printed.

        Args:
            words: the arguments.
            secret: keep what it prints out of the log.
            expect: the exit status it should end with.

        Raises:
            StepFailed: it did not end so in time; the message holds the end of what it said.
        """
        (printed,) = self.run_all([words], secret=secret, expect=expect)
        return printed

    def run_all(
        self, commands: Iterable[Sequence[str | Path]], *, secret: bool = False, expect: int = 0
    ) -> list[str]:
        """Run commands that do not wait for one another, a few at a time; what each printed, in their order.

        Most of a short command is Python starting up, so two processors halve the wait.

        Raises:
            StepFailed: as `run`; whatever else was running is ended.
        """
        printed: list[str] = []
        under_way: deque[_UnderWay] = deque()
        try:
            for words in commands:
                if len(under_way) == AT_A_TIME:
                    printed.append(self._finish(under_way, secret=secret, expect=expect))
                under_way.append(_UnderWay(self.line(*words), self.environment))
            while under_way:
                printed.append(self._finish(under_way, secret=secret, expect=expect))
        finally:
            for each in under_way:
                each.end()
        return printed

    def _finish(self, under_way: deque[_UnderWay], *, secret: bool, expect: int) -> str:
        """Wait for the oldest, write it down, and check how it ended."""
        status, out, err = under_way[0].wait()
        told = " ".join(under_way.popleft().command[1:])
        said = "(kept out of this log)\n" if secret else out + err
        with self._log.open("a", encoding="utf-8") as log:
            log.write(f"$ signal-index {told}\n{said}")
        if status != expect:
            end = "\n".join(f"     {line}" for line in err.splitlines()[-SHOWN_ON_FAULT:])
            raise StepFailed(f"`signal-index {told}` ended with {status}:\n{end}")
        return out


def _environment(cache: Path) -> Mapping[str, str]:
    """This program's environment without settings of another index.

    Some sixty short commands run; compiling every module anew for each would take most of the time.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SIGNAL_INDEX")}
    if kept.pop(NO_CACHE, ""):
        kept["PYTHONPYCACHEPREFIX"] = str(cache)
    return kept
