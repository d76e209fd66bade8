"""Two engines that must agree in everything, and a memory that is never wrong."""

import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from functools import lru_cache
from itertools import product
from random import Random
from typing import Any

import cedarpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy.engine import Answer, EngineSource, Question, Verdict, expressions
from policy.engine.agreed import (
    BothEngines,
    EnginesDisagreeError,
    _remembered,
    answers,
    canonical,
    engines_for,
)
from policy.engine.cedar import CedarEngine
from policy.engine.compiled import CompiledEngine
from policy.engine.values import Long, Value
from policy.errors import EngineError, RuleSetError
from policy.facts import ATTRIBUTE_OF_FACT, LookupFacts
from policy.in_force import InForce
from policy.pdp import _outcomes, decide
from policy.rulesets import RuleSet, load
from policy.vocabulary import AgeBand, Level, Outcome, PurposeCode, Role
from tests.policy.test_properties import RULES, TYPES, facts_of_any_kind
from tests.support import cedar_rules

Facts = Callable[..., LookupFacts]
QUESTIONS = [Question(code, level) for code, level in product([*TYPES, "bestaat-niet"], Level)]
SMALL = [Question(code, level) for code, level in product(cedar_rules.TYPES, Level)]


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    _remembered.cache_clear()
    _outcomes.cache_clear()


def _source(rules: InForce) -> EngineSource:
    assert rules.source is not None
    return rules.source


def _attributes(rules: InForce, facts: LookupFacts) -> dict[str, object]:
    purpose = rules.catalogue.purpose(facts.purpose or "")
    return facts.attributes(purpose.legal_bases if purpose else ())


def _both(source: EngineSource, lookup: Mapping[str, object]) -> tuple[list[Answer], list[Answer]]:
    engines = engines_for(source)
    return engines.reference.ask(lookup, SMALL), engines.second.ask(lookup, SMALL)


@settings(max_examples=300, deadline=None)
@given(facts=facts_of_any_kind)
def test_on_the_bundled_rules_the_engines_agree_about_every_type_and_level(facts: LookupFacts) -> None:
    engines, lookup = engines_for(_source(RULES)), _attributes(RULES, facts)
    assert engines.second.ask(lookup, QUESTIONS) == engines.reference.ask(lookup, QUESTIONS)


@lru_cache(maxsize=400)
def _reference(seed: int) -> tuple[EngineSource, dict[str, object], list[Answer]]:
    """Some random rules, a random look-up, and what Cedar says."""
    draw = Random(seed)
    source = cedar_rules.source_of(*(cedar_rules.rule(draw) for _ in range(12)))
    lookup = cedar_rules.lookup(draw)
    return source, lookup, CedarEngine(source).ask(lookup, SMALL)


def _differing(seeds: range) -> list[int]:
    """The seeds on which the engines differ in a verdict, a reason or an error."""
    asked = ((seed, *_reference(seed)) for seed in seeds)
    return [
        seed for seed, source, lookup, given_ in asked if CompiledEngine(source).ask(lookup, SMALL) != given_
    ]


def test_on_random_rules_the_engines_agree_in_verdict_reasons_and_errors() -> None:
    assert _differing(range(400)) == []


@pytest.mark.long
def test_on_very_many_random_rules_the_engines_agree() -> None:
    assert _differing(range(400, 6_000)) == []


def _wrong(operate: Callable[..., Value]) -> Callable[..., Value]:
    def wrong(*operands: Value) -> Value:
        value = operate(*operands)
        return not value if isinstance(value, bool) else Long(0)

    return wrong


@pytest.mark.parametrize("name", [*expressions._BINARY, *expressions._UNARY])
def test_the_random_rules_find_an_operator_that_is_wrong(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    table: Any = expressions._BINARY if name in expressions._BINARY else expressions._UNARY
    monkeypatch.setitem(table, name, _wrong(table[name]))
    assert _differing(range(80))


def test_the_random_rules_allow_refuse_and_err() -> None:
    draw, verdicts = Random(0), set[Verdict]()
    for _ in range(50):
        source = cedar_rules.source_of(cedar_rules.rule(draw))
        verdicts |= {answer.verdict for answer in CedarEngine(source).ask(cedar_rules.lookup(draw), SMALL)}
    assert verdicts == set(Verdict)


# Each rule with what it says about type "een" at presence: True, False or None for an error.
WORKED_OUT = [
    ('"a" == 1', False),
    ("true == 1", False),
    ("[true, 1] == [1]", False),
    ("[1, 1] == [1]", True),
    ("false && 1", False),
    ("true || 1", True),
    ("true && 1", None),
    ("1 && true", None),
    ("(if true then true else 1 + true == 2)", True),
    ("(if 1 then true else true)", None),
    ("9223372036854775807 + 1 > 0", None),
    ("-(-9223372036854775808) > 0", None),
    ("9223372036854775807 * 1 > 0", True),
    ("context.raadpleging.misschien", None),
    ("context.raadpleging has misschien", False),
    ('Catalogus::"weg" has woorden', False),
    ('Catalogus::"weg".woorden.contains("a")', None),
    ('"a" has b', None),
    ('datetime("2026-01-01T01:00:00+0100") == datetime("2026-01-01")', True),
    ('context.raadpleging.op < datetime("2026-03-04")', True),
    ("context.raadpleging.op < 5", None),
    ('"a" < "b"', None),
    ('"a\nb" like "a*b"', True),
    ('"*" like "\\*"', True),
    ('1 like "*"', None),
    ("principal in [principal, 1]", None),
    ('Catalogus::"weg" in Catalogus::"weg"', True),
    ("resource.woorden.containsAll([])", True),
    ('resource.woorden.containsAny("a")', None),
    ("resource is Signaaltype in resource", True),
    ("resource is Catalogus in 1", False),
]


@pytest.mark.parametrize(("text", "holds"), WORKED_OUT)
def test_both_engines_give_what_was_worked_out_by_hand(text: str, *, holds: bool | None) -> None:
    source = cedar_rules.source_of(f"permit (principal, action, resource) when {{ {text} }};")
    lookup = {"op": {"__extn": {"fn": "datetime", "arg": "2026-03-03"}}, "ja": True, "tekst": "", "getal": 1}
    wanted = {
        True: Answer(Verdict.ALLOW, ("r0",)),
        False: Answer(Verdict.DENY),
        None: Answer(Verdict.FAULT, errors=("rule-error:r0",)),
    }[holds]
    for given_ in _both(source, lookup | {"woorden": [], "getallen": []}):
        assert given_[0] == wanted


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('ip("10.0.0.1").isIpv4()', "is_ipv4"),
        ('decimal("1.0").lessThan(decimal("2.0"))', "decimal_less_than"),
        ('context.raadpleging.op.offset(duration("1d")) > context.raadpleging.op', "offset"),
        ('resource.hasTag("x")', "has_tag"),
        ("{a: 1}.a == 1", "Record"),
        ("context has raadpleging", "the context as a whole"),
        ("datetime(context.raadpleging.tekst) == context.raadpleging.op", "datetime"),
        ('datetime("morgen") == context.raadpleging.op', "a datetime that cannot be read"),
        ('action in Action::"tonen"', "an action that is no level"),
        ('true || principal has a.b && principal.hasTag("x")', "has_tag"),
    ],
)
def test_an_operator_that_is_not_compiled_stops_the_engine_from_being_built(text: str, problem: str) -> None:
    source = cedar_rules.source_of(f"permit (principal, action, resource) when {{ {text} }};")
    CedarEngine(source)
    with pytest.raises(EngineError, match=f"r0: the second engine does not know .*{problem}"):
        engines_for(source)


def test_a_rule_file_with_an_operator_that_is_not_compiled_does_not_load(files: Mapping[str, str]) -> None:
    name = next(name for name in files if name.startswith("guards/"))
    odd = files[name].replace("unless {", 'unless { ip("10.0.0.1").isIpv4() && ')
    with pytest.raises(RuleSetError, match="the second engine does not know the operator is_ipv4") as caught:
        load({**files, name: odd})
    assert caught.value.file == name


@pytest.mark.parametrize(
    "stated", [1.5, None, {"a": 1}, {"__entity": {"type": "Medewerker", "id": "vrager"}}, 2**63, [[None]]]
)
def test_a_fact_of_a_kind_that_no_schema_of_ours_has_is_no_answer(stated: object) -> None:
    engine = CompiledEngine(cedar_rules.source_of("permit (principal, action, resource);"))
    with pytest.raises(EngineError):
        engine.ask({"ja": stated}, SMALL)


def test_entities_with_parents_are_refused_because_in_would_mean_more() -> None:
    source = cedar_rules.source_of("permit (principal, action, resource);")
    entities = json.loads(source.entities)
    entities[0]["parents"] = [{"type": "Medewerker", "id": "baas"}]
    with pytest.raises(EngineError):
        CompiledEngine(replace(source, entities=json.dumps(entities)))


def _sweep(rules: InForce, facts_with: Facts) -> Iterator[dict[str, object]]:
    purposes = [PurposeCode(purpose.code) for purpose in rules.catalogue.purposes]
    for purpose, age_band, role in product(purposes, AgeBand, (Role.TEAM_MEMBER, Role.TEAM_LEAD)):
        yield _attributes(rules, facts_with(purpose=purpose, age_band=age_band, role=role))
    for name in ("account_active", "second_factor", "relation_live"):
        yield _attributes(rules, facts_with(**{name: False}))
    yield _attributes(rules, facts_with(purpose=PurposeCode("nieuwsgierigheid")))


def test_an_engine_that_forgot_a_rule_is_found_out_wherever_that_rule_decided(
    rules: InForce, facts_with: Facts
) -> None:
    source, found = _source(rules), set[str]()
    reference = CedarEngine(source)
    for lookup in _sweep(rules, facts_with):
        decided = {key for answer in reference.ask(lookup, QUESTIONS) for key in answer.reasons} - found
        for key in decided:
            policies = json.loads(source.policies)
            del policies["staticPolicies"][key]
            forgetful = CompiledEngine(replace(source, policies=json.dumps(policies)))
            with pytest.raises(EnginesDisagreeError, match=key):
                BothEngines(reference, forgetful).ask(lookup, QUESTIONS)
        found |= decided
    assert {key[:3] for key in found} >= {"G01", "G02", "G03", "G04", "G05", "T01", "T02", "T03"}


# In this schema whoever may show the contact may show the source: Cedar then lets `in` reach down. Ours never does.
_GROUPED = (
    "action toon_aanwezigheid, toon_bron, toon_contact appliesTo",
    """action toon_contact in [toon_bron] appliesTo {
  principal: Medewerker, resource: Signaaltype, context: { raadpleging: Raadpleging },
};
action toon_aanwezigheid, toon_bron appliesTo""",
)


def _with_rule(source: EngineSource, text: str) -> EngineSource:
    policies = json.loads(source.policies)
    parsed = json.loads(cedarpy.policies_to_json_str(text))["staticPolicies"]
    policies["staticPolicies"]["X99-geplant"] = next(iter(parsed.values()))
    return replace(source, policies=json.dumps(policies))


def test_when_the_engines_disagree_the_whole_decision_is_a_fault_and_is_not_remembered(
    rules: InForce, facts_with: Facts
) -> None:
    source = _source(rules)
    grouped = replace(source, schema=source.schema.replace(*_GROUPED))
    assert grouped.schema != source.schema
    planted = _with_rule(
        grouped, 'forbid (principal, action in Action::"toon_bron", resource == Signaaltype::"jeugdhulp");'
    )
    asked = ["wmo-voorziening", "jeugdhulp"]
    assert decide(replace(rules, source=grouped), facts_with(), asked).status is Outcome.ALLOWED
    for _ in range(2):
        decision = decide(replace(rules, source=planted), facts_with(), asked)
        assert (decision.status, decision.errors) == (Outcome.FAULT, ("engines-disagree",))
        assert {(each.outcome, each.errors) for each in decision.outcomes} == {
            (Outcome.FAULT, ("engines-disagree",))
        }
    assert _remembered.cache_info().currsize == 1


def test_a_set_of_rules_on_which_the_engines_disagree_does_not_load(files: Mapping[str, str]) -> None:
    grouped = {**files, "schema.cedarschema": files["schema.cedarschema"].replace(*_GROUPED)}
    load(grouped)
    for name in files:
        if name.startswith("grants/"):
            grouped[name] = grouped[name].replace(', Action::"toon_contact"]', "]")
    with pytest.raises(EnginesDisagreeError, match="contact of "):
        load(grouped)


other_value = {
    "role": st.sampled_from(Role),
    "purpose": st.sampled_from(["voorbereiding-huisbezoek", "schuldhulp-afstemming", "ander"]).map(
        PurposeCode
    ),
    "age_band": st.sampled_from(AgeBand),
    **dict.fromkeys(
        ("organisation", "relation_organisation", "team", "relation_team"), st.sampled_from("ab")
    ),
    "on": st.dates(date(2026, 2, 1), date(2026, 4, 1)),
}


@settings(max_examples=200, deadline=None)
@given(facts=facts_of_any_kind, data=st.data())
def test_each_changed_fact_is_asked_anew_and_the_same_facts_are_not(
    facts: LookupFacts, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from([*ATTRIBUTE_OF_FACT]))
    changed = replace(facts, **{name: data.draw(other_value.get(name, st.booleans()))})
    _remembered.cache_clear()
    _outcomes.cache_clear()
    for each in (facts, changed, replace(facts), replace(changed)):
        decide(RULES, each, TYPES)
    assert _remembered.cache_info().misses == (1 if changed == facts else 2)
    assert _outcomes.cache_info().misses == _remembered.cache_info().misses


@pytest.mark.parametrize("seed", range(20))
def test_what_is_remembered_is_what_fresh_engines_say(seed: int) -> None:
    draw = Random(seed)
    source = cedar_rules.source_of(*(cedar_rules.rule(draw) for _ in range(3)))
    fresh = BothEngines(CedarEngine(source), CompiledEngine(source))
    lookups = [cedar_rules.lookup(draw) for _ in range(10)]
    for lookup in [*lookups, *lookups]:
        codes = draw.sample(cedar_rules.TYPES, draw.randint(0, 3))
        remembered = answers(source, canonical(lookup), codes)
        assert set(remembered) == set(codes)
        for code, found in remembered.items():
            assert list(found.values()) == fresh.ask(lookup, [Question(code, level) for level in found])


def test_other_types_another_day_and_other_rules_are_other_questions(
    rule_set: RuleSet, rules: InForce, facts_with: Facts
) -> None:
    source = _source(rules)
    renamed = _with_rule(source, "forbid (principal, action, resource) when { false };")
    for given_, types, day in [
        (source, TYPES, 3),
        (source, TYPES[:5], 3),
        (source, TYPES, 4),
        (renamed, TYPES, 3),
    ]:
        decide(replace(rules, source=given_), facts_with(on=date(2026, 3, day)), types)
    assert _remembered.cache_info().misses == 4
    decide(rule_set.in_force(date(2026, 3, 3)), facts_with(), list(reversed(TYPES)))
    assert _remembered.cache_info().misses == 4


def test_a_failure_is_not_remembered(rules: InForce, facts_with: Facts) -> None:
    unreadable = facts_with(purpose=PurposeCode("\ud800"))
    for _ in range(2):
        assert decide(rules, unreadable, TYPES).errors == ("engine-failure",)
    assert _remembered.cache_info().currsize == _outcomes.cache_info().currsize == 0


def test_facts_that_cannot_be_written_down_are_no_answer(rules: InForce) -> None:
    for odd in (float("nan"), object(), {1, 2}):
        with pytest.raises(EngineError):
            canonical({"rol": odd})


def test_nobody_can_change_what_is_remembered(rules: InForce, facts_with: Facts) -> None:
    found: Any = answers(_source(rules), canonical(_attributes(rules, facts_with())), TYPES)
    with pytest.raises(TypeError):
        found[TYPES[0]] = {}
    with pytest.raises(TypeError):
        found[TYPES[0]][Level.CONTACT] = Answer(Verdict.ALLOW)


def test_what_is_remembered_stays_within_bounds() -> None:
    assert _remembered.cache_info().maxsize is not None
    assert _outcomes.cache_info().maxsize is not None


def test_many_threads_get_the_decisions_that_one_gets(rules: InForce, facts_with: Facts) -> None:
    many = [
        facts_with(shielded=shielded, age_band=age_band, organisation=organisation)
        for shielded, age_band, organisation in product((False, True), AgeBand, ("gemeente", "stichting"))
    ]
    alone = [decide(rules, facts, TYPES) for facts in many]
    _remembered.cache_clear()
    _outcomes.cache_clear()
    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(lambda facts: decide(rules, facts, TYPES), many * 8))
    assert together == alone * 8
