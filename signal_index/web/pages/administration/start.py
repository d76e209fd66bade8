"""Where the functioneel beheerder begins: what waits for her."""

from collections.abc import Mapping
from datetime import timedelta

from starlette.responses import Response

from signal_index.model import Actor
from signal_index.ports import Transaction
from signal_index.usecases.administration.waiting import Waiting, waiting
from signal_index.web.markup.menu import ROLE_LABELS
from signal_index.web.pages.visits import ADMINISTRATORS, Page, Visit

from .register.editing import catalogue_of
from .rule_sets import some_count
from .staff.people import opaque_id
from .staff.phrases import BADGES, STATES, WHYS


async def show_start(visit: Visit) -> Response:
    """What waits for her, or that nothing does."""
    unused_days = visit.site.unused_days

    def read(
        tx: Transaction, actor: Actor
    ) -> tuple[Waiting, Mapping[str, bytes], Mapping[tuple[str, str], bytes]]:
        found = waiting(tx, actor, catalogue_of(visit), visit.now, unused_days=unused_days)
        members = {
            each.staff_id: opaque_id(tx, "staff", each.staff_id) for each in (*found.soon_off, *found.off)
        }
        names = [(each.organisation, each.team) for each in found.teams]
        teams = {name: opaque_id(tx, "team", *name) for name in names}
        return found, members, teams

    found, members, teams = await visit.run_as(read)
    return visit.page(
        "administration/start.html",
        waiting=found,
        rules_count=some_count(visit),
        members=members,
        teams=teams,
        unused=timedelta(days=unused_days + 1),
        unused_days=unused_days,
        roles=ROLE_LABELS,
        states=STATES,
        badges=BADGES,
        whys=WHYS,
    )


PAGES = (Page("/beheer", "administration", roles=ADMINISTRATORS, get=show_start),)
