"""The conditions of a rule one by one say the same as the engines say of the rule as a whole."""

from collections.abc import Callable
from itertools import product

from hypothesis import given, settings

from policy.engine import Question
from policy.engine.agreed import engines_for
from policy.engine.misses import misses
from policy.facts import LookupFacts
from policy.in_force import InForce
from policy.rule_text import Kind
from policy.vocabulary import AgeBand, Level, PurposeCode, Role
from tests.policy.test_properties import RULES, TYPES, facts_of_any_kind

Facts = Callable[..., LookupFacts]
GUARDS = {rule.key for rule in RULES.rules if rule.kind is Kind.GUARD}
T03 = "T03-schuldhulp-wgs-2026-01-01"


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


def test_each_condition_names_the_facts_it_foundered_on(rules: InForce, facts_with: Facts) -> None:
    young = facts_with(
        purpose=PurposeCode("schuldhulp-afstemming"),
        role=Role.TEAM_LEAD,
        age_band=AgeBand.FROM_12_TO_15,
        relation_live=False,
    )
    found = _missed(rules, young, "ww-uitkering", Level.PRESENCE)
    assert found[T03] == [("rol",), ("leeftijdsgroep",)]
    assert found["G01-zorgrelatie-2026-01-01"] == [("relatie_loopt",)]


def test_of_a_condition_with_alternatives_only_what_is_at_fault_is_named(
    rules: InForce, facts_with: Facts
) -> None:
    grant = "T02-huisbezoek-jeugdwet-2026-01-01"
    shielded = facts_with(shielded=True, age_band=AgeBand.FROM_12_TO_15)
    assert _missed(rules, shielded, "jeugdhulp", Level.PRESENCE)[grant] == []
    assert _missed(rules, shielded, "jeugdhulp", Level.SOURCE)[grant] == [("afgeschermd",)]
    unknown = facts_with(shielded=True, age_band=AgeBand.UNKNOWN)
    assert _missed(rules, unknown, "jeugdhulp", Level.SOURCE)[grant] == [("afgeschermd", "leeftijdsgroep")]


def test_what_is_asked_is_no_fact(rules: InForce, facts_with: Facts) -> None:
    found = _missed(rules, facts_with(), "ww-uitkering", Level.SOURCE)
    assert found["T01-huisbezoek-wmo-2026-01-01"] == [()]
    assert found["T04-zelfredzaamheid-wmo-2026-01-01"] == [(), ("doel",), ()]
