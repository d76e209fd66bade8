"""Stuurinformatie: figures of one closed month, and how many sources are current now; never about one person."""

from starlette.responses import Response

from signal_index.usecases.oversight.suppression import SMALLEST_SHOWN
from signal_index.usecases.sources.steering import steering
from signal_index.web.pages.oversight.figures import sheet_of
from signal_index.web.pages.visits import ADMINISTRATORS, Page, Visit, month_in


async def show_steering(visit: Visit) -> Response:
    """The month in the address, or the last one that is over."""
    wanted = month_in(visit.request.query_params.get("maand"))
    read = await visit.run_as(lambda tx, actor: steering(tx, visit.rules, actor, wanted, visit.now))
    found = read.report.figures
    return visit.page(
        "administration/steering.html",
        months=read.report.months,
        month=found.month,
        hidden=found.is_hidden,
        purposes=sheet_of(visit, found.purposes),
        share=sheet_of(visit, found.share),
        useful=sheet_of(visit, found.useful),
        percent=found.percent_with_signal,
        register=read.register,
        smallest=SMALLEST_SHOWN,
    )


PAGES = (Page("/beheer/stuurinformatie", "steering", roles=ADMINISTRATORS, get=show_steering),)
