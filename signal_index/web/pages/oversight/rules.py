"""The rules: what is in force, what was, what each one says, which purpose reaches which area of life, and what waits.

Nothing here is about a resident, so reading it is not recorded; what somebody decides about a set that waits is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.responses import Response

from policy.catalogue import Catalogue, LegalBasis, LifeDomainText, PurposeRule
from policy.in_force import InForce
from policy.rule_text import Kind, Rule
from policy.rulesets import RuleSet
from policy.vocabulary import Level, Shows
from signal_index.model import dutch_day
from signal_index.review.policy import POLICY
from signal_index.web.markup.words import say
from signal_index.web.pages.administration.rule_sets import one_set, rulebook
from signal_index.web.pages.visits import OFFICERS, Page, Visit

from .phrases import LEVELS

KINDS: Mapping[Kind, str] = {
    Kind.GUARD: say("Waarborg: zonder dit mag niemand iets zien"),
    Kind.GRANT: say("Toestemming: wat dit doel laat zien"),
}
_SHOWS: Mapping[Shows, str] = {Shows.SIGNALS: say("Signalen"), Shows.AREAS: say("Alleen of er iets is")}
_NOTHING = say("Niets")


@dataclass(frozen=True)
class RuleLine:
    """One version of a rule, with the article it rests on."""

    rule: Rule
    basis: LegalBasis | None
    kind: str


@dataclass(frozen=True)
class Column:
    """One purpose: what it shows of each area of life, in the order of the catalogue.

    Args:
        highest: the most it discloses of a signal; None when no rule grants anything for it.
    """

    purpose: PurposeRule
    cells: tuple[str, ...]
    highest: Level | None


async def show_rules(visit: Visit) -> Response:
    """The rules of today and their history, and the sets that wait."""
    today = dutch_day(visit.now)
    now = visit.rules.in_force(today)
    return visit.page(
        "oversight/rules.html",
        **await rulebook(visit),
        today=today,
        now=now,
        covered=now.covers(today),
        lines=[_line(rule, now.catalogue) for rule in now.rules],
        history=[_line(rule, visit.rules.catalogue) for rule in _versions(visit.rules)],
        domains=now.catalogue.life_domains,
        columns=[_column(purpose, now) for purpose in now.catalogue.purposes],
        levels=LEVELS,
        policy=POLICY.sentences(),
    )


def _line(rule: Rule, catalogue: Catalogue) -> RuleLine:
    return RuleLine(rule, catalogue.legal_basis(rule.legal_basis), KINDS[rule.kind])


def _versions(rules: RuleSet) -> Sequence[Rule]:
    """Every version of every rule once, the newest first."""
    found = {rule.key: rule for epoch in rules.epochs for rule in epoch.rules}
    return sorted(found.values(), key=lambda rule: (-rule.valid_from.toordinal(), rule.key))


def _column(purpose: PurposeRule, now: InForce) -> Column:
    levels = [level for rule in now.rules if rule.purpose == purpose.code for level in rule.levels]
    reached: tuple[LifeDomainText, ...] = now.catalogue.domains_of(purpose) if levels else ()
    shown = _SHOWS[purpose.shows]
    cells = tuple(shown if each in reached else _NOTHING for each in now.catalogue.life_domains)
    return Column(purpose, cells, max(levels, default=None))


PAGES = (
    Page("/toezicht/regels", "rules", roles=OFFICERS, get=show_rules),
    one_set("/toezicht/regels/{digest}", "rules_to_decide", roles=OFFICERS, section="rules"),
)
