"""Who asks too often has to wait, on the pages and at the interface together; nobody else notices."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signal_index.web.api import rates
from signal_index.web.api.rates import PER_MINUTE, STRANGERS_PER_MINUTE, Limiter, Rate, Strangers
from signal_index.web.app import Surface, create_app
from signal_index.web.pages.site import PAGES
from tests.index.conftest import World
from tests.index.site.conftest import House

LOOK = Rate.LOOK


class Clock:
    """Seconds that go up when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_minute_holds_what_it_holds_and_fills_up_bit_by_bit(clock: Clock) -> None:
    limiter = Limiter({LOOK: 6}, clock)
    assert [limiter.take(LOOK, "w.een") for _ in range(6)] == [None] * 6
    wait = limiter.take(LOOK, "w.een")
    assert wait is not None
    assert (wait.seconds, wait.is_news) == (10, True)
    clock.now += 9
    again = limiter.take(LOOK, "w.een")
    assert again is not None
    assert (again.seconds, again.is_news) == (1, False)
    clock.now += 1
    assert limiter.take(LOOK, "w.een") is None
    news = limiter.take(LOOK, "w.een")
    assert news is not None
    assert not news.is_news, "who goes on as fast is in the same spell"
    clock.now += 40
    assert limiter.take(LOOK, "w.een") is None
    waits = [wait for wait in (limiter.take(LOOK, "w.een") for _ in range(4)) if wait is not None]
    assert waits[0].is_news, "a new spell"


def test_one_caller_and_one_rate_cost_another_nothing(clock: Clock) -> None:
    limiter = Limiter({LOOK: 1, Rate.WORK: 1}, clock)
    assert limiter.take(LOOK, "w.een") is None
    assert limiter.take(LOOK, "w.een") is not None
    assert limiter.take(LOOK, "w.twee") is None
    assert limiter.take(Rate.WORK, "w.een") is None


def test_what_has_no_limit_is_not_counted(clock: Clock) -> None:
    limiter = Limiter({LOOK: 1}, clock)
    assert all(limiter.take(Rate.OPEN, "w.een") is None for _ in range(100))


@given(
    most=st.integers(1, 20),
    steps=st.lists(st.tuples(st.floats(0, 90), st.integers(1, 40)), max_size=15),
)
def test_over_any_stretch_a_caller_gets_no_more_than_that_stretch_holds(
    most: int, steps: list[tuple[float, int]]
) -> None:
    clock = Clock()
    limiter = Limiter({LOOK: most}, clock)
    through: list[float] = []
    for pause, tries in steps:
        clock.now += pause
        through += [clock.now for _ in range(tries) if limiter.take(LOOK, "w.een") is None]
    for start in range(len(through)):
        for end in range(start, len(through)):
            held = most * (1 + (through[end] - through[start]) / 60)
            assert end - start + 1 <= held + 1e-6


@given(most=st.integers(1, 50), tries=st.integers(1, 120))
def test_whoever_waits_as_long_as_she_is_told_gets_through(most: int, tries: int) -> None:
    clock = Clock()
    limiter = Limiter({LOOK: most}, clock)
    for _ in range(tries):
        wait = limiter.take(LOOK, "w.een")
        if wait is not None:
            clock.now += wait.seconds
            assert limiter.take(LOOK, "w.een") is None


def test_callers_who_are_quiet_are_forgotten_and_the_others_are_not(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rates, "CALLERS_MAX", 3)
    limiter = Limiter({LOOK: 1}, clock)
    for name in ("a", "b"):
        limiter.take(LOOK, name)
    clock.now += 59
    limiter.take(LOOK, "c")
    clock.now += 1
    limiter.take(LOOK, "d")
    assert {name for _, name in limiter._accounts} == {"c", "d"}
    assert limiter.take(LOOK, "c") is not None, "who was here a second ago is not forgotten"
    assert limiter.take(LOOK, "d") is not None


# --- In the product -----------------------------------------------------------------------------------------------


@pytest.fixture
def strict(world: World, clock: Clock) -> World:
    """A world in which a minute holds three looks and two other requests."""
    limiter = Limiter({LOOK: 3, Rate.WORK: 2}, clock)
    world.desk = replace(world.desk, limiter=limiter, strangers=Strangers(clock))
    world.app = create_app(world.desk, Surface.ALL)
    row = world.relation()
    world.register_relations((world.PEOPLE[0], row))
    world.publish_nothing_else()
    world.relation_id = row.relation_id  # type: ignore[attr-defined]  # for the tests below
    return world


def test_a_fourth_look_waits_and_the_first_refusal_is_on_record(strict: Any, clock: Clock) -> None:
    assert [strict.look(strict.relation_id).status_code for _ in range(5)] == [200, 200, 200, 429, 429]
    refused = strict.look(strict.relation_id)
    assert refused.headers["content-type"] == "application/problem+json"
    assert (refused.json()["code"], refused.headers["retry-after"]) == ("rate", "20")
    assert refused.headers["api-version"]
    record = strict.records("action.refused")
    assert [(each.fields["actor"], each.fields["reason"], each.fields["surface"]) for each in record] == [
        ("w.een", "rate", "raadplegingen")
    ]
    assert strict.request("GET", "/v1/zorgrelaties", headers=strict.token()).status_code == 200
    assert strict.look(strict.relation_id, "w.twee").status_code == 404, "her own minute, not that of w.een"
    clock.now += 20
    assert strict.look(strict.relation_id).status_code == 200


def test_a_refused_look_reads_nothing_and_is_no_look(strict: Any) -> None:
    for _ in range(3):
        strict.look(strict.relation_id)
    statements: list[str] = []
    strict.watch(statements)
    strict.look(strict.relation_id)
    assert not [line for line in statements if "flag" in line.lower() or "relation" in line.lower()]
    assert len(strict.records("lookup.answered")) == 3
    assert not strict.records("lookup.refused")


def test_other_requests_have_a_minute_of_their_own_and_what_nobody_asks_has_none(strict: Any) -> None:
    asked = [strict.request("GET", "/v1/zorgrelaties", headers=strict.token()).status_code for _ in range(3)]
    assert asked == [200, 200, 429]
    assert {strict.request("GET", "/v1/gereed").status_code for _ in range(10)} == {200}
    assert {strict.request("GET", "/v1/openapi.json").status_code for _ in range(10)} == {200}


def test_a_token_that_does_not_verify_counts_for_nobody(strict: Any) -> None:
    for _ in range(5):
        strict.request("GET", "/v1/zorgrelaties", headers={"Authorization": "Bearer x"})
    assert strict.request("GET", "/v1/zorgrelaties", headers=strict.token()).status_code == 200


def test_a_flood_of_strangers_is_a_few_records_with_how_many_they_were(strict: Any, clock: Clock) -> None:
    flood, forged = 50, {"Authorization": "Bearer x"}
    answers = {strict.request("GET", "/v1/zorgrelaties").status_code for _ in range(flood)}
    assert answers == {401}, "counted or recorded, nobody gets through or hears anything else"
    assert [each.fields["besides"] for each in strict.records("access.refused")] == [
        None
    ] * STRANGERS_PER_MINUTE
    strict.request("GET", "/v1/zorgrelaties", headers=forged)
    newest = strict.records("access.refused")[0].fields
    assert (newest["reason"], newest["besides"]) == ("token-malformed", None), "no flood hides another reason"
    clock.now += 60 / STRANGERS_PER_MINUTE
    strict.request("GET", "/v1/zorgrelaties")
    newest = strict.records("access.refused")[0].fields
    assert (newest["reason"], newest["besides"]) == ("no-token", flood - STRANGERS_PER_MINUTE)


@given(steps=st.lists(st.tuples(st.floats(0, 90), st.integers(1, 40)), max_size=15))
def test_no_refusal_of_a_stranger_is_lost_from_the_count(steps: list[tuple[float, int]]) -> None:
    clock, tried, told = Clock(), 0, 0
    strangers = Strangers(clock)
    for pause, tries in [*steps, (60.0, 1)]:
        clock.now += pause
        tried += tries
        told += sum(
            1 + besides for besides in (strangers.turn_away("x") for _ in range(tries)) if besides is not None
        )
    assert told == tried


def test_a_page_and_the_interface_count_together(strict: Any) -> None:
    house = House(strict)
    for _ in range(3):
        strict.request("GET", "/v1/gereed")
        house.world.look(strict.relation_id)
    browser = house.browser("w.een", "wijkteammedewerker")
    path = f"/caseload/{_uuid(strict.relation_id)}/raadplegen"
    assert browser.get(path).status_code == 200, "asking for a purpose is no look"
    refused = browser.post(path, {"doel": "voorbereiding-huisbezoek", "inwoner": "told"})
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "20"
    assert "Wacht even" in refused.text
    assert [each.fields["surface"] for each in strict.records("action.refused")] == ["look"]


def _uuid(raw: bytes) -> str:
    text = raw.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def test_the_page_that_looks_is_counted_as_looking() -> None:
    assert {page.name for page in PAGES if page.rate is LOOK} == {"look"}
    assert PER_MINUTE.keys() == {LOOK, Rate.WORK}
