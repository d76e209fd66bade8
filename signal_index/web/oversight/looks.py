"""The routes for looks: the work list, one look with its judgement and its proof, and searching with a reason."""

import asyncio
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from signal_index.model import Actor
from signal_index.ports import Transaction
from signal_index.review.policy import POLICY
from signal_index.usecases.oversight.chosen import KINDS, Judging, judging, list_page
from signal_index.usecases.oversight.looks import OneLook, proof_text
from signal_index.usecases.oversight.searching import search
from signal_index.usecases.oversight.worklist import Verdict, judge
from signal_index.usecases.rulebook.replaying import Replay, look_explained
from signal_index.web.api.params import Bladzijde
from signal_index.web.desk import Desk
from signal_index.web.problems import of_error
from signal_index.web.workers import answer
from signal_index.wire import Logbewijs

from .look_shapes import Werklijst, Zoekopdracht, Zoekresultaat
from .one_look_shapes import HeleRaadpleging, NieuwOordeel, Oordeel

Soort = Annotated[
    str | None,
    Query(pattern=f"^({'|'.join(KINDS)})$", description="Alleen wat om deze soort reden is gekozen."),
]


def add(desk: Desk, routes: APIRouter) -> None:
    """Add these routes."""
    _lists(desk, routes)
    _one(desk, routes)


def _lists(desk: Desk, routes: APIRouter) -> None:
    @routes.get(
        "/werklijstregels", response_model=Werklijst, name="werklijst", summary="Lees wat u moet beoordelen"
    )
    async def werklijst(
        request: Request,
        soort: Soort = None,
        bladzijde: Bladzijde = 1,
    ) -> Response:
        """Raadplegingen die wachten op een oordeel, waarom ze zijn gekozen, en tot wanneer ze mogen wachten."""
        found = await desk.run_as(
            request,
            lambda tx, actor: list_page(tx, actor, POLICY, desk.now(), kind=soort, number=bladzijde),
        )
        return answer(Werklijst.of(found))

    @routes.post(
        "/zoekopdrachten", response_model=Zoekresultaat, name="zoekopdracht", summary="Zoek raadplegingen"
    )
    async def zoeken(request: Request, opdracht: Zoekopdracht) -> Response:
        """Zoek raadplegingen, met een reden en een dossiernummer; beide worden vastgelegd voordat u iets ziet."""
        found = await desk.run_as(
            request, lambda tx, actor: search(tx, actor, opdracht.to_model(), desk.now())
        )
        return of_error(found.fault) if found.fault is not None else answer(Zoekresultaat.of(found))


def _one(desk: Desk, routes: APIRouter) -> None:
    @routes.get(
        "/vastgelegde-raadplegingen/{raadpleging}",
        response_model=HeleRaadpleging,
        name="vastgelegde-raadpleging",
        summary="Lees een raadpleging",
    )
    async def lezen(request: Request, raadpleging: UUID) -> Response:
        """Wie keek, waarom, en door welke regels; nooit welke signalen er waren, of dat er iets was."""

        def read(tx: Transaction, actor: Actor) -> tuple[OneLook, Replay | None, Judging | None]:
            look, again = look_explained(tx, desk.rules, actor, raadpleging.bytes, desk.now())
            return look, again, judging(tx, actor, raadpleging.bytes, desk.now())

        found = await desk.run_as(request, read)
        # Outside the transaction and the loop: to explain is to decide some tens of times.
        return answer(await asyncio.to_thread(HeleRaadpleging.of, *found))

    @routes.post(
        "/vastgelegde-raadplegingen/{raadpleging}/oordelen",
        response_model=Oordeel,
        status_code=201,
        name="oordeel",
        summary="Beoordeel een raadpleging",
    )
    async def beoordelen(request: Request, raadpleging: UUID, nieuw: NieuwOordeel) -> Response:
        """Leg vast of een raadpleging terecht was; na een vraag volgt nog een eindoordeel."""

        def keep(tx: Transaction, actor: Actor) -> Oordeel:
            verdict = Verdict.on(tx, raadpleging.bytes, nieuw.oordeel, nieuw.grond)
            return Oordeel.of(judge(tx, actor, verdict, POLICY, desk.now()))

        made = answer(await desk.run_as(request, keep))
        made.status_code = 201
        return made

    @routes.get(
        "/vastgelegde-raadplegingen/{raadpleging}/logbewijs",
        response_model=Logbewijs,
        name="logbewijs",
        summary="Lees het bewijs van een raadpleging",
    )
    async def bewijzen(request: Request, raadpleging: UUID) -> Response:
        """Het bewijs dat deze raadpleging in het logboek staat; wat er in de regel staat, zegt het niet."""
        proof = await desk.run_as(
            request, lambda tx, actor: proof_text(tx, actor, raadpleging.bytes, desk.now())
        )
        return answer(Logbewijs(bewijs=proof.decode()))
