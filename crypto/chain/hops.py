"""One hop over a whole list of items: multiply and rerandomise every item, prove it, and check such a proof.

Invariants:
1. `check` passes only when every item after the hop is the item at the same position before it, rekeyed by the
   combined scalar and multiplied by the factor whose public points the verifier holds. Items that were swapped,
   dropped, repeated, put in from elsewhere or multiplied by another key fail, whoever made them.
2. A proof is 128 bytes for any number of items, and tells nothing about keys or randomness.
3. A proof holds for one context: party, scope, epoch and batch are part of it.

Per item, the relation is after.b = k*before.b + rho*G and after.c = s*before.c + rho*N, with k = s*t. All items are
folded into one such relation by weights that nobody can choose, as they hash both lists.

Whoever makes a hop knows how items before and after it belong together; the proof gives that to nobody else.

Source: docs/protocol.md; the folding is that of RFC 9497 §2.2.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from crypto.chain import CIPHERTEXT_BYTES, Ciphertext, HopSecrets, hop
from crypto.chain.crew import Crew, shares
from crypto.chain.folding import fold, fold_scalars
from crypto.encoding import encode
from crypto.errors import MalformedInput, VerificationFailed
from crypto.group import Point, Scalar, add, generator, multiply, random_scalar, sigma, unchecked_point
from crypto.group.sodium import POINT_BYTES

_FACTOR, _COMBINED, _RANDOMNESS = range(3)

PROOF_BYTES: Final = sigma.proof_bytes(3)


@dataclass(frozen=True, slots=True)
class HopPublics:
    """The public points of one pseudonymiser's hop, as the manifest ties them together.

    Args:
        towards: N, the key that items are encrypted to after the hop: T_B at A, T_I at B.
        factor: S = s*G.
        combined: Q = s*t*G.
    """

    towards: Point
    factor: Point
    combined: Point


@dataclass(frozen=True, slots=True)
class Passage:
    """One hop of one list of items.

    Args:
        before: n ciphertexts of 64 bytes.
        after: as many, each made of the one at its position before.
        context: canonical encoding of where the hop is made.
    """

    before: bytes
    after: bytes
    context: bytes


def make(
    secrets: HopSecrets, publics: HopPublics, before: bytes, context: bytes, crew: Crew
) -> tuple[bytes, bytes]:
    """Take items over a hop and prove it.

    Args:
        secrets: of the pseudonymiser.
        publics: the points that belong to the secrets; with others the proof does not verify.
        before: n ciphertexts of 64 bytes.
        context: canonical encoding of where the hop is made.
        crew: who does the multiplying.

    Returns:
        n ciphertexts of 64 bytes in the same order, and the proof of `PROOF_BYTES`.

    Raises:
        MalformedInput: an item is not a ciphertext.
        WorkLost: see `crypto.chain.crew`.
    """
    _count(before)
    pieces = [_ToHop(secrets, publics.towards, piece) for piece in _cut(before, crew)]
    hopped = list(crew.each(_hop_piece, pieces))
    after = b"".join(items for items, _ in hopped)
    randomness = [Scalar.decode(rho) for _, rhos in hopped for rho in rhos]
    return after, _prove(secrets, publics, Passage(before, after, context), randomness, crew)


def _prove(
    secrets: HopSecrets, publics: HopPublics, passage: Passage, randomness: list[Scalar], crew: Crew
) -> bytes:
    seed = _seed(publics, passage)
    folded = _fold(seed, [passage.before], crew)[0]
    total = fold_scalars(seed, randomness)
    made = Ciphertext(
        _present(add(multiply(secrets.combined, folded.b), multiply(total, generator()))),
        _present(add(multiply(secrets.factor, folded.c), multiply(total, publics.towards))),
    )
    statement = _statement(publics, seed, folded, made)
    return sigma.prove(statement, (secrets.factor, secrets.combined, total))


def check(publics: HopPublics, passage: Passage, proof: bytes, crew: Crew) -> None:
    """Check that one list of items came out of another by the hop of a pseudonymiser.

    Args:
        publics: of that pseudonymiser, from a manifest that was checked.
        passage: as both lists arrived, with the context the verifier knows.
        proof: of `PROOF_BYTES`.
        crew: who does the multiplying.

    Raises:
        VerificationFailed: it did not, or an item is not a ciphertext.
        WorkLost: see `crypto.chain.crew`.
    """
    seed = _seed(publics, passage)
    try:
        if _count(passage.before) != _count(passage.after):
            raise VerificationFailed("a hop changed the number of items")
        folded, made = _fold(seed, [passage.before, passage.after], crew)
    except MalformedInput:
        raise VerificationFailed("an item of a hop is not a ciphertext") from None
    sigma.verify(_statement(publics, seed, folded, made), proof)


def _statement(publics: HopPublics, seed: bytes, before: Ciphertext, after: Ciphertext) -> sigma.Statement:
    base = generator()
    return sigma.Statement(
        context=encode("signal-index hop proof 1", seed),
        secrets=3,
        equations=(
            sigma.Equation(publics.factor, ((_FACTOR, base),)),
            sigma.Equation(publics.combined, ((_COMBINED, base),)),
            sigma.Equation(after.b, ((_COMBINED, before.b), (_RANDOMNESS, base))),
            sigma.Equation(after.c, ((_FACTOR, before.c), (_RANDOMNESS, publics.towards))),
        ),
    )


def _seed(publics: HopPublics, passage: Passage) -> bytes:
    points = (publics.towards.encoded, publics.factor.encoded, publics.combined.encoded)
    lists = (hashlib.sha512(each).digest() for each in (passage.before, passage.after))
    return hashlib.sha512(encode("signal-index hop weights 1", passage.context, *points, *lists)).digest()


def _count(items: bytes) -> int:
    """How many items there are; at least one, and nothing after the last."""
    if not items or len(items) % CIPHERTEXT_BYTES:
        raise MalformedInput(f"items are {CIPHERTEXT_BYTES} bytes each, and there is at least one")
    return len(items) // CIPHERTEXT_BYTES


class _ToHop(NamedTuple):
    """A piece of work for `_hop_piece`."""

    secrets: HopSecrets
    towards: Point
    items: bytes


def _hop_piece(piece: _ToHop) -> tuple[bytes, list[bytes]]:
    made, randomness = [], []
    for start in range(0, len(piece.items), CIPHERTEXT_BYTES):
        # A hop multiplies both components, and that refuses what is no usable point.
        b, c = (
            piece.items[start : start + POINT_BYTES],
            piece.items[start + POINT_BYTES : start + CIPHERTEXT_BYTES],
        )
        item = Ciphertext(unchecked_point(b), unchecked_point(c))
        rho = random_scalar()
        made.append(hop(piece.secrets, piece.towards, item, rho).encode())
        randomness.append(rho.encoded)
    return b"".join(made), randomness


def column(items: bytes, start: int) -> bytes:
    """Return all first components (start 0) or all second ones (start 32)."""
    return b"".join(
        items[place : place + POINT_BYTES] for place in range(start, len(items), CIPHERTEXT_BYTES)
    )


def _fold(seed: bytes, lists: list[bytes], crew: Crew) -> list[Ciphertext]:
    """Fold each list into one ciphertext."""
    points = fold(seed, [column(items, start) for items in lists for start in (0, POINT_BYTES)], crew)
    return [Ciphertext(*pair) for pair in zip(points[::2], points[1::2], strict=True)]


def ciphertexts(items: bytes) -> Iterator[Ciphertext]:
    """Read items one by one.

    Raises:
        MalformedInput: one is not a ciphertext, or the last is cut short.
    """
    starts = range(0, len(items), CIPHERTEXT_BYTES)
    return (Ciphertext.decode(items[start : start + CIPHERTEXT_BYTES]) for start in starts)


def _cut(items: bytes, crew: Crew) -> list[bytes]:
    return [_items(items, share) for share in shares(_count(items), crew)]


def _items(items: bytes, share: slice) -> bytes:
    return items[share.start * CIPHERTEXT_BYTES : share.stop * CIPHERTEXT_BYTES]


def _present(point: Point | None) -> Point:
    if point is None:
        raise MalformedInput("a folded component became the identity element")
    return point
