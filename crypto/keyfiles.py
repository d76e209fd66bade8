"""Key files: what each party keeps secret, what it publishes, and the manifest that pins the published parts.

Invariants:

1. Every function makes or reads the keys of one party. The order in which layers nest is in the arguments: B
   needs the index's public part, A needs B's.
2. A file that exists is never overwritten. A secret is written for its owner only, and not read when others can.
3. A file is read as a whole or refused: a member too many, too few or twice, or another kind, is a fault.
4. Faults name the file and what to do; no fault or repr holds a secret.

Whoever controls the manifest at a publisher can read what that publisher sends, so take it from the parties
themselves; it does not prove yet that the layers in it nest.
Besides the pseudonymiser service this is the one module of the package that touches the disk.
"""

import json
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from pathlib import Path
from typing import Any, ClassVar, Final, Literal, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import MLKEM768X25519PrivateKey, MLKEM768X25519PublicKey

from crypto.chain import HopSecrets, OpeningSecrets
from crypto.encoding import decode, decode_int, encode
from crypto.errors import CryptoError, KeyFault, MalformedInput
from crypto.group import Point, Scalar, base_multiply, multiply, random_scalar
from crypto.sealing import RowKeys
from crypto.tokens import decode_base64url, decode_verify_key, encode_base64url, read_json_object

Party = Literal["A", "B"]

FILE_FORMAT: Final = 1
FILE_BYTES_MAX: Final = 64 * 1024  # The manifest, the largest, is about 4 KiB.
_SECRET_MODE: Final = 0o600
_PUBLIC_MODE: Final = 0o644
_OTHERS: Final = 0o077
_KEY_BYTES: Final = 32
_MLKEM_SEED_BYTES: Final = 64
_MLKEM_PUBLIC_BYTES: Final = 1184
_NAMES: Final = {
    "scope": re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII),
    "epoch": re.compile(r"[0-9]{1,9}", re.ASCII),
    "publisher": re.compile(r"[0-9]{20}", re.ASCII),
}


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
        if len(self.encoded) != _MLKEM_PUBLIC_BYTES + _KEY_BYTES:
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
        if len(self.encoded) != _MLKEM_SEED_BYTES + _KEY_BYTES:
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
class _Form:
    """How values of one type stand in JSON.

    Args:
        json_type: exactly this type, as `True` would pass for a number.
        read: the way back; MalformedInput, KeyFault, ValueError or KeyError when there is none.
    """

    json_type: type
    write: Callable[[Any], object]
    read: Callable[[Any], object]


def _bytes_form(write: Callable[[Any], bytes], read: Callable[[bytes], object]) -> _Form:
    return _Form(str, lambda value: encode_base64url(write(value)), lambda text: read(decode_base64url(text)))


def _read_key(data: bytes) -> bytes:
    if len(data) != _KEY_BYTES:
        raise MalformedInput("a symmetric key is 32 bytes")
    return data


def _read_day(text: str) -> date:
    day = date.fromisoformat(text)
    if day.isoformat() != text:
        raise MalformedInput("a date is written as YYYY-MM-DD")
    return day


def _two_scalars(make: Callable[[Scalar, Scalar], object]) -> Callable[[bytes], object]:
    return lambda data: make(Scalar.decode(data[:_KEY_BYTES]), Scalar.decode(data[_KEY_BYTES:]))


def _write_row_keys(keys: RowKeys) -> bytes:
    return encode("row-keys", keys.epoch, keys.scope, keys.tag_key, keys.bucket_key, keys.data_key)


def _read_row_keys(data: bytes) -> RowKeys:
    epoch, scope, *keys = decode("row-keys", data, 5)
    return RowKeys(decode_int(epoch), scope.decode("ascii"), *keys)


_FORMS: Final[dict[object, _Form]] = {
    str: _Form(str, str, str),
    int: _Form(int, int, int),
    date: _Form(str, date.isoformat, _read_day),
    Party: _Form(str, str, {"A": "A", "B": "B"}.__getitem__),
    bytes: _bytes_form(bytes, _read_key),
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


@dataclass(frozen=True, repr=False)
class _KeyFile:
    """What the kinds of key file share: a JSON object with a member per field, saved once and loaded strictly.

    The field `created` is the day the keys were made; the caller knows it, this package has no clock.
    """

    KIND: ClassVar[str]
    SECRET: ClassVar[bool]

    def __init_subclass__(cls, *, kind: str, secret: bool) -> None:
        """Fix what the file calls itself and whether others may read it."""
        cls.KIND, cls.SECRET = kind, secret

    def __post_init__(self) -> None:
        """Refuse a scope, epoch or publisher that cannot be."""
        for name, allowed in _NAMES.items():
            if hasattr(self, name) and not allowed.fullmatch(str(getattr(self, name))):
                raise KeyFault(f"{name} must match {allowed.pattern}")

    def to_document(self) -> dict[str, object]:
        """Return the content of the file; of a secret part it is secret."""
        own = {place.name: _FORMS[place.type].write(getattr(self, place.name)) for place in fields(self)}
        return {"kind": self.KIND, "format": FILE_FORMAT, **own}

    @classmethod
    def from_document(cls, document: Mapping[str, object]) -> Self:
        """Read what `to_document` made.

        Raises:
            MalformedInput: another kind or format, or a member missing, unknown or unusable.
            KeyFault: the members contradict each other.
        """
        outer = (_read_member(document, "kind", str), _read_member(document, "format", int))
        if outer != (cls.KIND, FILE_FORMAT):
            raise MalformedInput(f"it is not a file of the kind {cls.KIND!r} in format {FILE_FORMAT}")
        if document.keys() - {"kind", "format", *(place.name for place in fields(cls))}:
            raise MalformedInput("it holds members this version does not know")
        return cls(**{place.name: _read_member(document, place.name, place.type) for place in fields(cls)})

    def save(self, path: Path) -> None:
        """Write the file in one step, readable by its owner only if it holds secrets.

        Raises:
            KeyFault: it exists already, or cannot be written.
        """
        _write(path, self.to_document(), _SECRET_MODE if self.SECRET else _PUBLIC_MODE)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the file.

        Raises:
            KeyFault: it is not there, not readable, readable by others though secret, or not such a file; the
                message says what to do.
        """
        data = _read(path, secret=cls.SECRET)
        try:
            return cls.from_document(read_json_object(data))
        except CryptoError as fault:
            # Not chained: causes further down hold parts of the content.
            raise KeyFault(f"{path}: {fault}; restore it, or ask its maker for a new one") from None

    def __repr__(self) -> str:
        """Name the kind of part, never its content."""
        return f"{type(self).__name__}(<redacted>)"


def _read_member(document: Mapping[str, object], name: str, kind: object) -> object:
    form = _FORMS[kind]
    try:
        if type(document[name]) is form.json_type:
            return form.read(document[name])
    except (KeyError, ValueError, MalformedInput):
        # Not chained: causes hold the value.
        pass
    except KeyFault as fault:
        raise KeyFault(f"member {name!r}: {fault}") from None
    raise MalformedInput(f"member {name!r} is missing or holds no usable value")


def _write(path: Path, document: Mapping[str, object], mode: int) -> None:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        draft.touch(mode=mode, exist_ok=False)
        try:
            draft.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
            # A link fails when the name is taken; a rename would overwrite.
            path.hardlink_to(draft)
        finally:
            draft.unlink()
    except FileExistsError as error:
        raise KeyFault(f"{path} exists and keys are never overwritten: choose another name") from error
    except OSError as error:
        raise KeyFault(f"{path} cannot be written: {error.strerror}") from error


def _read(path: Path, *, secret: bool) -> bytes:
    try:
        if secret and path.stat().st_mode & _OTHERS:
            raise KeyFault(f"{path} is open to others than its owner: run chmod 600 {path}")
        with path.open("rb") as file:
            data = file.read(FILE_BYTES_MAX + 1)
    except FileNotFoundError as error:
        raise KeyFault(f"{path} does not exist: make it, or correct the setting that names it") from error
    except OSError as error:
        raise KeyFault(f"{path} cannot be read: {error.strerror}") from error
    if len(data) > FILE_BYTES_MAX:
        raise KeyFault(f"{path} is too large for a key file: correct the setting that names it")
    return data


@dataclass(frozen=True, repr=False)
class IndexPublic(_KeyFile, kind="index-public", secret=False):
    """What the index publishes.

    Args:
        layer: T_I = t_I*G.
        verify_key: Ed25519, of its acknowledgements and refusals.
    """

    scope: str
    epoch: int
    layer: Point
    hpke_public: HpkePublicKey
    verify_key: Ed25519PublicKey
    created: date


@dataclass(frozen=True, repr=False, eq=False)
class IndexSecrets(_KeyFile, kind="index-secrets", secret=True):
    """What the index keeps.

    Args:
        row_keys: for rows and tags.
        audit_keys: for the bodies of audit records; independent of `row_keys`.
        signing: of acknowledgements and refusals.
    """

    scope: str
    epoch: int
    opening: OpeningSecrets
    row_keys: RowKeys
    audit_keys: RowKeys
    hpke_private: HpkePrivateKey
    signing: Ed25519PrivateKey
    created: date

    def __post_init__(self) -> None:
        """Refuse, besides what every part refuses, row keys of another scope or epoch."""
        super().__post_init__()
        sets = (self.row_keys, self.audit_keys)
        if {(keys.scope, keys.epoch) for keys in sets} != {(self.scope, self.epoch)}:
            raise KeyFault("the row keys belong to another scope or epoch")
        if len({key for keys in sets for key in (keys.tag_key, keys.bucket_key, keys.data_key)}) != 6:
            raise KeyFault("rows and audit bodies share a key; each needs its own")

    @classmethod
    def generate(cls, scope: str, epoch: int, *, created: date) -> Self:
        """Make fresh keys for the index, the first of the three parties."""
        return cls(
            scope=scope,
            epoch=epoch,
            opening=OpeningSecrets(layer=random_scalar(), closing=random_scalar()),
            row_keys=_fresh_row_keys(scope, epoch),
            audit_keys=_fresh_row_keys(scope, epoch),
            hpke_private=HpkePrivateKey.generate(),
            signing=Ed25519PrivateKey.generate(),
            created=created,
        )

    def public(self) -> IndexPublic:
        """Return what B, the manifest and the publishers need."""
        return IndexPublic(
            scope=self.scope,
            epoch=self.epoch,
            layer=base_multiply(self.opening.layer),
            hpke_public=self.hpke_private.public,
            verify_key=self.signing.public_key(),
            created=self.created,
        )


def _fresh_row_keys(scope: str, epoch: int) -> RowKeys:
    return RowKeys(epoch, scope, *(secrets.token_bytes(_KEY_BYTES) for _ in range(3)))


@dataclass(frozen=True, repr=False)
class PseudonymiserPublic(_KeyFile, kind="pseudonymiser-public", secret=False):
    """What a pseudonymiser publishes.

    Args:
        layer: T_B = t_B*T_I of B, Y = t_A*T_B of A.
        verify_key: Ed25519, of its hops.
    """

    party: Party
    scope: str
    epoch: int
    layer: Point
    verify_key: Ed25519PublicKey
    created: date


@dataclass(frozen=True, repr=False, eq=False)
class PseudonymiserSecrets(_KeyFile, kind="pseudonymiser-secrets", secret=True):
    """What a pseudonymiser keeps.

    Args:
        party: `A` receives from publishers, `B` from A.
        towards: the layer its hop leads to: T_B at A, T_I at B. Not secret.
        signing: of its hops.
    """

    party: Party
    scope: str
    epoch: int
    hop: HopSecrets
    towards: Point
    signing: Ed25519PrivateKey
    created: date

    @classmethod
    def generate(cls, party: Party, towards: IndexPublic | PseudonymiserPublic, *, created: date) -> Self:
        """Make fresh keys for one pseudonymiser, in the scope and epoch of the part they lead to.

        Args:
            party: `B`, the second of the three parties, or `A`, the last.
            towards: the index's public part for B, B's public part for A.
            created: today, where the keys are made.

        Raises:
            KeyFault: the part belongs to another step of the order.
        """
        led_to = towards.party if isinstance(towards, PseudonymiserPublic) else "index"
        if (party, led_to) not in {("A", "B"), ("B", "index")}:
            raise KeyFault("keys are made in the order index, B, A: B needs the index's part, A needs B's")
        return cls(
            party=party,
            scope=towards.scope,
            epoch=towards.epoch,
            hop=HopSecrets(factor=random_scalar(), layer=random_scalar()),
            towards=towards.layer,
            signing=Ed25519PrivateKey.generate(),
            created=created,
        )

    def public(self) -> PseudonymiserPublic:
        """Return what the next party in the order, the manifest and the neighbours need."""
        return PseudonymiserPublic(
            party=self.party,
            scope=self.scope,
            epoch=self.epoch,
            layer=multiply(self.hop.layer, self.towards),
            verify_key=self.signing.public_key(),
            created=self.created,
        )


@dataclass(frozen=True, repr=False)
class PublisherPublic(_KeyFile, kind="publisher-public", secret=False):
    """What a publisher hands to A, B and the index.

    Args:
        publisher: its OIN.
        verify_key: Ed25519, of its batches.
    """

    publisher: str
    verify_key: Ed25519PublicKey
    created: date


@dataclass(frozen=True, repr=False, eq=False)
class PublisherSecrets(_KeyFile, kind="publisher-secrets", secret=True):
    """What a publisher keeps; none of it opens a pseudonym.

    Args:
        publisher: its OIN.
        signing: of its batches.
        local: 32 bytes, the key for the publisher's local state.
    """

    publisher: str
    signing: Ed25519PrivateKey
    local: bytes
    created: date

    @classmethod
    def generate(cls, publisher: str, *, created: date) -> Self:
        """Make fresh keys for a publisher; it needs nobody else's for that."""
        return cls(publisher, Ed25519PrivateKey.generate(), secrets.token_bytes(_KEY_BYTES), created)

    def public(self) -> PublisherPublic:
        """Return what A, B and the index need."""
        return PublisherPublic(self.publisher, self.signing.public_key(), self.created)


for _part in (IndexPublic, PseudonymiserPublic):
    _FORMS[_part] = _Form(dict, _part.to_document, _part.from_document)


@dataclass(frozen=True, repr=False)
class Manifest(_KeyFile, kind="manifest", secret=False):
    """The public parts of one scope and epoch, as every party pins them.

    Args:
        b: public part of pseudonymiser B.
        a: public part of pseudonymiser A.
    """

    scope: str
    epoch: int
    index: IndexPublic
    b: PseudonymiserPublic
    a: PseudonymiserPublic

    def __post_init__(self) -> None:
        """Refuse, besides what every part refuses, parts that do not belong together."""
        super().__post_init__()
        parts = (self.index, self.b, self.a)
        if {(part.scope, part.epoch) for part in parts} != {(self.scope, self.epoch)}:
            raise KeyFault("the parts of a manifest must be of its scope and epoch")
        if (self.b.party, self.a.party) != ("B", "A"):
            raise KeyFault("a manifest needs the public part of B as b and of A as a")
        layers = {part.layer.encoded for part in parts}
        verify_keys = {part.verify_key.public_bytes_raw() for part in parts}
        if len(layers) != 3 or len(verify_keys) != 3:
            raise KeyFault("two parties in the manifest share a key; each must make its own")
