"""Agreeing to a set of rules, or refusing it: by its digest, each person once, and never one's own proposal.

Invariants:
1. What counts was agreed to by two people besides whoever proposed it, each in another role, which they still hold.
2. No account of the operating system takes two of those three steps on the command line, where whoever runs it says who
   she is: except in a trial, which is one person on one machine.
3. What is agreed to is what was proposed: files that are not what their digest says, or that drop a rule which counts
   by now, are agreed to by nobody.

Whoever controls one person can at most propose, agree once, or refuse.
"""

from dataclasses import replace
from datetime import datetime

from policy.vocabulary import Role
from signal_index import audit
from signal_index.errors import Conflict, NotFound, NotPermitted
from signal_index.model import Actor, StaffMember
from signal_index.model.rulebook import APPROVING_ROLES, Approval, HeldRuleSet, RuleSetState
from signal_index.ports import Transaction
from signal_index.usecases.authority import OS_ACCOUNT, owns_the_index, require_of_owner, require_role

from .in_use import rules_of
from .on_record import standing
from .proposing import edited


def approve_rules(
    tx: Transaction, actor: Actor, digest: str, now: datetime, *, trial: bool = False
) -> HeldRuleSet:
    """Agree to a set of rules; with the second person it counts from now on, each rule from its own first day.

    Args:
        tx: the open transaction.
        actor: acts in one of `APPROVING_ROLES`, and did not propose it.
        digest: as she has seen it, 64 hex digits.
        now: aware UTC.
        trial: whether one account of the operating system may be several people.

    Raises:
        NotPermitted: the actor has neither role, `other-organisation`: she works for another organisation than the one
            whose index this is, `own-rules`: she proposed or approved it already, or `own-account`: the account that
            runs this command did.
        NotFound: `no-rule-set`.
        Conflict: `rules-decided`: it is adopted or refused, or somebody in her role agreed already; `rules-damaged`:
            the files are not those that were proposed; `rules-outdated`: a rule that counts by now is not in it.
    """
    member, role, held = _deciding(tx, actor, digest)
    standing = replace(held, approvals=tuple(each for each in held.approvals if _stands(tx, each)))
    _require_no_other_role(tx, member, role, held)
    if not trial:
        _require_other_account(tx, actor, held)
    if standing.approved_as(role):
        raise Conflict("rules-decided", "Iemand in uw rol heeft deze regels al goedgekeurd.")
    _require_usable(tx, digest, now)
    agreed = standing.with_approval(Approval(member.staff_id, role, now))
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


def deciding_role(actor: Actor) -> Role | None:
    """In which of `APPROVING_ROLES` somebody acts; None in none of them."""
    return next((each for each in APPROVING_ROLES if each in actor.roles), None)


def require_decider(actor: Actor) -> tuple[StaffMember, Role]:
    """Who may decide, and as what.

    Raises:
        NotPermitted: the actor acts in none of `APPROVING_ROLES`.
    """
    role = deciding_role(actor) or APPROVING_ROLES[0]
    return require_role(actor, role), role


def _deciding(tx: Transaction, actor: Actor, digest: str) -> tuple[StaffMember, Role, HeldRuleSet]:
    member, role = require_decider(actor)
    require_of_owner(tx, member)
    held = tx.rulebook.get(digest)
    if held is None:
        raise NotFound("no-rule-set", "Deze regels zijn niet gevonden.")
    if held.involves(member.staff_id):
        raise _own_rules()
    if held.state is not RuleSetState.WAITING:
        raise Conflict("rules-decided", "Over deze regels is al beslist.")
    return member, role, held


def _require_no_other_role(tx: Transaction, member: StaffMember, role: Role, held: HeldRuleSet) -> None:
    """Refuse who agreed to it in another role before; the rulebook forgets an agreement that no longer stands."""
    for entry in tx.audit.entries(events={"rules.approved"}):
        said = (entry.fields["rule_set"], entry.fields["actor"])
        if said == (held.digest, member.staff_id) and entry.fields["role"] != role.value:
            raise _own_rules()


def _require_other_account(tx: Transaction, actor: Actor, held: HeldRuleSet) -> None:
    """Refuse an account of the operating system that took a step since this set was proposed, whoever it said to be."""
    if not actor.token_id.startswith(OS_ACCOUNT):
        return
    for entry in tx.audit.entries(events={"rules.proposed", "rules.approved"}):
        if entry.fields["rule_set"] != held.digest:
            continue
        if entry.fields["token"] == actor.token_id:
            raise NotPermitted(
                "own-account",
                "Met dit account van de computer zijn deze regels al voorgesteld of goedgekeurd. "
                "Laat een ander het doen: met een eigen account op deze computer, of op de pagina Regels.",
            )
        if entry.event == "rules.proposed":
            return


def _own_rules() -> NotPermitted:
    return NotPermitted(
        "own-rules", "U hebt deze regels zelf voorgesteld of al goedgekeurd. Een ander moet beslissen."
    )


def _stands(tx: Transaction, approval: Approval) -> bool:
    """Whether who agreed still may: somebody who left, or does something else now, cannot be the other one of two."""
    member = tx.staff.get(approval.staff_id)
    if member is None or not member.active or approval.role not in member.roles:
        return False
    return owns_the_index(tx, member.organisation)


def _require_usable(tx: Transaction, digest: str, now: datetime) -> None:
    """Refuse what was changed behind the product's back, or overtaken by rules that count by now."""
    rules = rules_of(tx, digest)
    if rules is None or rules.digest != digest:
        raise Conflict(
            "rules-damaged",
            "Deze regels zijn niet meer zoals ze zijn voorgesteld. Keur ze niet goed. Meld dit.",
        )
    current = standing(tx).recorded
    if current is not None and edited(tx.rulebook.files(current) or {}, tx.rulebook.files(digest) or {}, now):
        raise Conflict(
            "rules-outdated",
            "Intussen gelden er regels die hierin niet staan. Laat nieuwe regels voorstellen.",
        )
