"""What a witness of the log keeps; its public half is one line of text, which `crypto.log.notes` writes."""

from dataclasses import dataclass
from datetime import date
from typing import Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from crypto.keyfiles.document import KeyFile


@dataclass(frozen=True, repr=False, eq=False)
class WitnessSecrets(KeyFile, kind="witness-secrets", secret=True):
    """The key a witness cosigns with; one name and one memory belong to it, and no other process may use it.

    Args:
        witness: its name, as it stands in front of every cosignature.
        signing: of its cosignatures, and of nothing else.
    """

    witness: str
    signing: Ed25519PrivateKey
    created: date

    @classmethod
    def generate(cls, witness: str, *, created: date) -> Self:
        """Make a fresh key for the witness of this name."""
        return cls(witness, Ed25519PrivateKey.generate(), created)
