"""Nothing is shown while nobody outside has seen the log for too long; what comes in, and who works here, goes on."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from signal_index.model.log import Cosigned
from signal_index.store import open_database
from signal_index.usecases.expire import erasable

LIMIT = timedelta(minutes=15)


@pytest.fixture
def watched(world: Any) -> Any:
    """A world whose log must have been cosigned in the last quarter of an hour."""
    row = world.relation()
    world.publish_nothing_else()
    world.register_relations((world.PEOPLE[0], row))
    world.relation_id = row.relation_id
    world.database.close()
    world.adopt(open_database(world.path, world.secrets, writer_kind="serve", witnessed_within=LIMIT))
    return world


def cosign(world: Any) -> None:
    world.database.run(lambda tx: tx.witnesses.put_cosigned(Cosigned("w", 1, b"note", world.clock)))


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
    head = watched.database.run(lambda tx: tx.log.head())
    assert size(watched.clock) is None, "no witness has seen it"
    seen = Cosigned("w", head.size, head.checkpoint, watched.clock)
    watched.database.run(lambda tx: tx.witnesses.put_cosigned(seen))
    assert size(watched.clock) == head.size
    assert size(watched.clock + timedelta(days=3_653)) is None


def test_sources_can_withdraw_all_the_same(watched: Any) -> None:
    watched.publish(watched.GEMEENTE, "agb:00000001", "wmo-voorziening", {watched.PEOPLE[1]: "2025-04"}, 2)
