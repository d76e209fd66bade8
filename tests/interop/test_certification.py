"""The certification scenario of the OpenID AuthZEN working group: Basic, Batch and Discovery, core and properties.

Search is not offered, which the metadata says by leaving it out.

Source: github.com/openid/authzen, certification/authorization-api-1_0-scenario.md, as of August 2026; the sections are
named in the tables. The harness of the working group asks over HTTPS, this one over HTTP on one machine.
"""

from typing import Any

import pytest

from .conftest import Caller

ALICE, BOB = {"type": "user", "id": "alice"}, {"type": "user", "id": "bob"}
ADMIN = {**BOB, "properties": {"role": "admin"}}
READ, WRITE = {"name": "read"}, {"name": "write"}
ONE, TWO = {"type": "record", "id": "record-1"}, {"type": "record", "id": "record-2"}
ACTIVE = {**ONE, "properties": {"status": "active"}}
ARCHIVED = {**TWO, "properties": {"status": "archived"}}


def asked(subject: Any, action: Any, resource: Any, **further: Any) -> dict[str, Any]:
    return {"subject": subject, "action": action, "resource": resource, **further}


def deleting(*, soft: bool) -> dict[str, Any]:
    return asked(ALICE, {"name": "delete", "properties": {"soft": soft}}, ONE)


FURTHER = asked(
    {**ALICE, "properties": {"department": "Sales", "role": "manager"}},
    {**READ, "properties": {"method": "GET"}},
    {**ONE, "properties": {"status": "active", "owner": "bob"}},
)
CONTEXT = {"time": "2025-06-27T18:03-07:00", "ip": "192.168.1.1"}
# 2.2: accepted, and the eight decisions of 1.4
BASIC = {
    "rule 1": (asked(ALICE, READ, ONE), True),
    "rule 2": (asked(ALICE, WRITE, ONE), True),
    "rule 3": (asked(BOB, READ, ONE), True),
    "rule 4": (asked(BOB, WRITE, ONE), False),
    "with context": (asked(ALICE, READ, ONE, context=CONTEXT), True),
    "rule 5": (asked(ALICE, WRITE, ARCHIVED), False),
    "rule 6": (asked(ADMIN, WRITE, ARCHIVED), True),
    "rule 7": (deleting(soft=True), True),
    "rule 8": (deleting(soft=False), False),
    "further properties": (FURTHER, True),
    "unknown fields": (asked(ALICE, READ, ONE, foo="bar", futureField={"nested": True}), True),
}


@pytest.mark.parametrize("name", BASIC)
def test_a_fixture_request_is_decided_as_the_scenario_says(caller: Caller, name: str) -> None:
    body, expected = BASIC[name]
    for _ in range(3):  # 2.6: the same every time
        found = caller.ask("evaluation", body)
        assert found["decision"] is expected
        assert found.keys() <= {"decision", "context"}
        assert isinstance(found.get("context", {}), dict)
    with_context = caller.ask("evaluation", {**body, "context": CONTEXT})
    assert with_context["decision"] is expected, "context changes no fixture decision"


WHOLE = BASIC["rule 1"][0]
# 2.4: what is a 400
MALFORMED: dict[str, dict[str, Any]] = {
    **{f"no {name}": {key: value for key, value in WHOLE.items() if key != name} for name in WHOLE},
    "subject without type": {**WHOLE, "subject": {"id": "alice"}},
    "subject without id": {**WHOLE, "subject": {"type": "user"}},
    "action without name": {**WHOLE, "action": {}},
    "resource without type": {**WHOLE, "resource": {"id": "record-1"}},
    "resource without id": {**WHOLE, "resource": {"type": "record"}},
    "subject is text": {**WHOLE, "subject": "alice"},
    "name is a number": {**WHOLE, "action": {"name": 123}},
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_required_field_that_is_missing_or_of_another_type_is_a_400(caller: Caller, name: str) -> None:
    for path in ("evaluation", "evaluations"):
        assert caller.send(path, json=MALFORMED[name]).status_code == 400


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b'{"subject":', "application/json"),
        (b"", "application/json"),
        (b"{}", "text/plain"),
        (b"{}", "application/xml"),
    ],
)
def test_no_json_is_a_400(caller: Caller, content: bytes, kind: str) -> None:
    for path in ("evaluation", "evaluations"):
        assert caller.send(path, content=content, headers={"content-type": kind}).status_code == 400


def test_the_number_of_a_request_is_echoed_and_may_be_left_out(caller: Caller) -> None:
    for path in ("evaluation", "evaluations"):
        with_number = caller.send(path, json=WHOLE, headers={"X-Request-ID": "bfe9eb29-ab87"})
        assert with_number.headers["x-request-id"] == "bfe9eb29-ab87"
        assert caller.send(path, json=WHOLE).headers["x-request-id"]


# 3.2 and 3.4; None where the scenario leaves the decision open
BATCH: dict[str, tuple[dict[str, Any], list[bool | None]]] = {
    "array": (
        {"subject": ALICE, "action": READ, "evaluations": [{"resource": ONE}, {"resource": TWO}]},
        [True, None],
    ),
    "decisions": (
        {"subject": BOB, "resource": ONE, "evaluations": [{"action": READ}, {"action": WRITE}]},
        [True, False],
    ),
    "properties": (
        {"subject": ALICE, "action": WRITE, "evaluations": [{"resource": ACTIVE}, {"resource": ARCHIVED}]},
        [True, False],
    ),
    "subject properties": (
        {"action": WRITE, "resource": ARCHIVED, "evaluations": [{"subject": ALICE}, {"subject": ADMIN}]},
        [False, True],
    ),
    "no defaults": ({"evaluations": [asked(ALICE, READ, ONE), asked(BOB, WRITE, ONE)]}, [True, False]),
    "context": (
        {
            "subject": ALICE,
            "action": READ,
            "context": CONTEXT,
            "evaluations": [{"resource": ONE}, {"resource": TWO, "context": {"source": "batch-override"}}],
        },
        [None, None],
    ),
    "inherited whole": (
        {"subject": ALICE, "action": WRITE, "resource": ACTIVE, "evaluations": [{}, {"resource": ARCHIVED}]},
        [True, False],
    ),
    "one fails": (
        {
            "subject": ALICE,
            "action": READ,
            "options": {"evaluations_semantic": "execute_all"},
            "evaluations": [{"resource": ONE}, {}],
        },
        [True, False],
    ),
}


@pytest.mark.parametrize("name", BATCH)
def test_a_batch_is_decided_item_by_item_in_order(caller: Caller, name: str) -> None:
    body, expected = BATCH[name]
    found = caller.ask("evaluations", body)
    assert "decision" not in found
    assert all(isinstance(each["decision"], bool) for each in found["evaluations"])
    decisions = [each["decision"] for each in found["evaluations"]]
    assert len(decisions) == len(expected)
    assert all(one == other for one, other in zip(decisions, expected, strict=True) if other is not None)


def test_a_failed_item_says_so_in_its_context(caller: Caller) -> None:
    failed = caller.ask("evaluations", BATCH["one fails"][0])["evaluations"][1]
    assert failed["context"]["error"]["status"] == 400


@pytest.mark.parametrize("name", BASIC)
def test_without_a_batch_the_other_address_answers_a_single_one(caller: Caller, name: str) -> None:
    body, expected = BASIC[name]
    for each in (body, {**body, "evaluations": []}):
        assert caller.ask("evaluations", each)["decision"] is expected


# The examples of the semantics in the standard itself: the second of three is a no.
SEMANTICS = {
    "execute_all": [True, False, True],
    "deny_on_first_deny": [True, False],
    "permit_on_first_permit": [True],
}


@pytest.mark.parametrize("semantic", SEMANTICS)
def test_the_three_semantics_stop_where_the_standard_says(caller: Caller, semantic: str) -> None:
    items = [{"resource": ONE}, {"resource": ARCHIVED}, {"resource": ONE}]
    body = {
        "subject": ALICE,
        "action": WRITE,
        "options": {"evaluations_semantic": semantic},
        "evaluations": items,
    }
    found = caller.ask("evaluations", body)["evaluations"]
    assert [each["decision"] for each in found] == SEMANTICS[semantic]


def test_the_metadata_leads_to_addresses_that_answer(caller: Caller) -> None:
    response = caller.client.get(f"{caller.origin}/.well-known/authzen-configuration")
    assert (response.status_code, response.headers["content-type"]) == (200, "application/json")
    found = response.json()
    assert found["policy_decision_point"] == caller.origin
    assert not [name for name in found if name.startswith("search_")]
    for name in ("access_evaluation_endpoint", "access_evaluations_endpoint"):
        assert caller.client.post(found[name], json=WHOLE).json()["decision"] is True
