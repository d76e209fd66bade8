"""Proofs that secret scalars fit public points, without telling anything else about them.

A statement is a list of equations, each of the form image = x_1*base_1 + x_2*base_2 + ..., in which the same secret
may stand more than once. A proof shows that its maker knows secrets that make all equations hold at the same time.

Invariants:
1. Every base and image, the number of secrets and the caller's context are hashed into the challenge, so a proof
   holds for one statement in one context and nowhere else.
2. A proof has one encoding; what verifies was made with knowledge of the secrets, or SHA-512 was broken.
3. Fresh masks for every proof, made of secret and statement too: two proofs with the same masks would give the secrets
   away, and a machine that was cloned or put back may draw the same random numbers twice.

Whoever can read the randomness of one proof can compute its secrets from it.

Source: Maurer, "Unifying Zero-Knowledge Proofs of Knowledge" (2009), with Schnorr and Chaum-Pedersen as special cases;
made non-interactive after Fiat and Shamir. The construction and its argument are in docs/protocol.md.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from crypto.encoding import encode
from crypto.errors import MalformedInput, VerificationFailed
from crypto.group import (
    Point,
    Scalar,
    add,
    multiply,
    random_scalar,
    reduce_scalar,
    scalar_add,
    scalar_multiply,
    subtract,
)
from crypto.group.sodium import SCALAR_BYTES

_LABEL: Final = "signal-index sigma proof 1"


@dataclass(frozen=True)
class Equation:
    """One equation of a statement.

    Args:
        image: the point on the left.
        terms: (position of the secret, base), at least one.
    """

    image: Point
    terms: tuple[tuple[int, Point], ...]


@dataclass(frozen=True)
class Statement:
    """What is proven.

    Args:
        context: what the proof is for, canonically encoded; binds it to one place.
        secrets: how many there are.
        equations: that hold at the same time.
    """

    context: bytes
    secrets: int
    equations: tuple[Equation, ...]


def proof_bytes(secrets: int) -> int:
    """Return the size of a proof about this many secrets: the challenge, and a response for each."""
    return (1 + secrets) * SCALAR_BYTES


def prove(statement: Statement, secrets: Sequence[Scalar]) -> bytes:
    """Prove a statement.

    Args:
        statement: true for these secrets; a proof of an untrue one does not verify.
        secrets: in the order of their positions.

    Raises:
        MalformedInput: another number of secrets than the statement has.
    """
    if len(secrets) != statement.secrets:
        raise MalformedInput("the number of secrets is not the statement's")
    return _prove(statement, secrets, [_mask(statement, secret) for secret in secrets])


def _mask(statement: Statement, secret: Scalar) -> Scalar:
    """Draw a mask that stays unpredictable as long as either the generator works or the statement is new."""
    equations = b"".join(map(_encoded, statement.equations))
    fresh = random_scalar().encoded
    words = encode("signal-index mask 1", secret.encoded, fresh, statement.context, equations)
    return reduce_scalar(hashlib.sha512(words).digest())


def _prove(statement: Statement, secrets: Sequence[Scalar], masks: Sequence[Scalar]) -> bytes:
    commitments = [_combine(equation, masks) for equation in statement.equations]
    challenge = _challenge(statement, commitments)
    responses = (
        scalar_add(mask, scalar_multiply(challenge, secret))
        for mask, secret in zip(masks, secrets, strict=True)
    )
    return challenge.encoded + b"".join(response.encoded for response in responses)


def verify(statement: Statement, proof: bytes) -> None:
    """Check a proof.

    Args:
        statement: as the verifier knows it to be; never taken from the prover.
        proof: see `proof_bytes`.

    Raises:
        VerificationFailed: the proof does not show this statement.
    """
    if len(proof) != proof_bytes(statement.secrets):
        raise VerificationFailed("a proof does not have the size it must have")
    try:
        challenge, *responses = (
            Scalar.decode(proof[start : start + SCALAR_BYTES]) for start in range(0, len(proof), SCALAR_BYTES)
        )
        commitments = [
            _present(subtract(_combine(equation, responses), multiply(challenge, equation.image)))
            for equation in statement.equations
        ]
        same = _challenge(statement, commitments) == challenge
    except MalformedInput:
        # A zero scalar or an identity element happens to nobody who knows the secrets.
        raise VerificationFailed("a proof does not hold") from None
    if not same:
        raise VerificationFailed("a proof does not hold")


def _combine(equation: Equation, scalars: Sequence[Scalar]) -> Point:
    (first, base), *others = equation.terms
    total = multiply(scalars[first], base)
    for position, other in others:
        total = _present(add(total, multiply(scalars[position], other)))
    return total


def _challenge(statement: Statement, commitments: Sequence[Point]) -> Scalar:
    equations = b"".join(map(_encoded, statement.equations))
    committed = b"".join(point.encoded for point in commitments)
    transcript = encode(_LABEL, statement.context, statement.secrets, equations, committed)
    return reduce_scalar(hashlib.sha512(transcript).digest())


def _encoded(equation: Equation) -> bytes:
    terms = (part for position, base in equation.terms for part in (position, base.encoded))
    return encode("equation", equation.image.encoded, *terms)


def _present(point: Point | None) -> Point:
    if point is None:
        raise MalformedInput("a point of a proof became the identity element")
    return point
