"""The threads that keep the log: one outlives a tree it cannot read, the others ask a witness when it is time."""

import logging
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from signal_index import audit
from signal_index.model.log import Cosigned, TreeHead
from signal_index.store import open_database
from signal_index.usecases.log import Submission
from signal_index.witnessing.keeper import AFTER_FAULT_SECONDS, REFRESH, ROUND_SECONDS, Courier, Keeper
from signal_index.witnessing.witness import Declined


def size(world: Any) -> int:
    found: int = world.database.run(lambda tx: tx.log.head()).size
    return found


def record(world: Any) -> None:
    gap = audit.event("log.gap", world.clock, writer="0" * 16, number=1)
    world.database.run(lambda tx: tx.audit.append(gap))


def rewrite(world: Any, hashes: bytes) -> bytes:
    """Put something else in the place of the last tile; what stood there."""
    with closing(sqlite3.connect(world.path)) as thief, thief:
        [(before,)] = thief.execute("SELECT hashes FROM log_tiles WHERE level = 0 AND tile = 0").fetchall()
        thief.execute("UPDATE log_tiles SET hashes = ? WHERE level = 0 AND tile = 0", (hashes,))
        kept: bytes = before
        return kept


def test_a_damaged_tree_ends_no_thread_and_is_said_once(world: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR), Keeper(world.database, [], lambda: world.clock):
        time.sleep(2 * ROUND_SECONDS)
        before = size(world)
        assert before > 0
        tile = rewrite(world, bytes(32))
        record(world)
        time.sleep(4 * ROUND_SECONDS)
        assert size(world) == before, "nothing goes into a tree that does not hold"
        rewrite(world, tile)
        deadline = time.monotonic() + 20
        while size(world) == before:
            assert time.monotonic() < deadline, "the thread has ended"
            time.sleep(ROUND_SECONDS / 5)
    said = [each for each in caplog.messages if each.startswith("the log waits")]
    assert said == ["the log waits: a tile does not belong to a tree of this size"]
    assert world.database.run(lambda tx: tx.log.check()).entries == size(world)


EVERY = timedelta(seconds=5)


def courier(
    world: Any, answer: Callable[[Submission], Cosigned | Declined], now: Callable[[], datetime]
) -> Courier:
    """One whose witness answers this."""
    witness: Any = SimpleNamespace(key=SimpleNamespace(name="getuige.example"), ask=answer)
    return Courier(world.database, witness, EVERY, now)


def grown(world: Any) -> TreeHead:
    record(world)
    head: TreeHead = world.database.run(lambda tx: tx.log.integrate(world.clock, 1_000)).head
    return head


def test_a_witness_is_asked_about_a_growing_tree_at_most_so_often_and_about_another_to_stay_fresh(
    world: Any,
) -> None:
    def cosign(asked: Submission) -> Cosigned:
        return Cosigned("getuige.example", asked.head.size, asked.head.checkpoint, world.clock)

    brings, head = courier(world, cosign, lambda: world.clock), grown(world)
    assert brings._is_due(head)
    assert brings.bring()
    began, later = world.clock, grown(world)
    for age, same, larger in (
        (timedelta(), False, False),
        (EVERY - timedelta(seconds=1), False, False),
        (EVERY, False, True),
        (REFRESH - timedelta(seconds=1), False, True),
        (REFRESH, True, True),
        (-timedelta(seconds=1), True, True),  # the clock was set back: it would not be asked for as long
    ):
        world.clock = began + age
        assert (brings._is_due(head), brings._is_due(later)) == (same, larger), age


def test_a_witness_that_is_away_is_asked_again_soon_and_then_less_often(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [False] * 6 + [True] + [False] * 2
    rests: list[float] = []

    def answer(asked: Submission) -> Cosigned | Declined:
        if not answers.pop(0):
            return Declined("unreachable")
        brings.offer(head)
        return Cosigned("getuige.example", asked.head.size, asked.head.checkpoint, world.clock)

    def a_minute_later_each_time() -> datetime:
        now: datetime = world.clock
        world.clock += REFRESH
        return now

    def rest(self: Courier, seconds: float) -> None:
        rests.append(seconds)
        if answers:
            self.offer(head)

    head = grown(world)
    monkeypatch.setattr(Courier, "_rest", rest)
    brings = courier(world, answer, a_minute_later_each_time)
    brings.start()
    brings.offer(head)
    deadline = time.monotonic() + 20
    while len(rests) < 8:
        assert time.monotonic() < deadline, rests
        time.sleep(0.01)
    brings.close()
    first, *_, last = AFTER_FAULT_SECONDS
    assert rests == [*AFTER_FAULT_SECONDS, last, last, first, AFTER_FAULT_SECONDS[1]]


def test_a_keeper_that_stops_lets_the_next_one_go_on_at_once(world: Any) -> None:
    with Keeper(world.database, [], lambda: world.clock):
        deadline = time.monotonic() + 20
        while world.database.run(lambda tx: tx.log.head()) is None:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        with open_database(world.path, world.secrets, writer_kind="cli") as other:
            assert other.run(lambda tx: tx.log.integrate(world.clock, 10)) is None
    with open_database(world.path, world.secrets, writer_kind="cli") as other:
        assert other.run(lambda tx: tx.log.integrate(world.clock, 10)) is not None
