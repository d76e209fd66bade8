"""The formulas mean what the engine does: on random look-ups by the real rules, and on every operator alone."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

import cedarpy
import pytest
import z3
from cedarpy import pst
from hypothesis import given
from hypothesis import strategies as st

from policy.engine import Question
from policy.engine.agreed import engines_for
from policy.facts import cedar_day
from policy.in_force import InForce
from policy.proving.checks import allows
from policy.proving.formulas import Entity, Names, Scene, Texts, Unsupported, milliseconds
from policy.proving.lookups import Facts, Situation, Stretch, kinds_of_facts
from policy.rule_text import Kind
from policy.rulesets import bundled, load
from policy.selftest import read_canaries
from policy.vocabulary import Level

RULES = load(bundled()).in_force(date(2026, 3, 3))
PURPOSES = [each.code for each in RULES.catalogue.purposes]
TYPES = [each.code for each in RULES.catalogue.types]


def _values(name: str, kind: type) -> st.SearchStrategy[object]:
    if kind is bool:
        return st.sampled_from([True, False])
    if kind is date:
        return st.integers(0, 300).map(lambda days: RULES.starts + timedelta(days=days))
    if issubclass(kind, StrEnum):
        return st.sampled_from([each.value for each in kind])
    return st.sampled_from([*PURPOSES, "nieuwsgierigheid"] if name == "doel" else ["eigen", "andere"])


any_facts = st.fixed_dictionaries({name: _values(name, kind) for name, kind in kinds_of_facts().items()})
# Mostly in order, so that enough look-ups reach the grants: one fact, at most two, is anything.
IN_ORDER = {**read_canaries(bundled()["canaries.toml"]).baseline, "op": RULES.starts}


@st.composite
def look_ups(draw: st.DrawFn) -> dict[str, Any]:
    drawn = draw(any_facts)
    spoilt = draw(st.sets(st.sampled_from(sorted(drawn)), max_size=3)) | {"doel"}
    return {name: drawn[name] if name in spoilt else IN_ORDER[name] for name in drawn}


def _situation(facts: Mapping[str, Any], code: str, level: Level, rules: InForce) -> Situation:
    purpose = rules.catalogue.purpose(facts["doel"])
    bases = sorted(purpose.legal_bases) if purpose else []
    stated = {**facts, "grondslagen": bases, "op": cedar_day(facts["op"])}
    return Situation(type_code=code, level=level, facts=stated, on=facts["op"])


class Worked:
    """What the formulas say of one look-up after another: whether it is allowed and which rules apply."""

    def __init__(self) -> None:
        self._facts = Facts(Names())
        stretch = Stretch(self._facts, RULES)
        self._said = {rule.key: z3.Bool(f"zegt-{rule.key}") for rule in RULES.rules} | {"": z3.Bool("zegt")}
        self._solver = z3.Solver()
        for rule in RULES.rules:
            self._solver.add(self._said[rule.key] == stretch.applies(rule))
        self._solver.add(self._said[""] == stretch.allowed)

    def out(self, situation: Situation) -> tuple[bool, set[str]]:
        assert self._solver.check(*self._stated(situation)) == z3.sat
        model = self._solver.model()
        said = {key for key, symbol in self._said.items() if z3.is_true(model.eval(symbol))}
        return "" in said, said - {""}

    def _stated(self, situation: Situation) -> Iterator[z3.BoolRef]:
        facts = self._facts
        yield facts.type == facts.names.number(situation.type_code)
        yield facts.is_level(situation.level)
        for name, symbol in facts.symbols.items():
            value = situation.facts[name]
            if name == "op":
                yield symbol == milliseconds(situation.on)
            else:
                yield symbol == (value if isinstance(value, bool) else facts.names.number(str(value)))


@pytest.fixture(scope="module")
def worked() -> Worked:
    return Worked()


@given(facts=look_ups(), code=st.sampled_from(TYPES), level=st.sampled_from(Level))
def test_engine_and_formulas_agree_about_any_look_up(
    facts: dict[str, Any], code: str, level: Level, worked: Worked
) -> None:
    situation = _situation(facts, code, level, RULES)
    allowed, applying = worked.out(situation)
    assert allowed == allows(RULES, situation)
    assert RULES.source is not None
    answer = engines_for(RULES.source).ask(situation.facts, [Question(code, level)])[0]
    guards = {rule.key for rule in RULES.rules if rule.kind is Kind.GUARD}
    # The engine names guards when there are any, and grants only when there are none.
    assert set(answer.reasons) == (applying & guards or applying)


def test_a_found_look_up_can_be_asked_of_the_engine() -> None:
    formulas = Stretch(Facts(Names()), RULES)
    solver = z3.Solver()
    solver.add(formulas.possible, formulas.allowed)
    assert solver.check() == z3.sat
    found = formulas.found(solver.model())
    assert allows(RULES, found)
    assert not allows(RULES, replace(found, facts={**found.facts, "relatie_loopt": False}))


SCENE = Scene(
    names=(NAMES := Names()),
    lookup=Entity(
        {"a": z3.BoolVal(True), "b": z3.BoolVal(False), "t": NAMES.number("x"), "n": z3.IntVal(3)}
        | {"op": z3.IntVal(milliseconds("2026-03-03"))}
    ),
    signal_type=Entity({"texts": Texts({"x": z3.BoolVal(True), "y": z3.BoolVal(False)})}),
    catalogue=Entity({"doelen": Texts({"x": z3.BoolVal(True)})}),
    action=NAMES.number("toon_bron"),
)


def _parsed(expr: str) -> pst.Expr:
    rule = f"permit (principal, action, resource) when {{ {expr} }};"
    return next(iter(cedarpy.policies_to_pst(rule).static_policies.values())).clauses[0].expr


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        ("context.raadpleging.a && !context.raadpleging.b", True),
        ("context.raadpleging.b || context.raadpleging.b", False),
        ('context.raadpleging.t == "x"', True),
        ('context.raadpleging.t != "x"', False),
        ("context.raadpleging.n < 3", False),
        ("context.raadpleging.n <= 3 && context.raadpleging.n >= 3", True),
        ("context.raadpleging.n > 2", True),
        ('context.raadpleging.op < datetime("2026-03-03")', False),
        ('context.raadpleging.op >= datetime("2026-03-03")', True),
        ('resource.texts.contains("x")', True),
        ('resource.texts.contains("y")', False),
        ("resource.texts.contains(context.raadpleging.t)", True),
        ('resource.texts.containsAny(["y", "z"])', False),
        ('resource.texts.containsAny(["x", "z"])', True),
        ('resource.texts.containsAll(["x"])', True),
        ('resource.texts.containsAll(["x", "z"])', False),
        ('Catalogus::"geldend".doelen.contains("x")', True),
        ('action == Action::"toon_bron"', True),
        ('action in [Action::"toon_contact", Action::"toon_aanwezigheid"]', False),
        ("if context.raadpleging.a then context.raadpleging.b else true", False),
    ],
)
def test_each_operator_has_its_meaning(expr: str, *, expected: bool) -> None:
    assert z3.is_true(z3.simplify(SCENE.value(_parsed(expr)))) is expected


@pytest.mark.parametrize(
    "expr",
    [
        'context.raadpleging.t like "x*"',
        "context.raadpleging.n + 1 == 4",
        "context has raadpleging",
        "resource is Signaaltype",
        "resource.texts.isEmpty()",
        "resource.texts == resource.texts",
        "resource.unheard == 1",
        'context.raadpleging.op < datetime("2026-03-03T10:00:00Z")',
        'principal == Medewerker::"vrager"',
        "[context.raadpleging.t].contains(context.raadpleging.t)",
    ],
)
def test_what_has_no_formula_is_refused_and_never_guessed(expr: str) -> None:
    with pytest.raises(Unsupported, match="no formula"):
        SCENE.value(_parsed(expr))
