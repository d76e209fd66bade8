"""Which set of rules counts: the one of which the rulebook and the log say the same.

Anybody who can write in the database can write a row in the rulebook. What a record of the log says opens only with
the keys of the index, at the one place it was written for, so nobody without those keys writes a record.

Invariants:
1. What counts is the last set adopted on record, by a proposal and two approvals over its digest, of three people of
   whom each approved in another role; the rulebook names that same set and those same people.
2. When log and rulebook differ nothing counts, and that is an incident.

What is left to whoever writes in the database without the keys: to stop the index, or to take records away so that a
set that counted before counts again; a check of the log finds the places that are empty then.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from signal_index import audit
from signal_index.errors import Unavailable
from signal_index.model import AuditEntry
from signal_index.model.rulebook import APPROVING_ROLES, HeldRuleSet, RuleSetState
from signal_index.ports import Transaction

_CONTRADICTED = "rules.contradicted"
_PROPOSED, _APPROVED, _REFUSED, _ADOPTED = (
    "rules.proposed",
    "rules.approved",
    "rules.refused",
    "rules.adopted",
)
_STEPS = frozenset({_PROPOSED, _APPROVED, _REFUSED, _ADOPTED})
_DAMAGED = "damaged-row"


@dataclass(frozen=True)
class Adoption:
    """A set that was adopted, as the log tells it.

    Args:
        agreed: staff id by role.
    """

    digest: str
    proposed_by: str
    agreed: Mapping[str, str]

    def is_of(self, held: HeldRuleSet) -> bool:
        """Whether the rulebook tells the same of this set."""
        agreed = {each.role.value: each.staff_id for each in held.approvals}
        told = (held.digest, held.proposed_by, agreed) == (self.digest, self.proposed_by, dict(self.agreed))
        return told and held.state is RuleSetState.ADOPTED


@dataclass(frozen=True)
class Standing:
    """What log and rulebook say about the set that counts.

    Args:
        claimed: digest of the set that was adopted last by the rulebook; None for none.
        recorded: digest of the one that was adopted last by the log; None for none.
        agree: whether both tell the same, of the same people.
    """

    claimed: str | None
    recorded: str | None
    agree: bool

    @property
    def counts(self) -> str | None:
        """Digest of the set that counts; None for none."""
        return self.claimed if self.agree else None


def standing(tx: Transaction) -> Standing:
    """What counts now, and whether anything speaks against it."""
    claimed = tx.rulebook.adopted()
    try:
        adopted = adoptions(tx.audit.entries(events=_STEPS))
    except Unavailable as error:
        if error.code != _DAMAGED:
            raise
        return Standing(claimed, None, agree=False)
    last = adopted[-1] if adopted else None
    if claimed is None or last is None:
        return Standing(claimed, last.digest if last else None, agree=claimed is None and last is None)
    held = tx.rulebook.get(claimed)
    return Standing(claimed, last.digest, agree=held is not None and last.is_of(held))


def counting(tx: Transaction) -> str | None:
    """The digest of the set that counts; None when none does."""
    return standing(tx).counts


def note_contradiction(tx: Transaction, now: datetime) -> Standing | None:
    """Record, once for each set, that log and rulebook differ.

    Returns:
        What they say; None when they say the same.
    """
    found = standing(tx)
    if found.agree:
        return None
    newest = next(iter(tx.audit.entries(events={_CONTRADICTED, _ADOPTED}, limit=1)), None)
    told = newest is not None and newest.event == _CONTRADICTED and newest.fields["rule_set"] == found.claimed
    if not told:
        tx.audit.append(
            audit.event("rules.contradicted", now, rule_set=found.claimed, on_record=found.recorded)
        )
    return found


@dataclass
class _Proposal:
    """A set on its way, as far as the log has been read."""

    by: str
    agreed: dict[str, str] = field(default_factory=dict)

    def agree(self, role: str, staff_id: str) -> None:
        """Another one in the same role takes the place of who left; nobody has two roles in it."""
        if staff_id != self.by:
            others = {own: who for own, who in self.agreed.items() if who != staff_id}
            self.agreed = {**others, role: staff_id}

    @property
    def is_agreed(self) -> bool:
        return self.agreed.keys() == {role.value for role in APPROVING_ROLES}


def adoptions(newest_first: Iterable[AuditEntry]) -> Sequence[Adoption]:
    """The sets that were adopted on record, the first one first.

    Args:
        newest_first: the records of every step.
    """
    underway: dict[str, _Proposal] = {}
    found: list[Adoption] = []
    for entry in reversed(list(newest_first)):
        digest, actor = str(entry.fields["rule_set"]), str(entry.fields["actor"])
        proposal = underway.get(digest)
        if entry.event == _PROPOSED:
            underway[digest] = _Proposal(actor)
        elif proposal is None:
            continue
        elif entry.event == _APPROVED:
            proposal.agree(str(entry.fields["role"]), actor)
        elif entry.event == _ADOPTED and proposal.is_agreed and actor in proposal.agreed.values():
            found.append(Adoption(digest, proposal.by, dict(proposal.agreed)))
        if entry.event in {_REFUSED, _ADOPTED}:
            underway.pop(digest, None)
    return found
