"""The second engine: the rules as Python closures, from the tree that Cedar parses.

It must give exactly what Cedar gives: the same verdict, reasons and errors. What it does not cover is refused when
it is built. It knows no schema: facts of the wrong kind are the reference's to refuse, and both are always asked.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass

import cedarpy
from cedarpy import pst

from policy.engine.expressions import (
    ACTIONS,
    LOOKUP_UID,
    Evaluate,
    NotCovered,
    Scene,
    Undecided,
    compile_expression,
    truth,
)
from policy.engine.questions import TYPE_ENTITY, Answer, EngineSource, Question, Verdict
from policy.engine.values import Uid, Value, value_of
from policy.errors import EngineError

# What reading the texts and the facts is known to raise.
_FAILURES = (ValueError, TypeError, LookupError, ArithmeticError)


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """One rule as conditions that must all hold, in this order; the first that does not ends it.

    Attributes:
        scope: What the head of the rule asks of the question. It cannot fail.
        gate: The conditions up to the first that looks at the question: the same for every question of a look-up.
        rest: The other conditions.
    """

    key: str
    forbids: bool
    scope: tuple[Evaluate, ...]
    gate: tuple[Evaluate, ...]
    rest: tuple[Evaluate, ...]


def compile_rule(key: str, policy: pst.Template) -> CompiledRule:
    """Make the closures of one rule.

    Args:
        key: What an error calls the rule.
        policy: As Cedar parsed it.

    Raises:
        EngineError: If the rule uses something that this engine does not cover.
    """
    conditions = [part for clause in policy.clauses for part in conjuncts(_condition(clause))]
    asks = [_looks_at_question(condition) for condition in conditions]
    first = asks.index(True) if True in asks else len(asks)
    try:
        scope = tuple(map(compile_expression, _scope(policy)))
        compiled = tuple(map(compile_expression, conditions))
    except NotCovered as error:
        raise EngineError(key, f"the second engine does not know {error}") from error
    return CompiledRule(key, policy.effect == "forbid", scope, compiled[:first], compiled[first:])


class CompiledEngine:
    """The closures of one set of texts."""

    def __init__(self, source: EngineSource) -> None:
        try:
            policies = cedarpy.PolicySet.from_json_str(source.policies).to_pst()
            self._fixed = entities_of(source)
        except _FAILURES as error:
            raise EngineError("engine", "the rules or catalogue entities cannot be compiled") from error
        if policies.templates:
            raise EngineError("engine", "a template is no rule")
        self._rules = tuple(compile_rule(*item) for item in sorted(policies.static_policies.items()))

    def ask(self, lookup: Mapping[str, object], questions: Sequence[Question]) -> list[Answer]:
        """Answer as `Engine` says."""
        try:
            attributes = {name: value_of(stated) for name, stated in lookup.items()}
        except _FAILURES as error:
            raise EngineError("engine", "the engine cannot read the facts") from error
        scene = Scene({**self._fixed, LOOKUP_UID: attributes})
        gates = ((rule, _holds(rule.gate, scene)) for rule in self._rules)
        live = [(rule, gate) for rule, gate in gates if gate is not False]
        return [_answer(live, _at(scene, question)) for question in questions]


def _at(scene: Scene, question: Question) -> Scene:
    return Scene(scene.entities, ACTIONS[question.level], Uid(TYPE_ENTITY, question.type_code))


def _answer(live: Iterable[tuple[CompiledRule, bool | None]], scene: Scene) -> Answer:
    """Weigh the rules that may still count; each comes with what its gate gave, None for an error."""
    forbids: list[str] = []
    permits: list[str] = []
    errors: list[str] = []
    for rule, gate in live:
        holds = _holds(rule.scope, scene) and (_holds(rule.rest, scene) if gate else None)
        if holds:
            (forbids if rule.forbids else permits).append(rule.key)
        elif holds is None:
            errors.append(f"rule-error:{rule.key}")
    reasons = tuple(forbids or permits)
    if errors:
        return Answer(Verdict.FAULT, reasons, tuple(errors))
    return Answer(Verdict.ALLOW if permits and not forbids else Verdict.DENY, reasons)


def _holds(conditions: Iterable[Evaluate], scene: Scene) -> bool | None:
    """Tell whether all hold; None if the first that does not hold runs into an error."""
    try:
        for condition in conditions:
            if not truth(condition(scene)):
                return False
    except Undecided:
        return None
    return True


def _scope(policy: pst.Template) -> list[pst.Expr]:
    """The head of the rule as conditions; a slot of a template is left to `compile_expression` to refuse."""
    heads = (
        (pst.Var("principal"), policy.principal),
        (pst.Var("action"), policy.action),
        (pst.Var("resource"), policy.resource),
    )
    return [part for variable, asked in heads for part in _constraint(variable, asked)]


def _constraint(
    variable: pst.Var, asked: pst.PrincipalOrResourceConstraint | pst.ActionConstraint
) -> Iterator[pst.Expr]:
    match asked:
        case pst.ScopeEq(entity=named) | pst.ActionEq(entity=named):
            yield pst.BinaryOp("eq", variable, _literal(named))
        case pst.ScopeIn(entity=named):
            yield pst.BinaryOp("in", variable, _literal(named))
        case pst.ActionIn(entities=several):
            yield pst.BinaryOp("in", variable, pst.Set(tuple(map(_literal, several))))
        case pst.ScopeIs(entity_type=kind):
            yield pst.Is(variable, kind, None)
        case pst.ScopeIsIn(entity_type=kind, entity=named):
            yield pst.Is(variable, kind, _literal(named))


def _literal(named: pst.EntityOrSlot) -> pst.Expr:
    return named if isinstance(named, pst.Slot) else pst.EntityLit(named)


def _condition(clause: pst.Clause) -> pst.Expr:
    return clause.expr if isinstance(clause, pst.When) else pst.UnaryOp("not", clause.expr)


def conjuncts(expression: pst.Expr) -> list[pst.Expr]:
    """The conditions that must all hold for this expression to hold, in the order they stand in it."""
    if isinstance(expression, pst.BinaryOp) and expression.op == "and":
        return [*conjuncts(expression.left), *conjuncts(expression.right)]
    return [expression]


def requirements(policy: pst.Template) -> list[pst.Expr]:
    """What must hold for a grant to permit, or for a guard not to refuse, each condition by itself."""
    if policy.effect == "forbid":
        return [
            part
            for clause in policy.clauses
            if isinstance(clause, pst.Unless)
            for part in conjuncts(clause.expr)
        ]
    return [*_scope(policy), *(part for clause in policy.clauses for part in conjuncts(_condition(clause)))]


def entities_of(source: EngineSource) -> dict[Uid, Mapping[str, Value]]:
    """The attributes of everything that is the same for every look-up."""
    return dict(_named(entity) for entity in json.loads(source.entities))


def _looks_at_question(node: object) -> bool:
    if isinstance(node, pst.Var):
        return node.name in {"action", "resource"}
    if isinstance(node, tuple):
        return any(map(_looks_at_question, node))
    return is_dataclass(node) and any(_looks_at_question(getattr(node, each.name)) for each in fields(node))


def _named(entity: Mapping[str, object]) -> tuple[Uid, Mapping[str, Value]]:
    match entity:
        case {"uid": {"type": str(kind), "id": str(name)}, "attrs": dict(stated), "parents": []}:
            return Uid(kind, name), {each: value_of(value) for each, value in stated.items()}
        case _:
            raise ValueError("an entity of an unknown shape")
