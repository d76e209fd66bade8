"""The thread that keeps the log outlives a tree it cannot read, says so once, and goes on when it is mended."""

import logging
import sqlite3
import time
from contextlib import closing
from typing import Any

import pytest

from signal_index import audit
from signal_index.witnessing.keeper import ROUND_SECONDS, Keeper


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
