"""Sending: when it is time, how long to wait after a fault, and what a person has to know.

Invariants:
1. Changes are collected and sent together, or as soon as they fill a batch: each batch counts for the quota in full.
2. After a fault of the chain it waits, longer each time and as long as it is told to; taking in goes on meanwhile.
3. What needs a person (`SendingStopped`) is said everywhere, and tried again rarely.
4. At least once an hour the publisher looks for itself, so that flags are asserted again in time and a restored index
   is noticed, however little comes in.
"""

from collections.abc import Callable
from datetime import datetime
from time import monotonic
from typing import Final

from connectors.config import Setup
from connectors.publisher import ChainFault, FirstHop, Publisher, SendingStopped, Sent
from connectors.state import State
from crypto.answers import Acknowledgement, Refusal
from crypto.batch import Batch, BatchClass

from .life import Backoff, Life
from .telling import Figures, Standing, note, warn

LOOK_SECONDS: Final = 3600.0
SLICE_SECONDS: Final = 60.0
"""Sending leaves off after this, so that taking in gets its turn in the hours a first complete set may take."""

PROGRESS_SECONDS: Final = 30.0
_CHAIN_SECONDS: Final = (15.0, 3600.0)
_STOPPED_SECONDS: Final = (2 * 3600.0, 4 * 3600.0)


class Dispatch:
    """Sends.

    Args:
        setup: the settings.
        state: locked by the caller.
        publisher: on that state.
        life: to wait and stop in.
        figures: where it is counted.
        clock: aware UTC.
    """

    def __init__(
        self,
        setup: Setup,
        state: State,
        publisher: Publisher,
        *,
        life: Life,
        figures: Figures,
        clock: Callable[[], datetime],
    ) -> None:
        self._setup = setup
        self._state = state
        self._publisher = publisher
        self._life = life
        self._figures = figures
        self._clock = clock
        self._chain_backoff = Backoff(*_CHAIN_SECONDS)
        self._stopped_backoff = Backoff(*_STOPPED_SECONDS)
        self._progress_at = monotonic()
        self._batches = 0
        # When it is due: not before a moment, and then at once, after collecting for a while, or within the hour.
        self._not_before = monotonic()
        self._sent_at = monotonic() - LOOK_SECONDS
        self._is_changed = True
        self._is_cut = False
        self._is_held = False
        self.standing = Standing("well", clock())

    def changed(self) -> None:
        """Note that there may be something to send."""
        self._is_changed = True

    def next_at(self) -> float:
        """When it is time, in the monotonic clock, unless a batch fills up before."""
        collect = self._setup.running.rhythm.send_seconds if self._is_changed else LOOK_SECONDS
        return max(self._not_before, self._sent_at + (0.0 if self._is_cut else collect))

    def send_if_due(self) -> None:
        """Send when it is time."""
        now = monotonic()
        fills = self._is_changed and not self._is_held and self._fills_a_batch()
        if self.next_at() <= now or (fills and self._not_before <= now):
            self._send()

    def wait_seconds(self) -> float:
        """For how long sending waits after a fault."""
        return max(0.0, self._not_before - monotonic())

    def due_count(self) -> int:
        """How many changes wait to be sent, of what the settings let this publisher speak for."""
        pairs = {(each.source, each.type) for each in self._setup.publications}
        others = {BatchClass.BEPERKING, BatchClass.ZORGRELATIE}
        streams = self._state.streams.all()
        mine = [each for each in streams if each.batch_class in others or (each.source, each.type) in pairs]
        return sum(self._state.wishes.due_count(each.stream_id) for each in mine)

    def _fills_a_batch(self) -> bool:
        return self.due_count() >= self._setup.items_per_batch

    def _send(self) -> None:
        until = monotonic() + SLICE_SECONDS
        self._is_cut, self._batches = False, 0

        def enough() -> bool:
            self._is_cut = self._life.is_over or monotonic() > until
            return self._is_cut

        try:
            with FirstHop(self._setup.first_hop, self._setup.manifest.index.verify_key) as hop:
                sent = self._publisher.send(_Patient(hop, self._life), self._progress, enough)
        except ChainFault as fault:
            self._wait(
                self._chain_backoff.failed(fault.retry_after_seconds), "waiting", fault.code, str(fault)
            )
        except SendingStopped as fault:
            self._wait(self._stopped_backoff.failed(), "stopped", "needs-a-person", str(fault))
        else:
            self._went_well(sent)
        self._sent_at = monotonic()

    def _went_well(self, sent: Sent) -> None:
        self._chain_backoff.worked()
        self._stopped_backoff.worked()
        self._is_changed = self._is_cut
        self._is_held = bool(sent.held_back)
        for code, number in sent.quarantined.items():
            self._figures.count("index_refused_total", number, reason=code)
        for source, type_code, code in sent.held_back:
            warn("held-back", source=source, type=type_code, code=code)
        if sent.batches or sent.trials:
            note(
                "sent",
                batches=sent.batches,
                asserted=sent.asserted,
                withdrawn=sent.withdrawn,
                trials=sent.trials,
            )
        why = sent.held_back[0][2] if sent.held_back else None
        self._stand(Standing("well", self._clock(), why))

    def _wait(self, seconds: float, state: str, code: str, advice: str) -> None:
        self._is_changed, self._is_cut = True, False
        self._not_before = monotonic() + seconds
        self._figures.count("send_faults_total", reason=code)
        warn("sending", state=state, code=code, advice=advice, again_in=round(seconds))
        self._stand(Standing(state, self._clock(), code, advice))

    def _stand(self, standing: Standing) -> None:
        """Note how it stands, keeping since when."""
        if (standing.state, standing.why) != (self.standing.state, self.standing.why):
            self.standing = standing

    def _progress(self, done: int, total: int) -> None:
        self._figures.count("batches_total", done - self._batches)
        self._batches = done
        if monotonic() - self._progress_at >= PROGRESS_SECONDS:
            self._progress_at = monotonic()
            note("sending", batches=done, about=total)
            self._life.systemd.show(f"Sending: {done} of about {total} batches in this round")


class _Patient:
    """A hop whose answer is not waited for when it is over; after the next start the same set goes again."""

    def __init__(self, hop: FirstHop, life: Life) -> None:
        self._hop = hop
        self._life = life

    def deliver(self, batch: Batch) -> Acknowledgement | Refusal:
        """Send one batch."""
        try:
            return self._life.patiently(lambda: self._hop.deliver(batch))
        except TimeoutError:
            raise ChainFault("no-answer") from None
