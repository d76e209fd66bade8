"""One checkpoint's walk: whose is it, is it signed, does it fit, write it down, and only then cosign it.

Invariants:
1. Nothing of a request is believed before a known key of its log has signed the checkpoint, except the origin that
   chooses the key; and that origin must be in the settings.
2. A cosignature leaves only after the memory holds what it says, durably.
3. The times of this witness's cosignatures never go back; with a clock that does, it stops cosigning.
4. Every alarm is said on the log in one line, also when the memory cannot take it.
"""

import logging
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from crypto.errors import KeyFault, MalformedInput, VerificationFailed
from crypto.log.notes import Note, Verifier, add_signatures, cosign, open_note
from crypto.log.witnessing import AddCheckpoint
from crypto.witness.config import Place, tag
from crypto.witness.judgement import Happening, Presented, judge
from crypto.witness.memory import Entry, Memory, Turn, evidence
from crypto.witness.problems import Refused

CLOCK_BACK_SECONDS_MAX: Final = 60
"""How far the clock may stand behind the last cosignature: what a time server puts right, and no more."""

log = logging.getLogger("crypto.witness")


@dataclass(frozen=True)
class _Asked:
    """A request that was read and whose checkpoint the log signed.

    Args:
        note: with the log's signature alone.
        request: with old size and proof, and the signatures of known keys.
    """

    presented: Presented
    note: bytes
    request: str

    @property
    def origin(self) -> str:
        """Of the log."""
        return self.presented.checkpoint.origin


@dataclass
class Witness:
    """One witness at work, with everything it needs in its hands.

    Args:
        place: its key, and the logs it knows.
        memory: open, to serve.
        folder: for evidence.
        clock: aware UTC.
        answers: per outcome since the start, for whoever watches over the service.
    """

    place: Place
    memory: Memory
    folder: Path
    clock: Callable[[], datetime]
    answers: Counter[str] = field(default_factory=Counter, init=False)

    def add_checkpoint(self, body: bytes) -> str:
        """Compare a checkpoint with what was cosigned before, and cosign it.

        Args:
            body: as C2SP tlog-witness describes it.

        Returns:
            The cosignature, a line with its newline.

        Raises:
            Refused: as `problems` lists.
        """
        asked = self._read(body)
        with self.memory.turn() as turn:
            standing = turn.standing(asked.origin)
            remembered = turn.root_at(asked.origin, asked.presented.checkpoint.size)
            judgement = judge(standing, remembered, asked.presented)
            alarm = None
            now = int(self.clock().timestamp())
            if judgement.alarm and not standing.has_noted(judgement.alarm, asked.presented.tree, now):
                alarm = self._note(turn, judgement.alarm, asked, now)
            line = self._cosign(turn, asked) if judgement.refusal is None else ""
        if alarm is not None:
            self._lay_down(alarm)
        if judgement.refusal is not None:
            raise _refusal(judgement.refusal, standing.tree[0])
        return line

    def last_cosigned(self, wanted: str) -> str:
        """Return the note with the last cosignature of a log.

        Args:
            wanted: the log's tag.

        Raises:
            Refused: `not-found`, `memory-unavailable`.
        """
        for origin, (_, note) in self.memory.latest().items():
            if tag(origin) == wanted:
                return note
        raise Refused("not-found")

    def _read(self, body: bytes) -> _Asked:
        try:
            request = AddCheckpoint.read(body)
            checkpoint = request.checkpoint
        except MalformedInput as error:
            raise Refused("malformed") from error
        verifier = self.place.logs.get(checkpoint.origin)
        if verifier is None:
            raise Refused("unknown-log")
        note = self._open(request.note, verifier)
        bears_our_name = any(each.verifier == self.place.own for each in note.signatures)
        presented = Presented(checkpoint, request.old_size, request.hashes, bears_our_name)
        canonical = AddCheckpoint(request.old_size, request.hashes, _signed(note))
        # What this witness signed before makes room for what it signs now.
        return _Asked(presented, _signed(note, self.place.own), canonical.body.decode())

    def _open(self, note: bytes, verifier: Verifier) -> Note:
        try:
            opened = open_note(note, (verifier, self.place.own))
        except (VerificationFailed, KeyFault) as error:
            raise Refused("signature") from error
        if all(each.verifier != verifier for each in opened.signatures):
            raise Refused("signature")
        return opened

    def _note(self, turn: Turn, alarm: Happening, asked: _Asked, now: int) -> Entry:
        # Said first: a disk that is full must not keep an alarm from whoever reads the log.
        fields = {
            "event": "alarm",
            "kind": alarm.value,
            "origin": asked.origin,
            "cosigned_size": turn.standing(asked.origin).tree[0],
            "presented_size": asked.presented.checkpoint.size,
        }
        log.error("alarm", extra={"fields": fields})
        return turn.add(now, asked.origin, alarm, asked.presented.tree, asked.request)

    def _cosign(self, turn: Turn, asked: _Asked) -> str:
        at, floor = int(self.clock().timestamp()), turn.latest_at()
        if at < floor - CLOCK_BACK_SECONDS_MAX:
            raise Refused("clock", retry_after_seconds=CLOCK_BACK_SECONDS_MAX)
        at = max(at, floor)
        checkpoint, secrets = asked.presented.checkpoint, self.place.secrets
        line = cosign(checkpoint.text, secrets.witness, secrets.signing, at)
        note = add_signatures(asked.note, line).decode()
        if checkpoint.size > turn.standing(asked.origin).tree[0]:
            turn.add(at, asked.origin, Happening.COSIGNED, asked.presented.tree, note)
        turn.keep_latest(asked.origin, at, note)
        return line

    def _lay_down(self, alarm: Entry) -> None:
        # The memory holds the evidence already; the folder is made good at the next start.
        with suppress(OSError, Refused):
            evidence.lay_down(self.folder, alarm, self.memory)
            return
        log.error("evidence", extra={"fields": {"event": "evidence-not-written", "number": alarm.n}})


def _refusal(code: str, size: int) -> Refused:
    return Refused(code, size=size if code == "conflict" else None)


def _signed(note: Note, *leaving_out: Verifier) -> bytes:
    """The note with the signatures of known keys only, as anybody can add others."""
    lines = (each.line for each in note.signatures if each.verifier not in leaving_out)
    return f"{note.text}\n{''.join(lines)}".encode()
