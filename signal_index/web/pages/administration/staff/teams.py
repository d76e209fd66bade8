"""Teams: who leads them, when each must be looked through, and the form for those no lead can confirm."""

from dataclasses import dataclass

from starlette.responses import Response

from signal_index.errors import NotFound
from signal_index.model import Actor
from signal_index.ports import Transaction
from signal_index.usecases.administration.teams import TeamStanding, confirm_for_team, list_teams
from signal_index.web.pages.visits import ADMINISTRATORS, Page, Visit

from .people import opaque_id
from .rolls import RollAnswer


@dataclass(frozen=True)
class Team:
    """One team, and what names it in an address."""

    team_id: bytes
    standing: TeamStanding
    last_by: str


def _teams(tx: Transaction, actor: Actor, visit: Visit) -> list[Team]:
    return [_team(tx, each) for each in list_teams(tx, actor, visit.now)]


def _team(tx: Transaction, standing: TeamStanding) -> Team:
    by = tx.staff.get(standing.last.confirmed_by) if standing.last is not None else None
    name = by.shown_name if by is not None else ""
    return Team(opaque_id(tx, "team", standing.organisation, standing.team), standing, name)


def _one(tx: Transaction, actor: Actor, visit: Visit) -> Team:
    team_id = visit.param("team")
    for each in _teams(tx, actor, visit):
        if each.team_id == team_id:
            return each
    raise NotFound("no-roll", "Dit team bestaat niet (meer).")


async def show_teams(visit: Visit) -> Response:
    """Every team, overdue first."""
    teams = await visit.run_as(lambda tx, actor: _teams(tx, actor, visit))
    return visit.page("administration/teams.html", teams=teams)


async def show_team(visit: Visit) -> Response:
    """One team."""
    return await _page(visit, RollAnswer())


async def _page(visit: Visit, filled: RollAnswer, *, posted: bool = False) -> Response:
    team = await visit.run_as(lambda tx, actor: _one(tx, actor, visit))
    errors = filled.errors() if posted else ()
    return visit.page(
        "administration/team.html",
        400 if errors else 200,
        errors=errors,
        team=team,
        roll=team.standing.roll,
        filled=filled,
        leavers=filled.leavers(team.standing.roll) if posted and not errors else [],
        confirmed="bevestigd" in visit.request.query_params,
        waits="voorstel" in visit.request.query_params,
    )


async def confirm_team(visit: Visit) -> Response:
    """Confirm those no lead can."""
    filled = RollAnswer.of(visit.form)
    if filled.errors() or filled.must_be_sure:
        return await _page(visit, filled, posted=True)

    def run(tx: Transaction, actor: Actor) -> bool:
        standing = _one(tx, actor, visit).standing
        of = (standing.organisation, standing.team)
        return bool(confirm_for_team(tx, actor, of, filled.answer(), visit.now))

    waits = await visit.run_as(run)
    return visit.to("team_roll", team=visit.param("team"), bevestigd="ja", voorstel="ja" if waits else None)


PAGES = (
    Page("/beheer/teams", "teams", roles=ADMINISTRATORS, get=show_teams),
    Page(
        "/beheer/teams/{team:uuid}",
        "team_roll",
        roles=ADMINISTRATORS,
        section="teams",
        get=show_team,
        post=confirm_team,
    ),
)
