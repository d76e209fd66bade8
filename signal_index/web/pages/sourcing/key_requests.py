"""Keys that wait for a second person: the functioneel beheerder compares the fingerprint by phone, and decides."""

from starlette.responses import Response

from signal_index.usecases.sourcing.renewals import decide, proposals
from signal_index.web.pages.administration.staff.phrases import BADGES, STATES
from signal_index.web.pages.visits import ADMINISTRATORS, Page, Visit


async def show_requests(visit: Visit) -> Response:
    """Every proposal."""
    found = await visit.run_as(lambda tx, actor: proposals(tx, actor, visit.now))
    return visit.page(
        "sourcing/key_requests.html",
        proposals=found,
        states=STATES,
        badges=BADGES,
        decided=visit.request.query_params.get("besluit"),
    )


async def decide_request(visit: Visit) -> Response:
    """Decide on one; an answer that is none of ours changes nothing."""
    proposal_id, said = visit.param("proposal"), visit.form.one("besluit")
    if said not in {"goed", "weiger"}:
        return visit.to("key_requests")
    await visit.run_as(lambda tx, actor: decide(tx, actor, proposal_id, visit.now, approve=said == "goed"))
    return visit.to("key_requests", besluit=said)


PAGES = (
    Page("/beheer/sleutels", "key_requests", roles=ADMINISTRATORS, get=show_requests),
    Page(
        "/beheer/sleutels/{proposal:uuid}/besluit",
        "decide_key",
        roles=ADMINISTRATORS,
        section="key_requests",
        post=decide_request,
    ),
)
