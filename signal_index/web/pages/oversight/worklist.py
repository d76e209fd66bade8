"""The work list."""

from starlette.responses import Response

from signal_index.web.pages.visits import OFFICERS, Page, Visit


async def show_list(visit: Visit) -> Response:
    """What is to be reviewed."""
    return visit.page("oversight/work_list.html")


PAGES = (Page("/toezicht/werklijst", "work_list", roles=OFFICERS, get=show_list),)
