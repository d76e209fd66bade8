"""So many deliveries wait for their turn, and no more; whoever is turned away loses nothing by it."""

import asyncio
import threading
from typing import Any

import httpx
import pytest

from crypto.batch import BatchClass
from crypto.sheet import SignaalOperation, SignaalRow
from signal_index.web.sources import BUSY_SECONDS, DELIVERIES_AT_ONCE, DELIVERIES_WAITING_MAX

ROOM = DELIVERIES_AT_ONCE + DELIVERIES_WAITING_MAX
OPEN = SignaalRow(SignaalOperation.OPEN_SET, source="agb:00000001", type="wmo-voorziening", generation=1)


@pytest.mark.asyncio
async def test_a_delivery_that_finds_a_full_queue_is_told_when_to_come_again(world: Any) -> None:
    body = world.batch(world.GEMEENTE, BatchClass.SIGNAAL, [(None, OPEN)]).encode()
    goes_on = threading.Event()
    stuck = world.database.submit(lambda _: goes_on.wait(60))
    transport = httpx.ASGITransport(world.app)
    async with httpx.AsyncClient(transport=transport, base_url="https://index.test", timeout=60) as client:

        def post() -> asyncio.Task[httpx.Response]:
            headers = {"content-type": "application/octet-stream"}
            return asyncio.create_task(client.post("/v1/leveringen", content=body, headers=headers))

        async with asyncio.timeout(60):
            posted = [post() for _ in range(ROOM + 3)]
            # Nobody's turn ends while the database is stuck, so what is answered now was turned away.
            turned_away, waiting = await asyncio.wait(posted, return_when=asyncio.FIRST_COMPLETED)
            while len(turned_away) < 3:
                more, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                turned_away |= more
            goes_on.set()
            answers = await asyncio.gather(*waiting)
            again = await post()
    assert stuck.result()
    assert len(answers) == ROOM
    assert {answer.status_code for answer in answers} == {200}
    for refused in (each.result() for each in turned_away):
        assert (refused.status_code, refused.json()["code"]) == (503, "busy")
        assert refused.headers["retry-after"] == str(BUSY_SECONDS)
    assert (again.status_code, again.content) == (200, answers[0].content)
