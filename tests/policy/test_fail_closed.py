"""Ways to an unwanted yes that are more than one row of the table in `test_planted_faults`."""

import ast
import json
import pickle
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import cedarpy
import pytest

import policy
from policy.engine import LOOKUP, PRINCIPAL, EngineSource, Verdict
from policy.engine.agreed import engines_for
from policy.engine.cedar import CedarEngine
from policy.errors import RuleSetError
from policy.facts import LookupFacts, cedar_day
from policy.in_force import InForce
from policy.pdp import TYPES_MAX, Decision, TypeOutcome, decide
from policy.rulesets import RuleSet, load
from policy.vocabulary import Level, Outcome, PurposeCode
from tests.support.planting import ALLOW_ALL, OVERFLOW, with_rule, with_texts, without_entity

Facts = Callable[..., LookupFacts]

ASKED = ["wmo-voorziening", "jeugdhulp"]


def _assert_all_fault(decision: Decision, *errors: str) -> None:
    assert decision.allowed == ()
    assert decision.status is Outcome.FAULT
    assert {outcome.outcome for outcome in decision.outcomes} == {Outcome.FAULT}
    if errors:
        assert {error for outcome in decision.outcomes for error in outcome.errors} == set(errors)


def test_without_a_planted_fault_both_types_are_allowed(rules: InForce, facts_with: Facts) -> None:
    decision = decide(rules, facts_with(), ASKED)
    assert decision.allowed == (("wmo-voorziening", Level.CONTACT), ("jeugdhulp", Level.CONTACT))
    assert (decision.status, decision.digest) == (Outcome.ALLOWED, rules.digest)


def test_the_engine_itself_allows_when_a_forbid_errors(rules: InForce, facts_with: Facts) -> None:
    planted = with_rule(rules, f"forbid (principal, action, resource) when {{ {OVERFLOW} }};")
    result = _raw(planted.source, facts_with())
    assert result.decision is cedarpy.Decision.Allow
    assert result.diagnostics.errors


def test_richer_levels_are_not_asked_where_presence_is_refused(rules: InForce, facts_with: Facts) -> None:
    text = f'forbid (principal, action == Action::"toon_contact", resource) when {{ {OVERFLOW} }};'
    refused = decide(with_rule(rules, text), facts_with(account_active=False), ASKED)
    assert {outcome.outcome for outcome in refused.outcomes} == {Outcome.REFUSED}


@pytest.mark.parametrize(
    ("reason", "number", "verdict"),
    [
        (["T01-huisbezoek-wmo-2026-01-01"], "0", Verdict.ALLOW),
        ([], "0", Verdict.FAULT),
        (["T99-geplant"], "0", None),
        (["T01-huisbezoek-wmo-2026-01-01"], "1", None),
    ],
    ids=["sound", "no reason", "a reason that is no rule", "the answer to another question"],
)
def test_an_allow_that_makes_no_sense_is_not_believed(
    reason: list[str], number: str, verdict: Verdict | None, rules: InForce
) -> None:
    assert rules.source is not None
    result = cedarpy.AuthzResult(
        {"decision": "Allow", "correlation_id": number, "diagnostics": {"reason": reason, "errors": []}}
    )
    engine = CedarEngine(rules.source)
    if verdict is None:
        with pytest.raises(ValueError, match=r"answers out of order|a reason that is no rule"):
            engine._answer({"correlation_id": "0"}, result)
    else:
        assert engine._answer({"correlation_id": "0"}, result).verdict is verdict


def test_a_type_whose_entity_is_missing_is_a_fault_and_no_other_type_is(
    rules: InForce, facts_with: Facts
) -> None:
    decision = decide(without_entity(rules, "id", "jeugdhulp"), facts_with(), ASKED)
    assert decision.allowed == (("wmo-voorziening", Level.CONTACT),)
    assert [outcome.outcome for outcome in decision.outcomes] == [Outcome.ALLOWED, Outcome.FAULT]


@pytest.mark.parametrize("part", ["schema", "policies", "entities"])
@pytest.mark.parametrize("text", ["", "geen Cedar", "{}", "[]"])
def test_an_engine_that_cannot_be_built_denies(
    part: str, text: str, rules: InForce, facts_with: Facts
) -> None:
    _assert_all_fault(decide(with_texts(rules, **{part: text}), facts_with(), ASKED))


@pytest.mark.parametrize(
    ("fact", "value"),
    [
        ("account_active", 1),
        ("second_factor", "true"),
        ("relation_live", "ja"),
        ("role", "directeur"),
        ("role", ["wijkteammedewerker"]),
        ("age_band", "17"),
        ("purpose", ""),
        ("purpose", 7),
        ("organisation", ""),
        ("on", "2026-03-03"),
        ("on", datetime(2026, 3, 3, tzinfo=UTC)),
    ],
)
def test_a_fact_of_the_wrong_kind_denies_everything(
    fact: str, value: object, rules: InForce, facts_with: Facts
) -> None:
    _assert_all_fault(decide(rules, facts_with(**{fact: value}), ASKED), f"bad-fact:{fact}")


def test_a_request_of_the_largest_size_is_decided(rules: InForce, facts_with: Facts) -> None:
    types = ["wmo-voorziening", *(f"soort-{number}" for number in range(TYPES_MAX - 1))]
    assert decide(rules, facts_with(), types).allowed == (("wmo-voorziening", Level.CONTACT),)


def test_an_unknown_type_is_a_fault(rules: InForce, facts_with: Facts) -> None:
    decision = decide(rules, facts_with(), ["geheim-traject"])
    _assert_all_fault(decision, "unknown-type")
    assert decision.errors == ()


def test_one_type_in_fault_makes_the_status_fault_and_leaves_the_others(
    rules: InForce, facts_with: Facts
) -> None:
    decision = decide(rules, facts_with(), ["jeugdhulp", "geheim-traject"])
    assert decision.status is Outcome.FAULT
    assert decision.allowed == (("jeugdhulp", Level.CONTACT),)


def test_on_a_day_without_rules_nothing_is_decided(rule_set: RuleSet, facts_with: Facts) -> None:
    day = date(2025, 12, 31)
    _assert_all_fault(decide(rule_set.in_force(day), facts_with(on=day), ASKED), "no-rules-in-force")
    assert rule_set.in_force(day).catalogue.purposes == ()


def test_an_empty_set_of_rules_decides_nothing(files: Mapping[str, str], facts_with: Facts) -> None:
    single = {name: text for name, text in files.items() if "/" not in name}
    single["canaries.toml"] = single["canaries.toml"].split("[[canary]]")[0] + "\n[canary]"
    with pytest.raises(RuleSetError):
        load(single)
    single["canaries.toml"] = "canary = []\n" + single["canaries.toml"].removesuffix("\n[canary]")
    rules = load(single).in_force(date(2026, 3, 3))
    _assert_all_fault(decide(rules, facts_with(), ASKED), "no-rules-in-force")


def test_nothing_asked_is_nothing_allowed(rules: InForce, facts_with: Facts) -> None:
    decision = decide(rules, facts_with(), [])
    assert (decision.outcomes, decision.allowed, decision.status) == ((), (), Outcome.NO_RULE)


def test_a_level_never_comes_with_anything_but_an_allowance() -> None:
    with pytest.raises(ValueError, match="a level goes with"):
        TypeOutcome(code="jeugdhulp", outcome=Outcome.REFUSED, level=Level.PRESENCE)
    with pytest.raises(ValueError, match="a level goes with"):
        TypeOutcome(code="jeugdhulp", outcome=Outcome.ALLOWED)


def test_a_level_is_skipped_over_by_no_grant(rules: InForce, facts_with: Facts) -> None:
    widened = with_rule(rules, 'permit (principal, action == Action::"toon_contact", resource);')
    decision = decide(widened, facts_with(shielded=True), ["wmo-voorziening"])
    assert decision.allowed == (("wmo-voorziening", Level.PRESENCE),)


def test_without_presence_the_richer_levels_open_nothing(rules: InForce, facts_with: Facts) -> None:
    text = 'permit (principal, action in [Action::"toon_bron", Action::"toon_contact"], resource);'
    decision = decide(with_rule(rules, text), facts_with(role="teamleider"), ASKED)
    assert decision.allowed == ()
    assert decision.status is Outcome.NO_RULE


def test_a_fault_text_never_repeats_a_fact(rules: InForce, facts_with: Facts) -> None:
    text = 'forbid (principal, action, resource) unless { context.raadpleging.doel.contains("x") };'
    secret = facts_with(purpose=PurposeCode("geheim-999990019"), organisation="geheim-999990019")
    for planted in (with_rule(rules, text), with_texts(rules, schema="geen Cedar")):
        assert "geheim" not in repr(decide(planted, secret, ASKED))


def test_schemaless_entities_lose_action_groups_and_our_guards_do_not_depend_on_those(
    rules: InForce, facts_with: Facts
) -> None:
    """The trap: entities parsed without the schema make a forbid on a group match nothing, without any error."""
    assert rules.source is not None
    schema = rules.source.schema.replace(
        "action toon_aanwezigheid,", "action tonen; action toon_aanwezigheid,"
    ).replace("toon_contact appliesTo", "toon_contact in [tonen] appliesTo")
    group = 'forbid (principal, action in Action::"tonen", resource);'
    facts = facts_with(account_active=False)
    schemaless = cedarpy.Entities.from_json_str(
        json.dumps([*json.loads(rules.source.entities), _lookup(facts)])
    )
    trapped = cedarpy.is_authorized(_request(), ALLOW_ALL + group, schemaless, schema)
    assert trapped.decision is cedarpy.Decision.Allow
    assert not trapped.diagnostics.errors
    guarded = cedarpy.is_authorized(
        _request(), cedarpy.PolicySet.from_json_str(rules.source.policies), schemaless, schema
    )
    assert guarded.decision is cedarpy.Decision.Deny
    assert guarded.diagnostics.reasons == ["G02-actief-account-2026-01-01"]


def test_only_the_engine_builds_entities_and_always_with_the_schema() -> None:
    """Entities built elsewhere, or without a schema, would bring the trap back."""
    calls = []
    for file in Path(policy.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            target = ast.unparse(node.func)
            if "Entities" in target or node.func.attr == "with_added_json_str":
                calls.append((file.name, len(node.args), ast.unparse(node.args[-1])))
    assert calls == [("cedar.py", 2, "self._schema")] * 2


def test_no_module_uses_partial_evaluation() -> None:
    texts = [file.read_text() for file in Path(policy.__file__).parent.rglob("*.py")]
    assert not any("is_authorized_partial" in text for text in texts)


def test_days_reach_the_engine_without_a_zone() -> None:
    assert cedar_day(date(2026, 3, 3)) == {"__extn": {"fn": "datetime", "arg": "2026-03-03"}}


def test_rules_can_travel_between_processes_and_decide_the_same(rules: InForce, facts_with: Facts) -> None:
    travelled = pickle.loads(pickle.dumps(rules))  # noqa: S301  # our own bytes, made on this line
    assert decide(travelled, facts_with(), ASKED) == decide(rules, facts_with(), ASKED)


def test_the_engine_is_parsed_once_per_set_of_texts(rules: InForce) -> None:
    assert rules.source is not None
    copy = EngineSource(rules.source.schema, rules.source.policies, rules.source.entities)
    assert engines_for(copy) is engines_for(rules.source)


def _lookup(facts: LookupFacts) -> dict[str, Any]:
    return {"uid": LOOKUP, "attrs": facts.attributes(["wmo-2015-5-1-1"]), "parents": []}


def _request() -> dict[str, Any]:
    return {
        "principal": PRINCIPAL,
        "action": {"type": "Action", "id": "toon_contact"},
        "resource": {"type": "Signaaltype", "id": "wmo-voorziening"},
        "context": {"raadpleging": {"__entity": LOOKUP}},
    }


def _raw(source: EngineSource | None, facts: LookupFacts) -> cedarpy.AuthzResult:
    """Ask the engine as naively as its documentation shows."""
    assert source is not None
    schema = cedarpy.Schema.from_str(source.schema)
    entities = cedarpy.Entities.from_json_str(
        json.dumps([*json.loads(source.entities), _lookup(facts)]), schema
    )
    return cedarpy.is_authorized(
        _request(), cedarpy.PolicySet.from_json_str(source.policies), entities, schema
    )
