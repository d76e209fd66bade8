"""The review finds snoops: more than the lot, and less when an indicator is silent or the ranks are shuffled.

A small year, so that it takes seconds; `tests/bench/review.py` measures with 500 workers. The bounds have slack: they
are to notice a broken indicator or choice, not a change of luck.
"""

from collections.abc import Iterable
from dataclasses import replace
from functools import cache

import pytest

from signal_index.model.review import Chosen, Indicator
from signal_index.review.policy import ReviewPolicy
from tests.support.reviewing import Outcome, Told, by_lot, review, told
from tests.support.synthetic_snoops import year_with_snoops
from tests.support.synthetic_year import Year

WORKERS, SHARE = 60, 0.2
# Three looks a week of about 180; so few workers leave no list to speak of at one in a hundred.
POLICY = replace(ReviewPolicy(), listed_per_week=2, listed_permyriad=0, sampled_per_week=1)
SEEDS = (101, 102, 103)


@cache
def year(seed: int) -> Year:
    return year_with_snoops(seed, WORKERS, SHARE)


@cache
def heard(seed: int) -> Told:
    return told(year(seed), POLICY)


@cache
def outcome(seed: int, without: frozenset[Indicator] = frozenset(), *, shuffled: bool = False) -> Outcome:
    return review(heard(seed), seed, without=without, shuffled=shuffled)


def mean(numbers: Iterable[float]) -> float:
    listed = list(numbers)
    return sum(listed) / len(listed)


@pytest.mark.parametrize("seed", SEEDS)
def test_most_snoops_are_found_with_few_looks_reviewed(seed: int) -> None:
    found = outcome(seed)
    assert found.share <= 0.02
    assert found.recall >= 0.5, found.by_kind()
    assert found.recall >= 3 * by_lot(found)


def test_ranks_that_are_shuffled_find_far_less() -> None:
    shuffled, ordered = ([outcome(seed, shuffled=each) for seed in SEEDS] for each in (True, False))
    assert mean(each.recall for each in shuffled) <= mean(each.recall for each in ordered) - 0.15
    assert mean(each.precision for each in shuffled) < mean(each.precision for each in ordered) / 2


KINDS = (
    ({Indicator.SELF_REGISTERED, Indicator.FRESH, Indicator.ENDED_SOON, Indicator.LEFT}, "neighbour"),
    ({Indicator.LAST_MINUTE_COVER, Indicator.ABSENTEE_AT_WORK}, "cover"),
    ({each for each in Indicator if "kantoortijd" in each or "veel-" in each}, "evening"),
    ({Indicator.ATTEMPTS}, "attempts"),
)


@pytest.mark.parametrize(("silent", "kind"), KINDS, ids=[kind for _, kind in KINDS])
def test_without_its_indicators_a_kind_of_snoop_is_missed(silent: set[Indicator], kind: str) -> None:
    def found(each: Outcome) -> int:
        return sum(each.snoops[who] == kind for who in each.found)

    with_them = sum(found(outcome(seed)) for seed in SEEDS)
    without = sum(found(outcome(seed, frozenset(silent))) for seed in SEEDS)
    assert without < with_them, (kind, with_them, without)


def test_the_same_year_and_seed_give_the_same_lists() -> None:
    again = review(told(year(SEEDS[0]), POLICY), SEEDS[0])
    assert again.reviews.keys() == outcome(SEEDS[0]).reviews.keys()
    other_lot = review(heard(SEEDS[0]), SEEDS[0] + 1)
    striking = [ref for ref, each in again.reviews.items() if each.chosen is Chosen.STRIKING]
    assert len(set(striking) & other_lot.reviews.keys()) > 0.8 * len(striking)


def test_every_snoop_did_something_wrong_and_nobody_else_did() -> None:
    for seed in SEEDS:
        planted = year(seed)
        assert set(planted.wrongful.values()) == planted.snoops.keys()
        assert len(planted.snoops) >= 10
