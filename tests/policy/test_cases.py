"""The decision table that comes with the rules, and proof that it misses no rule."""

from collections.abc import Mapping
from datetime import date

import pytest

from policy.errors import RuleSetError
from policy.in_force import InForce
from policy.pdp import decide
from policy.rule_text import Kind
from policy.rulesets import RuleSet, bundled, load
from policy.upkeep.cases import Case, Untried, read_cases, untried
from policy.vocabulary import Level

SELF_SUFFICIENCY = (
    "grants/T04-zelfredzaamheid-wmo-2026-01-01.cedar",
    "grants/T05-zelfredzaamheid-jeugdwet-2026-01-01.cedar",
)
RULE_KEYS = [rule.key for rule in load(bundled()).in_force(date(2026, 3, 3)).rules]
CASES = read_cases(bundled())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_the_decision_is_what_the_case_expects(case: Case, rule_set: RuleSet) -> None:
    rules = rule_set.in_force(case.day)
    assert case.failures(rules) == (), decide(rules, case.facts, list(case.expected)).outcomes


def test_case_titles_are_told_apart_within_their_subject() -> None:
    assert len({(case.title, case.about) for case in CASES}) == len(CASES)


def test_every_rule_is_tried_both_ways_and_leaving_out_any_makes_a_case_fail(rule_set: RuleSet) -> None:
    assert list(untried(rule_set, CASES)) == []


# Each key tries every rule against every case, so a few stand for all.
@pytest.mark.parametrize("key", RULE_KEYS[::8])
def test_a_rule_without_its_cases_is_found(key: str, rule_set: RuleSet) -> None:
    rule_id = key[: -len("-2026-01-01")]
    others = tuple(case for case in CASES if rule_id not in case.about and key not in case.fired())
    found: list[Untried] = [each for each in untried(rule_set, others) if each.key == key]
    assert [each.without_yes for each in found] == [True]


def test_dropping_the_guard_on_the_relation_opens_what_a_case_keeps_shut(rule_set: RuleSet) -> None:
    case = next(case for case in CASES if case.title == "De zorgrelatie loopt niet")
    opened = rule_set.in_force(case.day).without("G01-zorgrelatie-2026-01-01")
    assert decide(opened, case.facts, ["wmo-voorziening"]).allowed == (("wmo-voorziening", Level.CONTACT),)


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
    widened = load({**files, "catalogue.toml": catalogue, name: grant})
    assert [case.title for case in CASES if case.failures(widened.in_force(case.day))]


def test_there_are_twelve_guards_and_eleven_grants_over_seven_purposes(rules: InForce) -> None:
    kinds = [rule.kind for rule in rules.rules]
    assert (kinds.count(Kind.GUARD), kinds.count(Kind.GRANT)) == (12, 11)
    assert len(rules.catalogue.purposes) == 7


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("title =", "titel =", "unknown field"),
        ('outcome = "toegestaan"', 'outcome = "misschien"', "misschien"),
        ("rol =", "rolletje =", "missing or do not exist: rol, rolletje"),
        (', level = "contact"', "", "a level goes with an allowance"),
        ("[persona]", "[persona", "TOML|Expected"),
    ],
)
def test_a_case_that_cannot_be_read_names_its_file(
    old: str, new: str, problem: str, files: Mapping[str, str]
) -> None:
    name = "cases/huisbezoek.toml"
    assert old in files[name]
    with pytest.raises(RuleSetError, match=problem) as caught:
        read_cases({**files, name: files[name].replace(old, new, 1)})
    assert caught.value.file == name
