"""The manifest: the public parts of one scope and epoch, proven, agreed by all three parties, pinned by everybody.

Invariants:

1. A `Parts` exists only when every proof in it holds: each layer is made towards the next, and factor, layer and
   canary of each pseudonymiser belong together.
2. A `Manifest` exists only with the approval of the index, B and A under one fingerprint of those parts.
3. Two manifests with the same fingerprint hold the same parts.

Whoever can make a publisher pin another manifest can read what that publisher sends: the approvals in a file only say
that its own three parties agree. So compare the fingerprint with the parties themselves, over another way.
"""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from crypto.chain.hops import HopPublics
from crypto.encoding import encode
from crypto.errors import KeyFault
from crypto.group import Point, generator
from crypto.keyfiles.document import KeyFile
from crypto.keyfiles.parts import IndexPublic, IndexSecrets, PseudonymiserPublic, PseudonymiserSecrets
from crypto.keyfiles.values import FORMS, Fingerprint, Form, Holder, Signature

HOLDERS: Final[tuple[Holder, ...]] = ("index", "B", "A")
_GROUP: Final = 4


@dataclass(frozen=True)
class Parts:
    """The public parts of the three parties, checked against each other.

    Args:
        b: public part of pseudonymiser B.
        a: public part of pseudonymiser A.

    Raises:
        KeyFault: they do not belong together, or a proof does not hold.
    """

    index: IndexPublic
    b: PseudonymiserPublic
    a: PseudonymiserPublic

    def __post_init__(self) -> None:
        """Refuse parts that do not belong together."""
        parts = (self.index, self.b, self.a)
        if len({(part.scope, part.epoch) for part in parts}) != 1:
            raise KeyFault("the parts of a manifest must be of one scope and epoch")
        if (self.b.party, self.a.party) != ("B", "A"):
            raise KeyFault("a manifest needs the public part of B as b and of A as a")
        layers = {part.layer.encoded for part in parts}
        verify_keys = {part.verify_key.public_bytes_raw() for part in parts}
        if len(layers) != len(parts) or len(verify_keys) != len(parts):
            raise KeyFault("two parties in the manifest share a key; each must make its own")
        if any(part.factor == generator() for part in (self.b, self.a)):
            raise KeyFault("a pseudonymiser's factor is one: it would leave every person as it is")
        self.index.check()
        self.b.check(self.index)
        self.a.check(self.b)

    @property
    def scope(self) -> str:
        """The region they are for."""
        return self.index.scope

    @property
    def epoch(self) -> int:
        """The number of this set of keys."""
        return self.index.epoch

    @cached_property
    def fingerprint(self) -> Fingerprint:
        """What the parties and everybody who pins the manifest compare."""
        members = (
            text for part in (self.index, self.b, self.a) for text in _canonical_members(part.to_document())
        )
        return Fingerprint(hashlib.sha256(encode("signal-index manifest 1", *members)).digest())

    def verify_key(self, holder: Holder) -> Ed25519PublicKey:
        """Return the key with which a party signs."""
        return self._of(holder).verify_key

    def _of(self, holder: Holder) -> IndexPublic | PseudonymiserPublic:
        parts: dict[Holder, IndexPublic | PseudonymiserPublic] = {
            "index": self.index,
            "B": self.b,
            "A": self.a,
        }
        return parts[holder]

    def approve(self, secrets: IndexSecrets | PseudonymiserSecrets) -> "Approval":
        """Sign these parts as one of the three parties.

        Raises:
            KeyFault: the parts hold other keys of this party than the secrets are.
        """
        holder: Holder = secrets.party if isinstance(secrets, PseudonymiserSecrets) else "index"
        if self._of(holder) != secrets.public():
            raise KeyFault(f"these parts hold other keys of {holder} than its own: do not approve them")
        words = _approval_words(holder, self)
        return Approval(
            holder, self.scope, self.epoch, self.fingerprint, Signature(secrets.signing.sign(words))
        )


def _canonical_members(document: dict[str, object]) -> list[str]:
    return [f"{name}={value}" for name, value in document.items()]


def _approval_words(holder: Holder, parts: Parts) -> bytes:
    return encode("signal-index approval 1", holder, parts.scope, parts.epoch, parts.fingerprint)


def spelled(fingerprint: Fingerprint) -> str:
    """Write a fingerprint in groups of four, to be read aloud."""
    digits = fingerprint.hex()
    return " ".join(digits[start : start + _GROUP] for start in range(0, len(digits), _GROUP))


@dataclass(frozen=True, repr=False)
class Approval(KeyFile, kind="approval", secret=False):
    """One party's word that it checked the parts with this fingerprint and that its own part is in them.

    Args:
        holder: who says so.
        signature: with the key that its part names.
    """

    holder: Holder
    scope: str
    epoch: int
    fingerprint: Fingerprint
    signature: Signature


for _part in (IndexPublic, PseudonymiserPublic):
    FORMS[_part] = Form(dict, _part.to_document, _part.from_document)


@dataclass(frozen=True, repr=False)
class Manifest(KeyFile, kind="manifest", secret=False):
    """The agreed parts of one scope and epoch, as every party pins them; use `agreed` or `load` to get one.

    Args:
        b: public part of pseudonymiser B.
        a: public part of pseudonymiser A.
        index_approval: of the fingerprint of these parts, with the index's key.
        b_approval: with B's.
        a_approval: with A's.

    Raises:
        KeyFault: the parts do not belong together, a proof does not hold, or an approval is not of these parts.
    """

    scope: str
    epoch: int
    index: IndexPublic
    b: PseudonymiserPublic
    a: PseudonymiserPublic
    index_approval: Signature
    b_approval: Signature
    a_approval: Signature

    def __post_init__(self) -> None:
        """Check everything there is to check."""
        super().__post_init__()
        parts = self.parts
        if (parts.scope, parts.epoch) != (self.scope, self.epoch):
            raise KeyFault("the parts of a manifest must be of its scope and epoch")
        approvals = (self.index_approval, self.b_approval, self.a_approval)
        for holder, signature in zip(HOLDERS, approvals, strict=True):
            _check_approval(holder, parts, signature)

    @classmethod
    def agreed(cls, parts: Parts, approvals: Sequence[Approval]) -> Self:
        """Put parts and approvals together.

        Args:
            parts: checked.
            approvals: one of each party, in any order.

        Raises:
            KeyFault: an approval is missing, twice, or of other parts.
        """
        by_holder = {approval.holder: approval for approval in approvals}
        if len(approvals) != len(HOLDERS) or by_holder.keys() != set(HOLDERS):
            raise KeyFault("a manifest needs one approval of the index, one of B and one of A")
        for holder, approval in by_holder.items():
            if not hmac.compare_digest(approval.fingerprint, parts.fingerprint):
                raise KeyFault(f"{holder} approved other parts than these: compare the fingerprints")
        index, b, a = (by_holder[holder].signature for holder in HOLDERS)
        return cls(parts.scope, parts.epoch, parts.index, parts.b, parts.a, index, b, a)

    @classmethod
    def load_pinned(cls, path: Path, pin: str | None, *, required: bool) -> Self:
        """Read a manifest, and refuse it unless it is the one that was pinned.

        Args:
            path: of the file.
            pin: the setting `manifest_fingerprint`, as agreed with the parties over another way; spaces do not count.
            required: whether to go without a pin, as only a trial with made-up data may.

        Raises:
            KeyFault: as `load`, or another manifest than the one pinned.
        """
        manifest = cls.load(path)
        own = manifest.fingerprint.hex()
        if pin is None and required:
            raise KeyFault(
                "manifest_fingerprint is not set: compare the fingerprint that `signal-index keys show` gives for "
                f"{path} with each of the three parties, over the phone or in person, and set it"
            )
        if pin is not None and not hmac.compare_digest("".join(pin.split()).lower().encode(), own.encode()):
            raise KeyFault(
                f"{path} is not the pinned manifest: its fingerprint is {spelled(manifest.fingerprint)}. Compare it "
                "with the parties themselves before you change manifest_fingerprint"
            )
        return manifest

    @cached_property
    def parts(self) -> Parts:
        """The parts, checked."""
        return Parts(self.index, self.b, self.a)

    @property
    def fingerprint(self) -> Fingerprint:
        """What everybody who pins this manifest compares."""
        return self.parts.fingerprint

    @property
    def canary(self) -> Point:
        """The canary after both factors, before the index's closing key."""
        return self.a.canary

    @property
    def hops(self) -> tuple[tuple[Ed25519PublicKey, HopPublics], ...]:
        """Of A, then of B: the key that signs its hops, and the points its hops are checked with."""
        return (
            (self.a.verify_key, self.a.hop(self.b.layer)),
            (self.b.verify_key, self.b.hop(self.index.layer)),
        )


def _check_approval(holder: Holder, parts: Parts, signature: Signature) -> None:
    try:
        parts.verify_key(holder).verify(signature, _approval_words(holder, parts))
    except InvalidSignature as error:
        raise KeyFault(f"the approval of {holder} is not of these parts: do not use this manifest") from error
