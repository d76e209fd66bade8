"""What holds for every look-up, whatever the rules say; `test_second_model` compares what they say."""

import json
from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from policy.engine.agreed import _remembered
from policy.facts import LookupFacts, Register, read_at
from policy.pdp import Decision, decide
from policy.rulesets import bundled, load
from policy.vocabulary import AgeBand, Level, Outcome, PurposeCode, Role

RULE_SET = load(bundled())
DAY = date(2026, 3, 3)
NOW = datetime(2026, 3, 3, 9, tzinfo=UTC)
ORIGINS = read_at(NOW, dict.fromkeys(Register, "test"))
RULES = RULE_SET.in_force(DAY)
AGAIN = load(dict(reversed(list(bundled().items())))).in_force(DAY)
TYPES = [each.code for each in RULE_SET.catalogue.types]
PURPOSES = (
    "voorbereiding-huisbezoek",
    "schuldhulp-afstemming",
    "toets-zelfredzaamheid",
    "loket-triage",
    "wmo-onderzoek",
    "jeugdhulp-toeleiding",
    "participatie-begeleiding",
    "noodtoegang",
    "nieuwsgierigheid",
)

SPECIAL = {"overige-jeugdhulp"}

# Mostly in order, so that random look-ups reach the grants often enough.
mostly_true = st.sampled_from([True, True, True, False])
mostly_false = st.sampled_from([False, False, False, True])
facts_of_any_kind = st.builds(
    LookupFacts,
    role=st.sampled_from([Role.TEAM_MEMBER, Role.TEAM_MEMBER, *Role]),
    account_active=mostly_true,
    second_factor=mostly_true,
    purpose=st.sampled_from(PURPOSES).map(PurposeCode),
    relation_live=mostly_true,
    relation_confirmed=mostly_true,
    relation_organisation=st.sampled_from(["gemeente", "gemeente", "gemeente", "stichting"]),
    relation_team=st.sampled_from(["noord", "noord", "noord", "zuid"]),
    age_band=st.sampled_from(AgeBand),
    shielded=st.booleans(),
    coordinator=st.booleans(),
    organisation=st.sampled_from(["gemeente", "gemeente", "gemeente", "stichting"]),
    team=st.sampled_from(["noord", "noord", "noord", "zuid"]),
    objection=mostly_false,
    involved=mostly_false,
    emergency=st.booleans(),
    on=st.just(DAY),
    asked_at=st.just(NOW),
    origins=st.just(ORIGINS),
)


def _levels(decision: Decision) -> Mapping[str, Level]:
    return dict(decision.allowed)


def _is_within(narrow: Decision, wide: Decision) -> bool:
    wider = _levels(wide)
    return all(code in wider and level <= wider[code] for code, level in narrow.allowed)


SPOILED = [
    {"account_active": False},
    {"second_factor": False},
    {"relation_live": False},
    {"relation_confirmed": False},
    {"purpose": PurposeCode("nieuwsgierigheid")},
    {"relation_organisation": "een-andere"},
    {"relation_team": "een-ander"},
    {"objection": True},
    {"involved": True},
]


@pytest.mark.parametrize("spoiled", SPOILED, ids=str)
@settings(max_examples=40, deadline=None)
@given(facts=facts_of_any_kind)
def test_a_failing_guard_shows_nothing_whatever_the_rest_says(
    spoiled: dict[str, object], facts: LookupFacts
) -> None:
    assert decide(RULES, replace(facts, **spoiled), TYPES).allowed == ()  # type: ignore[arg-type]  # see SPOILED


@settings(max_examples=150, deadline=None)
@given(
    facts=facts_of_any_kind,
    change=st.sampled_from([*SPOILED, {"shielded": True}, {"age_band": AgeBand.UNKNOWN}]),
)
def test_a_fact_that_turns_against_the_worker_never_widens(
    facts: LookupFacts, change: dict[str, object]
) -> None:
    against = replace(facts, **change)  # type: ignore[arg-type]  # the changes are facts of the right kind
    assert _is_within(decide(RULES, against, TYPES), decide(RULES, facts, TYPES))


@settings(max_examples=150, deadline=None)
@given(facts=facts_of_any_kind, name=st.sampled_from([field.name for field in fields(LookupFacts)]))
def test_forgetting_a_fact_shows_nothing(facts: LookupFacts, name: str) -> None:
    forgotten = replace(facts, **{name: None})
    assert decide(RULES, forgotten, TYPES).allowed == ()


@settings(max_examples=100, deadline=None)
@given(facts=facts_of_any_kind)
def test_shielding_hides_no_presence_and_shows_nothing_else(facts: LookupFacts) -> None:
    open_, shielded = (decide(RULES, replace(facts, shielded=mark), TYPES) for mark in (False, True))
    assert _levels(shielded) == dict.fromkeys(_levels(open_), Level.PRESENCE)


@settings(max_examples=100, deadline=None)
@given(facts=facts_of_any_kind)
@example(
    facts=LookupFacts(
        role=Role.TEAM_MEMBER,
        account_active=True,
        second_factor=True,
        purpose=PurposeCode("toets-zelfredzaamheid"),
        relation_live=True,
        relation_confirmed=True,
        age_band=AgeBand.ADULT,
        shielded=False,
        coordinator=True,
        relation_organisation="gemeente",
        relation_team="noord",
        organisation="gemeente",
        team="noord",
        objection=False,
        involved=False,
        emergency=False,
        on=DAY,
        asked_at=NOW,
        origins=ORIGINS,
    )
)
def test_the_self_sufficiency_talk_shows_presence_and_nothing_a_home_visit_hides(facts: LookupFacts) -> None:
    talk, visit = (
        decide(RULES, replace(facts, purpose=PurposeCode(code)), TYPES)
        for code in ("toets-zelfredzaamheid", "voorbereiding-huisbezoek")
    )
    levels = {code: level for code, level in talk.allowed if code not in SPECIAL}
    assert levels == dict.fromkeys(_levels(visit), Level.PRESENCE)


@settings(max_examples=100, deadline=None)
@given(facts=facts_of_any_kind, types=st.lists(st.sampled_from([*TYPES, "geheim-traject"]), max_size=12))
def test_what_is_decided_about_a_type_does_not_depend_on_the_others(
    facts: LookupFacts, types: list[str]
) -> None:
    decision = decide(RULES, facts, types)
    assert [outcome.code for outcome in decision.outcomes] == list(dict.fromkeys(types))
    for outcome in decision.outcomes:
        assert decide(RULES, facts, [outcome.code]).outcomes == (outcome,)


@settings(max_examples=100, deadline=None)
@given(facts=facts_of_any_kind)
def test_the_same_look_up_gets_the_same_decision_from_rules_loaded_twice(facts: LookupFacts) -> None:
    assert decide(RULES, facts, TYPES) == decide(RULES, facts, TYPES) == decide(AGAIN, facts, TYPES)


anything = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.binary(max_size=9), st.dates(), st.datetimes(),
    st.text(st.characters(), max_size=9), st.just("\ud800"), st.just(object()),
    st.lists(st.none(), max_size=2), st.dictionaries(st.text(max_size=2), st.integers(), max_size=2),
    st.just(ORIGINS[:-1]), st.just((*ORIGINS, ORIGINS[0])), st.timedeltas(),
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(
    values=st.fixed_dictionaries({field.name: anything for field in fields(LookupFacts)}),
    types=st.lists(st.text(max_size=9), max_size=5),
)
@example(values={field.name: None for field in fields(LookupFacts)}, types=["jeugdhulp"])
def test_no_arguments_make_the_decision_point_raise_or_show(
    values: dict[str, object], types: list[str]
) -> None:
    decision = decide(RULES, LookupFacts(**values), [*types, "jeugdhulp"])  # type: ignore[arg-type]  # on purpose
    assert decision.allowed == ()
    assert decision.status is not Outcome.ALLOWED


ALL_WELL = LookupFacts(
    role=Role.TEAM_MEMBER, account_active=True, second_factor=True, purpose=PurposeCode("voorbereiding-huisbezoek"),
    relation_live=True, relation_confirmed=True, relation_organisation="gemeente", relation_team="noord",
    age_band=AgeBand.ADULT, shielded=False, coordinator=False, organisation="gemeente", team="noord",
    objection=False, involved=False, emergency=False, on=DAY, asked_at=NOW, origins=ORIGINS,
)  # fmt: skip
FITTING = ("organisation", "relation_organisation", "team", "relation_team", "purpose")


@settings(max_examples=300, deadline=None)
@given(name=st.sampled_from([field.name for field in fields(LookupFacts)]), value=anything)
@example(name="organisation", value="\ud800")
@example(name="on", value=NOW)
def test_one_fact_that_is_rubbish_is_a_fault_each_time_it_is_asked(name: str, value: Any) -> None:
    assert decide(RULES, ALL_WELL, ["jeugdhulp"]).status is Outcome.ALLOWED
    facts = replace(ALL_WELL, **{name: value})
    decisions = []
    for _ in range(2):
        _remembered.cache_clear()
        decisions.append(decide(RULES, facts, ["jeugdhulp"]))
    first, again = decisions
    assert first == again
    if facts.faults():
        assert (first.status, first.allowed, first.errors) == (Outcome.FAULT, (), facts.faults())
    elif name in FITTING:
        assert first.status in {Outcome.FAULT, Outcome.REFUSED}, "a word, and not hers"


@settings(max_examples=100, deadline=None)
@given(one=facts_of_any_kind, other=facts_of_any_kind)
def test_the_record_of_facts_is_stable_and_tells_different_facts_apart(
    one: LookupFacts, other: LookupFacts
) -> None:
    assert (one.canonical() == other.canonical()) == (one == other)
    stated = json.loads(one.canonical())
    assert list(stated) == sorted(field.name for field in fields(LookupFacts))
    assert stated["on"] == "2026-03-03"
