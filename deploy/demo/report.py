"""What the demonstration tells: plain lines on the screen, none with a BSN, and a fault as one clear line."""

import re
import sys
from collections.abc import Collection

LOOKS_LIKE_A_BSN = re.compile(r"(?<![0-9])9999[0-9]{5}(?![0-9])")


class StepFailed(Exception):
    """A step did not do what it says; the message names what should have happened."""


class Report:
    """Prints the story of a run.

    Args:
        bsns: numbers that must never be printed; a line with one ends the demonstration.
    """

    def __init__(self, bsns: Collection[str]) -> None:
        self._bsns = bsns
        self._steps = 0

    def step(self, title: str) -> None:
        """Begin the next step."""
        self._steps += 1
        self._print(f"\n{self._steps}. {title}")

    def line(self, text: str) -> None:
        """Tell one thing that happened in this step."""
        self._print(f"   {text}")

    def block(self, *lines: str) -> None:
        """Show lines to copy, apart from what is told."""
        self._print("\n" + "\n".join(lines) + "\n")

    def _print(self, text: str) -> None:
        if any(bsn in text for bsn in self._bsns):
            raise StepFailed("a line with a BSN in it was about to be printed")
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


def fail(fault: Exception) -> None:
    """Tell on stderr why the demonstration ends; numbers that may be BSNs are blanked."""
    sys.stderr.write(f"\nThe demonstration failed: {LOOKS_LIKE_A_BSN.sub('#' * 9, str(fault))}\n")


def check(holds: bool, should: str) -> None:  # noqa: FBT001 - reads as a sentence: check(x == 3, "...")
    """Go on only when this holds.

    Args:
        holds: what was found.
        should: what should have been, completing "expected that ...".

    Raises:
        StepFailed: it does not hold.
    """
    if not holds:
        raise StepFailed(f"expected that {should}")
