"""What a source organisation has standing at the index, per source and type: counts and days, no persons.

Invariant: of a type with few flags only that is said. Whoever knows one of these residents could otherwise read from
the figure whether it is him.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from policy.catalogue import Catalogue, SignalType
from policy.rulesets import RuleSet
from signal_index.model import Actor, dutch_day
from signal_index.ports import Transaction
from signal_index.usecases.oversee import Standing, source_standing
from signal_index.usecases.oversight.suppression import SMALLEST_SHOWN

from .own import reading


@dataclass(frozen=True)
class OwnSeries:
    """One source and type.

    Args:
        kind: of the catalogue; None when it is not in it any more.
        flag_count: flags that stand; None when they are too few to say how many.
        as_of: the source has processed its messages up to and including this day; None before the first complete set.
        fresh_until: last day on which it counts as current; None when it never was.
        current: whether it is.
        refilling: whether a complete set is under way.
        generation: number of the complete set it stands for; None before the first.
        last_sequence: of the publisher, accepted last; None before the first.
        accepted_at: when that was.
    """

    source: str
    source_name: str
    type: str
    kind: SignalType | None
    flag_count: int | None
    as_of: date | None
    fresh_until: date | None
    current: bool
    refilling: bool
    generation: int | None
    last_sequence: int | None
    accepted_at: datetime | None


def own_series(tx: Transaction, rules: RuleSet, actor: Actor, now: datetime) -> Sequence[OwnSeries]:
    """Every source and type of the actor's organisation; what is not current comes first.

    Raises:
        NotPermitted: the actor does not act as a bronbeheerder.
    """
    staff = reading(tx, actor, "source_series", now)
    today = dutch_day(now)
    catalogue = rules.in_force(today).catalogue
    standings = source_standing(tx, catalogue, today, staff.organisation)
    found = [_series(tx, catalogue, standing) for standing in standings]
    return sorted(found, key=lambda each: each.current)


def _series(tx: Transaction, catalogue: Catalogue, standing: Standing) -> OwnSeries:
    kind = catalogue.signal_type(standing.type)
    current = tx.series.current(standing.source, standing.type)
    accepted = tx.deliveries.accepted_last(standing.publisher)
    return OwnSeries(
        source=standing.source,
        source_name=standing.source_name,
        type=standing.type,
        kind=kind,
        flag_count=standing.flag_count if standing.flag_count >= SMALLEST_SHOWN else None,
        as_of=standing.as_of,
        fresh_until=_fresh_until(kind, standing.as_of),
        current=standing.current,
        refilling=standing.refilling,
        generation=current.generation if current is not None else None,
        last_sequence=accepted[0] if accepted is not None else None,
        accepted_at=accepted[1] if accepted is not None else None,
    )


def _fresh_until(kind: SignalType | None, as_of: date | None) -> date | None:
    return None if kind is None or as_of is None else as_of + timedelta(days=kind.freshness_days)
