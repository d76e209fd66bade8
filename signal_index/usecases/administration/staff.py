"""The list of staff: read it, and take over a list of the employer.

Invariants:
1. A list is taken over whole or not at all; what one person may not change becomes a proposal and the rest is done.
2. A list gives and takes no roles, and removes nobody.
3. A list never changes the entry of who hands it in.
4. A list names nobody beyond the bounds of who hands it in.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from signal_index import audit
from signal_index.errors import Conflict, Malformed, NotFound, NotPermitted
from signal_index.model import Actor, StaffMember, dutch_day
from signal_index.model.administration import Change, Proposal, What, Why
from signal_index.ports import Transaction
from signal_index.usecases.authority import require_role

from .acting import ADMINISTERING_ROLE, bounds_of, recorded_under, require_administrator
from .changes import Hand, carry_out, find_other, needs_two
from .entries import require_entry
from .proposals import propose, request_change

TWICE = "stands in the list more than once"
ELSEWHERE = "does not belong to an organisation you administer"


@dataclass(frozen=True)
class ImportPlan:
    """What a list would change, or changed.

    Args:
        added: who is new.
        renamed: members with their new names.
        changes: what is done at once.
        waiting: what waits for a second person.
        unchanged: how many stay as they are.
    """

    added: tuple[StaffMember, ...] = ()
    renamed: tuple[StaffMember, ...] = ()
    changes: tuple[Change, ...] = ()
    waiting: tuple[Change, ...] = ()
    unchanged: int = 0


def list_staff(tx: Transaction, actor: Actor, now: datetime) -> Sequence[StaffMember]:
    """Everybody within the actor's bounds, with her roles.

    Raises:
        NotPermitted: the actor does not administer.
    """
    require_administrator(tx, actor)
    tx.audit.append(audit.act("staff.listed", now, actor))
    bounds = bounds_of(tx, actor.staff)
    return [each for each in tx.staff.all() if each.organisation in bounds]


def compare_staff(tx: Transaction, actor: Actor, members: Sequence[StaffMember], now: datetime) -> ImportPlan:
    """What `import_staff` would do with this list; nothing is changed.

    Raises:
        NotPermitted: the actor does not administer, or the list would change her own entry.
        Malformed: `staff`: somebody stands in the list twice, or in another organisation.
    """
    recorded = require_administrator(tx, actor)
    plan = _plan(tx, actor, recorded, members)
    tx.audit.append(audit.act("staff.compared", now, actor, members=len(members)))
    return plan


def import_staff(tx: Transaction, actor: Actor, members: Sequence[StaffMember], now: datetime) -> ImportPlan:
    """Add and change members of staff as the list says; a list without a name leaves the name as it is.

    Whoever is blocked by it, or moves to another organisation, is signed out.

    Args:
        tx: the open transaction.
        actor: who administers, or the set-up.
        members: the list; roles in it count for nothing.
        now: aware UTC.

    Returns:
        What was done, and what waits for a second person.

    Raises:
        NotPermitted: the actor does not administer, or `own-entry`: the list would change her own entry.
        Malformed: `staff`: somebody stands in the list twice, or in another organisation.
    """
    recorded = require_administrator(tx, actor)
    plan = _plan(tx, actor, recorded, members)
    today, hand = dutch_day(now), Hand.of(actor, Why.IMPORTED)
    for member in plan.added:
        tx.staff.put(replace(member, seen_on=today, confirmed_on=today))
        _record(tx, "staff.added", actor, member, now)
    for member in plan.renamed:
        tx.staff.put(member)
        _record(tx, "staff.renamed", actor, member, now)
    for change in plan.changes:
        carry_out(tx, change, hand, now)
    for change in plan.waiting:
        propose(tx, actor, change, Why.IMPORTED, now)
    tx.audit.append(
        audit.act(
            "staff.imported",
            now,
            actor,
            members=len(members),
            added=len(plan.added),
            changed=len(plan.renamed) + len(plan.changes),
            waiting=len(plan.waiting),
        )
    )
    return plan


def add_member(tx: Transaction, actor: Actor, member: StaffMember, now: datetime) -> None:
    """Add one member of staff, without roles.

    Raises:
        NotPermitted: the actor does not administer.
        Malformed: `staff`; names each field to mend.
        Conflict: `known-staff`: she is on the list already.
    """
    require_role(actor, ADMINISTERING_ROLE)
    require_entry(member)
    known = tx.staff.get(member.staff_id)
    if known is not None and known.organisation in bounds_of(tx, actor.staff):
        raise Conflict("known-staff", "Deze medewerker staat al in de lijst. Wijzig haar gegevens.")
    import_staff(tx, actor, [member], now)


def find_member(tx: Transaction, actor: Actor, name: bytes) -> StaffMember:
    """The member of staff within the actor's bounds whom an address names.

    Args:
        tx: the open transaction.
        actor: who administers.
        name: as `Names.of_staff` gives it.

    Raises:
        NotPermitted: the actor does not administer; nobody is looked for.
        NotFound: `unknown-staff`.
    """
    bounds = bounds_of(tx, require_role(actor, ADMINISTERING_ROLE))
    for member in tx.staff.all():
        if member.organisation in bounds and tx.names.of_staff(member.staff_id) == name:
            return member
    raise NotFound("unknown-staff", "Deze medewerker is niet bekend. Importeer eerst de medewerkers.")


def change_member(
    tx: Transaction, actor: Actor, stated: StaffMember, now: datetime, *, why: Why | None = None
) -> tuple[Proposal, ...]:
    """Make the entry of one colleague what it is stated to be; her roles are left as they are.

    Args:
        tx: the open transaction.
        actor: who administers.
        stated: the entry as it must become.
        now: aware UTC.
        why: needed for what takes a second person.

    Returns:
        What waits for a second person.

    Raises:
        NotPermitted: the actor does not administer, changes herself, or `other-organisation`.
        NotFound: no such member.
        Malformed: `staff`; names each field to mend; or `proposal` without a reason.
        Conflict: it cannot be.
    """
    require_role(actor, ADMINISTERING_ROLE)
    require_entry(stated)
    known = find_other(tx, actor, stated.staff_id)
    if stated.name not in {"", known.name}:
        tx.staff.put(replace(known, name=stated.name))
        _record(tx, "staff.renamed", actor, known, now)
    asked = [request_change(tx, actor, change, now, why=why) for change in _changes(known, stated)]
    return tuple(each for each in asked if each is not None)


def _record(tx: Transaction, name: str, actor: Actor, member: StaffMember, now: datetime) -> None:
    tx.audit.append(
        audit.event(
            name,
            now,
            actor=actor.staff_id,
            organisation=recorded_under(tx, member.organisation),
            token=actor.token_id,
            staff=member.staff_id,
        )
    )


def _plan(tx: Transaction, actor: Actor, recorded: str, members: Sequence[StaffMember]) -> ImportPlan:
    _require_each_once(members)
    _require_within(tx, actor, members)
    added, renamed, unchanged = [], [], 0
    at_once: list[Change] = []
    waiting: list[Change] = []
    for stated in members:
        known = tx.staff.get(stated.staff_id)
        if known is None:
            added.append(replace(stated, roles=frozenset()))
            continue
        is_renamed, changes = stated.name not in {"", known.name}, list(_changes(known, stated))
        if known.staff_id == recorded and (is_renamed or changes):
            raise NotPermitted("own-entry", "U kunt uw eigen gegevens niet wijzigen. Vraag een collega.")
        if is_renamed:
            renamed.append(replace(known, name=stated.name))
        for change in changes:
            (waiting if needs_two(known, change) else at_once).append(change)
        unchanged += not is_renamed and not changes
    return ImportPlan(tuple(added), tuple(renamed), tuple(at_once), tuple(waiting), unchanged)


def _require_each_once(members: Sequence[StaffMember]) -> None:
    counts = Counter(member.staff_id for member in members)
    faults = tuple(
        (f"[{place}]", TWICE) for place, member in enumerate(members, start=1) if counts[member.staff_id] > 1
    )
    if faults:
        raise Malformed("staff", "De lijst klopt niet; er is niets gewijzigd.", faults)


def _require_within(tx: Transaction, actor: Actor, members: Sequence[StaffMember]) -> None:
    """Refuse a list that names another organisation, or somebody who stands there: her staff id is taken."""
    bounds = bounds_of(tx, actor.staff)
    faults = tuple(
        (f"[{place}]", ELSEWHERE)
        for place, stated in enumerate(members, start=1)
        for known in (tx.staff.get(stated.staff_id) or stated,)
        if stated.organisation not in bounds or known.organisation not in bounds
    )
    if faults:
        raise Malformed("staff", "De lijst klopt niet; er is niets gewijzigd.", faults)


def _changes(known: StaffMember, stated: StaffMember) -> Sequence[Change]:
    """What makes the entry as it is into the entry as it is stated; a move first, so that an account opens in place.

    Of who holds a sensitive role it is one change at a time: once it is agreed to, another proposal made with it would
    be about an entry that is no more. A block comes before a move; what is left comes with the next list.
    """
    changes = []
    if (known.organisation, known.team) != (stated.organisation, stated.team):
        changes.append(Change.move(known.staff_id, stated.organisation, stated.team))
    if known.active != stated.active:
        changes.append(Change(What.UNBLOCK if stated.active else What.BLOCK, known.staff_id))
    waiting = [each for each in changes if needs_two(known, each)]
    if len(waiting) > 1:
        return [Change.block(known.staff_id) if known.active else changes[0]]
    return changes
