"""The routes for openings: asking for the case behind a look, deciding as the second privacy officer, reading it."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from signal_index.model import Actor
from signal_index.ports import Transaction
from signal_index.usecases.oversight import openings
from signal_index.web.desk import Desk
from signal_index.web.workers import answer
from signal_index.wire.administration import Besluit

from .opening_shapes import NieuweZaaknummeraanvraag, Zaaknummeraanvraag, Zaaknummeraanvragen


def add(desk: Desk, routes: APIRouter) -> None:
    """Add these routes."""
    _reading(desk, routes)
    _changing(desk, routes)


def _reading(desk: Desk, routes: APIRouter) -> None:
    @routes.get(
        "/zaaknummeraanvragen",
        response_model=Zaaknummeraanvragen,
        name="zaaknummeraanvragen",
        summary="Lees de aanvragen van zaaknummers",
    )
    async def alle(request: Request) -> Response:
        """Alle aanvragen van uw organisatie, de nieuwste eerst; zonder zaaknummer."""
        found = await desk.run_as(request, lambda tx, actor: openings.overview(tx, actor, desk.now()))
        told = tuple(Zaaknummeraanvraag.of(each) for each in found)
        return answer(Zaaknummeraanvragen(zaaknummeraanvragen=told))

    @routes.get(
        "/zaaknummeraanvragen/{aanvraag}",
        response_model=Zaaknummeraanvraag,
        name="zaaknummeraanvraag",
        summary="Lees een aanvraag van een zaaknummer",
    )
    async def een(request: Request, aanvraag: UUID) -> Response:
        """Een aanvraag; met het zaaknummer als u het vroeg, zolang het open is. Elke keer wordt vastgelegd."""
        shown = await desk.run_as(
            request, lambda tx, actor: openings.show(tx, actor, aanvraag.bytes, desk.now())
        )
        return answer(Zaaknummeraanvraag.of(shown))


def _changing(desk: Desk, routes: APIRouter) -> None:
    @routes.post(
        "/zaaknummeraanvragen",
        response_model=Zaaknummeraanvraag,
        name="nieuwe-zaaknummeraanvraag",
        summary="Vraag een zaaknummer",
    )
    async def vragen(request: Request, nieuw: NieuweZaaknummeraanvraag) -> Response:
        """Vraag welke zaak bij een raadpleging hoort; een andere privacy officer beslist. Loopt er een, dan die."""

        def job(tx: Transaction, actor: Actor) -> openings.Shown:
            look_id, reason = nieuw.raadpleging.bytes, nieuw.reden
            asked = openings.ask(tx, actor, look_id, desk.now(), reason=reason, dossier=nieuw.dossier)
            return openings.as_shown(tx, actor, asked, desk.now())

        return answer(Zaaknummeraanvraag.of(await desk.run_as(request, job)))

    @routes.post(
        "/zaaknummeraanvragen/{aanvraag}/besluit",
        response_model=Zaaknummeraanvraag,
        name="zaaknummerbesluit",
        summary="Beslis over een zaaknummer",
    )
    async def beslissen(request: Request, aanvraag: UUID, besluit: Besluit) -> Response:
        """Beslis als tweede privacy officer; het zaaknummer ziet alleen wie het vroeg."""

        def job(tx: Transaction, actor: Actor) -> openings.Shown:
            decided = openings.decide(tx, actor, aanvraag.bytes, desk.now(), approve=besluit.akkoord)
            return openings.as_shown(tx, actor, decided, desk.now())

        return answer(Zaaknummeraanvraag.of(await desk.run_as(request, job)))
