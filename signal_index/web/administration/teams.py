"""The routes for teams that are looked through, and for covers."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from signal_index.usecases.administration import covers, teams
from signal_index.usecases.workplace.covers import CoverRequest
from signal_index.web.desk import Desk
from signal_index.web.workers import answer
from signal_index.wire.administration import (
    NieuweVervanging,
    Team,
    Teambevestiging,
    Teams,
    Uitkomst,
    Vervanging,
    Vervangingen,
)

from .answers import WAITS, outcome


def add(desk: Desk, routes: APIRouter) -> None:
    """Add these routes."""
    _team_routes(desk, routes)
    _cover_routes(desk, routes)


def _team_routes(desk: Desk, routes: APIRouter) -> None:
    @routes.get("/teams", response_model=Teams, name="teams", summary="Lees de teams")
    async def alle(request: Request) -> Response:
        """De teams van uw organisatie: wie u moet bevestigen omdat geen teamleider dat kan, en wat over tijd is."""
        found = await desk.run_as(request, lambda tx, actor: teams.list_teams(tx, actor, desk.now()))
        told = tuple(
            Team.of(
                (each.organisation, each.team), each.roll.members, (each.due_on, each.overdue), each.leads
            )
            for each in found
        )
        return answer(Teams(teams=told))

    @routes.post(
        "/teambevestigingen",
        response_model=Uitkomst,
        name="teambevestiging",
        summary="Bevestig wie in een team werkt",
        responses=WAITS,
    )
    async def bevestigen(request: Request, gezegd: Teambevestiging) -> Response:
        """Bevestig wie er werkt in een team waarvoor geen teamleider dat kan."""
        said = teams.Answer(frozenset(gezegd.werkend), frozenset(gezegd.vertrokken))
        waiting = await desk.run_as(
            request,
            lambda tx, actor: teams.confirm_for_team(
                tx, actor, (gezegd.organisatie, gezegd.team), said, desk.now()
            ),
        )
        return outcome(waiting)


def _cover_routes(desk: Desk, routes: APIRouter) -> None:
    @routes.get(
        "/vervangingen", response_model=Vervangingen, name="vervangingen", summary="Lees de vervangingen"
    )
    async def alle(request: Request) -> Response:
        """Wie in uw organisatie wie vervangt."""
        found = await desk.run_as(request, lambda tx, actor: covers.list_covers(tx, actor, desk.now()))
        return answer(Vervangingen(vervangingen=tuple(Vervanging.of(each) for each in found.standing)))

    @routes.post(
        "/vervangingen",
        response_model=Vervanging,
        name="nieuwe-vervanging",
        summary="Regel een vervanging",
    )
    async def regelen(request: Request, gezegd: NieuweVervanging) -> Response:
        """Regel een vervanging voor een medewerker die dat zelf niet kan."""
        wanted = CoverRequest(gezegd.vervanger, gezegd.van, gezegd.tot, gezegd.reden)
        cover = await desk.run_as(
            request, lambda tx, actor: covers.arrange_cover(tx, actor, gezegd.afwezig, wanted, desk.now())
        )
        return answer(Vervanging.of(cover))

    @routes.post(
        "/vervangingen/{vervanging}/einde",
        response_model=Vervanging,
        name="einde-vervanging",
        summary="Stop een vervanging",
    )
    async def stoppen(request: Request, vervanging: UUID) -> Response:
        """Stop een vervanging, vanaf nu."""
        cover = await desk.run_as(
            request, lambda tx, actor: covers.end_cover(tx, actor, vervanging.bytes, desk.now())
        )
        return answer(Vervanging.of(cover))
