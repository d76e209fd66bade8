"""For team leads: care relations that wait for a second person, and once a quarter the names in the team.

The form about names is filled in by who administers as well, for whom no lead can confirm.
"""

from collections.abc import Sequence
from datetime import date

from starlette.responses import Response

from policy.vocabulary import Role
from signal_index.model import Actor, dutch_day
from signal_index.ports import Transaction
from signal_index.usecases import relations
from signal_index.usecases.administration.teams import asked_by, confirm_own_team, own_team

from .administration.staff.rolls import RollAnswer
from .visits import Page, Visit

# --- Care relations -----------------------------------------------------------------------------------------------


async def show_team(visit: Visit) -> Response:
    """What waits for confirmation in the team lead's own team."""

    def read(tx: Transaction, actor: Actor) -> tuple[Sequence[relations.Awaiting], date | None]:
        assert actor.staff is not None, "whoever leads a team has been found in the staff table"
        waiting = relations.awaiting(tx, actor, visit.now)
        return waiting, asked_by(tx, actor.staff, dutch_day(visit.now))

    waiting, due_on = await visit.run_as(read)
    today = dutch_day(visit.now)
    return visit.page(
        "team.html",
        waiting=waiting,
        due_on=due_on,
        overdue=due_on is not None and today > due_on,
        own=visit.actor.staff_id,
        confirmed="bevestigd" in visit.request.query_params,
    )


async def confirm(visit: Visit) -> Response:
    """Confirm one; a second time is a conflict, which the page of errors explains."""
    relation_id = visit.param("relation")
    await visit.run_as(lambda tx, actor: relations.confirm(tx, actor, relation_id, visit.now))
    return visit.to("team", bevestigd="ja")


# --- Names --------------------------------------------------------------------------------------------------------


async def show_own_team(visit: Visit) -> Response:
    """Everybody in her team but herself."""
    return await _page(visit, RollAnswer())


async def _page(visit: Visit, filled: RollAnswer, *, posted: bool = False) -> Response:
    roll = await visit.run_as(lambda tx, actor: own_team(tx, actor, visit.now))
    errors = filled.errors() if posted else ()
    return visit.page(
        "own_team.html",
        400 if errors else 200,
        errors=errors,
        roll=roll,
        filled=filled,
        leavers=filled.leavers(roll) if posted and not errors else [],
        confirmed="bevestigd" in visit.request.query_params,
        waits="voorstel" in visit.request.query_params,
    )


async def confirm_team(visit: Visit) -> Response:
    """Confirm it, after she has seen whose account that blocks."""
    filled = RollAnswer.of(visit.form)
    if filled.errors() or filled.must_be_sure:
        return await _page(visit, filled, posted=True)
    waiting = await visit.run_as(lambda tx, actor: confirm_own_team(tx, actor, filled.answer(), visit.now))
    return visit.to("own_team", bevestigd="ja", voorstel="ja" if waiting else None)


_LEADS = frozenset({Role.TEAM_LEAD})

PAGES = (
    Page("/team", "team", roles=_LEADS, get=show_team),
    Page("/team/{relation:uuid}/bevestigen", "confirm", roles=_LEADS, section="team", post=confirm),
    Page("/team/namen", "own_team", roles=_LEADS, get=show_own_team, post=confirm_team),
)
