"""The proof that an entry stands in the log, as a file that can be checked without the log.

Invariants:
1. A proof has one text; `read` accepts no other.
2. `check` accepts the entry only under a checkpoint that the log signed and enough witnesses cosigned.

Whoever makes proofs without the log's key can make none for an entry that is not in it.
Source: C2SP tlog-proof.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

from crypto.errors import MalformedInput

from .checkpoint import SignedCheckpoint, open_checkpoint
from .lines import (
    NUMBER_MAX,
    above_note,
    as_lines,
    read_base64,
    read_hash,
    read_number,
    read_text,
    write_base64,
)
from .merkle import HASH_BYTES, leaf_hash, verify_inclusion
from .notes import NOTE_BYTES_MAX, Verifier
from .tiles import ENTRY_BYTES_MAX

PROOF_BYTES_MAX: Final = 2 * NOTE_BYTES_MAX
"""The note, an entry of the longest kind in base64 and 63 hashes."""
HASHES_MAX: Final = 63
"""More levels than this has no tree."""

_TITLE: Final = "c2sp.org/tlog-proof@v1"
_EXTRA: Final = "extra "
_INDEX: Final = "index "


@dataclass(frozen=True, slots=True)
class LogProof:
    """An entry, the way from it to the root, and the checkpoint with that root.

    Args:
        entry: the bytes that were logged; travels as the extra data of the format.
        index: of its leaf, from 0.
        hashes: from `crypto.log.merkle.inclusion_proof`.
        checkpoint: a signed note.

    Raises:
        MalformedInput: something that cannot stand in a proof.
    """

    entry: bytes
    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes

    def __post_init__(self) -> None:
        """Refuse what has no text."""
        sound = all(len(data) == HASH_BYTES for data in self.hashes) and len(self.hashes) <= HASHES_MAX
        if not sound or not 0 <= self.index <= NUMBER_MAX or not 0 < len(self.entry) <= ENTRY_BYTES_MAX:
            raise MalformedInput("a proof needs an entry, an index and at most 63 hashes of 32 bytes")

    @property
    def text(self) -> bytes:
        """The file."""
        head = (_TITLE, _EXTRA + write_base64(self.entry), f"{_INDEX}{self.index}")
        return as_lines((*head, *map(write_base64, self.hashes), "")).encode() + self.checkpoint

    @classmethod
    def read(cls, data: bytes) -> Self:
        """Read a proof file; nothing is verified.

        Raises:
            MalformedInput: Any other text than `text` would give. The extra data may not be left out.
        """
        lines, note = above_note(read_text(data, PROOF_BYTES_MAX))
        if len(lines) < 3 or lines[0] != _TITLE or not lines[1].startswith(_EXTRA):
            raise MalformedInput("not a proof with its entry")
        if not lines[2].startswith(_INDEX):
            raise MalformedInput("a proof without an index")
        entry, index = read_base64(lines[1].removeprefix(_EXTRA)), read_number(lines[2].removeprefix(_INDEX))
        return cls(entry, index, tuple(map(read_hash, lines[3:])), note.encode())


def check(
    proof: LogProof, log: Verifier, witnesses: Sequence[Verifier] = (), *, cosignatures_min: int = 0
) -> SignedCheckpoint:
    """Check that the entry of a proof stands in the log.

    Args:
        proof: What it says of the entry is worth nothing before this.
        log: The key of the log.
        witnesses: Cosigning keys that count.
        cosignatures_min: How many of those have to be there.

    Returns:
        The checkpoint under which it stands.

    Raises:
        KeyFault: A key of the wrong kind, or one that stands there twice.
        MalformedInput: The checkpoint is none.
        VerificationFailed: The entry does not stand there, or the checkpoint is not signed well enough.
    """
    opened = open_checkpoint(proof.checkpoint, log, witnesses, cosignatures_min=cosignatures_min)
    state = opened.checkpoint
    verify_inclusion(leaf_hash(proof.entry), proof.index, state.size, proof.hashes, state.root)
    return opened
