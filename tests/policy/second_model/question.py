"""What a rule is asked: may this much of this kind of signal be shown at this look-up?"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True, slots=True)
class Question:
    """One kind of signal at one level, for one look-up of which every fact is known.

    Attributes:
        facts: By the names of `policy.facts`, with plain words as values.
        level: `aanwezigheid`, `bron` or `contact`.
        purpose_exists: Whether the purpose is in the catalogue and in force.
        purpose_bases: Its legal bases of that day.
        areas_only: Whether only areas of life are shown for it.
        kind_bases: The legal bases of the kind of signal on that day.
        special: Whether the kind of signal is `bijzonder`.
    """

    facts: Mapping[str, Any]
    level: str
    purpose_exists: bool
    purpose_bases: frozenset[str]
    areas_only: bool
    kind_bases: frozenset[str]
    special: bool

    @property
    def presence_only(self) -> bool:
        return self.level == "aanwezigheid"


Predicate = Callable[[Question], bool]


@dataclass(frozen=True)
class Rule:
    """One rule.

    Attributes:
        text: What a privacy officer reads of it; a test holds it against the rule file.
        holds: Of a guard whether its condition is met, of a grant whether it says yes.
        duties: What has to be done when a grant is used, sorted.
        since: The first day on which it counts.
        until: The first day on which it no longer does, if known.
    """

    rule_id: str
    text: str
    holds: Predicate
    duties: tuple[str, ...] = ()
    since: date = date(2026, 1, 1)
    until: date | None = None

    @property
    def key(self) -> str:
        return f"{self.rule_id}-{self.since}"

    def counts_on(self, day: date) -> bool:
        return self.since <= day and (self.until is None or day < self.until)
