"""What is registered, and how current each source is; the same for every functioneel beheerder.

Invariant: nothing here is about a resident. Of what sources deliver only a day is read, never how much it is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import TypeVar

from crypto.encoding import encode
from policy.catalogue import Catalogue, SignalType
from policy.rulesets import RuleSet
from signal_index import audit
from signal_index.errors import NotFound
from signal_index.model import Actor, Publication, Publisher, dutch_day
from signal_index.model.workplace import Entrance
from signal_index.ports import Transaction
from signal_index.usecases.authority import require_owner

_ID_BYTES = 16

E = TypeVar("E", "Source", "Supplier", "Door")


@dataclass(frozen=True)
class Source:
    """One (source, type) pair.

    Args:
        entry_id: names it in an address.
        publisher_name: of the organisation that delivers it.
        kind: of the catalogue; None when the rules in force do not know the type.
        as_of: the source has processed its messages up to and including this day; None when nothing is complete yet.
        current: whether that is recent enough for this type.
    """

    entry_id: bytes
    publication: Publication
    publisher_name: str
    kind: SignalType | None
    as_of: date | None
    current: bool


@dataclass(frozen=True)
class Supplier:
    """One publisher, and how many (source, type) pairs it delivers."""

    entry_id: bytes
    publisher: Publisher
    publications: int


@dataclass(frozen=True)
class Door:
    """One entrance."""

    entry_id: bytes
    entrance: Entrance


@dataclass(frozen=True)
class Overview:
    """The whole register.

    Args:
        unpublished: types of the catalogue that nobody delivers.
    """

    sources: tuple[Source, ...]
    suppliers: tuple[Supplier, ...]
    doors: tuple[Door, ...]
    unpublished: tuple[SignalType, ...]

    @property
    def behind(self) -> tuple[Source, ...]:
        """Sources that are not current."""
        return tuple(each for each in self.sources if not each.current)

    def source(self, entry_id: bytes) -> Source:
        """One (source, type) pair.

        Raises:
            NotFound: `no-such-entry`: there is none with this id.
        """
        return _one(self.sources, entry_id)

    def supplier(self, entry_id: bytes) -> Supplier:
        """One publisher; raises as `source`."""
        return _one(self.suppliers, entry_id)

    def door(self, entry_id: bytes) -> Door:
        """One entrance; raises as `source`."""
        return _one(self.doors, entry_id)


def _one(entries: Sequence[E], entry_id: bytes) -> E:
    for each in entries:
        if each.entry_id == entry_id:
            return each
    raise no_such_entry()


def no_such_entry() -> NotFound:
    """Nothing like it is registered, or not any more."""
    return NotFound("no-such-entry", "Dit staat niet (meer) in het register. Ga terug naar Bronnen.")


def entry_id(entry: str, *key: str) -> bytes:
    """What names an entry of the register in an address: 16 bytes, always the same for the same entry."""
    return sha256(encode("register entry", entry, *key)).digest()[:_ID_BYTES]


def overview(tx: Transaction, rules: RuleSet, actor: Actor, now: datetime, page: str = "sources") -> Overview:
    """The whole register with the freshness of every source; that she read it is recorded.

    Args:
        tx: the open transaction.
        rules: the rule sets, for the types there are.
        actor: the functioneel beheerder.
        now: aware UTC.
        page: name of the page it is for.

    Raises:
        NotPermitted: the actor does not administer for the organisation whose index this is.
    """
    require_owner(tx, actor)
    tx.audit.append(audit.act("administration.read", now, actor, page=page, selection=None))
    return registered(tx, rules.in_force(dutch_day(now)).catalogue, dutch_day(now))


def registered(tx: Transaction, catalogue: Catalogue, today: date) -> Overview:
    """The register as it is, for a use case that has seen to who asks."""
    publications = tx.register.publications()
    delivered = [each.publisher for each in publications]
    published = {each.type for each in publications}
    return Overview(
        sources=tuple(_sources(tx, catalogue, today)),
        suppliers=tuple(
            Supplier(entry_id("publisher", each.oin), each, delivered.count(each.oin))
            for each in tx.register.publishers()
        ),
        doors=tuple(Door(entry_id("entrance", each.issuer), each) for each in tx.register.entrances()),
        unpublished=tuple(kind for kind in catalogue.types if kind.code not in published),
    )


def _sources(tx: Transaction, catalogue: Catalogue, today: date) -> Iterator[Source]:
    names = {each.oin: each.name for each in tx.register.publishers()}
    days = {(series.source, series.type): series.as_of for series in tx.series.all() if series.is_current}
    for each in tx.register.publications():
        kind, as_of = catalogue.signal_type(each.type), days.get((each.source, each.type))
        yield Source(
            entry_id("publication", each.source, each.type),
            each,
            names.get(each.publisher, each.publisher),
            kind,
            as_of,
            kind is not None and as_of is not None and (today - as_of).days <= kind.freshness_days,
        )
