"""Looks that come at the same moment share a commit, and each still succeeds, fails and is recorded alone."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest

QUESTION = {"doel": "voorbereiding-huisbezoek"}


class Announcing:
    """A database that says when a job has been handed to it."""

    def __init__(self, database: Any, announce: Callable[[], object]) -> None:
        self._database = database
        self._announce = announce

    def hand_over(self, job: Any, reply: Any, trace: Any, *, looking: bool) -> None:
        """Hand the job on, then say so."""
        self._database.hand_over(job, reply, trace, looking=looking)
        self._announce()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)


def _client(world: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(world.app), base_url="https://index.test")


@pytest.mark.asyncio
async def test_every_one_of_many_looks_at_once_has_its_own_record(world: Any) -> None:
    row = world.relation()
    await asyncio.to_thread(world.register_relations, (world.PEOPLE[0], row))
    hers = {**QUESTION, "zorgrelatie": row.relation_id.hex()}
    unknown = {**QUESTION, "zorgrelatie": bytes(range(16)).hex()}
    headers = world.token()
    async with _client(world) as client:
        asked = [
            client.post("/v1/raadplegingen", json=hers if n % 2 else unknown, headers=headers)
            for n in range(48)
        ]
        answers = await asyncio.gather(*asked)
    assert [answer.status_code for answer in answers] == [404, 200] * 24
    numbers = [answer.json()["ontvangstbewijs"]["nummer"] for answer in answers if answer.status_code == 200]
    recorded = {entry.number for entry in world.records("lookup.answered")}
    assert len(set(numbers)) == 24
    assert set(numbers) == recorded
    assert len(world.records("lookup.refused")) == 24
    assert world.database.run(lambda tx: tx.log.check().records) == len(world.records())


@pytest.mark.asyncio
async def test_a_worker_who_goes_away_is_recorded_all_the_same(world: Any) -> None:
    row = world.relation()
    await asyncio.to_thread(world.register_relations, (world.PEOPLE[0], row))
    question = {**QUESTION, "zorgrelatie": row.relation_id.hex()}
    submitted = asyncio.Event()
    world.adopt(Announcing(world.database, submitted.set))
    headers = world.token()
    async with _client(world) as client:
        look = asyncio.create_task(client.post("/v1/raadplegingen", json=question, headers=headers))
        await submitted.wait()
        look.cancel()
        with pytest.raises(asyncio.CancelledError):
            await look
    assert len(await asyncio.to_thread(world.records, "lookup.answered")) == 1
