"""Bars are as long as their numbers, and what is not shown has none."""

from hypothesis import given
from hypothesis import strategies as st

from signal_index.web.markup.charts import chart

ROWS = st.lists(st.tuples(st.text(max_size=4), st.none() | st.integers(0, 10**6)), max_size=9)


@given(ROWS)
def test_bars_keep_their_order_fit_the_page_and_grow_with_their_number(
    rows: list[tuple[str, int | None]],
) -> None:
    made = chart(rows)
    assert [(bar.text, bar.count) for bar in made.bars] == rows
    by_size = sorted(made.bars, key=lambda bar: bar.count or 0)
    assert [bar.percent for bar in by_size] == sorted(bar.percent for bar in made.bars)
    assert all(0 <= bar.percent <= 80 for bar in made.bars)
    assert all(bar.percent == 0 for bar in made.bars if not bar.count)
