"""A program for the service tests: forks one `connector run` per line on its input, so that each starts in no time.

A line holds settings file, log file and environment, as JSON. Prints the child's process id at its start, and how it
ended when it did.
"""

import json
import os
import sys

from connectors.cli.run import run


def say(number: int) -> None:
    """Tell the test a number."""
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def serve(config: str, log: str, environment: dict[str, str]) -> None:
    """Become the service."""
    os.environ.update(environment)
    os.dup2(os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), sys.stderr.fileno())
    os.dup2(os.open(os.devnull, os.O_RDWR), sys.stdout.fileno())
    run.main([config], prog_name="run")


def main() -> None:
    """Serve requests until the input ends."""
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            serve(**json.loads(line))
        say(child)
        _, status = os.waitpid(child, 0)
        say(os.waitstatus_to_exitcode(status))


main()
