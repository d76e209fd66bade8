"""What a log asks a witness: to cosign a checkpoint that grew out of the one it cosigned last.

Invariants:
1. A request has one text; `read` accepts no other.

The proof in it is only read here; the witness knows the old root and verifies.
Source: C2SP tlog-witness, add-checkpoint.
"""

from dataclasses import dataclass
from typing import Final, Self

from crypto.errors import MalformedInput

from .checkpoint import Checkpoint
from .lines import above_note, as_lines, read_hash, read_number, read_text, write_base64
from .merkle import HASH_BYTES
from .notes import NOTE_BYTES_MAX, note_text

HASHES_MAX: Final = 63
"""More lines than this a log may not send."""
REQUEST_BYTES_MAX: Final = NOTE_BYTES_MAX + 4096
"""A note, 63 hashes in base64 and the size."""

_OLD: Final = "old "


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """A request for a cosignature.

    Args:
        old_size: of the tree that the witness cosigned last, 0 for none.
        hashes: from `crypto.log.merkle.consistency_proof`.
        note: the signed checkpoint.

    Raises:
        MalformedInput: no checkpoint, a tree smaller than the old one, or too many or other than hashes.
    """

    old_size: int
    hashes: tuple[bytes, ...]
    note: bytes

    def __post_init__(self) -> None:
        """Refuse what no witness could answer."""
        if len(self.hashes) > HASHES_MAX or any(len(data) != HASH_BYTES for data in self.hashes):
            raise MalformedInput("a request holds at most 63 hashes of 32 bytes")
        if not 0 <= self.old_size <= self.checkpoint.size:
            raise MalformedInput("the old tree is larger than the new one")

    @property
    def checkpoint(self) -> Checkpoint:
        """What is to be cosigned, before any signature was looked at."""
        return Checkpoint.parse(note_text(self.note))

    @property
    def body(self) -> bytes:
        """The request body."""
        hashes = map(write_base64, self.hashes)
        return as_lines((f"{_OLD}{self.old_size}", *hashes, "")).encode() + self.note

    @classmethod
    def read(cls, body: bytes) -> Self:
        """Read a request body; nothing is verified.

        Raises:
            MalformedInput: Any other text than `body` would give.
        """
        lines, note = above_note(read_text(body, REQUEST_BYTES_MAX))
        if not lines[0].startswith(_OLD):
            raise MalformedInput("a request begins with the old size")
        return cls(read_number(lines[0].removeprefix(_OLD)), tuple(map(read_hash, lines[1:])), note.encode())
