"""The disk of a serving index is full: nothing is answered that is not on record, and it goes on when there is room."""

import resource
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from signal_index.store import open_database
from tests.support.serving import Server

ENOUGH = 400  # looks; a full write-ahead log is reached after far fewer


@pytest.fixture
def server(world: Any) -> Iterator[Server]:
    world.clock = datetime.now(UTC)
    today = world.clock.date()
    row = world.relation(valid_from=today - timedelta(days=9), valid_until=today + timedelta(days=9))
    world.register_relations((world.PEOPLE[0], row))
    world.question = {
        "zorgrelatie": str(uuid.UUID(bytes=row.relation_id)),
        "doel": "voorbereiding-huisbezoek",
    }
    world.database.close()
    made = Server(world)
    made.start()
    yield made
    made.kill()


def look(server: Server, world: Any) -> httpx.Response:
    return httpx.post(
        f"{server.url}/v1/raadplegingen",
        json=world.question,
        headers=world.token(),
        trust_env=False,
        timeout=30,
    )


def test_a_full_disk_means_no_answers_and_room_means_answers_again(server: Server, world: Any) -> None:
    receipts = []
    assert look(server, world).status_code == 200
    largest = max(file.stat().st_size for file in world.folder.glob("index.sqlite*"))
    _limit(server, largest + 200_000)
    refused = None
    for _ in range(ENOUGH):
        response = look(server, world)
        if response.status_code != 200:
            refused = response
            break
        receipts.append(response.json()["ontvangstbewijs"])
    assert refused is not None, "the disk never got full"
    assert (refused.status_code, refused.json()["code"]) == (503, "database")
    assert "signalen" not in refused.json()
    # Letting go of the write-ahead log may have made room; now there is none at all.
    _limit(server, 4_096)
    for _ in range(3):
        assert look(server, world).status_code == 503
    _limit(server, None)
    after = look(server, world)
    assert after.status_code == 200
    receipts.append(after.json()["ontvangstbewijs"])
    server.stop()
    with open_database(world.path, world.secrets, writer_kind="cli") as database:
        checked = database.run(lambda tx: tx.log.check())
        entries = database.run(lambda tx: {(e.writer.hex(), e.number): e for e in tx.audit.entries()})
    assert checked.records == len(entries)
    for receipt in receipts:
        assert entries[receipt["schrijver"], receipt["nummer"]].leaf.hex() == receipt["blad"]
    server.start()  # for the fixture to end


def _limit(server: Server, largest: int | None) -> None:
    """Let no file of the serving process grow beyond this; a file system without room looks the same to it."""
    _, hard = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
    soft = hard if largest is None else largest
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (soft, hard))
