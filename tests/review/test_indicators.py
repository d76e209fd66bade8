"""Each indicator speaks when it should, keeps silent next to it, and says what it saw."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from signal_index.model.review import Indicator, LookRef
from signal_index.review.words import sentence_of

NewTold = Callable[..., Any]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOON = datetime(2026, 3, 3, 11, 0, tzinfo=UTC)


def test_an_ordinary_look_has_no_reason(told: NewTold) -> None:
    story = told()
    next_day = story.usual()
    ref = story.look(next_day, "usual-w.a-0", informed="verteld")
    assert story.reasons[ref] == {}


def test_an_evening_look_stands_out_for_who_seldom_looks_then(told: NewTold) -> None:
    story = told()
    evening = story.usual() + timedelta(hours=11, minutes=14)
    found = story.reasons[story.look(evening)]["buiten-kantoortijd"]
    assert dict(found.facts)["time"] == f"{(evening + HOUR):%H.%M}"  # in the Netherlands
    assert dict(found.facts) | {"times": "0"} == dict(found.facts)


def test_an_evening_look_of_who_never_looked_before_is_not_counted_against_nothing(told: NewTold) -> None:
    story = told()
    first = sentence_of(story.reasons[story.look(NOON + 10 * HOUR)]["buiten-kantoortijd"])
    assert (
        str(first)
        == "Buiten kantoortijd: 22.00 uur. Van deze medewerker is er nog niets om mee te vergelijken."
    )
    evening = story.usual() + 11 * HOUR
    later = str(sentence_of(story.reasons[story.look(evening)]["buiten-kantoortijd"]))
    assert "eerder bij" in later
    assert "0 van 0" not in later


def test_an_evening_look_of_a_crisis_team_does_not_stand_out(told: NewTold) -> None:
    story = told()
    at = datetime(2026, 3, 2, 19, 0, tzinfo=UTC)
    for number in range(40):
        story.look(at + number * DAY, f"case-{number}")
    assert "buiten-kantoortijd" not in story.reasons[story.look(at + 41 * DAY)]


def test_several_residents_on_one_evening_stand_out_more_than_one(told: NewTold) -> None:
    story = told()
    evening = story.usual() + 11 * HOUR
    refs = [story.look(evening + number * timedelta(minutes=9), f"case-{number}") for number in range(5)]
    weights = [sum(reason.weight for reason in story.reasons[ref].values()) for ref in refs]
    assert "reeks-buiten-kantoortijd" not in story.reasons[refs[1]]
    assert dict(story.reasons[refs[4]]["reeks-buiten-kantoortijd"].facts) == {"number": "5"}
    assert weights == sorted(weights)


def test_evenings_at_the_same_resident_stand_out(told: NewTold) -> None:
    story = told()
    evening = story.usual(days=60, residents=3) + 11 * HOUR
    first, second = story.look(evening, "one"), story.look(evening + 3 * DAY, "one")
    other = story.look(evening + 4 * DAY, "another")
    assert "vaker-buiten-kantoortijd" not in story.reasons[first]
    assert dict(story.reasons[second]["vaker-buiten-kantoortijd"].facts) == {"times": "2"}
    assert "vaker-buiten-kantoortijd" not in story.reasons[other]


def test_a_case_she_made_herself_and_that_ends_soon_gets_a_reason_afterwards(told: NewTold) -> None:
    story = told()
    story.hear("relation.registered", NOON, relation="own", actor="w.a", self_registered=True)
    story.hear("relation.confirmed", NOON + HOUR, relation="own", actor="t.lead")
    ref = story.look(NOON + 2 * HOUR, "own")
    assert {"zelf-geregistreerd", "nieuwe-zorgrelatie"} <= story.reasons[ref].keys()
    assert "snel-beeindigd" not in story.reasons[ref]
    story.hear("relation.ended", NOON + 3 * DAY, relation="own", actor="i.intake")
    assert dict(story.reasons[ref]["snel-beeindigd"].facts) == {"days": "2"}


@pytest.mark.parametrize(("lived", "looked_before"), [(40, 3), (20, 16)])
def test_a_case_that_lasted_or_a_look_long_before_its_end_gets_none(
    told: NewTold, lived: int, looked_before: int
) -> None:
    story = told()
    story.hear("relation.registered", NOON, relation="own", actor="w.a", self_registered=True)
    end = NOON + lived * DAY
    ref = story.look(end - looked_before * DAY, "own")
    story.hear("relation.ended", end, relation="own", actor="i.intake")
    assert "snel-beeindigd" not in story.reasons[ref]


def test_a_case_of_the_feed_is_no_case_of_her_own(told: NewTold) -> None:
    story = told()
    story.hear("relation.registered", NOON, relation="fed", actor="i.intake", self_registered=False)
    ref = story.look(NOON + 2 * HOUR, "fed")
    assert "zelf-geregistreerd" not in story.reasons[ref]
    assert "nieuwe-zorgrelatie" in story.reasons[ref]
    later = story.look(NOON + 2 * DAY, "fed")
    assert "nieuwe-zorgrelatie" not in story.reasons[later]


def test_a_case_of_her_own_that_is_left_gets_a_reason_after_three_weeks(told: NewTold) -> None:
    story = told()
    for name in ("left", "worked-on"):
        story.hear("relation.registered", NOON, relation=name, actor="w.a", self_registered=True)
    left, first = story.look(NOON + HOUR, "left"), story.look(NOON + HOUR, "worked-on")
    story.look(NOON + 15 * DAY, "worked-on")
    story.look(NOON + 22 * DAY, "something-else")
    assert "daarna-niets" in story.reasons[left]
    assert "daarna-niets" not in story.reasons[first]


def test_a_person_who_is_with_a_colleague_stands_out_in_a_case_she_made_herself(told: NewTold) -> None:
    story = told()
    story.hear("lookup.answered", NOON, "p1", actor="w.b", relation="colleague")
    story.hear("relation.registered", NOON + HOUR, "p1", relation="own", actor="w.a", self_registered=True)
    ref = story.hear("lookup.answered", NOON + 2 * HOUR, "p1", actor="w.a", relation="own")
    assert "al-bij-collega" in story.reasons[ref]
    story.hear("relation.registered", NOON + HOUR, "p2", relation="own2", actor="w.a", self_registered=True)
    alone = story.hear("lookup.answered", NOON + 2 * HOUR, "p2", actor="w.a", relation="own2")
    assert "al-bij-collega" not in story.reasons[alone]


def arrange(story: Any, at: datetime, first_day: str) -> None:
    story.hear("cover.arranged", at, actor="w.b", cover="c1", absentee="w.b", first_day=first_day)


def test_a_cover_at_the_last_moment_stands_out_and_one_in_time_does_not(told: NewTold) -> None:
    story = told()
    arrange(story, NOON, "2026-03-03")
    ref = story.look(NOON + HOUR, cover="c1")
    assert dict(story.reasons[ref]["net-vervanger"].facts) == {"hours": "1"}
    story = told()
    arrange(story, NOON - 10 * DAY, "2026-03-03")
    assert "net-vervanger" not in story.reasons[story.look(NOON + HOUR, cover="c1")]


@pytest.mark.parametrize("absentee_first", [True, False])
def test_an_absent_colleague_who_works_herself_stands_out_whoever_looked_first(
    told: NewTold,
    absentee_first: bool,  # noqa: FBT001 - a table
) -> None:
    story = told()
    arrange(story, NOON - 10 * DAY, "2026-03-03")
    moments = (NOON + HOUR, NOON) if absentee_first else (NOON, NOON + HOUR)
    refs = {}
    for at in sorted(moments):
        if at == moments[0]:
            refs["delegate"] = story.look(at, "case", "w.a", cover="c1")
        else:
            story.look(at, "other", "w.b")
    assert "vervangene-aan-het-werk" in story.reasons[refs["delegate"]]
    next_day = story.look(NOON + DAY, "case", "w.a", cover="c1")
    assert "vervangene-aan-het-werk" not in story.reasons[next_day]


def test_many_residents_in_an_hour_stand_out_against_what_is_usual(told: NewTold) -> None:
    story = told()
    at = story.usual()
    refs = [story.look(at + number * timedelta(minutes=3), f"case-{number}") for number in range(14)]
    found = story.reasons[refs[-1]]["veel-in-een-uur"]
    assert dict(found.facts) == {"number": "14", "team": "1", "usual": "1"}
    assert "veel-in-een-uur" not in story.reasons[refs[3]]
    assert "veel-op-een-dag" in story.reasons[refs[-1]]


def test_a_team_that_goes_through_its_cases_together_does_not_stand_out(told: NewTold) -> None:
    story = told()
    at = max(story.usual(worker) for worker in ("w.a", "w.b", "w.c", "w.d", "w.e"))
    for number in range(14):
        for worker in ("w.b", "w.c", "w.d", "w.e", "w.a"):
            last = story.look(at + number * timedelta(minutes=3), f"{worker}-{number}", worker)
    assert "veel-in-een-uur" not in story.reasons[last]


REPEATS_FROM = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def again_and_again(story: Any, **fields: Any) -> LookRef:
    """Six looks at one resident, four days apart; gives back the last one."""
    refs: list[LookRef] = [
        story.look(REPEATS_FROM + number * 4 * DAY, "one", **fields) for number in range(6)
    ]
    return refs[-1]


def test_looking_again_and_again_at_one_resident_stands_out_unless_it_is_printed(told: NewTold) -> None:
    story, printed = told(), told()
    printed.hear("view.printed", REPEATS_FROM - DAY, actor="w.a", relation="one", sheet="werkblad")
    printed.hear("view.printed", REPEATS_FROM, actor="w.a", relation="one", sheet="werkblad")
    found = story.reasons[again_and_again(story)]["herhaald"]
    assert dict(found.facts) == {"before": "0", "days": "28", "times": "6", "weeks": "9"}
    assert "herhaald" not in printed.reasons[again_and_again(printed)]


def test_who_looked_as_often_before_or_through_a_young_case_or_a_cover_does_not_repeat(told: NewTold) -> None:
    before, young, old, cover = told(), told(), told(), told()
    for number in range(9):
        before.look(REPEATS_FROM + (number - 15) * 4 * DAY, "one")
    young.hear("relation.registered", REPEATS_FROM - 30 * DAY, "p", relation="one")
    old.hear("relation.registered", REPEATS_FROM - 45 * DAY, "p", relation="one")
    assert "herhaald" not in before.reasons[again_and_again(before)]
    assert "herhaald" not in young.reasons[again_and_again(young)]
    assert "herhaald" in old.reasons[again_and_again(old)]
    assert "herhaald" not in cover.reasons[again_and_again(cover, cover="cover")]


def test_many_looks_on_a_few_days_are_no_repeats(told: NewTold) -> None:
    story = told()
    refs = [story.look(REPEATS_FROM + number // 4 * DAY + number * HOUR / 4, "one") for number in range(12)]
    assert not any("herhaald" in story.reasons[ref] for ref in refs)


def test_attempts_outside_the_caseload_add_up_and_a_late_feed_excuses(told: NewTold) -> None:
    story = told()
    refs = [story.attempt(NOON + number * HOUR, f"case-{number}") for number in range(3)]
    assert dict(story.reasons[refs[-1]]["buiten-caseload"].facts) == {"times": "3"}
    weights = [story.reasons[ref]["buiten-caseload"].weight for ref in refs]
    assert weights == sorted(set(weights))
    late = told()
    for worker in ("w.b", "w.c", "w.d"):
        late.attempt(NOON, f"case-of-{worker}", worker)
    assert late.reasons[late.attempt(NOON + HOUR, "case")] == {}
    ended = told()
    assert ended.reasons[ended.attempt(NOON, "case", reason="relation-not-live")] == {}


def test_what_is_under_watch_stands_out_for_every_worker_and_in_every_relation_of_the_person(
    told: NewTold,
) -> None:
    story = told(cases={"watched"}, persons={b"p1"}, workers={"w.c"})
    by_case = story.look(NOON, "watched")
    by_person = story.hear("lookup.answered", NOON, "p1", actor="w.b", relation="other")
    by_worker = story.look(NOON, "any", "w.c")
    assert dict(story.reasons[by_case]["onder-toezicht"].facts) == {"what": "zaak"}
    assert dict(story.reasons[by_person]["onder-toezicht"].facts) == {"what": "zaak"}
    assert dict(story.reasons[by_worker]["onder-toezicht"].facts) == {"what": "medewerker"}
    assert "onder-toezicht" not in story.reasons[story.look(NOON, "any")]


def test_looks_before_a_watch_do_not_stand_out_for_it(told: NewTold) -> None:
    story = told(cases={"watched"}, watched_since=(NOON + 2 * DAY).date())
    looks = {day: story.look(NOON + day * DAY, "watched") for day in (0, 1, 2, 3)}
    assert {day: "onder-toezicht" in story.reasons[ref] for day, ref in looks.items()} == {
        0: False, 1: False, 2: True, 3: True,
    }  # fmt: skip


def test_a_resident_who_does_not_know_is_told_and_moves_nothing(told: NewTold) -> None:
    story = told()
    found = story.reasons[story.look(NOON, informed="nog-niet")]["inwoner-weet-niet"]
    assert found.weight == 0


def test_emergency_access_is_reviewed_before_anything_else(told: NewTold) -> None:
    story = told()
    assert story.reasons[story.look(NOON, emergency=True)]["spoed"].weight > 6


def test_every_indicator_is_seen_speaking_in_a_test_here() -> None:
    with open(__file__, encoding="utf-8") as source:  # noqa: PTH123 - reads itself
        text = source.read()
    assert not [each.value for each in Indicator if f'"{each.value}"' not in text]
