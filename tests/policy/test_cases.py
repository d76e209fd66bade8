"""The decision table that comes with the rules, and proof that it misses no rule."""

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pytest

from policy.facts import ATTRIBUTE_OF_FACT, LookupFacts, as_stated
from policy.in_force import InForce
from policy.pdp import TypeOutcome, decide
from policy.rule_text import Kind
from policy.rulesets import RuleSet, bundled, load
from policy.vocabulary import Level, Outcome

SELF_SUFFICIENCY = (
    "grants/T04-zelfredzaamheid-wmo-2026-01-01.cedar",
    "grants/T05-zelfredzaamheid-jeugdwet-2026-01-01.cedar",
)
RULE_KEYS = [rule.key for rule in load(bundled()).in_force(date(2026, 3, 3)).rules]


@dataclass(frozen=True)
class Case:
    title: str
    about: tuple[str, ...]
    facts: LookupFacts
    expected: Mapping[str, TypeOutcome]

    @property
    def day(self) -> date:
        assert self.facts.on is not None
        return self.facts.on

    def fired(self) -> set[str]:
        return {key for outcome in self.expected.values() for key in outcome.reasons}

    def failures(self, rules: InForce) -> list[str]:
        decided = decide(rules, self.facts, list(self.expected))
        found = {outcome.code: replace(outcome, errors=()) for outcome in decided.outcomes}
        return [code for code in self.expected if found[code] != self.expected[code]]


def _cases() -> Iterator[Case]:
    for name, text in bundled().items():
        if not name.startswith("cases/"):
            continue
        table = tomllib.loads(text)
        for row in table.pop("case"):
            yield _case(row, table["persona"])


def _case(row: dict[str, Any], persona: dict[str, Any]) -> Case:
    assert set(row) <= {"title", "about", "on", "facts", "unknown", "expect"}, row["title"]
    stated = persona | row.get("facts", {}) | {"op": row["on"]}
    stated |= dict.fromkeys(row.get("unknown", ()))
    assert set(stated) == set(ATTRIBUTE_OF_FACT.values()), row["title"]
    facts = as_stated(stated)
    expected = {code: _expected(code, cell) for code, cell in row["expect"].items()}
    return Case(row["title"], tuple(row["about"]), facts, expected)


def _expected(code: str, cell: dict[str, Any]) -> TypeOutcome:
    assert set(cell) <= {"outcome", "level", "rules"}, code
    return TypeOutcome(
        code=code,
        outcome=Outcome(cell["outcome"]),
        level=Level(cell["level"]) if "level" in cell else None,
        reasons=tuple(cell.get("rules", ())),
    )


CASES = list(_cases())


def _without(rules: InForce, key: str) -> InForce:
    if rules.source is None:
        return rules
    policies = json.loads(rules.source.policies)
    del policies["staticPolicies"][key]
    kept = tuple(rule for rule in rules.rules if rule.key != key)
    return replace(rules, rules=kept, source=replace(rules.source, policies=json.dumps(policies)))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_the_decision_is_what_the_case_expects(case: Case, rule_set: RuleSet) -> None:
    rules = rule_set.in_force(case.day)
    assert case.failures(rules) == [], decide(rules, case.facts, list(case.expected)).outcomes


def test_case_titles_are_told_apart_within_their_subject() -> None:
    assert len({(case.title, case.about) for case in CASES}) == len(CASES)


def _holds_back(rule_set: RuleSet, case: Case, key: str) -> bool:
    """Whether more would be shown without the rule; one that only limits how much is shown is named by no outcome."""
    return bool(case.failures(_without(rule_set.in_force(case.day), key)))


@pytest.mark.parametrize("key", RULE_KEYS)
def test_every_rule_has_a_case_in_which_it_decides_and_one_in_which_it_does_not(
    key: str, rule_set: RuleSet
) -> None:
    rule_id = key[: -len("-2026-01-01")]
    about = [case for case in CASES if rule_id in case.about]
    decides = [key in case.fired() or _holds_back(rule_set, case, key) for case in about]
    assert True in decides
    assert False in decides


@pytest.mark.parametrize("key", RULE_KEYS)
def test_dropping_a_rule_makes_a_case_fail(key: str, rule_set: RuleSet) -> None:
    assert [case.title for case in CASES if case.failures(_without(rule_set.in_force(case.day), key))]


def test_dropping_the_guard_on_the_relation_opens_what_a_case_keeps_shut(rule_set: RuleSet) -> None:
    case = next(case for case in CASES if case.title == "De zorgrelatie loopt niet")
    opened = _without(rule_set.in_force(case.day), "G01-zorgrelatie-2026-01-01")
    assert decide(opened, case.facts, ["wmo-voorziening"]).allowed == (("wmo-voorziening", Level.CONTACT),)


def _failing(rule_set: RuleSet) -> set[str]:
    return {case.title for case in CASES if case.failures(rule_set.in_force(case.day))}


@pytest.mark.parametrize("action", ["toon_bron", "toon_contact"])
@pytest.mark.parametrize("name", SELF_SUFFICIENCY)
def test_opening_a_level_for_the_self_sufficiency_talk_makes_a_case_fail(
    name: str, action: str, files: Mapping[str, str]
) -> None:
    presence = 'action == Action::"toon_aanwezigheid"'
    levels = ", ".join(f'Action::"{each}"' for each in ("toon_aanwezigheid", "toon_bron", action))
    assert files[name].count(presence) == 1
    # While the purpose shows areas only, such a set does not load at all (see test_areas_only.py).
    catalogue = files["catalogue.toml"].replace('shows = "leefgebieden"', 'shows = "signalen"')
    grant = files[name].replace(presence, f"action in [{levels}]")
    turned = load({**files, "catalogue.toml": catalogue})
    widened = load({**files, "catalogue.toml": catalogue, name: grant})
    assert _failing(widened) - _failing(turned)


def test_there_are_twelve_guards_and_eleven_grants_over_seven_purposes(rules: InForce) -> None:
    kinds = [rule.kind for rule in rules.rules]
    assert (kinds.count(Kind.GUARD), kinds.count(Kind.GRANT)) == (12, 11)
    assert {purpose.code for purpose in rules.catalogue.purposes} == {
        "voorbereiding-huisbezoek",
        "schuldhulp-afstemming",
        "toets-zelfredzaamheid",
        "loket-triage",
        "wmo-onderzoek",
        "jeugdhulp-toeleiding",
        "participatie-begeleiding",
    }
