"""Change one entry of the register: a (source, type) pair, its contact route, a publisher or an entrance.

Invariants:
1. The register as a whole holds together after every change: the checks are those of the import of a whole register.
2. Nothing is removed, and no key replaced, unless whoever does it says that she has seen what that does.
3. Every change is recorded with what it was about.

Whoever administers the register decides whom the index believes; she sees nothing of what they say.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from signal_index import audit
from signal_index.errors import Conflict, Malformed
from signal_index.model import Actor, ContactRoute, Publication, Publisher, Register
from signal_index.model.workplace import Entrance
from signal_index.ports import Transaction
from signal_index.usecases.administration.register import register_faults, stands
from signal_index.usecases.authority import require_owner

from .checks import Fault, contact_faults, entrance_faults, publication_faults, publisher_faults
from .overview import no_such_entry


class Entry(StrEnum):
    """What kind of entry it is."""

    PUBLICATION = "publication"
    CONTACT = "contact"
    PUBLISHER = "publisher"
    ENTRANCE = "entrance"


class Change(StrEnum):
    """What was done to it."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


@dataclass(frozen=True)
class Editing:
    """One change under way: who makes it, when, and which types of signal there are.

    Args:
        tx: the open transaction.
        actor: the functioneel beheerder.
        types: codes of the types the rules in force know.
        now: aware UTC.

    Raises:
        NotPermitted: the actor does not administer for the organisation whose index this is.
    """

    tx: Transaction
    actor: Actor
    types: Collection[str]
    now: datetime

    def __post_init__(self) -> None:
        """Nobody else so much as begins."""
        require_owner(self.tx, self.actor)

    def check(self, **changed: object) -> None:
        """The register as it would be holds together.

        Raises:
            Malformed: `register`: it does not.
        """
        table = self.tx.register
        now = Register(tuple(table.publishers()), tuple(table.publications()), tuple(table.entrances()))
        faults = tuple(register_faults(replace(now, **changed), self.types))  # type: ignore[arg-type]
        if faults:
            raise Malformed("register", "Het register klopt niet; er is niets gewijzigd.", faults)

    def record(
        self, entry: Entry, change: Change, key: str, now: Publication | Publisher | Entrance | None = None
    ) -> None:
        """Put the change on record, with what stands there now; None when that is nothing."""
        told = None if now is None else stands(now)
        self.tx.audit.append(
            # Of no organisation: the register is everybody's, so every privacy officer reads what was done to it.
            audit.event(
                "register.changed",
                self.now,
                actor=self.actor.staff_id,
                token=self.actor.token_id,
                entry=entry,
                key=key,
                change=change,
                stands=told,
            )
        )


# --- Sources ------------------------------------------------------------------------------------------------------


def add_publication(edit: Editing, publication: Publication) -> None:
    """Register one more (source, type) pair.

    Raises:
        Malformed: a field is not filled in well, or the pair is registered already.
    """
    known = edit.tx.register.publication(publication.source, publication.type)
    _refuse(publication_faults(publication, taken=known is not None))
    _put_publication(edit, publication, Change.ADDED)


def change_publication(edit: Editing, publication: Publication) -> None:
    """Change the name, the publisher and the contact route of a (source, type) pair.

    Raises:
        NotFound: the pair is not registered.
        Malformed: a field is not filled in well.
    """
    _registered(edit, publication.source, publication.type)
    _refuse(publication_faults(publication))
    _put_publication(edit, publication, Change.CHANGED)


def _put_publication(edit: Editing, publication: Publication, change: Change) -> None:
    key = (publication.source, publication.type)
    others = [each for each in edit.tx.register.publications() if (each.source, each.type) != key]
    edit.check(publications=(*others, publication))
    edit.tx.register.put_publication(publication)
    edit.record(Entry.PUBLICATION, change, " ".join(key), publication)


def change_contact(edit: Editing, source: str, type_code: str, contact: ContactRoute) -> None:
    """Change whom to phone about one (source, type) pair.

    Raises:
        NotFound: the pair is not registered.
        Malformed: the name or the number is not filled in well.
    """
    changed = replace(_registered(edit, source, type_code), contact=contact)
    _refuse(contact_faults(contact))
    edit.tx.register.put_publication(changed)
    edit.record(Entry.CONTACT, Change.CHANGED, f"{source} {type_code}", changed)


def remove_publication(edit: Editing, source: str, type_code: str, *, sure: bool) -> None:
    """Remove one (source, type) pair; what it said is shown no more.

    Raises:
        NotFound: the pair is not registered.
        Conflict: `register-removes`: she does not say that she is sure.
    """
    _registered(edit, source, type_code)
    _require_sure(sure=sure)
    edit.tx.register.remove_publication(source, type_code)
    edit.record(Entry.PUBLICATION, Change.REMOVED, f"{source} {type_code}")


def _registered(edit: Editing, source: str, type_code: str) -> Publication:
    known = edit.tx.register.publication(source, type_code)
    if known is None:
        raise no_such_entry()
    return known


# --- Publishers ---------------------------------------------------------------------------------------------------


def add_publisher(edit: Editing, publisher: Publisher) -> None:
    """Register one more organisation that may deliver.

    Raises:
        Malformed: a field is not filled in well, or the organisation is registered already.
    """
    known = edit.tx.register.publisher(publisher.oin)
    _refuse(publisher_faults(publisher, taken=known is not None))
    _put_publisher(edit, publisher, Change.ADDED)


def change_publisher(edit: Editing, publisher: Publisher, *, sure: bool) -> None:
    """Change a publisher.

    Raises:
        NotFound: it is not registered.
        Malformed: a field is not filled in well.
        Conflict: `register-removes`: its keys would change, and she does not say that she is sure.
    """
    known = edit.tx.register.publisher(publisher.oin)
    if known is None:
        raise no_such_entry()
    _refuse(publisher_faults(publisher))
    if known.keys != publisher.keys:
        _require_sure(sure=sure)
    _put_publisher(edit, publisher, Change.CHANGED)


def _put_publisher(edit: Editing, publisher: Publisher, change: Change) -> None:
    others = [each for each in edit.tx.register.publishers() if each.oin != publisher.oin]
    edit.check(publishers=(*others, publisher))
    edit.tx.register.put_publisher(publisher)
    edit.record(Entry.PUBLISHER, change, publisher.oin, publisher)


def remove_publisher(edit: Editing, oin: str, *, sure: bool) -> None:
    """Remove a publisher that publishes nothing any more; what it delivers is refused from now on.

    Raises:
        NotFound: it is not registered.
        Conflict: `publisher-in-use`: it still publishes; or `register-removes`: she does not say that she is sure.
    """
    if edit.tx.register.publisher(oin) is None:
        raise no_such_entry()
    if any(each.publisher == oin for each in edit.tx.register.publications()):
        raise Conflict(
            "publisher-in-use", "Deze leverancier levert nog signalen. Verwijder eerst die bronnen."
        )
    _require_sure(sure=sure)
    edit.tx.register.remove_publisher(oin)
    edit.record(Entry.PUBLISHER, Change.REMOVED, oin)


# --- Entrances ----------------------------------------------------------------------------------------------------


def add_entrance(edit: Editing, entrance: Entrance) -> None:
    """Let one more system open cases here.

    Raises:
        Malformed: a field is not filled in well, or the system is registered already.
    """
    issuers = {each.issuer for each in edit.tx.register.entrances()}
    _refuse(entrance_faults(entrance, taken=entrance.issuer in issuers))
    edit.tx.register.put_entrance(entrance)
    edit.record(Entry.ENTRANCE, Change.ADDED, entrance.issuer, entrance)


def change_entrance(edit: Editing, entrance: Entrance, *, sure: bool) -> None:
    """Change the name, the organisation or the key of a system that opens cases here.

    Raises:
        NotFound: it is not registered.
        Malformed: a field is not filled in well.
        Conflict: `register-removes`: its key would change, and she does not say that she is sure.
    """
    known = _entrance(edit, entrance.issuer)
    _refuse(entrance_faults(entrance))
    if known.verify_key != entrance.verify_key:
        _require_sure(sure=sure)
    edit.tx.register.put_entrance(entrance)
    edit.record(Entry.ENTRANCE, Change.CHANGED, entrance.issuer, entrance)


def remove_entrance(edit: Editing, issuer: str, *, sure: bool) -> None:
    """Remove an entrance; its links open nothing from now on.

    Raises:
        NotFound: it is not registered.
        Conflict: `register-removes`: she does not say that she is sure.
    """
    _entrance(edit, issuer)
    _require_sure(sure=sure)
    edit.tx.register.remove_entrance(issuer)
    edit.record(Entry.ENTRANCE, Change.REMOVED, issuer)


def _entrance(edit: Editing, issuer: str) -> Entrance:
    for each in edit.tx.register.entrances():
        if each.issuer == issuer:
            return each
    raise no_such_entry()


def _require_sure(*, sure: bool) -> None:
    if not sure:
        text = "Kijk eerst wat dit doet. Bevestig het daarna. Er is niets gewijzigd."
        raise Conflict("register-removes", text)


def _refuse(faults: Iterable[Fault]) -> None:
    found = tuple(faults)
    if found:
        raise Malformed("register-entry", "Er is niets gewijzigd. Verbeter de genoemde velden.", found)
