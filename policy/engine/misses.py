"""Which conditions of each rule did not hold: to explain an answer, never to give one."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import lru_cache
from types import MappingProxyType

import cedarpy
from cedarpy import pst

from policy.engine.compiled import entities_of, requirements
from policy.engine.expressions import (
    ACTIONS,
    LOOKUP_UID,
    THE_LOOKUP,
    Evaluate,
    Scene,
    Undecided,
    compile_expression,
    truth,
)
from policy.engine.questions import TYPE_ENTITY, EngineSource, Question
from policy.engine.values import Uid, value_of

# As many as there are engines kept; a set is explained by the same texts that decided.
_SOURCES_KEPT = 16


@dataclass(frozen=True, slots=True)
class Miss:
    """A condition that does not hold, or cannot be evaluated.

    Attributes:
        facts: The attributes of the look-up that it foundered on, sorted; none if it is about the question alone.
    """

    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Condition:
    """A condition, with the two it is made of if it joins them; `either` if one of them is enough."""

    evaluate: Evaluate
    reads: frozenset[str]
    parts: "tuple[_Condition, ...]" = ()
    either: bool = False

    def holds(self, scene: Scene) -> bool:
        try:
            return truth(self.evaluate(scene))
        except Undecided:
            return False

    def at_fault(self, scene: Scene) -> frozenset[str]:
        """What the parts that do not hold read; of alternatives the one that misses the fewest facts, if it has any."""
        failing = [part.at_fault(scene) for part in self.parts if not part.holds(scene)]
        if not failing:
            return self.reads
        return (
            min(failing, key=lambda facts: (not facts, len(facts)))
            if self.either
            else failing[0].union(*failing)
        )


def misses(
    source: EngineSource, lookup: Mapping[str, object], question: Question
) -> Mapping[str, tuple[Miss, ...]]:
    """What keeps each rule from letting this question pass.

    Args:
        source: The rules in force; engines have been built from them.
        lookup: The attributes of the entity `Raadpleging`, as Cedar JSON.
        question: Of a type that the source knows.

    Returns:
        By the key of a rule the conditions that do not hold, each looked at by itself: none for a grant that permits
        and for a guard that does not refuse.
    """
    attributes = {name: value_of(stated) for name, stated in lookup.items()}
    entities = {**entities_of(source), LOOKUP_UID: attributes}
    scene = Scene(entities, ACTIONS[question.level], Uid(TYPE_ENTITY, question.type_code))
    return {
        key: tuple(Miss(tuple(sorted(each.at_fault(scene)))) for each in conditions if not each.holds(scene))
        for key, conditions in _conditions(source).items()
    }


@lru_cache(maxsize=_SOURCES_KEPT)
def _conditions(source: EngineSource) -> Mapping[str, tuple[_Condition, ...]]:
    rules = cedarpy.PolicySet.from_json_str(source.policies).to_pst().static_policies
    return MappingProxyType({key: tuple(map(_condition, requirements(rules[key]))) for key in sorted(rules)})


def _condition(expression: pst.Expr) -> _Condition:
    evaluate, reads = compile_expression(expression), frozenset(_facts_in(expression))
    if isinstance(expression, pst.BinaryOp) and expression.op in {"and", "or"}:
        parts = (_condition(expression.left), _condition(expression.right))
        return _Condition(evaluate, reads, parts, either=expression.op == "or")
    return _Condition(evaluate, reads)


def _facts_in(node: object) -> Iterator[str]:
    if isinstance(node, pst.GetAttr) and node.base == THE_LOOKUP:
        yield node.attr
    elif isinstance(node, tuple):
        for each in node:
            yield from _facts_in(each)
    elif is_dataclass(node):
        for each in fields(node):
            yield from _facts_in(getattr(node, each.name))
