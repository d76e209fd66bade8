"""The routes for the log itself: its newest records, and how it and its witnesses do."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from signal_index.usecases.oversee import read_log
from signal_index.usecases.oversight.health import health
from signal_index.web.desk import Desk
from signal_index.web.workers import answer
from signal_index.wire import Logregel, Logregels

from .log_shapes import Logboek


def add(desk: Desk, routes: APIRouter) -> None:
    """Add these routes."""

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

    @routes.get(
        "/logboek", response_model=Logboek, name="logboek", summary="Lees hoe het logboek ervoor staat"
    )
    async def logboek(request: Request) -> Response:
        """Of het logboek groeit, of getuigen het bevestigen, en of er iets ontbreekt."""
        found = await desk.run_as(request, lambda tx, actor: health(tx, actor, desk.expected, desk.now()))
        return answer(Logboek.of(found))
