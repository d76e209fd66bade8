"""A quick check that the library computes what the standards say, for every process to make at its start."""

from functools import cache
from typing import Final

from crypto.errors import CryptoError, KeyFault, MalformedInput
from crypto.group import (
    Point,
    Scalar,
    add,
    base_multiply,
    hash_to_group,
    multiply,
    random_scalar,
    scalar_add,
    scalar_multiply,
    subtract,
)
from crypto.group.sodium import POINT_BYTES, SCALAR_BYTES

_IDENTITY: Final = bytes(POINT_BYTES)
_ZERO: Final = bytes(SCALAR_BYTES)
# Generator times two, and input, blind and blinded element of the first base-mode vector.
# Source: RFC 9496 appendix A.1; RFC 9497 appendix A.1.1.1.
_TEST_DOUBLE: Final = bytes.fromhex("6a493210f7499cd17fecb510ae0cea23a110e8d5b901f8acadd3095c73a3b919")
_TEST_GENERATOR: Final = bytes.fromhex("e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76")
_TEST_DST: Final = b"HashToGroup-OPRFV1-\x00-ristretto255-SHA512"
_TEST_BLIND: Final = bytes.fromhex("64d37aed22a27f5191de1c1d69fadb899d8862b58eb4220029e036ec4c1f6706")
_TEST_BLINDED: Final = bytes.fromhex("609a0ae68c15a3cf6903766461307e5c8bb2f95e7e6550e1ffa2dc99e412803c")
_GROUP_ORDER: Final = bytes.fromhex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010")


@cache
def self_test() -> None:
    """Check the library against published vectors and refusals; each process calls this once at its start.

    Takes less than a millisecond; later calls return at once.

    Raises:
        KeyFault: libsodium is absent, or does not compute what the standards say.
    """
    try:
        sound = _computes_correctly() and _refuses_correctly()
    except MalformedInput as error:
        raise KeyFault("libsodium failed its self test: do not use this machine") from error
    if not sound:
        raise KeyFault("libsodium failed its self test: do not use this machine")


def _computes_correctly() -> bool:
    one = Scalar(b"\x01" + bytes(31))
    two = Scalar(b"\x02" + bytes(31))
    generator = base_multiply(one)
    double = multiply(two, generator)
    blinded = multiply(Scalar(_TEST_BLIND), hash_to_group(b"\x00", _TEST_DST))
    return (
        generator.encoded == _TEST_GENERATOR
        and double.encoded == _TEST_DOUBLE
        and add(generator, generator) == double
        and subtract(double, generator) == generator
        and subtract(generator, generator) is None
        and scalar_multiply(two, one) == scalar_add(one, one) == two
        and blinded.encoded == _TEST_BLINDED
    )


def _refuses_correctly() -> bool:
    return (
        _is_refused(Point, _IDENTITY)
        and _is_refused(Point, b"\xff" * POINT_BYTES)
        and _is_refused(Scalar, _ZERO)
        and _is_refused(Scalar, _GROUP_ORDER)
        and random_scalar() != random_scalar()
    )


def _is_refused(kind: type[Point | Scalar], data: bytes) -> bool:
    try:
        kind(data)
    except CryptoError:
        return True
    return False
