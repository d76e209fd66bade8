"""The register of publishers, sources, contact routes and entrances: read it, or replace it as a whole.

What a source delivers is never read here: only who may deliver what.
"""

from collections.abc import Collection, Iterator
from datetime import date, datetime
from hashlib import sha256

from signal_index import audit
from signal_index.errors import Conflict, Malformed
from signal_index.model import Actor, Publication, Publisher, Register, dutch_day
from signal_index.model.workplace import Entrance
from signal_index.ports import Transaction
from signal_index.usecases.authority import require_owner
from signal_index.usecases.sourcing.keys import fingerprint_of

from .acting import SET_UP, require_administrator


def read_register(tx: Transaction, actor: Actor, now: datetime) -> Register:
    """The register as it is.

    Raises:
        NotPermitted: the actor does not administer, or `other-organisation`.
    """
    recorded = _require_registrar(tx, actor)
    tx.audit.append(audit.event("register.read", now, actor=recorded, token=actor.token_id))
    register = tx.register
    return Register(tuple(register.publishers()), tuple(register.publications()), tuple(register.entrances()))


def _require_registrar(tx: Transaction, actor: Actor) -> str:
    """The staff id to record; the register is the index's own, so its owner's, or the set-up's."""
    return require_administrator(tx, actor) if actor.staff_id == SET_UP else require_owner(tx, actor).staff_id


def import_register(
    tx: Transaction,
    actor: Actor,
    register: Register,
    types: Collection[str],
    now: datetime,
    *,
    may_remove: bool = False,
) -> None:
    """Replace the register of publishers, sources and contact routes.

    Args:
        tx: the open transaction.
        actor: who administers.
        register: the whole new register.
        types: codes that exist.
        now: aware UTC.
        may_remove: whether publishers, keys and sources that are in use may be left out; what they said is shown no
            more, and what a key signs counts no more.

    Raises:
        NotPermitted: the actor does not administer, or `other-organisation`.
        Conflict: it leaves out what is registered now, and `may_remove` is not said.
        Malformed: an unknown type, an unknown publisher, or a pair that is listed twice.
    """
    recorded = _require_registrar(tx, actor)
    faults = tuple(register_faults(register, types))
    if faults:
        raise Malformed("register", "Het register klopt niet; er is niets gewijzigd.", faults)
    gone = _left_out(tx, register, dutch_day(now))
    if gone and not may_remove:
        raise Conflict(
            "register-removes", f"Dit register laat weg: {', '.join(gone)}. Er is niets gewijzigd."
        )
    altered = list(_altered(tx, register))
    tx.register.replace(register)
    tx.audit.append(
        audit.event(
            "register.imported",
            now,
            actor=recorded,
            token=actor.token_id,
            publishers=len(register.publishers),
            publications=len(register.publications),
            entrances=len(register.entrances),
        )
    )
    for kind, key, entry in altered:
        tx.audit.append(
            audit.event(
                "register.changed",
                now,
                actor=recorded,
                token=actor.token_id,
                entry=kind,
                key=key,
                change="changed",
                stands=stands(entry),
            )
        )


def stands(entry: Publication | Publisher | Entrance) -> str:
    """What an entry says that people or systems go by, for the record: whom to phone, or which keys count."""
    if isinstance(entry, Publication):
        return f"{entry.contact.name}, {entry.contact.phone}"
    if isinstance(entry, Publisher):
        return ", ".join(fingerprint_of(entry.oin, key.verify_key) for key in entry.keys)
    return sha256(entry.verify_key).hexdigest()


def _altered(
    tx: Transaction, register: Register
) -> Iterator[tuple[str, str, Publication | Publisher | Entrance]]:
    """Entries that are registered now and would say something else."""
    for publication in register.publications:
        known = tx.register.publication(publication.source, publication.type)
        if known is not None and known.contact != publication.contact:
            yield "contact", f"{publication.source} {publication.type}", publication
    for publisher in register.publishers:
        before = tx.register.publisher(publisher.oin)
        if before is not None and before.keys != publisher.keys:
            yield "publisher", publisher.oin, publisher
    doors = {each.issuer: each for each in tx.register.entrances()}
    for door in register.entrances:
        if door.issuer in doors and doors[door.issuer].verify_key != door.verify_key:
            yield "entrance", door.issuer, door


def _left_out(tx: Transaction, register: Register, today: date) -> list[str]:
    """Publishers, keys, sources and entrances that are registered now and not in the new register."""
    publishers = {each.oin for each in tx.register.publishers()} - {each.oin for each in register.publishers}
    pairs = {(each.source, each.type) for each in tx.register.publications()}
    gone = pairs - {(each.source, each.type) for each in register.publications}
    doors = {each.issuer for each in tx.register.entrances()} - {each.issuer for each in register.entrances}
    keys = _keys_left_out(tx, register, today)
    return [*sorted(publishers), *keys, *sorted(f"{source} {kind}" for source, kind in gone), *sorted(doors)]


def _keys_left_out(tx: Transaction, register: Register, today: date) -> list[str]:
    """Publishers of which a key that counts, or will, is not in the new register.

    An older file does not know a key that was renewed here since; taking it for the whole truth would silence the
    publisher that uses it.
    """
    stated = {each.oin: {key.verify_key for key in each.keys} for each in register.publishers}
    return [
        f"een sleutel van {each.oin}"
        for each in tx.register.publishers()
        if each.oin in stated
        and {key.verify_key for key in each.keys if not key.is_over(today)} - stated[each.oin]
    ]


def _key_faults(register: Register) -> Iterator[tuple[str, str]]:
    for publisher in register.publishers:
        place = f"publishers[{publisher.oin}]"
        if len({key.verify_key for key in publisher.keys}) != len(publisher.keys):
            yield place, "a key is listed twice"
        if any(key.valid_from and key.is_over(key.valid_from) for key in publisher.keys):
            yield place, "the last day of a key lies before its first"


def register_faults(register: Register, types: Collection[str]) -> list[tuple[str, str]]:
    """What contradicts itself in a register: (place, what is wrong there) pairs.

    Args:
        register: the whole of it.
        types: codes that exist.
    """
    publishers = [publisher.oin for publisher in register.publishers]
    faults = [(f"publishers[{oin}]", "listed twice") for oin in set(publishers) if publishers.count(oin) > 1]
    faults += _key_faults(register)
    seen: set[tuple[str, str]] = set()
    for publication in register.publications:
        place = f"publications[{publication.source}, {publication.type}]"
        if publication.type not in types:
            faults.append((place, "this signal type is not in the catalogue"))
        if publication.publisher not in publishers:
            faults.append((place, "this publisher is not in the register"))
        if (publication.source, publication.type) in seen:
            faults.append((place, "listed twice; a source and type have exactly one publisher"))
        seen.add((publication.source, publication.type))
    issuers = [entrance.issuer for entrance in register.entrances]
    faults += [(f"entrances[{name}]", "listed twice") for name in set(issuers) if issuers.count(name) > 1]
    return faults
