"""The decision point: the second engine and the whole, beside Cedar's plain batch of the same questions."""

import json
from dataclasses import replace
from datetime import date
from itertools import product
from random import Random

import cedarpy

from policy.engine import LOOKUP, PRINCIPAL, TYPE_ENTITY, Question
from policy.engine.agreed import _remembered
from policy.engine.compiled import CompiledEngine
from policy.facts import LookupFacts
from policy.in_force import InForce
from policy.pdp import decide
from policy.rulesets import bundled, load
from policy.selftest import _all_is_well
from policy.vocabulary import AgeBand, Level, Role
from tests.bench.figures import Figure, Record

DAY = date(2026, 3, 3)
TYPES = 20
STREAM = 400
RATIO_MAX = 0.5
LOOK_UPS_MIN = 200
_PLAIN = "Cedar's plain batch of the same questions"


class PlainBatch:
    """The fastest way to ask Cedar: everything parsed beforehand, the facts in one entity, nothing checked after."""

    def __init__(self, rules: InForce) -> None:
        assert rules.source is not None
        self._schema = cedarpy.Schema.from_str(rules.source.schema)
        self._policies = cedarpy.PolicySet.from_json_str(rules.source.policies)
        self._fixed = cedarpy.Entities.from_json_str(rules.source.entities, self._schema)

    def ask(self, lookup: dict[str, object], questions: list[Question]) -> object:
        """Ask everything at once."""
        entity = json.dumps([{"uid": LOOKUP, "attrs": lookup, "parents": []}])
        entities = self._fixed.with_added_json_str(entity, self._schema)
        requests = [_request(question) for question in questions]
        return cedarpy.is_authorized_batch(requests, self._policies, entities, self._schema)


def _request(question: Question) -> dict[str, object]:
    return {
        "principal": PRINCIPAL,
        "action": {"type": "Action", "id": question.level.action},
        "resource": {"type": TYPE_ENTITY, "id": question.type_code},
        "context": {"raadpleging": {"__entity": LOOKUP}},
    }


def figures() -> list[Figure]:
    """What 20 types at 3 levels cost, in the second engine alone and in the decision point with all it does."""
    rules = load(bundled()).in_force(DAY)
    return [_alone(rules), _remembering(rules)]


def rate(measured: list[Record]) -> Record:
    """How many look-ups one core decides in a second.

    Raises:
        AssertionError: A promise is broken: the second engine takes more than half of what Cedar does, or a core
            decides too few look-ups.
    """
    by_name = {record["name"]: record for record in measured}
    assert by_name["policy.batch"]["ratio"] <= RATIO_MAX, by_name["policy.batch"]
    per_second = round(1_000_000 / by_name["policy.batch.remembered"]["value"])
    assert per_second >= LOOK_UPS_MIN, per_second
    return {
        "name": "policy.look_ups",
        "value": per_second,
        "unit": "look-ups per second per core, remembering",
    }


def _alone(rules: InForce) -> Figure:
    assert rules.source is not None
    compiled, plain = CompiledEngine(rules.source), PlainBatch(rules)
    well = _all_is_well(rules, rules.catalogue.purposes[0], Role.TEAM_MEMBER, AgeBand.ADULT)
    lookup, questions = _attributes(rules, well), _questions(rules)
    return Figure(
        "policy.batch",
        f"CPU microseconds per look-up of {TYPES} types at 3 levels, in the second engine without memory",
        lambda: [compiled.ask(lookup, questions) for _ in range(20)],
        _PLAIN,
        lambda: [plain.ask(lookup, questions) for _ in range(20)],
        20,
    )


def _remembering(rules: InForce) -> Figure:
    """A process that starts with nothing remembered; both engines are asked whatever is new."""
    plain, questions = PlainBatch(rules), _questions(rules)
    codes = [each.code for each in rules.catalogue.types[:TYPES]]
    stream = _stream(rules)

    def decided() -> None:
        _remembered.cache_clear()
        for facts in stream:
            decide(rules, facts, codes)

    return Figure(
        "policy.batch.remembered",
        f"CPU microseconds per look-up of {TYPES} types, decided by both engines, over the first {STREAM} of a day",
        decided,
        _PLAIN,
        lambda: [plain.ask(_attributes(rules, facts), questions) for facts in stream],
        STREAM,
    )


def _questions(rules: InForce) -> list[Question]:
    return [Question(each.code, level) for each, level in product(rules.catalogue.types[:TYPES], Level)]


def _stream(rules: InForce) -> list[LookupFacts]:
    """Look-ups in the mixture in which workers of four organisations make them."""
    draw = Random(7)
    ages = draw.choices(list(AgeBand), [6, 4, 3, 85, 2], k=STREAM)
    return [
        replace(
            _all_is_well(rules, draw.choice(rules.catalogue.purposes), Role.TEAM_MEMBER, age),
            relation_live=draw.random() < 0.98,
            relation_confirmed=draw.random() < 0.95,
            shielded=draw.random() < 0.01,
            coordinator=draw.random() < 0.2,
            organisation=f"0000009900000000000{draw.randint(1, 4)}",
        )
        for age in ages
    ]


def _attributes(rules: InForce, facts: LookupFacts) -> dict[str, object]:
    purpose = rules.catalogue.purpose(facts.purpose or "")
    return facts.attributes(purpose.legal_bases if purpose else ())
