"""What each party keeps secret, and what it publishes with a proof that it knows what lies behind it.

Invariants:

1. Every function makes or reads the keys of one party. The order in which layers nest is in the arguments: B
   needs the index's public part, A needs B's.
2. A public part that `check` accepts was made by somebody who knows its secrets, for this scope, epoch and party,
   towards this next party; and its factor, layer, combined point and canary belong to the same secrets.

Without the second, a wrong combined point would let every hop proof hold while every pseudonym is garbage: a silent
"no help is running". A key that copies or undoes another party's would do other harm.

Source: docs/protocol.md.
"""

import secrets
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from crypto.chain import HopSecrets, OpeningSecrets, canary_point
from crypto.chain.hops import HopPublics
from crypto.encoding import encode
from crypto.errors import KeyFault, VerificationFailed
from crypto.group import Point, base_multiply, generator, multiply, random_scalar, sigma
from crypto.keyfiles.document import KeyFile
from crypto.keyfiles.values import (
    KEY_BYTES,
    HpkePrivateKey,
    HpkePublicKey,
    Party,
    Proof,
)
from crypto.sealing import RowKeys

_FACTOR: Final = 0
_LAYER: Final = 1


@dataclass(frozen=True, repr=False)
class IndexPublic(KeyFile, kind="index-public", secret=False):
    """What the index publishes.

    Args:
        layer: T_I = t_I*G.
        verify_key: Ed25519, of its acknowledgements and refusals.
        proof: that it knows t_I. Made afresh each time, so it does not count when parts are compared.
    """

    scope: str
    epoch: int
    layer: Point
    hpke_public: HpkePublicKey
    verify_key: Ed25519PublicKey
    created: date
    proof: Proof = field(compare=False)

    def check(self) -> None:
        """Check the proof.

        Raises:
            KeyFault: it does not hold.
        """
        _check_proof("the index", self._statement(), self.proof)

    def _statement(self) -> sigma.Statement:
        context = encode(
            "signal-index index keys 1",
            self.scope,
            self.epoch,
            self.hpke_public.encoded,
            self.verify_key.public_bytes_raw(),
            self.created.isoformat(),
        )
        return sigma.Statement(context, 1, (sigma.Equation(self.layer, ((0, generator()),)),))


@dataclass(frozen=True, repr=False, eq=False)
class IndexSecrets(KeyFile, kind="index-secrets", secret=True):
    """What the index keeps.

    Args:
        row_keys: for rows and tags.
        audit_keys: for the bodies of audit records; independent of `row_keys`.
        signing: of acknowledgements and refusals.
        log_signing: of the checkpoints of the log; a key of its own, so that no answer to a publisher can pass for
            a checkpoint.
    """

    scope: str
    epoch: int
    opening: OpeningSecrets
    row_keys: RowKeys
    audit_keys: RowKeys
    hpke_private: HpkePrivateKey
    signing: Ed25519PrivateKey
    log_signing: Ed25519PrivateKey
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
            log_signing=Ed25519PrivateKey.generate(),
            created=created,
        )

    def public(self) -> IndexPublic:
        """Return what B, the manifest and the publishers need, with a fresh proof."""
        unproven = IndexPublic(
            scope=self.scope,
            epoch=self.epoch,
            layer=base_multiply(self.opening.layer),
            hpke_public=self.hpke_private.public,
            verify_key=self.signing.public_key(),
            created=self.created,
            proof=Proof(b""),
        )
        return replace(unproven, proof=Proof(sigma.prove(unproven._statement(), [self.opening.layer])))  # noqa: SLF001 - the other half of this pair


def _fresh_row_keys(scope: str, epoch: int) -> RowKeys:
    return RowKeys(epoch, scope, *(secrets.token_bytes(KEY_BYTES) for _ in range(3)))


@dataclass(frozen=True, repr=False)
class PseudonymiserPublic(KeyFile, kind="pseudonymiser-public", secret=False):
    """What a pseudonymiser publishes.

    Args:
        layer: T_B = t_B*T_I of B, Y = t_A*T_B of A.
        factor: S = s*G.
        combined: Q = s*t*G.
        canary: the canary as it leaves this party in the order B, A, without any encryption: s_B*M of B,
            s_A*s_B*M of A.
        verify_key: Ed25519, of its hops.
        proof: that it knows s and t and that all four points are made of them. Made afresh each time, so it does
            not count when parts are compared.
    """

    party: Party
    scope: str
    epoch: int
    layer: Point
    factor: Point
    combined: Point
    canary: Point
    verify_key: Ed25519PublicKey
    created: date
    proof: Proof = field(compare=False)

    def check(self, towards: "IndexPublic | PseudonymiserPublic") -> None:
        """Check that layer, factor, combined point and canary belong together and to the next party's part.

        Args:
            towards: the index's part for B, B's for A.

        Raises:
            KeyFault: they do not.
        """
        _check_proof(
            f"pseudonymiser {self.party}", self._statement(towards.layer, canary_of(towards)), self.proof
        )

    def hop(self, towards: Point) -> HopPublics:
        """Return what this party's hops are verified with.

        Args:
            towards: layer of the next party.
        """
        return HopPublics(towards=towards, factor=self.factor, combined=self.combined)

    def _statement(self, towards: Point, canary: Point) -> sigma.Statement:
        context = encode(
            "signal-index pseudonymiser keys 1",
            self.party,
            self.scope,
            self.epoch,
            self.verify_key.public_bytes_raw(),
            self.created.isoformat(),
        )
        equations = (
            sigma.Equation(self.factor, ((_FACTOR, generator()),)),
            sigma.Equation(self.layer, ((_LAYER, towards),)),
            sigma.Equation(self.combined, ((_LAYER, self.factor),)),
            sigma.Equation(self.canary, ((_FACTOR, canary),)),
        )
        return sigma.Statement(context, 2, equations)


def canary_of(part: IndexPublic | PseudonymiserPublic) -> Point:
    """Return the canary as the next pseudonymiser in the order takes it up: untouched by the index's part."""
    return part.canary if isinstance(part, PseudonymiserPublic) else canary_point()


@dataclass(frozen=True, repr=False, eq=False)
class PseudonymiserSecrets(KeyFile, kind="pseudonymiser-secrets", secret=True):
    """What a pseudonymiser keeps.

    Args:
        party: `A` receives from publishers, `B` from A.
        towards: the layer its hop leads to: T_B at A, T_I at B. Not secret.
        canary: as the next party's part has it. Not secret.
        signing: of its hops.
    """

    party: Party
    scope: str
    epoch: int
    hop: HopSecrets
    towards: Point
    canary: Point
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
            canary=canary_of(towards),
            signing=Ed25519PrivateKey.generate(),
            created=created,
        )

    def public(self) -> PseudonymiserPublic:
        """Return what the next party in the order, the manifest and the neighbours need, with a fresh proof."""
        unproven = PseudonymiserPublic(
            party=self.party,
            scope=self.scope,
            epoch=self.epoch,
            layer=multiply(self.hop.layer, self.towards),
            factor=base_multiply(self.hop.factor),
            combined=base_multiply(self.hop.combined),
            canary=multiply(self.hop.factor, self.canary),
            verify_key=self.signing.public_key(),
            created=self.created,
            proof=Proof(b""),
        )
        statement = unproven._statement(self.towards, self.canary)  # noqa: SLF001 - the other half of this pair
        return replace(unproven, proof=Proof(sigma.prove(statement, [self.hop.factor, self.hop.layer])))


def _check_proof(whose: str, statement: sigma.Statement, proof: Proof) -> None:
    try:
        sigma.verify(statement, proof)
    except VerificationFailed as error:
        raise KeyFault(
            f"the public part of {whose} does not prove itself: its points do not belong together, or it was "
            "made towards another part than this one; ask its maker for the right file"
        ) from error
