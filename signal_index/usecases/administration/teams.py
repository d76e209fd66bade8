"""Teams are looked through every quarter: who works there, who does not any more.

A team lead looks through her own team, without herself. Whom no lead can confirm, since a team has none or she is the
only one, is confirmed by who administers.

Invariants:
1. Nobody confirms herself.
2. Nobody is confirmed who was not on the list she saw: with another list by now, nothing happens.
3. Who works there no more is blocked at once; one who holds a sensitive role becomes a proposal.
4. To who administers there is no team beyond her bounds.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from policy.vocabulary import Role
from signal_index import audit
from signal_index.errors import Conflict, NotFound
from signal_index.model import Actor, StaffMember, dutch_day
from signal_index.model.administration import (
    CONFIRM_EVERY,
    Change,
    Proposal,
    TeamConfirmation,
    Why,
)
from signal_index.ports import Transaction
from signal_index.usecases.authority import require_role

from .acting import ADMINISTERING_ROLE, bounds_of, recorded_under
from .changes import Hand, carry_out, needs_two
from .proposals import propose

ASK_BEFORE = timedelta(days=14)


@dataclass(frozen=True)
class Answer:
    """What somebody says about each member of a team, by staff id.

    Args:
        stays: who works there.
        gone: who does not any more.
    """

    stays: frozenset[str]
    gone: frozenset[str]


@dataclass(frozen=True)
class Roll:
    """Whom somebody has to confirm in one team.

    Args:
        organisation: OIN.
        members: active members she answers for, by name.
        due_on: the day by which; None when there is nobody, or nobody counted yet.
        overdue: whether that day has passed.
        last: the newest confirmation of the team, by whomever.
    """

    organisation: str
    team: str
    members: tuple[StaffMember, ...]
    due_on: date | None
    overdue: bool
    last: TeamConfirmation | None


@dataclass(frozen=True)
class TeamStanding:
    """One team as who administers sees it.

    Args:
        organisation: OIN.
        leads: active team leads, by name.
        members: all active members, by name.
        roll: whom who administers has to confirm: those no lead can.
        due_on: the day by which the whole team must be confirmed; None when nobody counted yet.
        overdue: whether that day has passed.
        last: the newest confirmation.
    """

    organisation: str
    team: str
    leads: tuple[StaffMember, ...]
    members: tuple[StaffMember, ...]
    roll: Roll
    due_on: date | None
    overdue: bool
    last: TeamConfirmation | None


def list_teams(tx: Transaction, actor: Actor, now: datetime) -> Sequence[TeamStanding]:
    """Every team within the actor's bounds with somebody active in it, overdue first.

    Raises:
        NotPermitted: the actor does not administer.
    """
    staff = require_role(actor, ADMINISTERING_ROLE)
    tx.audit.append(audit.act("teams.listed", now, actor))
    bounds = bounds_of(tx, staff)
    names = {
        (each.organisation, each.team)
        for each in tx.staff.all()
        if each.active and each.organisation in bounds
    }
    standings = [_standing(tx, staff, organisation, team, dutch_day(now)) for organisation, team in names]
    return sorted(standings, key=lambda each: (not each.overdue, each.organisation, each.team))


def _standing(tx: Transaction, staff: StaffMember, organisation: str, team: str, today: date) -> TeamStanding:
    members = _members(tx, organisation, team)
    due_on = _due_on(members)
    return TeamStanding(
        organisation=organisation,
        team=team,
        leads=tuple(each for each in members if Role.TEAM_LEAD in each.roles),
        members=members,
        roll=_roll(tx, organisation, team, _beyond_the_leads(members, staff), today),
        due_on=due_on,
        overdue=due_on is not None and today > due_on,
        last=_last(tx, organisation, team),
    )


def _members(tx: Transaction, organisation: str, team: str) -> tuple[StaffMember, ...]:
    """Who is active in a team, by name."""
    found = [
        each
        for each in tx.staff.all()
        if each.active and (each.organisation, each.team) == (organisation, team)
    ]
    return tuple(sorted(found, key=lambda each: (each.shown_name.casefold(), each.staff_id)))


def _beyond_the_leads(members: Sequence[StaffMember], staff: StaffMember) -> tuple[StaffMember, ...]:
    """Those no lead can confirm, without who administers herself."""
    leads = {each.staff_id for each in members if Role.TEAM_LEAD in each.roles}
    return tuple(each for each in members if not leads - {each.staff_id} and each.staff_id != staff.staff_id)


def _due_on(members: Iterable[StaffMember]) -> date | None:
    counted = [each.confirmed_on for each in members if each.confirmed_on is not None]
    return min(counted) + CONFIRM_EVERY if counted else None


def _last(tx: Transaction, organisation: str, team: str) -> TeamConfirmation | None:
    known = tx.team_confirmations.all()
    return next((each for each in known if (each.organisation, each.team) == (organisation, team)), None)


def _roll(
    tx: Transaction, organisation: str, team: str, members: tuple[StaffMember, ...], today: date
) -> Roll:
    due_on = _due_on(members)
    overdue = due_on is not None and today > due_on
    return Roll(organisation, team, members, due_on, overdue, _last(tx, organisation, team))


def own_team(tx: Transaction, actor: Actor, now: datetime) -> Roll:
    """Whom a team lead has to confirm: everybody active in her team but herself.

    Raises:
        NotPermitted: the actor does not act as a teamleider.
    """
    staff = require_role(actor, Role.TEAM_LEAD)
    tx.audit.append(audit.act("team.read", now, actor))
    return _own_roll(tx, staff, dutch_day(now))


def asked_by(tx: Transaction, staff: StaffMember, today: date) -> date | None:
    """The day by which a team lead has to look through her team, once that is near; None while she can wait."""
    if Role.TEAM_LEAD not in staff.roles:
        return None
    due_on = _own_roll(tx, staff, today).due_on
    return due_on if due_on is not None and today >= due_on - ASK_BEFORE else None


def _own_roll(tx: Transaction, staff: StaffMember, today: date) -> Roll:
    others = tuple(
        each for each in _members(tx, staff.organisation, staff.team) if each.staff_id != staff.staff_id
    )
    return _roll(tx, staff.organisation, staff.team, others, today)


def confirm_own_team(tx: Transaction, actor: Actor, answer: Answer, now: datetime) -> tuple[Proposal, ...]:
    """A team lead says of everybody in her team whether she works there.

    Args:
        tx: the open transaction.
        actor: the team lead.
        answer: about exactly those on her list.
        now: aware UTC.

    Returns:
        What waits for a second person.

    Raises:
        NotPermitted: the actor does not act as a teamleider.
        NotFound: `no-roll`: there is nobody for her to confirm.
        Conflict: `team-changed`: the list is another by now.
    """
    staff = require_role(actor, Role.TEAM_LEAD)
    return _confirm(tx, actor, _own_roll(tx, staff, dutch_day(now)), answer, now)


def confirm_for_team(
    tx: Transaction, actor: Actor, of: tuple[str, str], answer: Answer, now: datetime
) -> tuple[Proposal, ...]:
    """Who administers says it of those no lead can confirm.

    Args:
        tx: the open transaction.
        actor: who administers.
        of: organisation and team.
        answer: about exactly those on the roll.
        now: aware UTC.

    Returns:
        What waits for a second person.

    Raises:
        NotPermitted: the actor does not administer.
        NotFound: `no-roll`: there is nobody for her to confirm.
        Conflict: `team-changed`: the list is another by now.
    """
    staff = require_role(actor, ADMINISTERING_ROLE)
    within = of[0] in bounds_of(tx, staff)
    members = _beyond_the_leads(_members(tx, *of), staff) if within else ()
    return _confirm(tx, actor, _roll(tx, *of, members, dutch_day(now)), answer, now)


def _confirm(
    tx: Transaction, actor: Actor, roll: Roll, answer: Answer, now: datetime
) -> tuple[Proposal, ...]:
    expected = {each.staff_id for each in roll.members}
    if not expected:
        raise NotFound("no-roll", "In dit team is er niemand die u kunt bevestigen.")
    if answer.stays & answer.gone or answer.stays | answer.gone != expected:
        raise Conflict("team-changed", "Uw lijst klopt niet meer. Bekijk de lijst opnieuw.")
    today = dutch_day(now)
    for member in roll.members:
        if member.staff_id in answer.stays:
            tx.staff.put(replace(member, confirmed_on=today))
    waiting = _let_go(tx, actor, [each for each in roll.members if each.staff_id in answer.gone], now)
    tx.team_confirmations.put(
        TeamConfirmation(roll.organisation, roll.team, today, actor.staff_id, tuple(sorted(answer.stays)))
    )
    tx.audit.append(
        # Under the organisation of the team, whoever confirmed it: there is its oversight.
        audit.event(
            "team.confirmed",
            now,
            actor=actor.staff_id,
            organisation=recorded_under(tx, roll.organisation),
            token=actor.token_id,
            team=roll.team,
            members=len(answer.stays),
            gone=len(answer.gone),
        )
    )
    return waiting


def _let_go(
    tx: Transaction, actor: Actor, members: Sequence[StaffMember], now: datetime
) -> tuple[Proposal, ...]:
    waiting = []
    for member in members:
        change = Change.block(member.staff_id)
        if needs_two(member, change):
            waiting.append(propose(tx, actor, change, Why.LEFT, now))
        else:
            carry_out(tx, change, Hand.of(actor, Why.LEFT), now)
    return tuple(waiting)
