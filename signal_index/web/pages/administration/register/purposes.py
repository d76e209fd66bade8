"""Types of signal and purposes in use, as the rules in force have them; read-only, and the same for everybody."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from starlette.responses import Response

from policy.catalogue import LegalBasis, LifeDomainText, PurposeRule, SignalType
from policy.rulesets import RuleSet
from signal_index.model import dutch_day
from signal_index.usecases.sources.overview import Source
from signal_index.web.markup.menu import ROLE_LABELS
from signal_index.web.pages.visits import ADMINISTRATORS, Page, Visit

from .editing import read_register


@dataclass(frozen=True)
class PurposeLine:
    """One purpose: whose it is, on which articles it rests, and which types it reaches."""

    purpose: PurposeRule
    roles: tuple[str, ...]
    bases: tuple[LegalBasis, ...]
    kinds: tuple[SignalType, ...]


@dataclass(frozen=True)
class KindLine:
    """One type of signal, where it belongs, and who delivers it."""

    kind: SignalType
    domain: LifeDomainText | None
    sources: tuple[Source, ...]


async def show_purposes(visit: Visit) -> Response:
    """The purposes and the types of today, and when they change."""
    today = dutch_day(visit.now)
    now = visit.rules.in_force(today)
    register = await read_register(visit, "purposes")
    delivered: Mapping[str, list[Source]] = {kind.code: [] for kind in now.catalogue.types}
    for source in register.sources:
        if source.publication.type in delivered:
            delivered[source.publication.type].append(source)
    return visit.page(
        "administration/purposes.html",
        now=now,
        covered=now.covers(today),
        changes=_changes(visit.rules, today),
        purposes=[
            PurposeLine(
                each,
                tuple(ROLE_LABELS.get(role, role) for role in each.roles),
                tuple(basis for code in each.legal_bases if (basis := now.catalogue.legal_basis(code))),
                tuple(kind for code in each.types if (kind := now.catalogue.signal_type(code))),
            )
            for each in now.catalogue.purposes
        ],
        kinds=[
            KindLine(each, now.catalogue.life_domain(each.life_domain), tuple(delivered[each.code]))
            for each in now.catalogue.types
        ],
        unpublished=register.unpublished,
    )


def _changes(rules: RuleSet, today: date) -> Sequence[date]:
    """The days to come on which other rules begin to count."""
    return [epoch.starts for epoch in rules.epochs if epoch.starts > today]


PAGES = (Page("/beheer/doelen", "purposes", roles=ADMINISTRATORS, section="sources", get=show_purposes),)
