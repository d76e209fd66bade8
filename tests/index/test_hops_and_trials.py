"""What the index does about the chain itself: canaries that come out wrong, hops that did what they should not."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from crypto.answers import Acknowledgement, Refusal, Reply, verify
from crypto.batch import Batch, BatchClass, Hop, Person, apply_hop, steps
from crypto.chain import Canary
from crypto.encoding import Month
from crypto.sheet import ProefOperation, ProefRow, SignaalOperation, SignaalRow

SOURCE, KIND = "agb:00000001", "wmo-voorziening"
SIGNAAL = BatchClass.SIGNAAL
ASSERT = SignaalRow(SignaalOperation.ASSERT, source=SOURCE, type=KIND, since=Month(2025, 4), generation=1)


def _trial(world: Any, person: Person, **changed: Any) -> Acknowledgement | Refusal:
    row = ProefRow(ProefOperation.CANARY)
    batch = world.batch(world.GEMEENTE, BatchClass.PROEF, [(person, row)], n=1, **changed)
    answer = verify(world.post(batch).content, world.secrets.public().verify_key)
    assert not isinstance(answer, Reply)
    return answer


def test_a_canary_that_comes_out_right_is_acknowledged_and_stores_nothing_but_its_record(world: Any) -> None:
    answer = _trial(world, Canary())
    assert isinstance(answer, Acknowledgement)
    assert answer.n == 1
    accepted = world.records("delivery.accepted")[-1].fields
    assert (accepted["kind"], accepted["operations"]) == ("proef", ["canary=1"])
    assert world.database.run(lambda tx: tx.series.current(SOURCE, KIND)) is None


def test_a_canary_that_comes_out_as_somebody_else_refuses_the_trial_and_uses_up_no_sequence(
    world: Any,
) -> None:
    refusal = _trial(world, world.PEOPLE[0])
    assert isinstance(refusal, Refusal)
    assert (refusal.reason, refusal.rows, refusal.next_sequence) == ("canary-mismatch", (), 1)
    assert world.records("delivery.refused")[-1].fields["reason"] == "canary-mismatch"


def test_a_trial_stands_outside_the_order_and_may_be_repeated(world: Any) -> None:
    for number in (77, 77, 2**62):
        assert isinstance(_trial(world, Canary(), sequence=number), Acknowledgement)
    assert world.database.run(lambda tx: tx.deliveries.next_sequence(world.GEMEENTE)) == 1
    stale = _trial(world, Canary(), incarnation=bytes(16))
    assert isinstance(stale, Refusal)
    assert (stale.reason, stale.incarnation) == ("wrong-incarnation", world.database.incarnation)


def test_a_trial_holds_one_item(world: Any) -> None:
    row = (Canary(), ProefRow(ProefOperation.CANARY))
    batch = world.batch(world.GEMEENTE, BatchClass.PROEF, [row] * world.N)
    refusal = verify(world.post(batch).content, world.secrets.public().verify_key)
    assert isinstance(refusal, Refusal)
    assert refusal.reason == "wrong-count"


def test_an_item_of_another_source_is_refused_though_hops_and_signature_are_in_order(world: Any) -> None:
    """A source that works together with A could otherwise ask the index whom somebody else's item is about."""
    theirs = world.batch(world.ZORG, SIGNAAL, [(world.PEOPLE[0], replace(ASSERT, source="kvk:00000004"))])
    own = world.batch(world.GEMEENTE, SIGNAAL, [(world.PEOPLE[1], ASSERT)])
    c0 = theirs.c0[:64] + own.c0[64:]
    sheet = steps._seal_sheet(own.header, c0, ASSERT.encode() * own.header.n, world.manifest)
    digest = steps._digest(own.header, c0, sheet)
    signature = world.senders[world.GEMEENTE].secrets.signing.sign(steps._publisher_words(digest))
    copied = world.hopped(Batch(own.header, c0, sheet, digest, signature, own.origin))
    response = world.post(copied)
    assert (response.status_code, response.json()["code"]) == (400, "origin-proof")


def _tampered(world: Any, hop: int, change: Callable[[bytes], bytes]) -> Batch:
    """A batch of which one pseudonymiser, with its own keys, did something else to the items than it should."""
    batch: Batch = world.batch(
        world.GEMEENTE, SIGNAAL, [(world.PEOPLE[0], ASSERT), (world.PEOPLE[1], ASSERT)]
    )
    keys, made = (world.a, world.b)[hop], batch.hops[hop]
    items = change(made.items)
    words = steps._hop_words(batch.digest, hop, items, made.proof)
    hops = [batch.hops[0]]
    hops[hop:] = [Hop(items, made.proof, keys.signing.sign(words))]
    for secrets in (world.a, world.b)[hop + 1 :]:
        hops.append(apply_hop(replace(batch, hops=tuple(hops)), secrets, world.manifest).hops[-1])
    return replace(batch, hops=tuple(hops))


@pytest.mark.parametrize("hop", [0, 1], ids=["A", "B"])
def test_a_hop_that_swapped_two_items_is_refused_without_a_signed_word(world: Any, hop: int) -> None:
    world.publish(world.GEMEENTE, SOURCE, KIND, {})
    response = world.post(_tampered(world, hop, lambda items: items[64:128] + items[:64] + items[128:]))
    assert (response.status_code, response.json()["code"]) == (400, "hop-proof")
    recorded = world.records("delivery.refused")[0].fields
    assert (recorded["publisher"], recorded["reason"]) == (world.GEMEENTE, "hop-proof")
    assert world.post(_tampered(world, hop, lambda items: items)).status_code == 200
