"""The conditions of a rule one by one say the same as the engines say of the rule as a whole."""

from collections.abc import Callable, Mapping
from itertools import product

import pytest
from hypothesis import given, settings

from policy.engine import Question
from policy.engine.agreed import engines_for
from policy.engine.misses import misses
from policy.facts import LookupFacts
from policy.in_force import InForce
from policy.rule_text import Kind
from policy.rulesets import load
from policy.vocabulary import Level, PurposeCode, Role
from tests.policy.test_properties import DAY, RULES, TYPES, facts_of_any_kind

Facts = Callable[..., LookupFacts]
GUARDS = {rule.key for rule in RULES.rules if rule.kind is Kind.GUARD}
T03 = "T03-schuldhulp-wgs-2026-01-01"
DEBT = PurposeCode("schuldhulp-afstemming")
THIS, PRESENCE = "context.raadpleging", 'action == Action::"toon_aanwezigheid"'


def asking_more_of(files: Mapping[str, str], condition: str) -> InForce:
    """The rules with one more condition on debt help, of facts that nothing else in them turns on."""
    name, rests = f"grants/{T03}.cedar", 'resource.grondslagen.contains("wgs-8")'
    assert rests in files[name]
    return load({**files, name: files[name].replace(rests, f"{rests} && {condition}")}).in_force(DAY)


def _missed(rules: InForce, facts: LookupFacts, code: str, level: Level) -> dict[str, list[tuple[str, ...]]]:
    assert rules.source is not None
    found = misses(rules.source, rules.attributes_of(facts), Question(code, level))
    return {key: [miss.facts for miss in missed] for key, missed in found.items()}


@settings(max_examples=100, deadline=None)
@given(facts=facts_of_any_kind)
def test_a_guard_refuses_when_it_misses_something_and_a_grant_permits_when_it_misses_nothing(
    facts: LookupFacts,
) -> None:
    assert RULES.source is not None
    lookup = RULES.attributes_of(facts)
    questions = [Question(code, level) for code, level in product(TYPES, Level)]
    answers = engines_for(RULES.source).ask(lookup, questions)
    for question, answer in zip(questions, answers, strict=True):
        found = misses(RULES.source, lookup, question)
        refusing = {key for key in GUARDS if found[key]}
        granting = {key for key in found.keys() - GUARDS if not found[key]}
        assert set(answer.reasons) == (refusing or granting)


def test_each_condition_names_the_facts_it_foundered_on(files: Mapping[str, str], facts_with: Facts) -> None:
    rules = asking_more_of(files, "context.raadpleging.coordinator")
    lead = facts_with(purpose=DEBT, role=Role.TEAM_LEAD, relation_live=False)
    found = _missed(rules, lead, "ww-uitkering", Level.PRESENCE)
    assert found[T03] == [("rol",), ("coordinator",)]
    assert found["G01-zorgrelatie-2026-01-01"] == [("relatie_loopt",)]


@pytest.mark.parametrize(
    ("condition", "named"),
    [
        (f"({PRESENCE} || {THIS}.coordinator)", ("coordinator",)),
        (f'({THIS}.coordinator || {THIS}.afgeschermd && {THIS}.rol == "teamleider")', ("coordinator",)),
        (f"({THIS}.afgeschermd && {THIS}.coordinator || {PRESENCE})", ("afgeschermd", "coordinator")),
        (f"({THIS}.tweede_factor && {THIS}.coordinator || {PRESENCE})", ("coordinator",)),
        (f"!({PRESENCE} || {THIS}.account_actief)", ("account_actief",)),
        (f"{PRESENCE}", ()),
    ],
)
def test_of_alternatives_the_one_that_misses_least_is_named(
    condition: str, named: tuple[str, ...], files: Mapping[str, str], facts_with: Facts
) -> None:
    rules = asking_more_of(files, f"({PRESENCE} || {condition})")
    found = _missed(rules, facts_with(purpose=DEBT), "ww-uitkering", Level.SOURCE)[T03]
    assert found == [named]
    assert _missed(rules, facts_with(purpose=DEBT), "ww-uitkering", Level.PRESENCE)[T03] == []


def test_what_is_asked_is_no_fact(rules: InForce, facts_with: Facts) -> None:
    found = _missed(rules, facts_with(), "ww-uitkering", Level.SOURCE)
    assert found["T01-huisbezoek-wmo-2026-01-01"] == [()]
    assert found["T04-zelfredzaamheid-wmo-2026-01-01"] == [(), ("doel",), ()]
