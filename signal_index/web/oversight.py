"""The surface for oversight: the privacy officer reads the log of looks."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from signal_index.usecases.oversee import read_log
from signal_index.wire import Logregel, Logregels

from .desk import Desk
from .workers import answer


def router(desk: Desk) -> APIRouter:
    """The routes of this surface."""
    routes = APIRouter()

    @routes.get("/logregels", response_model=Logregels, name="logregels")
    async def logregels(
        request: Request,
        limiet: Annotated[int, Query(ge=1, le=1000)] = 100,
        alles: Annotated[bool, Query()] = False,  # noqa: FBT002 - a query parameter is always named
    ) -> Response:
        """De nieuwste raadplegingen, of met alles=true alle gebeurtenissen."""
        entries = await desk.run_as(
            request,
            lambda tx, actor: read_log(tx, actor, desk.now(), looks_only=not alles, limit=limiet),
        )
        return answer(Logregels(logregels=tuple(Logregel.of(entry) for entry in entries)))

    return routes
