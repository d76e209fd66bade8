"""Which workers do not look in which case, because they know the resident; registered and ended by their lead."""

from starlette.responses import Response

from policy.vocabulary import Role
from signal_index.model import Actor, dutch_day
from signal_index.model.impediments import Impediment, ImpedimentKind
from signal_index.ports import Transaction
from signal_index.usecases.workplace.impeded import impediments_in_team, restored_lately
from signal_index.usecases.workplace.impediments import case_in_team, end_impediment, involve
from signal_index.web.pages.visits import Page, Visit

from .filled import Errors, ImpedimentForm, just_registered, registered


async def show(visit: Visit) -> Response:
    """What stands, and the form."""
    return await _page(visit, ImpedimentForm.fresh(visit), [])


async def _page(visit: Visit, filled: ImpedimentForm, errors: Errors) -> Response:
    found, restored = await visit.run_as(
        lambda tx, actor: (impediments_in_team(tx, actor, visit.now), restored_lately(tx, visit.now))
    )
    return visit.page(
        "involvements.html",
        400 if errors else 200,
        errors=errors,
        listed=found.listed,
        colleagues=[(each.staff_id, each.shown_name) for each in found.colleagues],
        filled=filled.again(),
        today=dutch_day(visit.now),
        registered=just_registered(visit, found.listed),
        restored=restored,
        ended="beeindigd" in visit.request.query_params,
    )


async def register(visit: Visit) -> Response:
    """Register one, or say what to mend."""
    filled = ImpedimentForm.of(visit.form)

    def job(tx: Transaction, actor: Actor) -> Impediment:
        relation = case_in_team(tx, actor, filled.case_reference, visit.now)
        return involve(tx, actor, filled.worker, filled.request(relation), visit.now)

    made = await registered(visit, filled, job, of_worker=True)
    if isinstance(made, Impediment):
        return visit.to("involvements", vastgelegd=made.impediment_id)
    return await _page(visit, filled, made)


async def end(visit: Visit) -> Response:
    """End one; never one about herself."""
    impediment_id = visit.param("impediment")
    await visit.run_as(
        lambda tx, actor: end_impediment(tx, actor, impediment_id, visit.now, kind=ImpedimentKind.INVOLVED)
    )
    return visit.to("involvements", beeindigd="ja")


_LEADS = frozenset({Role.TEAM_LEAD})

PAGES = (
    Page("/team/prive", "involvements", roles=_LEADS, get=show, post=register),
    Page(
        "/team/prive/{impediment:uuid}/beeindigen",
        "end_involvement",
        roles=_LEADS,
        section="involvements",
        post=end,
    ),
)
