"""Ed25519 public keys under which a signature means something.

Invariants:
1. A key has one spelling, and a signature under it needs a secret: low order and second spellings are refused.

OpenSSL checks none of this; whoever brings such a key could sign anything with it.
Source: RFC 8032 §5.1.
"""

from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from crypto.errors import KeyFault

_ED25519_BYTES: Final = 32
_FIELD_PRIME: Final = 2**255 - 19
_SIGN_BIT: Final = 1 << 255
# x = 0 has no negative: y = 1 and y = -1 with the sign bit set are second spellings of two low-order points.
_SIGNED_ZEROS: Final = frozenset({_SIGN_BIT + 1, _SIGN_BIT + _FIELD_PRIME - 1})
# The eight points of the 8-torsion of edwards25519: a signature under one of them can be made without a secret.
# Source: RFC 8032 §5.1 for the curve; tests/crypto/test_keyfiles.py recomputes the list.
LOW_ORDER_KEYS: Final = frozenset(
    bytes.fromhex(key)
    for key in (
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    )
)


def decode_verify_key(data: bytes) -> Ed25519PublicKey:
    """Read an Ed25519 public key, refusing those that verify signatures nobody made.

    Raises:
        KeyFault: not 32 bytes, not canonical, or of low order.
    """
    if len(data) != _ED25519_BYTES:
        raise KeyFault("an Ed25519 public key is 32 bytes")
    number = int.from_bytes(data, "little")
    if data in LOW_ORDER_KEYS or number % _SIGN_BIT >= _FIELD_PRIME or number in _SIGNED_ZEROS:
        raise KeyFault("this Ed25519 public key is of low order or not canonical: nobody can own it")
    return Ed25519PublicKey.from_public_bytes(data)
