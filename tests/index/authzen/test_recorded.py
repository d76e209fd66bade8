"""Every request to the decision point is on record before its answer leaves, and is handed on as a decision."""

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from click.testing import CliRunner

from signal_index import audit
from signal_index.cli import main
from signal_index.model.traces import Status
from tests.index.records.conftest import CONFIG

from .conftest import JEUGD, PRESENCE, PURPOSE, SOURCE, WMO, System

FIELDS = {"actor", "organisation", "token", "role", "relation", "purpose", "rule_set", "rules", "facts"}
DAYS = ("--from", "2026-03-01", "--until", "2026-03-31", "--as", "p.officer")


@pytest.fixture
def exported(system: System) -> Callable[..., list[dict[str, Any]]]:
    """What a command of the privacy officer gives, line by line."""
    world = system.world
    world.secrets.save(world.folder / "index.key")
    world.manifest.save(world.folder / "manifest.json")
    config = world.folder / "index.toml"
    config.write_text(CONFIG)

    def run(*words: str) -> list[dict[str, Any]]:
        result = CliRunner().invoke(main, [*words, *DAYS, "--config", str(config)])
        assert result.exit_code == 0, result.output
        return [json.loads(line) for line in result.output.splitlines()]

    return run


def test_one_request_is_one_record_with_what_was_asked_and_answered(system: System) -> None:
    jeugd = {"resource": {"type": JEUGD, "id": system.case}}
    system.several({}, jeugd, {"action": {"name": PRESENCE}})
    system.ask(WMO)
    single, several = system.world.records("access.evaluated")
    assert several.fields.keys() == FIELDS | {"asked", "allowed", "semantic", "cover"}
    assert several.fields["asked"] == [f"{WMO}:bron", f"{JEUGD}:bron", f"{WMO}:aanwezigheid"]
    assert set(several.fields["allowed"]) <= set(several.fields["asked"])
    assert (single.fields["asked"], single.fields["semantic"]) == ([f"{WMO}:bron"], None)
    assert (single.fields["relation"], single.fields["purpose"]) == (system.case, PURPOSE)
    assert not system.world.records("lookup.answered", "lookup.refused"), "nothing was looked at"


def test_it_stands_on_the_same_facts_rules_and_person_as_a_look(system: System) -> None:
    system.world.look(system.relation_id)
    system.ask()
    [looked], [evaluated] = (system.world.records(name) for name in ("lookup.answered", "access.evaluated"))
    for name in FIELDS - {"token"}:
        assert evaluated.fields[name] == looked.fields[name], name
    about = system.world.database.run(
        lambda tx: tx.relations.get(system.world.GEMEENTE, system.relation_id).person
    )
    found = system.world.database.run(
        lambda tx: list(tx.audit.entries(events=["access.evaluated"], subject=about))
    )
    assert [each.number for each in found] == [evaluated.number]


def test_it_does_not_stand_in_for_the_record_of_a_look(system: System) -> None:
    system.ask()
    assert system.world.look(system.relation_id).status_code == 200
    assert len(system.world.records("lookup.answered")) == 1


def test_a_no_is_no_error_and_a_question_that_nobody_could_decide_is_one(system: System) -> None:
    system.ask(context={})
    [denied] = system.world.records("access.evaluated")
    undecided = audit.event("access.evaluated", denied.at, reason="no-rules-in-force")
    assert audit.status_of(undecided) is Status.ERROR
    assert audit.status_of(audit.event("access.evaluated", denied.at, **denied.fields)) is Status.UNSET


def test_it_is_a_processing_for_the_activity_of_the_purpose(
    system: System, exported: Callable[..., list[dict[str, Any]]]
) -> None:
    system.ask()
    lines = exported("ldv", "export", "--register", "https://register.example")
    spans = [
        span for line in lines for scope in line["resourceSpans"][0]["scopeSpans"] for span in scope["spans"]
    ]
    [span] = [each for each in spans if each["name"] == "Beslissen wat een medewerker mag zien"]
    stated = {each["key"]: each["value"]["stringValue"] for each in span["attributes"]}
    assert stated["dpl.core.processing_activity_id"] == f"https://register.example/raadplegen-{PURPOSE}/1"
    assert "dpl.core.data_subject_id" in stated


def test_it_is_handed_on_as_the_question_and_the_answer_that_it_was(
    system: System, exported: Callable[..., list[dict[str, Any]]]
) -> None:
    odd = {"action": {"name": "kijken"}}
    given = [system.several({}, odd, {"action": {"name": PRESENCE}}), [system.ask(WMO)]]
    several, single = exported("audit", "decisions")
    assert (several["event_name"], single["event_name"]) == (
        "adl.access_evaluations",
        "adl.access_evaluation",
    )
    asked = several["body"]["adl.core.request"]
    resource = {"type": WMO, "id": system.case}
    assert asked["evaluations"] == [
        {"action": {"name": SOURCE}, "resource": resource},
        {},
        {"action": {"name": PRESENCE}, "resource": resource},
    ]
    assert asked["options"] == {"evaluations_semantic": "execute_all"}
    assert asked["subject"]["id"] == "w.een"
    assert single["body"]["adl.core.request"]["resource"] == resource
    answered = [each["body"]["adl.core.response"] for each in (several, single)]
    assert [each["decision"] for each in answered[0]["evaluations"]] == [
        each["decision"] for each in given[0]
    ]
    assert answered[1] == {"decision": given[1][0]["decision"]}
    assert {each["status"] for each in (several, single)} == {"Unset"}
    assert all(each["attributes"]["adl.core.policies"]["signal-index"]["rules"] for each in (several, single))


def test_a_refusal_and_nothing_readable_are_handed_on_too(
    system: System, exported: Callable[..., list[dict[str, Any]]]
) -> None:
    system.ask(context={})
    system.ask(WMO, "kijken")
    refused, unreadable = exported("audit", "decisions")
    assert refused["body"]["adl.core.response"] == {
        "decision": False,
        "context": {"reason": "unknown-purpose"},
    }
    assert unreadable["body"]["adl.core.response"] == {"decision": False, "context": {"reason": "onleesbaar"}}
    assert "resource" not in unreadable["body"]["adl.core.request"]


def test_a_resident_is_told_of_looks_and_her_worker_sees_her_own(system: System) -> None:
    """An evaluation shows nobody anything, so it is no look: not in her list, and not for review."""
    system.ask()
    world = system.world
    headers = world.token("p.officer")
    records = world.request("GET", "/v1/logregels", headers=headers).json()["logregels"]
    assert not records, "without the rest, oversight reads looks"
    everything = world.request("GET", "/v1/logregels?alles=true", headers=headers).json()["logregels"]
    assert "access.evaluated" in {each["gebeurtenis"] for each in everything}
    assert world.clock.date() == date(2026, 3, 3)
