"""The invented municipality is big enough, always the same, and holds no real person."""

from collections import Counter
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.demo.municipality import (
    RESIDENT_COUNT,
    Municipality,
    build,
    is_official_bsn,
    months_before,
)
from deploy.demo.organisations import (
    ADMINISTRATORS,
    MUNICIPALITY,
    ORGANISATIONS,
    PUBLISHERS,
    STAFF,
    TEAMS,
    WORKERS,
    signal_type,
)
from deploy.demo.stories import STORIES
from policy.rulesets import bundled, load

DAYS = st.dates(date(2026, 1, 1), date(2040, 12, 31))


def test_there_are_at_least_forty_residents_each_with_a_bsn_of_their_own(place: Municipality) -> None:
    assert len(place.residents) == RESIDENT_COUNT >= 40
    assert len({resident.bsn for resident in place.residents}) == RESIDENT_COUNT


def test_every_bsn_is_an_official_test_number(place: Municipality) -> None:
    assert all(is_official_bsn(resident.bsn) for resident in place.residents)


@pytest.mark.parametrize(
    ("digits", "official"),
    [
        ("999900006", True),
        ("999999990", True),
        ("999900007", False),  # fails the eleven-test
        ("999900018", True),
        (str(10**8 + 9), False),  # passes it, but could be somebody's
    ],
)
def test_a_number_is_official_in_the_test_range_when_it_passes_the_eleven_test(
    digits: str, *, official: bool
) -> None:
    assert is_official_bsn(digits) is official


def test_no_resident_prints_a_bsn(place: Municipality) -> None:
    shown = repr(place)
    assert not [resident.key for resident in place.residents if resident.bsn in shown]


@given(day=DAYS)
def test_the_same_day_gives_the_same_municipality(day: date) -> None:
    assert build(day) == build(day)


def test_another_seed_gives_other_people_with_the_same_stories(place: Municipality) -> None:
    other = build(place.today, seed=7)
    assert {r.bsn for r in other.residents} != {r.bsn for r in place.residents}
    special = len(STORIES)
    assert [r.key for r in other.residents][:special] == [r.key for r in place.residents][:special]


def test_six_workers_in_two_teams_have_a_leader_each_and_opening_a_case_takes_two_officers() -> None:
    assert Counter(worker.team for worker in WORKERS) == {"noord": 3, "zuid": 3}
    leaders = [employee.team for employee in STAFF if employee.role == "teamleider"]
    assert sorted(leaders) == sorted(TEAMS)
    roles = Counter(employee.role for employee in STAFF)
    assert (roles["functioneel-beheerder"], roles["bronbeheerder"]) == (2, 1)
    assert roles["privacy-officer"] == 2
    assert len({employee.staff_id for employee in STAFF}) == len({each.name for each in STAFF}) == len(STAFF)


def test_every_source_belongs_to_a_publisher_that_signs_signals() -> None:
    signing = {publisher.oin for publisher in PUBLISHERS if publisher.batch_class == "signaal"}
    kinds = Counter(source.source.partition(":")[0] for source in ORGANISATIONS.values())
    assert kinds == {"agb": 4, "kvk": 2, "gemeente": 2}
    assert {source.publisher for source in ORGANISATIONS.values()} == signing
    assert all(source.number.isdigit() for source in ORGANISATIONS.values())
    pairs = {(source.source, signal_type(provider)) for provider, source in ORGANISATIONS.items()}
    assert len(pairs) == len(ORGANISATIONS)


def test_one_source_is_further_behind_than_its_kind_may_be() -> None:
    catalogue = load(bundled()).catalogue
    most = {
        publisher.oin: min(
            catalogue.signal_type(signal_type(provider)).freshness_days  # type: ignore[union-attr]
            for provider, source in ORGANISATIONS.items()
            if source.publisher == publisher.oin
        )
        for publisher in PUBLISHERS
        if publisher.batch_class == "signaal"
    }
    behind = [each.oin for each in PUBLISHERS if each.oin in most and each.behind_days > most[each.oin]]
    assert behind == [ADMINISTRATORS.oin]


def test_whoever_answers_for_a_source_works_there() -> None:
    (administrator,) = (employee for employee in STAFF if employee.role == "bronbeheerder")
    assert administrator.employer in PUBLISHERS
    assert {each.employer for each in STAFF if each is not administrator} == {MUNICIPALITY}


def test_publishers_have_oins_from_the_test_prefix() -> None:
    assert len(PUBLISHERS) == len({publisher.oin for publisher in PUBLISHERS}) == 5
    assert all(p.oin.startswith("00000099") and len(p.oin) == 20 and p.oin.isdigit() for p in PUBLISHERS)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.key)
def test_every_special_story_has_its_person_and_its_help(place: Municipality, story: object) -> None:
    key = getattr(story, "key")  # noqa: B009 - parametrize hands out objects
    assert [resident.key for resident in place.residents].count(key) == 1
    assert len([case for case in place.cases if case.resident.key == key]) == len(getattr(story, "care"))  # noqa: B009


def test_there_are_people_with_none_one_and_several_kinds_of_help(place: Municipality) -> None:
    helped = Counter(key for key, _ in place.running())
    counts = Counter(helped[resident.key] for resident in place.residents)
    assert min(counts[0], counts[1]) >= 5
    assert sum(count for number, count in counts.items() if number > 1) >= 3


EXPECTED = [
    (
        "several",
        {"wmo-1", "wmo-2", "schuldhulp", "bijstand", "werk", "bewind"},
        {"wmo-1", "schuldhulp", "bijstand", "werk", "bewind"},
    ),
    ("benefit-ended", {"werk"}, {"werk"}),
    ("two-of-one", {"wmo-1"}, {"wmo-1"}),
    ("nothing-running", set(), set()),
    ("temporary-stop", {"wmo-1"}, {"wmo-1"}),
    ("removed-start", set(), set()),
    ("ended-traject", set(), set()),
    ("refused-debt", set(), set()),
    ("ended-debt", set(), set()),
    ("partner", {"schuldhulp"}, {"schuldhulp"}),
    ("died", set(), set()),
    ("moved-away", set(), set()),
]


@pytest.mark.parametrize(("key", "now", "later"), EXPECTED, ids=[key for key, _, _ in EXPECTED])
def test_help_runs_as_the_story_says(place: Municipality, key: str, now: set[str], later: set[str]) -> None:
    assert {provider for who, provider in place.running() if who == key} == now
    assert {provider for who, provider in place.running(later=True) if who == key} == later


@given(day=DAYS)
def test_one_reference_names_one_person(day: date) -> None:
    people: dict[str, set[str]] = {}
    for case in build(day).cases:
        people.setdefault(case.reference, set()).add(case.resident.key)
    assert all(len(keys) == 1 for keys in people.values())


@given(day=DAYS)
def test_minors_are_minors_and_nothing_ends_before_it_begins(day: date) -> None:
    place = build(day)
    ages = {resident.key: (day - resident.born).days / 365.25 for resident in place.residents}
    assert ages["minor"] < 16
    assert ages["child"] < 12
    assert 17 < ages["nearly-adult"] < 18
    assert all(provision.begin < (provision.end or day) <= day for provision in place.provisions)
    assert all(debt.begin < (debt.end or day) <= day for debt in place.debts)


@given(day=DAYS, months=st.integers(0, 1200))
def test_going_back_months_stays_in_the_right_month(day: date, months: int) -> None:
    back = months_before(day, months)
    assert (day.year * 12 + day.month) - (back.year * 12 + back.month) == months
    assert back.day <= day.day
