"""The two verifications from beginning to end, and in words what they prove and what they do not.

Invariants:
1. A sentence stands under "proven" only after everything it rests on was recomputed.
2. Every answer says what is not proven.

Whoever has the log's key and the keys of the witnesses can still show a log that never was; hence the witnesses.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hmac import compare_digest
from typing import Self

from crypto.errors import MalformedInput, VerificationFailed
from crypto.log.checkpoint import SignedCheckpoint, open_checkpoint
from crypto.log.export import ABOUT, CHECKPOINT, RECORDS, About, ExportedRecord
from crypto.log.lines import HASH_BYTES, read_number, write_base64
from crypto.log.merkle import leaf_hash
from crypto.log.notes import Signature, Verifier
from crypto.log.proof import LogProof, check
from crypto.log.tiles import Piece, pieces, read_bundle
from crypto.records import read_entry

from .archive import Archive
from .trail import Trail
from .tree import Retrace

Progress = Callable[[int, int], None]
"""Told now and then how many entries have been checked, and of how many."""


@dataclass(frozen=True)
class Trust:
    """Whom the reader of the answer trusts.

    Args:
        log: the key of the log.
        witnesses: keys of the witnesses.
        cosignatures_min: how many of those must have seen the tree.
    """

    log: Verifier
    witnesses: tuple[Verifier, ...]
    cosignatures_min: int


@dataclass(frozen=True)
class Receipt:
    """What the index handed out when it made a record.

    Args:
        writer: who recorded.
        number: of the record within that writer.
        leaf: RFC 9162 leaf hash of the log entry, 32 bytes.
    """

    writer: bytes
    number: int
    leaf: bytes

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `writer/number/leaf`, the first and the last in hexadecimal.

        Raises:
            MalformedInput: Any other form.
        """
        try:
            writer, number, leaf = text.split("/")
            found = cls(bytes.fromhex(writer), read_number(number), bytes.fromhex(leaf))
        except ValueError:
            raise MalformedInput("a receipt is written as writer/number/leaf") from None
        if not found.writer or len(found.leaf) != HASH_BYTES:
            raise MalformedInput("a receipt is written as writer/number/leaf, the leaf in 64 digits")
        return found


@dataclass(frozen=True)
class Answer:
    """What is proven, and what is not, in sentences.

    Args:
        checkpoint: the signed note that it rests on.
        proven: all of it recomputed.
        open: what the reader must not conclude.
    """

    checkpoint: bytes
    proven: tuple[str, ...]
    open: tuple[str, ...]


_WHOLE = (
    "The export holds all {size} entries, and together they give exactly the root that was signed: none was changed, "
    "left out, added or moved since."
)
_NUMBERED = "The log has {writers} writers, and each numbered its records 1, 2, 3 and so on, without a gap or a double."
_OPENED = (
    "The {records} records in "
    + RECORDS
    + " are what the log committed to, and their times never run backwards "
    "within a writer."
)
_NO_WITNESS = (
    "That everybody is shown the same log: no witness was asked for. Whoever holds the key of the log could show "
    "others another one."
)
_NO_KEPT = (
    "That this log continues the one you saw before: you gave no checkpoint that you kept. Keep this one for the "
    "next time."
)
_TRUTH = "That what a record says is true. It is what was recorded, and nothing was changed since."
_LEFT_OUT = (
    "That everything that happened was recorded. Somebody who holds a receipt can have that one record proven with "
    "verify-receipt."
)
_AFTER = "Anything about records made after this checkpoint was signed."
_ABOUT = "The period and the moment that the export states of itself: nobody signed those."


def verify_export(archive: Archive, trust: Trust, kept: bytes | None, progress: Progress) -> Answer:
    """Check an export from its signatures down to its records.

    Args:
        archive: The export.
        trust: Whose signatures count.
        kept: An earlier checkpoint of the same log, as it was kept.
        progress: Called once per bundle.

    Raises:
        KeyFault: A key of the wrong kind, or one that stands there twice.
        MalformedInput: The export or the kept checkpoint cannot be read.
        VerificationFailed: Something does not hold; the message says what.
    """
    note = archive.read(CHECKPOINT)
    about = About.read(archive.read(ABOUT))
    opened = open_checkpoint(note, trust.log, trust.witnesses, cosignatures_min=trust.cosignatures_min)
    before = None if kept is None else _open_kept(kept, trust.log, opened)
    size = opened.checkpoint.size
    retrace = Retrace(archive.read_piece, {size} if before is None else {size, before.checkpoint.size})
    trail = Trail(map(ExportedRecord.read, archive.record_lines()), about)
    _walk(archive, size, retrace, trail, progress)
    _hold_roots(retrace, opened, before)
    return _answer(note, trust, opened, before, trail)


def verify_receipt(data: bytes, receipt: Receipt, trust: Trust) -> Answer:
    """Check that the record of a receipt stands in the log.

    Args:
        data: A proof file.
        receipt: As it was handed out.
        trust: Whose signatures count.

    Raises:
        KeyFault: A key of the wrong kind, or one that stands there twice.
        MalformedInput: The proof cannot be read.
        VerificationFailed: The proof does not hold, or is for another record.
    """
    proof = LogProof.read(data)
    opened = check(proof, trust.log, trust.witnesses, cosignatures_min=trust.cosignatures_min)
    entry = read_entry(proof.entry)
    same = (entry.writer, entry.number) == (receipt.writer, receipt.number)
    if not same or not compare_digest(leaf_hash(proof.entry), receipt.leaf):
        raise VerificationFailed("the proof is for another record than the receipt")
    stands = (
        f"The record of the receipt, number {receipt.number} of writer {receipt.writer.hex()}, is entry "
        f"{proof.index} of that log, counted from 0."
    )
    proven = (_signed(opened), *_seen(trust, opened), stands)
    return Answer(proof.checkpoint, proven, (*_unseen(opened), _TRUTH, _AFTER))


def _open_kept(kept: bytes, log: Verifier, opened: SignedCheckpoint) -> SignedCheckpoint:
    with _about("the checkpoint you kept"):
        before = open_checkpoint(kept, log)
    if before.checkpoint.size > opened.checkpoint.size:
        raise VerificationFailed(
            f"the checkpoint you kept has {before.checkpoint.size} entries and this one only "
            f"{opened.checkpoint.size}: the log was cut short, or this is an older export"
        )
    return before


def _walk(archive: Archive, size: int, retrace: Retrace, trail: Trail, progress: Progress) -> None:
    """Every bundle once, from left to right."""
    count = 0
    for piece in _bundles(archive, size):
        data = archive.read_piece(piece)
        with _does_not_hold(piece.path):
            entries = read_bundle(data, piece.width)
            understood = [read_entry(entry) for entry in entries]
        retrace.add_leaves(b"".join(map(leaf_hash, entries)))
        for entry in understood:
            trail.follow(entry)
        count += piece.width
        progress(count, size)
    retrace.finish()
    trail.finish()


def _bundles(archive: Archive, size: int) -> Iterator[Piece]:
    """The bundles of a tree, once it is sure that the export holds nothing beside its tree."""
    surplus = archive.piece_count
    for _ in pieces(size):
        surplus -= 1
        if surplus < 0:
            raise VerificationFailed("entries or tiles of the log are missing in the export")
    if surplus:
        raise VerificationFailed("the export holds entries or tiles that are not of the signed log")
    return (piece for piece in pieces(size) if piece.level is None)


def _hold_roots(retrace: Retrace, opened: SignedCheckpoint, before: SignedCheckpoint | None) -> None:
    state = opened.checkpoint
    if not compare_digest(retrace.root(state.size), state.root):
        raise VerificationFailed("the entries do not give the root that was signed: some were changed")
    if before is None:
        return
    if not compare_digest(retrace.root(before.checkpoint.size), before.checkpoint.root):
        raise VerificationFailed(
            f"the first {before.checkpoint.size} entries are not those of the checkpoint you kept: "
            "the log was rewritten, or different people are shown different logs"
        )


def _answer(
    note: bytes, trust: Trust, opened: SignedCheckpoint, before: SignedCheckpoint | None, trail: Trail
) -> Answer:
    size = opened.checkpoint.size
    proven = [
        _signed(opened),
        *_seen(trust, opened),
        _WHOLE.format(size=size),
        _NUMBERED.format(writers=trail.writer_count),
        *((_OPENED.format(records=trail.record_count),) if trail.record_count else ()),
    ]
    if before is not None:
        kept = before.checkpoint.size
        proven.append(
            f"The first {kept} entries are those of the checkpoint you kept: nothing was rewritten."
        )
    unread = (
        f"What the {size - trail.record_count} records say that are not in {RECORDS}, and why they are not."
    )
    still_open = [
        *_unseen(opened),
        *(() if before is not None else (_NO_KEPT,)),
        *(() if trail.record_count == size else (unread,)),
    ]
    return Answer(note, tuple(proven), (*still_open, _LEFT_OUT, _TRUTH, _AFTER, _ABOUT))


def _signed(opened: SignedCheckpoint) -> str:
    state = opened.checkpoint
    return f"The log {state.origin} signed that it has {state.size} entries, with root {write_base64(state.root)}."


def _seen(trust: Trust, opened: SignedCheckpoint) -> tuple[str, ...]:
    if not opened.cosignatures:
        return ()
    seen = ", ".join(f"{one.verifier.name} at {_when(one)}" for one in opened.cosignatures)
    of = f"{len(opened.cosignatures)} of the {len(trust.witnesses)} witnesses you named"
    return (f"{of} saw this very log, and that it continues what they saw before: {seen}.",)


def _unseen(opened: SignedCheckpoint) -> tuple[str, ...]:
    return () if opened.cosignatures else (_NO_WITNESS,)


def _when(cosignature: Signature) -> str:
    try:
        return datetime.fromtimestamp(cosignature.timestamp or 0, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (ValueError, OverflowError, OSError):
        return "no real time"


@contextmanager
def _about(what: str) -> Iterator[None]:
    """Let a fault say which of two checkpoints it is about."""
    try:
        yield
    except (MalformedInput, VerificationFailed) as fault:
        raise type(fault)(f"{what}: {fault}") from fault


@contextmanager
def _does_not_hold(where: str) -> Iterator[None]:
    """What was signed has the right form, so another form is a change."""
    try:
        yield
    except MalformedInput as fault:
        raise VerificationFailed(f"{where}: {fault}") from fault
