"""The surface for oversight: the privacy officer reads the log of looks."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from signal_index.usecases.oversee import read_log
from signal_index.wire import Logregel, Logregels

from .desk import Desk
from .strict import StrictRoute
from .workers import answer


def router(desk: Desk) -> APIRouter:
    """The routes of this surface."""
    routes = APIRouter(route_class=StrictRoute)

    @routes.get(
        "/logregels", response_model=Logregels, name="logregels", summary="Lees het logboek van raadplegingen"
    )
    async def logregels(
        request: Request,
        limiet: Annotated[
            int, Query(ge=1, le=1000, description="Hoeveel regels hoogstens, de nieuwste eerst.")
        ] = 100,
        alles: Annotated[  # noqa: FBT002 - a query parameter is always named
            bool, Query(description="Ook wat geen raadpleging is.")
        ] = False,
    ) -> Response:
        """De nieuwste raadplegingen, of met alles=true alle gebeurtenissen."""
        entries = await desk.run_as(
            request,
            lambda tx, actor: read_log(tx, actor, desk.now(), looks_only=not alles, limit=limiet),
        )
        return answer(Logregels(logregels=tuple(Logregel.of(entry) for entry in entries)))

    return routes
