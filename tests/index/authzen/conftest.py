"""A worker's system at the decision point: what it sends, and what it is answered."""

import uuid
from collections.abc import Callable
from typing import Any

import httpx
import pytest

PURPOSE = "voorbereiding-huisbezoek"
WMO, JEUGD, SCHULD = "wmo-voorziening", "jeugdhulp", "schuldhulptraject"
PRESENCE, SOURCE, CONTACT = "toon_aanwezigheid", "toon_bron", "toon_contact"
ONE, SEVERAL = "/access/v1/evaluation", "/access/v1/evaluations"


class System:
    """The system of a worker, which asks about one case of hers.

    Args:
        world: with nothing published yet.
        relation: changes to her care relation.
    """

    def __init__(self, world: Any, **relation: Any) -> None:
        self.world = world
        row = world.relation(**relation)
        world.publish(world.GEMEENTE, "agb:00000001", WMO, {world.PEOPLE[0]: "2025-04"})
        world.register_relations((world.PEOPLE[0], row))
        self.relation_id: bytes = row.relation_id
        self.case = str(uuid.UUID(bytes=row.relation_id))

    def question(self, kind: str = WMO, action: str = SOURCE, **changed: Any) -> dict[str, Any]:
        """One evaluation about w.een."""
        return {
            "subject": {"type": "medewerker", "id": "w.een"},
            "action": {"name": action},
            "resource": {"type": kind, "id": self.case},
            "context": {"doelbinding": PURPOSE},
            **changed,
        }

    def post(self, body: Any, path: str = ONE, staff_id: str = "w.een", **headers: str) -> httpx.Response:
        """Ask with somebody's token."""
        own = {**self.world.token(staff_id), **headers}
        response: httpx.Response = self.world.request("POST", path, json=body, headers=own)
        return response

    def ask(self, *args: Any, **changed: Any) -> dict[str, Any]:
        """The answer to one evaluation."""
        return answer(self.post(self.question(*args, **changed)))

    def decides(self, *args: Any, **changed: Any) -> bool:
        """The decision on one evaluation."""
        return bool(self.ask(*args, **changed)["decision"])

    def several(self, *items: Any, **defaults: Any) -> list[dict[str, Any]]:
        """The answers to several evaluations; what all have in common goes in front, unless it is given."""
        body = {**self.question(), **defaults, "evaluations": list(items)}
        found = answer(self.post(body, SEVERAL))
        assert found.keys() == {"evaluations"}
        return list(found["evaluations"])


def answer(response: httpx.Response) -> dict[str, Any]:
    """The body of an answer, which is a decision or several."""
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/json"
    body: dict[str, Any] = response.json()
    for each in body.get("evaluations", [body]):
        assert each.keys() - {"context"} == {"decision"}
        assert isinstance(each["decision"], bool)
        assert isinstance(each.get("context", {}), dict)
    return body


@pytest.fixture
def new_system(new_world: Callable[..., Any]) -> Callable[..., System]:
    """Makes a system in a world of its own."""
    return lambda **relation: System(new_world(), **relation)


@pytest.fixture
def system(world: Any) -> System:
    """The system of w.een, who has one case."""
    return System(world)
