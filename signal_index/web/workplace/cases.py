"""The routes that lead to a look, and the list of what waits for a team lead; none of them reads a flag."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from signal_index.usecases import relations
from signal_index.usecases.workplace import views
from signal_index.usecases.workplace.arrivals import arrive
from signal_index.web.desk import Desk
from signal_index.web.workers import answer

from . import shapes


def add(desk: Desk, routes: APIRouter) -> None:
    """Add these routes."""

    @routes.post(
        "/zaakopeningen",
        response_model=shapes.GevondenZaak,
        name="zaakopening",
        summary="Open een zaak met een kaartje",
    )
    async def openen(request: Request, kaartje: shapes.Kaartje) -> Response:
        """Wissel het kaartje van een regiesysteem in voor de zaak die het opent; een kaartje werkt één keer."""
        relation = await desk.run_as(
            request, lambda tx, actor: arrive(tx, actor, kaartje.kaartje, desk.now())
        )
        return answer(shapes.GevondenZaak(zorgrelatie=UUID(bytes=relation)))

    @routes.get(
        "/zorgrelaties/{zorgrelatie}/doelen",
        response_model=shapes.Doelen,
        name="doelen",
        summary="Lees waarvoor u kunt kijken",
    )
    async def doelen(request: Request, zorgrelatie: UUID) -> Response:
        """Waarvoor u bij deze zaak kunt kijken, en op welke leefgebieden; voor elke zaak gelijk."""
        start = await desk.run_as(
            request, lambda tx, actor: views.start(tx, desk.rules, actor, zorgrelatie.bytes, desk.now())
        )
        return answer(shapes.Doelen.of(start))

    @routes.get(
        "/wachtende-zorgrelaties",
        response_model=shapes.WachtendeZorgrelaties,
        name="wachtende-zorgrelaties",
        summary="Lees welke zaken op u wachten",
    )
    async def wachtende(request: Request) -> Response:
        """Zaken in uw team die een medewerker voor zichzelf aanmaakte, en die u als teamleider bevestigt."""
        found = await desk.run_as(request, lambda tx, actor: relations.awaiting(tx, actor, desk.now()))
        waiting = tuple(shapes.WachtendeZorgrelatie.awaiting(each) for each in found)
        return answer(shapes.WachtendeZorgrelaties(zorgrelaties=waiting))
