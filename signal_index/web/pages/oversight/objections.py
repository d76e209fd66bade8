"""Objections of residents, registered and ended here; beside them the workers who know a resident, as others said.

Invariant: no case stands here, only the alias that the resident has within oversight; the case is typed in and not
shown again.
"""

from starlette.responses import Response

from signal_index.model import Actor, dutch_day
from signal_index.model.impediments import Impediment, ImpedimentKind
from signal_index.ports import Transaction
from signal_index.usecases.workplace.impeded import impediments_in_organisation, restored_lately
from signal_index.usecases.workplace.impediments import case_in_organisation, end_impediment, object_to
from signal_index.web.pages.impediments.filled import Errors, ImpedimentForm, just_registered, registered
from signal_index.web.pages.visits import OFFICERS, Page, Visit


async def show(visit: Visit) -> Response:
    """What stands, and the form."""
    return await _page(visit, ImpedimentForm.fresh(visit), [])


async def _page(visit: Visit, filled: ImpedimentForm, errors: Errors) -> Response:
    listed, restored = await visit.run_as(
        lambda tx, actor: (impediments_in_organisation(tx, actor, visit.now), restored_lately(tx, visit.now))
    )
    return visit.page(
        "oversight/objections.html",
        400 if errors else 200,
        errors=errors,
        objections=[each for each in listed if each.impediment.kind is ImpedimentKind.OBJECTION],
        involved=[each for each in listed if each.impediment.kind is ImpedimentKind.INVOLVED],
        filled=filled.again(),
        today=dutch_day(visit.now),
        registered=just_registered(visit, listed),
        restored=restored,
        ended="beeindigd" in visit.request.query_params,
    )


async def register(visit: Visit) -> Response:
    """Register one, or say what to mend."""
    filled = ImpedimentForm.of(visit.form)

    def job(tx: Transaction, actor: Actor) -> Impediment:
        relation = case_in_organisation(tx, actor, filled.case_reference, visit.now)
        return object_to(tx, actor, filled.request(relation), visit.now)

    made = await registered(visit, filled, job, of_worker=False)
    if isinstance(made, Impediment):
        return visit.to("objections", vastgelegd=made.impediment_id)
    return await _page(visit, filled, made)


async def end(visit: Visit) -> Response:
    """End one; only an objection."""
    impediment_id = visit.param("impediment")
    await visit.run_as(
        lambda tx, actor: end_impediment(tx, actor, impediment_id, visit.now, kind=ImpedimentKind.OBJECTION)
    )
    return visit.to("objections", beeindigd="ja")


PAGES = (
    Page("/toezicht/bezwaren", "objections", roles=OFFICERS, get=show, post=register),
    Page(
        "/toezicht/bezwaren/{impediment:uuid}/beeindigen",
        "end_objection",
        roles=OFFICERS,
        section="objections",
        post=end,
    ),
)
