"""The rules as a privacy officer reads them: what is in force, what was, and which purpose reaches which area of life.

Nothing here is about anybody, so reading it is not recorded; nothing here can be changed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from policy.catalogue import Catalogue, LegalBasis, LifeDomainText, PurposeRule
from policy.in_force import InForce
from policy.rule_text import Rule
from policy.rulesets import RuleSet
from policy.vocabulary import Level, Role
from signal_index.model import Actor
from signal_index.usecases.authority import require_role


@dataclass(frozen=True)
class RuleLine:
    """One version of a rule, with the article it rests on."""

    rule: Rule
    basis: LegalBasis | None


@dataclass(frozen=True)
class Reach:
    """What one purpose reaches.

    Args:
        domains: areas of life of which it shows something, in the order of the catalogue.
        highest: the most it discloses of a signal; None when no rule grants anything for it.
    """

    purpose: PurposeRule
    domains: tuple[LifeDomainText, ...]
    highest: Level | None


@dataclass(frozen=True)
class Rulebook:
    """The rules of one day, and every version there is.

    Args:
        day: of today.
        now: what holds that day; it holds nothing when no rule covers it.
        lines: the rules of the day.
        history: every version of every rule once, the newest first.
        reaches: one per purpose.
    """

    day: date
    now: InForce
    lines: tuple[RuleLine, ...]
    history: tuple[RuleLine, ...]
    reaches: tuple[Reach, ...]

    @property
    def is_covered(self) -> bool:
        """Whether any rules are in force; if not, nobody sees anything."""
        return self.now.covers(self.day)


def rulebook(rules: RuleSet, actor: Actor, today: date) -> Rulebook:
    """The rules to read.

    Raises:
        NotPermitted: the actor does not act as a privacy officer.
    """
    require_role(actor, Role.PRIVACY_OFFICER)
    now = rules.in_force(today)
    return Rulebook(
        day=today,
        now=now,
        lines=tuple(_line(rule, now.catalogue) for rule in now.rules),
        history=tuple(_line(rule, rules.catalogue) for rule in _versions(rules)),
        reaches=tuple(_reach(purpose, now) for purpose in now.catalogue.purposes),
    )


def _line(rule: Rule, catalogue: Catalogue) -> RuleLine:
    return RuleLine(rule, catalogue.legal_basis(rule.legal_basis))


def _versions(rules: RuleSet) -> Sequence[Rule]:
    found = {rule.key: rule for epoch in rules.epochs for rule in epoch.rules}
    return sorted(found.values(), key=lambda rule: (-rule.valid_from.toordinal(), rule.key))


def _reach(purpose: PurposeRule, now: InForce) -> Reach:
    levels = [level for rule in now.rules if rule.purpose == purpose.code for level in rule.levels]
    domains = now.catalogue.domains_of(purpose) if levels else ()
    return Reach(purpose, domains, max(levels, default=None))
