"""Any order of growing, forking, rolling back, lying, restarting and acknowledging against a model in a few lines.

The model keeps every cosignature that was ever given and knows the trees. After each step it asks the one thing a
witness is for: that all of them are consistent with each other.
"""

from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from crypto.keyfiles import WitnessSecrets
from crypto.log.checkpoint import Checkpoint
from crypto.log.merkle import consistency_proof
from crypto.log.notes import COSIGNATURE, Verifier, add_signatures, open_note
from crypto.log.witnessing import AddCheckpoint
from crypto.witness.judgement import Happening
from crypto.witness.problems import Refused
from tests.witness.conftest import NAME, Desk, Log

SECRETS = WitnessSecrets.generate(NAME, created=date(2026, 11, 22))
OWN = Verifier.of(NAME, SECRETS.signing, COSIGNATURE)
KEY = Log().key


class Witnessed(RuleBasedStateMachine):
    """One log key that signs several histories, all shown to one witness."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None)  # noqa: S108 - a fresh folder in it
        self.views = [Log(key=KEY)]
        self.given: list[tuple[int, bytes, int, Log]] = []
        self.caught: set[tuple[int, bytes]] = set()
        self.is_stopped = False
        self.marks = 0

    @initialize()
    def begin(self) -> None:
        self.desk = Desk(Path(self._folder.name), SECRETS, OWN)
        self.desk.create()
        self.desk.open(self.views[0].verifier)

    def teardown(self) -> None:
        self.desk.walk.memory.close()
        self._folder.cleanup()

    @property
    def known(self) -> tuple[int, bytes | None]:
        return self.given[-1][:2] if self.given else (0, None)

    @rule(view=st.integers(0, 3), count=st.integers(1, 9))
    def grow(self, view: int, count: int) -> None:
        self.marks += 1
        self.views[view % len(self.views)].grow(count, f"{self.marks}-")

    @precondition(lambda self: len(self.views) < 4)
    @rule(view=st.integers(0, 3), share=st.floats(0, 1))
    def split(self, view: int, share: float) -> None:
        """Another history begins, at the end of a cut one."""
        cut = self.views[view % len(self.views)]
        self.views.append(cut.cut(int(share * cut.size)))

    @rule(view=st.integers(0, 3), old=st.sampled_from(["known", "zero", "any"]), data=st.data())
    def show(self, view: int, old: str, data: st.DataObject) -> None:
        shown = self.views[view % len(self.views)]
        size = shown.size if data.draw(st.booleans()) else data.draw(st.integers(0, shown.size))
        sizes = {"known": min(self.known[0], size), "zero": 0, "any": data.draw(st.integers(0, size))}
        self._show(shown, size, shown.request(sizes[old], size), sizes[old])

    @rule(view=st.integers(0, 3), flip=st.integers(0, 2**16))
    def show_with_a_wrong_proof(self, view: int, flip: int) -> None:
        shown = self.views[view % len(self.views)]
        old = min(self.known[0], shown.size)
        hashes = list(consistency_proof(old, shown.size, shown._read)) or [bytes(32)]
        broken = bytearray(hashes[flip % len(hashes)])
        broken[flip % 32] ^= 1 + flip % 255
        hashes[flip % len(hashes)] = bytes(broken)
        body = AddCheckpoint(old, tuple(hashes), shown.note()).body
        self._show(shown, shown.size, body, old, is_proven=False)

    @rule()
    def restart(self) -> None:
        self.desk.reopen()

    @rule(seconds=st.integers(-90, 3600))
    def time_passes(self, seconds: int) -> None:
        self.desk.clock.at += seconds

    @rule()
    def acknowledge(self) -> None:
        with self.desk.walk.memory.turn() as turn:
            turn.add(self.desk.clock.at, KEY_ORIGIN, Happening.ACKNOWLEDGED, (0, bytes(32)), "bekeken")
        self.is_stopped = False

    def _show(self, shown: Log, size: int, body: bytes, old: int, *, is_proven: bool = True) -> None:
        checkpoint = shown.checkpoint(size)
        self._catch(checkpoint)
        has_to_be = (
            is_proven
            and not self.is_stopped
            and old == self.known[0]
            and self._extends(shown, size)
            and self.desk.clock.at >= self._latest_at() - 60
        )
        code, line = None, ""
        try:
            line = self.desk.walk.add_checkpoint(body)
        except Refused as refused:
            code = refused.code
        assert (code is None) == has_to_be, code
        if not has_to_be:
            assert not self.is_stopped or code in {"log-refused", "conflict"}
            return
        (signature,) = open_note(add_signatures(shown.note(size), line), [OWN]).signatures
        assert signature.timestamp is not None
        self.given.append((size, checkpoint.root, signature.timestamp, shown.cut(size)))

    def _catch(self, checkpoint: Checkpoint) -> None:
        """A second root for a size that was cosigned stops the log, once for each."""
        tree = (checkpoint.size, checkpoint.root)
        roots = {root for size, root, _, _ in self.given if size == checkpoint.size}
        if roots and checkpoint.root not in roots and tree not in self.caught:
            self.caught.add(tree)
            self.is_stopped = True

    def _extends(self, shown: Log, size: int) -> bool:
        known, root = self.known
        return known == 0 or (size >= known and shown.checkpoint(known).root == root)

    def _latest_at(self) -> int:
        return max([at for _, _, at, _ in self.given], default=self.desk_began)

    @property
    def desk_began(self) -> int:
        return self.desk.walk.memory.made_at()

    @invariant()
    def every_cosignature_is_consistent_with_every_other(self) -> None:
        """By the leaves themselves, not by proofs."""
        before: Any = None
        for size, root, at, shown in self.given:
            if before is not None:
                assert (size, at) >= (before[0], before[2])
                assert shown.checkpoint(before[0]).root == before[1]
            before = (size, root, at)

    @invariant()
    def every_fork_is_kept_for_good(self) -> None:
        forks = {each.tree for each in self.desk.walk.memory.happened() if each.what is Happening.FORK}
        assert forks == self.caught
        assert self.desk.laid_down().count("fork") == len(forks)


KEY_ORIGIN = Log(key=KEY).origin
TestWitnessed = Witnessed.TestCase
TestWitnessed.settings = settings(max_examples=60, stateful_step_count=40)
