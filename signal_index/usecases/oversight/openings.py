"""Opening a person: learn which case stands behind a look, with a case number and a second privacy officer.

Invariants:
1. Nobody gets there alone: one privacy officer asks, and another one decides, each in a session of her own.
2. Only who asked sees the case, and it is the case reference and the organisation and nothing else.
3. It ends by itself after a day. Asking, deciding and every showing are recorded, with the resident as the subject.
4. A case that stands for somebody else by now, or that is gone, shows nothing.

Whoever controls this module can lead a privacy officer from a look to a case number, never to a flag or a name.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from secrets import token_bytes
from uuid import UUID

from crypto.chain import Pseudonym
from crypto.sheet.fields import is_case_reference
from policy.vocabulary import Role
from signal_index import audit
from signal_index.errors import Conflict, Malformed, NotFound, NotPermitted
from signal_index.model import Actor, AuditEntry, StaffMember
from signal_index.model.openings import Opening, OpeningReason, OpeningState
from signal_index.ports import Transaction
from signal_index.usecases.authority import require_role
from signal_index.usecases.workplace.covers import shown_name

from .looks import find_look

_ID_BYTES = 16


@dataclass(frozen=True)
class OpenedCase:
    """What an opening shows.

    Args:
        organisation: OIN.
        organisation_name: as the register has it; None when it stands there no longer.
    """

    case_reference: str
    organisation: str
    organisation_name: str | None


@dataclass(frozen=True)
class Shown:
    """One opening as a privacy officer sees it.

    Args:
        look_id: name of the look, 16 bytes.
        alias: of the resident, within oversight.
        state: now.
        asked_by: name of who asked.
        decided_by: name of who decided, if anybody did.
        is_own: whether the actor asked for it herself.
        case: what it opens, for who asked while it is open; None when the case is gone or became somebody else's.
    """

    opening: Opening
    look_id: bytes
    alias: str
    state: OpeningState
    asked_by: str
    decided_by: str | None
    is_own: bool
    case: OpenedCase | None = None

    @property
    def waits_for_her(self) -> bool:
        """Whether the actor may decide on it now."""
        return self.state is OpeningState.ASKED and not self.is_own


def is_dossier_number(text: str) -> bool:
    """Whether this can be the case number of an investigation: shaped like a case reference, and no BSN in it."""
    return is_case_reference(text)


def ask(
    tx: Transaction,
    actor: Actor,
    look_id: bytes,
    now: datetime,
    *,
    reason: OpeningReason | None,
    dossier: str,
) -> Opening:
    """Ask to know which case stands behind a look; one that is asked for or open already is given back.

    Args:
        tx: the open transaction.
        actor: the privacy officer.
        look_id: name of the look.
        now: aware UTC.
        reason: from the closed list; None when she chose none.
        dossier: as she typed it.

    Raises:
        NotPermitted: the actor does not act as a privacy officer.
        NotFound: `no-look`: no such look, or one that was about nobody.
        Malformed: `opening`; names each field to mend (`reden`, `dossier`).
    """
    staff = require_role(actor, Role.PRIVACY_OFFICER)
    entry, person = _look(tx, staff, look_id)
    violations = _violations(reason, dossier)
    if violations or reason is None:
        raise Malformed("opening", "De aanvraag is niet gedaan. Verbeter wat hieronder staat.", violations)
    before = _standing(tx, actor, staff, entry, now)
    if before is not None:
        return before
    opening = Opening(
        opening_id=token_bytes(_ID_BYTES),
        organisation=staff.organisation,
        writer=entry.writer,
        number=entry.number,
        reason=reason,
        dossier=dossier,
        asked_by=staff.staff_id,
        asked_at=now,
    )
    tx.openings.put(opening)
    tx.audit.append(
        audit.act(
            "opening.asked",
            now,
            actor,
            subject=person,
            opening=_text(opening.opening_id),
            look=_text(look_id),
            reason=reason.value,
            dossier=dossier,
        )
    )
    return opening


def _violations(reason: OpeningReason | None, dossier: str) -> tuple[tuple[str, str], ...]:
    found = []
    if reason is None:
        found.append(("reden", "Kies een reden."))
    if not dossier:
        found.append(("dossier", "Vul het dossiernummer in."))
    elif not is_dossier_number(dossier):
        found.append(("dossier", "Gebruik hoofdletters, cijfers, punt, streep of schuine streep. Geen BSN."))
    return tuple(found)


def _standing(
    tx: Transaction, actor: Actor, staff: StaffMember, entry: AuditEntry, now: datetime
) -> Opening | None:
    """Her own request for this look that still waits or is open."""
    for each in tx.openings.of_look(staff.organisation, entry.writer, entry.number):
        if each.asked_by == actor.staff_id and each.state(now) in {OpeningState.ASKED, OpeningState.OPEN}:
            return each
    return None


def decide(tx: Transaction, actor: Actor, opening_id: bytes, now: datetime, *, approve: bool) -> Opening:
    """Decide as the second privacy officer.

    Args:
        tx: the open transaction.
        actor: a privacy officer other than who asked.
        opening_id: 16 bytes.
        now: aware UTC.
        approve: whether the case may be shown to who asked.

    Raises:
        NotPermitted: the actor does not act as a privacy officer, or `own-opening`: she asked for it herself.
        NotFound: `no-opening`.
        Conflict: `opening-decided`: somebody decided, or it waited too long.
    """
    staff = require_role(actor, Role.PRIVACY_OFFICER)
    opening = _opening(tx, staff, opening_id)
    if opening.asked_by == actor.staff_id:
        raise NotPermitted("own-opening", "U heeft dit zelf gevraagd. Een andere privacy officer beslist.")
    if opening.state(now) is not OpeningState.ASKED:
        raise Conflict("opening-decided", "Over deze aanvraag is al beslist, of de aanvraag is verlopen.")
    decided = replace(opening, decided_by=staff.staff_id, decided_at=now, approved=approve)
    tx.openings.put(decided)
    if approve:
        _record(tx, actor, decided, "opening.approved", now)
    else:
        _record(tx, actor, decided, "opening.refused", now)
    return decided


def show(tx: Transaction, actor: Actor, opening_id: bytes, now: datetime) -> Shown:
    """One opening; for who asked and while it is open with the case. That it was read is recorded, a showing as such.

    Raises:
        NotPermitted: the actor does not act as a privacy officer.
        NotFound: `no-opening`.
    """
    staff = require_role(actor, Role.PRIVACY_OFFICER)
    opening = _opening(tx, staff, opening_id)
    shown = as_shown(tx, actor, opening, now)
    if not (shown.is_own and shown.state is OpeningState.OPEN):
        tx.audit.append(
            audit.act("oversight.read", now, actor, page="opening", selection=_text(opening.opening_id))
        )
        return shown
    _record(tx, actor, opening, "opening.read", now)
    return replace(shown, case=_case(tx, opening))


def overview(tx: Transaction, actor: Actor, now: datetime) -> Sequence[Shown]:
    """Every opening of the organisation, newest first, none with its case.

    Raises:
        NotPermitted: the actor does not act as a privacy officer.
    """
    staff = require_role(actor, Role.PRIVACY_OFFICER)
    tx.audit.append(audit.act("oversight.read", now, actor, page="openings"))
    return [as_shown(tx, actor, each, now) for each in tx.openings.all_of(staff.organisation)]


def as_shown(tx: Transaction, actor: Actor, opening: Opening, now: datetime) -> Shown:
    """An opening without its case, for a use case that has seen to who asks."""
    found = tx.audit.one(opening.writer, opening.number)
    person = found[1] if found is not None else None
    return Shown(
        opening=opening,
        look_id=tx.names.of_look(opening.writer, opening.number),
        alias=tx.names.of_person(person) if person is not None else "",
        state=opening.state(now),
        asked_by=shown_name(tx, opening.asked_by),
        decided_by=shown_name(tx, opening.decided_by) if opening.decided_by is not None else None,
        is_own=opening.asked_by == actor.staff_id,
    )


def _case(tx: Transaction, opening: Opening) -> OpenedCase | None:
    """The case behind the look, if it is still the same person's."""
    found = tx.audit.one(opening.writer, opening.number)
    if found is None:
        return None
    entry, person = found
    relation = tx.relations.get(opening.organisation, UUID(str(entry.fields["relation"])).bytes)
    if relation is None or relation.person != person:
        return None
    named = {each.oin: each.name for each in tx.register.publishers()}
    return OpenedCase(relation.case_reference, relation.organisation, named.get(relation.organisation))


def _opening(tx: Transaction, staff: StaffMember, opening_id: bytes) -> Opening:
    opening = tx.openings.get(staff.organisation, opening_id)
    if opening is None:
        raise NotFound("no-opening", "Deze aanvraag is niet gevonden.")
    return opening


def _look(tx: Transaction, staff: StaffMember, look_id: bytes) -> tuple[AuditEntry, Pseudonym]:
    """A look of the organisation that was about somebody."""
    entry, person = find_look(tx, staff, look_id)
    if person is None:
        raise NotFound("no-look", "Deze raadpleging is niet gevonden.")
    return entry, person


def _record(tx: Transaction, actor: Actor, opening: Opening, event: str, now: datetime) -> None:
    found = tx.audit.one(opening.writer, opening.number)
    named = _text(tx.names.of_look(opening.writer, opening.number))
    subject = found[1] if found is not None else None
    tx.audit.append(
        audit.act(event, now, actor, subject=subject, opening=_text(opening.opening_id), look=named)
    )


def _text(identifier: bytes) -> str:
    return str(UUID(bytes=identifier))
