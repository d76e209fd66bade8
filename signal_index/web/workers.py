"""The wijkteam surface: a worker's caseload, her looks and the proof of them, and the second person's confirmation.

What else she can do on her pages stands in `signal_index.web.workplace`.
"""

from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from signal_index.usecases import relations
from signal_index.usecases.administration import teams
from signal_index.usecases.log import redeem
from signal_index.usecases.look_up import Refused
from signal_index.usecases.workplace.views import open_look
from signal_index.wire import (
    Logbewijs,
    Ontvangstbewijs,
    Raadpleegvraag,
    Raadpleging,
    Zorgrelatie,
    Zorgrelaties,
)
from signal_index.wire.administration import Bevestiging, Team, Uitkomst

from .api.document import PREFIX
from .desk import Desk
from .problems import of_error
from .strict import routes_below


def answer(body: BaseModel, status: int = 200) -> Response:
    """A JSON answer, serialised once."""
    return Response(body.model_dump_json(), status, media_type="application/json")


def router(desk: Desk) -> APIRouter:
    """The routes of this surface."""
    routes = routes_below(PREFIX)
    _looks(desk, routes)
    _relations(desk, routes)
    _own_team(desk, routes)
    return routes


def _looks(desk: Desk, routes: APIRouter) -> None:
    @routes.post(
        "/raadplegingen",
        response_model=Raadpleging,
        name="raadplegingen",
        summary="Kijk welke hulp er loopt",
    )
    async def raadplegen(request: Request, vraag: Raadpleegvraag) -> Response:
        """Kijk welke hulp er loopt voor een inwoner in uw caseload."""
        outcome = await desk.run_as(
            request,
            lambda tx, actor: open_look(tx, desk.rules, actor, vraag.to_model(), desk.now()),
            looking=True,
        )
        if isinstance(outcome, Refused):
            return of_error(outcome.error)
        answered = outcome.answered
        return answer(
            Raadpleging.of(answered.answer, answered.receipt, answered.ground.catalogue, view=outcome.view)
        )

    @routes.post(
        "/logbewijzen",
        response_model=Logbewijs,
        name="logbewijzen",
        summary="Wissel een ontvangstbewijs in",
    )
    async def bewijzen(request: Request, bewijs: Ontvangstbewijs) -> Response:
        """Wissel een ontvangstbewijs in voor het bewijs dat uw raadpleging in het logboek staat."""
        receipt = bewijs.to_model()
        proof = await desk.run_as(request, lambda tx, actor: redeem(tx, actor, receipt, desk.now()))
        return answer(Logbewijs(bewijs=proof.decode()))


def _relations(desk: Desk, routes: APIRouter) -> None:
    @routes.get("/zorgrelaties", response_model=Zorgrelaties, name="zorgrelaties", summary="Lees uw caseload")
    async def zorgrelaties(request: Request) -> Response:
        """Uw caseload: zaakreferenties, nooit namen."""
        found = await desk.run_as(request, lambda tx, actor: relations.caseload(tx, actor, desk.now()))
        return answer(Zorgrelaties.of(found))

    @routes.post(
        "/zorgrelaties/{zorgrelatie}/bevestiging",
        response_model=Zorgrelatie,
        name="bevestiging",
        summary="Bevestig een zorgrelatie",
    )
    async def bevestigen(request: Request, zorgrelatie: UUID) -> Response:
        """Bevestig als teamleider een zorgrelatie die een medewerker voor zichzelf heeft aangemaakt."""
        confirmed = await desk.run_as(
            request, lambda tx, actor: relations.confirm(tx, actor, zorgrelatie.bytes, desk.now())
        )
        return answer(Zorgrelatie.of(confirmed))


def _own_team(desk: Desk, routes: APIRouter) -> None:
    @routes.get("/teamleden", response_model=Team, name="teamleden", summary="Lees wie u moet bevestigen")
    async def teamleden(request: Request) -> Response:
        """Wie u als teamleider elk kwartaal bevestigt."""
        roll = await desk.run_as(request, lambda tx, actor: teams.own_team(tx, actor, desk.now()))
        return answer(Team.of((roll.organisation, roll.team), roll.members, (roll.due_on, roll.overdue)))

    @routes.post(
        "/teamledenlijsten",
        response_model=Uitkomst,
        name="teamledenlijst",
        summary="Bevestig wie er in uw team werkt",
        responses={202: {"model": Uitkomst, "description": "Een tweede mens moet beslissen"}},
    )
    async def team_bevestigen(request: Request, gezegd: Bevestiging) -> Response:
        """Bevestig wie er in uw team werkt; wie is vertrokken, kan meteen niet meer inloggen."""
        said = teams.Answer(frozenset(gezegd.werkend), frozenset(gezegd.vertrokken))
        waiting = await desk.run_as(
            request, lambda tx, actor: teams.confirm_own_team(tx, actor, said, desk.now())
        )
        return answer(Uitkomst.of(waiting), 202 if waiting else 200)
