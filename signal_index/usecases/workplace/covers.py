"""Covers: a worker arranges that a colleague of her team looks for her while she is away.

Invariants:
1. Only the worker herself lets somebody in, or who administers for one who fell ill, and only one colleague for any
   day; for at most six weeks at a time, which begin within six weeks, so that nobody arranges years of covers in one
   afternoon.
2. It begins and ends by itself. The absent worker, her delegate, their team lead and who administers may end it sooner,
   at once.
3. A cover carries the absent worker's own cases and nothing else: a delegate of a delegate inherits nothing.
4. It holds only while both still do this work in the team it was arranged in; the whole team sees it.

Whoever controls this module can let a worker see another's cases; every look under a cover names it on record.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from secrets import token_bytes
from uuid import UUID

from policy.vocabulary import Role
from signal_index import audit
from signal_index.errors import Malformed, NotFound
from signal_index.model import Actor, StaffMember, dutch_day
from signal_index.model.workplace import COVER_DAYS_MAX, Cover, CoverReason
from signal_index.ports import Transaction
from signal_index.usecases.authority import require_role

_ID_BYTES = 16
_Violation = tuple[str, str]


@dataclass(frozen=True)
class CoverRequest:
    """What the worker fills in.

    Args:
        delegate: staff id of the colleague.
        first_day: inclusive.
        last_day: inclusive.
    """

    delegate: str
    first_day: date
    last_day: date
    reason: CoverReason

    @property
    def days(self) -> int:
        """How many days it lasts, both ends included; less than one when they are the wrong way round."""
        return (self.last_day - self.first_day).days + 1


@dataclass(frozen=True)
class CoverOverview:
    """The covers somebody is concerned with; none of them is over.

    Args:
        mine: of her own cases.
        for_others: in which she is the delegate.
        team: of everybody in her team, herself included.
        colleagues: whom she may ask to cover for her, by name; nobody when she does not look herself.
        names: how everybody in these covers is called, by staff id.
    """

    mine: tuple[Cover, ...]
    for_others: tuple[Cover, ...]
    team: tuple[Cover, ...]
    colleagues: tuple[StaffMember, ...]
    names: Mapping[str, str]


def arrange(tx: Transaction, actor: Actor, request: CoverRequest, now: datetime) -> Cover:
    """Let a colleague look for the actor.

    Args:
        tx: the open transaction.
        actor: the worker who will be away.
        request: who, from when until when, and why.
        now: aware UTC.

    Raises:
        NotPermitted: the actor does not act as a wijkteammedewerker.
        Malformed: `cover`; names each field to mend (`vervanger`, `van`, `tot`).
    """
    return arrange_for(tx, actor, require_role(actor, Role.TEAM_MEMBER), request, now)


def arrange_for(
    tx: Transaction, actor: Actor, staff: StaffMember, request: CoverRequest, now: datetime
) -> Cover:
    """Let a colleague look for a worker; whether the actor may ask for it is the caller's to know.

    Raises:
        Malformed: see `arrange`.
    """
    violations = tuple(_violations(tx, staff, request, dutch_day(now)))
    if violations:
        raise Malformed("cover", "De vervanging is niet geregeld. Verbeter wat hieronder staat.", violations)
    cover = Cover(
        cover_id=token_bytes(_ID_BYTES),
        organisation=staff.organisation,
        team=staff.team,
        absentee=staff.staff_id,
        delegate=request.delegate,
        first_day=request.first_day,
        last_day=request.last_day,
        reason=request.reason,
        arranged_at=now,
    )
    tx.covers.put(cover)
    _record_arranged(tx, actor, cover, now)
    return cover


def _record_arranged(tx: Transaction, actor: Actor, cover: Cover, now: datetime) -> None:
    tx.audit.append(
        audit.act(
            "cover.arranged",
            now,
            actor,
            cover=str(UUID(bytes=cover.cover_id)),
            delegate=cover.delegate,
            absentee=cover.absentee,
            first_day=cover.first_day.isoformat(),
            last_day=cover.last_day.isoformat(),
            reason=cover.reason.value,
        )
    )


def _violations(
    tx: Transaction, staff: StaffMember, request: CoverRequest, today: date
) -> Iterator[_Violation]:
    delegate = tx.staff.get(request.delegate)
    if delegate is None or not _may_cover(staff, delegate):
        # One text for unknown, blocked and elsewhere: who works where is nothing to find out here.
        yield "vervanger", "Kies een collega uit uw eigen team."
    if request.first_day < today:
        yield "van", "Kies vandaag of een latere dag."
    elif (request.first_day - today).days > COVER_DAYS_MAX:
        # Days are counted from today, never added to a day that was sent: past the year 9999 there is none.
        yield "van", "Begin binnen zes weken. Regel het later opnieuw als dat nodig is."
    if request.days < 1:
        yield "tot", "De laatste dag ligt vóór de eerste dag. Kies een latere dag."
    elif request.days > COVER_DAYS_MAX:
        yield "tot", "Een vervanging duurt hoogstens zes weken. Kies een eerdere dag."
    elif any(
        _overlaps(known, request) for known in tx.covers.of_absentee(staff.organisation, staff.staff_id)
    ):
        yield "van", "Voor deze dagen heeft u al een vervanger. Kies andere dagen."


def _may_cover(staff: StaffMember, other: StaffMember) -> bool:
    return looks_here(other, staff.organisation) and other.team == staff.team and other != staff


def looks_here(staff: StaffMember, organisation: str) -> bool:
    """Whether she does this work in this organisation now."""
    return staff.active and staff.organisation == organisation and Role.TEAM_MEMBER in staff.roles


def _overlaps(cover: Cover, request: CoverRequest) -> bool:
    return cover.first_day <= request.last_day and request.first_day <= _last_day_it_held(cover)


def _last_day_it_held(cover: Cover) -> date:
    if cover.ended_on is None:
        return cover.last_day
    return min(cover.last_day, cover.ended_on - timedelta(days=1))


def end_cover(tx: Transaction, actor: Actor, cover_id: bytes, now: datetime) -> Cover:
    """End a cover before its time; it no longer holds from this moment on. One that is over stays as it is.

    Args:
        tx: the open transaction.
        actor: the absent worker, her delegate, or the team lead of the team it was arranged in.
        cover_id: 16 bytes.
        now: aware UTC.

    Raises:
        NotPermitted: the actor acts neither as a wijkteammedewerker nor as a teamleider.
        NotFound: `no-cover`: unknown, or none of the actor's business.
    """
    staff = _require_team_role(actor)
    cover = tx.covers.get(staff.organisation, cover_id)
    if cover is None or not _may_end(actor, staff, cover):
        raise NotFound("no-cover", "Deze vervanging is niet gevonden.")
    return end_for(tx, actor, cover, now)


def end_for(tx: Transaction, actor: Actor, cover: Cover, now: datetime) -> Cover:
    """End a cover; whether the actor may is the caller's to know. One that is over stays as it is."""
    today = dutch_day(now)
    if cover.is_over(today):
        return cover
    ended = replace(cover, ended_on=today)
    tx.covers.put(ended)
    tx.audit.append(audit.act("cover.ended", now, actor, cover=str(UUID(bytes=cover.cover_id))))
    return ended


def _require_team_role(actor: Actor) -> StaffMember:
    """Who looks or who leads; both are concerned with covers."""
    leads = Role.TEAM_LEAD in actor.roles
    return require_role(actor, Role.TEAM_LEAD if leads else Role.TEAM_MEMBER)


def _may_end(actor: Actor, staff: StaffMember, cover: Cover) -> bool:
    concerned = Role.TEAM_MEMBER in actor.roles and staff.staff_id in {cover.absentee, cover.delegate}
    return concerned or (Role.TEAM_LEAD in actor.roles and staff.team == cover.team)


def overview(tx: Transaction, actor: Actor, now: datetime) -> CoverOverview:
    """The covers the actor and her team have to do with.

    Raises:
        NotPermitted: the actor acts neither as a wijkteammedewerker nor as a teamleider.
    """
    staff = _require_team_role(actor)
    today = dutch_day(now)
    organisation = staff.organisation
    mine = still_standing(tx.covers.of_absentee(organisation, staff.staff_id), today)
    for_others = still_standing(tx.covers.by_delegate(organisation, staff.staff_id), today)
    team = still_standing(tx.covers.of_team(organisation, staff.team), today)
    colleagues = colleagues_of(tx, staff) if Role.TEAM_MEMBER in actor.roles else ()
    return CoverOverview(mine, for_others, team, colleagues, names_in(tx, (*mine, *for_others, *team)))


def still_standing(covers: Iterable[Cover], today: date) -> tuple[Cover, ...]:
    """Those that are not over."""
    return tuple(cover for cover in covers if not cover.is_over(today))


def colleagues_of(tx: Transaction, staff: StaffMember) -> tuple[StaffMember, ...]:
    """Who else looks for clients in her team, by name."""
    known = (other for other in tx.staff.all() if _may_cover(staff, other))
    return tuple(sorted(known, key=lambda other: (other.shown_name.casefold(), other.staff_id)))


def names_in(tx: Transaction, covers: Iterable[Cover]) -> Mapping[str, str]:
    """How everybody in these covers is called, by staff id."""
    concerned = {staff_id for cover in covers for staff_id in (cover.absentee, cover.delegate)}
    return {staff_id: shown_name(tx, staff_id) for staff_id in sorted(concerned)}


def shown_name(tx: Transaction, staff_id: str) -> str:
    """How colleagues call a member of staff."""
    known = tx.staff.get(staff_id)
    return known.shown_name if known is not None else staff_id


def standing_covers(tx: Transaction, staff: StaffMember, on: date) -> Sequence[Cover]:
    """The covers under which this member of staff may look for others on this day, in order of first day.

    Args:
        tx: the open transaction.
        staff: the delegate.
        on: the Dutch calendar day.
    """
    return [
        cover
        for cover in tx.covers.by_delegate(staff.organisation, staff.staff_id)
        if cover.runs(on) and _still_holds(tx, staff, cover)
    ]


def _still_holds(tx: Transaction, staff: StaffMember, cover: Cover) -> bool:
    """Whether both still do this work in the organisation and the team the cover was arranged in."""
    absentee = tx.staff.get(cover.absentee)
    return absentee is not None and all(
        looks_here(each, cover.organisation) and each.team == cover.team for each in (absentee, staff)
    )
