"""One trace runs from whoever asks, through both logs, to the answer; it never says anything about a person."""

import asyncio
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signal_index.model.traces import Processing, ProcessingEntry, Trace
from signal_index.web.app import Surface, create_app
from signal_index.web.frame import Frame
from signal_index.web.provider import Provider, Relying

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
GIVEN = f"00-{TRACE}-{PARENT}-01"
TRANSACTION = "01958f3a-0000-7000-8000-000000000001"
FORM = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
HEX = st.text("0123456789abcdef", min_size=2, max_size=2)


def processings(world: Any) -> list[ProcessingEntry]:
    """Everything in the log of processing operations."""
    span = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
    return world.database.run(lambda tx: list(tx.processings.entries(*span)))  # type: ignore[no-any-return]


def looks(world: Any) -> list[Processing]:
    """The looks in it."""
    done = [each.processing for each in processings(world)]
    return [each for each in done if each.activity.startswith("raadplegen")]


def look(world: Any, relation_id: bytes, **headers: str) -> httpx.Response:
    question = {"zorgrelatie": str(UUID(bytes=relation_id)), "doel": "voorbereiding-huisbezoek"}
    found: httpx.Response = world.request(
        "POST", "/v1/raadplegingen", json=question, headers={**world.token(), **headers}
    )
    return found


# --- Reading the header -------------------------------------------------------------------------------------------


@given(trace=st.binary(min_size=16, max_size=16), span=st.binary(min_size=8, max_size=8), flags=HEX)
def test_a_well_formed_header_is_continued(trace: bytes, span: bytes, flags: str) -> None:
    received = Trace.received([f"00-{trace.hex()}-{span.hex()}-{flags}"], [])
    usable = any(trace) and any(span)
    assert (received.trace_id == trace) is usable
    assert received.parent_id == (span if usable else None)
    assert received.traceparent.endswith(flags if usable else "00")


@given(st.text(max_size=80))
def test_any_other_text_begins_a_new_trace(text: str) -> None:
    received = Trace.received([text], [text])
    assert received.parent_id is None
    assert received.transaction is None
    assert len(received.trace_id) == 16


@pytest.mark.parametrize(
    "stated",
    [
        "",
        GIVEN.upper(),
        GIVEN + " ",
        " " + GIVEN,
        GIVEN + "\n",
        GIVEN + "-more",
        GIVEN[:-1],
        "ff" + GIVEN[2:],
        f"00-{'0' * 32}-{PARENT}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}-{PARENT}-0x",
        f"00_{TRACE}_{PARENT}_01",
        "01" + GIVEN[2:] + "more",
    ],
)
def test_a_malformed_header_is_ignored(stated: str) -> None:
    received = Trace.received([stated], [])
    assert received.parent_id is None
    assert received.trace_id.hex() != TRACE


def test_a_later_version_is_read_as_far_as_we_know_it() -> None:
    for stated in ("01" + GIVEN[2:], "01" + GIVEN[2:] + "-what-comes-next"):
        assert Trace.received([stated], []).trace_id.hex() == TRACE


def test_two_headers_are_none() -> None:
    received = Trace.received([GIVEN, GIVEN], [TRANSACTION, TRANSACTION])
    assert (received.parent_id, received.transaction) == (None, None)


@pytest.mark.parametrize("stated", [TRANSACTION, TRANSACTION.upper()])
def test_an_fsc_transaction_is_kept_if_it_is_a_uuid(stated: str) -> None:
    assert Trace.received([], [stated]).transaction == UUID(TRANSACTION)


@pytest.mark.parametrize(
    "stated", [TRANSACTION.replace("-", ""), f"{{{TRANSACTION}}}", f"urn:uuid:{TRANSACTION}", "999900006"]
)
def test_anything_else_is_no_fsc_transaction(stated: str) -> None:
    assert Trace.received([], [stated]).transaction is None


def test_ids_made_here_are_all_different() -> None:
    made = [Trace.new() for _ in range(200)]
    spans = [made[0].action() for _ in range(200)]
    assert len({trace.trace_id for trace in made} | {trace.answer_id for trace in made}) == 400
    assert len({span.span_id for span in spans}) == 200
    assert {span.trace_id for span in spans} == {made[0].trace_id}


# --- From request to records --------------------------------------------------------------------------------------


def test_the_callers_trace_stands_in_both_logs_and_in_the_answer(world: Any, client: bytes) -> None:
    answer = look(world, client, traceparent=GIVEN, **{"fsc-transaction-id": TRANSACTION})
    [record] = world.records("lookup.answered")
    [done] = looks(world)
    assert record.action is not None
    assert record.action.trace_id.hex() == TRACE
    assert record.action.parent_id is not None
    assert record.action.parent_id.hex() == PARENT
    assert str(record.action.transaction) == TRANSACTION
    assert done.action.trace_id == record.action.trace_id
    assert done.action.span_id == record.action.span_id
    assert done.action.parent_id == record.action.parent_id
    assert done.processor == f"urn:nld:oin:{world.GEMEENTE}"
    found = FORM.fullmatch(answer.headers["traceparent"])
    assert found is not None
    assert (found[1], found[3]) == (TRACE, "01")
    assert found[2] != PARENT


def test_without_a_header_both_logs_and_the_answer_share_a_new_trace(world: Any, client: bytes) -> None:
    answers = [look(world, client) for _ in range(2)]
    traces = [FORM.fullmatch(answer.headers["traceparent"]) for answer in answers]
    stated = [found[1] for found in traces if found is not None]
    recorded = [entry.action.trace_id.hex() for entry in reversed(world.records("lookup.answered"))]
    assert stated == recorded
    assert len(set(stated)) == 2
    assert {each.action.trace_id.hex() for each in looks(world)} == {*stated}
    assert {each.processor for each in looks(world)} == {None}


def test_a_caller_who_repeats_a_trace_gets_every_look_recorded(world: Any, client: bytes) -> None:
    for _ in range(3):
        assert look(world, client, traceparent=GIVEN).status_code == 200
    spans = {(each.action.trace_id.hex(), each.action.span_id) for each in looks(world)}
    assert {trace for trace, _ in spans} == {TRACE}
    assert len(spans) == 3


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/v1/gereed"), ("GET", "/v1/openapi.json"), ("GET", "/v1/niets"), ("POST", "/v1/raadplegingen")],
)
def test_every_answer_names_the_trace(world: Any, method: str, path: str) -> None:
    assert (
        world.request(method, path, headers={"traceparent": GIVEN})
        .headers["traceparent"]
        .startswith(f"00-{TRACE}-")
    )
    assert FORM.fullmatch(world.request(method, path).headers["traceparent"])


def test_a_trace_ends_with_its_request(world: Any, client: bytes) -> None:
    look(world, client, traceparent=GIVEN)
    world.look(client, "w.twee")
    refused = world.records("lookup.refused")[0]
    assert refused.action is not None
    assert refused.action.trace_id.hex() != TRACE
    assert world.request("GET", "/v1/logregels", headers=world.token("p.officer")).status_code == 200
    assert world.records("log.read")[0].action.trace_id.hex() != TRACE


def test_what_one_job_records_shares_a_trace_and_two_jobs_do_not(world: Any) -> None:
    by_delivery: dict[str, set[bytes]] = {}
    rows = [world.relation(), world.relation(worker="w.twee")]
    world.register_relations(*zip(world.PEOPLE, rows, strict=False))
    for entry in world.records("relation.registered", "delivery.accepted"):
        by_delivery.setdefault(entry.event, set()).add(entry.action.trace_id)
    assert len(by_delivery["relation.registered"]) == 1, "both came in one batch"
    assert by_delivery["relation.registered"] < by_delivery["delivery.accepted"]
    assert len(by_delivery["delivery.accepted"]) == 2, "opened in one batch, filled and sealed in another"


def test_an_action_lasts_from_the_edge_to_its_record(world: Any, client: bytes) -> None:
    ticks = count()

    def now() -> datetime:
        moment: datetime = world.clock + timedelta(milliseconds=10 * next(ticks))
        return moment

    world.app = create_app(replace(world.desk, now=now), Surface.ALL)
    look(world, client)
    [done] = looks(world)
    assert done.ended_at - done.started_at == timedelta(milliseconds=10)


# --- Out again ----------------------------------------------------------------------------------------------------


def test_the_identity_provider_hears_nothing_of_a_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json={"issuer": "https://idp.test"})

    def client(_: Any) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.MockTransport(answer))

    monkeypatch.setattr(Provider, "_http", client)
    relying = Relying(
        issuer="https://idp.test",
        client_id="index",
        client_secret=None,
        return_to="https://index.test/inloggen/terug",
        signed_out="https://index.test/uitgelogd",
        subject_claim="sub",
        second_factor_acr=frozenset(),
        second_factor_amr=frozenset(),
    )
    provider = Provider(relying, lambda: datetime(2026, 3, 3, tzinfo=UTC))

    async def leave(scope: Any, receive: Any, send: Any) -> None:
        await provider.way_out()
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(Frame(leave, 10))
        async with httpx.AsyncClient(transport=transport, base_url="https://index.test") as browser:
            return await browser.get("/", headers={"traceparent": GIVEN})

    assert TRACE in asyncio.run(ask()).headers["traceparent"]
    assert len(asked) == 1
    assert not [line for line in asked[0].headers.raw if TRACE.encode() in line[1].lower()]
    assert not {"traceparent", "tracestate", "fsc-transaction-id"} & set(asked[0].headers)


def test_no_line_of_a_log_file_names_a_trace(
    world: Any, client: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    look(world, client, traceparent=GIVEN)
    world.request("POST", "/v1/raadplegingen", content=b"{", headers={"traceparent": GIVEN})
    assert TRACE not in caplog.text
    assert PARENT not in caplog.text
