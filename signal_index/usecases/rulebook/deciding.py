"""Agreeing to a set of rules, or refusing it: by its digest, each person once, and never one's own proposal."""

from dataclasses import replace
from datetime import datetime

from policy.vocabulary import Role
from signal_index import audit
from signal_index.errors import Conflict, NotFound, NotPermitted
from signal_index.model import Actor, StaffMember
from signal_index.model.rulebook import APPROVING_ROLES, Approval, HeldRuleSet, RuleSetState
from signal_index.ports import Transaction
from signal_index.usecases.authority import require_role


def approve_rules(tx: Transaction, actor: Actor, digest: str, now: datetime) -> HeldRuleSet:
    """Agree to a set of rules; with the second person it counts from now on, each rule from its own first day.

    Args:
        tx: the open transaction.
        actor: acts in one of `APPROVING_ROLES`, and did not propose it.
        digest: as she has seen it, 64 hex digits.
        now: aware UTC.

    Raises:
        NotPermitted: the actor has neither role, or `own-rules`: she proposed or approved it already.
        NotFound: `no-rule-set`.
        Conflict: `rules-decided`: it is adopted or refused, or somebody in her role agreed already.
    """
    member, role, held = _deciding(tx, actor, digest)
    if held.approved_as(role):
        raise Conflict("rules-decided", "Iemand in uw rol heeft deze regels al goedgekeurd.")
    agreed = held.with_approval(Approval(member.staff_id, role, now))
    tx.rulebook.put(agreed)
    tx.audit.append(audit.act("rules.approved", now, actor, rule_set=digest, role=role.value))
    if agreed.state is RuleSetState.ADOPTED:
        tx.audit.append(audit.act("rules.adopted", now, actor, rule_set=digest))
    return agreed


def refuse_rules(tx: Transaction, actor: Actor, digest: str, now: datetime) -> HeldRuleSet:
    """Refuse a set of rules; it can be proposed again.

    Raises:
        NotPermitted: as `approve_rules`.
        NotFound: `no-rule-set`.
        Conflict: `rules-decided`.
    """
    member, _, held = _deciding(tx, actor, digest)
    refused = replace(held, refused_by=member.staff_id, refused_at=now)
    tx.rulebook.put(refused)
    tx.audit.append(audit.act("rules.refused", now, actor, rule_set=digest))
    return refused


def _deciding(tx: Transaction, actor: Actor, digest: str) -> tuple[StaffMember, Role, HeldRuleSet]:
    role = next((each for each in APPROVING_ROLES if each in actor.roles), APPROVING_ROLES[0])
    member = require_role(actor, role)
    held = tx.rulebook.get(digest)
    if held is None:
        raise NotFound("no-rule-set", "Deze regels zijn niet gevonden.")
    if held.involves(member.staff_id):
        raise NotPermitted(
            "own-rules", "U hebt deze regels zelf voorgesteld of al goedgekeurd. Een ander moet beslissen."
        )
    if held.state is not RuleSetState.WAITING:
        raise Conflict("rules-decided", "Over deze regels is al beslist.")
    return member, role, held
