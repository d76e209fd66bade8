"""The Authorization API as the standard has it: forms, several evaluations at once, headers, and where to ask."""

import json
import re
import uuid
from dataclasses import replace
from typing import Any

import httpx
import pytest

from crypto.batch import BatchClass
from signal_index.web.api.document import Imprint
from signal_index.web.api.rates import Limiter, Rate
from signal_index.web.app import Surface, create_app
from tests.support.serving import Server

from .conftest import JEUGD, ONE, PURPOSE, SEVERAL, SOURCE, WMO, System, answer

BSN = "999900006"
WELL_KNOWN = "/.well-known/authzen-configuration"
TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def without(body: dict[str, Any], *path: str) -> dict[str, Any]:
    """A copy that lacks one member."""
    copy: dict[str, Any] = json.loads(json.dumps(body))
    inner = copy
    for name in path[:-1]:
        inner = inner[name]
    del inner[path[-1]]
    return copy


REQUIRED = [
    "subject",
    "action",
    "resource",
    "subject.type",
    "subject.id",
    "action.name",
    "resource.type",
    "resource.id",
]


@pytest.mark.parametrize("place", REQUIRED)
@pytest.mark.parametrize("path", [ONE, SEVERAL])
def test_what_is_required_and_missing_is_a_400_that_names_it(system: System, place: str, path: str) -> None:
    refused = system.post(without(system.question(), *place.split(".")), path)
    assert (refused.status_code, refused.json()["code"]) == (400, "malformed")
    assert [each["veld"] for each in refused.json()["velden"]] == [place]
    assert not system.world.records("access.evaluated")


WRONG: list[dict[str, Any]] = [
    {"subject": "w.een"},
    {"subject": ["w.een"]},
    {"subject": None},
    {"subject": {"type": "medewerker", "id": 7}},
    {"subject": {"type": "medewerker", "id": "w.een", "properties": "x"}},
    {"action": {"name": 123}},
    {"action": {"name": SOURCE, "properties": []}},
    {"resource": 7},
    {"resource": {"type": None, "id": "x"}},
    {"context": "nu"},
    {"context": None},
]


@pytest.mark.parametrize("wrong", WRONG, ids=str)
@pytest.mark.parametrize("path", [ONE, SEVERAL])
def test_what_is_of_another_kind_is_a_400(system: System, wrong: dict[str, Any], path: str) -> None:
    refused = system.post(system.question(**wrong), path)
    assert (refused.status_code, refused.json()["code"]) == (400, "malformed")
    with_items = system.post({**system.question(**wrong), "evaluations": [{}]}, SEVERAL)
    assert with_items.status_code == 400


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{", "application/json"),
        (b"", "application/json"),
        (b"[]", "application/json"),
        (b'"x"', "application/json"),
        (b'{"subject": {}, "subject": {}}', "application/json"),
        (b"{}", "text/plain"),
        (b"{}", "application/x-www-form-urlencoded"),
        (b"{}", None),
    ],
)
def test_a_body_that_is_no_json_object_is_a_400(system: System, body: bytes, kind: str | None) -> None:
    headers = system.world.token() | ({"content-type": kind} if kind else {})
    for path in (ONE, SEVERAL):
        refused = system.world.request("POST", path, content=body, headers=headers)
        assert (refused.status_code, refused.headers["content-type"]) == (400, "application/problem+json")


def test_a_body_beyond_what_we_read_is_a_413(system: System) -> None:
    world = system.world
    world.app = create_app(world.desk, Surface.WORKERS)
    assert system.post(system.question(filling="x" * 70_000)).status_code == 413


def test_unknown_fields_are_skipped_everywhere(system: System) -> None:
    body = system.question(
        foo="bar", futureField={"nested": True}, evaluations="on this address it is unknown"
    )
    for place in ("subject", "action", "resource", "context"):
        body[place]["later"] = {"x": [1, None]}
    assert answer(system.post(body)) == system.ask()


def test_nothing_a_caller_writes_comes_back(system: System) -> None:
    body = system.question()
    odd: list[dict[str, Any]] = [
        {"subject": {"type": "medewerker", "id": BSN}},
        {"action": {"name": BSN}},
        {"resource": {"type": BSN, "id": system.case}},
        {"resource": {"type": WMO, "id": BSN}},
        {"context": {"doelbinding": BSN}},
        {"options": {"evaluations_semantic": BSN}, "evaluations": [{}]},
        {BSN: BSN},
    ]
    answers = [system.post({**body, **each}, path) for each in odd for path in (ONE, SEVERAL)]
    assert all(BSN not in each.text for each in answers)
    kept = system.world.records("access.evaluated", "action.refused")
    assert len(kept) > len(odd)
    assert all(BSN not in json.dumps(each.fields) for each in kept)


# --- Several at once ----------------------------------------------------------------------------------------------


def decisions(answers: list[dict[str, Any]]) -> list[bool]:
    return [each["decision"] for each in answers]


def test_answers_come_in_the_order_of_the_questions(system: System) -> None:
    odd = {"resource": {"type": "bestaat-niet", "id": system.case}}
    assert decisions(system.several(odd, {}, odd, odd, {})) == [False, True, False, False, True]


def test_a_default_is_replaced_whole(system: System) -> None:
    """The context of an item has no purpose, so that it has none: the default's is not mixed in."""
    mixed = system.several({}, {"context": {"time": "2026-03-03T12:00:00Z"}})
    assert decisions(mixed) == [True, False]
    half = system.several({}, {"resource": {"type": WMO}}, {"resource": {"id": system.case}})
    assert decisions(half) == [True, False, False]
    assert [each["context"]["error"]["status"] for each in half[1:]] == [400, 400]


def test_an_item_may_bring_all_of_its_own(system: System) -> None:
    found = answer(system.post({"evaluations": [system.question(), system.question(JEUGD)]}, SEVERAL))
    assert len(found["evaluations"]) == 2


ODD: list[Any] = [
    {"action": {}},
    {"action": {"name": 7}},
    "x",
    None,
    7,
    [],
    {"resource": "x"},
    {"context": 7},
]


@pytest.mark.parametrize("odd", ODD, ids=str)
def test_an_item_that_cannot_be_asked_is_a_no_in_its_place(system: System, odd: Any) -> None:
    one, failed, other = system.several({}, odd, {})
    assert one["decision"] is other["decision"] is True
    assert failed["decision"] is False
    assert failed["context"]["error"].keys() == {"status", "message"}
    assert system.world.records("access.evaluated")[0].fields["asked"] == [
        f"{WMO}:bron",
        "onleesbaar",
        f"{WMO}:bron",
    ]


def test_nothing_but_items_that_cannot_be_asked_is_recorded_as_well(system: System) -> None:
    assert decisions(system.several({"action": {}}, {"resource": {"type": WMO, "id": "x"}})) == [False, False]
    [entry] = system.world.records("access.evaluated")
    assert (entry.fields["asked"], entry.fields["reason"]) == (["onleesbaar"] * 2, "onleesbaar")
    assert "relation" not in entry.fields


SEMANTICS: dict[str | None, list[bool]] = {
    None: [True, False, True],
    "execute_all": [True, False, True],
    "deny_on_first_deny": [True, False],
    "permit_on_first_permit": [True],
}


@pytest.mark.parametrize("semantic", SEMANTICS)
def test_the_semantic_says_which_answer_is_the_last(system: System, semantic: str | None) -> None:
    options = {"options": {"evaluations_semantic": semantic, "another": 1}} if semantic else {}
    odd = {"resource": {"type": WMO, "id": "geen kenmerk"}}
    assert decisions(system.several({}, odd, {}, **options)) == SEMANTICS[semantic]
    [entry] = system.world.records("access.evaluated")
    assert entry.fields["semantic"] == (semantic or "execute_all")
    assert len(entry.fields["asked"]) == len(SEMANTICS[semantic]), "what was not answered was not asked"


def test_the_other_semantic_goes_on_past_what_does_not_end_it(system: System) -> None:
    odd = {"resource": {"type": "bestaat-niet", "id": system.case}}
    first_permit = {"options": {"evaluations_semantic": "permit_on_first_permit"}}
    assert decisions(system.several(odd, odd, {}, {}, **first_permit)) == [False, False, True]
    first_deny = {"options": {"evaluations_semantic": "deny_on_first_deny"}}
    assert decisions(system.several({}, {}, odd, {}, **first_deny)) == [True, True, False]


@pytest.mark.parametrize(
    "options", [{"evaluations_semantic": "whatever"}, {"evaluations_semantic": 1}, "x", [], None]
)
def test_a_semantic_we_do_not_know_is_a_400(system: System, options: Any) -> None:
    refused = system.post({**system.question(), "evaluations": [{}], "options": options}, SEVERAL)
    assert refused.status_code == 400


@pytest.mark.parametrize("items", [{}, {"evaluations": []}], ids=["missing", "empty"])
def test_without_evaluations_it_is_a_single_one(system: System, items: dict[str, Any]) -> None:
    assert answer(system.post({**system.question(), **items}, SEVERAL)) == system.ask()
    assert [each.fields["semantic"] for each in system.world.records("access.evaluated")] == [None, None]


def test_64_at_once_is_the_most(system: System) -> None:
    assert len(system.several(*[{}] * 64)) == 64
    refused = system.post({**system.question(), "evaluations": [{}] * 65}, SEVERAL)
    assert (refused.status_code, refused.json()["velden"][0]["veld"]) == (400, "evaluations")
    several: list[Any] = ["x", {}, 7, None]
    for wrong in several:
        assert system.post({**system.question(), "evaluations": wrong}, SEVERAL).status_code == 400


def test_one_request_is_about_one_case_and_one_purpose(system: System) -> None:
    world, other = system.world, system.world.relation(case_reference="WT-2026-0002")
    world.accept(world.REGIE, BatchClass.ZORGRELATIE, [(world.PEOPLE[1], other)])
    elsewhere = {"resource": {"type": WMO, "id": str(uuid.UUID(bytes=other.relation_id))}}
    otherwise = {"context": {"doelbinding": "schuldhulp-afstemming"}}
    assert [system.decides(**elsewhere), system.decides()] == [True, True], "each would do on its own"
    found = system.several({}, elsewhere, otherwise, {})
    assert decisions(found) == [True, False, False, True]
    assert all("één zaak en één doel" in each["context"]["error"]["message"] for each in found[1:3])
    assert world.records("access.evaluated")[0].fields["relation"] == system.case


def test_it_counts_as_a_look_together_with_looks(system: System) -> None:
    world = system.world
    world.desk = replace(world.desk, limiter=Limiter({Rate.LOOK: 3, Rate.WORK: 100}))
    world.app = create_app(world.desk, Surface.ALL)
    assert world.look(system.relation_id).status_code == 200
    assert system.post(system.question()).status_code == 200
    assert len(system.several({}, {}, {}, {})) == 4
    refused = system.post(system.question())
    assert (refused.status_code, refused.json()["code"]) == (429, "rate")
    assert world.look(system.relation_id).status_code == 429


# --- Headers ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", ["bfe9eb29-ab87-4ca3-be83-a1d5d8305716", "a b", "x", "~" * 200])
def test_the_number_of_a_request_comes_back_with_every_answer(system: System, number: str) -> None:
    own = {"X-Request-ID": number}
    answers = [
        system.post(system.question(), **own),
        system.post({}, **own),
        system.post(system.question(), staff_id="p.officer", **own),
        system.world.request("GET", WELL_KNOWN, headers=own),
        system.world.request("GET", ONE, headers=own),
    ]
    assert [each.status_code for each in answers] == [200, 400, 403, 200, 405]
    assert {each.headers["x-request-id"] for each in answers} == {number}


@pytest.mark.parametrize("number", ["x" * 201, "", "caf\u00e9".encode("latin-1")])
def test_a_number_that_does_not_fit_gets_one_of_ours(system: System, number: str | bytes) -> None:
    headers = {**system.world.token(), "X-Request-ID": number}
    answered = system.world.request("POST", ONE, json=system.question(), headers=headers)
    assert answered.status_code == 200
    assert re.fullmatch("[0-9a-f]{32}", answered.headers["x-request-id"])


def trace(response: httpx.Response) -> str:
    return str(response.headers["traceparent"].split("-")[1])


def test_the_trace_in_the_context_goes_on_in_the_record_and_the_answer(system: System) -> None:
    stated = {"doelbinding": PURPOSE, "traceparent": f"00-{TRACE}-{PARENT}-01"}
    answered = system.post(system.question(context=stated))
    [entry] = system.world.records("access.evaluated")
    assert (entry.action.trace_id.hex(), entry.action.parent_id.hex(), trace(answered)) == (
        TRACE,
        PARENT,
        TRACE,
    )


def test_a_trace_in_the_header_goes_before_and_one_that_is_none_counts_for_nothing(system: System) -> None:
    stated = {"doelbinding": PURPOSE, "traceparent": f"00-{TRACE}-{PARENT}-01"}
    other = "af7651916cd43dd8448eb211c80319c4"
    answered = system.post(system.question(context=stated), traceparent=f"00-{other}-{PARENT}-01")
    assert trace(answered) == other
    for odd in ("x", f"00-{'0' * 32}-{PARENT}-01", 7, None):
        answered = system.post(system.question(context={"doelbinding": PURPOSE, "traceparent": odd}))
        assert answered.json()["decision"] is True
        assert trace(answered) not in {TRACE, other}


def test_the_next_request_begins_a_trace_of_its_own(system: System) -> None:
    system.post(system.question(context={"doelbinding": PURPOSE, "traceparent": f"00-{TRACE}-{PARENT}-01"}))
    assert trace(system.post(system.question())) != TRACE


# --- Where to ask -------------------------------------------------------------------------------------------------


def test_the_metadata_says_where_to_ask_under_the_address_it_is_read_from(system: System) -> None:
    world, origin = system.world, "https://index.test"
    world.app = create_app(world.desk, Surface.ALL, imprint=Imprint(origin=origin))
    found = world.request("GET", WELL_KNOWN)
    assert (found.status_code, found.headers["content-type"]) == (200, "application/json")
    assert found.json() == {
        "policy_decision_point": origin,
        "access_evaluation_endpoint": f"{origin}{ONE}",
        "access_evaluations_endpoint": f"{origin}{SEVERAL}",
        "supported_obligations": ["custom"],
    }
    assert world.request("GET", f"{WELL_KNOWN}/tenant").status_code == 404


@pytest.mark.parametrize(
    ("surface", "status"), [(Surface.WORKERS, 401), (Surface.SOURCES, 404), (Surface.OVERSIGHT, 404)]
)
def test_only_the_surface_of_workers_answers(system: System, surface: Surface, status: int) -> None:
    world = system.world
    world.app = create_app(world.desk, surface)
    assert world.request("POST", ONE, json=system.question()).status_code == status
    assert (world.request("GET", WELL_KNOWN).status_code == 200) is (surface is Surface.WORKERS)


@pytest.mark.parametrize("path", [ONE, SEVERAL])
def test_a_wrong_method_and_an_unwanted_form_are_told_apart(system: System, path: str) -> None:
    found = system.world.request("GET", path)
    assert (found.status_code, found.headers["allow"]) == (405, "POST")
    assert system.post(system.question(), path, accept="text/html").status_code == 406
    assert system.post(system.question(), f"{path}/").status_code == 404
    assert system.post(system.question(), f"{path}?x=1").status_code == 400


def test_a_real_process_says_its_own_address_and_gives_the_number_back(system: System) -> None:
    world = system.world
    world.database.close()
    server = Server(world, sections='[api]\nurl = "https://index.test"\ndecision_clients = ["zaaksysteem"]')
    server.start()
    try:
        with httpx.Client(base_url=server.url, trust_env=False, headers={"X-Request-ID": "een"}) as client:
            found = client.get(WELL_KNOWN)
            assert found.json()["access_evaluation_endpoint"] == f"https://index.test{ONE}"
            refused = client.post(ONE, json=system.question())
            assert (refused.status_code, refused.headers["x-request-id"]) == (401, "een")
    finally:
        server.stop()
