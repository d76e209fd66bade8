"""Put a case or a worker under watch, so that looks there stand out; every step is on record.

A watch ends by itself. It changes nothing about what anybody may see, and nobody but privacy officers can tell that it
is there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from secrets import token_bytes
from typing import Final
from uuid import UUID

from policy.vocabulary import Role
from signal_index import audit
from signal_index.errors import Malformed, NotFound
from signal_index.model import Actor, AuditEvent, CareRelation, dutch_day
from signal_index.model.review import Watch, Watched
from signal_index.ports import Transaction
from signal_index.usecases.authority import require_role

from .openings import is_dossier_number

LONGEST: Final = timedelta(days=366)
_ID_BYTES: Final = 16


@dataclass(frozen=True)
class WatchRequest:
    """What is to be watched.

    Args:
        about: of the actor's own organisation: staff id of a worker, or a case by its number in the regiesysteem.
        until: last day.
        dossier: case number of what she looks into.
    """

    what: Watched
    about: str
    until: date
    dossier: str


def put_watch(tx: Transaction, actor: Actor, request: WatchRequest, now: datetime) -> Watch:
    """Watch a case or a worker from today on; the person of a case is watched in all her relations.

    Args:
        tx: the open transaction.
        actor: the privacy officer.
        request: what, and until when.
        now: aware UTC.

    Raises:
        NotPermitted: the actor does not act as a privacy officer.
        Malformed: `watch`: the day is not to come within a year, there is no such case or worker, or no dossier number.
    """
    staff = require_role(actor, Role.PRIVACY_OFFICER)
    today = dutch_day(now)
    if not today <= request.until <= today + LONGEST:
        raise _wrong("tot", "Kies een dag in het komende jaar.")
    if not is_dossier_number(request.dossier):
        raise _wrong("dossier", "Geef het dossiernummer: hoofdletters, cijfers, punt, streep. Geen BSN.")
    relation = None
    if request.what is Watched.CASE:
        relation = _relation(tx, staff.organisation, request.about)
    elif not _is_colleague(tx, staff.organisation, request.about):
        raise _wrong("wat", "Deze medewerker is niet gevonden.")
    watch = Watch(
        watch_id=token_bytes(_ID_BYTES),
        what=request.what,
        about=request.about if relation is None else str(UUID(bytes=relation.relation_id)),
        person=None if relation is None else relation.person,
        put_by=actor.staff_id,
        put_on=today,
        until=request.until,
    )
    tx.reviews.put_watch(watch)
    told = {"until": watch.until.isoformat(), "dossier": request.dossier}
    tx.audit.append(_record("watch.put", now, actor, watch, **told))
    return watch


def _relation(tx: Transaction, organisation: str, reference: str) -> CareRelation:
    """The newest care relation of a case; several workers may have one each, all with the same resident."""
    of_case = [each for each in tx.relations.all_of(organisation) if each.case_reference == reference]
    if len({each.person for each in of_case}) > 1:
        raise _wrong("wat", "Bij dit zaaknummer horen meer inwoners. Dat kan niet in één keer.")
    if not of_case:
        raise _wrong("wat", "Deze zaak is niet gevonden.")
    return max(of_case, key=lambda each: (each.valid_from, each.relation_id))


def _is_colleague(tx: Transaction, organisation: str, staff_id: str) -> bool:
    found = tx.staff.get(staff_id)
    return found is not None and found.organisation == organisation


def _wrong(field: str, text: str) -> Malformed:
    return Malformed(
        "watch", "Er wordt nergens extra op gelet. Verbeter wat hieronder staat.", ((field, text),)
    )


def lift_watch(tx: Transaction, actor: Actor, watch_id: bytes, now: datetime) -> None:
    """Watch no longer.

    Raises:
        NotPermitted: the actor does not act as a privacy officer.
        NotFound: `no-watch`.
    """
    staff = require_role(actor, Role.PRIVACY_OFFICER)
    watch = next((each for each in _own(tx, staff.organisation) if each.watch_id == watch_id), None)
    if watch is None:
        raise NotFound("no-watch", "Hier wordt niet extra op gelet.")
    tx.reviews.remove_watch(watch_id)
    tx.audit.append(_record("watch.lifted", now, actor, watch))


def watches(tx: Transaction, actor: Actor, now: datetime) -> Sequence[Watch]:
    """What her organisation has under watch today, the first to end first; reading it is recorded.

    Raises:
        NotPermitted: the actor does not act as a privacy officer.
    """
    staff = require_role(actor, Role.PRIVACY_OFFICER)
    today = dutch_day(now)
    tx.audit.append(audit.event("watches.read", now, actor=actor.staff_id, token=actor.token_id))
    return [watch for watch in _own(tx, staff.organisation) if watch.until >= today]


def _own(tx: Transaction, organisation: str) -> list[Watch]:
    """Those put by somebody of this organisation: nobody can watch anything of another."""
    return [each for each in tx.reviews.watches() if _is_colleague(tx, organisation, each.put_by)]


def _record(name: str, now: datetime, actor: Actor, watch: Watch, **fields: str) -> AuditEvent:
    is_case = watch.what is Watched.CASE
    return audit.event(
        name,
        now,
        subject=watch.person,
        actor=actor.staff_id,
        token=actor.token_id,
        what=watch.what.value,
        relation=watch.about if is_case else None,
        worker=None if is_case else watch.about,
        **fields,
    )
