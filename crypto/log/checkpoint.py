"""The checkpoint: what a log says about its tree, as text, and how a signed one is opened.

Invariants:
1. A checkpoint has one text; `parse` accepts no other.
2. `open_checkpoint` gives a checkpoint only when the log itself signed it and enough known witnesses did too.

Whoever controls the log can sign any tree; that two people see the same one is what the witnesses are for.
Source: C2SP tlog-checkpoint.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

from crypto.errors import KeyFault, MalformedInput, VerificationFailed

from .lines import NUMBER_MAX, as_lines, read_hash, read_number, write_base64
from .merkle import HASH_BYTES
from .notes import Note, Signature, Verifier, open_note

_FIXED_LINES: Final = 3


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state of a log.

    Args:
        origin: names the log; not empty.
        size: number of leaves.
        root: of the tree of that size, 32 bytes.
        extensions: further lines, none of them empty; avoid them, nobody can check them.

    Raises:
        MalformedInput: Something that cannot stand in a checkpoint.
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what has no text, or shares its text with another checkpoint."""
        if not all(_is_line(line) for line in (self.origin, *self.extensions)):
            raise MalformedInput("a line of a checkpoint is not empty and has no control characters")
        if not 0 <= self.size <= NUMBER_MAX or len(self.root) != HASH_BYTES:
            raise MalformedInput("a checkpoint needs a size and a root of 32 bytes")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the text of a checkpoint.

        Raises:
            MalformedInput: Any other text than `text` would give.
        """
        lines = text.split("\n")
        if len(lines) <= _FIXED_LINES or lines.pop():
            raise MalformedInput("a checkpoint is at least three lines, each with its newline")
        origin, size, root, *extensions = lines
        return cls(origin, read_number(size), read_hash(root), tuple(extensions))

    @property
    def text(self) -> str:
        """The lines that are signed."""
        return as_lines((self.origin, str(self.size), write_base64(self.root), *self.extensions))


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A checkpoint whose signatures were found good.

    Args:
        checkpoint: what was signed.
        note: the text with the signatures.
        cosignatures: of known witnesses, one each.
    """

    checkpoint: Checkpoint
    note: Note
    cosignatures: tuple[Signature, ...]


def open_checkpoint(
    data: bytes, log: Verifier, witnesses: Sequence[Verifier] = (), *, cosignatures_min: int = 0
) -> SignedCheckpoint:
    """Open a signed checkpoint of one log.

    Args:
        data: The signed note.
        log: The key of the log; its name is the only origin that is accepted.
        witnesses: Cosigning keys that count.
        cosignatures_min: How many of those have to be there.

    Raises:
        KeyFault: A key of the wrong kind, or one that stands there twice.
        MalformedInput: Not a signed checkpoint.
        VerificationFailed: Not signed by the log, of another log, or with too few good cosignatures.
    """
    if log.is_cosigner or not all(witness.is_cosigner for witness in witnesses):
        raise KeyFault("a log key signs notes and a witness key cosigns them; these are the other way round")
    note = open_note(data, (log, *witnesses))
    checkpoint = Checkpoint.parse(note.text)
    if all(signature.verifier != log for signature in note.signatures):
        raise VerificationFailed("the checkpoint is not signed by the log")
    if checkpoint.origin != log.name:
        raise VerificationFailed("the checkpoint is of another log")
    cosignatures = tuple(signature for signature in note.signatures if signature.verifier != log)
    if len(cosignatures) < cosignatures_min:
        raise VerificationFailed(
            f"the checkpoint has {len(cosignatures)} cosignatures of known witnesses, not {cosignatures_min}"
        )
    return SignedCheckpoint(checkpoint, note, cosignatures)


def _is_line(text: str) -> bool:
    return bool(text) and all(character >= " " for character in text)
