"""The index and a witness as two processes: what is cosigned holds, and what was rewritten is not cosigned.

The worker keeps her own list of receipts; each of them must be redeemable for a proof that holds with public keys
alone, whatever happened to the index in between.
"""

import random
import time

import pytest

from tests.support.pairs import Pair, wait_for


@pytest.mark.parametrize("turns", [2, pytest.param(20, marks=pytest.mark.long)])
def test_every_receipt_survives_kills_of_the_index_and_of_the_witness(pair: Pair, turns: int) -> None:
    chance = random.Random(20261127)
    pair.start()
    for turn in range(turns):
        pair.look_when_open()
        for _ in range(chance.randrange(20)):
            assert pair.look().status_code == 200
        time.sleep(chance.uniform(0, 0.7))
        if turn % 2:
            pair.witness.stop()
            pair.witness.start()
        pair.server.kill()
        pair.server.start()
    pair.look_when_open()
    pair.check_receipts()
    assert pair.alarms() == ""
    assert pair.refusals() <= {"unreachable"}
    checked = pair.server.command("audit", "check")
    assert checked.returncode == 0, checked.stderr


def test_nothing_is_shown_without_a_witness_and_the_log_waits_for_one(pair: Pair) -> None:
    pair.witness.trust(pair.key)
    pair.server.start()
    wait_for(lambda: "unreachable" in pair.refusals(), "the index to miss its witness")
    assert (pair.look().status_code, pair.look().json()["code"]) == (503, "not-witnessed")
    pair.witness.start()
    pair.look_when_open()
    pair.check_receipts()
    assert pair.refusals() == set()
