"""The privacy officer hands records on, as spans and as decisions; no resident and no outcome goes with them."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from click.testing import Result
from sqlalchemy import select

from crypto.batch import BatchClass
from signal_index.errors import Malformed
from signal_index.model import Actor
from signal_index.model.days import Days
from signal_index.model.log import LOOKS
from signal_index.store import schema
from signal_index.usecases.records.decisions import decision
from signal_index.usecases.records.exports import export_decisions, export_processings
from signal_index.web.app import Surface, create_app
from tests.support.rules import Fixed

Shell = Callable[..., Result]

REGISTER = "https://register.example/verwerkingen"
ALWAYS = ("--from", "0001-01-01", "--until", "9999-12-31")
DAYS = ("--from", "2026-03-01", "--until", "2026-03-31")
TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TRANSACTION = "01958f3a-0000-7000-8000-000000000001"
# The fields of both standards, and no other; `kind` is of the protocol that carries the first.
SPAN = {"traceId", "spanId", "name", "kind", "startTimeUnixNano", "endTimeUnixNano", "attributes", "status"}
ABOUT = {"dpl.core.processing_activity_id", "dpl.core.data_subject_id", "dpl.core.data_subject_id_type"}
DECISION = {"trace_id", "span_id", "event_name", "timestamp", "status", "attributes", "resource", "body"}


def lines(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.output.splitlines()]


def spans(result: Result) -> list[dict[str, Any]]:
    """The spans of an export, one from each line."""
    found = []
    for line in lines(result):
        [of_resource] = line["resourceSpans"]
        [of_scope] = of_resource["scopeSpans"]
        found += of_scope["spans"]
    assert len(found) == len(lines(result))
    return found


def stated(span: dict[str, Any]) -> dict[str, str]:
    return {each["key"]: each["value"]["stringValue"] for each in span["attributes"]}


def exported(shell: Shell, days: tuple[str, ...] = DAYS) -> list[dict[str, Any]]:
    return spans(shell("ldv", "export", *days, "--register", REGISTER, "--as", "p.officer"))


def decided(shell: Shell) -> list[dict[str, Any]]:
    return lines(shell("audit", "decisions", *DAYS, "--as", "p.officer"))


def look(world: Any, relation_id: bytes, staff_id: str = "w.een", **headers: str) -> Any:
    question = {"zorgrelatie": str(UUID(bytes=relation_id)), "doel": "voorbereiding-huisbezoek"}
    return world.request(
        "POST", "/v1/raadplegingen", json=question, headers={**world.token(staff_id), **headers}
    )


# --- Processing operations ----------------------------------------------------------------------------------------


def test_a_look_is_a_span_about_an_alias_for_the_activity_of_its_purpose(
    world: Any, client: bytes, shell: Shell
) -> None:
    look(world, client)
    [span] = [each for each in exported(shell) if each["name"] == "Raadplegen welke hulp er loopt"]
    [entry] = world.records("lookup.answered")
    assert set(span) == SPAN
    assert (span["traceId"], span["spanId"]) == (entry.action.trace_id.hex(), entry.action.span_id.hex())
    assert span["status"] == {"code": 0}
    assert span["startTimeUnixNano"] == str(int(world.clock.timestamp()) * 10**9)
    attributes = stated(span)
    assert set(attributes) == ABOUT
    assert (
        attributes["dpl.core.processing_activity_id"] == f"{REGISTER}/raadplegen-voorbereiding-huisbezoek/1"
    )
    assert attributes["dpl.core.data_subject_id_type"] == "urn:signal-index:regio-test:alias:1"
    assert len(bytes.fromhex(attributes["dpl.core.data_subject_id"])) == 16


def test_a_call_from_another_application_names_it_and_its_span(
    world: Any, client: bytes, shell: Shell
) -> None:
    look(world, client, traceparent=f"00-{TRACE}-{PARENT}-01")
    [span] = [each for each in exported(shell) if each["traceId"] == TRACE]
    assert set(span) == SPAN | {"parentSpanId"}
    assert span["parentSpanId"] == PARENT
    assert stated(span)["dpl.core.foreign_operation.processor"] == f"urn:nld:oin:{world.GEMEENTE}"


def test_all_actions_about_one_person_have_one_alias(world: Any, client: bytes, shell: Shell) -> None:
    for _ in range(2):
        look(world, client)
    aliases = [stated(span).get("dpl.core.data_subject_id") for span in exported(shell)]
    assert len({*aliases} - {None}) == 1
    assert len([alias for alias in aliases if alias]) == 3, "registered once, looked up twice"


def test_no_member_of_staff_no_case_and_no_pseudonym_is_in_it(
    world: Any, client: bytes, shell: Shell
) -> None:
    look(world, client)
    look(world, client, "w.twee")
    text = json.dumps(exported(shell))
    [entry] = world.records("lookup.answered")
    subject = select(schema.audit_records.c.sealed_subject, schema.audit_records.c.person_tag)
    with_person = world.database.run(lambda tx: tx.audit._connection.execute(subject).all())
    tags = [row.person_tag for row in with_person if row.person_tag]
    person = world.database.run(lambda tx: tx.relations.get(world.GEMEENTE, client).person)
    forbidden = ["w.een", "w.twee", "i.intake", str(UUID(bytes=client)), "WT-2026-0001", person.encoded.hex()]
    assert tags
    for told in (*forbidden, *(tag.hex() for tag in tags), str(entry.fields["token"])):
        assert told not in text


def test_an_empty_answer_and_a_full_one_are_alike(world: Any, client: bytes, shell: Shell) -> None:
    someone = world.relation(case_reference="WT-2026-0002")
    world.accept(world.REGIE, BatchClass.ZORGRELATIE, [(world.PEOPLE[5], someone)])
    for relation_id in (client, someone.relation_id):
        look(world, relation_id)
    assert {entry.fields["any_shown"] for entry in world.records("lookup.answered")} == {True, False}
    found = [span for span in exported(shell) if span["name"] == "Raadplegen welke hulp er loopt"]
    one, other = ({**span, "traceId": "", "spanId": "", "attributes": sorted(stated(span))} for span in found)
    assert one == other


def test_reading_them_is_recorded_as_often_as_it_is_done(world: Any, client: bytes, shell: Shell) -> None:
    first, second = exported(shell, ALWAYS), exported(shell, ALWAYS)
    assert len(second) == len(first) + 1
    assert [span["name"] for span in second].count("Vastleggingen uitleveren") == 1
    newest = world.records("records.exported")[0].fields
    assert newest["actor"] == "p.officer"
    assert (newest["log"], newest["records"]) == ("processings", len(second))
    assert (newest["since"], newest["until"]) == ("0001-01-01", "9999-12-31")


# --- Decisions ----------------------------------------------------------------------------------------------------


def test_a_decision_has_the_shape_of_the_standard(world: Any, client: bytes, shell: Shell) -> None:
    look(
        world,
        client,
        traceparent=f"00-{TRACE}-{PARENT}-00",
        **{"fsc-transaction-id": TRANSACTION},
    )
    [found] = decided(shell)
    [entry] = world.records("lookup.answered")
    assert set(found) == DECISION | {"parent_span_id"}
    assert (found["trace_id"], found["parent_span_id"]) == (TRACE, PARENT)
    assert (found["event_name"], found["status"]) == ("adl.access_evaluation", "Unset")
    assert found["timestamp"] == int(world.clock.timestamp()) * 1000
    rules = {"version": entry.fields["rule_set"], "rules": entry.fields["rules"]}
    held = {"writer": entry.writer.hex(), "number": entry.number, "leaf": entry.leaf.hex()}
    assert found["attributes"] == {
        "adl.core.policies": {"signal-index": rules},
        "adl.core.information": {"signal-index": held},
        "adl.fsc.transaction_id": TRANSACTION,
    }
    request = found["body"]["adl.core.request"]
    assert set(request) == {"subject", "action", "resource", "context"}
    assert (request["subject"]["type"], request["subject"]["id"]) == ("medewerker", "w.een")
    assert request["action"] == {"name": "raadplegen"}
    assert request["resource"] == {"type": "zorgrelatie", "id": str(UUID(bytes=client))}
    assert request["context"]["purpose"] == "voorbereiding-huisbezoek"
    answer = {"decision": True, "context": {"allowed": entry.fields["allowed"]}}
    assert found["body"]["adl.core.response"] == answer


def test_a_denial_is_a_decision(world: Any, client: bytes, shell: Shell) -> None:
    look(world, client, "w.twee")
    look(world, client, "p.officer")
    found = decided(shell)
    assert [each["status"] for each in found] == ["Unset", "Unset"]
    answers = [each["body"]["adl.core.response"] for each in found]
    assert [answer["decision"] for answer in answers] == [False, False]
    assert {answer["context"]["reason"] for answer in answers} == {"no-relation", "role"}


def test_without_rules_there_is_no_decision(world: Any, client: bytes, shell: Shell) -> None:
    nothing = replace(world.desk.rules, epochs=())
    world.app = create_app(replace(world.desk, rulebook=Fixed(nothing)), Surface.ALL)
    assert look(world, client).status_code == 503
    [found] = decided(shell)
    assert found["status"] == "Error"
    assert set(found["body"]) == {"adl.core.request"}


def test_decisions_come_oldest_first_and_once_each(world: Any, client: bytes, shell: Shell) -> None:
    for _ in range(3):
        look(world, client)
        world.clock += timedelta(seconds=1)
    found = decided(shell)
    assert [each["timestamp"] for each in found] == sorted(each["timestamp"] for each in found)
    assert len({(each["trace_id"], each["span_id"]) for each in found}) == 3
    assert found == decided(shell), "the same again, or another log would take them for new ones"


def test_a_record_from_before_there_were_traces_gives_no_decision(world: Any, client: bytes) -> None:
    look(world, client)
    [entry] = world.records(*LOOKS)
    assert decision(entry, "regio-test") is not None
    assert decision(replace(entry, action=None), "regio-test") is None


def test_nothing_in_a_decision_tells_what_was_shown_or_who_the_resident_is(
    world: Any, client: bytes, shell: Shell
) -> None:
    look(world, client)
    [found] = decided(shell)
    text = json.dumps(found)
    for told in ("any_shown", "age_band", "shielded", "Bron 0001", "2025-04"):
        assert told not in text


# --- Who may, and which days --------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [("ldv", "export", "--register", REGISTER), ("audit", "decisions")])
@pytest.mark.parametrize("who", ["w.een", "f.beheer", "t.lead", "nobody"])
def test_only_a_privacy_officer_exports(
    world: Any, client: bytes, shell: Shell, command: tuple[str, ...], who: str
) -> None:
    look(world, client)
    result = shell(*command, *DAYS, "--as", who)
    assert result.exit_code == 1
    assert "trace" not in result.output
    assert not world.records("records.exported")
    assert world.records("action.refused")[0].fields["actor"] == who


@pytest.mark.parametrize("register", ["register.example", "http://register.example", "https://r.example?x=1"])
def test_the_register_has_an_address(shell: Shell, register: str) -> None:
    result = shell("ldv", "export", *DAYS, "--register", register, "--as", "p.officer")
    assert result.exit_code == 2
    assert "an address such as" in result.output


def test_days_are_dutch_and_both_included() -> None:
    since, until = Days(date(2026, 3, 28), date(2026, 3, 29)).period
    assert since.astimezone(UTC) == datetime(2026, 3, 27, 23, 0, tzinfo=UTC)
    assert until.astimezone(UTC) == datetime(2026, 3, 29, 22, 0, tzinfo=UTC), "summer time began that night"


def test_days_the_wrong_way_round_are_refused(world: Any) -> None:
    days = Days(date(2026, 3, 2), date(2026, 3, 1))

    def officer(tx: Any) -> Actor:
        staff = tx.staff.get("p.officer")
        return Actor.in_all_roles("p.officer", staff, second_factor=True, token_id="test")

    for job in (
        lambda tx: export_processings(tx, officer(tx), days, REGISTER, world.clock),
        lambda tx: export_decisions(tx, officer(tx), days, world.clock),
    ):
        with pytest.raises(Malformed):
            world.database.run(job)


def test_a_day_outside_is_not_in_it(world: Any, client: bytes, shell: Shell) -> None:
    look(world, client)
    world.clock = datetime(2026, 3, 31, 22, 0, tzinfo=UTC)  # midnight in the Netherlands: April
    look(world, client)
    assert len(decided(shell)) == 1
