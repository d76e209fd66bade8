"""From Cedar's syntax tree to Python closures, for the operators our rules may use.

Invariants:
1. What stands here means what it means in Cedar: `&&`, `||` and `if` look no further than they must, nothing is
   converted, and whatever Cedar calls an error of the rule is `Undecided`.
2. What does not stand here is refused while compiling (`NotCovered`), never met while deciding.
3. No entity has parents, so `in` is: the same entity, or one of the set.
"""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cedarpy import pst

from policy.engine.questions import LOOKUP, PRINCIPAL
from policy.engine.values import Datetime, Long, Uid, Value, datetime_of
from policy.vocabulary import Level

ACTIONS = {level: Uid("Action", level.action) for level in Level}
LOOKUP_UID, PRINCIPAL_UID = Uid(**LOOKUP), Uid(**PRINCIPAL)

THE_LOOKUP = pst.GetAttr(pst.Var("context"), "raadpleging")


class Undecided(Exception):
    """The rule ran into an error. Cedar skips such a rule and reports it."""


class NotCovered(Exception):
    """The rule uses something that is not compiled; the text says what."""


@dataclass(slots=True)
class Scene:
    """What a closure may look at: the entities of one look-up, and the question.

    Attributes:
        entities: The attributes of every entity, the look-up's own among them.
    """

    entities: Mapping[Uid, Mapping[str, Value]]
    action: Uid = ACTIONS[Level.PRESENCE]
    resource: Uid = PRINCIPAL_UID


Evaluate = Callable[[Scene], Value]
_Operate = Callable[[Value, Value], Value]


def compile_expression(expression: pst.Expr) -> Evaluate:
    """Make the closure that gives the value of this expression.

    Raises:
        NotCovered: If it holds anything that this module does not know.
    """
    make = _MAKERS.get(type(expression))
    if make is None:
        raise NotCovered(f"an expression of the kind {type(expression).__name__}")
    return make(expression)


def truth(value: Value) -> bool:
    """Insist on a yes or no.

    Raises:
        Undecided: If it is anything else.
    """
    if value is True or value is False:
        return value
    raise Undecided


def _entity(value: Value) -> Uid:
    if isinstance(value, Uid):
        return value
    raise Undecided


def _set(value: Value) -> frozenset[Value]:
    if isinstance(value, frozenset):
        return value
    raise Undecided


def _constant(value: Value) -> Evaluate:
    return lambda _: value


def _named(literal: pst.EntityLit) -> Evaluate:
    uid = Uid(str(literal.value.type), literal.value.id)
    if uid.type == "Action" and uid not in ACTIONS.values():
        raise NotCovered("an action that is no level")
    return _constant(uid)


def _variable(variable: pst.Var) -> Evaluate:
    match variable.name:
        case "principal":
            return _constant(PRINCIPAL_UID)
        case "action":
            return lambda scene: scene.action
        case "resource":
            return lambda scene: scene.resource
    raise NotCovered("the context as a whole")


def _attribute(asked: pst.GetAttr) -> Evaluate:
    if asked == THE_LOOKUP:
        return _constant(LOOKUP_UID)
    base, name = compile_expression(asked.base), asked.attr

    def attribute(scene: Scene) -> Value:
        try:
            return scene.entities[_entity(base(scene))][name]
        except KeyError:
            raise Undecided from None

    return attribute


def _presence(asked: pst.HasAttr) -> Evaluate:
    base = compile_expression(asked.base)
    if len(asked.attrs) > 1:
        raise NotCovered("`has` with a path")
    name = asked.attrs[0]
    return lambda scene: name in scene.entities.get(_entity(base(scene)), {})


def _likeness(asked: pst.Like) -> Evaluate:
    base = compile_expression(asked.base)
    parts = [".*" if isinstance(part, pst.Wildcard) else re.escape(part.value) for part in asked.pattern]
    wanted = re.compile("".join(parts), re.DOTALL)

    def likeness(scene: Scene) -> Value:
        text = base(scene)
        if not isinstance(text, str):
            raise Undecided
        return wanted.fullmatch(text) is not None

    return likeness


def _kind(asked: pst.Is) -> Evaluate:
    base, kind = compile_expression(asked.base), str(asked.entity_type)
    if asked.in_expr is None:
        return lambda scene: _entity(base(scene)).type == kind
    place = compile_expression(asked.in_expr)

    def inside(scene: Scene) -> Value:
        entity = _entity(base(scene))
        return entity.type == kind and _in(entity, place(scene))

    return inside


def _branched(asked: pst.IfThenElse) -> Evaluate:
    condition, then, otherwise = map(compile_expression, (asked.cond, asked.then_expr, asked.else_expr))
    return lambda scene: then(scene) if truth(condition(scene)) else otherwise(scene)


def _gathered(asked: pst.Set) -> Evaluate:
    elements = tuple(map(compile_expression, asked.elements))
    return lambda scene: frozenset([each(scene) for each in elements])


def _unary(asked: pst.UnaryOp) -> Evaluate:
    if asked.op == "datetime":
        return _moment(asked.arg)
    if asked.op not in _UNARY:
        raise NotCovered(f"the operator {asked.op}")
    operate, argument = _UNARY[asked.op], compile_expression(asked.arg)
    return lambda scene: operate(argument(scene))


def _moment(written: pst.Expr) -> Evaluate:
    if not isinstance(written, pst.StringLit):
        raise NotCovered("a datetime that is not written out")
    try:
        return _constant(datetime_of(written.value))
    except ValueError as error:
        raise NotCovered("a datetime that cannot be read") from error


def _binary(asked: pst.BinaryOp) -> Evaluate:
    if asked.op not in {"and", "or", *_BINARY}:
        raise NotCovered(f"the operator {asked.op}")
    left, right = compile_expression(asked.left), compile_expression(asked.right)
    if asked.op not in _BINARY:
        return _joined(left, right, stops_at=asked.op == "or")
    operate = _BINARY[asked.op]
    return lambda scene: operate(left(scene), right(scene))


def _joined(left: Evaluate, right: Evaluate, *, stops_at: bool) -> Evaluate:
    def joined(scene: Scene) -> Value:
        return stops_at if truth(left(scene)) is stops_at else truth(right(scene))

    return joined


def _in(left: Value, right: Value) -> bool:
    places = frozenset(map(_entity, right)) if isinstance(right, frozenset) else {_entity(right)}
    return _entity(left) in places


def _ordered(compare: Callable[[Any, Any], bool]) -> _Operate:
    def ordered(left: Value, right: Value) -> Value:
        if type(left) is type(right) and isinstance(left, Long | Datetime):
            return compare(left, right)
        raise Undecided

    return ordered


def _counted(calculate: Callable[[int, int], int]) -> _Operate:
    def counted(left: Value, right: Value) -> Value:
        if not (isinstance(left, Long) and isinstance(right, Long)):
            raise Undecided
        try:
            return Long(calculate(left.number, right.number))
        except OverflowError:
            raise Undecided from None

    return counted


_minus = _counted(operator.sub)

_UNARY: Mapping[str, Callable[[Value], Value]] = {
    "not": lambda value: not truth(value),
    "neg": lambda value: _minus(Long(0), value),
    "is_empty": lambda value: not _set(value),
}
_BINARY: Mapping[str, _Operate] = {
    "eq": operator.eq,
    "not_eq": operator.ne,
    "less": _ordered(operator.lt),
    "less_eq": _ordered(operator.le),
    "greater": _ordered(operator.gt),
    "greater_eq": _ordered(operator.ge),
    "add": _counted(operator.add),
    "sub": _minus,
    "mul": _counted(operator.mul),
    "in": _in,
    "contains": lambda left, right: right in _set(left),
    "contains_all": lambda left, right: _set(left) >= _set(right),
    "contains_any": lambda left, right: not _set(left).isdisjoint(_set(right)),
}
# One for each kind of node; a node of any other kind is refused.
_MAKERS: Mapping[type, Callable[[Any], Evaluate]] = {
    pst.BoolLit: lambda literal: _constant(literal.value),
    pst.StringLit: lambda literal: _constant(literal.value),
    pst.LongLit: lambda literal: _constant(Long(literal.value)),
    pst.EntityLit: _named,
    pst.Var: _variable,
    pst.GetAttr: _attribute,
    pst.HasAttr: _presence,
    pst.Like: _likeness,
    pst.Is: _kind,
    pst.IfThenElse: _branched,
    pst.Set: _gathered,
    pst.UnaryOp: _unary,
    pst.BinaryOp: _binary,
}
