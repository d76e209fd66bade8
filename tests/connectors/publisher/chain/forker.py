"""A program for the kill tests: forks one `connector send` per line on its input, so that each starts in no time.

Prints the child's process id at its start, and how it ended when it did.
"""

import os
import sys

from connectors.cli.commands import send


def say(number: int) -> None:
    """Tell the test a number."""
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def main() -> None:
    """Serve requests until the input ends."""
    config = sys.argv[1]
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            send.main([config], prog_name="send")
        say(child)
        _, status = os.waitpid(child, 0)
        say(os.waitstatus_to_exitcode(status))


main()
