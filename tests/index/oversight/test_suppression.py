"""What a table leaves out cannot be computed from what it shows, tried out on every small table there is."""

from collections import defaultdict
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signal_index.usecases.oversight.suppression import SMALLEST_SHOWN, hidden_cells

COUNTS = st.lists(st.integers(0, 60), min_size=1, max_size=8)
Shown = tuple[int | None, ...]


def shown(counts: tuple[int, ...]) -> Shown:
    """What somebody sees of a table: its cells, and last its total."""
    hidden = hidden_cells(counts)
    total = sum(counts)
    cells = (None if place in hidden else count for place, count in enumerate(counts))
    return (*cells, total if total >= SMALLEST_SHOWN else None)


def tables(cells: int, total: int) -> Iterator[tuple[int, ...]]:
    """Every table of so many cells with this total."""
    if cells == 1:
        yield (total,)
        return
    for first in range(total + 1):
        for rest in tables(cells - 1, total - first):
            yield (first, *rest)


@pytest.mark.parametrize(("cells", "largest"), [(1, 60), (2, 60), (3, 60), (4, 40), (5, 30)])
def test_of_every_cell_left_out_two_values_fit_what_is_shown_even_for_who_knows_the_rule(
    cells: int, largest: int
) -> None:
    for total in range(largest + 1):
        possible: dict[Shown, list[set[int]]] = defaultdict(lambda: [set() for _ in range(cells)])
        for table in tables(cells, total):
            for values, count in zip(possible[shown(table)], table, strict=True):
                values.add(count)
        for seen, fitting in possible.items():
            if seen[-1] is None:
                assert set(seen) == {None}, "without a total nothing is shown at all"
                continue
            known = [len(each) == 1 for each in fitting]
            assert [cell is not None for cell in seen[:-1]] == known, seen


def test_that_test_would_see_cells_that_are_left_out_for_being_small_alone() -> None:
    possible = defaultdict(set)
    for table in tables(2, 30):
        seen = tuple(count if count >= SMALLEST_SHOWN else None for count in table)
        possible[seen].add(table)
    assert [seen for seen, found in possible.items() if None in seen and len(found) == 1]


@given(COUNTS)
def test_nothing_under_ten_is_shown_and_something_is_left_out_only_for_that(counts: list[int]) -> None:
    hidden = hidden_cells(counts)
    small = {place for place, count in enumerate(counts) if count < SMALLEST_SHOWN}
    assert small <= hidden
    assert hidden == small == set() or small, "a table without small counts is shown whole"


@given(COUNTS)
def test_a_sum_of_what_is_left_out_is_of_several_cells_and_not_small(counts: list[int]) -> None:
    hidden = hidden_cells(counts)
    if hidden and sum(counts) >= SMALLEST_SHOWN:
        assert len(hidden) > 1
        assert sum(counts[place] for place in hidden) >= SMALLEST_SHOWN


@given(COUNTS, st.randoms())
def test_the_order_of_a_table_does_not_matter(counts: list[int], shuffler: object) -> None:
    order = list(range(len(counts)))
    shuffler.shuffle(order)  # type: ignore[attr-defined]
    hidden = hidden_cells([counts[place] for place in order])
    assert {order[place] for place in hidden} == hidden_cells(counts)


@pytest.mark.parametrize(
    ("counts", "hidden"),
    [
        ([31, 18, 12], set()),
        ([31, 18, 4], {1, 2}),
        ([31, 0, 12], {1, 2}),
        ([31, 4, 5, 3], {1, 2, 3}),
        ([31, 4, 5], {0, 1, 2}),
        ([40, 9, 9, 12], {1, 2, 3}),
        ([12, 12, 4, 40], {0, 1, 2}),
        ([3, 4], {0, 1}),
        ([9], {0}),
        ([10], set()),
    ],
)
def test_examples(counts: list[int], hidden: set[int]) -> None:
    assert hidden_cells(counts) == hidden
