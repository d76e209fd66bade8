"""The publisher: from a source's messages to what the index holds, through local state and both pseudonymisers.

The walk: `intake` turns readings into wishes, `rows` chooses what goes into the next batch, `sending` freezes
and composes, `post` carries, `settling` applies the answer. A run can be cut off at any moment; the next one goes on.

Whoever controls a publisher can at most publish, withdraw or register for what it is registered for, at its quota.
"""

from collections.abc import Callable, Collection, Iterable
from datetime import date, datetime

from connectors.config import RESTRICTION, Setup
from connectors.reading import MessageReader, dutch_day
from connectors.state import UNKNOWN_INCARNATION, Standing, State
from connectors.state.silences import Silences
from crypto.batch import BatchClass
from crypto.encoding import Month

from .intake import Intake, MessageFile, Taken
from .post import ChainFault, FirstHop
from .sending import Delivers, Sealing, Sender
from .settling import SendingStopped, Sent, start_over

__all__ = [
    "ChainFault",
    "Delivers",
    "FirstHop",
    "MessageFile",
    "Publisher",
    "SendingStopped",
    "Sent",
    "Taken",
]


def _no_progress(_done: int, _total: int) -> None: ...


def _never() -> bool:
    return False


class Publisher:
    """One publisher at work on its local state.

    Args:
        setup: keys, manifest and what may be published.
        state: locked by the caller.
        clock: aware UTC.
    """

    def __init__(self, setup: Setup, state: State, clock: Callable[[], datetime]) -> None:
        self._setup = setup
        self._state = state
        self._clock = clock

    def ingest(
        self,
        reader: MessageReader,
        format_name: str,
        files: Iterable[MessageFile],
        as_of: date,
        *,
        settles: bool = False,
    ) -> Taken:
        """Take messages in and work out what the index should hold; sends nothing. See `Intake.run`.

        When none is refused, what the format brings up to date is in sync up to and including the day.
        """
        intake = self._intake()
        taken = intake.run(reader, files, as_of, settles=settles)
        if not taken.refused:
            intake.mark_fed_by(format_name, as_of)
        return taken

    def take_in(self, reader: MessageReader, files: Iterable[MessageFile], as_of: date) -> Taken:
        """Take messages in as `ingest` does, without saying that anything is in sync."""
        return self._intake().run(reader, files, as_of)

    @property
    def silences(self) -> Silences:
        """Who answered with a fault and was not heard since."""
        return self._state.silences

    def in_sync(self, pairs: Collection[tuple[str, str]], as_of: date) -> None:
        """Count for a day, and note for these (source, type) that everything up to and including it has come in."""
        self._intake().mark(pairs, as_of)

    def send(
        self,
        hop: Delivers,
        progress: Callable[[int, int], None] = _no_progress,
        enough: Callable[[], bool] = _never,
    ) -> Sent:
        """Send until the index holds what the local state wants.

        Args:
            hop: the way to the index.
            progress: told (batches done, about how many in all) after each batch.
            enough: asked before each batch whether to leave it at this; a later `send` goes on.

        Raises:
            ChainFault: no signed answer; everything is kept, a later `send` goes on.
            SendingStopped: the index's answer needs a person; everything is kept.
        """
        sealing = Sealing(self._setup.secrets, self._setup.manifest, self._setup.items_per_batch)
        return Sender(self._state, sealing, hop, self._clock, progress).run(self._prepare(), enough)

    def start_over(self) -> None:
        """Forget what the index acknowledged: the next `send` makes complete sets of everything."""
        with self._state.transaction():
            start_over(self._state, Standing(UNKNOWN_INCARNATION, 1))

    def _intake(self) -> Intake:
        return Intake(self._state, self._setup, dutch_day(self._clock()))

    def _prepare(self) -> list[int]:
        """Return the streams this publisher may speak for, with the flags to be asserted again made due."""
        this_month = Month.of(dutch_day(self._clock()))
        streams = self._state.streams
        with self._state.transaction():
            ids = []
            for publication in self._setup.publications:
                stream = streams.ensure(BatchClass.SIGNAAL, publication.source, publication.type)
                oldest = this_month.plus(-publication.reassert_months)
                self._state.wishes.remind(stream.stream_id, oldest.index)
                ids.append(stream.stream_id)
            if self._setup.restrictions is not None:
                # No reminders: a death does not expire at the index.
                ids.append(streams.ensure(BatchClass.BEPERKING, type_code=RESTRICTION).stream_id)
            if self._setup.caseload is not None:
                ids.append(streams.ensure(BatchClass.ZORGRELATIE).stream_id)
        return ids
