"""The product's decisions and those of the second model, side by side."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time

from policy.engine import Answer as EngineAnswer
from policy.engine import Question, Verdict
from policy.engine.agreed import answers, canonical, engines_for
from policy.facts import LookupFacts, Origin, Register
from policy.in_force import InForce
from policy.pdp import Decision, TypeOutcome, decide
from policy.rulesets import RuleSet
from policy.vocabulary import Level

from .deciding import LEVELS, Answer, Look, Model
from .looks import PLAIN_DAY, Looks

WHOLE = 20


def facts_of(look: Look) -> LookupFacts:
    """The facts as the product takes them."""
    when = look.asked_at or datetime.combine(PLAIN_DAY, time(12), UTC)
    origins = None
    if look.read_ago is not None:
        readings = look.read_ago.items()
        origins = tuple(Origin(Register(register), "1", when - ago) for register, ago in readings)
    return LookupFacts(**look.facts, asked_at=look.asked_at, origins=origins)


@dataclass(frozen=True)
class Comparison:
    """One set of rules held against the second model.

    Attributes:
        without: The key of a rule that the product forgets, to show that the comparison notices.
        counted: How many decisions the model made: one for each look-up, kind of signal and level.
    """

    rule_set: RuleSet
    model: Model
    looks: Looks
    without: str = ""
    counted: Counter[str] = field(default_factory=Counter)

    def difference(self, number: int) -> str | None:
        """What the two say of the look-up with this number, if that is not the same; None if it is.

        Of one in `WHOLE`, guards and grants are compared at levels too that no decision needs.
        """
        look = self.looks[number]
        rules, facts = self._rules(look).without(self.without), facts_of(look)
        decided, expected = decide(rules, facts, look.kinds), self.model.answer(look)
        self._count(expected)
        found = [*_differences(decided, expected)]
        if rules.source is not None and not (expected.errors or decided.errors):
            found.extend(
                _differences_per_level(_asked(rules, facts, look, whole=number % WHOLE == 0), expected)
            )
        return "\n".join((f"look-up {number}", *_told(look), *found)) if found else None

    def differences(self, numbers: Iterable[int]) -> Iterator[str]:
        """What `difference` says of the look-ups with these numbers, of which they differ."""
        return (found for number in numbers if (found := self.difference(number)))

    def _rules(self, look: Look) -> InForce:
        on = look.facts["on"]
        return self.rule_set.in_force(on if type(on) is date else PLAIN_DAY)

    def _count(self, expected: Answer) -> None:
        for verdict in expected.kinds.values():
            shown = LEVELS.index(verdict.level) + 1 if verdict.level else 0
            self.counted["shown"] += shown
            self.counted["fault" if verdict.outcome == "fout" else "not shown"] += len(LEVELS) - shown


def _asked(
    rules: InForce, facts: LookupFacts, look: Look, *, whole: bool
) -> Mapping[str, Mapping[Level, EngineAnswer]]:
    """What the engines answered per level: as far as a decision needs it, or about everything."""
    assert rules.source is not None
    known = {each.code for each in rules.catalogue.types}
    codes = [code for code in dict.fromkeys(look.kinds) if code in known]
    if not whole:
        return answers(rules.source, canonical(rules.attributes_of(facts)), codes)
    questions = [Question(code, level) for code in codes for level in Level]
    given = engines_for(rules.source).ask(rules.attributes_of(facts), questions)
    found: dict[str, dict[Level, EngineAnswer]] = {}
    for question, answer in zip(questions, given, strict=True):
        found.setdefault(question.type_code, {})[question.level] = answer
    return found


def _differences(decided: Decision, expected: Answer) -> Iterator[str]:
    yield from _unequal("status", decided.status.value, expected.status)
    yield from _unequal("errors", sorted(decided.errors), sorted(expected.errors))
    yield from _unequal("duties", [duty.value for duty in decided.duties], [*expected.duties])
    yield from _unequal("kinds", [each.code for each in decided.outcomes], [*expected.kinds])
    for outcome in decided.outcomes:
        verdict = expected.kinds[outcome.code]
        said = (verdict.outcome, verdict.level, verdict.reasons, sorted(verdict.errors))
        yield from _unequal(outcome.code, _plain(outcome), said)


def _plain(outcome: TypeOutcome) -> tuple[object, ...]:
    level = outcome.level and outcome.level.value
    return outcome.outcome.value, level, outcome.reasons, sorted(outcome.errors)


def _differences_per_level(
    asked: Mapping[str, Mapping[Level, EngineAnswer]], expected: Answer
) -> Iterator[str]:
    for code, levels in asked.items():
        verdict = expected.kinds[code]
        for level, answer in levels.items():
            place = LEVELS.index(level.value)
            refused, granted = verdict.refused[place], verdict.granted[place]
            said = (Verdict.DENY, refused) if refused or not granted else (Verdict.ALLOW, granted)
            yield from _unequal(f"{level.value} of {code}", (answer.verdict, answer.reasons), said)


def _unequal(what: str, decided: object, expected: object) -> Iterator[str]:
    if decided != expected:
        yield f"{what}:\n  the product: {decided}\n  the model:   {expected}"


def _told(look: Look) -> Iterator[str]:
    yield "facts: " + ", ".join(f"{name}={value!r}" for name, value in look.facts.items())
    yield f"asked at {look.asked_at}, read ago {look.read_ago}, {len(look.kinds)} kinds"
