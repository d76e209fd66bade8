"""What each party does with a batch: compose it, take it over a hop, check that, and open it.

Whoever controls A or B can at most stop a batch: a hop that moved, swapped or changed anything does not verify.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import repeat
from typing import Final

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from crypto.batch.form import PARTIES, Batch, Header, Hop
from crypto.chain import CIPHERTEXT_BYTES, Bsn, Canary, OpeningSecrets, Pseudonym, encrypt, hops, open_item
from crypto.chain.crew import Alone, Crew, shares
from crypto.chain.origin import check, prove
from crypto.encoding import encode
from crypto.errors import BatchRefused, KeyFault, MalformedInput, VerificationFailed
from crypto.group import random_scalar
from crypto.keyfiles import IndexSecrets, Manifest, PseudonymiserSecrets
from crypto.sheet import ROW_WIDTHS, BatchClass, decode_row, is_control
from crypto.sheet.fields import MalformedRow

IDENTITY_MISMATCH: Final = "identity-mismatch"
_ALONE: Final = Alone()

# Source: RFC 9180 base mode; KEM 0x647a (ML-KEM-768 with X25519), HKDF-SHA256, AES-256-GCM.
_SUITE: Final = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)

Person = Bsn | Canary
"""Who an item is about; the canary goes the way of persons and stands for nobody."""


def compose(
    header: Header,
    items: Sequence[tuple[Person | None, bytes]],
    manifest: Manifest,
    signing: Ed25519PrivateKey,
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
    randomness = [random_scalar() for _ in items]
    made = (encrypt(*each) for each in zip(points, repeat(manifest.a.layer), randomness, strict=False))
    c0 = b"".join(item.encode() for item in made)
    sheet = _seal_sheet(header, c0, b"".join(row for _, row in items), manifest)
    digest = _digest(header, c0, sheet)
    origin = prove(hops.column(c0, 0), randomness, digest)
    return Batch(header, c0, sheet, digest, signing.sign(_publisher_words(digest)), origin)


def _check_row(batch_class: BatchClass, position: int, person: Person | None, row: bytes) -> None:
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


def verify_origin(batch: Batch, crew: Crew = _ALONE) -> None:
    """Check that the publisher made every item itself, and took none over from another source.

    Args:
        batch: its publisher must be verified as well; this covers the digest, not the parts under it.
        crew: who does the multiplying.

    Raises:
        VerificationFailed: it did not.
        WorkLost: see `crypto.chain.crew`.
    """
    check(hops.column(batch.c0, 0), batch.digest, batch.origin, crew)


def apply_hop(batch: Batch, secrets: PseudonymiserSecrets, manifest: Manifest, crew: Crew = _ALONE) -> Batch:
    """Take the batch one hop further: every item rekeyed, multiplied and rerandomised, in the same order, and proven.

    Verify the publisher and the origin, and at B the hop before, first: this function trusts the batch.

    Args:
        batch: without a hop at A, with A's at B.
        secrets: of the pseudonymiser whose turn it is.
        manifest: of the same scope and epoch.
        crew: who does the multiplying.

    Raises:
        MalformedInput: it is another party's turn, or an item is not a ciphertext.
        VerificationFailed: the batch is of another scope or key epoch.
        KeyFault: the manifest has another next layer than the keys were made towards.
        WorkLost: see `crypto.chain.crew`.
    """
    position = len(batch.hops)
    if position >= len(PARTIES) or PARTIES[position] != secrets.party:
        raise MalformedInput("hops go first through A, then through B")
    _check_place(batch, secrets.scope, secrets.epoch)
    _, publics = manifest.hops[position]
    if publics.towards != secrets.towards:
        raise KeyFault("the next layer is not the one these keys were made towards: check the manifest")
    context = _hop_context(batch, position)
    items, proof = hops.make(secrets.hop, publics, _items_before(batch, position), context, crew)
    signature = secrets.signing.sign(_hop_words(batch.digest, position, items, proof))
    return replace(batch, hops=(*batch.hops, Hop(items, proof, signature)))


def verify_hop(batch: Batch, index: int, manifest: Manifest, crew: Crew = _ALONE) -> None:
    """Check that a pseudonymiser made its hop of this batch, with its own keys, and left every item in its place.

    Args:
        batch: its publisher must be verified as well; this covers the digest, not the parts under it.
        index: 0 for A, 1 for B. B's hop starts from A's items, so verify A's as well.
        manifest: with the pinned keys of that pseudonymiser.
        crew: who does the multiplying.

    Raises:
        VerificationFailed: there is no such hop, it is of another scope or epoch, or its signature or proof does not
            hold.
        WorkLost: see `crypto.chain.crew`.
    """
    if not 0 <= index < len(batch.hops):
        raise VerificationFailed("the batch did not pass this hop")
    _check_place(batch, manifest.scope, manifest.epoch)
    made, (verify_key, publics) = batch.hops[index], manifest.hops[index]
    _verify(verify_key, made.signature, _hop_words(batch.digest, index, made.items, made.proof))
    passage = hops.Passage(_items_before(batch, index), made.items, _hop_context(batch, index))
    hops.check(publics, passage, made.proof, crew)


def _items_before(batch: Batch, position: int) -> bytes:
    return batch.hops[position - 1].items if position else batch.c0


def _hop_context(batch: Batch, position: int) -> bytes:
    # The digest covers the header, and with it scope, epoch, publisher and sequence.
    return encode("batch-hop-context", batch.digest, position, PARTIES[position])


def open_batch(
    batch: Batch, secrets: IndexSecrets, crew: Crew = _ALONE
) -> list[tuple[Pseudonym | None, bytes]]:
    """Open a batch that passed both hops.

    Verify the publisher, the origin and both hops first: this function trusts them.

    Args:
        batch: with both hops.
        secrets: of the index.
        crew: who does the multiplying.

    Returns:
        Pseudonym and encoded row, by position; None where the row is about no person. Every row decodes.

    Raises:
        VerificationFailed: another scope or key epoch, not both hops, or a sheet that was not sealed to this index
            for this header and these ciphertexts.
        MalformedInput: B's items are not ciphertexts.
        BatchRefused: the rows at fault with `malformed-row`, `unknown-code` or `identity-mismatch`; the reason is
            that of the first one.
        WorkLost: see `crypto.chain.crew`.
    """
    _check_place(batch, secrets.scope, secrets.epoch)
    if len(batch.hops) != len(PARTIES):
        raise VerificationFailed("the batch did not pass both hops")
    rows = _open_sheet(batch, secrets)
    persons = _persons(batch.hops[-1].items, secrets.opening, crew)
    opened = list(zip(persons, _pieces(rows, ROW_WIDTHS[batch.header.batch_class]), strict=True))
    faults = tuple(
        (position, fault)
        for position, (person, row) in enumerate(opened)
        if (fault := _fault(batch.header.batch_class, person, row)) is not None
    )
    if faults:
        raise BatchRefused(faults[0][1], faults)
    return opened


def _persons(items: bytes, opening: OpeningSecrets, crew: Crew) -> list[Pseudonym | None]:
    size = CIPHERTEXT_BYTES
    pieces = [
        (opening, items[share.start * size : share.stop * size]) for share in shares(len(items) // size, crew)
    ]
    return [person for piece in crew.each(_open_piece, pieces) for person in piece]


def _open_piece(piece: tuple[OpeningSecrets, bytes]) -> list[Pseudonym | None]:
    opening, items = piece
    return [open_item(opening, item) for item in hops.ciphertexts(items)]


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


def _pieces(data: bytes, size: int) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


def _verify(verify_key: Ed25519PublicKey, signature: bytes, words: bytes) -> None:
    try:
        verify_key.verify(signature, words)
    except InvalidSignature:
        raise VerificationFailed("a signature does not hold") from None
