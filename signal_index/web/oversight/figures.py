"""The routes for figures of one closed month: the privacy officer's, and what the functioneel beheerder steers by."""

from fastapi import APIRouter, Request, Response

from signal_index.model import Actor
from signal_index.ports import Transaction
from signal_index.review.policy import POLICY
from signal_index.usecases.oversight.kept import kept
from signal_index.usecases.oversight.reports import days_of, report
from signal_index.usecases.sources.steering import steering
from signal_index.web.api.params import Maand, month_of
from signal_index.web.desk import Desk
from signal_index.web.workers import answer

from .figure_shapes import Maandcijfers, Stuurcijfers


def add(desk: Desk, routes: APIRouter) -> None:
    """Add these routes."""

    @routes.get(
        "/maandcijfers", response_model=Maandcijfers, name="maandcijfers", summary="Lees de rapportage"
    )
    async def rapportage(request: Request, maand: Maand = None) -> Response:
        """Hoe vaak is gekeken, waarvoor, en of op tijd is beoordeeld; te kleine aantallen blijven leeg."""

        def read(tx: Transaction, actor: Actor) -> Maandcijfers:
            counted = report(tx, desk.rules, actor, month_of(maand), desk.now())
            reviewed = kept(tx, actor, POLICY, days_of(counted.figures.month), desk.now())
            return Maandcijfers.of(counted, reviewed)

        return answer(await desk.run_as(request, read))

    @routes.get(
        "/stuurcijfers", response_model=Stuurcijfers, name="stuurcijfers", summary="Lees de stuurinformatie"
    )
    async def stuurinformatie(request: Request, maand: Maand = None) -> Response:
        """Of de index wordt gebruikt en nut heeft, en of de bronnen vandaag actueel zijn; nooit over één mens."""
        found = await desk.run_as(
            request, lambda tx, actor: steering(tx, desk.rules, actor, month_of(maand), desk.now())
        )
        return answer(Stuurcijfers.of(found))
