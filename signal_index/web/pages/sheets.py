"""Paper: a work sheet for the worker, and a fridge sheet for the resident's own kitchen.

Invariants:
1. A form asks for a sheet, the index records that, and a redirect leads to the page that is printed.
2. The fridge sheet holds the contacts the resident chose and nothing else from the index: no case reference, no kind
   of help, no date. What a visitor reads on a fridge must tell nothing the resident did not want to tell.
3. Both sheets end when the view ends, and show no more than the view itself.
"""

from collections.abc import Callable

from starlette.responses import Response

from signal_index.model.workplace import Sheet
from signal_index.usecases.workplace import looked
from signal_index.usecases.workplace.views import Shown
from signal_index.web.markup.signals import fridge_contacts, on_the_fridge

from .looking import page_of_view, shown_page, unless_over, while_open
from .visits import WORKERS, Page, Visit

CHOSEN = "contact"


async def worksheet(visit: Visit) -> Response:
    """The work sheet, ready to print."""

    def answer(shown: Shown) -> Response:
        return shown_page(visit, shown, "worksheet.html")

    return await while_open(visit, lambda shown: _if_recorded(visit, shown, Sheet.WORK, answer))


async def print_worksheet(visit: Visit) -> Response:
    """Record that she prints a work sheet, and go to it."""
    view_id = visit.param("view")
    outcome = await visit.run_as(
        lambda tx, actor: looked.print_worksheet(tx, visit.rules, actor, view_id, visit.now)
    )
    return unless_over(visit, outcome, lambda shown: visit.to("worksheet", view=shown.view.view_id))


async def fridge(visit: Visit) -> Response:
    """Ask which contacts the resident wants on the sheet; none is ticked for her."""

    def answer(shown: Shown) -> Response:
        return page_of_view(visit, shown, "fridge.html", contacts=fridge_contacts(shown))

    return await while_open(visit, answer)


async def print_fridge(visit: Visit) -> Response:
    """Keep the choice, record that the sheet is printed, and go to it."""
    view_id, chosen = visit.param("view"), visit.form.many(CHOSEN)
    outcome = await visit.run_as(
        lambda tx, actor: looked.print_fridge(tx, visit.rules, actor, view_id, visit.now, keys=chosen)
    )
    return unless_over(visit, outcome, lambda shown: visit.to("fridge_sheet", view=shown.view.view_id))


async def fridge_sheet(visit: Visit) -> Response:
    """The fridge sheet, ready to print."""

    def answer(shown: Shown) -> Response:
        return page_of_view(visit, shown, "fridge_sheet.html", contacts=on_the_fridge(shown))

    return await while_open(visit, lambda shown: _if_recorded(visit, shown, Sheet.FRIDGE, answer))


def _if_recorded(visit: Visit, shown: Shown, sheet: Sheet, answer: Callable[[Shown], Response]) -> Response:
    """A sheet nobody asked for with the form is not on record, and so is not shown; back to the signals."""
    return answer(shown) if sheet in shown.view.printed else visit.to("view", view=shown.view.view_id)


_SHEETS = "/raadplegingen/{view:uuid}"
PAGES = (
    Page(
        f"{_SHEETS}/werkblad",
        "worksheet",
        roles=WORKERS,
        section="caseload",
        get=worksheet,
        post=print_worksheet,
    ),
    Page(
        f"{_SHEETS}/koelkastblad",
        "fridge",
        roles=WORKERS,
        section="caseload",
        get=fridge,
        post=print_fridge,
    ),
    Page(f"{_SHEETS}/koelkastblad/blad", "fridge_sheet", roles=WORKERS, section="caseload", get=fridge_sheet),
)
