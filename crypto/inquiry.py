"""An interactive request, and an answer that only who asked can read.

Invariants:
1. A request lives for `LIFE_SECONDS_MAX` and is used once: its number, where a batch has its sequence, is random.
2. The answer is sealed to a key made for this request, with the request's id and digest: A, B and whoever records the
   traffic cannot read it, and it answers no other request.
3. Answers have lengths of whole blocks, so that their length tells little.

Whoever holds a gateway's signing key can ask about anybody, within quotas that A and B count: on record every time.

Source: RFC 9180 (HPKE), base mode; docs/protocol.md.
"""

import secrets
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from crypto.batch import random_number
from crypto.encoding import encode
from crypto.errors import KeyFault, MalformedInput, VerificationFailed
from crypto.keyfiles import HpkePrivateKey, HpkePublicKey
from crypto.sheet import InzageOperation, InzageRow

LIFE_SECONDS_MAX: Final = 60
"""From composing a request until its last party looks at the clock."""

AHEAD_SECONDS_MAX: Final = 5
"""How far the clock of who asks may run ahead: every second of it is a second more of life."""

BLOCK_BYTES: Final = 4096
_LENGTH_BYTES: Final = 4
_SUITE: Final = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


@dataclass(frozen=True, eq=False)
class Inquiry:
    """One request in the hands of who asks; make one with `new`.

    Args:
        number: random, stands where a batch has its sequence.
        row: what the index gets to see beside the person.
        private: opens the answer. Secret.
    """

    number: int
    row: InzageRow
    private: HpkePrivateKey = field(repr=False)

    @classmethod
    def new(cls) -> "Inquiry":
        """Make a request with a fresh number, id and key."""
        private = HpkePrivateKey.generate()
        row = InzageRow(
            InzageOperation.ASK, request_id=secrets.token_bytes(16), response_key=private.public.encoded
        )
        return cls(random_number(), row, private)

    def open(self, sealed: bytes, digest: bytes) -> bytes:
        """Open the answer.

        Args:
            sealed: from the index's signed reply.
            digest: of the request as it was sent.

        Raises:
            VerificationFailed: it does not answer this request.
        """
        try:
            padded = _SUITE.decrypt(sealed, self.private.key, info=_info(self.row.request_id, digest))
        except (InvalidTag, ValueError):
            raise VerificationFailed("the answer does not open for this request") from None
        end = _LENGTH_BYTES + int.from_bytes(padded[:_LENGTH_BYTES], "big")
        if end > len(padded) or any(padded[end:]):
            raise VerificationFailed("the answer is not padded as it must be")
        return padded[_LENGTH_BYTES:end]


def seal_answer(row: InzageRow, digest: bytes, content: bytes) -> bytes:
    """Seal an answer to who asked.

    Args:
        row: of the request.
        digest: of the request.
        content: the answer.

    Raises:
        MalformedInput: the request's key cannot be sealed to.
    """
    size = -(-(_LENGTH_BYTES + len(content)) // BLOCK_BYTES) * BLOCK_BYTES
    padded = (len(content).to_bytes(_LENGTH_BYTES, "big") + content).ljust(size, b"\0")
    try:
        key = HpkePublicKey(row.response_key).key
        return _SUITE.encrypt(padded, key, info=_info(row.request_id, digest))
    except (KeyFault, ValueError):
        raise MalformedInput("the key in the request cannot be sealed to") from None


def _info(request_id: bytes, digest: bytes) -> bytes:
    return encode("inzage-answer", request_id, digest)
