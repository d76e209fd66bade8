"""Removing an entry of the register: first what will no longer work, then a button that does it."""

from starlette.responses import Response

from policy.catalogue import PurposeRule
from signal_index.usecases.sources import entries
from signal_index.usecases.sources.entries import Editing
from signal_index.usecases.sources.overview import Overview, Source
from signal_index.web.pages.visits import ADMINISTRATORS, Page, Visit

from .editing import CLASSES, catalogue_of, changed, read_register


async def ask_source(visit: Visit) -> Response:
    """What is shown no more once this source is gone."""
    register = await read_register(visit, "remove_source")
    source = register.source(visit.param("entry"))
    return visit.page(
        "administration/remove_source.html",
        source=source,
        purposes=_purposes(visit, source),
        is_last=_is_last(register, source),
    )


def _purposes(visit: Visit, source: Source) -> list[PurposeRule]:
    """The purposes that show what this source says."""
    return [each for each in catalogue_of(visit).purposes if source.publication.type in each.types]


def _is_last(register: Overview, source: Source) -> bool:
    kind = source.publication.type
    return sum(each.publication.type == kind for each in register.sources) == 1


async def remove_source(visit: Visit) -> Response:
    """Remove it; without having seen what that does, nothing happens."""
    entry_id, sure = visit.param("entry"), _is_sure(visit)

    def job(edit: Editing, register: Overview) -> None:
        known = register.source(entry_id).publication
        entries.remove_publication(edit, known.source, known.type, sure=sure)

    await changed(visit, job)
    return visit.to("sources", gedaan="verwijderd")


async def ask_supplier(visit: Visit) -> Response:
    """What is refused once this publisher is gone."""
    register = await read_register(visit, "remove_supplier")
    supplier = register.supplier(visit.param("entry"))
    delivered = [each for each in register.sources if each.publication.publisher == supplier.publisher.oin]
    return visit.page(
        "administration/remove_supplier.html", supplier=supplier, delivered=delivered, classes=CLASSES
    )


async def remove_supplier(visit: Visit) -> Response:
    """Remove it, if it publishes nothing any more."""
    entry_id, sure = visit.param("entry"), _is_sure(visit)

    def job(edit: Editing, register: Overview) -> None:
        entries.remove_publisher(edit, register.supplier(entry_id).publisher.oin, sure=sure)

    await changed(visit, job)
    return visit.to("sources", gedaan="verwijderd")


async def ask_door(visit: Visit) -> Response:
    """What opens no more once this entrance is gone."""
    register = await read_register(visit, "remove_door")
    return visit.page("administration/remove_door.html", door=register.door(visit.param("entry")))


async def remove_door(visit: Visit) -> Response:
    """Remove it."""
    entry_id, sure = visit.param("entry"), _is_sure(visit)

    def job(edit: Editing, register: Overview) -> None:
        entries.remove_entrance(edit, register.door(entry_id).entrance.issuer, sure=sure)

    await changed(visit, job)
    return visit.to("sources", gedaan="verwijderd")


def _is_sure(visit: Visit) -> bool:
    return visit.form.one("zeker") == "ja"


PAGES = tuple(
    Page(
        f"/beheer/{folder}/{{entry:uuid}}/verwijderen",
        name,
        roles=ADMINISTRATORS,
        section="sources",
        get=get,
        post=post,
    )
    for folder, name, get, post in (
        ("bronnen", "remove_source", ask_source, remove_source),
        ("leveranciers", "remove_supplier", ask_supplier, remove_supplier),
        ("toegangen", "remove_door", ask_door, remove_door),
    )
)
