"""Emergency access: off until the rules turn it on, and then presence only, for its own purpose and nothing else."""

from collections.abc import Callable, Mapping
from datetime import date
from itertools import product
from typing import Any

import pytest

from policy.errors import RuleSetError
from policy.facts import LookupFacts
from policy.in_force import InForce
from policy.pdp import decide
from policy.rulesets import RuleSet, load
from policy.vocabulary import AgeBand, Duty, Level, Outcome, PurposeCode
from signal_index import enforcement

Facts = Callable[..., LookupFacts]
DAY = date(2026, 3, 3)
EMERGENCY = PurposeCode("noodtoegang")
REACHED = ["wmo-voorziening", "wlz-indicatie", "wlz-zorg"]
CARED_FOR = {"relation_live": True, "relation_confirmed": True}
ALONE: dict[str, Any] = {"relation_live": False, "relation_confirmed": False, "emergency": True}


@pytest.fixture(scope="module")
def turned_on(files: Mapping[str, str], rule_set: RuleSet) -> InForce:
    """The rules of a set that turns it on, which is another set."""
    catalogue = files["catalogue.toml"]
    assert catalogue.count("\nin_force = false\n") == 1
    changed = catalogue.replace("\nin_force = false\n", "\nin_force = true\n")
    on = load({**files, "catalogue.toml": changed})
    assert on.digest != rule_set.digest
    return on.in_force(DAY)


def test_it_is_off_and_its_grant_is_in_no_engine(rules: InForce, rule_set: RuleSet) -> None:
    assert rule_set.catalogue.purpose(EMERGENCY) is not None
    assert rules.catalogue.purpose(EMERGENCY) is None
    assert [rule.key for rule in rules.rules if rule.purpose == EMERGENCY] == []
    assert rules.source is not None
    assert "T12" not in rules.source.policies


def test_while_it_is_off_nobody_sees_anything_by_it(rules: InForce, facts_with: Facts) -> None:
    types = [each.code for each in rules.catalogue.types]
    for live, emergency, band in product((True, False), (True, False), AgeBand):
        facts = facts_with(purpose=EMERGENCY, relation_live=live, emergency=emergency, age_band=band)
        assert decide(rules, facts, types).allowed == ()


# What changes about a look that is in order, and what comes of it: the outcome and the rules that say so.
TABLE: list[tuple[str, dict[str, Any], Outcome, list[str]]] = [
    ("nobody confirmed it yet", {}, Outcome.ALLOWED, ["T12"]),
    ("she has a care relation besides", CARED_FOR, Outcome.ALLOWED, ["T12"]),
    ("a shielded resident", {"shielded": True}, Outcome.ALLOWED, ["T12"]),
    ("nothing declared", {"emergency": False}, Outcome.REFUSED, ["G01"]),
    ("nothing declared, but a relation", {"emergency": False, **CARED_FOR}, Outcome.NO_RULE, []),
    ("an account that is off", {"account_active": False}, Outcome.REFUSED, ["G02"]),
    ("no second factor", {"second_factor": False}, Outcome.REFUSED, ["G03"]),
    ("another organisation", {"relation_organisation": "stichting"}, Outcome.REFUSED, ["G06"]),
    ("another team", {"relation_team": "zuid"}, Outcome.REFUSED, ["G07"]),
    ("somebody young", {"age_band": AgeBand.FROM_12_TO_15}, Outcome.REFUSED, ["G08"]),
    ("an objection", {"objection": True}, Outcome.REFUSED, ["G10"]),
    ("somebody she knows", {"involved": True}, Outcome.REFUSED, ["G11"]),
    ("a team lead", {"role": "teamleider"}, Outcome.NO_RULE, []),
    ("a privacy officer", {"role": "privacy-officer"}, Outcome.NO_RULE, []),
]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "outcome", "rules"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_once_turned_on_it_opens_this_and_no_more(
    changes: dict[str, Any], outcome: Outcome, rules: list[str], turned_on: InForce, facts_with: Facts
) -> None:
    decision = decide(turned_on, facts_with(**{"purpose": EMERGENCY, **ALONE, **changes}), REACHED)
    assert [each.outcome for each in decision.outcomes] == [outcome] * len(REACHED)
    assert {tuple(reason[:3] for reason in each.reasons) for each in decision.outcomes} == {tuple(rules)}


def test_it_opens_presence_of_support_and_care_and_nothing_else(
    turned_on: InForce, facts_with: Facts
) -> None:
    types = [each.code for each in turned_on.catalogue.types]
    decision = decide(turned_on, facts_with(purpose=EMERGENCY, **ALONE), types)
    assert dict(decision.allowed) == dict.fromkeys(REACHED, Level.PRESENCE)


def test_turning_it_on_opens_nothing_for_any_other_purpose(
    rules: InForce, turned_on: InForce, facts_with: Facts
) -> None:
    types = [each.code for each in rules.catalogue.types]
    for purpose in rules.catalogue.purposes:
        for live, confirmed, emergency in product((True, False), repeat=3):
            facts = facts_with(
                purpose=purpose.code, relation_live=live, relation_confirmed=confirmed, emergency=emergency
            )
            after = decide(turned_on, facts, types)
            assert after.outcomes == decide(rules, facts, types).outcomes
            assert (live and confirmed) or after.allowed == ()


def test_a_relation_guard_that_an_emergency_opens_for_every_purpose_does_not_load(
    files: Mapping[str, str],
) -> None:
    name = "guards/G01-zorgrelatie-2026-01-01.cedar"
    tie = 'context.raadpleging.doel == "noodtoegang" && '
    assert files[name].count(tie) == 1
    with pytest.raises(RuleSetError, match="G01-zorgrelatie does not refuse"):
        load({**files, name: files[name].replace(tie, "")})


def test_a_second_person_must_be_told_and_the_index_cannot_do_that_yet(
    turned_on: InForce, facts_with: Facts
) -> None:
    facts = facts_with(purpose=EMERGENCY, **ALONE)
    decision = decide(turned_on, facts, REACHED)
    assert decision.duties == (Duty.INFORM, Duty.RECORD)
    permit = enforcement._permit(decision, facts)
    assert (permit.allowed, permit.faulty) == ({}, True)
