"""Every way to an unwanted yes outside the decision point: what is planted, and how a look and a question are refused.

What is planted within the decision point stands in `tests/policy/test_planted_faults.py`.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from policy import pdp
from policy.errors import EngineError
from policy.facts import COUNTS_FOR, LookupFacts, Register, read_at
from policy.in_force import InForce
from policy.pdp import Decision, TypeOutcome
from policy.rulesets import no_rules
from policy.vocabulary import Duty, Level, Outcome
from signal_index import enforcement
from signal_index.model.traces import Status
from signal_index.store.audit import SqlAuditLog
from signal_index.store.log.witnesses import SqlWitnesses
from tests.index.conftest import RULES
from tests.support.planting import OVERFLOW, with_rule
from tests.support.rules import Fixed

WMO = "wmo-voorziening"
Patch = pytest.MonkeyPatch
Plant = Callable[[Any, Patch], None]


@dataclass(frozen=True)
class Denied:
    """How a request ends.

    Args:
        reason: of its record; None when nothing could be recorded either.
    """

    status: int
    code: str
    reason: str | None


UNDECIDED = Denied(503, "decision", "decision-fault")


def in_rules(plant: Callable[[InForce], InForce]) -> Plant:
    def planted(world: Any, _: Patch) -> None:
        world.desk = replace(
            world.desk, rulebook=Fixed(replace(RULES, epochs=tuple(map(plant, RULES.epochs))))
        )
        world.adopt(world.database)

    return planted


def no_rules_at_all(world: Any, _: Patch) -> None:
    world.desk = replace(world.desk, rulebook=Fixed(no_rules()))
    world.adopt(world.database)


def a_duty_that_nobody_performs(in_force: InForce) -> InForce:
    return replace(in_force, rules=tuple(replace(each, duties=(Duty.INFORM,)) for each in in_force.rules))


def late_facts(_: Any, patch: Patch) -> None:
    """Facts that were read before the transaction of this look."""
    late = max(COUNTS_FOR.values()) + timedelta(seconds=1)
    patch.setattr(enforcement, "read_at", lambda now, versions: read_at(now - late, versions))


def a_register_that_was_not_read(_: Any, patch: Patch) -> None:
    def some(now: Any, versions: Mapping[Register, str]) -> Any:
        return read_at(
            now, {each: said for each, said in versions.items() if each is not Register.IMPEDIMENTS}
        )

    patch.setattr(enforcement, "read_at", some)


def an_engine_that_fails(_: Any, patch: Patch) -> None:
    def fail(*_: object) -> None:
        raise EngineError("engine", "gepland")

    patch.setattr(pdp, "answers", fail)
    pdp._outcomes.cache_clear()


def what_nobody_foresaw(_: Any, patch: Patch) -> None:
    def fail(*_: object) -> None:
        raise AttributeError("gepland")

    patch.setattr(pdp, "answers", fail)
    pdp._outcomes.cache_clear()


def a_log_that_is_full(_: Any, patch: Patch) -> None:
    def full(*_: object) -> None:
        raise OperationalError("insert", {}, Exception("disk full"))

    patch.setattr(SqlAuditLog, "append", full)


def a_commit_that_fails(_: Any, patch: Patch) -> None:
    def full(*_: object) -> None:
        raise OperationalError("commit", {}, Exception("disk full"))

    patch.setattr(SqlAuditLog, "write", full)


def nobody_watches_the_log(_: Any, patch: Patch) -> None:
    patch.setattr(SqlWitnesses, "is_witnessed", lambda *_: False)


FAULTS: Mapping[str, tuple[Plant, Denied]] = {
    "no rules in force": (no_rules_at_all, Denied(503, "no-rules", "no-rules-in-force")),
    "a guard that errors": (
        in_rules(
            lambda each: with_rule(each, f"forbid (principal, action, resource) when {{ {OVERFLOW} }};")
        ),
        UNDECIDED,
    ),
    "a duty that cannot be performed": (in_rules(a_duty_that_nobody_performs), UNDECIDED),
    "late facts": (late_facts, UNDECIDED),
    "a register that was not read": (a_register_that_was_not_read, UNDECIDED),
    "an engine that fails": (an_engine_that_fails, UNDECIDED),
    "a fault that nobody foresaw": (what_nobody_foresaw, Denied(500, "internal", None)),
    "a record that cannot be written": (a_log_that_is_full, Denied(503, "database", None)),
    "a record that cannot be committed": (a_commit_that_fails, Denied(503, "database", None)),
    "a log that no witness saw": (nobody_watches_the_log, Denied(503, "not-witnessed", "not-witnessed")),
}


@pytest.fixture
def case(world: Any) -> str:
    """One case of w.een, with help that runs."""
    row = world.relation()
    world.publish(world.GEMEENTE, "agb:00000001", WMO, {world.PEOPLE[0]: "2025-04"})
    world.register_relations((world.PEOPLE[0], row))
    return str(uuid.UUID(bytes=row.relation_id))


def look(world: Any, case: str) -> Any:
    return world.look(uuid.UUID(case).bytes)


def ask(world: Any, case: str) -> Any:
    body = {
        "subject": {"type": "medewerker", "id": "w.een"},
        "action": {"name": "toon_aanwezigheid"},
        "resource": {"type": WMO, "id": case},
        "context": {"doelbinding": "voorbereiding-huisbezoek"},
    }
    return world.request("POST", "/access/v1/evaluation", json=body, headers=world.token())


WAYS = ((look, "lookup.answered", "lookup.refused"), (ask, "access.evaluated", "access.evaluated"))


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_ends_without_an_answer_and_on_record_as_a_fault(
    fault: str, world: Any, case: str
) -> None:
    plant, denied = FAULTS[fault]
    for asks, event, _ in WAYS:
        sound = asks(world, case)
        assert sound.status_code == 200
        assert WMO in sound.text or sound.json()["decision"] is True
        assert len(world.records(event)) == 1
    with pytest.MonkeyPatch.context() as patch:
        plant(world, patch)
        refused = [asks(world, case) for asks, *_ in WAYS]
    for answer, (_, done, event) in zip(refused, WAYS, strict=True):
        assert (answer.status_code, answer.json()["code"]) == (denied.status, denied.code)
        assert not {"signalen", "decision", "ontvangstbewijs"} & answer.json().keys()
        assert WMO not in answer.text
        fresh = world.records(event, done)[:-1]
        if denied.reason is None:
            assert fresh == []
            continue
        [entry] = fresh
        assert (entry.event, entry.fields["reason"]) == (event, denied.reason)
        assert not entry.fields.get("allowed")
        assert statuses(world)[entry.action] is Status.ERROR


def statuses(world: Any) -> dict[Any, Status]:
    """How each operation on personal data ended."""
    now = world.clock
    entries = world.database.run(lambda tx: list(tx.processings.entries(now, now + timedelta(seconds=1))))
    return {each.processing.action: each.processing.status for each in entries}


@pytest.mark.parametrize(
    ("status", "duties"), [(Outcome.FAULT, (Duty.RECORD,)), (Outcome.ALLOWED, (Duty.INFORM, Duty.RECORD))]
)
def test_a_permit_of_a_fault_is_empty_whatever_was_decided(status: Outcome, duties: tuple[Duty, ...]) -> None:
    allowed = TypeOutcome(code=WMO, outcome=Outcome.ALLOWED, level=Level.CONTACT)
    unknown: Any = LookupFacts(**dict.fromkeys(each.name for each in fields(LookupFacts)))
    decision = Decision(digest="0" * 64, status=status, outcomes=(allowed,), duties=duties)
    found = enforcement._permit(decision, unknown)
    assert (found.faulty, found.allowed) == (True, {})
