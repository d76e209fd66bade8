"""Why a look-up was refused, in the words that the rules themselves carry.

A refusal can betray something about the resident. The worker therefore reads only the texts that a rule has
for her; where a rule has none, she reads one fixed sentence that is the same for every other reason. The
privacy officer reads everything.
"""

from collections.abc import Iterator

from policy.in_force import InForce
from policy.pdp import Decision, TypeOutcome
from policy.rule_text import Rule
from policy.vocabulary import Outcome

NEUTRAL_TEXT = "U mag deze gegevens nu niet zien."
FAULT_TEXT = "Het is nu niet gelukt. Probeer het later nog eens."


def worker_texts(rules: InForce, decision: Decision) -> tuple[str, ...]:
    """What the worker may read about a decision that allows nothing; empty if it allows something.

    For refusals that depend on the worker and her request only. With a live relation, "nothing you may see" must
    stay the same answer as "nothing there", so nothing is explained then.

    Args:
        rules: The rules the decision was made by.
        decision: The decision to explain.
    """
    if decision.allowed:
        return ()
    if decision.status is Outcome.FAULT:
        return (FAULT_TEXT,)
    texts = (rule.worker_text for rule in _determining(rules, *decision.outcomes))
    return tuple(dict.fromkeys(text for text in texts if text is not None)) or (NEUTRAL_TEXT,)


def officer_texts(rules: InForce, decision: Decision) -> tuple[str, ...]:
    """What the privacy officer reads: one line per type, with every rule that determined the outcome."""
    return tuple(f"{each.code}: {_officer_line(rules, each)}" for each in decision.outcomes)


def _officer_line(rules: InForce, outcome: TypeOutcome) -> str:
    level = f" tot en met {outcome.level.value}" if outcome.level else ""
    parts = [f"{rule.officer_text} ({rule.key})" for rule in _determining(rules, outcome)]
    if outcome.outcome is Outcome.NO_RULE:
        parts = ["Geen enkele regel staat dit toe."]
    if outcome.outcome is Outcome.FAULT:
        parts = [f"Er kon niet worden besloten ({', '.join(outcome.errors) or 'onbekend'})."]
    return f"{outcome.outcome.value}{level}. {' '.join(parts)}"


def _determining(rules: InForce, *outcomes: TypeOutcome) -> Iterator[Rule]:
    """The rules that determined these outcomes, each once, in the order of their keys."""
    keys = {key for outcome in outcomes for key in outcome.reasons}
    return (rule for rule in rules.rules if rule.key in keys)
