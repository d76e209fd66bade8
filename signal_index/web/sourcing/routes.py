"""The routes for machines of a source organisation, and for whoever decides on its keys; each needs a bearer token."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response

from crypto.sheet.fields import TEXT
from signal_index.model import Actor
from signal_index.ports import Transaction
from signal_index.usecases.sourcing import contacts, delivered, keys, renewals, series
from signal_index.usecases.sourcing.usage import ask
from signal_index.usecases.workplace import questions
from signal_index.web.api.document import PREFIX
from signal_index.web.api.params import Bladzijde, Maand, month_of
from signal_index.web.desk import Desk
from signal_index.web.strict import routes_below
from signal_index.web.workers import answer
from signal_index.wire.administration import Besluit

from . import shapes
from .counting import count_month

Code = Annotated[
    str, Path(pattern=f"^{TEXT.pattern}$", max_length=64, description="Een code uit het register.")
]
Kenmerk = Annotated[str, Path(pattern=f"^{questions.REFERENCE_PATTERN}$", description="Van de vraag.")]


def router(desk: Desk) -> APIRouter:
    """The routes on the surface for sources."""
    routes = routes_below(PREFIX)
    _delivered(routes, desk)
    _asked(routes, desk)
    _changing(routes, desk)
    return routes


def _delivered(routes: APIRouter, desk: Desk) -> None:
    @routes.get(
        "/signaalreeksen",
        response_model=shapes.Signaalreeksen,
        name="signaalreeksen",
        summary="Lees wat u aan signalen levert",
    )
    async def signaalreeksen(request: Request) -> Response:
        """Wat uw organisatie aan de index levert: aantallen en dagen, nooit om wie het gaat."""
        found = await desk.run_as(
            request, lambda tx, actor: series.own_series(tx, desk.rules, actor, desk.now())
        )
        own = tuple(shapes.Signaalreeks.of(each) for each in found)
        return answer(shapes.Signaalreeksen(signaalreeksen=own))

    @routes.get(
        "/leveringen", response_model=shapes.Leveringen, name="geleverd", summary="Lees uw leveringen"
    )
    async def geleverd(request: Request, bladzijde: Bladzijde = 1) -> Response:
        """Wat uw organisatie de laatste dertig dagen stuurde, de nieuwste bovenaan."""
        found = await desk.run_as(
            request, lambda tx, actor: delivered.own_deliveries(tx, actor, desk.now(), page=bladzijde)
        )
        return answer(shapes.Leveringen.of(found))

    @routes.get(
        "/contactpunten",
        response_model=shapes.Contactpunten,
        name="contactpunten",
        summary="Lees uw contactpunten",
    )
    async def contactpunten(request: Request) -> Response:
        """Wie wijkteams bellen over uw signalen."""
        found = await desk.run_as(request, lambda tx, actor: contacts.own_contacts(tx, actor, desk.now()))
        return answer(
            shapes.Contactpunten(contactpunten=tuple(shapes.Contactpunt.of(each) for each in found))
        )


def _asked(routes: APIRouter, desk: Desk) -> None:
    @routes.get(
        "/meldingen",
        response_model=shapes.Meldingen,
        name="meldingen",
        summary="Lees vragen over uw signalen",
    )
    async def meldingen(request: Request) -> Response:
        """Vragen van wijkteams over uw signalen; over wie het gaat, hoort u aan de telefoon."""
        found = await desk.run_as(request, lambda tx, actor: questions.waiting(tx, actor, desk.now()))
        return answer(shapes.Meldingen(meldingen=tuple(shapes.Melding.of(each) for each in found)))

    @routes.get("/sleutels", response_model=shapes.Sleutels, name="sleutels", summary="Lees uw sleutels")
    async def sleutels(request: Request) -> Response:
        """De sleutels waarmee uw organisatie ondertekent, en tot wanneer ze gelden."""
        found = await desk.run_as(request, lambda tx, actor: keys.own_keys(tx, actor, desk.now()))
        return answer(shapes.Sleutels.of(found))

    @routes.get(
        "/gebruikscijfers",
        response_model=shapes.Gebruikscijfers,
        name="gebruikscijfers",
        summary="Lees hoe vaak is gekeken",
    )
    async def gebruikscijfers(request: Request, maand: Maand = None) -> Response:
        """Hoe vaak is gekeken terwijl uw soort signalen te zien mocht zijn, per maand die voorbij is."""
        month = month_of(maand)
        asked = await desk.run_as(request, lambda tx, actor: ask(tx, actor, month, desk.now()))
        return answer(shapes.Gebruikscijfers.of(await count_month(desk, asked)))


def _changing(routes: APIRouter, desk: Desk) -> None:
    @routes.put(
        "/contactpunten/{bron}/{soort}",
        response_model=shapes.Contactpunt,
        name="contactpunt-wijziging",
        summary="Wijzig een contactpunt",
    )
    async def wijzigen(request: Request, bron: Code, soort: Code, contact: shapes.NieuwContact) -> Response:
        """Wijzig wie wijkteams bellen over een van uw bronnen."""
        changed = await desk.run_as(
            request,
            lambda tx, actor: contacts.change_contact(
                tx, actor, (bron, soort), contact.to_model(), desk.now()
            ),
        )
        return answer(shapes.Contactpunt.of(changed))

    @routes.post(
        "/meldingen/{kenmerk}/antwoord",
        status_code=204,
        name="meldingantwoord",
        summary="Beantwoord een vraag",
    )
    async def antwoorden(request: Request, kenmerk: Kenmerk, antwoord: shapes.Meldingantwoord) -> Response:
        """Zeg of het signaal klopt, of dat u het heeft aangepast."""
        await desk.run_as(
            request,
            lambda tx, actor: questions.answer(tx, actor, kenmerk, antwoord.antwoord, desk.now()),
        )
        return Response(status_code=204)

    @routes.post(
        "/sleutelvoorstellen",
        response_model=shapes.Sleutelvoorstel,
        status_code=201,
        name="sleutelvoorstel",
        summary="Stel een sleutel voor",
    )
    async def voorstellen(request: Request, nieuw: shapes.NieuweSleutel) -> Response:
        """Stel een nieuwe sleutel voor; een ander keurt die goed."""

        def job(tx: Transaction, actor: Actor) -> keys.Proposed:
            made = renewals.propose(tx, actor, nieuw.sleutel.strip(), desk.now(), overlap_days=nieuw.overlap)
            return keys.shown(tx, made, actor, desk.now())

        proposed = await desk.run_as(request, job)
        return answer(shapes.Sleutelvoorstel.of(proposed), 201)


def deciding(desk: Desk) -> APIRouter:
    """The routes on the surface for oversight, for the functioneel beheerder."""
    routes = routes_below(PREFIX)

    @routes.get(
        "/sleutelvoorstellen",
        response_model=shapes.Sleutelvoorstellen,
        name="sleutelvoorstellen",
        summary="Lees de sleutelvoorstellen",
    )
    async def sleutelvoorstellen(request: Request) -> Response:
        """Nieuwe sleutels van bronnen, met wat daarover is besloten."""
        found = await desk.run_as(request, lambda tx, actor: renewals.proposals(tx, actor, desk.now()))
        shown = tuple(shapes.Sleutelvoorstel.of(each) for each in found)
        return answer(shapes.Sleutelvoorstellen(sleutelvoorstellen=shown))

    @routes.post(
        "/sleutelvoorstellen/{voorstel}/besluit",
        response_model=shapes.Sleutelvoorstel,
        name="sleutelbesluit",
        summary="Beslis over een sleutel",
    )
    async def besluiten(request: Request, voorstel: UUID, besluit: Besluit) -> Response:
        """Keur een nieuwe sleutel goed of weiger die, nadat u de vingerafdruk heeft vergeleken."""

        def job(tx: Transaction, actor: Actor) -> keys.Proposed:
            decided = renewals.decide(tx, actor, voorstel.bytes, desk.now(), approve=besluit.akkoord)
            return keys.shown(tx, decided, actor, desk.now())

        return answer(shapes.Sleutelvoorstel.of(await desk.run_as(request, job)))

    return routes
