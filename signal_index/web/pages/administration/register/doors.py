"""Entrances: systems that open a case here, with the text their own command printed."""

from collections.abc import Sequence

from starlette.responses import Response

from signal_index.errors import Malformed
from signal_index.usecases.sources import entries
from signal_index.usecases.sources.checks import Fault
from signal_index.usecases.sources.entries import Editing
from signal_index.usecases.sources.overview import Overview
from signal_index.usecases.sources.pasted import read_entrance
from signal_index.web.markup.words import say
from signal_index.web.pages.forms import typed_back
from signal_index.web.pages.visits import ADMINISTRATORS, Page, Visit

from .editing import changed, read_register


async def new_door(visit: Visit) -> Response:
    """The form for one more system."""
    return _form(visit)


def _form(visit: Visit, errors: Sequence[Fault] = ()) -> Response:
    return visit.page(
        "administration/door_form.html",
        400 if errors else 200,
        errors=errors,
        door=None,
        pasted=typed_back(visit.form.one("toegang")),
    )


async def add_door(visit: Visit) -> Response:
    """Add one, or say what to mend."""
    text = visit.form.one("toegang") or ""
    faults = await changed(visit, lambda edit, _: entries.add_entrance(edit, read_entrance(text)))
    return _form(visit, faults) if faults else visit.to("sources", gedaan="toegevoegd")


async def show_door(visit: Visit) -> Response:
    """One system, with the form that replaces what is registered of it."""
    return await _page_of(visit)


async def _page_of(visit: Visit, errors: Sequence[Fault] = ()) -> Response:
    register = await read_register(visit, "door")
    return visit.page(
        "administration/door_form.html",
        400 if errors else 200,
        errors=errors,
        door=register.door(visit.param("entry")),
        pasted=typed_back(visit.form.one("toegang")),
    )


async def change_door(visit: Visit) -> Response:
    """Replace the name, the organisation or the key of a system; its issuer stays."""
    entry_id, text = visit.param("entry"), visit.form.one("toegang") or ""
    sure = visit.form.one("zeker") == "ja"

    def job(edit: Editing, register: Overview) -> None:
        known, stated = register.door(entry_id).entrance, read_entrance(text)
        if stated.issuer != known.issuer:
            said = say("Deze tekst is van een ander systeem. Voeg dat apart toe.")
            raise Malformed("pasted", said, (("toegang", said),))
        if stated.verify_key != known.verify_key and not sure:
            said = say("Vraag eerst na of deze sleutel van de leverancier is. Vink dat dan aan.")
            raise Malformed("register-entry", said, (("zeker", said),))
        entries.change_entrance(edit, stated, sure=sure)

    faults = await changed(visit, job)
    return await _page_of(visit, faults) if faults else visit.to("sources", gedaan="gewijzigd")


PAGES = (
    Page(
        "/beheer/toegangen/nieuw",
        "new_door",
        roles=ADMINISTRATORS,
        section="sources",
        get=new_door,
        post=add_door,
    ),
    Page(
        "/beheer/toegangen/{entry:uuid}",
        "door",
        roles=ADMINISTRATORS,
        section="sources",
        get=show_door,
        post=change_door,
    ),
)
