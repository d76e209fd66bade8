"""The rules as everybody may read them: which purpose shows what of each area of life, on which ground, by which rules.

Rules are about nobody and for everybody: whoever reads this need not say who she is, and it is not recorded.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from policy.catalogue import LegalBasis, LifeDomainText, PurposeRule
from policy.in_force import InForce
from policy.rule_text import Kind, Rule
from policy.rulesets import RuleSet
from policy.vocabulary import Level


@dataclass(frozen=True)
class Reach:
    """What one purpose shows at most, whoever asks and about whom.

    Args:
        bases: those it rests on today.
        cells: per area of life of the catalogue the most that any kind of signal in it shows; None for nothing.
    """

    purpose: PurposeRule
    bases: tuple[LegalBasis, ...]
    cells: tuple[Level | None, ...]


@dataclass(frozen=True)
class RuleLine:
    """One version of a rule, with the article it rests on."""

    rule: Rule
    basis: LegalBasis | None


@dataclass(frozen=True)
class PublishedRules:
    """The rules of one day.

    Args:
        covered: whether any are in force; if not, nobody sees anything.
        areas: the columns of `Reach.cells`.
        guards: what must be true before anybody sees anything.
        grants: what may be seen then.
    """

    now: InForce
    covered: bool
    areas: tuple[LifeDomainText, ...]
    reaches: tuple[Reach, ...]
    guards: tuple[RuleLine, ...]
    grants: tuple[RuleLine, ...]

    @property
    def bases(self) -> Sequence[LegalBasis]:
        """Every legal basis that a rule or a purpose of today rests on, in the order of the catalogue."""
        used = {line.rule.legal_basis for line in (*self.guards, *self.grants)}
        used |= {code for reach in self.reaches for code in reach.purpose.legal_bases}
        return [each for each in self.now.catalogue.legal_bases if each.code in used]


def published(rules: RuleSet, today: date) -> PublishedRules:
    """The rules of today; without purposes, bases and rules on a day that has none.

    Args:
        rules: those that count.
        today: the Dutch calendar day.
    """
    now = rules.in_force(today)
    lines = [RuleLine(rule, now.catalogue.legal_basis(rule.legal_basis)) for rule in now.rules]
    return PublishedRules(
        now=now,
        covered=now.covers(today),
        areas=now.catalogue.life_domains,
        reaches=tuple(_reach(purpose, now) for purpose in now.catalogue.purposes),
        guards=tuple(line for line in lines if line.rule.kind is Kind.GUARD),
        grants=tuple(line for line in lines if line.rule.kind is Kind.GRANT),
    )


def _reach(purpose: PurposeRule, now: InForce) -> Reach:
    highest = now.highest(purpose)
    shown = [(each.life_domain, highest[each.code]) for each in now.catalogue.types if each.code in highest]
    return Reach(
        purpose=purpose,
        bases=tuple(each for each in now.catalogue.legal_bases if each.code in purpose.legal_bases),
        cells=tuple(
            max((level for area, level in shown if area == each.code), default=None)
            for each in now.catalogue.life_domains
        ),
    )
