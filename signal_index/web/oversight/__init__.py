"""The surface for oversight: looks, searches, openings, objections, figures and the log; no flag and no pseudonym.

The same use cases as the pages of the privacy officer, so the same is recorded and the same is left out.
"""

from fastapi import APIRouter

from signal_index.web.api.document import PREFIX
from signal_index.web.desk import Desk
from signal_index.web.strict import routes_below

from . import figures, log, looks, objections, openings


def router(desk: Desk) -> APIRouter:
    """The routes of this surface."""
    routes = routes_below(PREFIX)
    for part in (log, looks, openings, objections, figures):
        part.add(desk, routes)
    return routes
