"""Proof that a publisher made its items itself: that it knows the randomness of every ciphertext in its batch.

Without it, items are malleable. A publisher that works together with a pseudonymiser could take an item of another
source, rerandomise it, send it as its own, and learn from the index's answers whom it is about.

Invariants:
1. `check` passes only for who knows the randomness of every item, and so knows every person point in it: an item that
   was taken over from elsewhere, changed or not, fails, also among many and also when several cancel out.
2. A proof is 64 bytes for any number of items, and tells nothing about randomness or persons.
3. A proof holds for one batch: its digest is part of it.

Source: docs/protocol.md.
"""

import hashlib
from collections.abc import Sequence
from typing import Final

from crypto.chain.crew import Alone, Crew
from crypto.chain.folding import fold, fold_scalars
from crypto.encoding import encode
from crypto.errors import MalformedInput, VerificationFailed
from crypto.group import Point, Scalar, base_multiply, generator, sigma

PROOF_BYTES: Final = sigma.proof_bytes(1)
_ALONE: Final = Alone()


def prove(firsts: bytes, randomness: Sequence[Scalar], context: bytes) -> bytes:
    """Prove that items are one's own.

    Args:
        firsts: the first components of all items, 32 bytes each.
        randomness: r of each item. Secret.
        context: what names the batch.
    """
    seed = _seed(firsts, context)
    total = fold_scalars(seed, randomness)
    return sigma.prove(_statement(seed, base_multiply(total)), [total])


def check(firsts: bytes, context: bytes, proof: bytes, crew: Crew = _ALONE) -> None:
    """Check that whoever made the proof made the items.

    Raises:
        VerificationFailed: it did not, or a component is not a usable point.
        WorkLost: see `crypto.chain.crew`.
    """
    seed = _seed(firsts, context)
    try:
        [folded] = fold(seed, [firsts], crew)
    except MalformedInput:
        raise VerificationFailed("an item is not a ciphertext") from None
    sigma.verify(_statement(seed, folded), proof)


def _seed(firsts: bytes, context: bytes) -> bytes:
    words = encode("signal-index origin weights 1", context, hashlib.sha512(firsts).digest())
    return hashlib.sha512(words).digest()


def _statement(seed: bytes, folded: Point) -> sigma.Statement:
    context = encode("signal-index origin proof 1", seed)
    return sigma.Statement(context, 1, (sigma.Equation(folded, ((0, generator()),)),))
