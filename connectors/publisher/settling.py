"""What an answer of the index does to the local state.

Invariants:
1. An acknowledgement settles exactly the rows that were in the batch it names, if that batch was ever sent for the
   frozen set; a refusal is believed only about the batch that was sent last.
2. A refused row is set aside, never lost: it is sent again as soon as the source says something else about it.
3. When the index and this state disagree about a complete set, the set is made anew, a bounded number of times.
4. What one answer does is done in one transaction.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from connectors.reading import dutch_day
from connectors.state import FrozenRow, FrozenSet, Phase, Standing, State, Stream
from crypto.answers import Acknowledgement, Refusal
from crypto.batch import Batch
from crypto.encoding import Month
from crypto.sheet import BeperkingOperation, SignaalOperation, SignaalRow, ZorgrelatieOperation

INTRODUCTIONS_MAX: Final = 3
"""New incarnations accepted in one run; an index that is restored more often than this needs a person."""

RESTARTS_MAX: Final = 1
"""Complete sets started over per stream in one run, after the index disagreed about one."""

GENERATIONS_MAX: Final = 64
"""Generations tried per stream in one run, when local state was lost and the index remembers higher ones."""

_OPENS: Final = (SignaalOperation.OPEN_SET, ZorgrelatieOperation.OPEN_SET, BeperkingOperation.OPEN_SET)
_SEALS: Final = (SignaalOperation.SEAL_SET, ZorgrelatieOperation.SEAL_SET, BeperkingOperation.SEAL_SET)
_SAYS_MORE: Final = (
    SignaalOperation.ASSERT,
    ZorgrelatieOperation.REGISTER,
    ZorgrelatieOperation.CHANGE,
    BeperkingOperation.ASSERT,
)
_ABOUT_THE_SET: Final = frozenset({"generation", "set-count"})
_ABOUT_THE_REGISTER: Final = frozenset({"not-registered", "unknown-code"})
"""The index does not let this publisher speak for the stream, for now: its wishes stay due, or a slip in a register
would lose withdrawals."""
_NOT_OURS: Final = frozenset({"duplicate-row", "identity-mismatch"})
"""Composing rules these out, so somebody on the way has changed the batch; nothing is set aside on its account."""

_ADVICE: Final = {
    "wrong-sequence": "the index expects sequence {answer.next_sequence} and this state sends {answer.sequence}: it "
    "is an old copy, or another connector uses this publisher's key. Stop the other one, then run "
    "`connector send --complete`",
    "wrong-count": "the index has another batch size registered: set items_per_batch to what was agreed",
    "clock": "the index says this machine's clock runs ahead; set it right and run `connector send` again",
    "canary-mismatch": "the chain makes other pseudonyms than this manifest says, so nothing about a person was sent: "
    "get the present manifest, compare its fingerprint, and tell the index operator",
    "unknown-publisher": "the index does not know this publisher; ask for registration, then run `connector send`",
    "class-not-served": "this publisher is not registered for this kind of batch; ask for registration, then run "
    "`connector send` again",
}
_ADVICE_OTHERWISE: Final = "the index refuses the batch ({reason}); tell the index operator"
_FOREIGN: Final = (
    "the index has other changes under sequence {answer.sequence} than this state: another connector uses this "
    "publisher's key, or this state is an old copy. Stop the other one, then run `connector send --complete`"
)


class SendingStopped(Exception):
    """The index answered, and a person has to look; everything is kept. The message says what to do."""


@dataclass(frozen=True)
class Posted:
    """A frozen set and the batch that was made of it.

    Args:
        places: per position in the batch, the place in the set; None for a filler.
    """

    frozen: FrozenSet
    batch: Batch
    places: tuple[int | None, ...]


@dataclass
class Sent:
    """What one run did.

    Args:
        batches: acknowledged in this run, trials left out.
        trials: canaries that the index recognised.
        asserted: rows that assert a flag or a death, or register or change a relation.
        withdrawn: rows that withdraw a flag, take a death back, or end a relation or take it back.
        quarantined: rows the index refused, per reason.
        held_back: streams left alone for the rest of the run, as (source, type, reason), see `Stream`.
    """

    batches: int = 0
    trials: int = 0
    asserted: int = 0
    withdrawn: int = 0
    quarantined: Counter[str] = field(default_factory=Counter)
    held_back: list[tuple[str, str, str]] = field(default_factory=list)
    last_sequence: int | None = None


class Settling:
    """Applies the answers of one run.

    Args:
        state: locked by the caller.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._introductions = 0
        self._tries: Counter[tuple[int, str]] = Counter()
        self.held_back: set[int] = set()
        self.sent = Sent()

    def settle(self, posted: Posted, answer: Acknowledgement | Refusal, now: datetime) -> None:
        """Apply a verified answer.

        Args:
            posted: what was sent last.
            answer: what came back.
            now: aware UTC.

        Raises:
            SendingStopped: it does not fit what was sent, or needs a person; nothing changed.
        """
        header = posted.batch.header
        named = (answer.scope, answer.publisher, answer.sequence)
        if named != (header.scope, header.publisher, header.sequence):
            raise SendingStopped(
                "the answer is about another batch than was sent; run `connector send` again"
            )
        with self._state.transaction():
            self._state.heard(now)
            if isinstance(answer, Acknowledgement):
                self._acknowledged(posted, answer)
            else:
                self._refused(posted, answer, now)
        if isinstance(answer, Acknowledgement):
            self.sent.batches += 1
            self.sent.last_sequence = answer.sequence

    def tried(self, trial: Batch, answer: Acknowledgement | Refusal, manifest: bytes, now: datetime) -> None:
        """Apply a verified answer to a trial.

        Args:
            trial: as it was sent.
            answer: what came back.
            manifest: fingerprint of the one it was composed with.
            now: as above.

        Raises:
            SendingStopped: it does not fit what was sent, or needs a person; nothing changed.
        """
        header, standing = trial.header, self._state.standing()
        sent = (header.scope, header.publisher, header.sequence, trial.digest)
        if (answer.scope, answer.publisher, answer.sequence, answer.digest) != sent:
            raise SendingStopped(
                "the answer is about another trial than was sent; run `connector send` again"
            )
        with self._state.transaction():
            self._state.heard(now)
            if isinstance(answer, Acknowledgement) and answer.incarnation == standing.incarnation:
                self._state.prove(manifest)
                self.sent.trials += 1
            elif isinstance(answer, Refusal) and answer.reason == "wrong-incarnation":
                self._introduce(answer)
            else:
                reason = (
                    answer.reason if isinstance(answer, Refusal) else "acknowledged for another incarnation"
                )
                raise SendingStopped(
                    _ADVICE.get(reason, _ADVICE_OTHERWISE).format(answer=answer, reason=reason)
                )

    def _acknowledged(self, posted: Posted, answer: Acknowledgement) -> None:
        state, standing = self._state, self._state.standing()
        stage = state.spool.sent_stage(answer.digest)
        if stage is None:
            raise SendingStopped(_FOREIGN.format(answer=answer))
        if not standing.is_introduced or answer.incarnation != standing.incarnation:
            raise SendingStopped(
                "the index acknowledged a batch for another incarnation; tell the index operator"
            )
        for row in state.spool.rows_at(stage):
            self._settle_row(row, posted.frozen.month)
        state.spool.dissolve()
        state.stand(Standing(standing.incarnation, answer.sequence + 1))

    def _settle_row(self, row: FrozenRow, month: Month) -> None:
        stream = self._state.streams.get(row.stream_id)
        if row.wish is None:
            self._settle_control(stream, row)
        # A stream that started over since counts its wishes anew, under its next generation.
        elif stream.accepts_rows and row.row.generation == stream.generation:
            assert row.intent is not None
            assert row.content is not None
            self._state.wishes.acknowledge(row.wish, row.intent, row.content, month.index)
            if row.row.operation in _SAYS_MORE:
                self.sent.asserted += 1
            else:
                self.sent.withdrawn += 1

    def _settle_control(self, stream: Stream, row: FrozenRow) -> None:
        said = row.row
        if said.operation in _OPENS:
            self._state.streams.move(stream.stream_id, Phase.OPEN, said.generation)
        elif said.generation != stream.generation or not stream.accepts_rows:
            return
        elif said.operation in _SEALS:
            self._state.streams.move(stream.stream_id, Phase.SEALED, said.generation)
        if isinstance(said, SignaalRow) and said.as_of is not None:
            self._state.streams.told(stream.stream_id, said.as_of)

    def _refused(self, posted: Posted, answer: Refusal, now: datetime) -> None:
        if answer.digest != posted.batch.digest:
            raise SendingStopped(
                "the refusal is about another batch than was sent; run `connector send` again"
            )
        if answer.reason == "wrong-incarnation":
            self._introduce(answer)
        elif answer.incarnation != posted.batch.header.incarnation or not answer.rows:
            raise SendingStopped(
                _ADVICE.get(answer.reason, _ADVICE_OTHERWISE).format(answer=answer, reason=answer.reason)
            )
        else:
            self._take_out(posted, answer, dutch_day(now))

    def _introduce(self, answer: Refusal) -> None:
        """Adopt the index's incarnation: forget what it held and ask for complete sets of everything."""
        self._introductions += 1
        if (
            self._introductions > INTRODUCTIONS_MAX
            or answer.incarnation == self._state.standing().incarnation
        ):
            raise SendingStopped("the index keeps changing its incarnation; tell the index operator")
        start_over(self._state, Standing(answer.incarnation, answer.next_sequence))

    def _take_out(self, posted: Posted, answer: Refusal, today: date) -> None:
        """Take the refused rows out of the frozen set; the rest travels again under the same sequence."""
        rows = {row.place: row for row in posted.frozen.rows}
        refused: dict[int, str] = {}
        for position, code in answer.rows:
            place = posted.places[position] if position < len(posted.places) else None
            if place is None:
                raise SendingStopped("the index refuses a row that holds nothing; tell the index operator")
            refused[place] = code
        restarted: set[int] = set()
        for place, code in refused.items():
            row = rows[place]
            if row.stream_id not in restarted and self._refused_row(row, code, today):
                restarted.add(row.stream_id)
        gone = [row.place for row in rows.values() if row.place in refused or row.stream_id in restarted]
        self._state.spool.take_out(gone)

    def _refused_row(self, row: FrozenRow, code: str, today: date) -> bool:
        """Act on one refused row; True when its whole stream starts over."""
        if code in _NOT_OURS:
            raise SendingStopped(f"the index reports {code}, which was not sent; tell the index operator")
        if code in _ABOUT_THE_SET:
            return self._disagreed(row, code)
        if row.wish is None or code in _ABOUT_THE_REGISTER:
            self._hold_back(row.stream_id, code)
        else:
            self._quarantine(row.wish, row, code, today)
        return False

    def _disagreed(self, row: FrozenRow, code: str) -> bool:
        """Make a complete set anew; when it was opening that failed, only its number was taken."""
        opening = row.row.operation in _OPENS
        kind, most = ("generation", GENERATIONS_MAX) if opening else ("restart", RESTARTS_MAX)
        self._tries[row.stream_id, kind] += 1
        if self._tries[row.stream_id, kind] > most:
            self._hold_back(row.stream_id, code)
        if opening:
            self._state.streams.move(row.stream_id, Phase.CLOSED, row.row.generation)
            return False
        self._state.streams.start_over(row.stream_id)
        return True

    def _quarantine(self, wish: bytes, row: FrozenRow, code: str, today: date) -> None:
        """Set a wish aside; the start of its key, meaningless elsewhere, tells one item from another."""
        place = f"batch {self._state.standing().sequence}, item {wish.hex()[:8]}"
        self._state.quarantine.add(today, code, place, wish=wish)
        self.sent.quarantined[code] += 1
        assert row.content is not None
        self._state.wishes.set_aside(wish, row.content)

    def _hold_back(self, stream_id: int, code: str) -> None:
        """Leave a stream alone for the rest of this run; a next one tries again."""
        if stream_id not in self.held_back:
            self.held_back.add(stream_id)
            stream = self._state.streams.get(stream_id)
            self.sent.held_back.append((stream.source, stream.type, code))


def start_over(state: State, standing: Standing) -> None:
    """Drop the frozen set and ask for complete sets of everything; inside a transaction of the caller."""
    state.spool.dissolve()
    for stream in state.streams.all():
        state.streams.start_over(stream.stream_id)
    state.stand(standing)
