"""The routes for covers in one's own team: who looks for whom, arrange one for oneself, and end one."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from signal_index.usecases.workplace import covers
from signal_index.web.desk import Desk
from signal_index.web.workers import answer
from signal_index.wire.administration import Vervanging

from . import shapes


def add(desk: Desk, routes: APIRouter) -> None:
    """Add these routes."""

    @routes.get(
        "/teamvervangingen",
        response_model=shapes.Teamvervangingen,
        name="teamvervangingen",
        summary="Lees de vervangingen in uw team",
    )
    async def alle(request: Request) -> Response:
        """Wie u vervangt, wie u vervangt voor een ander, wie dat doen in uw team, en wie u kunt vragen."""
        found = await desk.run_as(request, lambda tx, actor: covers.overview(tx, actor, desk.now()))
        return answer(shapes.Teamvervangingen.of(found))

    @routes.post(
        "/teamvervangingen",
        response_model=Vervanging,
        status_code=201,
        name="nieuwe-teamvervanging",
        summary="Regel dat een collega voor u kijkt",
    )
    async def regelen(request: Request, gezegd: shapes.NieuweTeamvervanging) -> Response:
        """Regel dat een collega uit uw team voor u kijkt, hoogstens zes weken."""
        wanted = covers.CoverRequest(gezegd.vervanger, gezegd.van, gezegd.tot, gezegd.reden)
        cover = await desk.run_as(request, lambda tx, actor: covers.arrange(tx, actor, wanted, desk.now()))
        return answer(Vervanging.of(cover), 201)

    @routes.post(
        "/teamvervangingen/{vervanging}/einde",
        response_model=Vervanging,
        name="einde-teamvervanging",
        summary="Stop een vervanging in uw team",
    )
    async def stoppen(request: Request, vervanging: UUID) -> Response:
        """Stop een vervanging van uzelf, door uzelf of, als teamleider, in uw team; vanaf nu."""
        cover = await desk.run_as(
            request, lambda tx, actor: covers.end_cover(tx, actor, vervanging.bytes, desk.now())
        )
        return answer(Vervanging.of(cover))
