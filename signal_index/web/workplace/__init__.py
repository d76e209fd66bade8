"""The JSON interface of a worker and a team lead beside the look itself; the same use cases as their pages.

Nothing here shows more than the page beside it: what a look shows again comes from `look_at`, with every check of it.
"""

from fastapi import APIRouter

from signal_index.web.api.document import PREFIX
from signal_index.web.desk import Desk
from signal_index.web.strict import routes_below

from . import cases, covers, impediments, looks, messages, questions


def router(desk: Desk) -> APIRouter:
    """The routes on the surface for workers."""
    routes = routes_below(PREFIX)
    for part in (cases, looks, questions, covers, impediments, messages):
        part.add(desk, routes)
    return routes
