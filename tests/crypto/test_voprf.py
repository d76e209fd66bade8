"""The group carries the verifiable mode of RFC 9497: its published proofs, one of them about a batch, verify.

Our own proofs are of another statement and have other transcripts. What they share with these is what is tested here:
hashing to the group and to scalars, scalar arithmetic, and folding many elements into one by hashed weights.

Source: RFC 9497 §2.2 (proofs), §3.3.2 (verifiable mode), §4.1 (ristretto255-SHA512).
"""

import hashlib
import json
from collections.abc import Sequence
from functools import reduce
from pathlib import Path
from typing import Any

import pytest

from crypto.group import (
    Point,
    Scalar,
    add,
    base_multiply,
    expand_message_xmd,
    generator,
    hash_to_group,
    multiply,
    reduce_scalar,
    scalar_add,
    scalar_multiply,
)

NAME = "rfc9497_voprf_ristretto255_sha512.json"
PUBLISHED = json.loads((Path(__file__).parent / "vectors" / NAME).read_text(encoding="ascii"))
CONTEXT = b"OPRFV1-\x01-ristretto255-SHA512"
SECRET, PUBLIC = (bytes.fromhex(PUBLISHED[name]) for name in ("secret_key", "public_key"))
each_vector = pytest.mark.parametrize("vector", PUBLISHED["vectors"], ids=["one", "another", "batch of two"])


def decoded(encodings: list[str]) -> list[bytes]:
    return [bytes.fromhex(encoding) for encoding in encodings]


def points(encodings: list[str]) -> list[Point]:
    return [Point(data) for data in decoded(encodings)]


def total(parts: Sequence[Point]) -> Point:
    def plus(left: Point, right: Point) -> Point:
        both = add(left, right)
        assert both is not None
        return both

    return reduce(plus, parts)


def framed(*parts: bytes) -> bytes:
    """Each part with its length in two bytes before it."""
    return b"".join(len(part).to_bytes(2, "big") + part for part in parts)


def hash_to_scalar(message: bytes) -> Scalar:
    return reduce_scalar(expand_message_xmd(message, b"HashToScalar-" + CONTEXT, 64))


def composites(blinded: list[Point], evaluated: list[Point]) -> tuple[Point, Point]:
    """M and Z: both lists folded by weights that hash the public key and every pair."""
    seed = hashlib.sha512(framed(PUBLIC, b"Seed-" + CONTEXT)).digest()
    weights = [
        hash_to_scalar(framed(seed) + number.to_bytes(2, "big") + framed(c.encoded, d.encoded) + b"Composite")
        for number, (c, d) in enumerate(zip(blinded, evaluated, strict=True))
    ]
    folded = (total(list(map(multiply, weights, elements))) for elements in (blinded, evaluated))
    return next(folded), next(folded)


def challenge(*elements: Point) -> Scalar:
    return hash_to_scalar(framed(PUBLIC, *(element.encoded for element in elements)) + b"Challenge")


def verifies(blinded: list[Point], evaluated: list[Point], proof: bytes) -> bool:
    c, s = Scalar(proof[:32]), Scalar(proof[32:])
    m, z = composites(blinded, evaluated)
    t2 = total([base_multiply(s), multiply(c, Point(PUBLIC))])
    t3 = total([multiply(s, m), multiply(c, z)])
    return challenge(m, z, t2, t3) == c


@each_vector
def test_blinding_evaluating_and_finishing_give_the_published_values(vector: dict[str, Any]) -> None:
    key = Scalar(SECRET)
    assert base_multiply(key).encoded == PUBLIC
    hashed = [hash_to_group(text, b"HashToGroup-" + CONTEXT) for text in decoded(vector["inputs"])]
    blinded = list(map(multiply, map(Scalar, decoded(vector["blinds"])), hashed))
    assert blinded == points(vector["blinded_elements"])
    assert [multiply(key, each) for each in blinded] == points(vector["evaluation_elements"])
    outputs = [
        hashlib.sha512(framed(text, multiply(key, each).encoded) + b"Finalize").hexdigest()
        for text, each in zip(decoded(vector["inputs"]), hashed, strict=True)
    ]
    assert outputs == vector["outputs"]


@each_vector
def test_a_published_proof_verifies(vector: dict[str, Any]) -> None:
    blinded, evaluated = points(vector["blinded_elements"]), points(vector["evaluation_elements"])
    assert verifies(blinded, evaluated, bytes.fromhex(vector["proof"]))


@each_vector
def test_the_published_randomness_makes_the_published_proof(vector: dict[str, Any]) -> None:
    blinded, evaluated = points(vector["blinded_elements"]), points(vector["evaluation_elements"])
    randomness = Scalar(bytes.fromhex(vector["proof_random_scalar"]))
    m, z = composites(blinded, evaluated)
    c, s = (Scalar(bytes.fromhex(vector["proof"])[start : start + 32]) for start in (0, 32))
    assert challenge(m, z, multiply(randomness, generator()), multiply(randomness, m)) == c
    assert scalar_add(s, scalar_multiply(c, Scalar(SECRET))) == randomness


@each_vector
def test_a_published_proof_does_not_verify_for_other_elements(vector: dict[str, Any]) -> None:
    blinded, evaluated = points(vector["blinded_elements"]), points(vector["evaluation_elements"])
    proof = bytes.fromhex(vector["proof"])
    assert not verifies(blinded, [*evaluated[:-1], generator()], proof)
    assert not verifies([generator(), *blinded[1:]], evaluated, proof)
    if len(blinded) > 1:
        assert not verifies(blinded, evaluated[::-1], proof)
    assert not verifies(blinded, evaluated, proof[32:] + proof[:32])
