"""Every look in the tree is scored once, a run can stop anywhere, and every week gets one list."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any

import pytest

from signal_index import audit
from signal_index.errors import Conflict
from signal_index.model import DUTCH_TIME, StaffMember
from signal_index.model.review import Chosen, Indicator, Review, Watch, Watched
from signal_index.review.policy import ReviewPolicy
from signal_index.store import SqlDatabase
from signal_index.usecases.oversight import scoring
from tests.support.reviewing import review, told
from tests.support.synthetic_snoops import year_with_snoops
from tests.support.synthetic_year import local_day

MONDAY = datetime(2026, 1, 12, 9, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def stored(office: Any) -> list[Review]:
    found = office.run(lambda tx: tx.reviews.unchosen(MONDAY - 99 * DAY, MONDAY + 999 * DAY, rank_min=-99))
    return sorted(found, key=lambda each: each.looked_at)


def indicators(each: Review) -> set[Indicator]:
    return {reason.indicator for reason in each.reasons}


def test_a_look_is_scored_once_it_is_in_the_tree_and_never_again(office: Any) -> None:
    ref = office.look(MONDAY + 11 * HOUR)
    assert office.score() == 1
    assert office.score() == 0
    office.run(lambda tx: tx.audit.append(audit.event("lookup.answered", office.now, actor="w.een")))
    assert office.score() == 0  # it is not in the tree yet
    [found] = stored(office)
    assert found.ref == ref
    assert Indicator.OUTSIDE_HOURS in indicators(found)


def test_what_shows_later_is_added_to_a_look_of_an_earlier_run(office: Any) -> None:
    who: dict[str, Any] = {"actor": "w.een", "organisation": "o", "token": "t", "relation": "own"}
    office.tell(audit.event("relation.registered", MONDAY, self_registered=True, **who))
    office.look(MONDAY + HOUR, "own")
    office.score()
    [before] = stored(office)
    office.tell(audit.event("relation.ended", MONDAY + 3 * DAY, **who))
    assert office.score() == 0
    [after] = stored(office)
    assert indicators(after) - indicators(before) == {Indicator.ENDED_SOON}
    assert after.rank > before.rank


def test_a_run_that_stopped_half_way_is_taken_up_by_the_next(
    office: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(40):
        office.look(MONDAY + number * HOUR, f"case-{number % 7}", f"w.{('een', 'twee')[number % 2]}")
    monkeypatch.setattr(scoring, "AT_ONCE", 7)
    stopped = office.run(lambda tx: scoring.begin(tx, office.policy, office.now))
    for _ in range(3):
        office.run(lambda tx: scoring.go_on(tx, stopped))
    half_way = stored(office)
    assert 0 < len(half_way) < 40
    office.score()
    piecewise = stored(office)
    office.run(lambda tx: tx.reviews.remove_older(MONDAY + 99 * DAY))
    office.run(lambda tx: tx.reviews.put_read_up_to(0))
    office.score()
    assert stored(office) == piecewise  # in one go it comes to the same
    assert len(piecewise) == 40


def test_of_two_runs_at_once_one_gives_up(office: Any) -> None:
    office.look(MONDAY)
    first, second = (office.run(lambda tx: scoring.begin(tx, office.policy, office.now)) for _ in range(2))
    office.run(lambda tx: scoring.go_on(tx, first))
    with pytest.raises(Conflict) as refused:
        office.run(lambda tx: scoring.go_on(tx, second))
    assert refused.value.code == "read-meanwhile"
    assert len(stored(office)) == 1


def test_a_week_is_listed_once_and_only_when_it_is_over(office: Any) -> None:
    who: dict[str, Any] = {"actor": "w.een", "organisation": "o", "token": "t"}
    own = [f"case-{number}" for number in (0, 3, 4)]
    office.tell(
        *(
            audit.event("relation.registered", MONDAY, relation=each, self_registered=True, **who)
            for each in own
        )
    )
    for number in range(12):
        office.look(MONDAY + number * 9 * HOUR, f"case-{number}", f"w.{('een', 'twee', 'drie')[number % 3]}")
    [before] = office.review(date(2026, 1, 18))
    assert (before.week.monday, before.week.looks) == (date(2026, 1, 5), 0)  # this week is not over yet
    [listed] = office.review(date(2026, 1, 19))
    assert (listed.week.monday, listed.week.looks, listed.sampled) == (date(2026, 1, 12), 12, 2)
    assert 0 < listed.striking <= office.policy.listed_per_week
    assert office.review() == []
    reviews = office.run(lambda tx: tx.reviews.open())
    assert len(reviews) == listed.striking + listed.sampled
    assert {each.due_on for each in reviews} == {date(2026, 1, 26)}
    record = office.records("review.chosen")[0]
    assert record.fields == {
        "monday": "2026-01-12",
        "looks": 12,
        "listed": listed.striking,
        "sampled": listed.sampled,
    }


def test_weeks_that_were_passed_over_are_listed_all_the_same(office: Any) -> None:
    office.look(MONDAY)
    office.review(date(2026, 1, 19))
    office.look(MONDAY + 9 * DAY)
    office.look(MONDAY + 23 * DAY)
    made = office.review(date(2026, 2, 9))
    assert [each.week.monday.day for each in made] == [19, 26, 2]
    assert [each.week.looks for each in made] == [1, 0, 1]


def test_before_the_first_list_only_the_last_week_counts(office: Any) -> None:
    for week in range(6):
        office.look(MONDAY + week * 7 * DAY)
    [listed] = office.review(date(2026, 2, 23))
    assert listed.week.monday == date(2026, 2, 16)


def test_a_look_that_stands_out_can_still_be_chosen_a_week_later(office: Any) -> None:
    who: dict[str, Any] = {"actor": "w.een", "organisation": "o", "token": "t", "relation": "own"}
    office.policy = replace(office.policy, sampled_per_week=0, rank_min=8)
    office.tell(audit.event("relation.registered", MONDAY, self_registered=True, **who))
    ref = office.look(MONDAY + HOUR, "own")
    [listed] = office.review(date(2026, 1, 19))
    assert listed.striking == 0
    office.tell(audit.event("relation.ended", MONDAY + 8 * DAY, **who))
    [listed] = office.review(date(2026, 1, 26))
    assert listed.striking == 1
    [found] = office.run(lambda tx: tx.reviews.open())
    assert (found.ref, found.chosen) == (ref, Chosen.STRIKING)


def test_what_nobody_chose_is_forgotten_and_what_was_chosen_is_kept(office: Any) -> None:
    office.policy = replace(office.policy, sampled_per_week=1)
    for number in range(5):
        office.look(MONDAY + number * HOUR, f"case-{number}")
    office.review(date(2026, 1, 19))
    office.review(date(2026, 3, 16))
    assert stored(office) == []
    assert len(office.run(lambda tx: tx.reviews.open())) >= 1
    assert office.run(lambda tx: scoring.forget(tx, MONDAY + DAY)) >= 1
    assert office.run(lambda tx: tx.reviews.open()) == []


def test_a_watch_counts_until_its_last_day(office: Any) -> None:
    watch = Watch(
        b"w" * 16, Watched.WORKER, "w.twee", None, "p.officer", date(2026, 1, 12), date(2026, 1, 13)
    )
    office.run(lambda tx: tx.reviews.put_watch(watch))
    office.look(MONDAY, worker="w.twee")
    office.look(MONDAY + HOUR, worker="w.een")
    office.score()
    assert [Indicator.WATCHED in indicators(each) for each in stored(office)] == [True, False]
    office.look(MONDAY + 2 * DAY, worker="w.twee")
    office.score()
    assert Indicator.WATCHED not in indicators(stored(office)[-1])


def test_a_watch_counts_for_looks_on_its_days_whenever_they_are_scored(office: Any) -> None:
    first, last = (MONDAY + DAY).date(), (MONDAY + 2 * DAY).date()
    watch = Watch(b"w" * 16, Watched.WORKER, "w.een", None, "p.officer", first, last)
    office.run(lambda tx: tx.reviews.put_watch(watch))
    refs = [office.look(MONDAY + number * DAY, f"case-{number}") for number in range(4)]
    office.now = MONDAY + 5 * DAY
    office.score()
    reviews = [office.run(lambda tx, ref=ref: tx.reviews.get(ref)) for ref in refs]
    watched = [Indicator.WATCHED in {each.indicator for each in review.reasons} for review in reviews]
    assert watched == [False, True, True, False]


def test_the_real_log_gives_what_the_synthetic_year_is_measured_with(
    office: Any, new_database: Callable[[datetime], SqlDatabase]
) -> None:
    """Ten weeks of a small year through a real database, against the run in memory that the bench measures."""
    year = year_with_snoops(5, workers=30, share=0.1)
    end = date(2026, 3, 23)
    year.events = [each for each in year.events if local_day(each.at) < end]
    policy = ReviewPolicy(listed_per_week=3, listed_permyriad=0, sampled_per_week=0)
    expected = review(told(year, policy), 1)
    office.database, office.policy = new_database(MONDAY - 99 * DAY), policy
    for worker in year.workers:
        office.run(lambda tx, worker=worker: tx.staff.put(_member(worker)))
    for number, relation in enumerate(sorted(year.watched)):
        watch = Watch(number.to_bytes(16, "big"), Watched.CASE, relation, None, "p", date(2025, 1, 1), end)
        office.run(lambda tx, watch=watch: tx.reviews.put_watch(watch))
    events = year.in_order()
    monday = date(2026, 1, 12)
    refs = []
    while monday <= end:
        week = [each for each in events if monday - timedelta(days=7) <= local_day(each.at) < monday]
        if monday == date(2026, 1, 12):
            week = [each for each in events if local_day(each.at) < monday]
        office.now = datetime.combine(monday, time(), DUTCH_TIME).astimezone(UTC)
        refs += office.tell(*week)
        office.score()
        office.run(lambda tx: scoring.list_weeks(tx, policy, Random(1), office.now))
        monday += timedelta(days=7)
    chosen = office.run(lambda tx: tx.reviews.chosen_since(date(2026, 1, 1)))
    number_of = {ref: number for number, ref in enumerate(refs)}
    assert len(chosen) >= 15
    assert {number_of[each.ref] for each in chosen} == {ref.number for ref in expected.reviews}


def _member(worker: Any) -> StaffMember:
    return StaffMember(worker.staff_id, "00000099000000000001", worker.team, active=True)
