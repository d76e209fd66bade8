"""The HTTP edge: what passes, what every refusal looks like, and what is never repeated."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest

from crypto.batch import Batch, BatchClass, verify_hop, verify_publisher
from crypto.pseudonymiser.problems import KINDS

pytestmark = pytest.mark.asyncio

SIGNED = "application/octet-stream"
N = 4
OIN = "00000099000000000731"


def assert_problem(response: Any, code: str, party: str = "A") -> None:
    """Whatever went wrong, it is a problem document from the table."""
    assert response.headers["Content-Type"] == "application/problem+json"
    document = response.json()
    assert set(document) == {"type", "title", "status", "detail", "instance", "code", "party"}
    assert (document["code"], document["party"]) == (code, party)
    assert document["status"] == response.status_code == KINDS[code].status
    assert document["type"] == f"/problemen/{code}"


@pytest.mark.parametrize("party", ["A", "B"])
async def test_a_good_delivery_is_hopped_signed_and_passed_on(
    party: str, start: Any, next_hop: Any, parties: Any, arriving: Any, bytes_max: int
) -> None:
    batch = parties.batch()
    running = await start(party)
    response = await running.post(arriving(party, batch))
    assert (response.status_code, response.content) == (200, b"signed")
    passed = Batch.decode(next_hop.got[0], bytes_max)
    verify_publisher(passed, parties.publisher.signing.public_key())
    verify_hop(passed, 0, parties.manifest)
    if party == "B":
        verify_hop(passed, 1, parties.manifest)
    assert (passed.header, passed.c0, passed.sheet) == (batch.header, batch.c0, batch.sheet)
    assert len(passed.hops) == (1 if party == "A" else 2)


@pytest.mark.parametrize("status", [200, 409])
async def test_the_signed_answer_comes_back_as_it_was(
    status: int, start: Any, next_hop: Any, parties: Any
) -> None:
    next_hop.answer = lambda _: (status, {"Content-Type": SIGNED}, bytes(range(256)))
    response = await (await start("A")).post(parties.batch().encode())
    assert (response.status_code, response.headers["Content-Type"]) == (status, SIGNED)
    assert response.content == bytes(range(256))


PROBLEM = {"Content-Type": "application/problem+json"}


@pytest.mark.parametrize(
    ("answer", "code", "party", "after"),
    [
        ((500, {}, b""), "next-hop-unavailable", "A", "30"),
        ((502, {"Retry-After": "7"}, b"<html>"), "next-hop-unavailable", "A", "7"),
        ((503, PROBLEM | {"Retry-After": "1e9"}, b'{"code":"busy","party":"B"}'), "next-hop-unavailable", "B", "30"),
        ((307, {"Location": "/v1/elders"}, b""), "next-hop-unavailable", "A", "30"),
        ((200, {"Content-Type": "text/html"}, b"<html>"), "next-hop-unavailable", "A", "30"),
        ((200, {"Content-Type": SIGNED}, bytes(1024 * 1024 + 1)), "next-hop-unavailable", "A", "30"),
        ((429, PROBLEM | {"Retry-After": "60"}, b'{"code":"quota-exceeded","party":"B"}'), "quota-exceeded", "B", "60"),
        ((400, PROBLEM, b'{"code":"clock","party":"B"}'), "clock", "B", None),
        ((403, PROBLEM, b'{"code":"not-permitted"}'), "refused-further-on", "index", None),
        ((400, PROBLEM, b'{"code":"quota-exceeded"}'), "refused-further-on", "index", None),
        ((400, PROBLEM, b'{"code":"<script>"}'), "next-hop-unavailable", "index", "30"),
        ((400, PROBLEM, b"[" * 9000), "next-hop-unavailable", "A", "30"),
        ((409, PROBLEM, b'{"code":"conflict"}'), "refused-further-on", "index", None),
    ],
    ids=lambda value: str(value[0]) if isinstance(value, tuple) else None,
)  # fmt: skip
async def test_any_other_answer_of_the_next_party_becomes_a_refusal_of_our_own(
    answer: Any, code: str, party: str, after: str | None, start: Any, next_hop: Any, parties: Any
) -> None:
    next_hop.answer = lambda _: answer
    response = await (await start("A")).post(parties.batch().encode())
    assert_problem(response, code, party)
    assert response.headers.get("Retry-After") == after
    assert len(next_hop.got) == 1


async def test_a_next_party_that_is_not_there_is_told_and_costs_the_quota_once(
    start: Any, next_hop: Any, parties: Any
) -> None:
    running = await start("A", address="http://127.0.0.1:1")
    for _ in range(3):
        assert_problem(await running.post(parties.batch().encode()), "next-hop-unavailable")
    assert running.ledger.usage(OIN, "testregio", BatchClass.SIGNAAL).items == N


async def test_the_quota_is_counted_before_the_hop_and_tells_when_to_come_back(
    start: Any, next_hop: Any, parties: Any
) -> None:
    running = await start("A", quota=2 * N)
    for sequence in (1, 2):
        assert (await running.post(parties.batch(sequence=sequence).encode())).status_code == 200
    response = await running.post(parties.batch(sequence=3).encode())
    assert_problem(response, "quota-exceeded")
    assert response.headers["Retry-After"] == str(12 * 3600 + 1)
    assert len(next_hop.got) == 2
    assert (await running.post(parties.batch(sequence=2).encode())).status_code == 200, "a rebuild is free"


async def test_nothing_refused_is_passed_on_or_counted(start: Any, next_hop: Any, parties: Any) -> None:
    running = await start("A")
    assert_problem(await running.post(parties.batch(key_epoch=2).encode()), "epoch-retired")
    assert_problem(await running.post(b"nothing"), "malformed")
    assert_problem(await running.post(b""), "malformed")
    assert not next_hop.got
    assert running.ledger.usage(OIN, "testregio", BatchClass.SIGNAAL).items == 0


async def test_a_body_is_read_no_further_than_the_largest_batch(
    start: Any, parties: Any, bytes_max: int
) -> None:
    running = await start("A")
    given = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal given
        while given < 100 * bytes_max:
            given += 1000
            yield bytes(1000)

    response = await running.http.post("/v1/leveringen", content=endless(), headers={"Content-Type": SIGNED})
    assert_problem(response, "too-large")
    assert given <= bytes_max + 2000


@pytest.mark.parametrize(
    "headers",
    [{"Content_Type": "application/json"}, {"Content_Type": ""}, {"Content_Encoding": "gzip"}],
    ids=["json", "none", "gzip"],
)
async def test_only_plain_octets_are_read(headers: dict[str, str], start: Any, parties: Any) -> None:
    assert_problem(await (await start("A")).post(parties.batch().encode(), **headers), "media-type")


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/", "not-found"),
        ("GET", "/docs", "not-found"),
        ("GET", "/openapi.json", "not-found"),
        ("POST", "/v1/leveringen/", "not-found"),
        ("POST", "/v1/999900006", "not-found"),
        ("GET", "/v1/leveringen", "method-not-allowed"),
        ("PUT", "/v1/leveringen", "method-not-allowed"),
        ("POST", "/v1/gereed", "method-not-allowed"),
    ],
)
async def test_every_stock_answer_is_replaced(method: str, path: str, code: str, start: Any) -> None:
    response = await (await start("A")).http.request(method, path)
    assert_problem(response, code)
    assert "999900006" not in response.text
    assert ("Allow" in response.headers) == (code == "method-not-allowed")


async def test_readiness_says_which_party_and_epoch(start: Any) -> None:
    running = await start("B")
    ready = {"status": "gereed", "partij": "B", "regio": "testregio", "epoch": 1}
    assert (await running.http.get("/v1/gereed")).json() == ready | {"geweigerd": {}}
    for body in (b"", b"noise"):
        await running.post(body)
    assert (await running.http.get("/v1/gereed")).json() == ready | {"geweigerd": {"malformed": 2}}


async def test_a_ledger_that_is_gone_means_not_ready_and_nothing_hopped(
    start: Any, next_hop: Any, parties: Any
) -> None:
    running = await start("A")
    running.ledger.close()
    assert_problem(await running.http.get("/v1/gereed"), "ledger-unavailable")
    assert_problem(await running.post(parties.batch().encode()), "ledger-unavailable")
    assert not next_hop.got


async def test_deliveries_at_the_same_moment_are_all_answered(
    start: Any, next_hop: Any, parties: Any
) -> None:
    running = await start("A", quota=100 * N)
    bodies = [parties.batch(sequence=1 + n).encode() for n in range(20)]
    answers = await asyncio.gather(*(running.post(body) for body in bodies))
    assert [answer.status_code for answer in answers] == [200] * 20
    assert running.ledger.usage(OIN, "testregio", BatchClass.SIGNAAL).items == 20 * N


async def test_more_than_it_holds_at_one_moment_is_turned_away(
    start: Any, next_hop: Any, parties: Any
) -> None:
    running = await start("A", quota=1000 * N)
    bodies = [parties.batch(sequence=1 + n).encode() for n in range(80)]
    answers = await asyncio.gather(*(running.post(body) for body in bodies))
    statuses = {answer.status_code for answer in answers}
    assert statuses == {200, 503}
    assert all(answer.status_code == 200 or answer.json()["code"] == "busy" for answer in answers)


async def test_an_unexpected_fault_tells_nothing(
    start: Any, parties: Any, caplog: pytest.LogCaptureFixture
) -> None:
    running = await start("A")

    def broken() -> Any:
        raise RuntimeError("999900006 stood here")

    running.walk.clock = broken
    with caplog.at_level(logging.INFO):
        response = await running.post(parties.batch().encode())
    assert_problem(response, "internal")
    assert "999900006" not in response.text + caplog.text
    assert any(getattr(record, "fields", {}).get("kind") == "RuntimeError" for record in caplog.records)


async def test_the_log_names_publisher_class_and_count_only_after_the_signature(
    start: Any, parties: Any, caplog: pytest.LogCaptureFixture
) -> None:
    running = await start("A")
    with caplog.at_level(logging.INFO, logger="crypto.pseudonymiser"):
        await running.post(parties.batch(publisher="00000099000000000999").encode())
        await running.post(parties.batch().encode())
    refused, passed = [record.fields for record in caplog.records if hasattr(record, "fields")]
    assert (refused["publisher"], refused["code"]) == (None, "unknown-publisher")
    assert (passed["publisher"], passed["class"], passed["items"]) == (OIN, "signaal", N)
    assert json.dumps(passed)
