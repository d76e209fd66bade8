"""The rules of this release decide what their texts say, as somebody who had not seen them in Cedar read them."""

import ast
from collections import Counter
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from .second_model import rule_sets
from .second_model.grants import GRANTS
from .second_model.guards import GUARDS

LOOKS, CHUNK = 4600, 460
DECISIONS = 1_000_000
"""Of which none is a fault: those are compared besides."""
MODEL = Path(__file__).parent / "second_model"
KNOWS_THE_PRODUCT = {"comparing.py", "mutants.py", "rule_sets.py"}


@pytest.mark.parametrize("first", range(0, LOOKS, CHUNK))
def test_every_decision_of_these_look_ups_is_that_of_the_second_model(first: int) -> None:
    comparison = rule_sets.comparison("as released")
    differences = list(comparison.differences(range(first, first + CHUNK)))
    assert differences == [], "\n\n".join(differences[:3])


def test_the_look_ups_hold_every_boundary_and_as_many_at_random() -> None:
    looks = rule_sets.comparison("as released").looks
    assert LOOKS / 3 < len(looks.boundaries) < LOOKS
    assert looks[LOOKS] == looks[LOOKS] != looks[LOOKS + 1]


def test_the_second_model_is_written_from_the_texts_that_count_now() -> None:
    # With emergency access: a grant that is off is no version of any rule.
    versions = rule_sets.comparison("with emergency access").rule_set.versions
    released = {rule.key: (rule.officer_text, tuple(sorted(rule.duties))) for rule in versions}
    assert {rule.key: (rule.text, rule.duties) for rule in (*GUARDS, *GRANTS)} == released


def test_the_second_model_knows_nothing_of_the_product() -> None:
    modules = {path.name: ast.parse(path.read_text(encoding="utf-8")) for path in MODEL.glob("*.py")}
    knowing = {
        name
        for name, tree in modules.items()
        for node in ast.walk(tree)
        if (isinstance(node, ast.Import) and any("policy" in each.name for each in node.names))
        or (isinstance(node, ast.ImportFrom) and node.level == 0 and "policy" in str(node.module))
    }
    assert knowing == KNOWS_THE_PRODUCT


@pytest.mark.long
def test_a_million_decisions_are_those_of_the_second_model() -> None:
    comparisons = [replace(rule_sets.comparison(name), counted=Counter()) for name in rule_sets.RULE_SETS]
    differences: list[str] = []
    for first in count(LOOKS, 100):
        for comparison in comparisons:
            differences.extend(comparison.differences(range(first, first + 100)))
        decided = sum(each.counted["shown"] + each.counted["not shown"] for each in comparisons)
        if differences or decided >= DECISIONS:
            break
    assert differences == [], "\n\n".join(differences[:3])
    assert decided >= DECISIONS
    assert all(each.counted["shown"] > DECISIONS // 100 for each in comparisons)
