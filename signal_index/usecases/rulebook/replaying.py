"""Deciding a recorded look once more, by the rules and on the facts that its record names: to explain and to check it.

Invariants:
1. Nothing of today counts: the rules come from the rulebook by the digest in the record, the facts from the record.
2. Nothing is read about anybody, and what is decided opens nothing.
3. A record that does not give the same answer again is never explained as if it did.

Whoever controls the record or the rulebook of the past can make a look seem decided otherwise; the log shows the one,
and the digest the other.
"""

from dataclasses import dataclass
from datetime import datetime

from policy.facts import LookupFacts
from policy.in_force import InForce
from policy.rulesets import RuleSet
from policy.telling.decided import Decided
from policy.telling.explain import Explanation, for_officer, for_worker
from policy.telling.wording import Language
from signal_index.enforcement import decide_again, is_faulty
from signal_index.model import Actor, AuditEntry, dutch_day
from signal_index.model.log import ANSWERED
from signal_index.model.rulebook import Doubt
from signal_index.ports import Transaction
from signal_index.usecases.oversight.looks import OneLook, one_look

from .in_use import rules_of


@dataclass(frozen=True)
class Replay:
    """A recorded look, decided again.

    Args:
        rule_set: digest that the record names, hex.
        decided: what came out this time; None when it could not be decided again.
        doubt: None when everything is as recorded.
    """

    rule_set: str
    decided: Decided | None
    doubt: Doubt | None

    def for_officer(self, language: Language) -> tuple[Explanation, ...]:
        """The explanation for a privacy officer; empty when nothing could be decided again."""
        if self.decided is None:
            return ()
        rules, codes = self.decided.rules, [each.code for each in self.decided.decision.outcomes]
        return for_officer(self.decided, lambda facts: decide_again(rules, facts, codes), language)

    def for_worker(self, language: Language) -> tuple[Explanation, ...]:
        """The explanation that the worker may read; empty when nothing could be decided again."""
        return for_worker(self.decided, language) if self.decided is not None else ()


def look_explained(
    tx: Transaction, rules: RuleSet, actor: Actor, look_id: bytes, now: datetime
) -> tuple[OneLook, Replay | None]:
    """One look as `one_look` gives it, on the same conditions, and its decision made again."""
    look = one_look(tx, rules, actor, look_id, now)
    found = tx.audit.one(look.proof.writer, look.proof.number)
    assert found is not None, "it was opened a line above"
    return look, replay(tx, found[0])


def replay(tx: Transaction, entry: AuditEntry) -> Replay | None:
    """Decide a recorded look again.

    Args:
        tx: the open transaction.
        entry: of one of `signal_index.model.log.LOOKS`.

    Returns:
        What came out; None for an attempt that was refused before any rule was asked.
    """
    digest = entry.fields.get("rule_set")
    if not isinstance(digest, str):
        return None
    rules = rules_of(tx, digest)
    if rules is None:
        return Replay(digest, None, Doubt.RULES_UNKNOWN)
    if rules.digest != digest:
        return Replay(digest, None, Doubt.RULES_DAMAGED)
    try:
        facts = LookupFacts.recorded(str(entry.fields.get("facts")))
    except ValueError:
        return Replay(digest, None, Doubt.FACTS)
    decided = _decided(rules, entry, facts)
    return Replay(digest, decided, None if _is_as_recorded(entry, decided) else Doubt.OUTCOME)


def _decided(rules: RuleSet, entry: AuditEntry, facts: LookupFacts) -> Decided:
    then = rules.in_force(dutch_day(entry.at))
    decision = decide_again(then, facts, _types(then, entry))
    return Decided(rules=then, words=rules.words, facts=facts, decision=decision)


def _types(then: InForce, entry: AuditEntry) -> tuple[str, ...]:
    """What was asked about: the types of the purpose, within the areas of life she narrowed to."""
    purpose = then.catalogue.purpose(str(entry.fields.get("purpose")))
    return then.catalogue.types_within(purpose, _texts(entry, "domains")) if purpose is not None else ()


def _is_as_recorded(entry: AuditEntry, decided: Decided) -> bool:
    decision = decided.decision
    same_rules = list(decision.reasons) == _texts(entry, "rules") and _agrees(entry, decided.facts)
    if entry.event != ANSWERED:
        return same_rules and is_faulty(decision)
    allowed = sorted(f"{code}:{level.value}" for code, level in decision.allowed)
    return same_rules and not is_faulty(decision) and allowed == sorted(_texts(entry, "allowed"))


def _agrees(entry: AuditEntry, facts: LookupFacts) -> bool:
    """Whether what a record says twice, beside the facts and in them, is the same."""
    stated = (entry.fields.get("purpose"), entry.fields.get("organisation"), dutch_day(entry.at))
    return stated == (facts.purpose, facts.organisation, facts.on)


def _texts(entry: AuditEntry, name: str) -> list[str]:
    value = entry.fields.get(name)
    return value if isinstance(value, list) else []
