"""Who may ask the decision point at all, and how little a no tells about a resident."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from crypto.encoding import Month
from crypto.sheet import AgeBand
from policy.telling.sentences import say
from signal_index.settings import Settings
from signal_index.usecases.workplace.impediments import ImpedimentRequest, involve_self, object_to
from signal_index.web.app import Surface, create_app
from tests.index.conftest import DAY

from .conftest import ONE, PRESENCE, SCHULD, SEVERAL, SOURCE, System

WELL_KNOWN = "/.well-known/authzen-configuration"


def test_without_a_system_in_the_settings_there_is_no_decision_point(system: System) -> None:
    assert Settings.model_fields["api"].default.decision_clients == ()
    world = system.world
    world.desk = replace(world.desk, decision_clients=frozenset())
    world.app = create_app(world.desk, Surface.ALL)
    assert world.request("GET", WELL_KNOWN).status_code == 404
    for path in (ONE, SEVERAL):
        assert system.post(system.question(), path).status_code == 404
    assert not world.records("access.evaluated", "action.refused")


@pytest.mark.parametrize("path", [ONE, SEVERAL])
@pytest.mark.parametrize("client", [None, "", "signaalindex-site", "ZAAKSYSTEEM", "zaaksysteem "])
def test_only_a_system_of_the_settings_asks_whoever_the_worker_is(
    client: str | None, path: str, system: System
) -> None:
    own = system.world.token(client=client)
    refused = system.world.request("POST", path, json=system.question(), headers=own)
    assert (refused.status_code, refused.json()["code"]) == (403, "client")
    assert "decision" not in refused.json()
    [entry] = system.world.records("action.refused")
    assert (entry.fields["actor"], entry.fields["reason"]) == ("w.een", "client")
    assert not system.world.records("access.evaluated")


@pytest.mark.parametrize(
    ("claims", "asks"),
    [
        ({"azp": "zaaksysteem"}, True),
        ({"azp": "zaaksysteem", "client_id": "zaaksysteem"}, True),
        ({"azp": "zaaksysteem", "client_id": "iets-anders"}, False),
        ({"client_id": ["zaaksysteem"]}, False),
        ({"sub_client": "zaaksysteem"}, False),
    ],
    ids=str,
)
def test_the_provider_says_which_system_it_is_in_either_claim_and_in_one_way(
    claims: dict[str, Any], system: System, monkeypatch: pytest.MonkeyPatch, *, asks: bool
) -> None:
    identity = type(system.world.desk.identity)
    whole = identity.claims
    monkeypatch.setattr(
        identity,
        "claims",
        lambda self, request: replace(whole(self, request), raw=claims),
    )
    assert (system.post(system.question()).status_code == 200) is asks


# --- What a no tells -----------------------------------------------------------------------------------------------


def objects(system: System) -> None:
    """The resident objected to looks."""
    request = ImpedimentRequest(system.relation_id, DAY)
    system.world.act_as("p.officer", lambda tx, actor: object_to(tx, actor, request, system.world.clock))


def knows(system: System) -> None:
    """The worker said that she knows the resident."""
    request = ImpedimentRequest(system.relation_id, DAY)
    system.world.act_as("w.een", lambda tx, actor: involve_self(tx, actor, request, system.world.clock))


MINOR = {"age_band": AgeBand.FROM_12_TO_15, "age_band_changes": Month.parse("2027-01")}
# What is special about the resident: her relation, what was registered, and what a worker's system asks.
SPECIAL: Mapping[str, tuple[Mapping[str, Any], Callable[[System], None] | None, str]] = {
    "an objection": ({}, objects, PRESENCE),
    "a worker who knows her": ({}, knows, PRESENCE),
    "a minor": (MINOR, None, PRESENCE),
    "a shielded address": ({"shielded": True}, None, SOURCE),
}


@pytest.mark.parametrize("what", SPECIAL)
def test_a_no_because_of_the_resident_says_the_one_sentence_whatever_it_is(
    what: str, new_system: Callable[..., System]
) -> None:
    relation, register, action = SPECIAL[what]
    asked: Any = {"context": {"doelbinding": "schuldhulp-afstemming"}}
    assert new_system().decides(SCHULD, action, **asked) is True
    system = new_system(**relation)
    if register is not None:
        register(system)
    assert system.ask(SCHULD, action, **asked) == {
        "decision": False,
        "context": {"reason_user": {"403": say("worker.neutral", "nl")}},
    }
    assert system.world.records("access.evaluated")[0].fields["rules"] or what == "a shielded address"


def test_a_no_because_of_the_worker_says_the_same_whatever_the_resident_is(
    new_system: Callable[..., System],
) -> None:
    """Beside a reason of her own there is no trace of one about the resident."""
    answers = []
    for relation, register, _ in [({}, None, ""), *SPECIAL.values()]:
        system = new_system(registered_by="w.een", **relation)  # waits for a second person
        if register is objects:
            register(system)
        answers.append(system.ask(SCHULD, PRESENCE, context={"doelbinding": "schuldhulp-afstemming"}))
    assert all(each == answers[0] for each in answers)
    assert answers[0]["decision"] is False
