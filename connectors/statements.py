"""One word of a source about one traject, and which of two words counts. Pure: no clock, no file, no network.

Invariants:
1. `Statement.rank` orders statements totally, so the order in which they come in never matters.
2. A statement holds moments and days only, and survives storage as it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Self

Start = date | None
"""First day a start or stop message names; part of its key."""


@dataclass(frozen=True, slots=True)
class Statement:
    """The latest word of the source under one key.

    Args:
        stated_on: sortable moment, see `reading.moment_order`.
        message: the message's own id, second in the order.
        removed: the source took back what it had stated under this key.
        replaces: what was stated earlier is void: every start, and every end if this states an end.
        end: last day, for a stop; None for a start, or for a state without an end.
    """

    stated_on: str
    message: str
    removed: bool = False
    replaces: bool = False
    end: date | None = None

    @property
    def rank(self) -> tuple[str, int, str, bool, bool, bool, str]:
        """Total order: later stated, then later message id (numbers by size), then delivered over removed."""
        last = self.end.isoformat() if self.end else ""
        is_open = self.end is None
        return (
            self.stated_on,
            len(self.message),
            self.message,
            not self.removed,
            self.replaces,
            is_open,
            last,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return this statement as JSON values."""
        end = self.end.isoformat() if self.end else None
        flags = {"removed": self.removed, "replaces": self.replaces}
        return {"stated_on": self.stated_on, "message": self.message, "end": end, **flags}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote."""
        return cls(
            stored["stated_on"],
            stored["message"],
            stored["removed"],
            stored["replaces"],
            stored_day(stored["end"]),
        )


def day_text(day: date | None) -> str | None:
    """Write a day for storage."""
    return day.isoformat() if day else None


def stored_day(text: str | None) -> date | None:
    """Read what `day_text` wrote."""
    return date.fromisoformat(text) if text else None
