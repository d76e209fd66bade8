"""The bundled rules, loaded once, and facts that are all in order."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

import pytest

from policy.facts import LookupFacts, Register, read_at
from policy.in_force import InForce
from policy.rulesets import RuleSet, bundled, load
from policy.vocabulary import AgeBand, PurposeCode, Role

DAY = date(2026, 3, 3)
NOW = datetime(2026, 3, 3, 9, tzinfo=UTC)


@pytest.fixture(scope="session")
def files() -> Mapping[str, str]:
    return bundled()


@pytest.fixture(scope="session")
def rule_set(files: Mapping[str, str]) -> RuleSet:
    return load(files)


@pytest.fixture(scope="session")
def rules(rule_set: RuleSet) -> InForce:
    return rule_set.in_force(DAY)


@pytest.fixture(scope="session")
def facts_with() -> Callable[..., LookupFacts]:
    """Make facts that are all in order, except for what is given."""

    def make(**changes: Any) -> LookupFacts:
        in_order: dict[str, Any] = {
            "role": Role.TEAM_MEMBER,
            "account_active": True,
            "second_factor": True,
            "purpose": PurposeCode("voorbereiding-huisbezoek"),
            "relation_live": True,
            "relation_confirmed": True,
            "relation_organisation": "gemeente",
            "relation_team": "noord",
            "age_band": AgeBand.ADULT,
            "shielded": False,
            "coordinator": False,
            "organisation": "gemeente",
            "team": "noord",
            "objection": False,
            "involved": False,
            "emergency": False,
            "on": DAY,
            "asked_at": NOW,
            "origins": read_at(NOW, dict.fromkeys(Register, "test")),
        }
        return LookupFacts(**(in_order | changes))

    return make
