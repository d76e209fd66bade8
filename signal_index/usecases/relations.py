"""Read and confirm care relations: a worker's caseload, the functioneel beheerder's list, the second person's yes.

None of these shows a flag, and none depends on one.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from policy.vocabulary import Role
from signal_index import audit
from signal_index.errors import Conflict, NotFound
from signal_index.model import Actor, CareRelation, dutch_day
from signal_index.ports import Transaction

from .authority import require_role


def stands(tx: Transaction, relation: CareRelation) -> bool:
    """Whether anybody can still answer for the relation: its feed is registered, and the person has not died.

    A relation of a feed that left the register could be ended by nobody any more.
    """
    publisher = tx.register.publisher(relation.publisher)
    registered = publisher is not None and relation.organisation in publisher.organisations
    return registered and not tx.restrictions.is_deceased(relation.person)


def caseload(tx: Transaction, actor: Actor, now: datetime) -> Sequence[CareRelation]:
    """The worker's own relations that are not over, confirmed or not, in order of case reference.

    Raises:
        NotPermitted: the actor is not an active wijkteammedewerker.
    """
    staff = require_role(actor, Role.TEAM_MEMBER)
    today = dutch_day(now)
    tx.audit.append(
        audit.event(
            "caseload.read", now, actor=actor.staff_id, organisation=staff.organisation, token=actor.token_id
        )
    )
    relations = tx.relations.caseload(staff.organisation, actor.staff_id)
    return [relation for relation in relations if not relation.is_over(today) and stands(tx, relation)]


def confirm(tx: Transaction, actor: Actor, relation_id: bytes, now: datetime) -> CareRelation:
    """A team leader confirms a relation that a worker registered for herself.

    Raises:
        NotPermitted: the actor is not an active teamleider.
        NotFound: no such relation in the actor's team.
        Conflict: the relation needs no confirmation, is over, or is the actor's own.
    """
    staff = require_role(actor, Role.TEAM_LEAD)
    relation = tx.relations.get(staff.organisation, relation_id)
    if relation is None or relation.team != staff.team:
        raise NotFound("unknown-relation", "Deze zorgrelatie is niet gevonden in uw team.")
    if relation.worker == actor.staff_id:
        raise Conflict("own-relation", "U kunt uw eigen zorgrelatie niet bevestigen. Vraag een collega.")
    if relation.is_confirmed:
        raise Conflict("no-confirmation-needed", "Deze zorgrelatie hoeft niet meer bevestigd te worden.")
    if relation.is_over(dutch_day(now)):
        raise Conflict("relation-over", "Deze zorgrelatie is voorbij en kan niet meer bevestigd worden.")
    confirmed = replace(relation, confirmed_by=actor.staff_id)
    tx.relations.put(confirmed)
    tx.audit.append(
        audit.event(
            "relation.confirmed",
            now,
            subject=relation.person,
            actor=actor.staff_id,
            organisation=relation.organisation,
            relation=str(UUID(bytes=relation.relation_id)),
            token=actor.token_id,
        )
    )
    return confirmed


def list_relations(tx: Transaction, actor: Actor, now: datetime) -> Sequence[CareRelation]:
    """All relations of the functioneel beheerder's organisation; the list shows no person and no flag.

    Raises:
        NotPermitted: the actor is not an active functioneel beheerder.
    """
    staff = require_role(actor, Role.FUNCTIONAL_ADMIN)
    tx.audit.append(
        audit.event(
            "relations.listed",
            now,
            actor=actor.staff_id,
            organisation=staff.organisation,
            token=actor.token_id,
        )
    )
    return tx.relations.all_of(staff.organisation)
