"""The one format in which anything enters the index: header, ciphertexts, sealed sheet, trailer, hops.

Invariants:

1. Header, ciphertexts and sheet are signed together by the publisher; the sheet opens only with this header and
   these ciphertexts, so none of them can be swapped for another batch's.
2. Hops stand in the order A, B, and every hop is signed over the batch it belongs to.
3. A ciphertext is decoded, and with it checked to be canonical and not the identity, whenever it is used.
4. Rows that are about no person ride on the identity element and the others do not, or the batch is refused.
5. What decodes encodes back to the same bytes.

Whoever controls A or B can at most stop a batch, or spoil it: rows belong to items by position, and in this version
nothing but the hop's word says that it kept the order and multiplied by its own factor. The proof slot is there and
must be empty until proofs exist, which is why no process starts on real data before then.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from crypto.chain import CIPHERTEXT_BYTES, Bsn, Ciphertext, Pseudonym, encrypt, hop, open_item
from crypto.encoding import decode, decode_int, encode
from crypto.errors import BatchRefused, KeyFault, MalformedInput, VerificationFailed
from crypto.group import Point
from crypto.keyfiles import IndexSecrets, Manifest, PseudonymiserSecrets
from crypto.sheet import (
    CLASS_NOT_SERVED,
    ROW_WIDTHS,
    BatchClass,
    MalformedRow,
    decode_row,
    is_control,
)

__all__ = [
    "ITEMS_MAX",
    "Batch",
    "BatchClass",
    "Header",
    "Hop",
    "apply_hop",
    "compose",
    "max_bytes",
    "open_batch",
    "verify_hop",
    "verify_publisher",
]

VERSION: Final = 1
ITEMS_MAX: Final = 4096  # About a second of work for a hop, and 2 MB at the index with the widest rows.
IDENTITY_MISMATCH: Final = "identity-mismatch"
_HOPS: Final = ("A", "B")
_DIGEST_BYTES: Final = 64
_SIGNATURE_BYTES: Final = 64
_INCARNATION_BYTES: Final = 16
_SHEET_OVERHEAD_BYTES: Final = 1120 + 16  # The encapsulated key of ML-KEM-768+X25519, and the AES-GCM tag.
_FRAME_BYTES_MAX: Final = 4096  # Header, trailer, hop signatures, labels and lengths; about 800 in fact.
_NUMBER_MAX: Final = 2**63 - 1  # What a signed 64-bit column holds.
_AUDIENCE: Final = re.compile(r"[A-Za-z0-9._:/@-]{1,128}", re.ASCII)
_SCOPE: Final = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
_OIN: Final = re.compile(r"[0-9]{20}", re.ASCII)

# Source: RFC 9180 base mode; KEM 0x647a (ML-KEM-768 with X25519), HKDF-SHA256, AES-256-GCM.
_SUITE: Final = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


@dataclass(frozen=True)
class Header:
    """What everybody on the way may read.

    Args:
        audience: which index it is for.
        scope: participating region.
        key_epoch: of the manifest it was made with.
        publisher: OIN, 20 digits.
        incarnation: 16 bytes, the index's own from its latest initialisation or restore.
        sequence: 1, 2, 3 ... per publisher, scope and incarnation.
        n: number of items, 1 to 4096, fixed per publisher.
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
        proof: empty in this version.
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
        hops: A's, then B's.

    Raises:
        MalformedInput: a part whose size does not follow from the header, a third hop, or a proof.
    """

    header: Header
    c0: bytes
    sheet: bytes
    digest: bytes
    signature: bytes
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
        if len(self.hops) > len(_HOPS) or any(hop.proof for hop in self.hops):
            raise MalformedInput("this version knows two hops and no proofs")

    def encode(self) -> bytes:
        """Return the wire bytes; a hop that is not there yet is an empty slot."""
        slots = [encode("batch-hop", hop.items, hop.proof, hop.signature) for hop in self.hops]
        slots += [b""] * (len(_HOPS) - len(slots))
        return encode("batch", self.header.encode(), self.c0, self.sheet, self.digest, self.signature, *slots)

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
        header, c0, sheet, digest, signature, *slots = decode("batch", data, 5 + len(_HOPS))
        taken = [slot for slot in slots if slot]
        if slots[: len(taken)] != taken:
            raise MalformedInput("B's hop is there and A's is not")
        hops = tuple(Hop(*decode("batch-hop", slot, 3)) for slot in taken)
        return cls(Header.decode(header), c0, sheet, digest, signature, hops)


def _sheet_fits(header: Header, size: int) -> bool:
    if header.batch_class in ROW_WIDTHS:
        return size == header.n * ROW_WIDTHS[header.batch_class] + _SHEET_OVERHEAD_BYTES
    return _SHEET_OVERHEAD_BYTES <= size <= header.n * max(ROW_WIDTHS.values()) + _SHEET_OVERHEAD_BYTES


def max_bytes(n: int) -> int:
    """Return a size that no batch of n items exceeds, whatever its class and hops."""
    widest = max(ROW_WIDTHS.values())
    return n * (widest + (1 + len(_HOPS)) * CIPHERTEXT_BYTES) + _SHEET_OVERHEAD_BYTES + _FRAME_BYTES_MAX


def compose(
    header: Header, items: Sequence[tuple[Bsn | None, bytes]], manifest: Manifest, signing: Ed25519PrivateKey
) -> Batch:
    """Make a batch: encrypt, seal, sign; the order of the items is kept.

    Args:
        header: its n is the number of items.
        items: person and encoded row; None for rows that are about no person, fillers included. Shuffle them first:
            their order must not tell which are fillers, and positions in a refusal must lead back to them.
        manifest: of the header's scope and key epoch.
        signing: the publisher's key.

    Raises:
        MalformedInput: another number of items, a row that does not decode, or a row that has a person and should
            not, or the other way round. The message names the position in `items`.
        KeyFault: the manifest is of another scope or epoch, or its HPKE key is unusable.
    """
    if (manifest.scope, manifest.epoch) != (header.scope, header.key_epoch):
        raise KeyFault("the manifest is not of the header's scope and key epoch")
    if len(items) != header.n:
        raise MalformedInput("the number of items is not the header's: fill up with filler rows")
    for position, (person, row) in enumerate(items):
        _check_row(header.batch_class, position, person, row)
    points = (None if person is None else person.person_point() for person, _ in items)
    c0 = b"".join(encrypt(point, manifest.a.layer).encode() for point in points)
    sheet = _seal_sheet(header, c0, b"".join(row for _, row in items), manifest)
    digest = _digest(header, c0, sheet)
    return Batch(header, c0, sheet, digest, signing.sign(_publisher_words(digest)))


def _check_row(batch_class: BatchClass, position: int, person: Bsn | None, row: bytes) -> None:
    try:
        control = is_control(decode_row(batch_class, row))
    except MalformedRow as fault:
        raise MalformedInput(f"row {position}: {fault}") from None
    if control != (person is None):
        raise MalformedInput(
            f"row {position}: a control or filler row has no person, and every other row has one"
        )


def _seal_sheet(header: Header, c0: bytes, rows: bytes, manifest: Manifest) -> bytes:
    try:
        return _SUITE.encrypt(rows, manifest.index.hpke_public.key, info=_info(header, c0))
    except ValueError as error:
        raise KeyFault("the manifest's HPKE key cannot be sealed to") from error


def _info(header: Header, c0: bytes) -> bytes:
    return header.encode() + hashlib.sha512(c0).digest()


def _digest(header: Header, c0: bytes, sheet: bytes) -> bytes:
    # The header frames itself and names n, so the three parts cannot run into each other.
    return hashlib.sha512(header.encode() + c0 + sheet).digest()


def _publisher_words(digest: bytes) -> bytes:
    return encode("batch-signature", digest)


def _hop_words(digest: bytes, position: int, items: bytes, proof: bytes) -> bytes:
    return encode(
        "batch-hop-signature",
        digest,
        position,
        hashlib.sha512(items).digest(),
        hashlib.sha512(proof).digest(),
    )


def verify_publisher(batch: Batch, verify_key: Ed25519PublicKey) -> None:
    """Check that the publisher signed this header, these ciphertexts and this sheet.

    Args:
        batch: as decoded.
        verify_key: of the publisher the header names, from the verifier's own register.

    Raises:
        VerificationFailed: the digest is not that of the parts, or the signature does not hold.
    """
    if _digest(batch.header, batch.c0, batch.sheet) != batch.digest:
        raise VerificationFailed("the digest is not that of the batch")
    _verify(verify_key, batch.signature, _publisher_words(batch.digest))


def apply_hop(batch: Batch, secrets: PseudonymiserSecrets, next_public: Point) -> Batch:
    """Take the batch one hop further: every item rekeyed, reshuffled and rerandomised, in the same order.

    Verify the publisher, and at B the hop before, first: this function trusts the batch.

    Args:
        batch: without a hop at A, with A's at B.
        secrets: of the pseudonymiser whose turn it is.
        next_public: T_B at A, T_I at B; the layer the keys were made towards.

    Raises:
        MalformedInput: it is another party's turn, or an item is not a ciphertext.
        VerificationFailed: the batch is of another scope or key epoch.
        KeyFault: the next layer is not the one the keys were made towards; pseudonyms would come out wrong unseen.
    """
    position = len(batch.hops)
    if position >= len(_HOPS) or _HOPS[position] != secrets.party:
        raise MalformedInput("hops go first through A, then through B")
    _check_place(batch, secrets.scope, secrets.epoch)
    if next_public != secrets.towards:
        raise KeyFault("the next layer is not the one these keys were made towards: check the manifest")
    before = batch.hops[-1].items if batch.hops else batch.c0
    items = b"".join(hop(secrets.hop, next_public, item).encode() for item in _ciphertexts(before))
    proof = b""
    signature = secrets.signing.sign(_hop_words(batch.digest, position, items, proof))
    return replace(batch, hops=(*batch.hops, Hop(items, proof, signature)))


def verify_hop(batch: Batch, index: int, verify_key: Ed25519PublicKey) -> None:
    """Check that a pseudonymiser signed these items as its hop of this batch.

    The signature says who made the hop, not that it was made as it should be: items that were swapped, replaced or
    multiplied by another factor pass, if the pseudonymiser signed them.

    Args:
        batch: its publisher must be verified as well; this covers the digest, not the parts under it.
        index: 0 for A, 1 for B.
        verify_key: of that pseudonymiser, from the manifest.

    Raises:
        VerificationFailed: there is no such hop, or its signature does not hold.
    """
    if not 0 <= index < len(batch.hops):
        raise VerificationFailed("the batch did not pass this hop")
    made = batch.hops[index]
    _verify(verify_key, made.signature, _hop_words(batch.digest, index, made.items, made.proof))


def open_batch(batch: Batch, secrets: IndexSecrets) -> list[tuple[Pseudonym | None, bytes]]:
    """Open a batch that passed both hops.

    Verify the publisher and both hops first: this function trusts their signatures.

    Returns:
        Pseudonym and encoded row, by position; None where the row is about no person. Every row decodes.

    Raises:
        VerificationFailed: another scope or key epoch, not both hops, or a sheet that was not sealed to this index
            for this header and these ciphertexts.
        MalformedInput: B's items are not ciphertexts.
        BatchRefused: `class-not-served`, or the rows at fault with `malformed-row`, `unknown-code` or
            `identity-mismatch`; the reason is that of the first one.
    """
    _check_place(batch, secrets.scope, secrets.epoch)
    if len(batch.hops) != len(_HOPS):
        raise VerificationFailed("the batch did not pass both hops")
    if batch.header.batch_class not in ROW_WIDTHS:
        raise BatchRefused(CLASS_NOT_SERVED)
    rows = _open_sheet(batch, secrets)
    persons = [open_item(secrets.opening, item) for item in _ciphertexts(batch.hops[-1].items)]
    opened = list(zip(persons, _pieces(rows, ROW_WIDTHS[batch.header.batch_class]), strict=True))
    faults = tuple(
        (position, fault)
        for position, (person, row) in enumerate(opened)
        if (fault := _fault(batch.header.batch_class, person, row)) is not None
    )
    if faults:
        raise BatchRefused(faults[0][1], faults)
    return opened


def _open_sheet(batch: Batch, secrets: IndexSecrets) -> bytes:
    try:
        return _SUITE.decrypt(batch.sheet, secrets.hpke_private.key, info=_info(batch.header, batch.c0))
    except InvalidTag:
        raise VerificationFailed("the sheet does not open with this index's key for this batch") from None


def _fault(batch_class: BatchClass, person: Pseudonym | None, row: bytes) -> str | None:
    try:
        control = is_control(decode_row(batch_class, row))
    except MalformedRow as fault:
        return fault.code
    return None if control == (person is None) else IDENTITY_MISMATCH


def _check_place(batch: Batch, scope: str, epoch: int) -> None:
    if (batch.header.scope, batch.header.key_epoch) != (scope, epoch):
        raise VerificationFailed("the batch was made for another scope or key epoch")


def _ciphertexts(items: bytes) -> Iterator[Ciphertext]:
    return map(Ciphertext.decode, _pieces(items, CIPHERTEXT_BYTES))


def _pieces(data: bytes, size: int) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


def _verify(verify_key: Ed25519PublicKey, signature: bytes, words: bytes) -> None:
    try:
        verify_key.verify(signature, words)
    except InvalidSignature:
        raise VerificationFailed("a signature does not hold") from None
