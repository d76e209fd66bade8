"""Change something about a colleague: at once when one person may, else as a proposal for a second one.

`request_change` is the one road; lists of the employer and confirmations of teams end here as well.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from crypto.encoding import encode
from policy.vocabulary import CONFLICTING_ROLES, SENSITIVE_ROLES, Role
from signal_index import audit
from signal_index.errors import Conflict, Malformed, NotFound, NotPermitted
from signal_index.model import Actor, AuditEvent, FieldValue, StaffMember, dutch_day
from signal_index.model.administration import Change, What, Why
from signal_index.ports import Transaction

from .acting import DECIDERS_MIN, bounds_of, deciders, recorded_under, stands_by_itself
from .entries import require_entry


@dataclass(frozen=True)
class Hand:
    """By whose hand something changes, for the record.

    Args:
        actor: staff id; None for the daily job.
        token: of the actor.
        why: the reason; None for a plain act of one person who gave none.
        proposal: the one that was agreed to; None when one person did it.
    """

    actor: str | None = None
    token: str | None = None
    why: Why | None = None
    proposal: bytes | None = None

    @classmethod
    def of(cls, actor: Actor, why: Why | None = None) -> "Hand":
        """The hand of somebody who acts alone."""
        return cls(actor.staff_id, actor.token_id, why)

    def record(
        self, name: str, now: datetime, change: Change, under: str | None, **rest: FieldValue
    ) -> AuditEvent:
        """The record of a change, under an organisation; it leaves out what there is not."""
        said: dict[str, FieldValue] = {
            "actor": self.actor,
            "organisation": under,
            "token": self.token,
            "staff": change.staff_id,
            "role": change.role,
            "to_organisation": change.organisation,
            "to_team": change.team,
            "why": self.why.value if self.why is not None else None,
            "proposal": str(UUID(bytes=self.proposal)) if self.proposal is not None else None,
            **rest,
        }
        kept = {key: value for key, value in said.items() if value is not None}
        return audit.event(name, now, subject=None, **kept)


def find_other(tx: Transaction, actor: Actor, staff_id: str) -> StaffMember:
    """The colleague a change is about.

    Raises:
        NotPermitted: it is the actor herself.
        NotFound: no such member within the actor's bounds.
    """
    if staff_id == actor.staff_id:
        raise NotPermitted("own-role", "U kunt uw eigen rollen en gegevens niet wijzigen. Vraag een collega.")
    member = tx.staff.get(staff_id)
    if member is None or member.organisation not in bounds_of(tx, actor.staff):
        raise NotFound("unknown-staff", "Deze medewerker is niet bekend. Importeer eerst de medewerkers.")
    return member


def require_within(tx: Transaction, actor: Actor, change: Change) -> None:
    """Refuse a move to an organisation that is not the actor's to put anybody in.

    Raises:
        NotPermitted: `other-organisation`.
    """
    if change.organisation is not None and change.organisation not in bounds_of(tx, actor.staff):
        raise NotPermitted("other-organisation", "U kunt hier niemand in een andere organisatie zetten.")


def needs_two(member: StaffMember, change: Change) -> bool:
    """Whether one person alone may not do this."""
    if change.what in {What.GRANT, What.REVOKE}:
        return change.role in SENSITIVE_ROLES
    return bool(member.roles & SENSITIVE_ROLES)


def entry_digest(member: StaffMember) -> bytes:
    """What a decider agrees about: her entry as it is, name included; her roles are checked by themselves."""
    state = "active" if member.active else "blocked"
    fields = (member.staff_id, member.organisation, member.team, member.name, state)
    return sha256(encode("entry", *fields)).digest()


def require_possible(tx: Transaction, member: StaffMember, change: Change) -> None:
    """Refuse what cannot be, whoever asks.

    Raises:
        Malformed: no such role, or no such organisation or team.
        NotFound: she does not have the role that is taken away.
        Conflict: roles that do not go together, a blocked account that would get a role, nothing that would change,
            or an index that would be left without somebody who administers, oversees or can decide.
    """
    if change.what is What.GRANT:
        _require_grantable(member, str(change.role))
    elif change.what is What.REVOKE and change.role not in member.roles:
        raise NotFound("role-not-held", "Deze medewerker heeft deze rol niet.")
    elif change.what is What.MOVE:
        require_entry(_after(member, change))
    if _after(member, change) == member:
        raise Conflict("nothing-to-change", "Dit is al zo. Er is niets gewijzigd.")
    _require_not_last(tx, member, _after(member, change))


def _require_grantable(member: StaffMember, role: str) -> None:
    if role not in set(Role):
        raise Malformed("unknown-role", f"Deze rol bestaat niet. Kies uit: {', '.join(sorted(Role))}.")
    clash = {other for pair in CONFLICTING_ROLES if role in pair for other in pair - {role}} & member.roles
    if clash:
        raise Conflict("conflicting-role", f"Deze rol gaat niet samen met: {', '.join(sorted(clash))}.")
    if role in member.roles:
        raise Conflict("nothing-to-change", "Deze medewerker heeft deze rol al. Er is niets gewijzigd.")
    if not member.active:
        raise Conflict("blocked-member", "Dit account staat uit. Zet het eerst weer aan.")


def _after(member: StaffMember, change: Change) -> StaffMember:
    """Her entry with the change made."""
    if change.what is What.GRANT:
        return replace(member, roles=member.roles | {str(change.role)})
    if change.what is What.REVOKE:
        return replace(member, roles=member.roles - {str(change.role)})
    if change.what is What.MOVE:
        return replace(member, organisation=str(change.organisation), team=str(change.team))
    return replace(member, active=change.what is What.UNBLOCK)


def _require_not_last(tx: Transaction, before: StaffMember, after: StaffMember) -> None:
    everybody = tx.staff.all()
    others = [each for each in everybody if each.staff_id != before.staff_id]
    lost = held([before]) - held([after])
    if lost - held(others):
        raise Conflict("last-holder", "Dan heeft niemand deze rol meer. Geef de rol eerst aan een collega.")
    stood = stands_by_itself(everybody, before.organisation)
    falls = stood and not stands_by_itself([*others, after], before.organisation)
    if lost and (falls or deciders([*others, after]) < DECIDERS_MIN):
        raise Conflict(
            "last-holder", "Dan kunnen geen twee mensen meer samen beslissen. Wijs eerst iemand aan."
        )


def held(members: Collection[StaffMember]) -> frozenset[tuple[str, str]]:
    """The sensitive roles that somebody active has, and where: oversight is of one's own organisation alone."""
    return frozenset(duty for each in members if each.active for duty in duties(each))


def duties(member: StaffMember) -> Iterator[tuple[str, str]]:
    """Her sensitive roles, each with the organisation that may not lose its last holder.

    Of administering it is the index as a whole: an organisation that stands by itself keeps standing by a rule of its
    own, and for any other the one whose index it is administers.
    """
    for role in member.roles & SENSITIVE_ROLES:
        yield role, member.organisation if role == Role.PRIVACY_OFFICER else ""


def carry_out(tx: Transaction, change: Change, hand: Hand, now: datetime) -> None:
    """Make a change that was allowed and found possible; sign her out where she may not go on; record it."""
    member = tx.staff.get(change.staff_id)
    assert member is not None, "whoever carries a change out has found her"
    after, today = _after(member, change), dutch_day(now)
    under = recorded_under(tx, member.organisation)
    match change.what:
        case What.GRANT:
            tx.staff.grant(member.staff_id, str(change.role), str(hand.actor), now)
            record = hand.record("role.granted", now, change, under)
        case What.REVOKE:
            tx.staff.revoke(member.staff_id, str(change.role))
            record = hand.record("role.revoked", now, change, under)
        case What.BLOCK:
            tx.staff.put(after)
            record = hand.record("staff.blocked", now, change, under)
        case What.UNBLOCK:
            # Her days begin anew: nobody can have seen or confirmed her while she was out.
            tx.staff.put(replace(after, seen_on=today, confirmed_on=today))
            record = hand.record("staff.unblocked", now, change, under)
        case What.MOVE:
            tx.staff.put(replace(after, confirmed_on=today))
            record = hand.record("staff.moved", now, change, under)
    if change.what in {What.REVOKE, What.BLOCK} or after.organisation != member.organisation:
        tx.sessions.remove_all_of(member.staff_id)
    tx.audit.append(record)
