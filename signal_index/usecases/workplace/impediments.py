"""Register and end what keeps workers from looking: objections of residents, and workers who know a resident.

Invariants:
1. It stops looks from the day it is registered for, and says nothing to whoever is stopped: her answer is the one she
   gets when nothing is running.
2. Nobody ends what keeps herself from looking: an involvement is ended by the team lead, never by who is involved, and
   an objection by a privacy officer, who looks at nobody.
3. Saying the same once more changes nothing and is not recorded twice.
4. Nobody keeps more than a handful about one worker and one resident: every look at her reads them all. Only one's own
   count, so that being refused tells nothing of what somebody else registered.

Whoever controls this module can keep workers from looking, and take away what kept them from it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from secrets import token_bytes
from typing import Final
from uuid import UUID

from crypto.sheet.fields import is_case_reference
from policy.vocabulary import Role
from signal_index import audit
from signal_index.errors import Conflict, Malformed, NotFound
from signal_index.model import Actor, AuditEvent, CareRelation, StaffMember, dutch_day
from signal_index.model.impediments import Impediment, ImpedimentKind
from signal_index.ports import Transaction
from signal_index.usecases.authority import require_role
from signal_index.usecases.relations import NotStanding, find_standing

STANDING_MAX: Final = 8  # the text of the refusal says so too
"""How many that are not over one person may have registered about one worker and one resident."""

_ID_BYTES = 16
_ANY_MOMENT = datetime.min.replace(tzinfo=UTC)
_KEEPERS = {ImpedimentKind.OBJECTION: Role.PRIVACY_OFFICER, ImpedimentKind.INVOLVED: Role.TEAM_LEAD}


@dataclass(frozen=True)
class ImpedimentRequest:
    """What is filled in.

    Args:
        relation_id: any care relation with the resident it is about.
        first_day: inclusive.
        last_day: inclusive; None when nobody knows yet.
    """

    relation_id: bytes
    first_day: date
    last_day: date | None = None


def object_to(tx: Transaction, actor: Actor, request: ImpedimentRequest, now: datetime) -> Impediment:
    """A privacy officer registers that the resident behind a relation objects to looks.

    Raises:
        NotPermitted: the actor does not act as a privacy officer.
        NotFound: `unknown-relation`: her organisation has no such relation.
        Malformed: `impediment`; names each day to mend (`van`, `tot`).
        Conflict: `impediments-full`: she registered `STANDING_MAX` others that are not over.
    """
    staff = require_role(actor, Role.PRIVACY_OFFICER)
    relation = tx.relations.get(staff.organisation, request.relation_id)
    if relation is None:
        raise NotFound("unknown-relation", "Deze zaak is niet gevonden in uw organisatie.")
    return _register(
        tx, actor, _impediment(ImpedimentKind.OBJECTION, "", relation, actor=actor, request=request, now=now)
    )


def involve_self(tx: Transaction, actor: Actor, request: ImpedimentRequest, now: datetime) -> Impediment:
    """A worker registers that she knows the resident of a case of hers, so that she cannot look any more.

    Raises:
        NotPermitted: the actor does not act as a wijkteammedewerker.
        NotFound: `not-in-caseload`, whatever the reason.
        Malformed, Conflict: see `object_to`.
    """
    require_role(actor, Role.TEAM_MEMBER)
    standing = find_standing(tx, actor, request.relation_id, dutch_day(now))
    if isinstance(standing, NotStanding):
        raise standing.error
    made = _impediment(
        ImpedimentKind.INVOLVED, actor.staff_id, standing.relation, actor=actor, request=request, now=now
    )
    return _register(tx, actor, made)


def involve(
    tx: Transaction, actor: Actor, worker: str, request: ImpedimentRequest, now: datetime
) -> Impediment:
    """A team lead registers that a worker of her team knows the resident of a case of the team.

    Raises:
        NotPermitted: the actor does not act as a teamleider.
        NotFound: `unknown-relation`: her team has no such relation; or `unknown-worker`: nor such a colleague.
        Malformed, Conflict: see `object_to`.
    """
    staff = require_role(actor, Role.TEAM_LEAD)
    relation = tx.relations.get(staff.organisation, request.relation_id)
    if relation is None or relation.team != staff.team:
        raise NotFound("unknown-relation", "Deze zaak is niet gevonden in uw team.")
    if not _works_with(tx, staff, worker):
        raise NotFound("unknown-worker", "Deze collega is niet gevonden in uw team.")
    return _register(
        tx,
        actor,
        _impediment(ImpedimentKind.INVOLVED, worker, relation, actor=actor, request=request, now=now),
    )


def end_impediment(
    tx: Transaction,
    actor: Actor,
    impediment_id: bytes,
    now: datetime,
    *,
    kind: ImpedimentKind | None = None,
) -> Impediment:
    """End one; from this moment on it stops nobody.

    Args:
        tx: the open transaction.
        actor: a privacy officer, or the lead of a team.
        impediment_id: 16 bytes.
        now: aware UTC.
        kind: the only one that may be ended here, by who keeps it; None for whichever is hers to end.

    Raises:
        NotPermitted: the actor acts neither as a privacy officer nor as a teamleider, or not as who keeps this kind.
        NotFound: `unknown-impediment`: there is none, or it is not hers to end.
    """
    staff = require_keeper(actor) if kind is None else require_role(actor, _KEEPERS[kind])
    found = tx.impediments.get(staff.organisation, impediment_id)
    if found is None or kind not in {None, found.kind} or not may_end(actor, staff, found):
        raise NotFound("unknown-impediment", "Deze belemmering is niet gevonden.")
    tx.impediments.remove(found.organisation, found.impediment_id)
    tx.audit.append(_record("impediment.ended", found, actor, now))
    return found


def case_in_organisation(tx: Transaction, actor: Actor, reference: str, now: datetime) -> bytes:
    """The care relation that a privacy officer means by a case reference.

    Raises:
        NotPermitted: the actor does not act as a privacy officer.
        NotFound: `unknown-relation`: her organisation has no such case.
        Conflict: `case-of-several`: it is used for more than one resident, so nobody knows whom she means.
    """
    staff = require_role(actor, Role.PRIVACY_OFFICER)
    meant = _meant(_cases(tx, staff, reference), dutch_day(now))
    if meant is None:
        raise NotFound(
            "unknown-relation",
            "Dit zaaknummer is niet gevonden in uw organisatie. Kijk het na in het regiesysteem.",
        )
    return meant


def case_in_team(tx: Transaction, actor: Actor, reference: str, now: datetime) -> bytes:
    """The care relation that a team lead means by a case reference.

    Raises:
        NotPermitted: the actor does not act as a teamleider.
        NotFound: `unknown-relation`: her team has no such case.
        Conflict: see `case_in_organisation`.
    """
    staff = require_role(actor, Role.TEAM_LEAD)
    cases = [each for each in _cases(tx, staff, reference) if each.team == staff.team]
    meant = _meant(cases, dutch_day(now))
    if meant is None:
        raise NotFound(
            "unknown-relation", "Dit zaaknummer is niet gevonden in uw team. Kijk het na in het regiesysteem."
        )
    return meant


def _cases(tx: Transaction, staff: StaffMember, reference: str) -> list[CareRelation]:
    if not is_case_reference(reference):
        return []
    return [each for each in tx.relations.all_of(staff.organisation) if each.case_reference == reference]


def _meant(cases: list[CareRelation], today: date) -> bytes | None:
    """One of the care relations with one resident, rather one that still runs; None when there are none."""
    if len({each.person for each in cases}) > 1:
        raise Conflict(
            "case-of-several",
            "Dit zaaknummer hoort bij meer dan één inwoner. Laat het verbeteren in het regiesysteem.",
        )
    ranked = sorted(cases, key=lambda each: (each.is_over(today), each.relation_id))
    return ranked[0].relation_id if ranked else None


def require_keeper(actor: Actor) -> StaffMember:
    """Who registers and ends for others: a privacy officer, or the lead of a team.

    Raises:
        NotPermitted: the actor acts as neither.
    """
    role = Role.PRIVACY_OFFICER if Role.PRIVACY_OFFICER in actor.roles else Role.TEAM_LEAD
    return require_role(actor, role)


def may_end(actor: Actor, staff: StaffMember, impediment: Impediment) -> bool:
    """Whether this one is hers to end."""
    if impediment.kind is ImpedimentKind.OBJECTION:
        return Role.PRIVACY_OFFICER in actor.roles
    leads = Role.TEAM_LEAD in actor.roles and impediment.team == staff.team
    return leads and impediment.worker != actor.staff_id


def _works_with(tx: Transaction, staff: StaffMember, worker: str) -> bool:
    found = tx.staff.get(worker)
    return found is not None and (found.organisation, found.team) == (staff.organisation, staff.team)


def _impediment(
    kind: ImpedimentKind,
    worker: str,
    relation: CareRelation,
    *,
    actor: Actor,
    request: ImpedimentRequest,
    now: datetime,
) -> Impediment:
    violations = []
    if request.first_day < dutch_day(now):
        violations.append(("van", "Kies vandaag of een latere dag."))
    if request.last_day is not None and request.last_day < request.first_day:
        violations.append(("tot", "De laatste dag ligt vóór de eerste dag. Kies een latere dag."))
    if violations:
        raise Malformed(
            "impediment", "Er is niets vastgelegd. Verbeter wat hieronder staat.", tuple(violations)
        )
    return Impediment(
        organisation=relation.organisation,
        impediment_id=token_bytes(_ID_BYTES),
        kind=kind,
        person=relation.person,
        worker=worker,
        relation_id=relation.relation_id,
        team=relation.team,
        first_day=request.first_day,
        last_day=request.last_day,
        registered_by=actor.staff_id,
        registered_at=now,
    )


def _register(tx: Transaction, actor: Actor, impediment: Impediment) -> Impediment:
    known = tx.impediments.about(impediment.organisation, impediment.person)
    for each in known:
        if _says(each) == _says(impediment):
            return each
    _require_room(known, impediment)
    tx.impediments.put(impediment)
    tx.audit.append(_record("impediment.registered", impediment, actor, impediment.registered_at))
    return impediment


def _require_room(known: Sequence[Impediment], made: Impediment) -> None:
    today, alike = dutch_day(made.registered_at), (made.kind, made.worker, made.registered_by)
    standing = [
        each
        for each in known
        if (each.kind, each.worker, each.registered_by) == alike and not each.is_over(today)
    ]
    if len(standing) >= STANDING_MAX:
        raise Conflict(
            "impediments-full",
            "U hebt dit voor deze inwoner al acht keer vastgelegd. Er is niets bij gekomen. "
            "Laat eerst beëindigen wat niet meer nodig is.",
        )


def _says(impediment: Impediment) -> Impediment:
    """The same, whenever it was said."""
    return replace(impediment, impediment_id=b"", registered_at=_ANY_MOMENT)


def _record(name: str, impediment: Impediment, actor: Actor, now: datetime) -> AuditEvent:
    last = impediment.last_day
    return audit.act(
        name,
        now,
        actor,
        subject=impediment.person,
        impediment=str(UUID(bytes=impediment.impediment_id)),
        kind=impediment.kind.value,
        worker=impediment.worker or None,
        relation=str(UUID(bytes=impediment.relation_id)),
        first_day=impediment.first_day.isoformat(),
        last_day=last.isoformat() if last is not None else None,
    )
