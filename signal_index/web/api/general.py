"""What everybody may ask of this interface: what it is, whether it can answer now, and by which rules it decides."""

import json
from collections.abc import Callable
from functools import cache
from typing import Any

from fastapi import APIRouter, Response
from pydantic import BaseModel

from signal_index.model import dutch_day
from signal_index.usecases.rulebook.in_use import require_in_force
from signal_index.usecases.rulebook.published import published
from signal_index.web.desk import Desk
from signal_index.web.strict import JSON, routes_below

from .document import PREFIX
from .rule_shapes import Regels


class Gereed(BaseModel):
    """Whether the index can answer."""

    gereed: bool


def router(desk: Desk, document: Callable[[], dict[str, Any]]) -> APIRouter:
    """The routes of every surface.

    Args:
        desk: what the use cases need.
        document: makes the API document; asked once, when it is first wanted.
    """
    routes = routes_below(PREFIX)
    text = cache(lambda: json.dumps(document(), ensure_ascii=False).encode())

    @routes.get("/openapi.json", name="openapi", summary="Lees de beschrijving van deze API")
    async def openapi() -> dict[str, Any]:
        """De beschrijving van deze API, als OpenAPI."""
        # For everybody, also for a page of somebody else's: there is nothing in it that is not published.
        return Response(text(), media_type=JSON, headers={"Access-Control-Allow-Origin": "*"})  # type: ignore[return-value]  # the annotation is for the document

    @routes.get("/gereed", name="gereed", summary="Vraag of de index kan antwoorden")
    async def gereed() -> Gereed:
        """Of deze index nu kan antwoorden: de database kan vastleggen en er zijn regels van kracht."""
        await desk.run(lambda tx: tx.scope)
        require_in_force(desk.rules, dutch_day(desk.now()))
        return Gereed(gereed=True)

    @routes.get("/regels", name="regels", summary="Lees de regels")
    async def regels() -> Regels:
        """Welk doel laat wat zien van welk leefgebied, op welke wet dat rust, en elke regel; voor iedereen."""
        return Regels.of(published(desk.rules, dutch_day(desk.now())), desk.rules.versions)

    return routes
