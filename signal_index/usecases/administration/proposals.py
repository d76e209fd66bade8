"""What two people must agree on: one proposes, another decides, and the decision checks everything again.

Invariants:
1. Nobody decides about what she proposed herself, or about herself; but who proposed may take it back.
2. What is agreed to is what was proposed: with another entry by now, or a proposer who works here no more, nothing
   happens.
3. After fourteen days nobody can decide any more.
4. A proposal is about somebody of one organisation; to who is not within its bounds there is none.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from secrets import token_bytes

from policy.vocabulary import Role
from signal_index import audit
from signal_index.errors import Conflict, Malformed, NotFound, NotPermitted
from signal_index.model import Actor, StaffMember
from signal_index.model.administration import GIVEN_BY_PEOPLE, Change, Proposal, ProposalState, Why
from signal_index.ports import Transaction
from signal_index.usecases.authority import require_role

from .acting import ADMINISTERING_ROLE, SET_UP, Bounds, bounds_of, recorded_under
from .changes import (
    Hand,
    carry_out,
    entry_digest,
    find_other,
    needs_two,
    require_possible,
    require_within,
)

_ID_BYTES = 16


def request_change(
    tx: Transaction, actor: Actor, change: Change, now: datetime, *, why: Why | None = None
) -> Proposal | None:
    """Change something about a colleague, or propose it when one person alone may not.

    Args:
        tx: the open transaction.
        actor: who administers.
        change: made with `Change.grant`, `revoke`, `block`, `unblock` or `move`.
        now: aware UTC.
        why: one of `GIVEN_BY_PEOPLE`; needed when it becomes a proposal.

    Returns:
        The proposal that waits for a second person; None when it is done.

    Raises:
        NotPermitted: the actor does not administer, changes herself, or `other-organisation`.
        NotFound: no such member within her bounds, or a role she does not have.
        Malformed: no such role, or `proposal` without a reason (`reden`).
        Conflict: it cannot be, see `require_possible`.
    """
    require_role(actor, ADMINISTERING_ROLE)
    member = find_other(tx, actor, change.staff_id)
    require_possible(tx, member, change)
    require_within(tx, actor, change)
    if not needs_two(member, change):
        carry_out(tx, change, Hand.of(actor, why), now)
        return None
    if why not in GIVEN_BY_PEOPLE:
        raise Malformed("proposal", "Kies waarom dit nodig is.", (("reden", "Kies een reden."),))
    return propose(tx, actor, change, why, now)


def propose(tx: Transaction, actor: Actor, change: Change, why: Why, now: datetime) -> Proposal:
    """Put a change before a second person; one that waits already is given back. The caller has checked the rest."""
    member = find_other(tx, actor, change.staff_id)
    entry = entry_digest(member)
    for before in tx.proposals.all():
        if (before.change, before.entry, before.state(now)) == (change, entry, ProposalState.ASKED):
            return before
    proposal = Proposal(
        proposal_id=token_bytes(_ID_BYTES),
        change=change,
        why=why,
        entry=entry,
        proposed_by=actor.staff_id,
        proposed_at=now,
    )
    tx.proposals.put(proposal)
    _record(tx, "proposal.made", (proposal, member), actor, now)
    return proposal


def _record(
    tx: Transaction, name: str, about: tuple[Proposal, StaffMember], actor: Actor, now: datetime
) -> None:
    proposal, member = about
    hand = Hand(actor.staff_id, actor.token_id, proposal.why, proposal.proposal_id)
    under = recorded_under(tx, member.organisation)
    tx.audit.append(hand.record(name, now, proposal.change, under, what=proposal.change.what.value))


def require_decider(actor: Actor) -> StaffMember:
    """Who may decide: a functioneel beheerder or a privacy officer.

    Raises:
        NotPermitted: the actor acts as neither.
    """
    oversees = Role.PRIVACY_OFFICER in actor.roles
    return require_role(actor, Role.PRIVACY_OFFICER if oversees else ADMINISTERING_ROLE)


def decide(tx: Transaction, actor: Actor, proposal_id: bytes, now: datetime, *, approve: bool) -> Proposal:
    """Decide as the second person.

    Args:
        tx: the open transaction.
        actor: a functioneel beheerder or privacy officer; neither who proposed it nor whom it is about.
        proposal_id: 16 bytes.
        now: aware UTC.
        approve: whether the change is made, at once.

    Raises:
        NotPermitted: the actor may not decide, or `own-proposal`: it is hers, or about her.
        NotFound: `no-proposal`.
        Conflict: `proposal-decided`: somebody decided, or it waited too long; `proposal-outdated`: her entry is
            another by now, or who proposed it administers no more; or it cannot be, see `require_possible`.
    """
    staff = require_decider(actor)
    proposal, member = _found(tx, actor, proposal_id)
    _require_second_person(staff, proposal)
    _require_waiting(proposal, now)
    if approve:
        _agree(tx, actor, (proposal, member), now)
    decided = replace(proposal, decided_by=staff.staff_id, decided_at=now, approved=approve)
    tx.proposals.put(decided)
    if approve:
        _record(tx, "proposal.approved", (decided, member), actor, now)
    else:
        _record(tx, "proposal.refused", (decided, member), actor, now)
    return decided


def withdraw(tx: Transaction, actor: Actor, proposal_id: bytes, now: datetime) -> Proposal:
    """Take back what the actor proposed herself, while nobody has decided.

    Raises:
        NotPermitted: the actor does not administer.
        NotFound: `no-proposal`: there is none of hers.
        Conflict: `proposal-decided`: somebody decided, or it waited too long.
    """
    staff = require_role(actor, ADMINISTERING_ROLE)
    proposal, member = _found(tx, actor, proposal_id)
    if proposal.proposed_by != staff.staff_id:
        raise _not_found()
    _require_waiting(proposal, now)
    withdrawn = replace(proposal, decided_by=staff.staff_id, decided_at=now, approved=False)
    tx.proposals.put(withdrawn)
    _record(tx, "proposal.withdrawn", (withdrawn, member), actor, now)
    return withdrawn


def _found(tx: Transaction, actor: Actor, proposal_id: bytes) -> tuple[Proposal, StaffMember]:
    """A proposal within the actor's bounds, and whom it is about."""
    proposal = tx.proposals.get(proposal_id)
    member = _about(tx, proposal, bounds_of(tx, actor.staff)) if proposal is not None else None
    if proposal is None or member is None:
        raise _not_found()
    return proposal, member


def _about(tx: Transaction, proposal: Proposal, bounds: Bounds) -> StaffMember | None:
    """Whom a proposal is about; None for somebody beyond these bounds."""
    member = tx.staff.get(proposal.change.staff_id)
    return member if member is not None and member.organisation in bounds else None


def _not_found() -> NotFound:
    return NotFound("no-proposal", "Dit voorstel is niet gevonden.")


def _require_waiting(proposal: Proposal, now: datetime) -> None:
    if proposal.state(now) is not ProposalState.ASKED:
        raise Conflict("proposal-decided", "Over dit voorstel is al beslist, of het is verlopen.")


def _require_second_person(staff: StaffMember, proposal: Proposal) -> None:
    if staff.staff_id in {proposal.proposed_by, proposal.change.staff_id}:
        raise NotPermitted(
            "own-proposal", "Dit voorstel is van uzelf of gaat over uzelf. Een ander moet beslissen."
        )


def _agree(tx: Transaction, actor: Actor, about: tuple[Proposal, StaffMember], now: datetime) -> None:
    proposal, member = about
    if entry_digest(member) != proposal.entry or not _may_still_ask(tx, proposal, member):
        raise Conflict("proposal-outdated", "De gegevens zijn intussen anders. Doe een nieuw voorstel.")
    require_possible(tx, member, proposal.change)
    require_within(tx, actor, proposal.change)
    hand = Hand(actor.staff_id, actor.token_id, proposal.why, proposal.proposal_id)
    carry_out(tx, proposal.change, hand, now)


def _may_still_ask(tx: Transaction, proposal: Proposal, subject: StaffMember) -> bool:
    """Whether who proposed it may still ask for it; what the set-up asked for stands by itself."""
    if proposal.proposed_by == SET_UP:
        return True
    proposer = tx.staff.get(proposal.proposed_by)
    if proposer is None or not proposer.active or subject.organisation not in bounds_of(tx, proposer):
        return False
    same_team = (proposer.organisation, proposer.team) == (subject.organisation, subject.team)
    # A team lead asks for one thing only: to block who left her team.
    leads = proposal.why is Why.LEFT and Role.TEAM_LEAD in proposer.roles and same_team
    return ADMINISTERING_ROLE in proposer.roles or leads


@dataclass(frozen=True)
class Shown:
    """One proposal as somebody who may decide sees it.

    Args:
        member: whom it is about, as she is now.
        proposer: name of who proposed it.
        decider: name of who decided, if anybody did.
        state: now.
        waits_for_her: whether the actor may decide on it now.
        may_withdraw: whether it is the actor's own, and nobody has decided.
    """

    proposal: Proposal
    member: StaffMember
    proposer: str
    decider: str | None
    state: ProposalState
    waits_for_her: bool
    may_withdraw: bool


def list_proposals(tx: Transaction, actor: Actor, now: datetime) -> Sequence[Shown]:
    """Every proposal of the last year about somebody within the actor's bounds, newest first.

    Raises:
        NotPermitted: the actor may not decide.
    """
    staff = require_decider(actor)
    tx.audit.append(audit.act("proposals.listed", now, actor))
    return list(_within(tx, staff, now))


def count_waiting(tx: Transaction, staff: StaffMember, now: datetime) -> int:
    """How many proposals wait for somebody who may decide; reading the number alone is not recorded."""
    return sum(each.waits_for_her for each in _within(tx, staff, now))


def _within(tx: Transaction, staff: StaffMember, now: datetime) -> Iterator[Shown]:
    found, bounds = tx.proposals.all(), bounds_of(tx, staff)
    for proposal in found:
        member = _about(tx, proposal, bounds)
        if member is not None:
            yield _shown(tx, staff, (proposal, member), now)


def _shown(tx: Transaction, staff: StaffMember, about: tuple[Proposal, StaffMember], now: datetime) -> Shown:
    proposal, member = about
    state = proposal.state(now)
    own = staff.staff_id in {proposal.proposed_by, member.staff_id}
    return Shown(
        proposal=proposal,
        member=member,
        proposer=_name(tx, proposal.proposed_by),
        decider=_name(tx, proposal.decided_by) if proposal.decided_by is not None else None,
        state=state,
        waits_for_her=state is ProposalState.ASKED and not own,
        may_withdraw=state is ProposalState.ASKED and proposal.proposed_by == staff.staff_id,
    )


def _name(tx: Transaction, staff_id: str) -> str:
    known = tx.staff.get(staff_id)
    return known.shown_name if known is not None else staff_id
