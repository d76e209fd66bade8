"""The rules: put in force by two people, whole, holding today and for a month to come, and what waits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from policy.catalogue import Catalogue
from policy.rulesets import RuleSet, bundled
from signal_index.model.rulebook import HeldRuleSet, RuleSetState
from signal_index.ports import Transaction
from signal_index.usecases.rulebook.in_use import loaded, rules_of
from signal_index.usecases.rulebook.on_record import Standing, standing

from .findings import Finding, Findings, Yielding, mend, note, ok

DAYS_AHEAD = 30
SHOWN_DIGITS = 12
"""How much of a digest is enough to name a set of rules on the command line."""

_INCIDENT = (
    "treat this as an incident: keep this file for the privacy officer, find out who wrote in the database, and "
    "restore a backup"
)
_PROPOSE = "run signal-index rules propose --as STAFF_ID, and let two others approve it"


@dataclass(frozen=True)
class Rulebook:
    """What the database says about rules, read in one transaction.

    Args:
        standing: what log and rulebook say about the set that counts.
        rules: that set, as far as it is what its digest says.
        held: every set, the last proposed first.
    """

    standing: Standing
    rules: RuleSet | None
    held: Sequence[HeldRuleSet]

    @classmethod
    def read(cls, tx: Transaction) -> "Rulebook":
        """Read it all."""
        found = standing(tx)
        return cls(found, None if found.counts is None else rules_of(tx, found.counts), tx.rulebook.all())

    @property
    def adopted(self) -> str | None:
        """Digest of the set that counts; None for none."""
        return self.standing.counts


def rules(found: Rulebook, today: date) -> Yielding[RuleSet | None]:
    """The rules that count, and which laws in them a lawyer has confirmed.

    Args:
        found: see `Rulebook`.
        today: the Dutch calendar day.
    """
    counting = yield from _counting(found, today)
    yield from _waiting(found)
    if counting is not None:
        yield _confirmed(counting.catalogue)
    return counting


def _counting(found: Rulebook, today: date) -> Yielding[RuleSet | None]:
    if not found.standing.agree:
        yield mend("rules", _contradiction(found.standing), _INCIDENT)
        return None
    if found.adopted is None or found.rules is None:
        waits = any(each.state is RuleSetState.WAITING for each in found.held)
        yield mend(
            "rules",
            "nobody put rules in force, so nobody is shown anything",
            "let who is named below approve them" if waits else _PROPOSE,
        )
        return None
    if found.rules.digest != found.adopted:
        text = (
            f"the rules in the database are not set {found.adopted[:SHOWN_DIGITS]} that two people agreed to"
        )
        yield mend("rules", text, "keep this file for the privacy officer, and restore a backup")
        return None
    days = (today + timedelta(days=ahead) for ahead in range(DAYS_AHEAD + 1))
    uncovered = next((day for day in days if not found.rules.in_force(day).covers(day)), None)
    if uncovered is not None:
        yield mend(
            "rules", f"no rules are in force on {uncovered}", f"add rules that begin by then: {_PROPOSE}"
        )
    else:
        count = len(found.rules.in_force(today).rules)
        short = found.adopted[:SHOWN_DIGITS]
        yield ok("rules", f"{count} in force today and for {DAYS_AHEAD} days; set {short}")
    return found.rules


def _contradiction(found: Standing) -> str:
    claimed = f"set {found.claimed[:SHOWN_DIGITS]}" if found.claimed else "no rules"
    recorded = f"set {found.recorded[:SHOWN_DIGITS]}" if found.recorded else "none"
    other = (
        "of other people"
        if found.claimed == found.recorded
        else f"and by the log two people agreed to {recorded}"
    )
    return f"the database says {claimed}, {other}: somebody wrote in it, and nobody is shown anything"


def _waiting(found: Rulebook) -> Findings:
    """Sets that somebody has to decide about, and rules of this release that nobody proposed."""
    for each in found.held:
        if each.state is RuleSetState.WAITING:
            who = " and a ".join(each.missing)
            short = each.digest[:SHOWN_DIGITS]
            text = f"set {short}, proposed by {each.proposed_by}, waits for a {who}"
            yield note("rules waiting", f"{text}: signal-index rules approve {short} --as STAFF_ID")
    released = loaded(bundled()).digest
    if found.adopted is not None and released not in {each.digest for each in found.held}:
        text = f"this release brings others, set {released[:SHOWN_DIGITS]}: signal-index rules propose --as STAFF_ID"
        yield note("new rules", text)


def _confirmed(catalogue: Catalogue) -> Finding:
    """Which articles of law a lawyer has not confirmed; the rules apply all the same."""
    open_ones = [
        f"{each.law} {each.article}" for each in catalogue.legal_bases if not each.verified_by_lawyer
    ]
    if not open_ones:
        return ok("law", f"a lawyer has confirmed all {len(catalogue.legal_bases)} articles")
    return note("law", f"not confirmed by a lawyer: {'; '.join(open_ones)}")
