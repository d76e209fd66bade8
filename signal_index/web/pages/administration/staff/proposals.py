"""Proposals: what waits for a second person and what was decided; for who administers and for who oversees."""

from collections.abc import Mapping

from starlette.responses import Response

from signal_index.errors import NotFound
from signal_index.model import Actor
from signal_index.model.administration import ProposalState
from signal_index.ports import Transaction
from signal_index.usecases.administration.proposals import Shown, decide, list_proposals, withdraw
from signal_index.web.markup.menu import ROLE_LABELS
from signal_index.web.pages.visits import ADMINISTRATORS, OFFICERS, Page, Visit

from .phrases import BADGES, STATES, WHYS

DECIDERS = ADMINISTRATORS | OFFICERS
_ANSWERS: Mapping[str, bool] = {"akkoord": True, "afwijzen": False}
_WITHDRAWN = "intrekken"


async def show_proposals(visit: Visit) -> Response:
    """All of the last year: those that wait for her first."""
    found = await visit.run_as(lambda tx, actor: list_proposals(tx, actor, visit.now))
    return visit.page(
        "administration/proposals.html",
        to_decide=[each for each in found if each.waits_for_her],
        waiting=[each for each in found if each.state is ProposalState.ASKED and not each.waits_for_her],
        decided=[each for each in found if each.state is not ProposalState.ASKED],
        roles=ROLE_LABELS,
        states=STATES,
        badges=BADGES,
        whys=WHYS,
    )


async def show_proposal(visit: Visit) -> Response:
    """One proposal, with the form for whoever may decide."""
    proposal_id = visit.param("proposal")

    def read(tx: Transaction, actor: Actor) -> Shown:
        for each in list_proposals(tx, actor, visit.now):
            if each.proposal.proposal_id == proposal_id:
                return each
        raise NotFound("no-proposal", "Dit voorstel is niet gevonden.")

    shown = await visit.run_as(read)
    return visit.page(
        "administration/proposal.html",
        shown=shown,
        own=shown.proposal.proposed_by == visit.actor.staff_id,
        about_her=shown.proposal.change.staff_id == visit.actor.staff_id,
        roles=ROLE_LABELS,
        states=STATES,
        badges=BADGES,
        whys=WHYS,
    )


async def decide_proposal(visit: Visit) -> Response:
    """Decide as the second person, or take back what is her own; an answer that is none of ours changes nothing."""
    proposal_id, said = visit.param("proposal"), visit.form.one("besluit") or ""
    approve = _ANSWERS.get(said)
    if said == _WITHDRAWN:
        await visit.run_as(lambda tx, actor: withdraw(tx, actor, proposal_id, visit.now))
    elif approve is not None:
        await visit.run_as(lambda tx, actor: decide(tx, actor, proposal_id, visit.now, approve=approve))
    return visit.to("proposal", proposal=proposal_id)


PAGES = (
    Page("/beheer/voorstellen", "proposals", roles=DECIDERS, get=show_proposals),
    Page(
        "/beheer/voorstellen/{proposal:uuid}",
        "proposal",
        roles=DECIDERS,
        section="proposals",
        get=show_proposal,
        post=decide_proposal,
    ),
)
