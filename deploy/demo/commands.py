"""Runs the product's own command, `signal-index`, as an operator would, and writes down what it said."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from deploy.demo.report import StepFailed

SECONDS_MAX = 120
SHOWN_ON_FAULT = 8  # lines
NO_CACHE = "PYTHONDONTWRITEBYTECODE"


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

    def run(self, *words: str | Path, secret: bool = False) -> str:
        """Run one command and return what it printed.

        Args:
            words: the arguments.
            secret: keep what it prints out of the log.

        Raises:
            StepFailed: it did not exit 0 in time; the message holds the end of what it said.
        """
        command = self.line(*words)
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=SECONDS_MAX,
                check=False,
                env=self.environment,
            )
        except subprocess.TimeoutExpired as error:
            raise StepFailed(f"`{' '.join(command[:4])}` took longer than {SECONDS_MAX} seconds") from error
        said = "(kept out of this log)\n" if secret else done.stdout + done.stderr
        with self._log.open("a", encoding="utf-8") as log:
            log.write(f"$ signal-index {' '.join(command[1:])}\n{said}")
        if done.returncode != 0:
            end = "\n".join(f"     {line}" for line in done.stderr.splitlines()[-SHOWN_ON_FAULT:])
            raise StepFailed(f"`signal-index {' '.join(command[1:])}` ended with {done.returncode}:\n{end}")
        return done.stdout


def _environment(cache: Path) -> Mapping[str, str]:
    """This program's environment without settings of another index.

    Some fifty short commands run; compiling every module anew for each would take most of the time.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SIGNAL_INDEX")}
    if kept.pop(NO_CACHE, ""):
        kept["PYTHONPYCACHEPREFIX"] = str(cache)
    return kept
