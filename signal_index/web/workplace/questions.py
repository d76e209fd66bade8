"""The routes to doubt a signal: ask its source to look into it, and find the question back."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from signal_index.model import Actor, dutch_day
from signal_index.model.workplace import Question
from signal_index.ports import Transaction
from signal_index.usecases.look_up import Refused
from signal_index.usecases.workplace import questions
from signal_index.usecases.workplace.asked import Asked, asked
from signal_index.usecases.workplace.views import Ended, Shown
from signal_index.web.desk import Desk
from signal_index.web.sourcing.routes import Kenmerk
from signal_index.web.workers import answer

from . import look_shapes as shapes
from .looks import unless_over


def add(desk: Desk, routes: APIRouter) -> None:
    """Add these routes."""

    @routes.post(
        "/raadplegingen/{raadpleging}/vragen",
        response_model=shapes.Vraag,
        status_code=201,
        name="nieuwe-vraag",
        summary="Laat een signaal nakijken",
    )
    async def vragen(request: Request, raadpleging: UUID, over: shapes.NieuweVraag) -> Response:
        """Vraag de bron een signaal na te kijken; is dat al gevraagd, dan krijgt u die vraag."""
        now = desk.now()

        def job(tx: Transaction, actor: Actor) -> Asked | Shown | Ended | Refused:
            outcome = questions.ask(tx, desk.rules, actor, raadpleging.bytes, now, key=over.signaal)
            return (
                asked(tx, desk.rules, actor, outcome.reference, now)
                if isinstance(outcome, Question)
                else outcome
            )

        outcome = await desk.run_as(request, job)
        if isinstance(outcome, Asked):
            return answer(shapes.Vraag.of(outcome, dutch_day(now)), 201)
        unless_over(outcome)
        raise questions.no_such_signal()

    @routes.get(
        "/vragen/{kenmerk}", response_model=shapes.Vraag, name="vraag", summary="Lees een vraag aan een bron"
    )
    async def vraag(request: Request, kenmerk: Kenmerk) -> Response:
        """Een vraag van u: de zaak, het antwoord, en wie u belt zolang een raadpleging het signaal laat zien."""
        now = desk.now()
        found = await desk.run_as(request, lambda tx, actor: asked(tx, desk.rules, actor, kenmerk, now))
        return answer(shapes.Vraag.of(found, dutch_day(now)))
