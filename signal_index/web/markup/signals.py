"""What an open view has to say, put in the order of the page; knows no request and no HTML.

Invariant: beside the cards, and the marks on areas of life, everything here follows from the purpose, what she
narrowed it to, the register and the day. Two cases looked at on one day differ in their cards alone.

Whoever controls this module can leave signals out or file them under the wrong heading, never add one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from policy.catalogue import Catalogue, LifeDomainText, SignalType
from signal_index.model import Area, ContactRoute, SourceStatus
from signal_index.model.workplace import Question
from signal_index.usecases.workplace.views import Shown, ShownSignal


@dataclass(frozen=True)
class Card:
    """One signal, with the words of its type.

    Args:
        stale: its source is not current for this type; False below the level that names a source.
    """

    shown: ShownSignal
    kind: SignalType
    stale: bool


@dataclass(frozen=True)
class Group:
    """One area of life.

    Every area of the purpose is a group, with cards or without, in the order of the catalogue. Were only areas with
    cards shown, a missing heading would mean three things at once: no signal, a source that is behind, or an area
    this purpose never shows. A fixed list keeps those apart, keeps the page in place between one case and the next,
    and tells no more than the cards themselves do.

    Args:
        participating: whether any source takes part; if none does, "no signal" would mislead.
        current: whether all sources that take part are current.
    """

    domain: LifeDomainText
    cards: tuple[Card, ...]
    participating: bool
    current: bool


@dataclass(frozen=True)
class SourceLine:
    """One participating source and how current it is for one type; the same for every resident."""

    name: str
    kind: SignalType
    as_of: date | None
    current: bool


@dataclass(frozen=True)
class FridgeContact:
    """One contact the resident can choose for the sheet at home; signals with the same contact share it.

    Args:
        key: of the first signal that has it.
        cards: the signals it belongs to.
    """

    key: str
    contact: ContactRoute
    cards: tuple[Card, ...]


def groups(shown: Shown) -> tuple[Group, ...]:
    """The signals by area of life; see `Group` for why empty areas stay in."""
    cards = [_card(shown, each) for each in shown.signals]
    sources = source_lines(shown)
    return tuple(_group(domain, cards, sources) for domain in domains(shown))


def domains(shown: Shown) -> tuple[LifeDomainText, ...]:
    """The areas of life this view is about: those of its purpose, narrowed to what she asked for."""
    wanted = shown.view.domains
    found = shown.catalogue.domains_of(shown.purpose)
    return tuple(each for each in found if not wanted or each.code in wanted)


def areas(shown: Shown) -> tuple[tuple[LifeDomainText, Area], ...]:
    """The areas of life with their words, in the order of the catalogue, for a purpose that shows no more."""
    by_code = {each.domain: each for each in shown.areas}
    return tuple((each, by_code[each.code]) for each in domains(shown) if each.code in by_code)


def source_lines(shown: Shown) -> tuple[SourceLine, ...]:
    """The sources that take part."""

    def line(source: SourceStatus) -> SourceLine:
        kind = _kind(shown.catalogue, source.type)
        return SourceLine(source.source_name, kind, source.as_of, source.current)

    return tuple(line(each) for each in shown.sources)


def fridge_contacts(shown: Shown) -> tuple[FridgeContact, ...]:
    """Every contact in view once, in the order of the groups."""
    by_contact: dict[ContactRoute, list[Card]] = {}
    for group in groups(shown):
        for card in group.cards:
            if card.shown.signal.contact is not None:
                by_contact.setdefault(card.shown.signal.contact, []).append(card)
    return tuple(
        FridgeContact(cards[0].shown.key, contact, tuple(cards)) for contact, cards in by_contact.items()
    )


def on_the_fridge(shown: Shown) -> tuple[ContactRoute, ...]:
    """The contacts the resident chose; one whose signal has gone since is gone too."""
    return tuple(each.contact for each in fridge_contacts(shown) if each.key in shown.view.fridge)


def own_question(shown: Shown, each: ShownSignal) -> Question | None:
    """The open question of her own organisation about a signal; another one's she could not read."""
    question = each.question
    return question if question is not None and question.organisation == shown.view.organisation else None


def unconnected(shown: Shown) -> tuple[SignalType, ...]:
    """Types this view is about that no source publishes yet."""
    published = {each.type for each in shown.sources}
    wanted = {each.code for each in domains(shown)}
    kinds = (_kind(shown.catalogue, code) for code in shown.purpose.types if code not in published)
    return tuple(kind for kind in kinds if kind.life_domain in wanted)


def _group(domain: LifeDomainText, cards: Sequence[Card], sources: Sequence[SourceLine]) -> Group:
    taking_part = [each for each in sources if each.kind.life_domain == domain.code]
    return Group(
        domain,
        tuple(card for card in cards if card.kind.life_domain == domain.code),
        participating=bool(taking_part),
        current=all(each.current for each in taking_part),
    )


def _card(shown: Shown, each: ShownSignal) -> Card:
    behind = {(source.source_name, source.type) for source in shown.sources if not source.current}
    stale = (each.signal.source_name, each.signal.type) in behind
    return Card(each, _kind(shown.catalogue, each.signal.type), stale)


def _kind(catalogue: Catalogue, code: str) -> SignalType:
    kind = catalogue.signal_type(code)
    assert kind is not None, "types come from the catalogue that decided"
    return kind
