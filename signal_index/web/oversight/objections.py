"""The routes for objections: what keeps workers from looking, register that a resident objects, and end it."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from signal_index.model import Actor, dutch_day
from signal_index.model.impediments import Impediment, ImpedimentKind
from signal_index.ports import Transaction
from signal_index.usecases.workplace.impeded import impediments_in_organisation
from signal_index.usecases.workplace.impediments import (
    ImpedimentRequest,
    case_in_organisation,
    end_impediment,
    object_to,
)
from signal_index.web.desk import Desk
from signal_index.web.workers import answer
from signal_index.wire.impediments import Belemmering, Belemmeringen, NieuwBezwaar, VermeldeBelemmering


def add(desk: Desk, routes: APIRouter) -> None:
    """Add these routes."""

    @routes.get(
        "/belemmeringen",
        response_model=Belemmeringen,
        name="belemmeringen",
        summary="Lees wie niet kijkt, en bij wie",
    )
    async def alle(request: Request) -> Response:
        """Elk bezwaar van een inwoner en elke medewerker die een inwoner privé kent; zonder zaaknummer."""
        found = await desk.run_as(
            request, lambda tx, actor: impediments_in_organisation(tx, actor, desk.now())
        )
        told = tuple(VermeldeBelemmering.listed(each) for each in found)
        return answer(Belemmeringen(belemmeringen=told))

    @routes.post(
        "/belemmeringen",
        response_model=Belemmering,
        status_code=201,
        name="nieuw-bezwaar",
        summary="Leg een bezwaar vast",
    )
    async def vastleggen(request: Request, nieuw: NieuwBezwaar) -> Response:
        """Leg vast dat een inwoner bezwaar maakt; van deze inwoner ziet dan niemand meer iets."""

        def job(tx: Transaction, actor: Actor) -> Impediment:
            relation = case_in_organisation(tx, actor, nieuw.zaak, desk.now())
            first = nieuw.van or dutch_day(desk.now())
            return object_to(tx, actor, ImpedimentRequest(relation, first, nieuw.tot), desk.now())

        return answer(Belemmering.of(await desk.run_as(request, job)), 201)

    @routes.post(
        "/belemmeringen/{belemmering}/einde",
        response_model=Belemmering,
        name="einde-bezwaar",
        summary="Beëindig een bezwaar",
    )
    async def beeindigen(request: Request, belemmering: UUID) -> Response:
        """Beëindig een bezwaar; vanaf nu houdt het niemand meer tegen."""

        def job(tx: Transaction, actor: Actor) -> Impediment:
            return end_impediment(tx, actor, belemmering.bytes, desk.now(), kind=ImpedimentKind.OBJECTION)

        return answer(Belemmering.of(await desk.run_as(request, job)))
