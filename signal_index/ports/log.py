"""What the use cases need of the log besides appending to it: its tree, who cosigned it, and the log within it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Protocol

from signal_index.model.log import Checked, Cosigned, Entry, Growth, Refusal, TreeHead
from signal_index.model.traces import ProcessingEntry


class LogTree(Protocol):
    """The tree of the log (RFC 9162)."""

    @property
    def origin(self) -> str:
        """Name of this log in checkpoints; another one after every restore."""

    @property
    def verifier_key(self) -> str:
        """The public key of its checkpoints, as text (C2SP signed-note)."""

    def integrate(self, now: datetime, limit: int) -> Growth | None:
        """Put records that are not in the tree yet into it, in the order of their chains, and sign a checkpoint.

        Args:
            now: aware UTC.
            limit: how many records at most.

        Returns:
            None when another process does this now.
        """

    def step_aside(self) -> None:
        """Let another process integrate at once; for the one that stops."""

    def head(self) -> TreeHead | None:
        """How far the tree is; None before the first checkpoint."""

    def find(self, writer: bytes, number: int) -> Entry | None:
        """Where a record stands; None when it is not in the tree."""

    def entries(self, start: int, end: int) -> Iterator[Entry]:
        """Entries from `start` up to but not including `end`, in order."""

    def tile(self, level: int, tile: int) -> bytes:
        """Hashes of one tile as far as they exist, 32 bytes each; nothing for a tile that does not exist."""

    def hashes(self, size: int) -> Callable[[int, int], bytes]:
        """Hashes of the tree as it was at a size: (level, index) to the hash of that complete subtree."""

    def check(self) -> Checked:
        """Recompute everything: chains, bodies, tree, checkpoint, and what witnesses cosigned.

        Raises:
            crypto.errors.VerificationFailed: naming the first thing that does not hold.
        """


class Witnesses(Protocol):
    """The cosignatures beneath the checkpoints of the log, and who gives none."""

    def cosigned(self) -> Sequence[Cosigned]:
        """The last cosigned checkpoint per witness, by name."""

    def refusals(self) -> Sequence[Refusal]:
        """The witnesses that give no cosignature at the moment, by name."""

    def put_cosigned(self, cosigned: Cosigned) -> None:
        """Keep a cosignature, in the place of the one before and of any refusal."""

    def put_refusal(self, refusal: Refusal) -> None:
        """Keep that a witness refused; one that stands with the same reason keeps its moment."""

    def is_witnessed(self, now: datetime) -> bool:
        """Whether a witness cosigned recently enough to answer; always, for an index without witnesses."""


class ProcessingLog(Protocol):
    """Which personal data was worked with, when, and for which activity; who did it stands in the audit log.

    Nobody writes to it: the record of an event in the audit log that is a processing is its record here as well.
    """

    def entries(self, since: datetime, until: datetime) -> Iterable[ProcessingEntry]:
        """Read what was recorded from one moment up to, not including, another; oldest first."""
