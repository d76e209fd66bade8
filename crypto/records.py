"""The hash chain under the audit records, in which a change, a gap or another order shows.

Invariants:
1. A commitment fixes a body and shows nothing of it: the salt keeps short bodies from being guessed.
2. A link commits to the writer, the number, the commitment and every link before it.
3. Numbers run from 1 without a gap.
4. What goes into the log's tree names the writer and the number, so that a gap shows there as well.
5. `Places` tells one set of records from another in whatever order they are met; what is missing is held against it.

Whoever controls the database can at most drop the newest entries or start a chain anew; signed checkpoints
and the witness are there to show that.

Source: RFC 9162 §2.1.1 (leaf prefix).
"""

import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self

from crypto.encoding import decode, decode_int, encode
from crypto.errors import MalformedInput, VerificationFailed

HASH_BYTES: Final = 32
MIN_SALT_BYTES: Final = 16
GENESIS: Final = bytes(HASH_BYTES)
"""Stands before the first link of every writer."""

PLACES_BITS: Final = 512
"""Of a sum over places, as wide as the hash of one."""

_LEAF_PREFIX: Final = b"\x00"
_ENTRY_LABEL: Final = "audit-entry"
_DIGEST: Final = re.compile(rf"[0-9a-f]{{{PLACES_BITS // 4}}}")


@dataclass(frozen=True, slots=True)
class ChainHead:
    """How far a chain is known to be sound: the last number, 0 for an empty chain, and its link."""

    number: int
    link: bytes


EMPTY: Final = ChainHead(0, GENESIS)
"""The head of a chain before its first entry."""


def commitment(salt: bytes, body: bytes) -> bytes:
    """Return the 32-byte commitment to a record.

    Args:
        salt: At least 16 random bytes, of this record only. Secret as long as the body is.
        body: The record's bytes as stored.

    Raises:
        MalformedInput: The salt is too short.
    """
    if len(salt) < MIN_SALT_BYTES:
        raise MalformedInput("the salt of a record is at least 16 bytes")
    return _sha256(_LEAF_PREFIX + _sha256(encode("audit-body", salt, body)))


@dataclass(frozen=True, slots=True)
class Entry:
    """What the log's tree holds of one record.

    Args:
        writer: whose chain the record stands in.
        number: its place there, from 1.
        commitment: from `commitment`, 32 bytes.
    """

    writer: bytes
    number: int
    commitment: bytes


def entry(writer: bytes, number: int, commitment: bytes) -> bytes:
    """Return the bytes that stand in the log's tree for one record.

    Args:
        writer: Whose chain the record stands in.
        number: Its place there, from 1.
        commitment: From `commitment`.

    Raises:
        MalformedInput: The writer is empty, the commitment is not 32 bytes, or the number is below 1.
    """
    if not writer or len(commitment) != HASH_BYTES or number < 1:
        raise MalformedInput("a log entry needs a writer, a number from 1 and a commitment of 32 bytes")
    return encode(_ENTRY_LABEL, writer, number, commitment)


def read_entry(data: bytes) -> Entry:
    """Take apart what `entry` made, strictly.

    Raises:
        MalformedInput: Any other bytes.
    """
    writer, number, commitment = decode(_ENTRY_LABEL, data, 3)
    found = Entry(writer, decode_int(number), commitment)
    if not writer or len(commitment) != HASH_BYTES or found.number < 1:
        raise MalformedInput("a log entry needs a writer, a number from 1 and a commitment of 32 bytes")
    return found


def leaf(writer: bytes, number: int, commitment: bytes) -> bytes:
    """Return the 32-byte hash of a record's entry as a leaf of the tree (RFC 9162 §2.1.1); what a receipt names.

    Raises:
        MalformedInput: As `entry`.
    """
    return _sha256(_LEAF_PREFIX + entry(writer, number, commitment))


def link(previous: bytes, writer: bytes, number: int, commitment: bytes) -> bytes:
    """Return the 32-byte link that fixes a commitment at its place in a writer's chain.

    Args:
        previous: The link before it, or `GENESIS`.
        writer: The writer's identity; chains of different writers never mix.
        number: 1 for the first entry, then one more each time.
        commitment: From `commitment`.

    Raises:
        MalformedInput: A hash is not 32 bytes, or the number is below 1.
    """
    if len(previous) != HASH_BYTES or len(commitment) != HASH_BYTES or number < 1:
        raise MalformedInput("a link needs two hashes of 32 bytes and a number from 1")
    return _sha256(encode("audit-link", previous, writer, number, commitment))


def verify_chain(
    writer: bytes, entries: Iterable[tuple[int, bytes, bytes]], *, after: ChainHead = EMPTY
) -> ChainHead:
    """Check that entries follow on one another without gap or change.

    Args:
        writer: Whose chain it is.
        entries: (number, commitment, link), in order; read once.
        after: Where an earlier check ended, for checking in pieces.

    Returns:
        The head after the last entry.

    Raises:
        VerificationFailed: Names the first number that is missing, misplaced or changed.
    """
    head = after
    for number, committed, entry_link in entries:
        expected = head.number + 1
        if number != expected or not _follows(head, writer, number, committed, entry_link):
            raise VerificationFailed(f"audit chain broken at number {expected}")
        head = ChainHead(number, entry_link)
    return head


def _follows(head: ChainHead, writer: bytes, number: int, committed: bytes, entry_link: bytes) -> bool:
    if len(committed) != HASH_BYTES:
        return False
    return hmac.compare_digest(link(head.link, writer, number, committed), entry_link)


@dataclass(frozen=True, slots=True)
class Places:
    """A digest of a set of places in chains that does not depend on their order, so that sets can be added up.

    The hashes of the places are summed modulo 2^512. Places are fixed before anybody can choose among them; to exchange
    some for others unnoticed, somebody would have to find two groups of existing places with the same sum, which takes
    hundreds of records at least and 2^40 steps or more even with a million of them.

    Args:
        count: of places.
        total: of their hashes, below 2^512.
    """

    count: int = 0
    total: int = 0

    @classmethod
    def of(cls, places: Iterable[tuple[bytes, int]]) -> Self:
        """Take up places, each a writer and a number; one that comes twice counts twice.

        Raises:
            MalformedInput: A number is negative or over 64 bits.
        """
        hashes = [_place_hash(writer, number) for writer, number in places]
        return cls(len(hashes), sum(hashes) % (1 << PLACES_BITS))

    @classmethod
    def read(cls, count: int, digest: str) -> Self:
        """Take back what `digest` wrote, strictly.

        Raises:
            MalformedInput: Any other text, or a negative count.
        """
        if count < 0 or not _DIGEST.fullmatch(digest):
            raise MalformedInput("a digest of places is 128 lower-case hexadecimal digits")
        return cls(count, int(digest, 16))

    @property
    def digest(self) -> str:
        """The sum as 128 lower-case hexadecimal digits."""
        return f"{self.total:0{PLACES_BITS // 4}x}"

    def __add__(self, other: "Places") -> "Places":
        """Return the digest of both together."""
        return Places(self.count + other.count, (self.total + other.total) % (1 << PLACES_BITS))


def _place_hash(writer: bytes, number: int) -> int:
    return int.from_bytes(hashlib.sha512(encode("erased", writer, number)).digest(), "big")


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()
