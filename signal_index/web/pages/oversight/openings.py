"""Opening a person: the request, the second privacy officer's decision, and the case number while it lasts."""

from starlette.responses import Response

from signal_index.errors import Malformed
from signal_index.model.openings import OpeningReason, OpeningState
from signal_index.usecases.oversight import openings
from signal_index.usecases.oversight.looks import one_look
from signal_index.web.pages.visits import OFFICERS, Page, Visit

from .phrases import OPENING_REASONS, OPENING_STATES, typed_back

_BADGES = {
    OpeningState.ASKED: "warning",
    OpeningState.OPEN: "valid",
    OpeningState.REFUSED: "neutral",
    OpeningState.OVER: "inactive",
}


async def ask_why(visit: Visit) -> Response:
    """The form to ask with; shows nothing but the look it is about."""
    return await _form(visit)


async def _form(visit: Visit, error: Malformed | None = None) -> Response:
    look_id = visit.param("look")
    look = await visit.run_as(lambda tx, actor: one_look(tx, visit.rules, actor, look_id, visit.now))
    return visit.page(
        "oversight/open_person.html",
        400 if error is not None else 200,
        errors=error.violations if error is not None else (),
        look=look,
        reasons=OPENING_REASONS,
        reason=visit.form.one("reden") or "",
        dossier=typed_back(visit.form.one("dossier") or ""),
    )


async def ask(visit: Visit) -> Response:
    """Ask, or say what to mend."""
    look_id, dossier = visit.param("look"), visit.form.one("dossier") or ""
    reason = next((each for each in OpeningReason if each == visit.form.one("reden")), None)
    try:
        opening = await visit.run_as(
            lambda tx, actor: openings.ask(tx, actor, look_id, visit.now, reason=reason, dossier=dossier)
        )
    except Malformed as error:
        return await _form(visit, error)
    return visit.to("opening", opening=opening.opening_id)


async def overview(visit: Visit) -> Response:
    """Every opening of the organisation."""
    found = await visit.run_as(lambda tx, actor: openings.overview(tx, actor, visit.now))
    return visit.page(
        "oversight/openings.html",
        to_decide=[each for each in found if each.waits_for_her],
        others=[each for each in found if not each.waits_for_her],
        reasons=OPENING_REASONS,
        states=OPENING_STATES,
        badges=_BADGES,
    )


async def show(visit: Visit) -> Response:
    """One opening; the case stands on it for who asked, while it is open."""
    opening_id = visit.param("opening")
    shown = await visit.run_as(lambda tx, actor: openings.show(tx, actor, opening_id, visit.now))
    return visit.page(
        "oversight/opening.html",
        shown=shown,
        served_at=visit.now,
        reasons=OPENING_REASONS,
        states=OPENING_STATES,
        badges=_BADGES,
    )


async def decide(visit: Visit) -> Response:
    """The second privacy officer decides; an answer that is none of ours changes nothing."""
    opening_id, said = visit.param("opening"), visit.form.one("besluit")
    if said in {"goed", "weiger"}:
        await visit.run_as(
            lambda tx, actor: openings.decide(tx, actor, opening_id, visit.now, approve=said == "goed")
        )
    return visit.to("opening", opening=opening_id)


PAGES = (
    Page("/toezicht/zaaknummers", "openings", roles=OFFICERS, get=overview),
    Page(
        "/toezicht/raadplegingen/{look:uuid}/zaaknummer",
        "open_person",
        roles=OFFICERS,
        section="openings",
        get=ask_why,
        post=ask,
    ),
    Page("/toezicht/zaaknummers/{opening:uuid}", "opening", roles=OFFICERS, section="openings", get=show),
    Page(
        "/toezicht/zaaknummers/{opening:uuid}/besluit",
        "decide_opening",
        roles=OFFICERS,
        section="openings",
        post=decide,
    ),
)
