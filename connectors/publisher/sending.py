"""The sending half: freeze, compose, send, settle, until the index holds what the source wants.

Invariants:
1. A set is frozen and its digest written down before anything of it leaves.
2. Only an answer that the index signed about this very batch moves anything (`settling`). Faults of hops and networks
   leave everything as it is.
3. Nothing about a person is sent before this incarnation of the index has recognised the canary, sent with the
   present manifest: a chain that makes other pseudonyms is found out before it does harm.
4. After a kill at any moment the next run goes on where this one stood, and nothing is applied twice.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import SystemRandom
from typing import Final, Protocol

from connectors.reading import dutch_day
from connectors.state import FrozenSet, State, Stream
from crypto.answers import Acknowledgement, Refusal
from crypto.batch import Batch, BatchClass, Header, compose, random_number
from crypto.chain import Bsn
from crypto.encoding import Month
from crypto.keyfiles import Manifest, PublisherSecrets

from .rows import TRIAL, Choice, Trial, choose, filler
from .settling import Posted, SendingStopped, Sent, Settling

TRIAL_AFTER: Final = timedelta(hours=1)
"""With nothing else to say, a restored index is found out within this time of the next run."""


class Delivers(Protocol):
    """What carries a batch to the index and its verified answer back; see `post.FirstHop`."""

    def deliver(self, batch: Batch) -> Acknowledgement | Refusal:
        """Send one batch."""


@dataclass(frozen=True)
class Sealing:
    """What every batch is made with.

    Args:
        items_per_batch: n.
    """

    secrets: PublisherSecrets
    manifest: Manifest
    items_per_batch: int


class Sender:
    """One run of sending.

    Args:
        state: locked by the caller.
        sealing: keys and n.
        hop: the way to the index.
        clock: aware UTC.
        progress: told (batches done, about how many in all) after each batch.
    """

    def __init__(
        self,
        state: State,
        sealing: Sealing,
        hop: Delivers,
        clock: Callable[[], datetime],
        progress: Callable[[int, int], None],
    ) -> None:
        self._state = state
        self._sealing = sealing
        self._hop = hop
        self._clock = clock
        self._progress = progress

    def run(self, stream_ids: Collection[int], enough: Callable[[], bool]) -> Sent:
        """Send until nothing is left to say.

        Args:
            stream_ids: the streams this publisher may speak for now.
            enough: asked before each batch whether to leave it at this.

        Raises:
            ChainFault: no signed answer; everything is kept.
            SendingStopped: the index's answer needs a person; everything is kept.
        """
        settling = Settling(self._state)
        while not enough() and (doing := self._next(set(stream_ids) - settling.held_back)) is not None:
            if isinstance(doing, FrozenSet):
                self._send(doing, settling)
            else:
                self._try(settling)
        return settling.sent

    def _next(self, stream_ids: Collection[int]) -> FrozenSet | Trial | None:
        """The frozen set, or a new one, or a trial when that must go first; None when there is nothing to say."""
        state = self._state
        streams = [stream for stream in state.streams.all() if stream.stream_id in stream_ids]
        with state.transaction():
            frozen = state.spool.frozen()
            choice = self._choose(streams) if frozen is None else None
            if frozen is None and choice is None:
                return TRIAL if self._was_quiet(streams) else None
            # An index that has not told its incarnation refuses the trial, and tells.
            if not state.is_proven(self._sealing.manifest.fingerprint):
                return TRIAL
            if choice is not None:
                state.spool.freeze(choice.batch_class, choice.changes, Month.of(dutch_day(self._clock())))
            return state.spool.frozen()

    def _choose(self, streams: Sequence[Stream]) -> Choice | None:
        self._state.wishes.forget_ended()
        return choose(self._state, streams, self._sealing.items_per_batch)

    def _send(self, frozen: FrozenSet, settling: Settling) -> None:
        posted = self._compose(frozen)
        with self._state.transaction():
            self._state.spool.note_sent(posted.batch.digest)
        settling.settle(posted, self._hop.deliver(posted.batch), self._clock())
        done = settling.sent.batches
        self._progress(done, done + self._batches_left())

    def _try(self, settling: Settling) -> None:
        """Send the canary, which stands outside every order: it has a random number and changes nothing."""
        header = self._header(TRIAL.batch_class, random_number(), n=1)
        batch = compose(header, [TRIAL.item], self._sealing.manifest, self._sealing.secrets.signing)
        answer = self._hop.deliver(batch)
        settling.tried(batch, answer, self._sealing.manifest.fingerprint, self._clock())

    def _was_quiet(self, streams: Sequence[Stream]) -> bool:
        """Whether the index was not heard for a while: it may have been restored since."""
        known = any(stream.generation for stream in streams)
        return known and self._clock() - self._state.heard_at() >= TRIAL_AFTER

    def _compose(self, frozen: FrozenSet) -> Posted:
        sealing, n = self._sealing, self._sealing.items_per_batch
        if len(frozen.rows) > n:
            raise SendingStopped(
                f"{len(frozen.rows)} changes are frozen and items_per_batch is {n}: set it back until they are sent"
            )
        items: list[tuple[int | None, Bsn | None, bytes]] = [
            (row.place, row.person, row.row.encode()) for row in frozen.rows
        ]
        items += [(None, None, filler(frozen.batch_class))] * (n - len(items))
        # Shuffled here and not while composing, so that a position in a refusal leads back to its row.
        SystemRandom().shuffle(items)
        rows = [(person, row) for _, person, row in items]
        header = self._header(frozen.batch_class, frozen.sequence, n)
        batch = compose(header, rows, sealing.manifest, sealing.secrets.signing)
        return Posted(frozen, batch, tuple(place for place, _, _ in items))

    def _header(self, batch_class: BatchClass, sequence: int, n: int) -> Header:
        manifest = self._sealing.manifest
        return Header(
            audience=f"index:{manifest.scope}",
            scope=manifest.scope,
            key_epoch=manifest.epoch,
            publisher=self._sealing.secrets.publisher,
            batch_class=batch_class,
            incarnation=self._state.standing().incarnation,
            sequence=sequence,
            n=n,
            composed_at=int(self._clock().timestamp()),
        )

    def _batches_left(self) -> int:
        streams: Sequence[int] = [stream.stream_id for stream in self._state.streams.all()]
        left = sum(self._state.wishes.due_count(stream_id) for stream_id in streams)
        return -(-left // self._sealing.items_per_batch)
