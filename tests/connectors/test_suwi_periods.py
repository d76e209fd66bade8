"""Which of many periods counts on a day, and what half-known dates may stand for."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import suwi
from connectors.reading import Observation
from connectors.suwi.days import Possible, read_datum
from connectors.suwi.periods import Period, standing
from connectors.trajecten import FlagWish, TrajectRecord, flags, merge
from crypto.chain import Bsn
from tests.support.messages import message
from tests.support.suwi import answer

FIRST = date(2026, 1, 1)
WINDOW = 40
"""Days in which the made-up periods lie; few, so that they often touch."""

days = st.integers(0, WINDOW).map(lambda number: FIRST + timedelta(days=number))
ends = days | st.none()
periods = st.builds(Period, days, ends).filter(lambda period: not period.has_ended(period.start or FIRST))


def covered(told: Sequence[Period], day: date) -> bool:
    return any(period.runs(day) for period in told)


@given(st.lists(periods, min_size=1), days)
def test_a_stretch_runs_exactly_when_one_of_its_periods_does(told: Sequence[Period], day: date) -> None:
    assert standing(told, day).runs(day) == covered(told, day)


@given(st.lists(periods, min_size=1), days)
def test_a_stretch_has_no_gap_and_no_neighbour(told: Sequence[Period], day: date) -> None:
    stretch = standing(told, day)
    assert stretch.start is not None
    last = stretch.end or FIRST + timedelta(days=WINDOW + 1)
    within = (stretch.start + timedelta(days=number) for number in range((last - stretch.start).days + 1))
    assert all(covered(told, each) for each in within)
    assert not covered(told, stretch.start - timedelta(days=1))
    assert stretch.end is None or not covered(told, stretch.end + timedelta(days=1))


@given(st.lists(periods, min_size=1), days)
def test_when_nothing_runs_what_comes_goes_before_what_was(told: Sequence[Period], day: date) -> None:
    stretch = standing(told, day)
    if not covered(told, day):
        is_ahead = any(not period.has_ended(day) for period in told)
        assert stretch.has_ended(day) != is_ahead


@given(st.lists(periods, min_size=1), days, st.randoms(use_true_random=False))
def test_the_order_of_periods_does_not_matter(told: Sequence[Period], day: date, shuffler: Any) -> None:
    shuffled = list(told)
    shuffler.shuffle(shuffled)
    assert standing(shuffled, day) == standing(told, day)


@given(st.lists(st.builds(Period, st.none(), ends), min_size=1), st.lists(periods), days)
def test_an_unknown_first_day_joins_nothing_but_still_runs(
    unknown: Sequence[Period], told: Sequence[Period], day: date
) -> None:
    stretch = standing([*unknown, *told], day)
    assert stretch.runs(day) == covered([*unknown, *told], day)
    if covered(told, day):
        assert stretch.start == standing(told, day).start


@given(st.dates(date(1, 1, 1)))
def test_a_complete_date_is_itself_and_an_incomplete_one_may_be_it(day: date) -> None:
    assert read_datum(f"{day:%Y%m%d}".zfill(8)) == Possible(day, day) == read_datum(day.isoformat())
    for text in (f"{day.year:04}{day.month:02}00", f"{day.year:04}0000", f"{day.year:04}00{day.day:02}"):
        possible = read_datum(text)
        assert possible is not None
        assert possible.first is not None
        assert possible.last is not None
        assert possible.first <= day <= possible.last


@pytest.mark.parametrize("text", ["00000000", "00000512"])
def test_without_a_year_it_is_any_day(text: str) -> None:
    assert read_datum(text) == Possible(None, None)


@pytest.mark.parametrize(
    "text", ["", "2026", "202604", "20261301", "20260231", "20260432", "2026041a", "٢٠٢٦٠٤٠١"]
)
def test_what_is_no_date_is_none(text: str) -> None:
    assert read_datum(text) is None


def observed(told: Sequence[Period], hour: int) -> list[Observation]:
    income = [
        {
            "DatBIkp": f"{period.start:%Y%m%d}",
            "DatEIkp": f"{period.end:%Y%m%d}" if period.end else "99991231",
            "CdSrtIkv": "33",
        }
        for period in told
    ]
    content = answer(
        "uwv", {"Inkomstenverhouding": {"DatBIkv": "20260101", "Inkomstenperiode": income}} if income else {}
    )
    received = datetime(2026, 2, 1, tzinfo=UTC) + timedelta(hours=hour)
    readings = suwi.read(message(content, received=received))
    return [each for each in readings if isinstance(each, Observation)]


def wishes(answers: Sequence[Sequence[Observation]], as_of: date) -> list[FlagWish]:
    records: dict[tuple[Bsn, str, str, str], TrajectRecord] = {}
    for seen in (each for observations in answers for each in observations):
        records[seen.identity] = merge(records.get(seen.identity), seen)
    return flags(records.values(), as_of)


@given(
    st.lists(st.lists(periods, max_size=3), min_size=1, max_size=4),
    st.randoms(use_true_random=False),
    days,
)
def test_of_any_answers_in_any_order_only_the_last_counts(
    told: Sequence[Sequence[Period]], shuffler: Any, as_of: date
) -> None:
    answers = [observed(each, hour) for hour, each in enumerate(told)]
    alone = wishes(answers[-1:], as_of)
    shuffler.shuffle(answers)
    assert wishes(answers, as_of) == alone
