"""Sources: what is registered, and forms to add one, to change one, and to change whom to phone."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.responses import Response

from crypto.batch import BatchClass
from signal_index.model import ContactRoute, Publication
from signal_index.usecases.sources import entries
from signal_index.usecases.sources.checks import Fault
from signal_index.usecases.sources.entries import Editing
from signal_index.usecases.sources.overview import Overview, Source
from signal_index.web.pages.forms import Form, typed_back
from signal_index.web.pages.visits import ADMINISTRATORS, Page, Visit

from .editing import CLASSES, DONE, catalogue_of, changed, read_register

_FIELDS = ("bron", "naam", "soort", "leverancier", "contact", "telefoon")


@dataclass(frozen=True)
class _Filled:
    """The form of a source as it was filled in, in text."""

    source: str = ""
    name: str = ""
    kind: str = ""
    publisher: str = ""
    contact: str = ""
    phone: str = ""

    @classmethod
    def of(cls, form: Form) -> "_Filled":
        return cls(*(form.one(name) or "" for name in _FIELDS))

    @classmethod
    def from_register(cls, known: Publication) -> "_Filled":
        route = known.contact
        return cls(known.source, known.source_name, known.type, known.publisher, route.name, route.phone)

    def publication(self) -> Publication:
        """The same as an entry of the register, right or wrong."""
        return Publication(self.source, self.name, self.kind, self.publisher, self.route)

    @property
    def route(self) -> ContactRoute:
        """Whom to phone."""
        return ContactRoute(self.contact, self.phone)

    def again(self) -> dict[str, str]:
        """What to show in the form once more, by the name of the field."""
        values = (self.source, self.name, self.kind, self.publisher, self.contact, self.phone)
        return dict(zip(_FIELDS, map(typed_back, values), strict=True))


async def show_sources(visit: Visit) -> Response:
    """The whole register."""
    return visit.page(
        "administration/sources.html",
        register=await read_register(visit, "sources"),
        classes=CLASSES,
        done=DONE.get(visit.request.query_params.get("gedaan", "")),
    )


async def new_source(visit: Visit) -> Response:
    """The form for one more source."""
    return await _form(visit, _Filled(publisher=visit.request.query_params.get("leverancier") or ""))


async def add_source(visit: Visit) -> Response:
    """Add one, or say what to mend."""
    filled = _Filled.of(visit.form)
    faults = await changed(visit, lambda edit, _: entries.add_publication(edit, filled.publication()))
    if faults:
        return await _form(visit, filled, errors=faults)
    return visit.to("sources", gedaan="toegevoegd")


async def _form(visit: Visit, filled: _Filled, *, errors: Sequence[Fault] = ()) -> Response:
    register = await read_register(visit, "source")
    return visit.page(
        "administration/source_form.html",
        400 if errors else 200,
        errors=errors,
        source=None,
        suppliers=_suppliers(register),
        kinds=catalogue_of(visit).types,
        filled=filled.again(),
    )


def _suppliers(register: Overview, now: str = "") -> list[tuple[str, str]]:
    """Those that may deliver signals, and the one that is chosen now, to choose from."""
    found = [each.publisher for each in register.suppliers]
    return [(each.oin, each.name) for each in found if BatchClass.SIGNAAL in each.classes or each.oin == now]


async def show_source(visit: Visit) -> Response:
    """One source, with its form filled in."""
    return await _page_of(visit, None, ())


async def _page_of(visit: Visit, filled: _Filled | None, errors: Sequence[Fault]) -> Response:
    register = await read_register(visit, "source")
    source = register.source(visit.param("entry"))
    shown = filled or _Filled.from_register(source.publication)
    return visit.page(
        "administration/source_form.html",
        400 if errors else 200,
        errors=errors,
        source=source,
        suppliers=_suppliers(register, source.publication.publisher),
        kinds=(),
        filled=shown.again(),
    )


async def change_source(visit: Visit) -> Response:
    """Change one, or say what to mend; which source and type it is cannot change."""
    entry_id, filled = visit.param("entry"), _Filled.of(visit.form)

    def job(edit: Editing, register: Overview) -> None:
        known = register.source(entry_id).publication
        stated = filled.publication()
        entries.change_publication(
            edit, Publication(known.source, stated.source_name, known.type, stated.publisher, stated.contact)
        )

    faults = await changed(visit, job)
    if faults:
        return await _page_of(visit, filled, faults)
    return visit.to("sources", gedaan="gewijzigd")


async def show_contact(visit: Visit) -> Response:
    """The form of whom to phone about one source."""
    return await _contact_page(visit, None, ())


async def _contact_page(visit: Visit, filled: _Filled | None, errors: Sequence[Fault]) -> Response:
    register = await read_register(visit, "contact")
    source: Source = register.source(visit.param("entry"))
    shown = filled or _Filled.from_register(source.publication)
    return visit.page(
        "administration/contact_form.html",
        400 if errors else 200,
        errors=errors,
        source=source,
        filled=shown.again(),
    )


async def change_contact(visit: Visit) -> Response:
    """Change whom to phone, or say what to mend."""
    entry_id, filled = visit.param("entry"), _Filled.of(visit.form)

    def job(edit: Editing, register: Overview) -> None:
        known = register.source(entry_id).publication
        entries.change_contact(edit, known.source, known.type, filled.route)

    faults = await changed(visit, job)
    if faults:
        return await _contact_page(visit, filled, faults)
    return visit.to("sources", gedaan="gewijzigd")


PAGES = (
    Page("/beheer/bronnen", "sources", roles=ADMINISTRATORS, get=show_sources),
    Page(
        "/beheer/bronnen/nieuw",
        "new_source",
        roles=ADMINISTRATORS,
        section="sources",
        get=new_source,
        post=add_source,
    ),
    Page(
        "/beheer/bronnen/{entry:uuid}",
        "source",
        roles=ADMINISTRATORS,
        section="sources",
        get=show_source,
        post=change_source,
    ),
    Page(
        "/beheer/bronnen/{entry:uuid}/contact",
        "contact",
        roles=ADMINISTRATORS,
        section="sources",
        get=show_contact,
        post=change_contact,
    ),
)
