"""The keys that libraries keep as bytes only, and how every kind of value stands in a key file.

Invariants:
1. A value has one form; what reads writes back to the same text.
2. No fault, repr or chained cause holds a value.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, Literal, NewType, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import MLKEM768X25519PrivateKey, MLKEM768X25519PublicKey

from crypto.chain import HopSecrets, OpeningSecrets
from crypto.encoding import decode, decode_int, encode
from crypto.errors import KeyFault, MalformedInput
from crypto.group import Point, Scalar
from crypto.sealing import RowKeys
from crypto.tokens import decode_base64url, encode_base64url
from crypto.verify_keys import decode_verify_key

Party = Literal["A", "B"]
Holder = Literal["index", "A", "B"]

Proof = NewType("Proof", bytes)
"""A proof of `crypto.group.sigma`; its size follows from its statement."""

Signature = NewType("Signature", bytes)
"""Ed25519, 64 bytes."""

Fingerprint = NewType("Fingerprint", bytes)
"""SHA-256, 32 bytes; see `crypto.keyfiles.manifest`."""

KEY_BYTES: Final = 32
_MLKEM_SEED_BYTES: Final = 64
_MLKEM_PUBLIC_BYTES: Final = 1184
_SIGNATURE_BYTES: Final = 64
_PROOF_BYTES_MAX: Final = 1024


@dataclass(frozen=True)
class HpkePublicKey:
    """What sheets are sealed to.

    Args:
        encoded: 1216 bytes: ML-KEM-768 encapsulation key, then X25519 public key.
    """

    encoded: bytes = field(repr=False)
    key: MLKEM768X25519PublicKey = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse what is no key."""
        if len(self.encoded) != _MLKEM_PUBLIC_BYTES + KEY_BYTES:
            raise KeyFault("an HPKE public key is 1216 bytes")
        try:
            mlkem = MLKEM768PublicKey.from_public_bytes(self.encoded[:_MLKEM_PUBLIC_BYTES])
        except ValueError as error:
            raise KeyFault("the ML-KEM-768 part of the HPKE public key is no key") from error
        x25519 = X25519PublicKey.from_public_bytes(self.encoded[_MLKEM_PUBLIC_BYTES:])
        object.__setattr__(self, "key", MLKEM768X25519PublicKey(mlkem, x25519))


@dataclass(frozen=True, eq=False)
class HpkePrivateKey:
    """What opens sheets. Secret.

    Args:
        encoded: 96 bytes: ML-KEM-768 seed (64), then X25519 private key (32).
    """

    encoded: bytes = field(repr=False)
    key: MLKEM768X25519PrivateKey = field(init=False, repr=False)
    public: HpkePublicKey = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Expand the seed once."""
        if len(self.encoded) != _MLKEM_SEED_BYTES + KEY_BYTES:
            raise KeyFault("an HPKE private key is 96 bytes")
        mlkem = MLKEM768PrivateKey.from_seed_bytes(self.encoded[:_MLKEM_SEED_BYTES])
        x25519 = X25519PrivateKey.from_private_bytes(self.encoded[_MLKEM_SEED_BYTES:])
        public = mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw()
        object.__setattr__(self, "key", MLKEM768X25519PrivateKey(mlkem, x25519))
        object.__setattr__(self, "public", HpkePublicKey(public))

    @classmethod
    def generate(cls) -> Self:
        """Make a fresh key."""
        seed = MLKEM768PrivateKey.generate().private_bytes_raw()
        return cls(seed + X25519PrivateKey.generate().private_bytes_raw())


@dataclass(frozen=True)
class Form:
    """How values of one type stand in JSON.

    Args:
        json_type: exactly this type, as `True` would pass for a number.
        read: the way back; MalformedInput, KeyFault, ValueError or KeyError when there is none.
    """

    json_type: type
    write: Callable[[Any], object]
    read: Callable[[Any], object]


def _bytes_form(write: Callable[[Any], bytes], read: Callable[[bytes], object]) -> Form:
    return Form(str, lambda value: encode_base64url(write(value)), lambda text: read(decode_base64url(text)))


def _sized(size: int) -> Callable[[bytes], bytes]:
    def read(data: bytes) -> bytes:
        if len(data) != size:
            raise MalformedInput(f"expected exactly {size} bytes")
        return data

    return read


def _read_proof(data: bytes) -> bytes:
    if not 0 < len(data) <= _PROOF_BYTES_MAX:
        raise MalformedInput("not a proof")
    return data


def _read_fingerprint(text: str) -> bytes:
    data = bytes.fromhex(text)
    if len(data) != KEY_BYTES or data.hex() != text:
        raise MalformedInput("a fingerprint is 64 lower-case hexadecimal digits")
    return data


def _read_day(text: str) -> date:
    day = date.fromisoformat(text)
    if day.isoformat() != text:
        raise MalformedInput("a date is written as YYYY-MM-DD")
    return day


def _two_scalars(make: Callable[[Scalar, Scalar], object]) -> Callable[[bytes], object]:
    return lambda data: make(Scalar.decode(data[:KEY_BYTES]), Scalar.decode(data[KEY_BYTES:]))


def _write_row_keys(keys: RowKeys) -> bytes:
    return encode("row-keys", keys.epoch, keys.scope, keys.tag_key, keys.bucket_key, keys.data_key)


def _read_row_keys(data: bytes) -> RowKeys:
    epoch, scope, *keys = decode("row-keys", data, 5)
    return RowKeys(decode_int(epoch), scope.decode("ascii"), *keys)


FORMS: Final[dict[object, Form]] = {
    str: Form(str, str, str),
    int: Form(int, int, int),
    date: Form(str, date.isoformat, _read_day),
    Party: Form(str, str, {"A": "A", "B": "B"}.__getitem__),
    Holder: Form(str, str, {"index": "index", "A": "A", "B": "B"}.__getitem__),
    bytes: _bytes_form(bytes, _sized(KEY_BYTES)),
    Proof: _bytes_form(bytes, _read_proof),
    Signature: _bytes_form(bytes, _sized(_SIGNATURE_BYTES)),
    Fingerprint: Form(str, bytes.hex, _read_fingerprint),
    Point: _bytes_form(lambda point: point.encoded, Point.decode),
    HpkePublicKey: _bytes_form(lambda key: key.encoded, HpkePublicKey),
    HpkePrivateKey: _bytes_form(lambda key: key.encoded, HpkePrivateKey),
    Ed25519PublicKey: _bytes_form(lambda key: key.public_bytes_raw(), decode_verify_key),
    Ed25519PrivateKey: _bytes_form(lambda key: key.private_bytes_raw(), Ed25519PrivateKey.from_private_bytes),
    OpeningSecrets: _bytes_form(
        lambda own: own.layer.encoded + own.closing.encoded, _two_scalars(OpeningSecrets)
    ),
    HopSecrets: _bytes_form(lambda own: own.factor.encoded + own.layer.encoded, _two_scalars(HopSecrets)),
    RowKeys: _bytes_form(_write_row_keys, _read_row_keys),
}
