"""Which cells of a table of counts may be shown, when its total is shown beside it.

Invariants:
1. A count under ten is not shown, and neither is a total under ten.
2. What is not shown cannot be computed from what is: not by subtracting from the total, and not by knowing these
   rules. Of every cell that is left out at least two values fit everything that is shown.
3. All tables of one report may share one total and nothing else; then this holds for the report as a whole.

Source: the cell suppression of official statistics: primary for small counts, complementary for what would give them
away.
"""

from collections.abc import Collection, Sequence

SMALLEST_SHOWN = 10


def hidden_cells(counts: Sequence[int]) -> frozenset[int]:
    """Positions of the cells that are not shown.

    Args:
        counts: of the table, none negative; they add up to its total.
    """
    if sum(counts) < SMALLEST_SHOWN:
        return frozenset(range(len(counts)))
    hidden = {place for place, count in enumerate(counts) if count < SMALLEST_SHOWN}
    while hidden and not _is_hidden_well([counts[place] for place in hidden]):
        rest = set(range(len(counts))) - hidden
        if not rest:
            break
        # The smallest that are left, so that as much as possible stays to be seen; all that are equal, or their order
        # in the table would tell which of the cells that are left out is the small one.
        smallest = min(counts[place] for place in rest)
        hidden |= {place for place in rest if counts[place] == smallest}
    return frozenset(hidden)


def _is_hidden_well(left_out: Collection[int]) -> bool:
    """Whether the sum of what is left out, which everybody can compute, tells no single cell.

    One cell is its own sum. A sum under ten says too much about cells that are all small, as does the largest sum
    that small cells can have.
    """
    total = sum(left_out)
    small_only = all(count < SMALLEST_SHOWN for count in left_out)
    largest = len(left_out) * (SMALLEST_SHOWN - 1)
    return len(left_out) > 1 and total >= SMALLEST_SHOWN and not (small_only and total == largest)


def in_tens(count: int) -> int | None:
    """A count that stands alone, rounded down to tens; None when that leaves nothing.

    For figures without a total: with one, rounding each would let their remainders be computed.
    """
    return count // SMALLEST_SHOWN * SMALLEST_SHOWN or None
