"""The routes for who knows a resident outside her work: a worker says it of herself, her lead of the team."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from signal_index.model import Actor, dutch_day
from signal_index.model.impediments import Impediment, ImpedimentKind
from signal_index.ports import Transaction
from signal_index.usecases.workplace.impeded import impediments_in_team, said_herself
from signal_index.usecases.workplace.impediments import (
    ImpedimentRequest,
    case_in_team,
    end_impediment,
    involve,
    involve_self,
)
from signal_index.web.desk import Desk
from signal_index.web.workers import answer
from signal_index.wire.impediments import Belemmering, Dagen, EigenBelemmering, NieuweTeambelemmering

from . import shapes


def add(desk: Desk, routes: APIRouter) -> None:
    """Add these routes."""
    _own(desk, routes)
    _in_team(desk, routes)


def _own(desk: Desk, routes: APIRouter) -> None:
    @routes.get(
        "/zorgrelaties/{zorgrelatie}/belemmering",
        response_model=EigenBelemmering,
        name="eigen-belemmering",
        summary="Lees of u vastlegde dat u een inwoner kent",
    )
    async def lezen(request: Request, zorgrelatie: UUID) -> Response:
        """Wat u zelf vastlegde bij deze zaak; wat een ander vastlegde, staat hier niet."""
        _, said = await desk.run_as(
            request, lambda tx, actor: said_herself(tx, actor, zorgrelatie.bytes, desk.now())
        )
        return answer(EigenBelemmering(belemmering=None if said is None else Belemmering.of(said)))

    @routes.post(
        "/zorgrelaties/{zorgrelatie}/belemmering",
        response_model=Belemmering,
        status_code=201,
        name="nieuwe-eigen-belemmering",
        summary="Leg vast dat u een inwoner privé kent",
    )
    async def vastleggen(request: Request, zorgrelatie: UUID, dagen: Dagen) -> Response:
        """U ziet dan niets meer van deze inwoner. Alleen uw teamleider kan dat beëindigen."""
        wanted = ImpedimentRequest(zorgrelatie.bytes, dagen.van or dutch_day(desk.now()), dagen.tot)
        made = await desk.run_as(request, lambda tx, actor: involve_self(tx, actor, wanted, desk.now()))
        return answer(Belemmering.of(made), 201)


def _in_team(desk: Desk, routes: APIRouter) -> None:
    @routes.get(
        "/teambelemmeringen",
        response_model=shapes.Teambelemmeringen,
        name="teambelemmeringen",
        summary="Lees wie in uw team een inwoner privé kent",
    )
    async def alle(request: Request) -> Response:
        """Wie in uw team niet kijkt bij een zaak, en van wie u dat kunt vastleggen; nooit iets over uzelf."""
        found = await desk.run_as(request, lambda tx, actor: impediments_in_team(tx, actor, desk.now()))
        return answer(shapes.Teambelemmeringen.of(found))

    @routes.post(
        "/teambelemmeringen",
        response_model=Belemmering,
        status_code=201,
        name="nieuwe-teambelemmering",
        summary="Leg vast dat een medewerker een inwoner privé kent",
    )
    async def vastleggen(request: Request, nieuw: NieuweTeambelemmering) -> Response:
        """Leg vast dat iemand uit uw team de inwoner van een zaak privé kent; zij ziet daar dan niets meer."""

        def job(tx: Transaction, actor: Actor) -> Impediment:
            relation = case_in_team(tx, actor, nieuw.zaak, desk.now())
            first = nieuw.van or dutch_day(desk.now())
            wanted = ImpedimentRequest(relation, first, nieuw.tot)
            return involve(tx, actor, nieuw.medewerker, wanted, desk.now())

        return answer(Belemmering.of(await desk.run_as(request, job)), 201)

    @routes.post(
        "/teambelemmeringen/{belemmering}/einde",
        response_model=Belemmering,
        name="einde-teambelemmering",
        summary="Beëindig dat een medewerker niet kijkt",
    )
    async def beeindigen(request: Request, belemmering: UUID) -> Response:
        """Beëindig een belemmering in uw team, nooit die van uzelf; vanaf nu kan de medewerker weer kijken."""

        def job(tx: Transaction, actor: Actor) -> Impediment:
            return end_impediment(tx, actor, belemmering.bytes, desk.now(), kind=ImpedimentKind.INVOLVED)

        return answer(Belemmering.of(await desk.run_as(request, job)))
