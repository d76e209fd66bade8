"""The keys the organisation signs with: until when, and how to renew one."""

from starlette.responses import Response

from signal_index.errors import Conflict, Malformed
from signal_index.model.administration import PROPOSAL_WAITS
from signal_index.usecases.sourcing.keys import own_keys
from signal_index.usecases.sourcing.renewals import KEY_LASTS, OVERLAPS_DAYS, propose
from signal_index.web.pages.administration.staff.phrases import BADGES, STATES
from signal_index.web.pages.visits import SOURCES, Page, Visit


async def show_keys(visit: Visit) -> Response:
    """Every key, and the form to propose another one."""
    return await _page(visit)


async def _page(visit: Visit, error: Malformed | Conflict | None = None) -> Response:
    found = await visit.run_as(lambda tx, actor: own_keys(tx, actor, visit.now))
    violations = error.violations if isinstance(error, Malformed) else ()
    status = {Malformed: 400, Conflict: 409}.get(type(error), 200) if error is not None else 200
    return visit.page(
        "sourcing/keys.html",
        status,
        errors=violations or ([("sleutel", error.detail)] if error is not None else []),
        own=found,
        waiting=any(each.state == "wacht" for each in found.proposals),
        overlaps=OVERLAPS_DAYS,
        overlap=_number(visit.form.one("overlap")),
        waits_days=PROPOSAL_WAITS.days,
        lasts_days=KEY_LASTS.days,
        proposed="voorgesteld" in visit.request.query_params,
        states=STATES,
        badges=BADGES,
    )


def _number(text: str | None) -> int:
    return next((each for each in OVERLAPS_DAYS if str(each) == text), 0)


async def propose_key(visit: Visit) -> Response:
    """Propose one, or say what to mend; what was pasted does not come back."""
    text, overlap = visit.form.one("sleutel") or "", _number(visit.form.one("overlap"))
    try:
        await visit.run_as(lambda tx, actor: propose(tx, actor, text, visit.now, overlap_days=overlap))
    except (Malformed, Conflict) as error:
        return await _page(visit, error)
    return visit.to("keys", voorgesteld=1)


PAGES = (Page("/bron/sleutels", "keys", roles=SOURCES, get=show_keys, post=propose_key),)
