"""From readings to wishes: what a source's messages add up to, one file at a time.

Invariants:
1. A file is taken in as a whole or not at all; a file taken in twice changes nothing the second time.
2. A fault is not an ending: what is set aside or unavailable withdraws nothing, and a stream is in sync only when
   every file of the run could be read.
3. Nothing is published for a (source, type) this publisher is not registered for.
4. While a person is known to live outside the municipalities of this index, her flags are withdrawn; that she died
   is told wherever she lives.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import BinaryIO, Final

from connectors.config import RESTRICTION, Publication, Restrictions, Setup
from connectors.reading import (
    FileRefused,
    Kind,
    Message,
    MessageReader,
    Nothing,
    Observation,
    Quarantined,
    Reading,
    Residence,
    SourceUnavailable,
)
from connectors.state import Intent, State, Stream, ToldTooOften, Way
from connectors.trajecten import FlagWish, TrajectRecord, flags
from connectors.verdicts import not_ahead, screen
from crypto.batch import BatchClass
from crypto.chain import Bsn

from .rows import death_body, death_end_body, flag_body, flag_end_body

NOT_REGISTERED: Final = "source-not-registered"
NO_START: Final = "start-missing"
TOLD_TOO_OFTEN: Final = "told-too-often"

_Pair = tuple[str, str]


def _no_word(_: FileRefused | None) -> None: ...


@dataclass(frozen=True)
class MessageFile:
    """One file to take in.

    Args:
        name: what positions call it; without personal data.
        received: aware; when it came in, see `Message`.
        open: gives its bytes; `FileRefused` when it cannot.
        settled: told once it is taken in durably (None), or that it is refused.
    """

    name: str
    received: datetime
    open: Callable[[], AbstractContextManager[BinaryIO]]
    settled: Callable[[FileRefused | None], None] = _no_word


@dataclass
class Taken:
    """What one run took in.

    Args:
        messages: files taken in.
        trajecten: observations that were used.
        set_to_assert: flags that now have to be asserted, or asserted otherwise.
        set_to_withdraw: flags that now have to be withdrawn, those of who moved away included.
        set_to_withdraw_moved: of these, for persons who live outside the municipalities of this index.
        set_to_restrict: persons of whom it now has to be told that they died.
        set_to_revoke: persons of whom that now has to be taken back.
        quarantined: readings set aside, per reason, those set aside before included.
        refused: files refused as a whole.
        unavailable: sources that answered with a fault, as (source, type); None stands for every one.
        settled: entries that left the quarantine because their file was read again, per reason.
    """

    messages: int = 0
    trajecten: int = 0
    set_to_assert: int = 0
    set_to_withdraw: int = 0
    set_to_withdraw_moved: int = 0
    set_to_restrict: int = 0
    set_to_revoke: int = 0
    quarantined: Counter[str] = field(default_factory=Counter)
    refused: list[FileRefused] = field(default_factory=list)
    unavailable: set[tuple[str | None, str | None]] = field(default_factory=set)
    settled: Counter[str] = field(default_factory=Counter)


class Intake:
    """Takes files in.

    Args:
        state: locked by the caller.
        setup: what this publisher may speak for, and for whom.
        today: for the quarantine, and what is dated after it.
    """

    def __init__(self, state: State, setup: Setup, today: date) -> None:
        self._state = state
        self._municipalities = setup.municipalities
        self._today = today
        with state.transaction():
            self._fed = dict(_fed(state, setup))
        # Streams that left the settings are counted too; they are only not sent.
        self._all = {stream.stream_id: stream for stream in state.streams.all()}
        self._taken = Taken()
        self._file: str | None = None
        self._aside: set[int] = set()

    def run(
        self, reader: MessageReader, files: Iterable[MessageFile], as_of: date, *, settles: bool = False
    ) -> Taken:
        """Take files in and count trajecten into wishes.

        Args:
            reader: of the format.
            files: in order; the next one is asked for when the one before is settled.
            as_of: the day to count for; an earlier day than was counted for before counts as that day.
            settles: what was set aside of these files before, and is not any more, leaves the quarantine.
        """
        as_of = self._advance(as_of)
        for file in files:
            try:
                self._take_file(reader, file, as_of, settles=settles)
            except FileRefused as refusal:
                self._taken.refused.append(refusal)
                file.settled(refusal)
            else:
                self._taken.messages += 1
                file.settled(None)
        return self._taken

    def mark_fed_by(self, format_name: str, as_of: date) -> None:
        """Mark in sync what this format brings up to date, but for sources that answered with a fault in this run.

        Args:
            format_name: streams that are fed by another format stay as much in sync as they were.
            as_of: as for `run`.
        """
        fed = (pair for pair, (_, told_by) in self._fed.items() if told_by.is_fed_by(format_name))
        self.mark([pair for pair in fed if not _is_silent(pair, self._taken.unavailable)], as_of)

    def mark(self, pairs: Collection[tuple[str, str]], as_of: date) -> None:
        """Count for a day, and mark these (source, type) in sync up to and including it."""
        as_of = self._advance(as_of)
        with self._state.transaction():
            for pair in pairs:
                self._state.streams.processed(self._fed[pair][0], as_of)

    def _advance(self, as_of: date) -> date:
        with self._state.transaction():
            as_of = self._state.advance(as_of)
            self._state.count_within(self._municipalities)
            self._count("nothing new", as_of)
        return as_of

    def _take_file(self, reader: MessageReader, file: MessageFile, as_of: date, *, settles: bool) -> None:
        self._file, self._aside = file.name, set()
        with file.open() as stream, self._state.transaction():
            for reading in reader(Message(stream, file.name, file.received)):
                self._take(not_ahead(screen(reading, as_of), self._today))
            self._count(file.name, as_of)
            if settles:
                self._settle(file.name)

    def _take(self, reading: Reading) -> None:
        match reading:
            case Observation() as seen:
                stream_id, _ = self._fed.get((seen.source, seen.type), (None, None))
                if stream_id is not None:
                    self._observe(stream_id, seen)
                elif (
                    seen.kind is not Kind.NOT_A_TRAJECT
                ):  # of which nothing would have been published either way
                    self._set_aside(NOT_REGISTERED, seen.position)
            case Quarantined(code=code, position=position):
                self._set_aside(code, position)
            case SourceUnavailable(source=source, type=type_code):
                self._taken.unavailable.add((source, type_code))
            case Residence() as said if self._municipalities:
                if self._state.residences.note(said):
                    self._state.trajecten.recount(said.person)
            case Nothing() | Residence():
                pass

    def _observe(self, stream_id: int, seen: Observation) -> None:
        try:
            self._state.trajecten.observe(stream_id, seen)
        except ToldTooOften:
            self._set_aside(TOLD_TOO_OFTEN, seen.position)
        else:
            self._taken.trajecten += 1

    def _count(self, file: str, as_of: date) -> None:
        """Turn everything that may have changed into wishes."""
        for stream_id, records in self._state.trajecten.to_count(as_of):
            self._wish(stream_id, records, file, as_of)

    def _wish(self, stream_id: int, records: Sequence[TrajectRecord], file: str, as_of: date) -> None:
        stream = self._all[stream_id]
        for wish in flags(records, as_of):
            if stream.batch_class is BatchClass.BEPERKING:
                self._wish_death(stream, wish)
            else:
                self._wish_flag(stream, wish, file)

    def _wish_flag(self, stream: Stream, wish: FlagWish, file: str) -> None:
        has_moved = wish.asserted and self._state.residences.is_outside(wish.person, self._municipalities)
        if not wish.asserted or has_moved:
            body = flag_end_body(stream.source, stream.type)
            is_new = self._put(stream, wish.person, Intent.END, body)
            self._taken.set_to_withdraw += is_new
            self._taken.set_to_withdraw_moved += is_new and has_moved
        elif wish.since is None:
            self._set_aside(NO_START, file)
        else:
            body = flag_body(stream.source, stream.type, wish.since)
            self._taken.set_to_assert += self._put(stream, wish.person, Intent.KEEP, body)

    def _wish_death(self, stream: Stream, wish: FlagWish) -> None:
        """Tell that somebody died, or take it back; when she did does not matter."""
        if wish.asserted:
            self._taken.set_to_restrict += self._put(stream, wish.person, Intent.KEEP, death_body())
        else:
            self._taken.set_to_revoke += self._put(stream, wish.person, Intent.END, death_end_body())

    def _put(self, stream: Stream, person: Bsn, intent: Intent, body: bytes) -> bool:
        key = self._state.wishes.key_of_person(stream.stream_id, person)
        return self._state.wishes.put(key, stream.stream_id, intent, person, body)

    def _set_aside(self, code: str, place: str) -> None:
        self._aside.add(self._state.quarantine.add(self._today, code, place, file=self._file))
        self._taken.quarantined[code] += 1

    def _settle(self, file: str) -> None:
        """Take out what was set aside of a file before and is not any more.

        What was set aside while counting names the file alone, and stays: who did not change is not counted again.
        """
        entries = self._state.quarantine.entries(file=file)
        mended = [each for each in entries if each.number not in self._aside and each.place != file]
        self._state.quarantine.settle(mended, self._today, Way.READ_AGAIN)
        self._taken.settled.update(entry.reason for entry in mended)


def _fed(state: State, setup: Setup) -> Iterator[tuple[_Pair, tuple[int, Publication | Restrictions]]]:
    """Yield per (source, type) of the readers the stream it goes into, and what the settings say of it."""
    for pair, said in setup.speaks_for.items():
        if isinstance(said, Restrictions):
            stream = state.streams.ensure(BatchClass.BEPERKING, type_code=RESTRICTION)
        else:
            stream = state.streams.ensure(BatchClass.SIGNAAL, *pair)
        yield pair, (stream.stream_id, said)


def _is_silent(pair: _Pair, unavailable: set[tuple[str | None, str | None]]) -> bool:
    """Whether a source answered with a fault about this (source, type), or about everything."""
    return any(
        source in (None, pair[0]) and type_code in (None, pair[1]) for source, type_code in unavailable
    )
