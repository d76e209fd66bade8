"""Deliveries of the last thirty days: accepted or refused, and why."""

from starlette.responses import Response

from signal_index.usecases.sourcing.delivered import SHOWN_FOR, own_deliveries
from signal_index.web.pages.administration.register.editing import CLASSES
from signal_index.web.pages.visits import SOURCES, Page, Visit, page_number

from .phrases import REASONS, UNKNOWN_REASON


async def show_deliveries(visit: Visit) -> Response:
    """One page of them, the newest first."""
    wanted = page_number(visit.request.query_params.get("bladzijde"))
    found = await visit.run_as(lambda tx, actor: own_deliveries(tx, actor, visit.now, page=wanted))
    return visit.page(
        "sourcing/deliveries.html",
        deliveries=found.deliveries,
        number=found.number,
        days=SHOWN_FOR.days,
        kinds=CLASSES,
        reasons=REASONS,
        unknown=UNKNOWN_REASON,
        newer=visit.url("deliveries", bladzijde=found.number - 1) if found.number > 1 else "",
        older=visit.url("deliveries", bladzijde=found.number + 1) if found.has_older else "",
    )


PAGES = (Page("/bron/leveringen", "deliveries", roles=SOURCES, get=show_deliveries),)
