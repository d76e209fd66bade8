"""Pinned keys: each belongs to its algorithm, is strong enough for it, and serves no other."""

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from crypto.errors import KeyFault
from crypto.tokens import TokenRules, TrustedKey, issue
from crypto.verify_keys import decode_verify_key


@cache
def rsa_key(bits: int = 2048, exponent: int = 65537) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(exponent, bits)


@cache
def ed_key() -> ed25519.Ed25519PrivateKey:
    return ed25519.Ed25519PrivateKey.generate()


@cache
def ec_key(curve: type[ec.EllipticCurve] = ec.SECP256R1) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(curve())


def rules(*keys: TrustedKey) -> TokenRules:
    return TokenRules("https://login.example", "https://index.example", keys)


KEYS_REFUSED: list[tuple[str, str, Callable[[], Any]]] = [
    ("RSA of 1024 bits", "RS256", lambda: rsa_key(1024)),
    ("RSA of 1024 bits for PSS", "PS256", lambda: rsa_key(1024)),
    ("RSA with exponent 3", "RS256", lambda: rsa_key(2048, 3)),
    ("P-384 for ES256", "ES256", lambda: ec_key(ec.SECP384R1)),
    ("secp256k1 for ES256", "ES256", lambda: ec_key(ec.SECP256K1)),
    ("Ed25519 for RS256", "RS256", ed_key),
    ("RSA for EdDSA", "EdDSA", rsa_key),
    ("P-256 for EdDSA", "EdDSA", ec_key),
    ("HS256", "HS256", ed_key),
    ("none", "none", ed_key),
    ("RS512", "RS512", rsa_key),
    ("ES384", "ES384", lambda: ec_key(ec.SECP384R1)),
]


@pytest.mark.parametrize(
    ("algorithm", "make"), [k[1:] for k in KEYS_REFUSED], ids=[k[0] for k in KEYS_REFUSED]
)
def test_a_key_that_does_not_belong_to_its_algorithm_is_refused(
    algorithm: str, make: Callable[[], Any]
) -> None:
    with pytest.raises(KeyFault, match="cannot be used"):
        TrustedKey("k1", algorithm, make().public_key())
    with pytest.raises(KeyFault, match="cannot be used"):
        issue(make(), "k1", algorithm, {})


def test_a_private_key_or_a_secret_is_no_trusted_key() -> None:
    for wrong in (ed_key(), b"secret", "secret"):
        with pytest.raises(KeyFault):
            TrustedKey("k1", "EdDSA", wrong)  # type: ignore[arg-type] # what a caller without types could pass


@pytest.mark.parametrize(
    "key_id", ["", "a b", "a\n", "x" * 129, "sleutel-\N{LATIN SMALL LETTER E WITH ACUTE}"]
)
def test_a_key_id_is_short_printable_ascii(key_id: str) -> None:
    with pytest.raises(KeyFault, match="key id"):
        TrustedKey(key_id, "EdDSA", ed_key().public_key())


def test_a_key_serves_one_algorithm_and_an_id_one_key() -> None:
    one = TrustedKey("k1", "RS256", rsa_key().public_key())
    for second in (
        TrustedKey("k2", "PS256", rsa_key().public_key()),
        TrustedKey("k1", "EdDSA", ed_key().public_key()),
        one,
    ):
        with pytest.raises(KeyFault, match="only once"):
            rules(one, second)
    with pytest.raises(KeyFault, match="at least one"):
        rules()


def test_an_rsa_key_has_2048_to_8192_bits() -> None:
    for bits, fits in ((2047, False), (2048, True), (8192, True), (8193, False)):
        key = rsa.RSAPublicNumbers(65537, 2 ** (bits - 1) + 1).public_key()
        if fits:
            TrustedKey("k1", "RS256", key)
        else:
            with pytest.raises(KeyFault, match="cannot be used"):
                TrustedKey("k1", "RS256", key)


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_a_verify_key_is_32_bytes(length: int) -> None:
    with pytest.raises(KeyFault, match="32 bytes"):
        decode_verify_key(b"\x09" * length)
