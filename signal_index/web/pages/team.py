"""For team leads: the care relations that workers registered for themselves and that wait for a second person."""

from starlette.responses import Response

from policy.vocabulary import Role
from signal_index.usecases import relations

from .visits import Page, Visit


async def show_team(visit: Visit) -> Response:
    """What waits for confirmation in the team lead's own team."""
    waiting = await visit.run_as(lambda tx, actor: relations.awaiting(tx, actor, visit.now))
    return visit.page(
        "team.html",
        waiting=waiting,
        own=visit.actor.staff_id,
        confirmed="bevestigd" in visit.request.query_params,
    )


async def confirm(visit: Visit) -> Response:
    """Confirm one; a second time is a conflict, which the page of errors explains."""
    relation_id = visit.param("relation")
    await visit.run_as(lambda tx, actor: relations.confirm(tx, actor, relation_id, visit.now))
    return visit.to("team", bevestigd="ja")


_LEADS = frozenset({Role.TEAM_LEAD})

PAGES = (
    Page("/team", "team", roles=_LEADS, get=show_team),
    Page("/team/{relation:uuid}/bevestigen", "confirm", roles=_LEADS, section="team", post=confirm),
)
