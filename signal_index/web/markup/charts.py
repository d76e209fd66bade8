"""Bar charts as numbers for a template: each bar in per cent of the room there is for the longest."""

from collections.abc import Sequence
from dataclasses import dataclass

_WIDEST_PERCENT = 80  # leaves room for the number beside the longest bar

Row = tuple[str, int | None]
"""What a bar is of, and how much; None when that is not shown."""


@dataclass(frozen=True)
class Bar:
    """One row of a chart.

    Args:
        count: None when it is not shown; then there is no bar.
        percent: width of the bar.
    """

    text: str
    count: int | None
    percent: float


@dataclass(frozen=True)
class Chart:
    """All bars, from top to bottom."""

    bars: tuple[Bar, ...]


def chart(rows: Sequence[Row]) -> Chart:
    """The bars of these rows; the longest one is as long as there is room for."""
    largest = max((count or 0 for _, count in rows), default=0) or 1
    return Chart(
        tuple(Bar(text, count, round(_WIDEST_PERCENT * (count or 0) / largest, 2)) for text, count in rows)
    )
