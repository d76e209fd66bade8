"""The routes for the register of publishers, sources, contact routes and entrances."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from crypto.errors import CryptoError
from signal_index.errors import Malformed
from signal_index.model import Register, dutch_day
from signal_index.usecases.administration import register
from signal_index.usecases.rulebook.in_use import require_in_force
from signal_index.web.desk import Desk
from signal_index.web.workers import answer
from signal_index.wire.register import Registerinhoud


def add(desk: Desk, routes: APIRouter) -> None:
    """Add these routes."""

    @routes.get("/register", response_model=Registerinhoud, name="register", summary="Lees het register")
    async def lezen(request: Request) -> Response:
        """Wie wat mag aanleveren, en wie er te bellen is."""
        found = await desk.run_as(request, lambda tx, actor: register.read_register(tx, actor, desk.now()))
        return answer(Registerinhoud.of(found))

    @routes.put(
        "/register", response_model=Registerinhoud, name="register-vervangen", summary="Vervang het register"
    )
    async def vervangen(
        request: Request,
        inhoud: Registerinhoud,
        magWeglaten: Annotated[  # noqa: N803, FBT002 - camelCase by the API Design Rules; always named
            bool, Query(description="Er mag iets weg wat nu in het register staat.")
        ] = False,
    ) -> Response:
        """Vervang het hele register."""
        moment = desk.now()
        types = [kind.code for kind in require_in_force(desk.rules, dutch_day(moment)).catalogue.types]
        stated = _stated(inhoud)
        await desk.run_as(
            request,
            lambda tx, actor: register.import_register(
                tx, actor, stated, types, moment, may_remove=magWeglaten
            ),
        )
        return answer(Registerinhoud.of(stated))


def _stated(inhoud: Registerinhoud) -> Register:
    try:
        return inhoud.to_model()
    except CryptoError as error:
        fault = ("sleutel", "Dit is geen sleutel.")
        raise Malformed("register", "Het register klopt niet; er is niets gewijzigd.", (fault,)) from error
