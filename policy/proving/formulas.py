"""Cedar expressions as formulas: every operator that rules may use, and no guess about any other.

A text is a number here: comparing is all that rules do with it. A set of texts says of each text when it is in.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, TypeAlias

import z3
from cedarpy import pst

from policy.errors import RuleSetError

Formula: TypeAlias = Any
"""A z3 expression that is true or false."""

Number: TypeAlias = Any
"""A z3 whole number: a text by its number in `Names`, or milliseconds since 1970."""

DAY_MS = 86_400_000
"""Milliseconds in a day: rules and facts know days, and nothing shorter."""


class Unsupported(RuleSetError):
    """A rule uses something this package has no formula for, so nothing can be said about the set."""

    def __init__(self, what: str) -> None:
        super().__init__("proofs", f"there is no formula for {what}; leave it out of the rule or add it here")


@dataclass(frozen=True, slots=True)
class Names:
    """Numbers for texts, the same in every formula that shares this object."""

    _numbers: dict[str, int] = field(default_factory=dict)

    def number(self, text: str) -> Number:
        """The number of a text."""
        return z3.IntVal(self._numbers.setdefault(text, len(self._numbers)))

    def text(self, number: int) -> str:
        """The text with this number; a number that no text has stands for any other text."""
        known = {value: text for text, value in self._numbers.items()}
        return known.get(number, f"anders-{number}")


@dataclass(frozen=True, slots=True)
class Texts:
    """A set of texts: for each that may be in it, when it is. Any other text is not."""

    members: Mapping[str, Formula]


Value: TypeAlias = Formula | Number | Texts
"""What an expression stands for; `Entity` and `Action` only appear below an attribute or a comparison."""


@dataclass(frozen=True, slots=True)
class Entity:
    """A thing with attributes."""

    attributes: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Scene:
    """What the variables of a rule stand for.

    Attributes:
        lookup: `context.raadpleging`.
        signal_type: `resource`.
        catalogue: the one catalogue entity.
        action: the number of the action that is asked.
    """

    names: Names
    lookup: Entity
    signal_type: Entity
    catalogue: Entity
    action: Number

    def applies(self, rule: pst.Template) -> Formula:
        """When this rule applies: its scope fits, every `when` holds and no `unless` does.

        Raises:
            Unsupported: For a scope on people or types, and for any operator not listed here.
        """
        if (rule.principal, rule.resource) != (pst.ScopeAny(), pst.ScopeAny()):
            raise Unsupported("a scope on principal or resource")
        conditions = [self._action_in(rule.action)]
        for clause in rule.clauses:
            holds = self.value(clause.expr)
            conditions.append(z3.Not(holds) if isinstance(clause, pst.Unless) else holds)
        return z3.And(*conditions)

    def value(self, expr: pst.Expr) -> Any:  # noqa: ANN401 - a formula, a number, a set or an entity, as the schema says
        """The meaning of an expression.

        Raises:
            Unsupported: For any operator not listed here.
        """
        literal = self._literal(expr)
        if literal is not None:
            return literal
        match expr:
            case pst.Var() | pst.EntityLit() | pst.GetAttr():
                return self._named(expr)
            case pst.UnaryOp(op=op, arg=arg):
                return self._unary(op, arg)
            case pst.BinaryOp(op=op, left=left, right=right):
                return self._binary(op, left, right)
            case pst.IfThenElse(cond=cond, then_expr=yes, else_expr=no):
                return z3.If(self.value(cond), self.value(yes), self.value(no))
        raise Unsupported(type(expr).__name__)

    def _literal(self, expr: pst.Expr) -> Value | None:
        match expr:
            case pst.BoolLit(value=truth):
                return z3.BoolVal(truth)
            case pst.LongLit(value=number):
                return z3.IntVal(number)
            case pst.StringLit(value=text):
                return self.names.number(text)
            case pst.Set(elements=elements):
                return Texts({_text(each): z3.BoolVal(True) for each in elements})
        return None

    def _action_in(self, scope: pst.ActionConstraint) -> Formula:
        if isinstance(scope, pst.ScopeAny):
            return z3.BoolVal(True)
        named = [scope.entity] if isinstance(scope, pst.ActionEq) else scope.entities
        return z3.Or(*(self.action == self.names.number(uid.id) for uid in named))

    def _named(self, expr: pst.Expr) -> Any:  # noqa: ANN401 - see `value`
        match expr:
            case pst.Var(name="action"):
                return self.action
            case pst.Var(name="resource"):
                return self.signal_type
            case pst.Var(name="context"):
                return Entity({"raadpleging": self.lookup})
            case pst.EntityLit(value=uid) if uid.type.basename == "Action":
                return self.names.number(uid.id)
            case pst.EntityLit(value=uid) if uid.type.basename == "Catalogus":
                return self.catalogue
            case pst.GetAttr(base=base, attr=attr):
                thing = self.value(base)
                if isinstance(thing, Entity) and attr in thing.attributes:
                    return thing.attributes[attr]
        raise Unsupported(f"the name {expr}")

    def _unary(self, op: str, arg: pst.Expr) -> Value:
        if op == "not":
            return z3.Not(self.value(arg))
        if op == "datetime" and isinstance(arg, pst.StringLit):
            return z3.IntVal(milliseconds(arg.value))
        raise Unsupported(f"the operator {op}")

    def _binary(self, op: str, left: pst.Expr, right: pst.Expr) -> Formula:
        if op == "contains":
            return self._contains(self.value(left), right)
        if op == "in" and left == pst.Var("action") and isinstance(right, pst.Set):
            return z3.Or(*(self.action == self.value(each) for each in right.elements))
        if op not in _BINARY:
            raise Unsupported(f"the operator {op}")
        first, second = self.value(left), self.value(right)
        if op in _ON_SETS and not (isinstance(first, Texts) and isinstance(second, Texts)):
            raise Unsupported(f"{op} on anything but sets of texts")
        if op not in _ON_SETS and (isinstance(first, Texts) or isinstance(second, Texts)):
            raise Unsupported(f"{op} on a set")
        return _BINARY[op](first, second)

    def _contains(self, texts: Any, wanted: pst.Expr) -> Formula:  # noqa: ANN401 - see `value`
        if not isinstance(texts, Texts):
            raise Unsupported("contains on anything but a set of texts")
        number = self.value(wanted)
        return z3.Or(
            *(z3.And(self.names.number(text) == number, present) for text, present in texts.members.items())
        )


def _contains_any(left: Texts, right: Texts) -> Formula:
    return z3.Or(
        *(z3.And(left.members[text], right.members[text]) for text in left.members if text in right.members)
    )


def _contains_all(left: Texts, right: Texts) -> Formula:
    return z3.And(
        *(z3.Implies(present, left.members.get(text, False)) for text, present in right.members.items())
    )


_ON_SETS = ("contains_any", "contains_all")
_BINARY: Mapping[str, Callable[[Any, Any], Formula]] = {
    "and": z3.And,
    "or": z3.Or,
    "eq": lambda left, right: left == right,
    "not_eq": lambda left, right: left != right,
    "less": lambda left, right: left < right,
    "less_eq": lambda left, right: left <= right,
    "greater": lambda left, right: left > right,
    "greater_eq": lambda left, right: left >= right,
    "contains_any": _contains_any,
    "contains_all": _contains_all,
}


def milliseconds(day: date | str) -> int:
    """Milliseconds since 1970 of the start of a day, as Cedar counts a datetime.

    Raises:
        Unsupported: For a text with a time of day: rules compare days.
    """
    try:
        parsed = date.fromisoformat(day) if isinstance(day, str) else day
    except ValueError as error:
        raise Unsupported(f"the moment {day}") from error
    return int(datetime(parsed.year, parsed.month, parsed.day, tzinfo=UTC).timestamp()) * 1000


def day_of(moment: int) -> date:
    """The day on which this many milliseconds since 1970 fall."""
    return datetime.fromtimestamp(moment // DAY_MS * DAY_MS / 1000, tz=UTC).date()


def _text(expr: pst.Expr) -> str:
    if isinstance(expr, pst.StringLit):
        return expr.value
    raise Unsupported("a set with anything but written texts")
