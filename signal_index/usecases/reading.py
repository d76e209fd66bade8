"""Read what one look may show: exactly the permitted types, in one query of the same size whatever that is.

Invariants:
1. The statement asks for one tag per catalogue type, real for permitted types and random for the rest.
2. The list of sources depends on the types asked for and the day, never on the person.
3. A flag of a source that left the register is not shown: nobody could withdraw it any more.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from crypto.chain import Pseudonym
from crypto.encoding import Month
from policy.catalogue import Catalogue
from policy.vocabulary import Level
from signal_index.model import Area, LookupAnswer, Publication, Signal, SourceStatus, StoredFlag
from signal_index.ports import Transaction

_Pair = tuple[str, str]  # source, type


@dataclass(frozen=True)
class Permitted:
    """What to read.

    Args:
        person: whose flags.
        allowed: disclosure level per type; every other type stays closed.
        types: codes the look is about, allowed or not; they choose the list of sources.
        areas_only: whether signals stay folded into their areas of life.
    """

    person: Pseudonym
    allowed: Mapping[str, Level]
    types: Collection[str]
    areas_only: bool


def read(tx: Transaction, catalogue: Catalogue, permitted: Permitted, today: date) -> LookupAnswer:
    """The answer of one look.

    Args:
        tx: the open transaction.
        catalogue: of the rules that decided.
        permitted: what they allow, and for whom.
        today: the Dutch calendar day.
    """
    publications = {(entry.source, entry.type): entry for entry in tx.register.publications()}
    freshness = {
        (series.source, series.type): series.as_of for series in tx.series.all() if series.is_current
    }
    allowed = permitted.allowed
    flags = tx.flags.find(permitted.person, allowed.keys(), len(catalogue.types), Month.of(today))
    signals = _signals(flags, allowed, publications, freshness)
    participating = [entry for entry in publications.values() if entry.type in permitted.types]
    answer = LookupAnswer(signals, _sources(catalogue, participating, freshness, today))
    return _folded(answer, catalogue, permitted.types) if permitted.areas_only else answer


def _folded(answer: LookupAnswer, catalogue: Catalogue, types: Collection[str]) -> LookupAnswer:
    """The same answer with every signal folded into its area; which areas there are depends on the types only."""
    domain_of = {kind.code: kind.life_domain for kind in catalogue.types if kind.code in types}
    shown = {domain_of[signal.type] for signal in answer.signals}
    areas = []
    for domain in dict.fromkeys(domain_of.values()):
        sources = [source for source in answer.sources if domain_of[source.type] == domain]
        current = all(source.current for source in sources)
        areas.append(Area(domain, domain in shown, participating=bool(sources), current=current))
    return LookupAnswer((), answer.sources, tuple(areas))


def _signals(
    flags: Sequence[StoredFlag],
    allowed: Mapping[str, Level],
    publications: Mapping[_Pair, Publication],
    freshness: Mapping[_Pair, date | None],
) -> tuple[Signal, ...]:
    """What may be shown of each flag, in an order that depends on what is shown alone."""
    shown = {
        _signal(flag, allowed[flag.type], publications[flag.source, flag.type], freshness)
        for flag in flags
        if (flag.source, flag.type) in publications  # a source that left the register can withdraw nothing
    }
    return tuple(sorted(_first_of_each(shown), key=lambda s: (s.type, s.since, s.source_name or "")))


def _signal(
    flag: StoredFlag, level: Level, publication: Publication, freshness: Mapping[_Pair, date | None]
) -> Signal:
    """One flag, cut down to the disclosure level."""
    if level is Level.PRESENCE:
        return Signal(flag.type, level, flag.since)
    as_of = freshness.get((flag.source, flag.type))
    contact = publication.contact if level is Level.CONTACT else None
    return Signal(
        flag.type,
        level,
        flag.since,
        publication.source,
        publication.source_name,
        as_of=as_of,
        contact=contact,
    )


def _first_of_each(signals: Collection[Signal]) -> list[Signal]:
    """At presence level two sources of one type are one signal, or their number would tell them apart."""
    earliest: dict[str, Signal] = {}
    rest = []
    for signal in signals:
        if signal.level is not Level.PRESENCE:
            rest.append(signal)
        elif signal.type not in earliest or signal.since < earliest[signal.type].since:
            earliest[signal.type] = signal
    return [*rest, *earliest.values()]


def _sources(
    catalogue: Catalogue,
    participating: Collection[Publication],
    freshness: Mapping[_Pair, date | None],
    today: date,
) -> tuple[SourceStatus, ...]:
    """The sources that take part in this purpose; depends on purpose and day only, never on the person."""
    statuses = []
    for publication in participating:
        kind = catalogue.signal_type(publication.type)
        as_of = freshness.get((publication.source, publication.type))
        current = kind is not None and as_of is not None and (today - as_of).days <= kind.freshness_days
        statuses.append(SourceStatus(publication.source_name, publication.type, as_of, current))
    return tuple(sorted(statuses, key=lambda status: (status.type, status.source_name)))
