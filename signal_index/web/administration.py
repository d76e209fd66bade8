"""The surface for who administers: staff, roles, proposals, teams, covers and the register; no flag and no person.

What needs a second person answers 202, with the proposals that wait for one.
"""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from crypto.errors import CryptoError
from signal_index.errors import Malformed, NotFound
from signal_index.model import Register, StaffMember, dutch_day
from signal_index.model.administration import Change, Proposal, Why
from signal_index.ports import Transaction
from signal_index.usecases.administration import covers, proposals, register, staff, teams
from signal_index.usecases.administration.entries import read_scim
from signal_index.usecases.administration.proposals import request_change
from signal_index.usecases.workplace.covers import CoverRequest
from signal_index.wire.administration import (
    Besluit,
    Gegevens,
    Lijst,
    Lijstuitkomst,
    Medewerker,
    Medewerkers,
    NieuweMedewerker,
    NieuweVervanging,
    Registerinhoud,
    Rolverzoek,
    Team,
    Teambevestiging,
    Teams,
    Uitkomst,
    Vervanging,
    Vervangingen,
    Voorstel,
    Voorstellen,
    Wijziging,
)

from .desk import Desk
from .strict import StrictRoute
from .workers import answer

Reden = Annotated[Why | None, Query(description="Nodig als er een tweede mens moet beslissen.")]


WAITS: dict[int | str, dict[str, Any]] = {
    202: {"model": Uitkomst, "description": "Gedaan, behalve waarover een tweede mens moet beslissen"}
}


def outcome(waiting: tuple[Proposal, ...]) -> Response:
    """Done, or done but for what waits."""
    answered = answer(Uitkomst.of(waiting))
    answered.status_code = 202 if waiting else 200
    return answered


def _named(tx: Transaction, name: UUID) -> StaffMember:
    """The member of staff whom an address names.

    Raises:
        NotFound: `unknown-staff`.
    """
    for member in tx.staff.all():
        if tx.names.of_staff(member.staff_id) == name.bytes:
            return member
    raise NotFound("unknown-staff", "Deze medewerker is niet bekend. Importeer eerst de medewerkers.")


def router(desk: Desk) -> APIRouter:
    """The routes of this surface."""
    routes = APIRouter(route_class=StrictRoute)
    _staff_routes(desk, routes)
    _role_routes(desk, routes)
    _proposal_routes(desk, routes)
    _team_routes(desk, routes)
    _cover_routes(desk, routes)
    _register_routes(desk, routes)
    return routes


def _staff_routes(desk: Desk, routes: APIRouter) -> None:
    @routes.get("/medewerkers", response_model=Medewerkers, name="medewerkers", summary="Lees de medewerkers")
    async def medewerkers(request: Request) -> Response:
        """Alle medewerkers met hun rollen."""
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
                lambda: gegevens.to_model(_named(tx, kenmerk).staff_id),
                desk.now(),
                why=gegevens.reden,
            ),
        )
        return outcome(waiting)

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
                Change.grant(_named(tx, kenmerk).staff_id, verzoek.rol),
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
    async def intrekken(request: Request, kenmerk: UUID, rol: str, reden: Reden = None) -> Response:
        """Trek een rol van een collega in; voor een gevoelige rol wordt het een voorstel."""
        waiting = await desk.run_as(
            request,
            lambda tx, actor: request_change(
                tx, actor, Change.revoke(_named(tx, kenmerk).staff_id, rol), desk.now(), why=reden
            ),
        )
        return outcome(() if waiting is None else (waiting,))


def _proposal_routes(desk: Desk, routes: APIRouter) -> None:
    @routes.get("/voorstellen", response_model=Voorstellen, name="voorstellen", summary="Lees de voorstellen")
    async def voorstellen(request: Request) -> Response:
        """Voorstellen waarover een tweede mens beslist, de nieuwste eerst."""
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


def _team_routes(desk: Desk, routes: APIRouter) -> None:
    @routes.get("/teams", response_model=Teams, name="teams", summary="Lees de teams")
    async def alle(request: Request) -> Response:
        """Alle teams: wie u moet bevestigen omdat geen teamleider dat kan, en wat over tijd is."""
        found = await desk.run_as(request, lambda tx, actor: teams.list_teams(tx, actor, desk.now()))
        told = tuple(
            Team.of(
                (each.organisation, each.team), each.roll.members, (each.due_on, each.overdue), each.leads
            )
            for each in found
        )
        return answer(Teams(teams=told))

    @routes.post(
        "/teambevestigingen",
        response_model=Uitkomst,
        name="teambevestiging",
        summary="Bevestig wie in een team werkt",
        responses=WAITS,
    )
    async def bevestigen(request: Request, gezegd: Teambevestiging) -> Response:
        """Bevestig wie er werkt in een team waarvoor geen teamleider dat kan."""
        said = teams.Answer(frozenset(gezegd.werkend), frozenset(gezegd.vertrokken))
        waiting = await desk.run_as(
            request,
            lambda tx, actor: teams.confirm_for_team(
                tx, actor, (gezegd.organisatie, gezegd.team), said, desk.now()
            ),
        )
        return outcome(waiting)


def _cover_routes(desk: Desk, routes: APIRouter) -> None:
    @routes.get(
        "/vervangingen", response_model=Vervangingen, name="vervangingen", summary="Lees de vervangingen"
    )
    async def alle(request: Request) -> Response:
        """Wie in uw organisatie wie vervangt."""
        found = await desk.run_as(request, lambda tx, actor: covers.list_covers(tx, actor, desk.now()))
        return answer(Vervangingen(vervangingen=tuple(Vervanging.of(each) for each in found.standing)))

    @routes.post(
        "/vervangingen",
        response_model=Vervanging,
        name="nieuwe-vervanging",
        summary="Regel een vervanging",
    )
    async def regelen(request: Request, gezegd: NieuweVervanging) -> Response:
        """Regel een vervanging voor een medewerker die dat zelf niet kan."""
        wanted = CoverRequest(gezegd.vervanger, gezegd.van, gezegd.tot, gezegd.reden)
        cover = await desk.run_as(
            request, lambda tx, actor: covers.arrange_cover(tx, actor, gezegd.afwezig, wanted, desk.now())
        )
        return answer(Vervanging.of(cover))

    @routes.post(
        "/vervangingen/{vervanging}/einde",
        response_model=Vervanging,
        name="einde-vervanging",
        summary="Stop een vervanging",
    )
    async def stoppen(request: Request, vervanging: UUID) -> Response:
        """Stop een vervanging, vanaf nu."""
        cover = await desk.run_as(
            request, lambda tx, actor: covers.end_cover(tx, actor, vervanging.bytes, desk.now())
        )
        return answer(Vervanging.of(cover))


def _register_routes(desk: Desk, routes: APIRouter) -> None:
    @routes.get("/register", response_model=Registerinhoud, name="register", summary="Lees het register")
    async def lezen(request: Request) -> Response:
        """Wie wat mag aanleveren, en wie er te bellen is."""
        found = await desk.run_as(request, lambda tx, actor: register.read_register(tx, actor, desk.now()))
        return answer(Registerinhoud.of(found))

    @routes.put(
        "/register", response_model=Registerinhoud, name="register-vervangen", summary="Vervang het register"
    )
    async def vervangen(
        request: Request,
        inhoud: Registerinhoud,
        magWeglaten: Annotated[  # noqa: N803, FBT002 - camelCase by the API Design Rules; always named
            bool, Query(description="Er mag iets weg wat nu in het register staat.")
        ] = False,
    ) -> Response:
        """Vervang het hele register."""
        moment = desk.now()
        types = [kind.code for kind in desk.rules.in_force(dutch_day(moment)).catalogue.types]
        stated = _stated(inhoud)
        await desk.run_as(
            request,
            lambda tx, actor: register.import_register(
                tx, actor, stated, types, moment, may_remove=magWeglaten
            ),
        )
        return answer(Registerinhoud.of(stated))


def _stated(inhoud: Registerinhoud) -> Register:
    try:
        return inhoud.to_model()
    except CryptoError as error:
        fault = ("sleutel", "Dit is geen sleutel.")
        raise Malformed("register", "Het register klopt niet; er is niets gewijzigd.", (fault,)) from error
