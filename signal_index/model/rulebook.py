"""The sets of rules an index has held, the two people who put each in force, and what a record of a look is worth."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum, StrEnum, auto

from policy.vocabulary import Role

APPROVING_ROLES: tuple[Role, ...] = (Role.FUNCTIONAL_ADMIN, Role.PRIVACY_OFFICER)
"""Who must agree: one person in each of these roles, neither of them who proposed it."""


class RuleSetState(Enum):
    """Where a set of rules is on its way."""

    WAITING = auto()
    REFUSED = auto()
    ADOPTED = auto()


@dataclass(frozen=True)
class Approval:
    """One person agreed to a set of rules, by its digest.

    Args:
        staff_id: who.
        role: in which of `APPROVING_ROLES`.
        at: when; aware UTC.
    """

    staff_id: str
    role: Role
    at: datetime


@dataclass(frozen=True, kw_only=True)
class HeldRuleSet:
    """A set of rules that was proposed, and what became of it.

    Args:
        digest: of the files, 64 lower-case hex digits.
        proposed_by: staff id, or `SET_UP`.
        approvals: oldest first, at most one of each role.
        refused_by: who refused it; then nobody can approve it any more.
    """

    digest: str
    proposed_by: str
    proposed_at: datetime
    approvals: tuple[Approval, ...] = ()
    refused_by: str | None = None
    refused_at: datetime | None = None

    @property
    def state(self) -> RuleSetState:
        """Where it is on its way."""
        if self.refused_by is not None:
            return RuleSetState.REFUSED
        return RuleSetState.WAITING if self.missing else RuleSetState.ADOPTED

    @property
    def adopted_at(self) -> datetime | None:
        """When the last of the people needed agreed; None while it is not adopted."""
        if self.state is not RuleSetState.ADOPTED:
            return None
        return max(each.at for each in self.approvals)

    def involves(self, staff_id: str) -> bool:
        """Whether this person proposed or approved it."""
        return staff_id in {self.proposed_by, *(each.staff_id for each in self.approvals)}

    def approved_as(self, role: Role) -> bool:
        """Whether somebody agreed in this role."""
        return any(each.role is role for each in self.approvals)

    @property
    def missing(self) -> tuple[Role, ...]:
        """The roles in which nobody agreed yet."""
        return tuple(role for role in APPROVING_ROLES if not self.approved_as(role))

    def with_approval(self, approval: Approval) -> "HeldRuleSet":
        """The same with one more approval."""
        return replace(self, approvals=(*self.approvals, approval))


class Doubt(StrEnum):
    """Why a recorded look does not give the same answer when it is decided again."""

    RULES_UNKNOWN = "rules-unknown"
    """This index never held the rules that the record names."""
    RULES_DAMAGED = "rules-damaged"
    """What it holds under that digest is something else."""
    FACTS = "facts"
    """The facts in the record cannot be read."""
    OUTCOME = "outcome"
    """The same rules and facts give another outcome, or the record contradicts itself."""


RuleFiles = Mapping[str, str]
"""The files of a set of rules, cases included, by their name in the rules folder."""
