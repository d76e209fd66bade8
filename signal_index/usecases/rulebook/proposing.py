"""Putting a set of rules before the two people who must agree to it.

Invariants:
1. What is stored loads. Whether its cases and promises hold is looked at by whoever proposes it and whoever approves
   it (`signal-index rules test | prove | diff`).
2. A rule that already counts is in the new set, letter for letter: it changes by a successor and in no other way.
"""

from datetime import datetime

from policy.errors import RuleSetError
from policy.rulesets import RuleSet
from policy.vocabulary import Role
from signal_index import audit
from signal_index.errors import Conflict, Malformed
from signal_index.model import Actor, dutch_day
from signal_index.model.rulebook import HeldRuleSet, RuleFiles, RuleSetState
from signal_index.ports import Transaction
from signal_index.usecases.administration.acting import SET_UP, require_administrator
from signal_index.usecases.authority import require_of_owner, require_role

from .in_use import loaded
from .on_record import standing

_RULE_FOLDERS = ("guards/", "grants/")


def propose_rules(tx: Transaction, actor: Actor, files: RuleFiles, now: datetime) -> HeldRuleSet:
    """Store a set of rules and ask for two people to agree to it.

    Args:
        tx: the open transaction.
        actor: a functioneel beheerder or privacy officer; the set-up while nobody administers yet.
        files: every file of the set by its name in the rules folder.
        now: aware UTC.

    Returns:
        The set as it waits now. One that waits already is given back as it is.

    Raises:
        NotPermitted: the actor may not propose rules.
        Malformed: `rules`: the set does not load; the text says which file and why.
        Conflict: `rules-in-force`: it is the set that counts now; `rules-edited`: a rule that already counts is
            missing or changed in it.
    """
    proposer = _proposer(tx, actor)
    files = {name: text.replace("\r\n", "\n") for name, text in files.items()}
    rules = read(files)
    found = standing(tx)
    if found.counts == rules.digest:
        raise Conflict("rules-in-force", "Deze regels gelden al.")
    if changed := edited(_files(tx, found.recorded), files, now):
        raise Conflict(
            "rules-edited",
            "Een regel die al geldt, verandert niet en verdwijnt niet. Maak een opvolger. Het gaat om: "
            + ", ".join(changed),
        )
    held = tx.rulebook.get(rules.digest)
    if held is not None and held.state is RuleSetState.WAITING:
        return held
    proposed = HeldRuleSet(digest=rules.digest, proposed_by=proposer, proposed_at=now)
    tx.rulebook.put(proposed, files)
    tx.audit.append(audit.act("rules.proposed", now, actor, rule_set=rules.digest))
    return proposed


def read(files: RuleFiles) -> RuleSet:
    """Load a set of rules.

    Raises:
        Malformed: `rules`: it does not load.
    """
    try:
        return loaded(files)
    except RuleSetError as error:
        raise Malformed(
            "rules", "Deze regels kunnen niet worden gebruikt.", ((error.file, error.problem),)
        ) from error


def _proposer(tx: Transaction, actor: Actor) -> str:
    if actor.staff_id == SET_UP:
        return require_administrator(tx, actor)
    officer = Role.PRIVACY_OFFICER in actor.roles
    staff = require_role(actor, Role.PRIVACY_OFFICER if officer else Role.FUNCTIONAL_ADMIN)
    return require_of_owner(tx, staff).staff_id


def _files(tx: Transaction, digest: str | None) -> RuleFiles:
    return {} if digest is None else tx.rulebook.files(digest) or {}


def edited(before: RuleFiles, after: RuleFiles, now: datetime) -> list[str]:
    """The files of rules that already count and are another in a new set, or gone."""
    today = dutch_day(now).isoformat()
    begun = [name for name in before if name.startswith(_RULE_FOLDERS) and _starts(name) <= today]
    return [name for name in begun if after.get(name) != before[name]]


def _starts(name: str) -> str:
    return name.removesuffix(".cedar")[-len("2026-01-01") :]
