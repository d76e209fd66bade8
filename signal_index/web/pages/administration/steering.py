"""Stuurinformatie: figures of one closed month, and how many sources are current now; never about one person.

Looks by purpose and answers are the privacy officer's own tables, with the same counts left out.
"""

from collections.abc import Sequence

from starlette.responses import Response

from crypto.encoding import Month
from signal_index.model import Actor, dutch_day
from signal_index.ports import Transaction
from signal_index.usecases.oversight.reports import Figures, closed_months, figures
from signal_index.usecases.oversight.suppression import SMALLEST_SHOWN
from signal_index.usecases.sources.overview import Overview, registered
from signal_index.web.pages.oversight.figures import sheet_of
from signal_index.web.pages.visits import ADMINISTRATORS, Page, Visit, month_in

from .register.editing import catalogue_of


async def show_steering(visit: Visit) -> Response:
    """The month in the address, or the last one that is over."""
    wanted, today = month_in(visit.request.query_params.get("maand")), dutch_day(visit.now)

    def read(tx: Transaction, actor: Actor) -> tuple[Sequence[Month], Figures, Overview]:
        months = closed_months(tx, today)
        counted = figures(tx, visit.rules, actor, wanted or months[0], visit.now)
        return months, counted, registered(tx, catalogue_of(visit), today)

    months, found, register = await visit.run_as(read)
    return visit.page(
        "administration/steering.html",
        months=months,
        month=found.month,
        hidden=found.is_hidden,
        purposes=sheet_of(visit, found.purposes),
        share=sheet_of(visit, found.share),
        useful=sheet_of(visit, found.useful),
        percent=found.percent_with_signal,
        register=register,
        smallest=SMALLEST_SHOWN,
    )


PAGES = (Page("/beheer/stuurinformatie", "steering", roles=ADMINISTRATORS, get=show_steering),)
