"""A hop that was made as it should be verifies; every other one is refused, whoever signs it."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.chain import Bsn, Ciphertext, HopSecrets, OpeningSecrets, encrypt, hop, hops, open_item
from crypto.chain.crew import Alone
from crypto.chain.folding import fold_scalars, weights
from crypto.errors import MalformedInput, VerificationFailed
from crypto.group import Point, Scalar, add, base_multiply, multiply, random_scalar, sigma, subtract

N = 5
CONTEXT = b"batch 1"
ALONE = Alone()
INDEX = OpeningSecrets(random_scalar(), random_scalar())
TOWARDS = base_multiply(INDEX.layer)
SECRETS = HopSecrets(random_scalar(), random_scalar())
PUBLICS = hops.HopPublics(TOWARDS, base_multiply(SECRETS.factor), base_multiply(SECRETS.combined))
LAYER = multiply(SECRETS.layer, TOWARDS)
PEOPLE = [Bsn(digits).person_point() for digits in ("999900006", "999990019", "999999990")]


def encrypted(count: int = N) -> bytes:
    """Items about people and, last of all, about nobody."""
    persons = [*(PEOPLE[number % 3] for number in range(count - 1)), None]
    return b"".join(encrypt(person, LAYER, random_scalar()).encode() for person in persons)


BEFORE = encrypted()
AFTER, PROOF = hops.make(SECRETS, PUBLICS, BEFORE, CONTEXT, ALONE)


def holds(
    after: bytes = AFTER, proof: bytes = PROOF, before: bytes = BEFORE, context: bytes = CONTEXT
) -> bool:
    try:
        hops.check(PUBLICS, hops.Passage(before, after, context), proof, ALONE)
    except VerificationFailed:
        return False
    return True


def item(number: int, items: bytes = AFTER) -> bytes:
    return items[64 * number : 64 * number + 64]


def made_with(secrets: HopSecrets, publics: hops.HopPublics = PUBLICS) -> tuple[bytes, bytes]:
    return hops.make(secrets, publics, BEFORE, CONTEXT, ALONE)


def test_an_honest_hop_verifies_and_makes_what_single_hops_make() -> None:
    assert holds()
    assert len(PROOF) == hops.PROOF_BYTES == 128
    for number in range(N):
        alone = hop(SECRETS, TOWARDS, Ciphertext.decode(item(number, BEFORE)), random_scalar())
        assert open_item(INDEX, Ciphertext.decode(item(number))) == open_item(INDEX, alone)


@settings(max_examples=20)
@given(count=st.integers(1, 12), context=st.binary(max_size=40))
def test_any_number_of_items_in_any_context_verifies(count: int, context: bytes) -> None:
    before = encrypted(count)
    after, proof = hops.make(SECRETS, PUBLICS, before, context, ALONE)
    assert holds(after, proof, before, context)
    assert not holds(after, proof, before, context + b"\0")


# What a pseudonymiser that wants to put help on another person's name could hand on, with its best proof.
FOREIGN = hop(
    SECRETS, TOWARDS, Ciphertext.decode(encrypt(PEOPLE[0], LAYER, random_scalar()).encode()), random_scalar()
).encode()
TAMPERED: dict[str, Callable[[bytes], bytes]] = {
    "two items swapped": lambda items: item(1, items) + item(0, items) + items[128:],
    "items turned round": lambda items: b"".join(item(number, items) for number in reversed(range(N))),
    "an item dropped": lambda items: items[64:],
    "an item dropped and another repeated": lambda items: item(1, items) + items[64:],
    "an item repeated": lambda items: items + item(0, items),
    "an item of another batch": lambda items: FOREIGN + items[64:],
    "components swapped": lambda items: items[32:64] + items[:32] + items[64:],
    "the filler made a person": lambda items: items[:-64] + FOREIGN,
}


@pytest.mark.parametrize("change", TAMPERED.values(), ids=TAMPERED)
def test_items_that_were_moved_or_exchanged_are_refused(change: Callable[[bytes], bytes]) -> None:
    assert not holds(change(AFTER))
    # Also when the hop was made of items in that order, so that proof and items belong together.
    before = change(BEFORE)
    after, proof = hops.make(SECRETS, PUBLICS, before, CONTEXT, ALONE)
    assert holds(after, proof, before)
    assert not holds(after, proof)


OTHER_KEYS = {
    "another factor": HopSecrets(random_scalar(), SECRETS.layer),
    "another layer": HopSecrets(SECRETS.factor, random_scalar()),
    "both": HopSecrets(random_scalar(), random_scalar()),
    "factor and layer exchanged": HopSecrets(SECRETS.layer, SECRETS.factor),
}


@pytest.mark.parametrize("secrets", OTHER_KEYS.values(), ids=OTHER_KEYS)
def test_a_hop_with_other_keys_is_refused(secrets: HopSecrets) -> None:
    assert not holds(*made_with(secrets))
    own = hops.HopPublics(TOWARDS, base_multiply(secrets.factor), base_multiply(secrets.combined))
    after, proof = made_with(secrets, own)
    hops.check(own, hops.Passage(BEFORE, after, CONTEXT), proof, ALONE)
    assert not holds(after, proof)


def test_a_hop_towards_another_party_is_refused() -> None:
    elsewhere = replace(PUBLICS, towards=base_multiply(random_scalar()))
    after, proof = made_with(SECRETS, elsewhere)
    assert not holds(after, proof)


def test_one_item_with_another_key_among_many_is_refused() -> None:
    thief = HopSecrets(random_scalar(), random_scalar())
    for number in range(N):
        wrong = hop(thief, TOWARDS, Ciphertext.decode(item(number, BEFORE)), random_scalar()).encode()
        assert not holds(AFTER[: 64 * number] + wrong + AFTER[64 * number + 64 :])


@pytest.mark.parametrize("component", ["b", "c"])
def test_changes_that_cancel_out_over_two_items_are_refused(component: str) -> None:
    """One item moved by a point and another moved back: without weights the sums would be the same."""
    change = base_multiply(random_scalar())
    place = {"b": 0, "c": 32}[component]
    moved = bytearray(AFTER)
    for start, move in ((place, add), (64 + place, subtract)):
        point = move(Point(AFTER[start : start + 32]), change)
        assert point is not None
        moved[start : start + 32] = point.encoded
    assert not holds(bytes(moved))


@settings(max_examples=60)
@given(place=st.integers(0, 127), bit=st.integers(0, 7))
def test_a_proof_with_one_bit_changed_does_not_hold(place: int, bit: int) -> None:
    changed = bytearray(PROOF)
    changed[place] ^= 1 << bit
    assert not holds(proof=bytes(changed))


@settings(max_examples=60)
@given(place=st.integers(0, 64 * N - 1), bit=st.integers(0, 7))
def test_items_with_one_bit_changed_do_not_verify(place: int, bit: int) -> None:
    changed = bytearray(AFTER)
    changed[place] ^= 1 << bit
    assert not holds(bytes(changed))


@pytest.mark.parametrize("size", [0, 31, 96, 127, 129, 160])
def test_a_proof_of_another_size_does_not_hold(size: int) -> None:
    assert not holds(proof=PROOF[:size].ljust(size, b"\1"))


ORDER = (2**252 + 27742317777372353535851937790883648493).to_bytes(32, "little")


@pytest.mark.parametrize("start", range(0, 128, 32))
@pytest.mark.parametrize("wrong", [bytes(32), ORDER, b"\xff" * 32], ids=["zero", "order", "ones"])
def test_a_proof_with_a_number_outside_the_scalars_does_not_hold(start: int, wrong: bytes) -> None:
    assert not holds(proof=PROOF[:start] + wrong + PROOF[start + 32 :])


def test_a_response_written_in_another_way_does_not_hold() -> None:
    """Adding the group order gives the same number modulo the order; one proof has one encoding."""
    response = int.from_bytes(PROOF[32:64], "little") + int.from_bytes(ORDER, "little")
    assert not holds(proof=PROOF[:32] + response.to_bytes(32, "little") + PROOF[64:])


@pytest.mark.parametrize("bad", [bytes(32), b"\xed" + b"\xff" * 30 + b"\x7f", b"\xff" * 32])
@pytest.mark.parametrize("component", [0, 32])
def test_a_point_that_is_no_usable_point_is_refused(bad: bytes, component: int) -> None:
    spoiled = AFTER[:component] + bad + AFTER[component + 32 :]
    assert not holds(spoiled)
    with pytest.raises(MalformedInput):
        hops.make(SECRETS, PUBLICS, spoiled, CONTEXT, ALONE)


@pytest.mark.parametrize("tail", [b"\0", bytes(32), bytes(63)], ids=len)
def test_lists_with_something_after_the_last_item_are_refused(tail: bytes) -> None:
    assert not holds(AFTER + tail, before=BEFORE + tail)
    with pytest.raises(MalformedInput, match="64 bytes each"):
        hops.make(SECRETS, PUBLICS, BEFORE + tail, CONTEXT, ALONE)


def test_a_hop_of_nothing_is_refused() -> None:
    assert not holds(b"", before=b"")
    with pytest.raises(MalformedInput, match="at least one"):
        hops.make(SECRETS, PUBLICS, b"", CONTEXT, ALONE)


def test_two_hops_of_the_same_items_share_nothing_that_can_be_seen() -> None:
    after, proof = hops.make(SECRETS, PUBLICS, BEFORE, CONTEXT, ALONE)
    seen = {AFTER[start : start + 32] for start in range(0, len(AFTER), 32)}
    assert seen.isdisjoint(after[start : start + 32] for start in range(0, len(after), 32))
    assert {PROOF[start : start + 32] for start in range(0, 128, 32)}.isdisjoint(
        proof[start : start + 32] for start in range(0, 128, 32)
    )


VECTORS = json.loads((Path(__file__).parent / "vectors" / "hop_proof_v1.json").read_text(encoding="ascii"))


@pytest.mark.parametrize("vector", VECTORS["hops"], ids=lambda vector: f"{len(vector['weights'])} items")
def test_every_step_of_a_hop_and_its_proof_is_as_it_was_written_down(vector: dict[str, Any]) -> None:
    def scalars(name: str) -> list[Scalar]:
        return [Scalar(bytes.fromhex(each)) for each in vector[name]]

    (factor, layer), rhos, masks = (scalars(name) for name in ("keys", "randomness", "masks"))
    secrets = HopSecrets(factor, layer)
    towards = Point(bytes.fromhex(vector["towards"]))
    publics = hops.HopPublics(towards, base_multiply(factor), base_multiply(secrets.combined))
    before, after, context = (bytes.fromhex(vector[name]) for name in ("before", "after", "context"))
    made = [hop(secrets, towards, *each) for each in zip(hops.ciphertexts(before), rhos, strict=True)]
    passage = hops.Passage(before, after, context)
    seed = hops._seed(publics, passage)
    folded = hops._fold(seed, [before, after], ALONE)
    total = fold_scalars(seed, rhos)
    statement = hops._statement(publics, seed, *folded)
    found = {
        "factor_public": publics.factor.encoded,
        "combined_public": publics.combined.encoded,
        "after": b"".join(each.encode() for each in made),
        "seed": seed,
        "before_folded": folded[0].encode(),
        "after_folded": folded[1].encode(),
        "randomness_folded": total.encoded,
        "proof": sigma._prove(statement, (factor, secrets.combined, total), masks),
    }
    assert {name: value.hex() for name, value in found.items()} == {name: vector[name] for name in found}
    assert list(weights(seed, range(len(rhos)))) == scalars("weights")
    hops.check(publics, passage, bytes.fromhex(vector["proof"]), ALONE)
