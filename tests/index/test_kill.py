"""The index is killed while it takes deliveries and answers looks; the clients keep their own lists.

After every kill: no acknowledged flag is lost, and no answer was given whose record is not in the log.
A real process, real HTTP, SIGKILL at a random moment. This proves safety for a dying process, not for a power cut.
"""

import random
import threading
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from crypto.answers import Acknowledgement, verify
from crypto.batch import BatchClass
from crypto.encoding import Month
from crypto.sheet import SignaalOperation, SignaalRow
from signal_index.store import open_database
from tests.support.serving import Server

SOURCE, KIND = "agb:00000001", "wmo-voorziening"


class Clients:
    """A publisher and a worker, each with a list of what it was promised."""

    def __init__(self, world: Any, url: str, relation_id: bytes) -> None:
        self.world, self.url, self.relation_id = world, url, relation_id
        self.acknowledged: set[Any] = set()
        self.receipts: list[dict[str, Any]] = []
        self.turn = 0

    def run(self, stop: threading.Event) -> list[threading.Thread]:
        """Both at once, until told to stop or the index is gone."""
        threads = [threading.Thread(target=work, args=(stop,)) for work in (self._publish, self._look)]
        for thread in threads:
            thread.start()
        return threads

    def wait_for(self, answers: int, threads: list[threading.Thread]) -> None:
        """Return when each of the two has had this many answers since now, or has stopped asking."""
        before = (self.turn, len(self.receipts))
        while all(thread.is_alive() for thread in threads):
            if min(self.turn - before[0], len(self.receipts) - before[1]) >= answers:
                return
            time.sleep(0.005)

    def _publish(self, stop: threading.Event) -> None:
        while not stop.is_set():
            # The same sequence until it is acknowledged: one person in, another out, in turn.
            person = self.world.PEOPLE[self.turn % len(self.world.PEOPLE)]
            row = SignaalRow(SignaalOperation.ASSERT, SOURCE, KIND, Month(2025, 4), 1)
            batch = self.world.batch(self.world.GEMEENTE, BatchClass.SIGNAAL, [(person, row)])
            try:
                response = httpx.post(
                    f"{self.url}/v1/leveringen",
                    content=batch.encode(),
                    headers={"content-type": "application/octet-stream"},
                    trust_env=False,
                )
            except httpx.TransportError:
                return
            answer = verify(response.content, self.world.secrets.public().verify_key)
            assert isinstance(answer, Acknowledgement), answer
            self.acknowledged.add(person)
            self.world.senders[self.world.GEMEENTE].sequence += 1
            self.turn += 1

    def _look(self, stop: threading.Event) -> None:
        question = {
            "zorgrelatie": str(uuid.UUID(bytes=self.relation_id)),
            "doel": "voorbereiding-huisbezoek",
        }
        headers = self.world.token()
        while not stop.is_set():
            try:
                response = httpx.post(
                    f"{self.url}/v1/raadplegingen", json=question, headers=headers, trust_env=False
                )
            except httpx.TransportError:
                return
            assert response.status_code == 200, response.text
            self.receipts.append(response.json()["ontvangstbewijs"])


def _prepare(world: Any) -> tuple[Server, Clients]:
    world.clock = datetime.now(UTC)
    today = world.clock.date()
    row = world.relation(valid_from=today - timedelta(days=9), valid_until=today + timedelta(days=9))
    world.publish(world.GEMEENTE, SOURCE, KIND, {})
    world.register_relations((world.PEOPLE[0], row))
    server = Server(world)
    clients = Clients(world, server.url, row.relation_id)
    world.database.close()
    return server, clients


def _check(world: Any, clients: Clients) -> None:
    database = open_database(world.path, world.secrets, writer_kind="cli")
    try:
        entries = database.run(lambda tx: {(e.writer.hex(), e.number): e for e in tx.audit.entries()})
        assert database.run(lambda tx: tx.log.check().records) == len(entries)
        for receipt in clients.receipts:
            entry = entries[receipt["schrijver"], receipt["nummer"]]
            assert (entry.event, entry.leaf.hex()) == ("lookup.answered", receipt["blad"])
        standing = database.run(lambda tx: tx.series.current(SOURCE, KIND))
        assert standing is not None
        # One more than acknowledged may be there: committed, but killed before the answer left.
        assert len(clients.acknowledged) <= standing.row_count <= len(clients.acknowledged) + 1
    finally:
        database.close()


def _kill_repeatedly(world: Any, kills: int, seed: int) -> None:
    chance = random.Random(seed)
    server, clients = _prepare(world)
    for _ in range(kills):
        server.start()
        stop = threading.Event()
        threads = clients.run(stop)
        # After some answers, however long those take here, and then at any moment of the next ones.
        clients.wait_for(chance.randrange(3), threads)
        time.sleep(chance.uniform(0, 0.05))
        server.kill()
        stop.set()
        for thread in threads:
            thread.join()
        _check(world, clients)
    assert clients.receipts, f"nothing was answered before a kill; seed {seed}"
    assert clients.acknowledged, f"nothing was acknowledged before a kill; seed {seed}"


def test_kills_lose_no_acknowledged_flag_and_leave_no_answer_without_its_record(world: Any) -> None:
    _kill_repeatedly(world, kills=4, seed=20260303)


@pytest.mark.long
def test_many_kills_at_moments_that_differ_each_time(world: Any) -> None:
    _kill_repeatedly(world, kills=200, seed=int(time.time()))
