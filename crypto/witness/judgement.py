"""What a witness does with a checkpoint its log really signed: a function of what it remembers and what it is shown.

Invariants:
1. Cosigned is only what extends, or is, the last cosigned tree: never a smaller one, never a second root for one size.
2. A log that is caught with two trees is refused until a person says otherwise, whatever it sends afterwards.
3. An alarm rests on signatures of the log itself, never on the word of who delivered the request. A request can be
   a repetition by somebody else, though: what such a repetition can cause ends as soon as the log goes on.

Source: C2SP tlog-witness (order and outcome of the checks); RFC 9162 §2.1.4.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final, Self

from crypto.errors import VerificationFailed
from crypto.log.checkpoint import Checkpoint
from crypto.log.merkle import EMPTY_ROOT, verify_consistency


class Happening(StrEnum):
    """What can be written in the memory about a log; all but the first and the last are alarms."""

    COSIGNED = "cosigned"
    """It grew."""
    FORK = "fork"
    """It signed two roots for one size: the two notes prove it to anybody."""
    FORGOTTEN = "forgotten"
    """It holds a cosignature of this witness that this witness does not remember: an old memory, or a stolen key."""
    INCONSISTENT = "inconsistent"
    """It signed a larger tree, and no proof came that this one grew out of the cosigned one."""
    ROLLBACK = "rollback"
    """It signed a smaller tree than was cosigned: a cut tail, or a restored backup."""
    ACKNOWLEDGED = "acknowledged"
    """A person looked into the alarms."""


LASTING: Final = frozenset({Happening.FORK, Happening.FORGOTTEN})
"""Alarms that only a person ends, and that end cosigning until then."""

ALARMS: Final = LASTING | {Happening.INCONSISTENT, Happening.ROLLBACK}

EVIDENCE_MAX: Final = 16
"""Different checkpoints kept: of an alarm that only a person ends, while it is open; of one that ends by itself, a day.

More of them prove nothing new. Were an alarm that ends by itself given new room at each growth, repeating old
checkpoints would fill the disk; so once its day is full it stays open, for the next day's growth to end it.
"""

_DAY_SECONDS: Final = 86_400

Tree = tuple[int, bytes]
"""Size and root."""


@dataclass(frozen=True)
class Standing:
    """How a log stands with the witness.

    Args:
        tree: that was cosigned last; the empty one when none was.
        open_alarms: per kind, the trees that raised it since it was last closed.
        settled: trees of alarms that a person acknowledged.
        kept_on: per kind, the last day (UTC, from 1970) on which evidence was kept, and how much.
    """

    tree: Tree = (0, EMPTY_ROOT)
    open_alarms: Mapping[Happening, frozenset[Tree]] = field(default_factory=dict)
    settled: frozenset[tuple[Happening, Tree]] = frozenset()
    kept_on: Mapping[Happening, tuple[int, int]] = field(default_factory=dict)

    @property
    def is_refused(self) -> bool:
        """Whether nothing is cosigned until a person acknowledges."""
        return bool(LASTING & self.open_alarms.keys())

    def after(self, what: Happening, tree: Tree, at: int) -> Self:
        """Return the standing once something more has happened.

        Args:
            what: has happened.
            tree: that it is about; of no meaning when alarms are acknowledged.
            at: seconds since 1970.
        """
        if what is Happening.COSIGNED:
            staying = {
                kind: trees
                for kind, trees in self.open_alarms.items()
                if kind in LASTING or self._is_full(kind, at)
            }
            return replace(self, tree=tree, open_alarms=staying)
        if what is Happening.ACKNOWLEDGED:
            seen = {(kind, each) for kind, trees in self.open_alarms.items() for each in trees}
            lasting_seen = {each for each in seen if each[0] in LASTING}
            return replace(self, open_alarms={}, settled=self.settled | lasting_seen, kept_on={})
        raised = self.open_alarms.get(what, frozenset()) | {tree}
        kept = at // _DAY_SECONDS, self._kept(what, at) + 1
        return replace(
            self, open_alarms={**self.open_alarms, what: raised}, kept_on={**self.kept_on, what: kept}
        )

    def has_noted(self, what: Happening, tree: Tree, at: int) -> bool:
        """Whether this alarm needs no writing down again; one that is not open always does."""
        noted = self.open_alarms.get(what, frozenset())
        is_full = len(noted) >= EVIDENCE_MAX if what in LASTING else noted and self._is_full(what, at)
        return tree in noted or bool(is_full) or (what, tree) in self.settled

    def _is_full(self, kind: Happening, at: int) -> bool:
        return self._kept(kind, at) >= EVIDENCE_MAX

    def _kept(self, kind: Happening, at: int) -> int:
        """How much evidence of a kind was kept on the day of this moment."""
        day, count = self.kept_on.get(kind, (0, 0))
        return count if day == at // _DAY_SECONDS else 0


@dataclass(frozen=True)
class Presented:
    """A checkpoint with a good signature of its log, and what came with it.

    Args:
        old_size: from which the proof starts.
        proof: hashes of 32 bytes.
        bears_our_name: whether it carries a good cosignature of this witness already.
    """

    checkpoint: Checkpoint
    old_size: int
    proof: Sequence[bytes]
    bears_our_name: bool = False

    @property
    def tree(self) -> Tree:
        """Size and root."""
        return self.checkpoint.size, self.checkpoint.root


@dataclass(frozen=True)
class Judgement:
    """What to do.

    Args:
        refusal: code of `problems`, or None to cosign.
        alarm: the kind of alarm this is, already noted or not.
    """

    refusal: str | None
    alarm: Happening | None = None


def judge(standing: Standing, remembered: bytes | None, presented: Presented) -> Judgement:
    """Compare a checkpoint with what is remembered of its log.

    Args:
        standing: of the log.
        remembered: the root cosigned for exactly this size, if any; for size 0 the root of the empty tree.
        presented: signed by the log.
    """
    alarm = _alarm(standing, remembered, presented)
    refusal = _refusal(standing, presented)
    if refusal == "proof" and presented.checkpoint.size > standing.tree[0]:
        # Of a log that was never cosigned there is nothing to contradict yet.
        alarm = alarm or (Happening.INCONSISTENT if standing.tree[0] else None)
    if alarm in LASTING and (alarm, presented.tree) not in standing.settled:
        refusal = refusal or "log-refused"
    return Judgement(refusal, alarm)


def _alarm(standing: Standing, remembered: bytes | None, presented: Presented) -> Happening | None:
    """The alarm that does not depend on what the sender says of the tree before."""
    if remembered is not None and remembered != presented.checkpoint.root:
        return Happening.FORK
    if presented.bears_our_name and remembered is None:
        return Happening.FORGOTTEN
    if presented.checkpoint.size < standing.tree[0]:
        return Happening.ROLLBACK
    return None


def _refusal(standing: Standing, presented: Presented) -> str | None:
    size, root = standing.tree
    checkpoint = presented.checkpoint
    if standing.is_refused:
        return "log-refused"
    if presented.old_size != size or (checkpoint.size == size and checkpoint.root != root):
        return "conflict"
    try:
        verify_consistency(size, root, checkpoint.size, checkpoint.root, presented.proof)
    except VerificationFailed:
        return "proof"
    return None
