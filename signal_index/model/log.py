"""Nouns of the log: its tree, and the witnesses that cosign it.

A **record** says what happened; it stands in the chain of the process that wrote it. Within a second the integrator
puts it into the one **tree** of the log, as an **entry**. A **checkpoint** is the signed size and root of that tree;
a **witness** cosigns it after checking that it grew out of the one before.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final


@dataclass(frozen=True)
class TreeHead:
    """How far the tree is.

    Args:
        size: number of entries.
        root: 32 bytes, hash of the whole tree.
        checkpoint: the signed note that says so (C2SP tlog-checkpoint).
        signed_at: by the clock of the index.
    """

    size: int
    root: bytes
    checkpoint: bytes
    signed_at: datetime


@dataclass(frozen=True)
class Growth:
    """What one round of the integrator did.

    Args:
        head: the tree afterwards.
        added: entries it put in.
        more: whether records were left for the next round.
        gaps: per writer whose chain misses a record, the number that is missing; somebody removed it.
    """

    head: TreeHead
    added: int
    more: bool = False
    gaps: Mapping[bytes, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Cosigned:
    """The last checkpoint a witness cosigned.

    Args:
        witness: its name, as in its key.
        size: of the tree.
        checkpoint: the note, with the witness's line beneath.
        at: the moment in that line, by the clock of the witness.
    """

    witness: str
    size: int
    checkpoint: bytes
    at: datetime


ANSWERED, REFUSED = "lookup.answered", "lookup.refused"
LOOKS: Final = (ANSWERED, REFUSED)
"""What a record of a look is called, and of an attempt at one."""

EVALUATED: Final = "access.evaluated"
DECISIONS: Final = (*LOOKS, EVALUATED)
"""The records behind which there is a decision on what somebody may see."""

REFUSAL_REASONS: Final = frozenset(
    {"unreachable", "unknown-log", "unknown-key", "behind", "forgotten", "fork", "proof", "answer"}
)
"""Each has words on the page of the log and in the check-up, with what to do."""


@dataclass(frozen=True)
class Refusal:
    """Why a witness gives no cosignature at the moment.

    Args:
        reason: one of `REFUSAL_REASONS`.
        since: when this began.
    """

    witness: str
    reason: str
    since: datetime


@dataclass(frozen=True)
class Entry:
    """One record as it stands in the tree, and where.

    Args:
        position: 0 for the first.
        commitment: 32 bytes; stays when the record itself is erased.
    """

    position: int
    writer: bytes
    number: int
    commitment: bytes


@dataclass(frozen=True)
class Body:
    """What one record says, with what ties it to its commitment; leaves the index in an export only.

    Args:
        position: of its entry in the tree.
        salt: 16 bytes.
        body: canonical JSON, as it was committed to.
    """

    position: int
    writer: bytes
    number: int
    salt: bytes
    body: bytes


@dataclass(frozen=True)
class Checked:
    """What a check of the whole log found to hold.

    Args:
        records: that are there, in their chains.
        erased: whose time had passed; their place in the tree stays.
        entries: in the tree.
    """

    records: int
    erased: int
    entries: int
