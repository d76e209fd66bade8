"""Office time in the Netherlands: known holidays, and both sides of every border."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signal_index.review.calendar import easter_sunday, in_office_time, is_working_day, kings_day
from signal_index.review.policy import ReviewPolicy

POLICY = ReviewPolicy()


@pytest.mark.parametrize(
    ("year", "easter"),
    [
        (2019, (4, 21)),
        (2024, (3, 31)),
        (2025, (4, 20)),
        (2026, (4, 5)),
        (2027, (3, 28)),
        (2038, (4, 25)),
        (2285, (3, 22)),
    ],
)
def test_easter_is_when_the_church_has_it(year: int, easter: tuple[int, int]) -> None:
    assert easter_sunday(year) == date(year, *easter)


@given(st.integers(1583, 4000))
def test_easter_is_a_sunday_between_22_march_and_25_april(year: int) -> None:
    found = easter_sunday(year)
    assert found.isoweekday() == 7
    assert date(year, 3, 22) <= found <= date(year, 4, 25)


@pytest.mark.parametrize(
    "day",
    [
        date(2026, 1, 1),
        date(2026, 4, 3),
        date(2026, 4, 6),
        date(2026, 4, 27),
        date(2026, 5, 14),
        date(2026, 5, 25),
        date(2026, 12, 25),
        date(2026, 3, 7),
        date(2026, 3, 8),
    ],
)
def test_offices_are_closed_on_holidays_and_in_the_weekend(day: date) -> None:
    assert not is_working_day(day)
    assert is_working_day(date(2026, 3, 6))


def test_kings_day_moves_when_it_is_a_sunday() -> None:
    assert kings_day(2025) == date(2025, 4, 26)
    assert kings_day(2026) == date(2026, 4, 27)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (datetime(2026, 3, 3, 6, 0, tzinfo=UTC), True),  # 7.00 in winter
        (datetime(2026, 3, 3, 5, 59, tzinfo=UTC), False),
        (datetime(2026, 3, 3, 17, 59, tzinfo=UTC), True),
        (datetime(2026, 3, 3, 18, 0, tzinfo=UTC), False),  # 19.00
        (datetime(2026, 7, 1, 5, 0, tzinfo=UTC), True),  # 7.00 in summer
        (datetime(2026, 7, 1, 17, 0, tzinfo=UTC), False),
        (datetime(2026, 3, 6, 23, 30, tzinfo=UTC), False),  # Saturday already
    ],
)
def test_office_time_is_dutch_time(moment: datetime, expected: bool) -> None:  # noqa: FBT001 - a table
    assert in_office_time(moment, POLICY) is expected
