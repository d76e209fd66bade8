"""The routes for staff, lists of an identity provider, roles, and what waits for a second person."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from policy.vocabulary import Role
from signal_index.model.administration import Change, Why
from signal_index.usecases.administration import proposals, staff
from signal_index.usecases.administration.entries import read_scim
from signal_index.usecases.administration.proposals import request_change
from signal_index.web.desk import Desk
from signal_index.web.workers import answer
from signal_index.wire.administration import (
    Besluit,
    Gegevens,
    Lijst,
    Lijstuitkomst,
    Medewerker,
    Medewerkers,
    NieuweMedewerker,
    Rolverzoek,
    Uitkomst,
    Voorstel,
    Voorstellen,
    Wijziging,
)

from .answers import WAITS, outcome

Reden = Annotated[Why | None, Query(description="Nodig als er een tweede mens moet beslissen.")]


def add(desk: Desk, routes: APIRouter) -> None:
    """Add these routes."""
    _staff_routes(desk, routes)
    _list_routes(desk, routes)
    _role_routes(desk, routes)
    _proposal_routes(desk, routes)


def _staff_routes(desk: Desk, routes: APIRouter) -> None:
    @routes.get("/medewerkers", response_model=Medewerkers, name="medewerkers", summary="Lees de medewerkers")
    async def medewerkers(request: Request) -> Response:
        """De medewerkers van uw organisatie, met hun rollen."""
        found = await desk.run_as(
            request,
            lambda tx, actor: tuple(
                Medewerker.of(each, tx.names.of_staff(each.staff_id))
                for each in staff.list_staff(tx, actor, desk.now())
            ),
        )
        return answer(Medewerkers(medewerkers=found))

    @routes.post(
        "/medewerkers",
        response_model=Uitkomst,
        name="nieuwe-medewerker",
        summary="Voeg een medewerker toe",
    )
    async def toevoegen(request: Request, gegevens: NieuweMedewerker) -> Response:
        """Voeg een medewerker toe; rollen krijgt zij apart."""
        member = gegevens.to_model(gegevens.medewerker)
        await desk.run_as(request, lambda tx, actor: staff.add_member(tx, actor, member, desk.now()))
        return outcome(())

    @routes.put(
        "/medewerkers/{kenmerk}",
        response_model=Uitkomst,
        name="medewerker",
        summary="Wijzig een medewerker",
        responses=WAITS,
    )
    async def wijzigen(request: Request, kenmerk: UUID, gegevens: Gegevens) -> Response:
        """Wijzig naam, organisatie, team of of het account aan staat."""
        waiting = await desk.run_as(
            request,
            lambda tx, actor: staff.change_member(
                tx,
                actor,
                gegevens.to_model(staff.find_member(tx, actor, kenmerk.bytes).staff_id),
                desk.now(),
                why=gegevens.reden,
            ),
        )
        return outcome(waiting)


def _list_routes(desk: Desk, routes: APIRouter) -> None:
    @routes.post(
        "/medewerkerslijsten",
        response_model=Lijstuitkomst,
        name="medewerkerslijst",
        summary="Neem een lijst over",
    )
    async def overnemen(
        request: Request,
        lijst: Lijst,
        alleenVergelijken: Annotated[  # noqa: N803, FBT002 - camelCase by the API Design Rules; always named
            bool, Query(description="Zeg wat er zou veranderen, en verander niets.")
        ] = False,
    ) -> Response:
        """Neem medewerkers over zoals een identityprovider ze levert (SCIM 2.0); rollen geeft een lijst niet."""
        act = staff.compare_staff if alleenVergelijken else staff.import_staff
        plan = await desk.run_as(
            request, lambda tx, actor: act(tx, actor, read_scim(lijst.to_document()), desk.now())
        )
        return answer(_told(plan))


def _told(plan: staff.ImportPlan) -> Lijstuitkomst:
    return Lijstuitkomst(
        toegevoegd=tuple(each.staff_id for each in plan.added),
        hernoemd=tuple(each.staff_id for each in plan.renamed),
        gewijzigd=tuple(Wijziging.of(each) for each in plan.changes),
        wachtend=tuple(Wijziging.of(each) for each in plan.waiting),
        ongewijzigd=plan.unchanged,
    )


def _role_routes(desk: Desk, routes: APIRouter) -> None:
    @routes.post(
        "/medewerkers/{kenmerk}/rollen",
        response_model=Uitkomst,
        name="rol-geven",
        summary="Geef een rol",
        responses=WAITS,
    )
    async def geven(request: Request, kenmerk: UUID, verzoek: Rolverzoek) -> Response:
        """Geef een collega een rol; voor een gevoelige rol wordt het een voorstel."""
        waiting = await desk.run_as(
            request,
            lambda tx, actor: request_change(
                tx,
                actor,
                Change.grant(staff.find_member(tx, actor, kenmerk.bytes).staff_id, verzoek.rol),
                desk.now(),
                why=verzoek.reden,
            ),
        )
        return outcome(() if waiting is None else (waiting,))

    @routes.delete(
        "/medewerkers/{kenmerk}/rollen/{rol}",
        response_model=Uitkomst,
        name="rol-intrekken",
        summary="Trek een rol in",
        responses=WAITS,
    )
    async def intrekken(request: Request, kenmerk: UUID, rol: Role, reden: Reden = None) -> Response:
        """Trek een rol van een collega in; voor een gevoelige rol wordt het een voorstel."""
        waiting = await desk.run_as(
            request,
            lambda tx, actor: request_change(
                tx,
                actor,
                Change.revoke(staff.find_member(tx, actor, kenmerk.bytes).staff_id, rol.value),
                desk.now(),
                why=reden,
            ),
        )
        return outcome(() if waiting is None else (waiting,))


def _proposal_routes(desk: Desk, routes: APIRouter) -> None:
    @routes.get("/voorstellen", response_model=Voorstellen, name="voorstellen", summary="Lees de voorstellen")
    async def voorstellen(request: Request) -> Response:
        """Voorstellen over mensen van uw organisatie waarover een tweede mens beslist, de nieuwste eerst."""
        found = await desk.run_as(request, lambda tx, actor: proposals.list_proposals(tx, actor, desk.now()))
        told = tuple(Voorstel.of(each.proposal, each.state.value) for each in found)
        return answer(Voorstellen(voorstellen=told))

    @routes.post(
        "/voorstellen/{voorstel}/besluit",
        response_model=Voorstel,
        name="besluit",
        summary="Beslis over een voorstel",
    )
    async def beslissen(request: Request, voorstel: UUID, besluit: Besluit) -> Response:
        """Beslis als tweede mens: niet over een eigen voorstel, en niet over uzelf."""
        decided = await desk.run_as(
            request,
            lambda tx, actor: proposals.decide(
                tx, actor, voorstel.bytes, desk.now(), approve=besluit.akkoord
            ),
        )
        return answer(Voorstel.of(decided, decided.state(desk.now()).value))

    @routes.post(
        "/voorstellen/{voorstel}/intrekking",
        response_model=Voorstel,
        name="voorstel-intrekken",
        summary="Trek een voorstel in",
    )
    async def intrekken(request: Request, voorstel: UUID) -> Response:
        """Trek een eigen voorstel in, zolang niemand besliste."""
        withdrawn = await desk.run_as(
            request, lambda tx, actor: proposals.withdraw(tx, actor, voorstel.bytes, desk.now())
        )
        return answer(Voorstel.of(withdrawn, withdrawn.state(desk.now()).value))
