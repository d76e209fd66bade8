"""A batch is accepted only from who made every item in it: items of others, changed or not, are refused."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.chain import Bsn, Ciphertext, encrypt, hops, origin
from crypto.errors import VerificationFailed
from crypto.group import Point, Scalar, add, base_multiply, multiply, random_scalar, subtract

DIGEST = bytes(range(64))
LAYER = base_multiply(random_scalar())
OWN = [Bsn(digits).person_point() for digits in ("999900006", "999990019")]
R = [random_scalar() for _ in range(4)]
VICTIM = encrypt(Bsn("999999990").person_point(), LAYER, random_scalar())


def item(person: Point | None, randomness: Scalar) -> Ciphertext:
    return encrypt(person, LAYER, randomness)


def firsts(items: Sequence[Ciphertext]) -> bytes:
    return hops.column(b"".join(each.encode() for each in items), 0)


def holds(items: Sequence[Ciphertext], proof: bytes, digest: bytes = DIGEST) -> bool:
    try:
        origin.check(firsts(items), digest, proof)
    except VerificationFailed:
        return False
    return True


def proven(items: Sequence[Ciphertext], randomness: Sequence[Scalar]) -> bool:
    """Whether the best proof that who knows this randomness can make is accepted."""
    return holds(items, origin.prove(firsts(items), randomness, DIGEST))


@settings(max_examples=20)
@given(st.lists(st.sampled_from([None, *OWN]), min_size=1, max_size=9))
def test_ones_own_items_are_accepted_whoever_they_are_about(people: list[Point | None]) -> None:
    randomness = [random_scalar() for _ in people]
    assert proven([item(*each) for each in zip(people, randomness, strict=True)], randomness)


def _plus(left: Point, right: Point) -> Point:
    total = add(left, right)
    assert total is not None
    return total


def _rerandomised(by: Scalar) -> Ciphertext:
    return Ciphertext(_plus(VICTIM.b, base_multiply(by)), _plus(VICTIM.c, multiply(by, LAYER)))


def _less_a_guess() -> Ciphertext:
    """What would be nobody if the guess is right: the question an index must not answer."""
    difference = subtract(VICTIM.c, OWN[0])
    assert difference is not None
    return Ciphertext(VICTIM.b, difference)


def _turned_round() -> Ciphertext:
    minus = Scalar((2**252 + 27742317777372353535851937790883648492).to_bytes(32, "little"))
    return Ciphertext(multiply(minus, VICTIM.b), multiply(minus, VICTIM.c))


TAKEN: dict[str, Callable[[], list[Ciphertext]]] = {
    "as it was": lambda: [VICTIM],
    "rerandomised": lambda: [_rerandomised(R[0])],
    "less a guess": lambda: [_less_a_guess()],
    "multiplied": lambda: [Ciphertext(multiply(R[0], VICTIM.b), multiply(R[0], VICTIM.c))],
    "among own ones": lambda: [item(OWN[0], R[0]), VICTIM, item(OWN[1], R[2])],
    "twice": lambda: [VICTIM, _rerandomised(R[1])],
    "twice, so that it cancels out": lambda: [VICTIM, _turned_round()],
}


@pytest.mark.parametrize("taken", TAKEN.values(), ids=TAKEN)
def test_an_item_of_another_source_is_refused(taken: Callable[[], list[Ciphertext]]) -> None:
    items = taken()
    assert not proven(items, R[: len(items)])


def test_a_proof_is_of_one_batch_and_these_items() -> None:
    items = [item(OWN[0], R[0]), item(OWN[1], R[1])]
    proof = origin.prove(firsts(items), R[:2], DIGEST)
    assert holds(items, proof)
    assert not holds(items, proof, bytes(64))
    assert not holds(items[::-1], proof)
    assert not holds(items[:1], proof)
    assert not holds(items, bytes(origin.PROOF_BYTES))
    assert not holds(items, proof[:-1])


def test_without_an_item_there_is_nothing_to_prove() -> None:
    with pytest.raises(VerificationFailed):
        origin.check(b"", DIGEST, bytes(origin.PROOF_BYTES))
