"""Whom workers phone, per source and type; the bronbeheerder changes name and number here."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.responses import Response

from signal_index.errors import Malformed
from signal_index.model import ContactRoute, dutch_day
from signal_index.usecases.sourcing.contacts import change_contact, own_contacts
from signal_index.web.pages.forms import typed_back
from signal_index.web.pages.visits import SOURCES, Page, Visit


@dataclass(frozen=True)
class _Filled:
    """The form as it was filled in, for one source and type."""

    source: str
    type: str
    name: str
    phone: str


async def show_contacts(visit: Visit) -> Response:
    """Every contact route of the organisation."""
    return await _page(visit)


async def _page(visit: Visit, filled: _Filled | None = None, error: Malformed | None = None) -> Response:
    found = await visit.run_as(lambda tx, actor: own_contacts(tx, actor, visit.now))
    about = None if filled is None else (filled.source, filled.type)
    place = next((number for number, each in enumerate(found) if (each.source, each.type) == about), None)
    catalogue = visit.rules.in_force(dutch_day(visit.now)).catalogue
    return visit.page(
        "sourcing/contacts.html",
        400 if error is not None else 200,
        errors=_at(place, error.violations) if error is not None else (),
        contacts=[(each, catalogue.signal_type(each.type)) for each in found],
        filled=filled,
        place=place,
        changed="gewijzigd" in visit.request.query_params,
    )


def _at(place: int | None, violations: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """The faults at the fields of one of the forms."""
    return [(f"{field}-{place}", text) for field, text in violations]


async def change(visit: Visit) -> Response:
    """Change one, or say what to mend."""
    source, kind, name, phone = (visit.form.one(each) or "" for each in ("bron", "soort", "naam", "telefoon"))
    contact = ContactRoute(name, phone)
    try:
        await visit.run_as(lambda tx, actor: change_contact(tx, actor, (source, kind), contact, visit.now))
    except Malformed as error:
        return await _page(visit, _Filled(source, kind, typed_back(name), typed_back(phone)), error)
    return visit.to("contacts", gewijzigd=1)


PAGES = (Page("/bron/contactpunten", "contacts", roles=SOURCES, get=show_contacts, post=change),)
