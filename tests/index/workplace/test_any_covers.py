"""Whatever workers arrange and end, in any order: who may look for whom on which day is what they named, no more."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from signal_index.enforcement import Standing
from signal_index.errors import Malformed
from signal_index.model import Actor, CareRelation, dutch_day
from signal_index.model.workplace import COVER_DAYS_MAX, Cover, CoverReason
from signal_index.ports import Transaction
from signal_index.usecases.relations import find_standing
from signal_index.usecases.workplace import covers
from signal_index.usecases.workplace.covers import CoverRequest

PEOPLE = 4
HORIZON = 90  # further than the last day of a cover that begins as late as it may
_numbers = count(1)

ARRANGE = st.tuples(
    st.just("arrange"),
    st.integers(0, PEOPLE - 1),
    st.integers(0, PEOPLE - 1),
    st.tuples(st.integers(-2, COVER_DAYS_MAX + 2), st.integers(-2, COVER_DAYS_MAX + 2)),
)
END = st.tuples(st.just("end"), st.integers(0, PEOPLE - 1), st.integers(0, PEOPLE - 1), st.just((0, 0)))
WAIT = st.tuples(st.just("wait"), st.integers(0, 12), st.just(0), st.just((0, 0)))
SEQUENCES = st.lists(st.one_of(ARRANGE, ARRANGE, END, WAIT), min_size=1, max_size=14)


def _arrange(office: Any, request: CoverRequest, staff_id: str = "w.een") -> Cover:
    cover: Cover = office.act(
        staff_id, lambda tx, actor: covers.arrange(tx, actor, request, office.world.clock)
    )
    return cover


def _end(office: Any, cover_id: bytes, staff_id: str, role: str | None = None) -> Cover:
    ended: Cover = office.act(
        staff_id, lambda tx, actor: covers.end_cover(tx, actor, cover_id, office.world.clock), role
    )
    return ended


@dataclass
class Model:
    """What should hold: for each worker who covers her on which day, kept without the code under test."""

    names: list[str]
    days: dict[tuple[str, date], str]

    def free(self, absentee: str, wanted: list[date]) -> bool:
        return not any((absentee, day) in self.days for day in wanted)

    def end(self, absentee: str, delegate: str, today: date, until: date) -> None:
        for key in [(absentee, today + timedelta(days=n)) for n in range((until - today).days + 1)]:
            if self.days.get(key) == delegate:
                del self.days[key]


@pytest.fixture
def template(office: Any) -> CareRelation:
    """A relation to copy for the people of each example."""
    relation: CareRelation = office.relation("w.een")
    return replace(relation, valid_until=date(2099, 12, 31))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=SEQUENCES)
def test_no_sequence_of_covers_lets_anybody_look_but_whom_the_worker_named_for_that_day(
    office: Any, template: CareRelation, steps: list[tuple[str, int, int, tuple[int, int]]]
) -> None:
    # The clock of a log cannot go back, so each example begins on the day the one before ended, with new people.
    number, begin = next(_numbers), dutch_day(office.world.clock)
    names = [f"p{number}.{letter}" for letter in "abcd"]
    for name in names:
        office.hire(name, team=f"team-{number}")
    model = Model(names, {})
    for what, one, two, (first, length) in steps:
        today = dutch_day(office.world.clock)
        if what == "wait":
            office.world.clock += timedelta(days=one)
        elif what == "arrange":
            start = today + timedelta(days=first)
            request = CoverRequest(names[two], start, start + timedelta(days=length - 1), CoverReason.LEAVE)
            _try_to_arrange(office, model, names[one], request, today)
        else:
            _end_all(office, model, names[one], names[two], today)
    days = (dutch_day(office.world.clock) - begin).days + HORIZON
    _check(office, model, template, [begin + timedelta(days=n) for n in range(days)])


def _try_to_arrange(office: Any, model: Model, absentee: str, request: CoverRequest, today: date) -> None:
    wanted = [request.first_day + timedelta(days=n) for n in range(request.days)]
    ahead = (request.first_day - today).days
    fits = 1 <= len(wanted) <= COVER_DAYS_MAX and 0 <= ahead <= COVER_DAYS_MAX
    good = fits and absentee != request.delegate and model.free(absentee, wanted)
    try:
        _arrange(office, request, absentee)
    except Malformed:
        assert not good
        return
    assert good
    model.days |= {(absentee, day): request.delegate for day in wanted}


def _end_all(office: Any, model: Model, absentee: str, delegate: str, today: date) -> None:
    for cover in office.run(lambda tx: tx.covers.of_absentee(office.world.GEMEENTE, absentee)):
        if cover.delegate == delegate and not cover.is_over(today):
            _end(office, cover.cover_id, absentee)
            model.end(absentee, delegate, today, cover.last_day)


def _check(office: Any, model: Model, template: CareRelation, days: list[date]) -> None:
    """On every day, for every pair: a cover stands, and a look would be carried, exactly when the model says so."""

    def job(tx: Transaction) -> None:
        cases = {}
        for name in model.names:
            staff = tx.staff.get(name)
            assert staff is not None
            own = replace(template, relation_id=name.encode().ljust(16), worker=name)
            cases[name] = replace(own, team=staff.team)
            tx.relations.put(cases[name])
        for day in days:
            for delegate in model.names:
                _check_day(tx, model, delegate, day, cases)
        for name in model.names:
            for cover in tx.covers.of_absentee(office.world.GEMEENTE, name):
                assert 1 <= (cover.last_day - cover.first_day).days + 1 <= COVER_DAYS_MAX

    office.run(job)


def _check_day(
    tx: Transaction, model: Model, delegate: str, day: date, cases: dict[str, CareRelation]
) -> None:
    staff = tx.staff.get(delegate)
    assert staff is not None
    standing = sorted(cover.absentee for cover in covers.standing_covers(tx, staff, day))
    assert standing == sorted(a for (a, d), by in model.days.items() if d == day and by == delegate)
    if (day.toordinal() % 5) > 0 and day not in _edges(model):
        return  # the look itself is tried on the edges of covers and every fifth day; it costs more
    actor = Actor.in_all_roles(delegate, staff, second_factor=True, token_id="test")
    for absentee, relation in cases.items():
        carried = isinstance(find_standing(tx, actor, relation.relation_id, day), Standing)
        assert carried == (absentee == delegate or model.days.get((absentee, day)) == delegate)


def _edges(model: Model) -> set[date]:
    """First days, last days and the days beside them."""
    one = timedelta(days=1)
    return {
        near
        for (absentee, day), delegate in model.days.items()
        for beside in (day - one, day + one)
        if model.days.get((absentee, beside)) != delegate
        for near in (day, beside)
    }
