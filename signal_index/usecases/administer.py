"""Administer who works with the index and who may publish; shows no flag and never widens the actor's own sight.

Invariants:
1. Only an active functioneel beheerder administers, except during set-up: while there is none yet.
2. Nobody grants or revokes her own roles.
3. Roles that look and roles that administer or oversee never meet in one person.
4. Who is blocked, moves to another organisation or loses a role is signed out everywhere, in the same transaction.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime

from policy.vocabulary import CONFLICTING_ROLES, Role
from signal_index import audit
from signal_index.errors import Conflict, Malformed, NotFound, NotPermitted
from signal_index.model import Actor, Register, StaffMember, dutch_day
from signal_index.ports import Transaction

from .authority import require_role

ADMINISTERING_ROLE = Role.FUNCTIONAL_ADMIN
SET_UP = "set-up"  # who acts while there is no functioneel beheerder yet; no member of staff can have this id


def _require_administrator(tx: Transaction, actor: Actor) -> str:
    """The staff id to record; the set-up actor only while nobody administers yet."""
    if actor.staff_id != SET_UP:
        return require_role(actor, ADMINISTERING_ROLE).staff_id
    if any(ADMINISTERING_ROLE in member.roles and member.active for member in tx.staff.all()):
        raise NotPermitted("set-up-over", "Er is al een functioneel beheerder. Zeg wie u bent.")
    return SET_UP


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
        NotPermitted: the actor does not administer.
        Conflict: it leaves out what is registered now, and `may_remove` is not said.
        Malformed: an unknown type, an unknown publisher, or a pair that is listed twice.
    """
    recorded = _require_administrator(tx, actor)
    faults = tuple(_register_faults(register, types))
    if faults:
        raise Malformed("register", "Het register klopt niet; er is niets gewijzigd.", faults)
    gone = _left_out(tx, register, dutch_day(now))
    if gone and not may_remove:
        raise Conflict(
            "register-removes", f"Dit register laat weg: {', '.join(gone)}. Er is niets gewijzigd."
        )
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


def _register_faults(register: Register, types: Collection[str]) -> list[tuple[str, str]]:
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


def import_staff(tx: Transaction, actor: Actor, members: Sequence[StaffMember], now: datetime) -> None:
    """Insert or replace members of staff; roles are left as they are, and nobody is removed.

    Whoever is blocked by it, or moves to another organisation, is signed out.

    Raises:
        NotPermitted: the actor does not administer, or the list would change her own entry.
    """
    recorded = _require_administrator(tx, actor)
    for member in members:
        known = tx.staff.get(member.staff_id)
        if member.staff_id == recorded and known is not None and _differs(known, member):
            raise NotPermitted("own-entry", "U kunt uw eigen gegevens niet wijzigen. Vraag een collega.")
        # A list without names leaves the names as they are: it says nothing about them.
        tx.staff.put(member if member.name or known is None else replace(member, name=known.name))
        if not member.active or (known is not None and known.organisation != member.organisation):
            tx.sessions.remove_all_of(member.staff_id)
    tx.audit.append(
        audit.event("staff.imported", now, actor=recorded, token=actor.token_id, members=len(members))
    )


def _differs(known: StaffMember, stated: StaffMember) -> bool:
    renamed = stated.name not in {"", known.name}
    return renamed or (known.organisation, known.team, known.active) != (
        stated.organisation,
        stated.team,
        stated.active,
    )


def grant_role(tx: Transaction, actor: Actor, staff_id: str, role: str, now: datetime) -> None:
    """Give a member of staff a role.

    Raises:
        NotPermitted: the actor does not administer, or grants to herself.
        NotFound: no such member.
        Malformed: no such role.
        Conflict: the role does not go together with one she has.
    """
    recorded = _require_administrator(tx, actor)
    member = _other_member(tx, recorded, staff_id)
    if role not in set(Role):
        raise Malformed("unknown-role", f"Deze rol bestaat niet. Kies uit: {', '.join(sorted(Role))}.")
    clash = {other for pair in CONFLICTING_ROLES if role in pair for other in pair - {role}} & member.roles
    if clash:
        raise Conflict("conflicting-role", f"Deze rol gaat niet samen met: {', '.join(sorted(clash))}.")
    tx.staff.grant(staff_id, role, recorded, now)
    tx.audit.append(
        audit.event("role.granted", now, actor=recorded, token=actor.token_id, staff=staff_id, role=role)
    )


def revoke_role(tx: Transaction, actor: Actor, staff_id: str, role: str, now: datetime) -> None:
    """Take a role away, and sign her out.

    Raises:
        NotPermitted: the actor does not administer, or revokes her own.
        NotFound: no such member, or she does not have the role.
    """
    recorded = _require_administrator(tx, actor)
    _other_member(tx, recorded, staff_id)
    if not tx.staff.revoke(staff_id, role):
        raise NotFound("role-not-held", "Deze medewerker heeft deze rol niet.")
    tx.sessions.remove_all_of(staff_id)
    tx.audit.append(
        audit.event("role.revoked", now, actor=recorded, token=actor.token_id, staff=staff_id, role=role)
    )


def _other_member(tx: Transaction, recorded: str, staff_id: str) -> StaffMember:
    if staff_id == recorded:
        raise NotPermitted("own-role", "U kunt uw eigen rollen niet wijzigen. Vraag een collega.")
    member = tx.staff.get(staff_id)
    if member is None:
        raise NotFound("unknown-staff", "Deze medewerker is niet bekend. Importeer eerst de medewerkers.")
    return member


def list_staff(tx: Transaction, actor: Actor, now: datetime) -> Sequence[StaffMember]:
    """Everybody with her roles.

    Raises:
        NotPermitted: the actor does not administer.
    """
    recorded = _require_administrator(tx, actor)
    tx.audit.append(audit.event("staff.listed", now, actor=recorded, token=actor.token_id))
    return tx.staff.all()
