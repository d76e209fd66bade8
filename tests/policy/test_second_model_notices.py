"""What the comparison with the second model notices: a rule forgotten, a rule changed, a catalogue read otherwise."""

from collections import Counter
from dataclasses import replace

import pytest

from policy.rulesets import RuleSet, bundled, load

from .second_model import rule_sets
from .second_model.grants import GRANTS
from .second_model.guards import GUARDS
from .second_model.mutants import changed_texts, with_rule

SOON = 400
# The grants that open one level name it with an operator: without that, the text is no rule.
NO_RULES = 5

CHANGED_CATALOGUES = {
    "a kind with a basis less": (
        'legal_bases = ["wmo-2015-5-1-1", "wgs-8", "pw-64"]',
        'legal_bases = ["wmo-2015-5-1-1", "wgs-8"]',
    ),
    "a kind that is special": (
        'sensitivity = "gevoelig"\nlegal_bases = ["jeugdwet-7-4-0", "leerplichtwet-21a"]',
        'sensitivity = "bijzonder"\nlegal_bases = ["jeugdwet-7-4-0", "leerplichtwet-21a"]',
    ),
    "a purpose with a basis less": ('legal_bases = ["pw-64", "suwi-62"]', 'legal_bases = ["suwi-62"]'),
    "a basis that ends": (
        'BWBR0031331"\nverified_by_lawyer = false\n',
        'BWBR0031331"\nverified_by_lawyer = false\nvalid_until = 2026-01-02\n',
    ),
}


def noticed(rule_set: RuleSet, name: str, without: str = "") -> str | None:
    """The first difference, soon, between these rules and the model of a set by that name."""
    spoiled = replace(rule_sets.comparison(name), rule_set=rule_set, without=without, counted=Counter())
    return next(spoiled.differences(range(SOON)), None)


@pytest.mark.parametrize("key", [rule.key for rule in (*GUARDS, *GRANTS)])
def test_a_rule_that_the_product_forgets_is_noticed_soon(key: str) -> None:
    whole = rule_sets.comparison("with emergency access")
    assert noticed(whole.rule_set, "with emergency access", without=key) is not None


@pytest.mark.long
def test_every_rule_with_one_operator_or_level_changed_is_noticed_soon() -> None:
    files = rule_sets.turned_on(bundled())
    whole = rule_sets.comparison("with emergency access").rule_set
    made = {what: with_rule(whole, files, name, text) for what, name, text in changed_texts(files)}
    spoiled = {what: rule_set for what, rule_set in made.items() if rule_set is not None}
    assert (len(made) - len(spoiled), len(spoiled) > 70) == (NO_RULES, True)
    assert [each for each in spoiled if noticed(spoiled[each], "with emergency access") is None] == []


@pytest.mark.parametrize(("old", "new"), CHANGED_CATALOGUES.values(), ids=CHANGED_CATALOGUES)
def test_a_catalogue_that_the_product_reads_otherwise_is_noticed_soon(old: str, new: str) -> None:
    files = bundled()
    assert files["catalogue.toml"].count(old) == 1
    changed = load({**files, "catalogue.toml": files["catalogue.toml"].replace(old, new)})
    assert noticed(changed, "as released") is not None


def test_what_is_noticed_tells_the_look_up_and_both_answers() -> None:
    whole = rule_sets.comparison("as released")
    found = noticed(whole.rule_set, "as released", without="G08-minderjarigen-2026-01-01")
    assert found is not None
    for part in (
        "look-up ",
        "purpose='",
        "asked at 2026",
        "  the product: ('",
        "  the model:   ('geweigerd'",
    ):
        assert part in found
