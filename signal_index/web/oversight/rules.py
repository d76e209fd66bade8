"""The route for the rules; the same for every privacy officer and about nobody, so reading them is not recorded."""

from fastapi import APIRouter, Request, Response

from signal_index.model import dutch_day
from signal_index.review.policy import POLICY
from signal_index.usecases.rulebook.overview import rulebook
from signal_index.web.desk import Desk
from signal_index.web.workers import answer

from .rule_shapes import Regels


def add(desk: Desk, routes: APIRouter) -> None:
    """Add this route."""

    @routes.get("/regels", response_model=Regels, name="regels", summary="Lees de regels")
    async def regels(request: Request) -> Response:
        """Welke regels beslissen wat een medewerker ziet, wat eerder gold, en hoe u beoordeelt."""
        found = await desk.run_as(
            request, lambda _, actor: rulebook(desk.rules, actor, dutch_day(desk.now()))
        )
        return answer(Regels.of(found, POLICY.sentences()))
