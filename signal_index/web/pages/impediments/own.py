"""A worker says that she knows the resident of a case outside her work; from then on she sees nothing of her.

The page shows what she said herself and nothing that anybody else registered.
"""

from starlette.responses import Response

from signal_index.model import dutch_day
from signal_index.usecases.workplace.impeded import said_herself
from signal_index.usecases.workplace.impediments import ImpedimentRequest, involve_self
from signal_index.web.markup.words import say
from signal_index.web.pages.visits import WORKERS, Page, Visit

_SURE = "zeker"
_TICK = say("Zet een vinkje als u dit zeker weet. U kunt het niet zelf terugdraaien.")


async def show(visit: Visit) -> Response:
    """What it means, and the form; or what she said before."""
    return await _page(visit)


async def _page(visit: Visit, *errors: tuple[str, str]) -> Response:
    relation_id = visit.param("relation")
    relation, said = await visit.run_as(lambda tx, actor: said_herself(tx, actor, relation_id, visit.now))
    return visit.page(
        "own_involvement.html",
        400 if errors else 200,
        errors=errors,
        relation=relation,
        said=said,
        registered="vastgelegd" in visit.request.query_params,
    )


async def register(visit: Visit) -> Response:
    """Register it from today on, once she has said that she is sure."""
    if visit.form.one(_SURE) is None:
        return await _page(visit, (_SURE, _TICK))
    request = ImpedimentRequest(visit.param("relation"), dutch_day(visit.now))
    await visit.run_as(lambda tx, actor: involve_self(tx, actor, request, visit.now))
    return visit.to("own_involvement", relation=request.relation_id, vastgelegd="ja")


PAGES = (
    Page(
        "/caseload/{relation:uuid}/prive",
        "own_involvement",
        roles=WORKERS,
        section="caseload",
        get=show,
        post=register,
    ),
)
