"""The decision point: may this worker see signals of these types, how much of each, now, for this purpose?

It is asked before the index is read, about types and never about a resident's signals, so a no cannot betray
that a signal exists.

Invariants:
1. Pure and total: the same arguments give the same decision, and nothing is raised for bad ones. What the engines
   remember changes only how long it takes.
2. The only way to yes is an Allow without errors, on complete facts, by rules in force on the day of the
   look-up. Everything else denies; whatever could not be decided is a fault, and a fault never discloses.
3. Levels are contiguous: contact only with source, source only with presence.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from policy.engine import Answer, EngineSource, Verdict
from policy.engine.agreed import QUESTIONS_KEPT, EnginesDisagreeError, answers, canonical
from policy.errors import EngineError
from policy.facts import LookupFacts
from policy.in_force import InForce
from policy.vocabulary import Duty, Level, Outcome

TYPES_MAX = 64
"""The most types one look-up may ask about: more than any catalogue needs, so more is a mistake or an attack."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeOutcome:
    """What was decided about one type.

    Attributes:
        level: The highest level that may be disclosed; None unless the outcome is `ALLOWED`.
        reasons: Keys of the rules that determined it, sorted: grants if allowed, guards if refused.
        errors: Why it could not be decided, as codes.
    """

    code: str
    outcome: Outcome
    level: Level | None = None
    reasons: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a level that does not come with an allowance."""
        if (self.level is not None) != (self.outcome is Outcome.ALLOWED):
            raise ValueError("a level goes with an allowance, and only with that")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The answer about every type that was asked, in the order asked and without repeats.

    Attributes:
        digest: The digest of the rule set it was decided by.
        status: `FAULT` if anything could not be decided, else `ALLOWED` if anything is allowed, else `REFUSED`
            if a guard refused, else `NO_RULE`.
        outcomes: One per type.
        errors: What was wrong with the whole request, as codes; then every outcome is a fault.
        duties: What the caller must do before it may act on this decision. Sorted.
    """

    digest: str
    status: Outcome
    outcomes: tuple[TypeOutcome, ...]
    errors: tuple[str, ...] = ()
    duties: tuple[Duty, ...] = ()

    @property
    def allowed(self) -> tuple[tuple[str, Level], ...]:
        """The types that may be read, each with the most that may be disclosed of it."""
        return tuple((each.code, each.level) for each in self.outcomes if each.level is not None)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Keys of all rules that determined an outcome, each once, sorted."""
        return tuple(sorted({key for each in self.outcomes for key in each.reasons}))

    def of(self, code: str) -> TypeOutcome | None:
        """What was decided about one type; None if it was not asked."""
        return next((each for each in self.outcomes if each.code == code), None)


def decide(rules: InForce, facts: LookupFacts, types: Sequence[str]) -> Decision:
    """Decide what one look-up may disclose.

    Args:
        rules: The rules of the day of the look-up.
        facts: What is known about the look-up. One unknown fact makes the whole decision a fault.
        types: Codes of signal types; more than `TYPES_MAX` make the whole decision a fault.
    """
    asked = tuple(dict.fromkeys(types))
    errors = _request_faults(rules, facts, asked)
    if errors or rules.source is None:
        return _all_fault(rules, asked, errors)
    known = {each.code for each in rules.catalogue.types}
    answerable = tuple(code for code in asked if code in known)
    try:
        outcomes = _outcomes(rules.source, canonical(rules.attributes_of(facts)), asked, answerable)
    except EnginesDisagreeError:
        return _all_fault(rules, asked, ("engines-disagree",))
    except EngineError:
        return _all_fault(rules, asked, ("engine-failure",))
    return Decision(
        digest=rules.digest, status=_status(outcomes), outcomes=outcomes, duties=_duties(rules, outcomes)
    )


def _request_faults(rules: InForce, facts: LookupFacts, asked: Sequence[str]) -> tuple[str, ...]:
    found = list(facts.faults())
    if len(asked) > TYPES_MAX:
        found.append("too-many-types")
    if facts.on is not None and not found and not rules.covers(facts.on):
        found.append("no-rules-in-force")
    return tuple(found)


def _all_fault(rules: InForce, asked: Iterable[str], errors: tuple[str, ...]) -> Decision:
    outcomes = tuple(TypeOutcome(code=code, outcome=Outcome.FAULT, errors=errors) for code in asked)
    return Decision(digest=rules.digest, status=Outcome.FAULT, outcomes=outcomes, errors=errors)


@lru_cache(maxsize=QUESTIONS_KEPT)
def _outcomes(
    source: EngineSource, lookup: str, asked: tuple[str, ...], answerable: tuple[str, ...]
) -> tuple[TypeOutcome, ...]:
    """What the answers of the engines come to: nothing else goes in, so it is remembered by what they are asked."""
    found = answers(source, lookup, answerable)
    return tuple(_outcome(code, found.get(code)) for code in asked)


def _outcome(code: str, found: Mapping[Level, Answer] | None) -> TypeOutcome:
    if found is None:
        return TypeOutcome(code=code, outcome=Outcome.FAULT, errors=("unknown-type",))
    errors = {error for answer in found.values() for error in answer.errors}
    if errors or any(answer.verdict is Verdict.FAULT for answer in found.values()):
        return TypeOutcome(code=code, outcome=Outcome.FAULT, errors=tuple(sorted(errors)))
    level, reasons = None, set[str]()
    for each in Level:
        answer = found.get(each)
        if answer is None or answer.verdict is not Verdict.ALLOW:
            break
        level, reasons = each, reasons | set(answer.reasons)
    if level is not None:
        return TypeOutcome(code=code, outcome=Outcome.ALLOWED, level=level, reasons=tuple(sorted(reasons)))
    guards = found[Level.PRESENCE].reasons
    return TypeOutcome(code=code, outcome=Outcome.REFUSED if guards else Outcome.NO_RULE, reasons=guards)


def _status(outcomes: Sequence[TypeOutcome]) -> Outcome:
    found = {each.outcome for each in outcomes}
    for status in (Outcome.FAULT, Outcome.ALLOWED, Outcome.REFUSED):
        if status in found:
            return status
    return Outcome.NO_RULE


def _duties(rules: InForce, outcomes: Iterable[TypeOutcome]) -> tuple[Duty, ...]:
    granting = {key for each in outcomes if each.outcome is Outcome.ALLOWED for key in each.reasons}
    return tuple(sorted({duty for rule in rules.rules if rule.key in granting for duty in rule.duties}))
