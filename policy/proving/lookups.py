"""Every look-up there can be, under the rules of one stretch of days.

Invariants:
1. Assumed of a look-up: all its facts are known, of their kind, and the day is one of the stretch. Anything else is
   a fault in the decision point, which discloses nothing and needs no proof.
2. What is allowed here is what the decision point makes of the rules: no guard, some grant, and each level only with
   every lower one.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, get_args, get_type_hints

import cedarpy
import z3
from cedarpy import pst

from policy.catalogue import Catalogue
from policy.engine import TYPE_ENTITY
from policy.facts import ATTRIBUTE_OF_FACT, LookupFacts, cedar_day
from policy.in_force import InForce
from policy.proving.formulas import (
    DAY_MS,
    Entity,
    Formula,
    Names,
    Number,
    Scene,
    Texts,
    Value,
    day_of,
    milliseconds,
)
from policy.rule_text import Kind, Rule
from policy.vocabulary import Level

_BASES = "grondslagen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """One look-up, as the solver found it.

    Attributes:
        type_code: The type of signal asked about.
        level: How much of it.
        facts: The attributes of the entity `Raadpleging`, as the engine takes them.
        on: The day of the look-up.
    """

    type_code: str
    level: Level
    facts: Mapping[str, object]
    on: date


class Facts:
    """The unknowns of one look-up: a symbol per fact, the type and the level; shared by all rules that are compared."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self.type: Number = z3.Int("soort")
        self.level: Number = z3.Int("niveau")
        self.bounds: list[Formula] = [z3.Or(*(self.level == names.number(each.action) for each in Level))]
        self.symbols: dict[str, Any] = {
            attribute: self._symbol(attribute, kind) for attribute, kind in kinds_of_facts().items()
        }

    def _symbol(self, attribute: str, kind: type) -> Any:  # noqa: ANN401 - a formula or a number
        if kind is bool:
            return z3.Bool(attribute)
        symbol = z3.Int(attribute)
        if kind is date:
            return symbol * DAY_MS
        if issubclass(kind, StrEnum):
            self.bounds.append(z3.Or(*(symbol == self.names.number(each.value) for each in kind)))
        else:
            self.bounds.append(symbol >= 0)
        return symbol

    def is_level(self, level: Level) -> Formula:
        """Whether this much is asked for."""
        return self.level == self.names.number(level.action)

    def is_text(self, attribute: str, text: str) -> Formula:
        """Whether this fact is this text."""
        return self.symbols[attribute] == self.names.number(text)


def kinds_of_facts() -> dict[str, type]:
    """The kind of each fact by its Dutch name: bool, a closed list of texts, text or date."""
    hints = get_type_hints(LookupFacts)
    kinds: dict[str, type] = {}
    for name, attribute in ATTRIBUTE_OF_FACT.items():
        kind = next(each for each in get_args(hints[name]) if each is not type(None))
        kinds[attribute] = kind if isinstance(kind, type) else str
    return kinds


class Stretch:
    """The rules of one stretch of days, as formulas over `Facts`.

    Args:
        facts: The unknowns.
        rules: What is in force; with nothing in force, nothing is allowed.
        any_bases: Let the bases of the purpose be anything, as they would be if the catalogue said so. For questions
            about the rules alone.

    Raises:
        Unsupported: If a rule uses something there is no formula for.
    """

    def __init__(self, facts: Facts, rules: InForce, *, any_bases: bool = False) -> None:
        self.rules = rules
        self._facts = facts
        self._bases = _bases_of_the_look_up(facts, rules.catalogue, any_bases=any_bases)
        self._entities = _fixed(facts, rules)
        parsed = [(rule, _parsed(rule)) for rule in rules.rules]
        self._applying = {
            level: {rule.key: self._scene(level).applies(template) for rule, template in parsed}
            for level in Level
        }

    @property
    def possible(self) -> Formula:
        """Assumed of every look-up: see invariant 1."""
        facts, codes = self._facts, [each.code for each in self.rules.catalogue.types]
        known = z3.Or(*(facts.type == facts.names.number(code) for code in codes))
        return z3.And(*facts.bounds, known, self.within)

    @property
    def within(self) -> Formula:
        """Whether the look-up is on one of these days."""
        day, ends = self._facts.symbols["op"], self.rules.ends
        after = day >= milliseconds(self.rules.starts)
        return z3.And(after, day < milliseconds(ends)) if ends else after

    def applies(self, rule: Rule) -> Formula:
        """Whether this rule applies at the level that is asked."""
        return z3.Or(
            *(z3.And(self._facts.is_level(level), self._applying[level][rule.key]) for level in Level)
        )

    def of(self, kind: Kind) -> tuple[Rule, ...]:
        """The rules of one kind."""
        return tuple(rule for rule in self.rules.rules if rule.kind is kind)

    def engine_says_yes(self, level: Level) -> Formula:
        """Whether the engine allows this level, asked for alone."""
        applying = self._applying[level]
        grants = [applying[rule.key] for rule in self.of(Kind.GRANT)]
        guards = [applying[rule.key] for rule in self.of(Kind.GUARD)]
        known = z3.Or(*(self._facts.type == self._number(each.code) for each in self.rules.catalogue.types))
        return z3.And(known, z3.Or(*grants), z3.Not(z3.Or(*guards)))

    @property
    def allowed(self) -> Formula:
        """Whether the decision point allows the level that is asked: it, and every lower one."""
        return z3.Or(
            *(
                z3.And(
                    self._facts.is_level(level),
                    *(self.engine_says_yes(lower) for lower in Level if lower <= level),
                )
                for level in Level
            )
        )

    def states(self, expr: pst.Expr) -> Formula:
        """A property written as a Cedar expression, at the level that is asked."""
        return z3.Or(
            *(z3.And(self._facts.is_level(level), self._scene(level).value(expr)) for level in Level)
        )

    def found(self, model: Any) -> Situation:  # noqa: ANN401 - a z3 model; the library has no types
        """Read one look-up from what the solver found."""
        facts, names = self._facts, self._facts.names
        read: dict[str, object] = {}
        for attribute, symbol in facts.symbols.items():
            value = model.eval(symbol, model_completion=True)
            read[attribute] = bool(value) if z3.is_bool(value) else _plain(attribute, value.as_long(), names)
        on = day_of(model.eval(facts.symbols["op"], model_completion=True).as_long())
        bases = (
            code
            for code, present in self._bases.members.items()
            if model.eval(present, model_completion=True)
        )
        return Situation(
            type_code=names.text(model.eval(facts.type, model_completion=True).as_long()),
            level=next(each for each in Level if model.eval(facts.is_level(each), model_completion=True)),
            facts=read | {_BASES: sorted(bases), "op": cedar_day(on)},
            on=on,
        )

    def _number(self, text: str) -> Number:
        return self._facts.names.number(text)

    def _scene(self, level: Level) -> Scene:
        catalogue, signal_type = self._entities
        return Scene(
            names=self._facts.names,
            lookup=Entity({**self._facts.symbols, _BASES: self._bases}),
            signal_type=signal_type,
            catalogue=catalogue,
            action=self._number(level.action),
        )


def _parsed(rule: Rule) -> pst.Template:
    policies = f'{{"staticPolicies": {{"regel": {rule.policy}}}, "templates": {{}}, "templateLinks": []}}'
    parsed = cedarpy.PolicySet.from_json_str(policies).to_pst()
    return next(iter(parsed.static_policies.values()))


def _bases_of_the_look_up(facts: Facts, catalogue: Catalogue, *, any_bases: bool) -> Texts:
    """The legal bases of the purpose: known of each purpose in the catalogue, none of any other."""
    codes = [each.code for each in catalogue.legal_bases]
    if any_bases:
        return Texts({code: z3.Bool(f"grondslag-{code}") for code in codes})
    carrying = {
        code: [each.code for each in catalogue.purposes if code in each.legal_bases] for code in codes
    }
    return Texts(
        {
            code: z3.Or(*(facts.is_text("doel", purpose) for purpose in purposes))
            for code, purposes in carrying.items()
        }
    )


def _fixed(facts: Facts, rules: InForce) -> tuple[Entity, Entity]:
    """The catalogue entity and the type that is asked about, with exactly the attributes the engines get."""
    catalogue: dict[str, Value] = {}
    by_type: dict[str, Mapping[str, object]] = {}
    for entity in json.loads(rules.source.entities) if rules.source else ():
        if entity["uid"]["type"] == TYPE_ENTITY:
            by_type[entity["uid"]["id"]] = entity["attrs"]
        elif entity["uid"]["type"] == "Catalogus":
            catalogue = {name: _as_texts(value) for name, value in entity["attrs"].items()}
    names = next(iter(by_type.values()), {})
    return Entity(catalogue), Entity({name: _of_type(facts, name, by_type) for name in names})


def _as_texts(value: Iterable[str]) -> Texts:
    return Texts({text: z3.BoolVal(True) for text in value})


def _of_type(facts: Facts, name: str, by_type: Mapping[str, Mapping[str, Any]]) -> Value:
    """One attribute of the type that is asked about: one choice after another, by its number."""
    chosen: Number = z3.IntVal(-1)
    members: dict[str, list[Formula]] = defaultdict(list)
    for code, attributes in by_type.items():
        this, value = facts.type == facts.names.number(code), attributes[name]
        if isinstance(value, str):
            chosen = z3.If(this, facts.names.number(value), chosen)
        else:
            for text in value:
                members[text].append(this)
    is_set = isinstance(next(iter(by_type.values()))[name], list)
    return Texts({text: z3.Or(*types) for text, types in members.items()}) if is_set else chosen


def _plain(attribute: str, number: int, names: Names) -> object:
    return number if attribute == "op" else names.text(number)
