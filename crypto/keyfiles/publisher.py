"""What a publisher keeps and publishes; it needs nobody else's keys, and none of its own opens a pseudonym."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import date
from typing import Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from crypto.encoding import encode
from crypto.keyfiles.document import KeyFile
from crypto.keyfiles.values import KEY_BYTES, Fingerprint


@dataclass(frozen=True, repr=False)
class PublisherPublic(KeyFile, kind="publisher-public", secret=False):
    """What a publisher hands to A, B and the index.

    Args:
        publisher: its OIN.
        verify_key: Ed25519, of its batches.
    """

    publisher: str
    verify_key: Ed25519PublicKey
    created: date

    @property
    def fingerprint(self) -> Fingerprint:
        """What A and B compare with the source itself before they let it pass."""
        words = encode("signal-index publisher 1", self.publisher, self.verify_key.public_bytes_raw())
        return Fingerprint(hashlib.sha256(words).digest())


@dataclass(frozen=True, repr=False, eq=False)
class PublisherSecrets(KeyFile, kind="publisher-secrets", secret=True):
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
        return cls(publisher, Ed25519PrivateKey.generate(), secrets.token_bytes(KEY_BYTES), created)

    def public(self) -> PublisherPublic:
        """Return what A, B and the index need."""
        return PublisherPublic(self.publisher, self.signing.public_key(), self.created)
