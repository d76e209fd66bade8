"""The routes for sets of rules: which there are, and agreeing to one or refusing it."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from signal_index.model import Actor
from signal_index.ports import Transaction
from signal_index.usecases.rulebook.deciding import approve_rules, refuse_rules
from signal_index.usecases.rulebook.on_record import counting
from signal_index.usecases.rulebook.reading import list_rule_sets
from signal_index.web.desk import Desk
from signal_index.web.workers import answer
from signal_index.wire.administration import Besluit
from signal_index.wire.rulebook import Regelset, Regelsets

Kenmerk = Annotated[
    str,
    Path(
        min_length=64,
        max_length=64,
        pattern=r"^[0-9a-f]{64}$",
        description="SHA-256 over de regelbestanden, zoals de lijst het geeft.",
    ),
]


def add(desk: Desk, routes: APIRouter) -> None:
    """Add these routes."""

    @routes.get("/regelsets", response_model=Regelsets, name="regelsets", summary="Lees de regelsets")
    async def alle(request: Request) -> Response:
        """Alle regelsets: welke geldt, welke wacht, en wie akkoord gaf."""

        def read(tx: Transaction, actor: Actor) -> Regelsets:
            found, counts = list_rule_sets(tx, actor), counting(tx)
            return Regelsets(regelsets=tuple(Regelset.of(each.held, counts) for each in found))

        return answer(await desk.run_as(request, read))

    @routes.post(
        "/regelsets/{kenmerk}/besluit",
        response_model=Regelset,
        name="regelbesluit",
        summary="Beslis over een regelset",
    )
    async def beslissen(request: Request, kenmerk: Kenmerk, besluit: Besluit) -> Response:
        """Geef akkoord of weiger: niet over een eigen voorstel. Met het tweede akkoord gelden de regels."""
        decide = approve_rules if besluit.akkoord else refuse_rules

        def job(tx: Transaction, actor: Actor) -> Regelset:
            return Regelset.of(decide(tx, actor, kenmerk, desk.now()), counting(tx))

        return answer(await desk.run_as(request, job))
