"""Read and confirm care relations: a worker's caseload, the functioneel beheerder's list, the second person's yes.

None of these shows a flag, and none depends on one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from policy.vocabulary import Role
from signal_index import audit
from signal_index.enforcement import Standing
from signal_index.errors import Conflict, NotFound
from signal_index.model import Actor, CareRelation, Caseload, Covered, StaffMember, dutch_day
from signal_index.model.workplace import Cover
from signal_index.ports import Transaction

from .authority import require_role
from .workplace.covers import standing_covers


def stands(tx: Transaction, relation: CareRelation) -> bool:
    """Whether anybody can still answer for the relation: its feed is registered, and the person has not died.

    A relation of a feed that left the register could be ended by nobody any more.
    """
    publisher = tx.register.publisher(relation.publisher)
    registered = publisher is not None and relation.organisation in publisher.organisations
    return registered and not tx.restrictions.is_deceased(relation.person)


@dataclass(frozen=True)
class NotStanding:
    """A case that is not in the caseload: the reason is for the record, the error is the same for every reason."""

    reason: str

    @property
    def error(self) -> NotFound:
        """What the worker gets."""
        return NotFound("not-in-caseload", "Deze zaak staat niet in uw caseload.")


def find_standing(tx: Transaction, actor: Actor, relation_id: bytes, today: date) -> Standing | NotStanding:
    """Her live relation, or one she covers; one answer for every case that is not in her caseload, whatever the reason.

    Unknown and somebody else's take the same questions to the database: one, and one per cover of hers.
    """
    staff = actor.staff
    assert staff is not None, "whoever asks for a case has been found in the staff table"
    found = []
    for cover in (None, *standing_covers(tx, staff, today)):
        worker = staff.staff_id if cover is None else cover.absentee
        relation = tx.relations.of_worker(staff.organisation, worker, relation_id)
        if relation is not None:
            found.append(Standing(relation, cover))
    for standing in found:
        if standing.carries(actor, today) and stands(tx, standing.relation):
            return standing
    if not found:
        return NotStanding("no-relation")
    elsewhere = all(standing.relation.team != staff.team for standing in found)
    return NotStanding("other-team" if elsewhere else "relation-not-live")


def caseload(tx: Transaction, actor: Actor, now: datetime) -> Caseload:
    """The worker's cases that are not over, confirmed or not, in order of case reference; then those she covers.

    Raises:
        NotPermitted: the actor does not act as a wijkteammedewerker.
    """
    staff = require_role(actor, Role.TEAM_MEMBER)
    today = dutch_day(now)
    tx.audit.append(audit.act("caseload.read", now, actor))
    covered = [_covered(tx, cover, today) for cover in standing_covers(tx, staff, today)]
    return Caseload(_own(tx, staff, today), tuple(each for each in covered if each is not None))


def _own(tx: Transaction, staff: StaffMember, today: date) -> tuple[CareRelation, ...]:
    relations = tx.relations.caseload(staff.organisation, staff.staff_id)
    return tuple(
        relation
        for relation in relations
        if relation.team == staff.team and not relation.is_over(today) and stands(tx, relation)
    )


def _covered(tx: Transaction, cover: Cover, today: date) -> Covered | None:
    """The cases she covers; not those that rest on her own word, which the cover does not carry."""
    absentee = tx.staff.get(cover.absentee)
    if absentee is None:
        return None
    relations = _own(tx, absentee, today)
    return Covered(cover, absentee, tuple(each for each in relations if not each.rests_on(cover.delegate)))


@dataclass(frozen=True)
class Awaiting:
    """A relation that waits for a second person, and the worker who registered it for herself."""

    relation: CareRelation
    worker: StaffMember | None


def awaiting(tx: Transaction, actor: Actor, now: datetime) -> Sequence[Awaiting]:
    """Relations of the team that a worker registered for herself and nobody confirmed yet, in order of reference.

    Raises:
        NotPermitted: the actor does not act as a teamleider.
    """
    staff = require_role(actor, Role.TEAM_LEAD)
    today = dutch_day(now)
    tx.audit.append(audit.act("relations.awaiting", now, actor))
    return [
        Awaiting(relation, tx.staff.get(relation.worker))
        for relation in tx.relations.all_of(staff.organisation)
        if relation.team == staff.team and not relation.is_confirmed and not relation.is_over(today)
    ]


def confirm(tx: Transaction, actor: Actor, relation_id: bytes, now: datetime) -> CareRelation:
    """A team leader confirms a relation that a worker registered for herself.

    Raises:
        NotPermitted: the actor is not an active teamleider.
        NotFound: no such relation in the actor's team.
        Conflict: the relation needs no confirmation, is over, or is the actor's own or that of a worker she
            covers for, now or later.
    """
    staff = require_role(actor, Role.TEAM_LEAD)
    relation = tx.relations.get(staff.organisation, relation_id)
    if relation is None or relation.team != staff.team:
        raise NotFound("unknown-relation", "Deze zaak is niet gevonden in uw team.")
    if relation.worker == actor.staff_id:
        raise Conflict("own-relation", "U kunt uw eigen zaak niet bevestigen. Vraag een collega.")
    if _covers_for(tx, staff, relation.worker, dutch_day(now)):
        raise Conflict("own-relation", "U vervangt deze collega. Vraag iemand anders om te bevestigen.")
    if relation.is_confirmed:
        raise Conflict("no-confirmation-needed", "Deze zaak is al bevestigd.")
    if relation.is_over(dutch_day(now)):
        raise Conflict("relation-over", "Deze zaak is voorbij. U kunt de zaak niet meer bevestigen.")
    confirmed = replace(relation, confirmed_by=actor.staff_id)
    tx.relations.put(confirmed)
    named = str(UUID(bytes=relation.relation_id))
    tx.audit.append(audit.act("relation.confirmed", now, actor, subject=relation.person, relation=named))
    return confirmed


def _covers_for(tx: Transaction, staff: StaffMember, worker: str, today: date) -> bool:
    """Whether she looks for this worker now or later, even if the cover does not stand at the moment."""
    covers = tx.covers.by_delegate(staff.organisation, staff.staff_id)
    return any(cover.absentee == worker and not cover.is_over(today) for cover in covers)


def list_relations(tx: Transaction, actor: Actor, now: datetime) -> Sequence[CareRelation]:
    """All relations of the functioneel beheerder's organisation; the list shows no person and no flag.

    Raises:
        NotPermitted: the actor is not an active functioneel beheerder.
    """
    staff = require_role(actor, Role.FUNCTIONAL_ADMIN)
    tx.audit.append(audit.act("relations.listed", now, actor))
    return tx.relations.all_of(staff.organisation)
