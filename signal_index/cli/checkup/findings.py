"""What one check found: that a point is in order, or what to mend and how."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

T = TypeVar("T")


class State(StrEnum):
    """How a point stands."""

    OK = "ok"
    MEND = "mend"
    NOTE = "note"  # worth knowing; nothing is wrong
    SKIPPED = "skipped"  # cannot be checked before something else is mended


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Args:
        point: what was looked at, in a word or two.
        text: what was found; for `MEND` also how to mend it.
    """

    point: str
    state: State
    text: str


Findings = Iterator[Finding]
Yielding = Generator[Finding, None, T]
"""Yields findings, and returns what later checks need: None when it cannot be had."""


def ok(point: str, text: str) -> Finding:
    """In order."""
    return Finding(point, State.OK, text)


def mend(point: str, text: str) -> Finding:
    """Something to mend; `text` says how."""
    return Finding(point, State.MEND, text)


def note(point: str, text: str) -> Finding:
    """Worth knowing."""
    return Finding(point, State.NOTE, text)


def skipped(points: str, first: str) -> Finding:
    """Not looked at, because of something to mend first."""
    return Finding(points, State.SKIPPED, f"not checked: mend {first} first")
