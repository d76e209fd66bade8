"""Where a fact comes from, and until when it counts."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from policy.facts import (
    ATTRIBUTE_OF_FACT,
    COUNTS_FOR,
    REGISTER_OF_FACT,
    LookupFacts,
    Origin,
    Register,
    as_stated,
    read_at,
)
from policy.in_force import InForce
from policy.pdp import decide
from policy.vocabulary import Level, Outcome

Facts = Callable[..., LookupFacts]
ASKED = datetime(2026, 3, 3, 9, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)


def _read(register: Register, known_at: datetime) -> tuple[Origin, ...]:
    """Every register read at the moment of asking, except this one."""
    others = read_at(ASKED, {each: "test" for each in Register if each is not register})
    return (*others, Origin(register, "test", known_at))


def _named(problem: str, register: Register) -> tuple[str, ...]:
    """The faults of every fact of one register."""
    return tuple(f"{problem}:{fact}" for fact in ATTRIBUTE_OF_FACT if REGISTER_OF_FACT[fact] is register)


def test_every_fact_has_one_register_and_every_register_a_limit() -> None:
    assert set(REGISTER_OF_FACT) == set(ATTRIBUTE_OF_FACT)
    assert set(REGISTER_OF_FACT.values()) == set(Register) == set(COUNTS_FOR)
    assert all(limit > timedelta(0) for limit in COUNTS_FOR.values())


@pytest.mark.parametrize("register", Register)
def test_a_reading_counts_up_to_its_limit_and_not_a_moment_longer(
    register: Register, rules: InForce, facts_with: Facts
) -> None:
    oldest = ASKED - COUNTS_FOR[register]
    still = facts_with(asked_at=ASKED, origins=_read(register, oldest))
    late = facts_with(asked_at=ASKED, origins=_read(register, oldest - INSTANT))
    assert decide(rules, still, ["jeugdhulp"]).allowed == (("jeugdhulp", Level.CONTACT),)
    decision = decide(rules, late, ["jeugdhulp"])
    assert (decision.status, decision.allowed) == (Outcome.FAULT, ())
    assert decision.errors == _named("late-fact", register)


@pytest.mark.parametrize("register", Register)
def test_a_reading_of_the_future_does_not_count(register: Register, facts_with: Facts) -> None:
    ahead = facts_with(asked_at=ASKED, origins=_read(register, ASKED + INSTANT))
    assert ahead.faults() == _named("late-fact", register)


@pytest.mark.parametrize("register", Register)
def test_a_fact_of_a_register_that_nobody_read_is_not_known(
    register: Register, rules: InForce, facts_with: Facts
) -> None:
    unread = facts_with(origins=tuple(each for each in _read(register, ASKED) if each.register != register))
    assert unread.faults() == _named("missing-fact", register)
    assert decide(rules, unread, ["jeugdhulp"]).allowed == ()


@pytest.mark.parametrize(
    "origins",
    [
        (),
        [],
        "zorgrelaties",
        ("zorgrelaties",),
        (*read_at(ASKED, dict.fromkeys(Register, "test")), Origin(Register.CLOCK, "test", ASKED)),
        read_at(ASKED, dict.fromkeys(Register, "")),
        read_at(ASKED.replace(tzinfo=None), dict.fromkeys(Register, "test")),
    ],
    ids=["none", "a list", "a text", "no origins", "one register twice", "no version", "no zone"],
)
def test_origins_that_cannot_be_read_deny(origins: Any, rules: InForce, facts_with: Facts) -> None:
    facts = facts_with(origins=origins)
    assert facts.faults() != ()
    assert decide(rules, facts, ["jeugdhulp"]).allowed == ()


@pytest.mark.parametrize("moment", [datetime(2026, 3, 3, 9), date(2026, 3, 3), "2026-03-03", 0])  # noqa: DTZ001  # on purpose
def test_a_moment_of_asking_that_is_none_denies(moment: Any, rules: InForce, facts_with: Facts) -> None:
    facts = facts_with(asked_at=moment)
    assert facts.faults() == ("bad-fact:asked_at",)
    assert decide(rules, facts, ["jeugdhulp"]).allowed == ()


def test_each_fact_says_where_it_comes_from(facts_with: Facts) -> None:
    facts = facts_with(asked_at=ASKED, origins=_read(Register.RELATIONS, ASKED - INSTANT))
    assert facts.origin_of("shielded") == Origin(Register.RELATIONS, "test", ASKED - INSTANT)
    assert facts.origin_of("role") == Origin(Register.STAFF, "test", ASKED)
    assert replace(facts, origins=()).origin_of("role") is None


def test_the_record_says_what_each_register_was_read_as_and_when(facts_with: Facts) -> None:
    facts = facts_with(asked_at=ASKED, origins=_read(Register.STAFF, ASKED - 3 * INSTANT))
    stated = json.loads(facts.canonical())
    assert stated["asked_at"] == "2026-03-03T09:00:00+00:00"
    assert stated["origins"] == {each.value: ["test", 0] for each in Register} | {"medewerkers": ["test", 3]}
    assert json.loads(replace(facts, asked_at=None).canonical())["origins"]["medewerkers"] == ["test", None]


def test_no_rule_sees_where_a_fact_comes_from(facts_with: Facts) -> None:
    one, other = (
        facts_with(asked_at=ASKED, origins=_read(Register.STAFF, moment))
        for moment in (ASKED, ASKED - INSTANT)
    )
    assert one != other
    assert one.attributes(["wgs-8"]) == other.attributes(["wgs-8"])
    assert set(one.attributes([])) == {*ATTRIBUTE_OF_FACT.values(), "grondslagen"}


def test_an_example_states_every_fact_and_is_fresh_on_its_day(facts_with: Facts) -> None:
    stated: Mapping[str, object] = facts_with().attributes([]) | {"op": date(2026, 3, 3)}
    example = as_stated(stated)
    assert example.faults() == ()
    assert as_stated({**stated, "op": None}).faults()[-3:] == (
        "missing-fact:on",
        "missing-fact:asked_at",
        "missing-fact:origins",
    )


def test_a_number_is_not_taken_for_the_truth_value_it_equals(facts_with: Facts) -> None:
    for name in ("shielded", "account_active"):
        assert facts_with(**{name: True}).faults() == ()
        assert facts_with(**{name: 1}).faults() == (f"bad-fact:{name}",)
        assert facts_with(**{name: [True]}).faults() == (f"bad-fact:{name}",)
        assert facts_with(**{name: True}).faults() == ()
