"""The surface for who administers: staff, roles, proposals, teams, covers, register and rules; no flag and no person.

What needs a second person answers 202, with the proposals that wait for one.
"""

from fastapi import APIRouter

from signal_index.web.api.document import PREFIX
from signal_index.web.desk import Desk
from signal_index.web.strict import routes_below

from . import register, rulebook, staff, teams


def router(desk: Desk) -> APIRouter:
    """The routes of this surface."""
    routes = routes_below(PREFIX)
    staff.add(desk, routes)
    teams.add(desk, routes)
    register.add(desk, routes)
    rulebook.add(desk, routes)
    return routes
