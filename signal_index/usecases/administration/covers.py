"""Covers that who administers arranges for a worker who cannot do it herself, since she fell ill.

Who administers gains nothing by it: she does not look, and neither arranges nor ends a cover in which she stands.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from signal_index import audit
from signal_index.errors import NotFound, NotPermitted
from signal_index.model import Actor, StaffMember, dutch_day
from signal_index.model.workplace import Cover
from signal_index.ports import Transaction
from signal_index.usecases.authority import require_role
from signal_index.usecases.workplace.covers import (
    CoverRequest,
    arrange_for,
    end_for,
    looks_here,
    names_in,
    still_standing,
)

from .acting import ADMINISTERING_ROLE


@dataclass(frozen=True)
class Covers:
    """Who stands in for whom in one organisation.

    Args:
        standing: none of them is over, in order of first day.
        names: how everybody in them is called, by staff id.
        workers: who may be covered, and may cover a colleague of her own team, by name.
    """

    standing: tuple[Cover, ...]
    names: Mapping[str, str]
    workers: tuple[StaffMember, ...]


def list_covers(tx: Transaction, actor: Actor, now: datetime) -> Covers:
    """The covers of the actor's organisation that are not over.

    Raises:
        NotPermitted: the actor does not administer.
    """
    staff = require_role(actor, ADMINISTERING_ROLE)
    tx.audit.append(audit.act("covers.listed", now, actor))
    standing = still_standing(tx.covers.all_of(staff.organisation), dutch_day(now))
    return Covers(standing, names_in(tx, standing), _workers(tx, staff))


def _workers(tx: Transaction, staff: StaffMember) -> tuple[StaffMember, ...]:
    found: Sequence[StaffMember] = [each for each in tx.staff.all() if looks_here(each, staff.organisation)]
    return tuple(sorted(found, key=lambda each: (each.shown_name.casefold(), each.staff_id)))


def arrange_cover(
    tx: Transaction, actor: Actor, absentee: str, request: CoverRequest, now: datetime
) -> Cover:
    """Let a colleague look for a worker who cannot arrange it herself.

    Args:
        tx: the open transaction.
        actor: who administers.
        absentee: staff id of the worker.
        request: who looks for her, from when until when, and why.
        now: aware UTC.

    Raises:
        NotPermitted: the actor does not administer, or `own-cover`: she stands in it herself.
        NotFound: `unknown-staff`: nobody of the actor's organisation who looks.
        Malformed: `cover`; names each field to mend (`vervanger`, `van`, `tot`).
    """
    staff = require_role(actor, ADMINISTERING_ROLE)
    if staff.staff_id in {absentee, request.delegate}:
        raise NotPermitted("own-cover", "U kunt geen vervanging voor uzelf regelen. Vraag een collega.")
    member = tx.staff.get(absentee)
    if member is None or not looks_here(member, staff.organisation):
        raise NotFound("unknown-staff", "Deze medewerker is niet bekend of werkt hier niet in een wijkteam.")
    return arrange_for(tx, actor, member, request, now)


def end_cover(tx: Transaction, actor: Actor, cover_id: bytes, now: datetime) -> Cover:
    """End a cover of the actor's organisation before its time; one that is over stays as it is.

    Raises:
        NotPermitted: the actor does not administer.
        NotFound: `no-cover`.
    """
    staff = require_role(actor, ADMINISTERING_ROLE)
    cover = tx.covers.get(staff.organisation, cover_id)
    if cover is None:
        raise NotFound("no-cover", "Deze vervanging is niet gevonden.")
    return end_for(tx, actor, cover, now)
