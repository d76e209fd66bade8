"""What a change opens and closes: compared with trying every look-up there is."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from enum import StrEnum
from functools import cache
from itertools import combinations, product
from typing import Any

import pytest

from policy.engine import EngineSource, Question, Verdict
from policy.engine.compiled import CompiledEngine
from policy.facts import cedar_day
from policy.in_force import InForce
from policy.proving.changes import Change, Direction
from policy.proving.difference import differences
from policy.proving.lookups import kinds_of_facts
from policy.rulesets import RuleSet, bundled
from policy.selftest import read_canaries
from policy.vocabulary import Level, Role

T02 = "grants/T02-huisbezoek-jeugdwet-2026-01-01.cedar"
T03 = "grants/T03-schuldhulp-wgs-2026-01-01.cedar"
G03 = "guards/G03-tweede-factor-2026-01-01.cedar"
SINCE = date(2026, 3, 1)
STARTS = date(2027, 1, 1)
TWO_STEPS = "context.raadpleging.tweede_factor"
KNOWN_AGE = 'context.raadpleging.leeftijdsgroep != "onbekend"'
NO_CHILDREN = 'context.raadpleging.leeftijdsgroep != "0-11"'

Changing = Callable[..., RuleSet]
Place = tuple[str, str, str, Level]


def test_the_same_rules_differ_in_nothing(rule_set: RuleSet) -> None:
    assert differences(rule_set, rule_set, SINCE) == ()


def test_a_wider_age_opens_that_age_and_nothing_else(rule_set: RuleSet, succeeded: Changing) -> None:
    (change,) = differences(rule_set, succeeded((T02, KNOWN_AGE, "true")), SINCE)
    assert (change.direction, change.starts, change.ends) == (Direction.OPENED, STARTS, None)
    assert (change.purpose, change.role) == ("voorbereiding-huisbezoek", "wijkteammedewerker")
    assert change.levels == (Level.SOURCE, Level.CONTACT)
    assert dict(change.conditions) == {"leeftijdsgroep": ("onbekend",), "afgeschermd": ("nee",)}
    assert change.rules == ("T02-huisbezoek-jeugdwet-2027-01-01",)
    assert change.held_by == ()


def test_a_narrower_guard_closes_and_names_itself(rule_set: RuleSet, succeeded: Changing) -> None:
    stricter = 'context.raadpleging.tweede_factor && context.raadpleging.leeftijdsgroep != "0-11"'
    changes = differences(rule_set, succeeded((G03, "context.raadpleging.tweede_factor", stricter)), SINCE)
    assert {change.direction for change in changes} == {Direction.CLOSED}
    assert {change.held_by for change in changes} == {("G03-tweede-factor-2027-01-01",)}
    assert all(("leeftijdsgroep", ("0-11",)) in change.conditions for change in changes)


def test_days_before_the_first_one_looked_at_do_not_count(rule_set: RuleSet, succeeded: Changing) -> None:
    wider = succeeded((T02, KNOWN_AGE, "true"))
    late = date(2030, 5, 1)
    assert {change.starts for change in differences(rule_set, wider, late)} == {late}


def test_what_lasts_over_another_change_is_one_change(rule_set: RuleSet, succeeded: Changing) -> None:
    stricter = f'{TWO_STEPS} && context.raadpleging.leeftijdsgroep != "0-11"'
    changed = succeeded((T02, KNOWN_AGE, "true"), (G03, TWO_STEPS, stricter, "2028-01-01"))
    opened = [each for each in differences(rule_set, changed, SINCE) if each.direction is Direction.OPENED]
    assert {(each.starts, each.ends) for each in opened} == {(STARTS, None)}
    closed = [each for each in differences(rule_set, changed, SINCE) if each.direction is Direction.CLOSED]
    assert {each.starts for each in closed} == {date(2028, 1, 1)}


WIDER = (T02, KNOWN_AGE, "true")
STRICTER = (G03, TWO_STEPS, f'({TWO_STEPS} && context.raadpleging.leeftijdsgroep != "0-11")')
COORDINATORS = (
    T02,
    "context.raadpleging.doel ==",
    "context.raadpleging.coordinator && context.raadpleging.doel ==",
)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param((WIDER, STRICTER), id="any-age-and-stricter-guard"),
        pytest.param((WIDER,), id="any-age", marks=pytest.mark.long),
        pytest.param(((T02, KNOWN_AGE, NO_CHILDREN),), id="another-age", marks=pytest.mark.long),
        pytest.param((COORDINATORS,), id="coordinators", marks=pytest.mark.long),
        pytest.param(
            ((T02, ', Action::"toon_contact"', ""), (T03, ', Action::"toon_contact"', "")),
            id="no-contact",
            marks=pytest.mark.long,
        ),
        pytest.param((STRICTER,), id="stricter-guard", marks=pytest.mark.long),
    ],
)
def test_trying_every_look_up_finds_the_same(
    changes: tuple[tuple[str, str, str], ...], rule_set: RuleSet, succeeded: Changing
) -> None:
    changed = succeeded(*changes)
    found = differences(rule_set, changed, STARTS)
    before, after = rule_set.in_force(STARTS), changed.in_force(STARTS)
    tried = {Direction.OPENED: set[Place](), Direction.CLOSED: set[Place]()}
    for place, old, new in _everything(before, after):
        if old != new:
            tried[Direction.OPENED if new else Direction.CLOSED].add(place)
    for direction in Direction:
        assert _places(found, direction) == tried[direction]
    assert any(tried.values())


def _places(changes: tuple[Change, ...], direction: Direction) -> set[Place]:
    return {
        (each.purpose, each.role, code, level)
        for each in changes
        if each.direction is direction
        for code, level in product(each.types, each.levels)
    }


def _everything(before: InForce, after: InForce) -> Iterator[tuple[Place, bool, bool]]:
    """Every look-up by a team member in which at most two facts are other than those of the canary that is allowed."""
    for purpose in after.catalogue.purposes:
        for facts in _spoilt():
            stated = {**facts, "doel": purpose.code, "grondslagen": sorted(purpose.legal_bases)}
            pairs = zip(_allowed(before, stated), _allowed(after, stated), strict=True)
            for (place, old), (_, new) in pairs:
                yield (purpose.code, Role.TEAM_MEMBER.value, *place), old, new


def _spoilt() -> Iterator[dict[str, object]]:
    in_order = {**read_canaries(bundled()["canaries.toml"]).baseline, "op": cedar_day(STARTS)}
    kinds = kinds_of_facts()
    for first, second in combinations([name for name in kinds if name not in {"doel", "rol", "op"}], 2):
        for values in product(_every_value(kinds[first]), _every_value(kinds[second])):
            yield {**in_order, first: values[0], second: values[1]}


def _every_value(kind: type) -> list[Any]:
    if kind is bool:
        return [True, False]
    return [each.value for each in kind] if issubclass(kind, StrEnum) else ["eigen"]


def _allowed(rules: InForce, facts: Mapping[str, object]) -> Iterator[tuple[tuple[str, Level], bool]]:
    assert rules.source is not None
    questions = [Question(each.code, level) for each in rules.catalogue.types for level in Level]
    # One engine: that both say the same is another test's, and the other one is four times slower.
    answers = _compiled(rules.source).ask(facts, questions)
    said = {
        (q.type_code, q.level): a.verdict is Verdict.ALLOW for q, a in zip(questions, answers, strict=True)
    }
    for code, level in said:
        yield (code, level), all(said[code, lower] for lower in Level if lower <= level)


@cache
def _compiled(source: EngineSource) -> CompiledEngine:
    return CompiledEngine(source)
