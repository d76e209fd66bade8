"""Fold many points into one by weights that nobody can choose, so that one proof speaks for all of them.

Invariants:
1. Weights hash everything a prover could choose; whoever wants a weighted sum to hide something has to find a collision
   with it, at a chance of one in the group order per try.
2. Which crew does the multiplying changes nothing but the time it takes.

Source: RFC 9497 §2.2 (composites); docs/protocol.md.
"""

import hashlib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from crypto.chain.crew import Crew, shares
from crypto.encoding import encode
from crypto.errors import MalformedInput
from crypto.group import Point, Scalar, add, reduce_scalar, scalar_add, scalar_multiply, weighted_sum
from crypto.group.sodium import POINT_BYTES

_POSITION_BYTES = 4


def fold(seed: bytes, columns: Sequence[bytes], crew: Crew) -> list[Point]:
    """Add up each column, every point multiplied by the weight of its position.

    Args:
        seed: hash of everything a prover could choose.
        columns: of equally many points, 32 bytes each; at least one.
        crew: who does the multiplying.

    Raises:
        MalformedInput: a point is not canonical or is the identity, or a sum is.
        WorkLost: see `crypto.chain.crew`.
    """
    if not columns[0] or any(len(column) != len(columns[0]) for column in columns):
        raise MalformedInput("there is nothing to fold, or columns differ in length")
    pieces = [
        _Piece(seed, range(share.start, share.stop), tuple(_cut(column, share) for column in columns))
        for share in shares(len(columns[0]) // POINT_BYTES, crew)
    ]
    sums = list(crew.each(_fold_piece, pieces))
    return [_add_up([piece[place] for piece in sums]) for place in range(len(columns))]


def fold_scalars(seed: bytes, scalars: Sequence[Scalar]) -> Scalar:
    """Add up scalars, each multiplied by the weight of its position."""
    first, *others = (
        scalar_multiply(weight, each)
        for weight, each in zip(weights(seed, range(len(scalars))), scalars, strict=True)
    )
    total = first
    for other in others:
        total = scalar_add(total, other)
    return total


@lru_cache(maxsize=4)
def weights(seed: bytes, positions: range) -> tuple[Scalar, ...]:
    """Return the weight of each position; public, and needed for points and scalars one after the other."""
    start = hashlib.sha512(encode("signal-index weight 1", seed))
    return tuple(_weight(start.copy(), position) for position in positions)


def _weight(state: "hashlib._Hash", position: int) -> Scalar:
    state.update(position.to_bytes(_POSITION_BYTES, "big"))
    return reduce_scalar(state.digest())


class _Piece(NamedTuple):
    """A piece of work for `_fold_piece`."""

    seed: bytes
    positions: range
    columns: tuple[bytes, ...]


def _fold_piece(piece: _Piece) -> list[bytes]:
    own = weights(piece.seed, piece.positions)
    return [weighted_sum(own, _points(column)).encoded for column in piece.columns]


def _points(column: bytes) -> Iterator[bytes]:
    return (column[start : start + POINT_BYTES] for start in range(0, len(column), POINT_BYTES))


def _cut(column: bytes, share: slice) -> bytes:
    return column[share.start * POINT_BYTES : share.stop * POINT_BYTES]


def _add_up(parts: list[bytes]) -> Point:
    first, *others = map(Point.decode, parts)
    total: Point | None = first
    for other in others:
        total = add(total, other) if total is not None else other
    if total is None:
        raise MalformedInput("a folded sum became the identity element")
    return total
