"""Counts a month for a source organisation, on the pages and at the interface alike, while looks are answered."""

from collections import Counter
from functools import partial

from signal_index.usecases.sourcing import usage
from signal_index.web.desk import Desk


async def count_month(desk: Desk, asked: usage.Asked) -> usage.Usage:
    """The figures of a month that somebody may see, counted now unless this process counted it before."""
    if not asked.types:
        return usage.rounded(asked, Counter())
    looks = desk.counted.months.get(asked.month)
    if looks is None:
        looks = Counter()
        for period in usage.pieces(asked.month):
            looks += await desk.run(partial(usage.count_piece, period=period))
        desk.counted.keep(asked.month, looks, desk.now())
    return usage.rounded(asked, looks)
