"""The sets of rules as whoever decides about them sees them: who proposed which, what it changes, who still must agree.

Rules are about nobody and for everybody, and so is who put them in force; reading this is not recorded.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from policy.rulesets import CASES_FOLDER, RuleSet
from policy.vocabulary import Role
from signal_index.errors import Conflict, NotFound
from signal_index.model import Actor, StaffMember
from signal_index.model.rulebook import HeldRuleSet, RuleFiles, RuleSetState
from signal_index.ports import Transaction
from signal_index.usecases.authority import owns_the_index

from .deciding import deciding_role, require_decider
from .in_use import rules_of
from .on_record import counting

DIGITS = 64
"""How many a whole digest has."""
DIGITS_MIN = 12
"""How many digits of a digest name a set, if no other set begins with them."""


@dataclass(frozen=True)
class Changes:
    """What a set has that another has not, by the names of files that decide."""

    added: tuple[str, ...] = ()
    altered: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()


@dataclass(frozen=True)
class Agreed:
    """Who agreed, in which role."""

    role: Role
    name: str
    at: datetime


@dataclass(frozen=True)
class Proposed:
    """One set as people see it.

    Args:
        counts: whether it is the set that counts now.
        proposer: her name.
        refuser: name of who refused it, if anybody did.
        agreed: who agreed, oldest first.
        waits_for_her: whether the actor may decide on it now.
        own: whether the actor proposed it or agreed to it.
    """

    held: HeldRuleSet
    counts: bool
    proposer: str
    refuser: str | None
    agreed: tuple[Agreed, ...]
    waits_for_her: bool
    own: bool


@dataclass(frozen=True)
class Opened:
    """What stands in a set.

    Args:
        rules: the set; one in which nothing is in force when it is not what its digest says.
        changes: against what counts now; against nothing while nothing does.
        counting: digest of what counts now.
    """

    proposed: Proposed
    rules: RuleSet
    changes: Changes
    counting: str | None

    @property
    def is_whole(self) -> bool:
        """Whether the files are those that were proposed."""
        return self.rules.digest == self.proposed.held.digest


def named(tx: Transaction, digits: str) -> HeldRuleSet:
    """The set whose digest begins with these digits.

    Raises:
        NotFound: `no-rule-set`: there is none, or these are fewer than `DIGITS_MIN`.
        Conflict: `rules-ambiguous`: there are more.
    """
    found = [each for each in tx.rulebook.all() if each.digest.startswith(digits.lower())]
    if not found or len(digits) < DIGITS_MIN:
        raise NotFound("no-rule-set", "Deze regels zijn niet gevonden.")
    if len(found) > 1:
        raise Conflict("rules-ambiguous", "Dit begin past bij meer dan één kenmerk. Geef het hele kenmerk.")
    return found[0]


def list_rule_sets(tx: Transaction, actor: Actor) -> Sequence[Proposed]:
    """Every set, the last proposed first.

    Raises:
        NotPermitted: the actor may not decide about rules.
    """
    member, _ = require_decider(actor)
    current, role = counting(tx), _role_here(tx, actor)
    return [_proposed(tx, each, member, role, current) for each in tx.rulebook.all()]


def one_rule_set(tx: Transaction, actor: Actor, digest: str) -> Opened:
    """One set, with what stands in it.

    Raises:
        NotPermitted: the actor may not decide about rules.
        NotFound: `no-rule-set`.
    """
    found = next((each for each in list_rule_sets(tx, actor) if each.held.digest == digest), None)
    if found is None:
        raise NotFound("no-rule-set", "Deze regels zijn niet gevonden.")
    return _opened(tx, found)


def count_waiting_rules(tx: Transaction, actor: Actor) -> int:
    """How many sets wait for the actor; 0 for whoever decides about none."""
    role, member = _role_here(tx, actor), actor.staff
    return 0 if member is None else sum(_waits_for(each, member, role) for each in tx.rulebook.all())


def _role_here(tx: Transaction, actor: Actor) -> Role | None:
    """In which role somebody decides about rules; None for who works for another organisation than the index's."""
    ours = actor.staff is not None and owns_the_index(tx, actor.staff.organisation)
    return deciding_role(actor) if ours else None


def changes_between(before: RuleFiles, after: RuleFiles) -> Changes:
    """What changes from one set to another; cases decide nothing and are left out."""
    old, new = _deciding_files(before), _deciding_files(after)
    return Changes(
        added=tuple(sorted(new.keys() - old.keys())),
        altered=tuple(sorted(name for name in new.keys() & old.keys() if new[name] != old[name])),
        gone=tuple(sorted(old.keys() - new.keys())),
    )


def _deciding_files(files: RuleFiles) -> dict[str, str]:
    return {name: text for name, text in files.items() if not name.startswith(CASES_FOLDER)}


def _waits_for(held: HeldRuleSet, member: StaffMember, role: Role | None) -> bool:
    return held.state is RuleSetState.WAITING and role in held.missing and not held.involves(member.staff_id)


def _proposed(
    tx: Transaction, held: HeldRuleSet, member: StaffMember, role: Role | None, current: str | None
) -> Proposed:
    return Proposed(
        held=held,
        counts=held.digest == current,
        proposer=_name(tx, held.proposed_by),
        refuser=None if held.refused_by is None else _name(tx, held.refused_by),
        agreed=tuple(Agreed(each.role, _name(tx, each.staff_id), each.at) for each in held.approvals),
        waits_for_her=_waits_for(held, member, role),
        own=held.involves(member.staff_id),
    )


def _opened(tx: Transaction, proposed: Proposed) -> Opened:
    digest, current = proposed.held.digest, counting(tx)
    before = {} if current is None else tx.rulebook.files(current) or {}
    rules = rules_of(tx, digest)
    assert rules is not None, "a set that is listed has files"
    return Opened(proposed, rules, changes_between(before, tx.rulebook.files(digest) or {}), current)


def _name(tx: Transaction, staff_id: str) -> str:
    known = tx.staff.get(staff_id)
    return known.shown_name if known is not None else staff_id
