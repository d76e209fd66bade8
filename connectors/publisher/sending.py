"""The sending half: freeze, compose, send, settle, until the index holds what the source wants.

Invariants:
1. A set is frozen and its digest written down before anything of it leaves.
2. Only an answer that the index signed about this very batch moves anything (`settling`). Faults of hops and networks
   leave everything as it is.
3. After a kill at any moment the next run goes on where this one stood, and nothing is applied twice.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import SystemRandom
from typing import Final, Protocol

from connectors.state import FrozenSet, State, Stream
from crypto.answers import Acknowledgement, Refusal
from crypto.batch import Batch, Header, compose
from crypto.chain import Bsn
from crypto.encoding import Month
from crypto.keyfiles import Manifest, PublisherSecrets

from .rows import Choice, choose, filler
from .settling import Posted, SendingStopped, Sent, Settling

GREETING_AFTER: Final = timedelta(hours=1)
"""A restored index is found out within this time of the next run, at the cost of at most 24 batches a day."""


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

    def run(self, stream_ids: Collection[int]) -> Sent:
        """Send until nothing is left to say.

        Args:
            stream_ids: the streams this publisher may speak for now.

        Raises:
            ChainFault: no signed answer; everything is kept.
            SendingStopped: the index's answer needs a person; everything is kept.
        """
        settling = Settling(self._state)
        while (frozen := self._frozen(set(stream_ids) - settling.held_back)) is not None:
            posted = self._compose(frozen)
            with self._state.transaction():
                self._state.spool.note_sent(posted.batch.digest)
            settling.settle(posted, self._hop.deliver(posted.batch), self._clock())
            done = settling.sent.batches
            self._progress(done, done + self._batches_left())
        return settling.sent

    def _frozen(self, stream_ids: Collection[int]) -> FrozenSet | None:
        """The frozen set, or a new one; None when there is nothing to say."""
        state = self._state
        if state.spool.frozen() is None:
            with state.transaction():
                self._freeze(stream_ids)
        return state.spool.frozen()

    def _freeze(self, stream_ids: Collection[int]) -> None:
        state = self._state
        state.wishes.forget_ended()
        streams = [stream for stream in state.streams.all() if stream.stream_id in stream_ids]
        choice = choose(state, streams, self._sealing.items_per_batch) or self._greeting(streams)
        if choice is not None:
            # Before the index has told its incarnation, only fillers go: it refuses them, and tells.
            changes = choice.changes if state.standing().is_introduced else ()
            state.spool.freeze(choice.batch_class, changes, Month.of(self._clock().date()))

    def _greeting(self, streams: Sequence[Stream]) -> Choice | None:
        """A batch of fillers, when the index was not heard for a while: it may have been restored since."""
        known = [stream for stream in streams if stream.generation]
        if not known or self._clock() - self._state.heard_at() < GREETING_AFTER:
            return None
        return Choice(known[0].batch_class, ())

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
        batch = compose(self._header(frozen), rows, sealing.manifest, sealing.secrets.signing)
        return Posted(frozen, batch, tuple(place for place, _, _ in items))

    def _header(self, frozen: FrozenSet) -> Header:
        manifest = self._sealing.manifest
        return Header(
            audience=f"index:{manifest.scope}",
            scope=manifest.scope,
            key_epoch=manifest.epoch,
            publisher=self._sealing.secrets.publisher,
            batch_class=frozen.batch_class,
            incarnation=self._state.standing().incarnation,
            sequence=frozen.sequence,
            n=self._sealing.items_per_batch,
            composed_at=int(self._clock().timestamp()),
        )

    def _batches_left(self) -> int:
        streams: Sequence[int] = [stream.stream_id for stream in self._state.streams.all()]
        left = sum(self._state.wishes.due_count(stream_id) for stream_id in streams)
        return -(-left // self._sealing.items_per_batch)
