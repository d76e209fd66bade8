"""What one check found: that a point is in order, or what to mend and how."""

from collections.abc import Generator
from dataclasses import dataclass, replace
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
        text: what was found, on one line.
        to_do: how to mend it, where `text` does not say so already.
        group: what it belongs to, as a heading.
    """

    point: str
    state: State
    text: str
    to_do: str = ""
    group: str = ""


Findings = Generator[Finding, None, None]
Yielding = Generator[Finding, None, T]
"""Yields findings, and returns what later checks need: None when it cannot be had."""


def ok(point: str, text: str) -> Finding:
    """In order."""
    return Finding(point, State.OK, text)


def mend(point: str, text: str, to_do: str = "") -> Finding:
    """Something to mend; `to_do` says how, unless `text` does."""
    return Finding(point, State.MEND, text, to_do)


def note(point: str, text: str) -> Finding:
    """Worth knowing."""
    return Finding(point, State.NOTE, text)


def skipped(points: str, first: str) -> Finding:
    """Not looked at, because of something to mend first."""
    return Finding(points, State.SKIPPED, f"not checked: mend {first} first")


def under(group: str, findings: Yielding[T]) -> Yielding[T]:
    """The same findings, each under this heading unless it has one; returns what they return."""
    while True:
        try:
            found = next(findings)
        except StopIteration as end:
            result: T = end.value
            return result
        yield replace(found, group=found.group or group)
