"""The routes for a look she had: see it again while it is open, end it, print it, and say something about it."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from fastapi import APIRouter, Request, Response

from signal_index.model import Actor
from signal_index.model.workplace import View
from signal_index.ports import Transaction
from signal_index.usecases.look_up import Refused
from signal_index.usecases.workplace import looked, views
from signal_index.usecases.workplace.views import Ended
from signal_index.web.desk import Desk
from signal_index.web.workers import answer

from . import look_shapes as shapes

T = TypeVar("T")


def unless_over(outcome: T | Ended | Refused) -> T:
    """What came of a step on an open look.

    Raises:
        SignalIndexError: the refusal, which is on record; or `view-over`.
    """
    if isinstance(outcome, (Ended, Refused)):
        raise outcome.error
    return outcome


def add(desk: Desk, routes: APIRouter) -> None:
    """Add these routes."""
    _seeing_again(desk, routes)
    _saying(desk, routes)
    _printing(desk, routes)


def _seeing_again(desk: Desk, routes: APIRouter) -> None:
    @routes.get(
        "/raadplegingen",
        response_model=shapes.EigenRaadplegingen,
        name="eigen-raadplegingen",
        summary="Lees uw raadplegingen",
    )
    async def eigen(request: Request) -> Response:
        """Uw raadplegingen van de laatste drie maanden, de nieuwste eerst; nooit wat u zag."""
        now = desk.now()
        found = await desk.run_as(request, lambda tx, actor: looked.mine(tx, actor, now))
        own = tuple(shapes.EigenRaadpleging.of(each, now) for each in found)
        return answer(shapes.EigenRaadplegingen(raadplegingen=own))

    @routes.get(
        "/raadplegingen/{raadpleging}",
        response_model=shapes.OpenRaadpleging,
        name="raadpleging",
        summary="Zie een raadpleging terug",
    )
    async def terugzien(request: Request, raadpleging: UUID) -> Response:
        """Wat een raadpleging die nog open is nu laat zien; nooit meer dan wat toen mocht."""
        now = desk.now()
        outcome = await desk.run_as(
            request, lambda tx, actor: views.look_at(tx, desk.rules, actor, raadpleging.bytes, now)
        )
        return answer(shapes.OpenRaadpleging.of(unless_over(outcome), now))

    @routes.post(
        "/raadplegingen/{raadpleging}/einde",
        status_code=204,
        name="einde-raadpleging",
        summary="Stop een raadpleging",
    )
    async def stoppen(request: Request, raadpleging: UUID) -> Response:
        """Stop een raadpleging, vanaf nu; wat voorbij is, blijft zo."""
        await desk.run_as(
            request, lambda tx, actor: views.close_view(tx, actor, raadpleging.bytes, desk.now())
        )
        return Response(status_code=204)


def _saying(desk: Desk, routes: APIRouter) -> None:
    async def said(request: Request, job: Callable[[Transaction, Actor, datetime], View]) -> Response:
        now = desk.now()
        view = await desk.run_as(request, lambda tx, actor: job(tx, actor, now))
        return answer(shapes.EigenRaadpleging.of(view, now))

    @routes.put(
        "/raadplegingen/{raadpleging}/nut",
        response_model=shapes.EigenRaadpleging,
        name="nut",
        summary="Zeg of het nut had",
    )
    async def nut(request: Request, raadpleging: UUID, gezegd: shapes.Nut) -> Response:
        """Zeg of kijken nut had; een later antwoord vervangt een eerder."""
        return await said(
            request, lambda tx, actor, now: looked.say_useful(tx, actor, raadpleging.bytes, gezegd.nut, now)
        )

    @routes.post(
        "/raadplegingen/{raadpleging}/mededeling",
        response_model=shapes.EigenRaadpleging,
        name="mededeling",
        summary="Zeg dat de inwoner het weet",
    )
    async def mededeling(request: Request, raadpleging: UUID) -> Response:
        """Zeg dat u de inwoner heeft verteld dat u keek."""
        return await said(request, lambda tx, actor, now: looked.say_told(tx, actor, raadpleging.bytes, now))


def _printing(desk: Desk, routes: APIRouter) -> None:
    @routes.post(
        "/raadplegingen/{raadpleging}/werkbladen",
        response_model=shapes.OpenRaadpleging,
        status_code=201,
        name="werkblad",
        summary="Maak een werkblad",
    )
    async def werkblad(request: Request, raadpleging: UUID) -> Response:
        """Wat er op een werkblad komt; dat u het afdrukt, leggen wij vast."""
        now = desk.now()
        outcome = await desk.run_as(
            request,
            lambda tx, actor: looked.print_worksheet(tx, desk.rules, actor, raadpleging.bytes, now),
        )
        return answer(shapes.OpenRaadpleging.of(unless_over(outcome), now), 201)

    @routes.post(
        "/raadplegingen/{raadpleging}/koelkastbladen",
        response_model=shapes.Koelkastblad,
        status_code=201,
        name="koelkastblad",
        summary="Maak een koelkastblad",
    )
    async def koelkastblad(
        request: Request, raadpleging: UUID, gekozen: shapes.NieuwKoelkastblad
    ) -> Response:
        """Wie de inwoner kan bellen: alleen de nummers die de inwoner koos."""
        outcome = await desk.run_as(
            request,
            lambda tx, actor: looked.print_fridge(
                tx, desk.rules, actor, raadpleging.bytes, desk.now(), keys=gekozen.signalen
            ),
        )
        return answer(shapes.Koelkastblad.of(unless_over(outcome)), 201)
