"""What travels: the header everybody may read, the batch, and the hops it has passed, as bytes.

Invariants:

1. A header or batch that exists has the form it must have; no signature is checked here.
2. What decodes encodes back to the same bytes.
"""

import re
import secrets
from dataclasses import dataclass
from typing import Final, Self

from crypto.chain import CIPHERTEXT_BYTES
from crypto.chain.hops import PROOF_BYTES
from crypto.chain.origin import PROOF_BYTES as ORIGIN_BYTES
from crypto.encoding import decode, decode_int, encode
from crypto.errors import MalformedInput
from crypto.sheet import ROW_WIDTHS, SINGLES, BatchClass

VERSION: Final = 2
ITEMS_MAX: Final = 4096  # A few seconds of work for every party, and 2 MB at the index with the widest rows.
PARTIES: Final = ("A", "B")
"""The order of the hops."""

_DIGEST_BYTES: Final = 64
_SIGNATURE_BYTES: Final = 64
_INCARNATION_BYTES: Final = 16
_SHEET_OVERHEAD_BYTES: Final = 1120 + 16  # The encapsulated key of ML-KEM-768+X25519, and the AES-GCM tag.
_FRAME_BYTES_MAX: Final = (
    4096  # Header, trailer, hop signatures and proofs, labels and lengths; about 1,100 in fact.
)
_NUMBER_BITS: Final = 62
_NUMBER_MAX: Final = 2**63 - 1  # What a signed 64-bit column holds.
_AUDIENCE: Final = re.compile(r"[A-Za-z0-9._:/@-]{1,128}", re.ASCII)
_SCOPE: Final = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
_OIN: Final = re.compile(r"[0-9]{20}", re.ASCII)


@dataclass(frozen=True)
class Header:
    """What everybody on the way may read.

    Args:
        audience: which index it is for.
        scope: participating region.
        key_epoch: of the manifest it was made with.
        publisher: OIN, 20 digits.
        incarnation: 16 bytes, the index's own from its latest initialisation or restore.
        sequence: 1, 2, 3 ... per publisher, scope and incarnation; of a trial or a request a random number, which
            is used once.
        n: number of items, 1 to 4096, fixed per publisher; 1 for a trial or a request.
        composed_at: seconds since 1970, UTC.

    Raises:
        MalformedInput: a field outside its form.
    """

    audience: str
    scope: str
    key_epoch: int
    publisher: str
    batch_class: BatchClass
    incarnation: bytes
    sequence: int
    n: int
    composed_at: int

    def __post_init__(self) -> None:
        """Refuse a header with a field outside its form."""
        sound = {
            "audience": _AUDIENCE.fullmatch(self.audience),
            "scope": _SCOPE.fullmatch(self.scope),
            "key epoch": 0 <= self.key_epoch <= _NUMBER_MAX,
            "publisher": _OIN.fullmatch(self.publisher),
            "incarnation": len(self.incarnation) == _INCARNATION_BYTES,
            "sequence": 1 <= self.sequence <= _NUMBER_MAX,
            "number of items": 1 <= self.n <= ITEMS_MAX,
            "time": 0 <= self.composed_at <= _NUMBER_MAX,
        }
        for name, holds in sound.items():
            if not holds:
                raise MalformedInput(f"the header's {name} does not have the form it must have")

    def encode(self) -> bytes:
        """Return the canonical header, the version of the format first."""
        return encode(
            "batch-header",
            VERSION,
            self.audience,
            self.scope,
            self.key_epoch,
            self.publisher,
            self.batch_class,
            self.incarnation,
            self.sequence,
            self.n,
            self.composed_at,
        )

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read a header back.

        Raises:
            MalformedInput: not a header of this version.
        """
        fields = decode("batch-header", data, 10)
        if decode_int(fields[0]) != VERSION:
            raise MalformedInput(f"this version reads batches of version {VERSION}")
        return cls(
            audience=_ascii(fields[1]),
            scope=_ascii(fields[2]),
            key_epoch=decode_int(fields[3]),
            publisher=_ascii(fields[4]),
            batch_class=_batch_class(fields[5]),
            incarnation=fields[6],
            sequence=decode_int(fields[7]),
            n=decode_int(fields[8]),
            composed_at=decode_int(fields[9]),
        )


def _ascii(data: bytes) -> str:
    try:
        return data.decode("ascii")
    except UnicodeDecodeError:
        raise MalformedInput("a text in the header is not ASCII") from None


def _batch_class(data: bytes) -> BatchClass:
    try:
        return BatchClass(_ascii(data))
    except ValueError:
        raise MalformedInput("the header's class is none this version knows") from None


@dataclass(frozen=True)
class Hop:
    """What one pseudonymiser made of the items before it.

    Args:
        items: n ciphertexts of 64 bytes, in the order of the items before it.
        proof: 128 bytes; see `crypto.chain.hops`.
        signature: Ed25519, 64 bytes; see `verify_hop`.
    """

    items: bytes
    proof: bytes
    signature: bytes


@dataclass(frozen=True)
class Batch:
    """A batch on its way, with as many hops as it has passed.

    Args:
        c0: n ciphertexts of 64 bytes, as the publisher made them.
        sheet: n rows, sealed to the index.
        digest: SHA-512 over header, c0 and sheet.
        signature: the publisher's Ed25519 signature, 64 bytes; see `verify_publisher`.
        origin: proof that the publisher made its items itself, 64 bytes; see `verify_origin`.
        hops: A's, then B's.

    Raises:
        MalformedInput: a part whose size does not follow from the header, or a third hop.
    """

    header: Header
    c0: bytes
    sheet: bytes
    digest: bytes
    signature: bytes
    origin: bytes
    hops: tuple[Hop, ...] = ()

    def __post_init__(self) -> None:
        """Refuse parts that cannot belong to the header."""
        items_bytes = self.header.n * CIPHERTEXT_BYTES
        if any(len(items) != items_bytes for items in (self.c0, *(hop.items for hop in self.hops))):
            raise MalformedInput("the number of ciphertexts is not the header's")
        if not _sheet_fits(self.header, len(self.sheet)):
            raise MalformedInput("the sheet does not hold the header's number of rows")
        signatures = (self.signature, *(hop.signature for hop in self.hops))
        if len(self.digest) != _DIGEST_BYTES or any(len(each) != _SIGNATURE_BYTES for each in signatures):
            raise MalformedInput("a digest or signature is not 64 bytes")
        if len(self.origin) != ORIGIN_BYTES:
            raise MalformedInput(f"the publisher's proof is not {ORIGIN_BYTES} bytes")
        if len(self.hops) > len(PARTIES) or any(len(hop.proof) != PROOF_BYTES for hop in self.hops):
            raise MalformedInput(f"there are two hops, each with a proof of {PROOF_BYTES} bytes")

    def encode(self) -> bytes:
        """Return the wire bytes; a hop that is not there yet is an empty slot."""
        slots = [encode("batch-hop", hop.items, hop.proof, hop.signature) for hop in self.hops]
        slots += [b""] * (len(PARTIES) - len(slots))
        parts = (self.header.encode(), self.c0, self.sheet, self.digest, self.signature, self.origin)
        return encode("batch", *parts, *slots)

    @classmethod
    def decode(cls, data: bytes, max_bytes: int) -> Self:
        """Read wire bytes; no signature is checked and no ciphertext decoded yet.

        Args:
            data: the whole batch.
            max_bytes: refuse more than this unread.

        Raises:
            MalformedInput: too large, or not a batch of this version.
        """
        if len(data) > max_bytes:
            raise MalformedInput(f"the batch is larger than {max_bytes} bytes")
        header, c0, sheet, digest, signature, origin, *slots = decode("batch", data, 6 + len(PARTIES))
        taken = [slot for slot in slots if slot]
        if slots[: len(taken)] != taken:
            raise MalformedInput("B's hop is there and A's is not")
        hops = tuple(Hop(*decode("batch-hop", slot, 3)) for slot in taken)
        return cls(Header.decode(header), c0, sheet, digest, signature, origin, hops)


def _sheet_fits(header: Header, size: int) -> bool:
    return size == header.n * ROW_WIDTHS[header.batch_class] + _SHEET_OVERHEAD_BYTES


def items_in(batch_class: BatchClass, agreed: int) -> int:
    """Return the number of items in every batch of a class.

    Args:
        batch_class: one that travels one by one, or not.
        agreed: with this publisher, for all other classes.
    """
    return 1 if batch_class in SINGLES else agreed


def random_number() -> int:
    """Draw the number of a trial or a request, 1 to 2^62, which stands where others have a sequence."""
    return 1 + secrets.randbits(_NUMBER_BITS)


def max_bytes(n: int) -> int:
    """Return a size that no batch of n items exceeds, whatever its class and hops."""
    single = max(width for kind, width in ROW_WIDTHS.items() if kind in SINGLES)
    widest = max(width for kind, width in ROW_WIDTHS.items() if kind not in SINGLES)
    items = max(n * widest, single) + n * (1 + len(PARTIES)) * CIPHERTEXT_BYTES
    return items + _SHEET_OVERHEAD_BYTES + _FRAME_BYTES_MAX
