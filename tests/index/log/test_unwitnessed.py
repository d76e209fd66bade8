"""Nothing is shown while nobody outside has seen the log for too long; what comes in, and who works here, goes on."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from crypto.log import notes
from crypto.log.notes import COSIGNATURE, Verifier, add_signatures, note_text
from signal_index.model.log import Cosigned
from signal_index.store import open_database
from signal_index.usecases.expire import erasable

LIMIT = timedelta(minutes=15)
NAME = "getuige.example"
KEY = Ed25519PrivateKey.generate()
WITNESS = Verifier.of(NAME, KEY, COSIGNATURE)


@pytest.fixture
def watched(world: Any) -> Any:
    """A world whose log must have been cosigned in the last quarter of an hour."""
    row = world.relation()
    world.publish_nothing_else()
    world.register_relations((world.PEOPLE[0], row))
    world.relation_id = row.relation_id
    world.database.close()
    world.adopt(
        open_database(
            world.path, world.secrets, writer_kind="serve", witnessed_within=LIMIT, witnesses=[WITNESS]
        )
    )
    return world


def cosign(world: Any, key: Ed25519PrivateKey = KEY) -> int:
    """Let the witness see the log as it is now; its size."""
    head = world.database.run(lambda tx: tx.log.integrate(world.clock, 1_000)).head
    line = notes.cosign(note_text(head.checkpoint), NAME, key, int(world.clock.timestamp()))
    seen = Cosigned(NAME, head.size, add_signatures(head.checkpoint, line), world.clock)
    world.database.run(lambda tx: tx.witnesses.put_cosigned(seen))
    size: int = head.size
    return size


def test_nobody_opens_the_index_by_writing_that_it_was_seen(watched: Any) -> None:
    cosign(watched, Ed25519PrivateKey.generate())
    assert watched.look(watched.relation_id).status_code == 503, "somebody else's key"
    cosign(watched)
    assert watched.look(watched.relation_id).status_code == 200
    watched.clock += timedelta(hours=1)
    with closing(sqlite3.connect(watched.path)) as thief, thief:
        later = "UPDATE log_cosignatures SET cosigned_at = cosigned_at + 3600000000"
        assert thief.execute(later).rowcount == 1
    assert watched.look(watched.relation_id).status_code == 503


def test_a_look_waits_for_a_witness_and_the_attempt_is_recorded(watched: Any) -> None:
    refused = watched.look(watched.relation_id)
    assert (refused.status_code, refused.json()["code"]) == (503, "not-witnessed")
    assert refused.headers["Retry-After"] == "60"
    cosign(watched)
    assert watched.look(watched.relation_id).status_code == 200
    watched.clock += LIMIT
    assert watched.look(watched.relation_id).status_code == 200
    watched.clock += timedelta(seconds=1)
    assert watched.look(watched.relation_id).status_code == 503
    reasons = [entry.fields["reason"] for entry in watched.records("lookup.refused")]
    assert reasons == ["not-witnessed", "not-witnessed"]


def test_the_answer_is_the_same_for_every_case(watched: Any) -> None:
    unknown = watched.look(bytes(16))
    known = watched.look(watched.relation_id)
    assert unknown.content == known.content


@pytest.mark.parametrize(
    "ask",
    [
        lambda world: world.request("GET", "/v1/zorgrelaties", headers=world.token()),
        lambda world: world.request("GET", "/v1/logregels", headers=world.token("p.officer")),
        lambda world: world.request("GET", "/v1/gereed"),
    ],
    ids=["caseload", "log", "readiness"],
)
def test_what_shows_no_flag_goes_on(watched: Any, ask: Callable[[Any], Any]) -> None:
    assert ask(watched).status_code == 200


def test_a_clock_that_runs_ahead_erases_nothing(watched: Any) -> None:
    def size(at: Any) -> Any:
        return watched.database.run(lambda tx: erasable(tx, at))

    watched.database.run(lambda tx: tx.log.integrate(watched.clock, 1_000))
    assert size(watched.clock) is None, "no witness has seen it"
    seen = cosign(watched)
    assert size(watched.clock) == seen
    assert size(watched.clock + timedelta(days=3_653)) is None


def test_sources_can_withdraw_all_the_same(watched: Any) -> None:
    watched.publish(watched.GEMEENTE, "agb:00000001", "wmo-voorziening", {watched.PEOPLE[1]: "2025-04"}, 2)
