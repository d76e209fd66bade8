"""What `differences` finds: one thing that a new set of rules opens or closes, and where it can be seen anyway."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from enum import Enum

from policy.catalogue import LegalBasis
from policy.proving.lookups import Situation
from policy.rule_text import Rule
from policy.rulesets import RuleSet
from policy.vocabulary import Level

Conditions = tuple[tuple[str, tuple[str, ...]], ...]
"""Facts by their Dutch name, each with the values it may have; or with the name of the fact it must equal."""

_STOPPING = (
    ("relatie_loopt", False),
    ("relatie_bevestigd", False),
    ("afgeschermd", True),
    ("bezwaar", True),
    ("betrokken", True),
)


class Direction(Enum):
    """Which way a change goes."""

    OPENED = "opened"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """Another purpose for which the other set allows the same role the same.

    Attributes:
        types: The kinds of signal of which it does, sorted.
        conditions: What must be so there beside what must be so for the change.
    """

    purpose: str
    types: tuple[str, ...]
    conditions: Conditions


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is allowed under one set and not under the other.

    Attributes:
        starts: The first day of the difference.
        ends: The first day without it; None if it lasts.
        levels: How much, lowest first; a level that is not here did not change.
        types: The kinds of signal, sorted.
        conditions: What must be so beside what is asked of every look-up anyway.
        values: What each fact that is one of a few can be there, whether bound more tightly or not.
        example: One look-up that shows it.
        rules: The rules by which the more generous set allows it.
        held_by: The guards by which the other set refuses it; none if it has no rule that allows it.
        elsewhere: Where the other set allows the highest of these levels, and so each of them.
    """

    direction: Direction
    starts: date
    ends: date | None
    purpose: str
    role: str
    levels: tuple[Level, ...]
    types: tuple[str, ...]
    conditions: Conditions
    values: Conditions
    example: Situation
    rules: tuple[str, ...]
    held_by: tuple[str, ...]
    elsewhere: tuple[Elsewhere, ...]

    def goes_on_in(self, later: "Change") -> bool:
        """Whether the other is the same difference, from the day on which this one ends."""
        return (
            self.ends == later.starts
            and replace(self, starts=later.starts, ends=later.ends, example=later.example) == later
        )

    def closes_with(self, other: "Change") -> bool:
        """Whether both close something of a kind of signal for the same purpose and role, on some day."""
        return (
            self.direction is other.direction is Direction.CLOSED
            and (self.purpose, self.role) == (other.purpose, other.role)
            and bool(set(self.types) & set(other.types))
            and (other.ends is None or self.starts < other.ends)
            and (self.ends is None or other.starts < self.ends)
        )

    def expected_to_stop(self) -> Iterator[tuple[str, bool, bool]]:
        """The circumstances of which people expect that they stop it: the fact, its value, and whether it does."""
        values = dict(self.values)
        for name, so in _STOPPING:
            yield name, so, ("ja" if so else "nee") not in values[name]

    def new_types(self) -> tuple[str, ...]:
        """The kinds of signal that the other set shows for no other purpose, or only on other conditions."""
        seen = {code for each in self.elsewhere if not each.conditions for code in each.types}
        return tuple(code for code in self.types if code not in seen)

    def grounds(self, rules: RuleSet) -> Iterator[tuple[Rule, LegalBasis]]:
        """The rules by which the more generous set allows it, each with its legal basis.

        Args:
            rules: That set.
        """
        now = rules.in_force(self.starts)
        for key in self.rules:
            rule = now.rule(key)
            basis = now.catalogue.legal_basis(rule.legal_basis) if rule else None
            if rule is not None and basis is not None:
                yield rule, basis
