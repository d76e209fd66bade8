"""One look, opened by a privacy officer: what was asked, by which rules it was decided, and where it stands in the log.

Invariant: nothing here says which signals were shown, or whether any was; the page of two looks that differ in that
alone is the same.
"""

from starlette.responses import Response

from signal_index.usecases.oversight.looks import LookLine, OneLook, one_look
from signal_index.web.pages.visits import OFFICERS, Page, Visit

from .phrases import INFORMED, LEVELS, facts, refusal


async def show_look(visit: Visit) -> Response:
    """One look."""
    look_id = visit.param("look")
    look = await visit.run_as(lambda tx, actor: one_look(tx, visit.rules, actor, look_id, visit.now))
    return look_page(visit, look)


def look_page(visit: Visit, look: OneLook, status: int = 200, **context: object) -> Response:
    """The page of a look."""
    domains = (visit.rules.catalogue.life_domain(code) for code in look.domains)
    return visit.page(
        "oversight/look.html",
        status,
        look=look,
        refused=refusal(look.line.refused) if look.line.refused else None,
        informed=INFORMED.get(look.informed or ""),
        facts=tuple(facts(look.facts)),
        levels=LEVELS,
        domains=[each for each in domains if each is not None],
        **context,
    )


def lines_for(visit: Visit, lines: tuple[LookLine, ...]) -> list[tuple[LookLine, object, str]]:
    """Looks for a list: each with its purpose, if that still exists, and why it was refused, if it was."""
    catalogue = visit.rules.catalogue
    return [
        (line, catalogue.purpose(line.purpose or ""), refusal(line.refused) if line.refused else "")
        for line in lines
    ]


PAGES = (
    Page(
        "/toezicht/raadplegingen/{look:uuid}",
        "one_look",
        roles=OFFICERS,
        section="work_list",
        get=show_look,
    ),
)
