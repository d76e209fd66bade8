"""What the organisation has standing at the index: per source and type how many, how fresh, and what to do if not."""

from starlette.responses import Response

from signal_index.usecases.oversight.suppression import SMALLEST_SHOWN
from signal_index.usecases.sourcing.series import own_series
from signal_index.web.pages.visits import SOURCES, Page, Visit


async def show_series(visit: Visit) -> Response:
    """Every source and type."""
    found = await visit.run_as(lambda tx, actor: own_series(tx, visit.rules, actor, visit.now))
    return visit.page("sourcing/series.html", series=found, smallest=SMALLEST_SHOWN)


PAGES = (Page("/bron/signalen", "source_series", roles=SOURCES, get=show_series),)
