"""The work list: chosen once, spread over workers and kinds, and the lot is fair."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signal_index.model.review import Chosen, Kind, LookRef
from signal_index.review.policy import ReviewPolicy
from signal_index.review.selection import Candidate, choose

POLICY = ReviewPolicy(listed_per_week=4, listed_permyriad=0, sampled_per_week=3, listed_per_worker=2)
MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def candidate(number: int, rank: int, worker: str = "w", **changes: object) -> Candidate:
    made = Candidate(
        LookRef(b"writer01", number),
        MONDAY + timedelta(minutes=number),
        worker,
        f"case-{number}",
        rank,
        Kind.HOURS,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


CANDIDATES = st.lists(
    st.builds(
        candidate,
        st.integers(1, 10_000),
        st.integers(0, 20),
        st.sampled_from(["w.a", "w.b", "w.c", "w.d"]),
        kind=st.sampled_from(list(Kind)),
        this_week=st.booleans(),
    ),
    max_size=40,
    unique_by=lambda each: each.ref,
)


@given(CANDIDATES, st.integers(), st.permutations(range(40)))
def test_a_list_is_bounded_spread_and_stable(
    candidates: list[Candidate], seed: int, order: list[int]
) -> None:
    chosen = choose(candidates, POLICY, Random(seed))
    by_ref = {each.ref: each for each in candidates}
    striking = [by_ref[ref] for ref, how in chosen.items() if how is Chosen.STRIKING]
    sampled = [by_ref[ref] for ref, how in chosen.items() if how is Chosen.SAMPLE]
    assert len(striking) <= POLICY.listed_per_week
    assert all(each.rank >= POLICY.rank_min for each in striking)
    assert max(Counter(each.worker for each in striking).values(), default=0) <= POLICY.listed_per_worker
    assert all(each.this_week for each in sampled)
    left = sum(each.this_week for each in candidates) - sum(each.this_week for each in striking)
    assert len(sampled) == min(left, POLICY.sampled_per_week)
    shuffled = sorted(candidates, key=lambda each: order[each.ref.number % 40])
    assert choose(shuffled, POLICY, Random(seed)) == chosen


def test_the_highest_rank_comes_first_and_a_case_of_a_worker_once() -> None:
    same_case = [candidate(number, 9, about="case") for number in (1, 2, 3)]
    found = choose([candidate(4, 5, "w.b"), *same_case], POLICY, Random(0))
    striking = [ref.number for ref, how in found.items() if how is Chosen.STRIKING]
    assert striking == [1, 4]


def test_no_kind_of_reason_fills_the_list_while_another_has_something() -> None:
    many = [candidate(number, 8, f"w.{number}") for number in range(1, 10)]
    other = candidate(20, 7, "w.x", kind=Kind.COVER)
    listed = [ref for ref, how in choose([*many, other], POLICY, Random(0)).items() if how is Chosen.STRIKING]
    assert other.ref in listed
    without_turns = sorted([*many, other], key=lambda each: -each.rank)[: POLICY.listed_per_week]
    assert other not in without_turns  # it is the turns that brought it in


def test_who_was_listed_lately_comes_back_only_with_more() -> None:
    again, more = candidate(1, 6), candidate(2, 7)
    lately = [candidate(3, 5), candidate(4, 6), candidate(5, 3)]
    nobody = replace(POLICY, sampled_per_week=0)
    assert not choose([again], nobody, Random(0), lately=lately)
    assert choose([more], nobody, Random(0), lately=lately)
    assert choose([replace(again, kind=Kind.COVER)], nobody, Random(0), lately=lately)


@pytest.mark.parametrize("kind", [Kind.RELATION, Kind.COVER, Kind.REPEATED])
def test_a_reason_about_a_case_rests_for_that_case_and_for_no_other(kind: Kind) -> None:
    same, other = candidate(1, 9, about="case", kind=kind), candidate(2, 5, about="other", kind=kind)
    lately = [candidate(3, 6, about="case", kind=kind)]
    nobody = replace(POLICY, sampled_per_week=0)
    assert list(choose([same, other], nobody, Random(0), lately=lately)) == [other.ref]
    assert choose([replace(same, kind=Kind.HOURS)], nobody, Random(0), lately=lately)
    assert choose([replace(same, worker="w.x")], nobody, Random(0), lately=lately)


def test_a_busy_week_gets_a_longer_list() -> None:
    policy = replace(POLICY, listed_permyriad=100)
    many = [candidate(number, 0, f"w.{number}") for number in range(1_000)]
    striking = [candidate(5_000 + number, 5, f"x.{number}") for number in range(50)]
    listed = choose([*many, *striking], policy, Random(0))
    assert sum(how is Chosen.STRIKING for how in listed.values()) == 10


def test_every_look_that_does_not_stand_out_has_the_same_chance_to_be_drawn() -> None:
    candidates = [candidate(number, number % 3, f"w.{number}") for number in range(30)]
    drawn: Counter[int] = Counter()
    rounds = 4_000
    for seed in range(rounds):
        drawn.update(ref.number for ref in choose(candidates, POLICY, Random(seed)))
    expected = rounds * POLICY.sampled_per_week / len(candidates)
    assert all(0.8 * expected < drawn[number] < 1.2 * expected for number in range(30)), drawn
