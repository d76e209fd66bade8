"""The one place that decisions come from: both engines are asked, must agree, and are asked once.

Invariants:
1. Every distinct question has been answered by both engines, with the same verdict, reasons and errors. If they
   differ, nobody is believed.
2. What is remembered is exact: the engines are asked from the key alone, so nothing they see can be missing from it.
   It holds no time, and the rules are part of it: other rules, another day or another fact is another question.
3. A failure is never remembered.

Whoever controls this module controls every decision.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from policy.engine.cedar import NO_DECISION, CedarEngine
from policy.engine.compiled import CompiledEngine
from policy.engine.questions import Answer, Engine, EngineSource, Question, Verdict
from policy.errors import EngineError
from policy.vocabulary import Level

Answers = Mapping[str, Mapping[Level, Answer]]
"""Per type, the answer at presence, and at the richer levels where presence is allowed."""

# One set per epoch; more than this many at once happens only in tests.
_ENGINES_KEPT = 16
# A municipality has some hundreds of distinct look-ups a day; one of 20 types takes about 10 kB.
QUESTIONS_KEPT = 2048
_RICHER = (Level.SOURCE, Level.CONTACT)
_write = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False).encode


class EnginesDisagreeError(EngineError):
    """The two engines gave different answers, so one of them is wrong."""


@dataclass(frozen=True, slots=True)
class BothEngines:
    """Two engines as one, which answers only what both answer."""

    reference: Engine
    second: Engine

    def ask(self, lookup: Mapping[str, object], questions: Sequence[Question]) -> list[Answer]:
        """Answer as `Engine` says.

        Raises:
            EnginesDisagreeError: If the answers differ in anything.
            EngineError: If either fails.
        """
        given, again = self.reference.ask(lookup, questions), self.second.ask(lookup, questions)
        if not len(given) == len(again) == len(questions):
            raise EngineError("engine", "an engine left a question out")
        for question, one, other in zip(questions, given, again, strict=True):
            # Only the reference knows the schema. A question it did not take is a fault already.
            if one != other and one.errors != (NO_DECISION,):
                rules = ", ".join(sorted({*one.reasons, *one.errors} ^ {*other.reasons, *other.errors}))
                place = f"{question.level.value} of {question.type_code}"
                raise EnginesDisagreeError("engine", f"the engines disagree on {place}: {rules or 'verdict'}")
        return given


@lru_cache(maxsize=_ENGINES_KEPT)
def engines_for(source: EngineSource) -> BothEngines:
    """The engines for these texts, built at most once in this process; they remember nothing.

    Raises:
        EngineError: If the texts cannot be parsed, or hold a rule that an engine does not cover.
    """
    return BothEngines(CedarEngine(source), CompiledEngine(source))


def canonical(lookup: Mapping[str, object]) -> str:
    """Everything the engines see of a look-up, as one text: they are asked from it, and remembered by it.

    Args:
        lookup: The attributes of the entity `Raadpleging`, as Cedar JSON.

    Raises:
        EngineError: If something in it cannot be written down.
    """
    try:
        return _write(lookup)
    except (TypeError, ValueError) as error:
        raise EngineError("engine", "the facts cannot be written down") from error


def answers(source: EngineSource, lookup: str, codes: Iterable[str]) -> Answers:
    """What both engines say about these types, asked now or remembered.

    Args:
        source: The rules in force.
        lookup: As `canonical` writes it.
        codes: The types; their order makes no difference.

    Raises:
        EnginesDisagreeError: If the engines differ on one of the types.
        EngineError: If either cannot be built or fails.
    """
    return _remembered(source, lookup, tuple(sorted(codes)))


@lru_cache(maxsize=QUESTIONS_KEPT)
def _remembered(source: EngineSource, written: str, codes: tuple[str, ...]) -> Answers:
    engine, lookup = engines_for(source), json.loads(written)
    found = _by_type(engine, lookup, [Question(code, Level.PRESENCE) for code in codes])
    shown = [code for code in codes if found[code][Level.PRESENCE].verdict is Verdict.ALLOW]
    richer = _by_type(engine, lookup, [Question(code, level) for code in shown for level in _RICHER])
    # Everybody who asks gets the same object, so nobody may change it.
    return MappingProxyType({code: MappingProxyType(found[code] | richer.get(code, {})) for code in codes})


def _by_type(
    engine: Engine, lookup: Mapping[str, object], questions: Sequence[Question]
) -> dict[str, dict[Level, Answer]]:
    found: dict[str, dict[Level, Answer]] = {}
    for question, answer in zip(questions, engine.ask(lookup, questions), strict=True):
        found.setdefault(question.type_code, {})[question.level] = answer
    return found
