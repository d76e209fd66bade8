"""The second model under rules that start later, end, and open an emergency."""

import pytest

from .second_model import rule_sets

LOOKS, CHUNK = 2700, 540


@pytest.mark.parametrize("first", range(0, LOOKS, CHUNK))
@pytest.mark.parametrize("name", ["with emergency access", "that start and end"])
def test_every_decision_of_these_look_ups_is_that_of_the_second_model(name: str, first: int) -> None:
    differences = list(rule_sets.comparison(name).differences(range(first, first + CHUNK)))
    assert differences == [], "\n\n".join(differences[:3])


@pytest.mark.parametrize("name", ["with emergency access", "that start and end"])
def test_the_look_ups_hold_every_boundary(name: str) -> None:
    assert LOOKS / 2 < len(rule_sets.comparison(name).looks.boundaries) < LOOKS


@pytest.mark.parametrize("name", rule_sets.RULE_SETS)
def test_on_every_day_each_purpose_reaches_the_kinds_that_the_second_model_says(name: str) -> None:
    comparison = rule_sets.comparison(name)
    for day in comparison.looks.days:
        catalogue = comparison.rule_set.in_force(day).catalogue
        reached = {each.code: set(each.types) for each in catalogue.purposes}
        covered = comparison.rule_set.in_force(day).covers(day)
        assert reached == (comparison.model.catalogue.reached(day) if covered else {}), day
