"""The routes for what is due for a worker, and for the daily e-mail she may ask for."""

from fastapi import APIRouter, Request, Response

from signal_index.usecases.workplace.inbox import inbox
from signal_index.usecases.workplace.messages import set_digest
from signal_index.web.desk import Desk
from signal_index.web.workers import answer

from . import shapes


def add(desk: Desk, routes: APIRouter) -> None:
    """Add these routes."""

    @routes.get("/berichten", response_model=shapes.Berichten, name="berichten", summary="Lees uw berichten")
    async def berichten(request: Request) -> Response:
        """Wat u nog moet doen of weten, uw open vragen aan bronnen, en of u de dagelijkse e-mail krijgt."""
        found = await desk.run_as(request, lambda tx, actor: inbox(tx, desk.rules, actor, desk.now()))
        return answer(shapes.Berichten.of(found))

    @routes.put(
        "/samenvatting",
        response_model=shapes.Samenvatting,
        name="samenvatting",
        summary="Zet de dagelijkse e-mail aan of uit",
    )
    async def samenvatting(request: Request, keuze: shapes.Samenvattingkeuze) -> Response:
        """Zet de dagelijkse e-mail aan of uit; hij gaat naar het adres in uw token (email)."""
        chosen = await desk.run_as(
            request,
            lambda tx, actor: set_digest(
                tx, actor, desk.identity.address(request), desk.now(), wanted=keuze.gewenst
            ),
        )
        return answer(shapes.Samenvatting(naar=chosen.digest_to))
