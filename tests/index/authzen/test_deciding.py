"""An answer is what a look would be allowed to show, and nothing that a caller says makes it more."""

import json
import re
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from crypto.encoding import Month
from crypto.sheet import AgeBand
from policy.rulesets import no_rules
from policy.telling.sentences import say
from policy.vocabulary import Level, Shows
from signal_index.model.administration import Change
from signal_index.web.app import Surface, create_app
from tests.index.conftest import DAY, GEMEENTE, RULES
from tests.support.rules import Fixed

from .conftest import CONTACT, ONE, PRESENCE, PURPOSE, SEVERAL, SOURCE, WMO, System

CATALOGUE = RULES.in_force(DAY).catalogue
PURPOSES = [purpose.code for purpose in CATALOGUE.purposes]
RELATIONS: list[dict[str, Any]] = [
    {},
    {"shielded": True},
    {"age_band": AgeBand.FROM_12_TO_15, "age_band_changes": Month.parse("2027-01")},
    {"coordinator": True},
    {"registered_by": "w.een"},  # waits for a second person
    {"valid_until": date(2026, 3, 2)},
    {"worker": "w.twee"},
]
NEW = Callable[..., System]


@pytest.mark.parametrize("purpose", PURPOSES)
@pytest.mark.parametrize("relation", RELATIONS, ids=str)
def test_a_decision_is_what_a_look_is_allowed(
    new_system: NEW, relation: dict[str, Any], purpose: str
) -> None:
    system = new_system(**relation)
    looked = system.world.look(system.relation_id, purpose=purpose)
    recorded = system.world.records("lookup.answered")
    assert (looked.status_code == 200) is bool(recorded)
    allowed = dict(each.rsplit(":", 1) for each in recorded[0].fields["allowed"]) if recorded else {}
    asked = [(each.code, level) for each in CATALOGUE.types for level in Level]
    expected = [code in allowed and Level(allowed[code]) >= level for code, level in asked]
    context = {"doelbinding": purpose}
    items = [
        {"action": {"name": level.action}, "resource": {"type": code, "id": system.case}}
        for code, level in asked
    ]
    found = [
        each
        for start in range(0, len(items), 64)
        for each in system.several(*items[start : start + 64], context=context)
    ]
    assert [each["decision"] for each in found] == expected
    if recorded:
        facts, rules = (
            {each.fields[name] for each in (*recorded, *system.world.records("access.evaluated"))}
            for name in ("facts", "rule_set")
        )
        assert len(facts) == len(rules) == 1, "it stood on the same facts and rules"


def test_some_of_it_is_a_yes_and_some_a_no(new_system: NEW) -> None:
    open_, shielded = new_system(), new_system(shielded=True)
    assert [open_.decides(WMO, each) for each in (PRESENCE, SOURCE, CONTACT)] == [True, True, True]
    assert [shielded.decides(WMO, each) for each in (PRESENCE, SOURCE, CONTACT)] == [True, False, False]


def test_no_flag_is_read_and_none_changes_an_answer(system: System) -> None:
    statements: list[str] = []
    system.world.watch(statements)
    with_flag = system.ask(WMO)
    assert statements
    assert not [each for each in statements if re.search(r"\bflags\b", each)]
    system.world.publish(GEMEENTE, "agb:00000001", WMO, {}, generation=2)
    assert system.ask(WMO) == with_flag


# --- What a caller says -------------------------------------------------------------------------------------------


LIES = {
    "role": "wijkteammedewerker",
    "rol": "wijkteammedewerker",
    "relatie_loopt": True,
    "relatie_bevestigd": True,
    "afgeschermd": False,
    "leeftijdsgroep": "18+",
    "team": "noord",
    "coordinator": True,
    "supported_obligations": ["custom"],
}


@pytest.mark.parametrize(
    "relation", [{"shielded": True}, {"registered_by": "w.een"}, {"worker": "w.twee"}], ids=str
)
def test_no_fact_that_a_caller_states_is_believed(new_system: NEW, relation: dict[str, Any]) -> None:
    system = new_system(**relation)
    plain = system.ask(WMO, SOURCE)
    body = system.question(WMO, SOURCE, **LIES)
    for place in ("subject", "action", "resource"):
        body[place] = {
            **body[place],
            "properties": LIES,
            **{f"x_{name}": value for name, value in LIES.items()},
        }
    body["context"] = {**body["context"], **LIES}
    assert system.post(body).json() == plain
    assert plain["decision"] is False


@pytest.mark.parametrize("time", ["2026-06-01T12:00:00Z", "1985-10-26T01:22-07:00", "morgen", 7])
def test_a_time_in_the_question_moves_no_clock(new_system: NEW, time: Any) -> None:
    over = new_system(valid_until=date(2026, 3, 2))
    running = new_system()
    context = {"doelbinding": PURPOSE, "time": time}
    assert over.decides(context=context) is False
    assert running.decides(context=context) is True
    assert running.world.records("access.evaluated")[0].at == running.world.clock


def test_types_and_purposes_may_be_uris(system: System) -> None:
    body = system.question()
    body["subject"]["type"] = "urn:signal-index:medewerker"
    body["resource"] = {"type": f"urn:signal-index:{WMO}", "id": f"urn:uuid:{system.case}"}
    body["context"]["doelbinding"] = f"urn:signal-index:{PURPOSE}"
    assert system.post(body).json()["decision"] is True
    assert system.world.records("access.evaluated")[0].fields["asked"] == [f"{WMO}:bron"]


def test_only_our_own_uris_are(system: System) -> None:
    for kind in (
        f"https://elders.example/{WMO}",
        f"urn:signal-index:{WMO}/",
        f"URN:SIGNAL-INDEX:{WMO}",
        WMO.upper(),
    ):
        assert system.ask(kind)["context"]["error"]["status"] == 404


# --- Who asks -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "subject",
    [
        {"id": "w.twee"},
        {"id": "W.EEN"},
        {"id": "w.een "},
        {"id": ""},
        {"type": "user"},
        {"type": "teamleider"},
    ],
    ids=str,
)
@pytest.mark.parametrize("path", [ONE, SEVERAL])
def test_nobody_asks_about_somebody_else(system: System, subject: dict[str, str], path: str) -> None:
    body = system.question()
    body["subject"] |= subject
    if path == SEVERAL:
        body = {**system.question(), "evaluations": [{}, {"subject": body["subject"]}]}
    refused = system.post(body, path)
    assert (refused.status_code, refused.json()["code"]) == (403, "other-subject")
    assert not system.world.records("access.evaluated")
    [entry] = system.world.records("action.refused")
    assert (entry.fields["actor"], entry.fields["reason"]) == ("w.een", "other-subject")


@pytest.mark.parametrize("staff_id", ["t.lead", "p.officer", "f.beheer"])
def test_whoever_may_not_look_has_nothing_to_ask(system: System, staff_id: str) -> None:
    body = system.question(subject={"type": "medewerker", "id": staff_id})
    refused = system.post(body, staff_id=staff_id)
    assert (refused.status_code, refused.json()["code"]) == (403, "role")
    assert system.world.records("action.refused")[0].fields["surface"] == "toegangsvraag"


def test_one_factor_and_a_blocked_account_are_refused_as_on_a_look(system: System) -> None:
    weak = system.world.token(second_factor=False)
    refused = system.world.request("POST", ONE, json=system.question(), headers=weak)
    assert (refused.status_code, refused.json()["code"]) == (403, "second-factor")
    system.world.change(Change.block("w.een"))
    assert system.post(system.question()).json()["code"] == "account"


def test_without_a_token_nothing_is_decided(system: System) -> None:
    refused = system.world.request("POST", ONE, json=system.question())
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
    assert system.world.records("access.refused")[0].fields["surface"] == "toegangsvraag"


# --- Why not ------------------------------------------------------------------------------------------------------


def reason(answered: dict[str, Any]) -> str:
    assert answered["decision"] is False
    assert answered["context"].keys() == {"reason_user"}
    [(status, text)] = answered["context"]["reason_user"].items()
    assert status == "403"
    return str(text)


def test_every_case_outside_the_caseload_is_one_answer(new_system: NEW) -> None:
    outside = [new_system(**each) for each in RELATIONS[5:]]
    texts = {reason(each.ask()) for each in outside}
    unknown = outside[0]
    texts.add(reason(unknown.ask(resource={"type": WMO, "id": str(uuid.UUID(int=7))})))
    assert texts == {"Deze zaak staat niet in uw caseload."}
    assert unknown.world.records("access.evaluated")[0].fields["reason"] == "no-relation"


def test_a_no_about_the_purpose_says_so_and_one_about_the_resident_does_not(new_system: NEW) -> None:
    open_, shielded = new_system(), new_system(shielded=True)
    narrow = {"context": {"doelbinding": "schuldhulp-afstemming"}}
    about_purpose = {reason(each.ask(WMO, PRESENCE, **narrow)) for each in (open_, shielded)}
    assert len(about_purpose) == 1, "it is the same whoever the resident is"
    assert reason(shielded.ask(WMO, SOURCE)) == say("worker.neutral", "nl")


@pytest.mark.parametrize(
    "context", [{}, {"doelbinding": "zomaar"}, {"doelbinding": 7}, {"doelbinding": None}]
)
def test_without_a_purpose_the_answer_is_no_and_says_which_there_are(system: System, context: Any) -> None:
    text = reason(system.ask(context=context))
    assert all(code in text for code in PURPOSES)
    [entry] = system.world.records("access.evaluated")
    assert (entry.fields["reason"], entry.fields["purpose"]) == ("unknown-purpose", None)


def test_context_may_be_left_out_altogether(system: System) -> None:
    body = system.question()
    del body["context"]
    assert system.post(body).json()["decision"] is False


def test_no_answer_to_a_worker_names_a_rule_or_the_reason_of_a_reviewer(new_system: NEW) -> None:
    system = new_system(shielded=True)
    told = [system.ask(WMO, each) for each in (PRESENCE, SOURCE)]
    told += [system.ask(WMO, context=each) for each in ({}, {"doelbinding": "schuldhulp-afstemming"})]
    text = json.dumps(told)
    assert "reason_admin" not in text
    assert not re.search(r"\b[GT]\d\d\b", text)
    assert not re.search("afgeschermd|no-relation|relation-not-live", text)


# --- What has to be done ------------------------------------------------------------------------------------------


def obligations(answered: dict[str, Any]) -> list[str]:
    assert answered["decision"] is True
    found = answered["context"]["obligations"]
    for each in found:
        assert each.keys() == {"id", "type", "properties"}
        assert (each["type"], each["properties"]) == (
            "custom",
            {"vendor": "signal-index", "action": each["id"]},
        )
    return [each["id"] for each in found]


def test_a_yes_comes_with_the_duty_to_record_it(system: System) -> None:
    assert obligations(system.ask(WMO)) == ["vastleggen"]


def test_a_purpose_that_shows_areas_only_obliges_to_that(system: System) -> None:
    purpose = next(each.code for each in CATALOGUE.purposes if each.shows is Shows.AREAS)
    assert obligations(system.ask(WMO, PRESENCE, context={"doelbinding": purpose})) == [
        "vastleggen",
        "alleen-leefgebied",
    ]


# --- When it cannot be decided ------------------------------------------------------------------------------------


def test_without_rules_nothing_is_decided_and_that_is_recorded(system: System) -> None:
    world = system.world
    world.desk = replace(world.desk, rulebook=Fixed(no_rules()))
    world.app = create_app(world.desk, Surface.ALL)
    failed = system.post(system.question())
    assert (failed.status_code, failed.json()["code"]) == (503, "no-rules")
    assert int(failed.headers["retry-after"]) > 0
    [entry] = world.records("access.evaluated")
    assert (entry.fields["reason"], entry.fields["allowed"]) == ("no-rules-in-force", [])


def test_when_the_record_cannot_be_written_there_is_no_answer(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert system.decides() is True
    audit_log = type(system.world.database.run(lambda tx: tx.audit))

    def full(*_: Any) -> None:
        raise OperationalError("insert", {}, Exception("disk full"))

    monkeypatch.setattr(audit_log, "append", full)
    failed = system.post(system.question())
    assert failed.status_code == 503
    assert "decision" not in failed.json()


def test_a_stand_in_is_decided_for_as_on_a_look(system: System) -> None:
    world = system.world
    days = {"van": str(DAY), "tot": "2026-03-10"}
    cover = {"afwezig": "w.een", "vervanger": "w.twee", "reden": "andere-reden"} | days
    arranged = world.request("POST", "/v1/vervangingen", json=cover, headers=world.token("f.beheer"))
    assert arranged.is_success, arranged.text
    body = system.question(subject={"type": "medewerker", "id": "w.twee"})
    assert system.post(body, staff_id="w.twee").json()["decision"] is True
    assert world.records("access.evaluated")[0].fields["cover"] == arranged.json()["vervanging"]
