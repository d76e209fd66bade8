"""The todo scenario of the OpenID AuthZEN working group, and the gateway before it.

Source: github.com/openid/authzen, interop/authzen-todo-backend/test/decisions-authorization-api-1_0-02.json (40 cases,
3 lists) and interop/authzen-api-gateways/test-harness/test/decisions.json (25 cases), both under the MIT licence,
Copyright (c) Aserto. The tables say the same cases in fewer words.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from .conftest import Caller
from .point import BETH, JERRY, MORTY, PEOPLE, RICK, SUMMER

TODOS = {
    MORTY: "7240d0db-8ff0-41ec-98b2-34a096273b91",
    RICK: "7240d0db-8ff0-41ec-98b2-34a096273b92",
    SUMMER: "7240d0db-8ff0-41ec-98b2-34a096273b93",
    BETH: "7240d0db-8ff0-41ec-98b2-34a096273b94",
    JERRY: "7240d0db-8ff0-41ec-98b2-34a096273b95",
}
OWN = {**{each: each for each in TODOS}, RICK: MORTY}
"""Whose todo each tries besides Rick's; Rick tries Morty's."""

# Per person: may read Beth, and herself; may read and create todos; may update and delete Rick's, and her own.
ALLOWED = {
    RICK: "11 11 11 11",
    MORTY: "11 11 01 01",
    SUMMER: "11 11 01 01",
    BETH: "11 10 00 00",
    JERRY: "11 10 00 00",
}
# Per person: may GET a user and the todos, POST a todo, PUT and DELETE one.
ROUTED = {RICK: "11111", MORTY: "11111", SUMMER: "11111", BETH: "11000", JERRY: "11000"}
ROUTES = [
    ("GET", "/users/{userId}"),
    ("GET", "/todos"),
    ("POST", "/todos"),
    ("PUT", "/todos/{todoId}"),
    ("DELETE", "/todos/{todoId}"),
]


def todo_of(owner: str) -> dict[str, Any]:
    return {"type": "todo", "id": TODOS[owner], "properties": {"ownerID": PEOPLE[owner][0]}}


def cases() -> Iterator[tuple[dict[str, Any], bool]]:
    for person, allowed in ALLOWED.items():
        tried: list[tuple[str, dict[str, Any]]] = [
            *(("can_read_user", {"type": "user", "id": PEOPLE[each][0]}) for each in (BETH, person)),
            *((name, {"type": "todo", "id": "todo-1"}) for name in ("can_read_todos", "can_create_todo")),
            *(
                (name, todo_of(owner))
                for name in ("can_update_todo", "can_delete_todo")
                for owner in (RICK, OWN[person])
            ),
        ]
        for (name, resource), may in zip(tried, allowed.replace(" ", ""), strict=True):
            subject = {"type": "user", "id": person}
            yield {"subject": subject, "action": {"name": name}, "resource": resource}, may == "1"


def routed() -> Iterator[tuple[dict[str, Any], bool]]:
    for person, allowed in ROUTED.items():
        for (method, path), may in zip(ROUTES, allowed, strict=True):
            subject, resource = {"type": "identity", "id": person}, {"type": "route", "id": path}
            yield {"subject": subject, "action": {"name": method}, "resource": resource}, may == "1"


SINGLE = [*cases(), *routed()]
# Who may update each of two todos.
LISTS = [
    (RICK, (RICK, JERRY), [True, True]),
    (MORTY, (RICK, MORTY), [False, True]),
    (JERRY, (RICK, JERRY), [False, False]),
]


def test_no_case_was_lost_on_the_way() -> None:
    assert (len([*cases()]), len([*routed()]), len(LISTS)) == (40, 25, 3)


@pytest.mark.parametrize(("body", "expected"), SINGLE)
def test_a_published_case_is_decided_as_published(
    caller: Caller, body: dict[str, Any], expected: object
) -> None:
    for path in ("evaluation", "evaluations"):
        assert caller.ask(path, body)["decision"] is expected


@pytest.mark.parametrize(("person", "owners", "expected"), LISTS)
def test_a_published_list_is_decided_in_its_order(
    caller: Caller, person: str, owners: tuple[str, ...], expected: list[bool]
) -> None:
    body = {
        "subject": {"type": "user", "id": person},
        "action": {"name": "can_update_todo"},
        "evaluations": [{"resource": todo_of(owner)} for owner in owners],
    }
    assert [each["decision"] for each in caller.ask("evaluations", body)["evaluations"]] == expected


def test_nobody_the_directory_does_not_know_may_anything(caller: Caller) -> None:
    for body, _ in SINGLE:
        stranger = {**body, "subject": {**body["subject"], "id": "x"}}
        assert caller.ask("evaluation", stranger)["decision"] is False
