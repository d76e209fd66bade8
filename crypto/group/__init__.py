"""The prime-order group ristretto255: points that are never the identity, and scalars that stay secret.

Invariants:
1. A `Point` is a canonical encoding of a group element other than the identity; a `Scalar` lies between 1 and
   the group order less one. Neither can be made from other bytes.
2. A sum or difference that is the identity comes back as None, so no caller can forget the case.
3. No arithmetic on a secret happens in Python numbers, which take time according to their value.

Source: RFC 9496 (group), RFC 9380 §5.3.1 (expand_message_xmd) and appendix B (hashing to ristretto255).
"""

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, Self

from crypto.errors import MalformedInput
from crypto.group.sodium import HASH_BYTES, POINT_BYTES, SCALAR_BYTES, Sodium, measure

_IDENTITY: Final = bytes(POINT_BYTES)
_ZERO: Final = bytes(SCALAR_BYTES)
_SHA512_BYTES: Final = 64
_SHA512_BLOCK_BYTES: Final = 128
_DST_LIMIT: Final = 255


@cache
def _sodium() -> Sodium:
    return Sodium.load()


@dataclass(frozen=True, slots=True)
class Point:
    """A group element other than the identity.

    Shown without its bytes: the point of a person is as good as a BSN to anyone who can try all numbers.

    Args:
        encoded: The 32 canonical bytes.

    Raises:
        MalformedInput: Other length, not canonical, not on the group, or the identity.
    """

    encoded: bytes

    def __post_init__(self) -> None:
        """Refuse everything that is not a usable group element."""
        if not _sodium().is_valid_point(self.encoded) or self.encoded == _IDENTITY:
            raise MalformedInput("not a usable group element")

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read a point that came from outside.

        Raises:
            MalformedInput: See the class.
        """
        return cls(data)

    def __repr__(self) -> str:
        """Name the kind, never the bytes."""
        return "Point(<redacted>)"


@dataclass(frozen=True, slots=True, eq=False)
class Scalar:
    """A secret number between 1 and the group order less one.

    Args:
        encoded: The 32 canonical little-endian bytes. Secret.

    Raises:
        MalformedInput: Other length, zero, or not less than the group order.
    """

    encoded: bytes

    def __post_init__(self) -> None:
        """Refuse zero and everything that is not fully reduced."""
        measure(self.encoded, SCALAR_BYTES)
        reduced = _sodium().scalar_reduce(self.encoded + bytes(HASH_BYTES - SCALAR_BYTES))
        canonical = hmac.compare_digest(reduced, self.encoded)
        if not canonical or hmac.compare_digest(reduced, _ZERO):
            raise MalformedInput("not a usable scalar")

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read a scalar that was stored.

        Raises:
            MalformedInput: See the class.
        """
        return cls(data)

    def __eq__(self, other: object) -> bool:
        """Compare in constant time."""
        return isinstance(other, Scalar) and hmac.compare_digest(self.encoded, other.encoded)

    # A hash would leave traces of the secret in tables whose order can be watched.
    __hash__ = None  # type: ignore[assignment] # the way Python spells "not hashable"

    def __repr__(self) -> str:
        """Name the kind, never the bytes."""
        return "Scalar(<redacted>)"


def unchecked_point(encoded: bytes) -> Point:
    """Take bytes for a point without looking; only for what is multiplied next, which refuses whatever `Point` does."""
    measure(encoded, POINT_BYTES)
    return _own_point(encoded)


def random_scalar() -> Scalar:
    """Draw a fresh secret scalar from libsodium's generator."""
    return _own_scalar(_sodium().scalar_random())


@cache
def generator() -> Point:
    """Return G, the generator of the group."""
    return base_multiply(Scalar(b"\x01" + bytes(31)))


def base_multiply(scalar: Scalar) -> Point:
    """Multiply the generator: the public point that belongs to a secret scalar."""
    return _own_point(_sodium().base_multiply(scalar.encoded))


def multiply(scalar: Scalar, point: Point) -> Point:
    """Multiply a point; never the identity, as the group has prime order."""
    return _own_point(_sodium().multiply(scalar.encoded, point.encoded))


def add(left: Point, right: Point) -> Point | None:
    """Add two points; None is the identity."""
    return _point_or_identity(_sodium().add(left.encoded, right.encoded))


def subtract(left: Point, right: Point) -> Point | None:
    """Take `right` away from `left`; None is the identity."""
    return _point_or_identity(_sodium().subtract(left.encoded, right.encoded))


def weighted_sum(weights: Sequence[Scalar], encoded: Iterable[bytes]) -> Point:
    """Multiply each point by its weight and add everything up.

    Takes points as they travel: multiplying refuses whatever `Point` refuses, so nothing is looked at twice.

    Args:
        weights: at least one.
        encoded: as many points of 32 bytes.

    Raises:
        MalformedInput: See `Point`; or the sum is the identity.
    """
    sodium = _sodium()
    first, *others = (
        sodium.multiply(weight.encoded, point) for weight, point in zip(weights, encoded, strict=True)
    )
    total = first
    for product in others:
        total = sodium.add(total, product)
    return Point(total)


def scalar_multiply(left: Scalar, right: Scalar) -> Scalar:
    """Multiply two scalars; never zero, as the group order is prime."""
    return _own_scalar(_sodium().scalar_multiply(left.encoded, right.encoded))


def scalar_add(left: Scalar, right: Scalar) -> Scalar:
    """Add two scalars.

    Raises:
        MalformedInput: The sum is zero, which fresh random scalars make with probability 2^-252.
    """
    return _nonzero(_sodium().scalar_add(left.encoded, right.encoded))


def reduce_scalar(uniform: bytes) -> Scalar:
    """Map 64 uniform bytes to a scalar, as a hash becomes a challenge.

    Raises:
        MalformedInput: Another length, or the result is zero, which has probability 2^-252.

    Source: RFC 9496 §4.4.
    """
    return _nonzero(_sodium().scalar_reduce(uniform))


def hash_to_group(message: bytes, dst: bytes) -> Point:
    """Hash a message to a point whose discrete logarithm nobody knows.

    Args:
        message: What to hash.
        dst: Domain separation tag, 1 to 255 bytes, one per use and version.

    Raises:
        MalformedInput: The tag is empty or too long.

    Source: RFC 9380 appendix B, with SHA-512; the suite of RFC 9497 §4.1.
    """
    return Point(_sodium().from_hash(expand_message_xmd(message, dst, HASH_BYTES)))


def expand_message_xmd(message: bytes, dst: bytes, length: int) -> bytes:
    """Stretch a message into uniform bytes with SHA-512.

    Args:
        message: What to stretch.
        dst: Domain separation tag, 1 to 255 bytes.
        length: Number of bytes wanted, 1 to 16,320.

    Raises:
        MalformedInput: Tag or length outside those ranges.

    Source: RFC 9380 §5.3.1.
    """
    blocks = -(-length // _SHA512_BYTES)
    if not (1 <= len(dst) <= _DST_LIMIT and 1 <= blocks <= _DST_LIMIT):
        raise MalformedInput("domain separation tag or length out of range")
    dst_prime = dst + bytes([len(dst)])
    first = _sha512(bytes(_SHA512_BLOCK_BYTES) + message + length.to_bytes(2, "big") + b"\0" + dst_prime)
    block = _sha512(first + b"\x01" + dst_prime)
    stretched = block
    for number in range(2, blocks + 1):
        mixed = bytes(one ^ other for one, other in zip(first, block, strict=True))
        block = _sha512(mixed + bytes([number]) + dst_prime)
        stretched += block
    return stretched[:length]


def _sha512(data: bytes) -> bytes:
    return hashlib.sha512(data).digest()


def _own_point(encoded: bytes) -> Point:
    """Wrap what libsodium has just made and cannot be the identity, without checking it again."""
    point = object.__new__(Point)
    object.__setattr__(point, "encoded", encoded)
    return point


def _own_scalar(encoded: bytes) -> Scalar:
    scalar = object.__new__(Scalar)
    object.__setattr__(scalar, "encoded", encoded)
    return scalar


def _nonzero(encoded: bytes) -> Scalar:
    if hmac.compare_digest(encoded, _ZERO):
        raise MalformedInput("a scalar became zero")
    return _own_scalar(encoded)


def _point_or_identity(encoded: bytes) -> Point | None:
    return None if encoded == _IDENTITY else _own_point(encoded)
