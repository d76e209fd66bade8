"""Taking in: what the inboxes hold goes into the local state, and who may be said to be in sync follows from it.

Invariants:
1. A (source, type) is in sync on a day only when every inbox that feeds it is complete on that day.
2. One that answered with a fault stays out until a later message speaks of it without one; what names no source
   speaks of none that was named.
3. An inbox that fails holds up no other.
4. Each day is counted once even when nothing comes in, as trajecten begin and end by themselves.
"""

from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import date
from itertools import chain
from time import monotonic, time
from typing import BinaryIO, Final, Protocol

from connectors.config import Publication, Restrictions, Setup
from connectors.formats import Follower, Unreachable, follower, reader
from connectors.publisher import MessageFile, Publisher, Taken
from connectors.reading import (
    FileRefused,
    Message,
    MessageReader,
    Nothing,
    Observation,
    Reading,
    SourceUnavailable,
)
from connectors.state.silences import Silence

from .life import Life
from .telling import Figures, note, warn

READINGS_BETWEEN_BEATS: Final = 200

Pair = tuple[str, str]


def _unkept(_: Collection[Silence]) -> None: ...


class Inbox(Protocol):
    """Where messages come from.

    Args:
        name: what log and figures call it.
        format: of its messages.
        next_at: moment of the monotonic clock at which to look again; may be set earlier.
        waiting: messages that are there and not taken in.
        refused: messages a person has to look at.
    """

    name: str
    format: str
    next_at: float
    waiting: int
    refused: int

    def arrivals(self) -> Generator[MessageFile, None, None]:
        """Yield what has come in, in order; each is settled before the next is asked for.

        Raises:
            Unreachable: the source cannot be asked.
            OSError: the place cannot be used.
        """

    def finished(self, taken: Taken) -> None:
        """Note how a round of `arrivals` went; raises `Unreachable` when it went badly after all."""

    def failed(self, fault: Unreachable | OSError) -> Unreachable:
        """Note that a round broke off, and return the fault as it may be shown."""

    def is_complete(self, today: date) -> bool:
        """Whether everything of the source up to this moment of the day is known to have come in."""


class Heard:
    """What the messages said about who can be heard.

    Args:
        speaks_for: what may be in sync, see `Setup.speaks_for`.
        silent: who was not heard when the state was last written.
        keep: writes down who is silent now, in the transaction in which the message is taken in.
    """

    def __init__(
        self,
        speaks_for: Mapping[Pair, Publication | Restrictions],
        silent: Collection[Silence] = (),
        keep: Callable[[Collection[Silence]], None] = _unkept,
    ) -> None:
        self._speaks_for = speaks_for
        # Apart by whether the fault named its source: a receipt for nobody in particular takes back no more than that.
        self._silent = frozenset(silent)
        self._keep = keep

    def listening(self, reader: MessageReader, format_name: str, life: Life) -> MessageReader:
        """Return a reader that also notes who was heard, and that can be stopped between two readings."""

        def listen(message: Message) -> Iterator[Reading]:
            faults: set[Silence] = set()
            words: set[Silence] = set()
            for number, reading in enumerate(reader(message)):
                if number % READINGS_BETWEEN_BEATS == 0:
                    life.beat()
                match reading:
                    case SourceUnavailable(source=source, type=type_code):
                        faults |= self._meant(format_name, source, type_code, {source is not None})
                    case Observation(source=source, type=type_code) | Nothing(source=source, type=type_code):
                        takes_back = {True, False} if source is not None else {False}
                        words |= self._meant(format_name, source, type_code, takes_back)
                yield reading
            self._note((self._silent - words) | faults)

        return listen

    def _note(self, silent: frozenset[Silence]) -> None:
        if silent != self._silent:
            self._keep(silent)
            self._silent = silent

    def in_sync(self, inboxes: Iterable[Inbox], today: date) -> Collection[Pair]:
        """Return what may be said to be in sync up to and including today."""
        incomplete = {inbox.format for inbox in inboxes if not inbox.is_complete(today)}
        fed = {inbox.format for inbox in inboxes}
        return [
            pair
            for pair, said in self._speaks_for.items()
            if any(map(said.is_fed_by, fed))
            and not any(map(said.is_fed_by, incomplete))
            and not {(*pair, True), (*pair, False)} & self._silent
        ]

    def _meant(
        self, format_name: str, source: str | None, type_code: str | None, named: Collection[bool]
    ) -> set[Silence]:
        """The publications of a format that a reading is about; None stands for every one."""
        return {
            (*pair, is_named)
            for pair, said in self._speaks_for.items()
            if said.is_fed_by(format_name) and source in (None, pair[0]) and type_code in (None, pair[1])
            for is_named in named
        }


class Taking:
    """Takes in.

    Args:
        setup: the settings.
        inboxes: where messages come from.
        publisher: on the state, which the caller has locked.
        life: to stop in.
        figures: where it is counted.

    Raises:
        FormatFault: a format is not there, or its settings are wrong.
    """

    def __init__(
        self, setup: Setup, inboxes: Sequence[Inbox], publisher: Publisher, life: Life, figures: Figures
    ) -> None:
        self.inboxes = inboxes
        self._publisher = publisher
        self._life = life
        self._figures = figures
        silences = publisher.silences
        self._heard = Heard(setup.speaks_for, silences.all(), silences.keep)
        formats = setup.running.formats
        self._readers = {
            name: self._heard.listening(reader(name, setup.formats), name, life) for name in formats
        }
        self._followers = {name: follower(name, setup.formats) for name in formats}
        self._counted: tuple[date, frozenset[Pair]] | None = None

    def look(self, today: date) -> bool:
        """Take in from every inbox whose turn it is, and count the day; whether there may be something to send now."""
        due = [inbox for inbox in self.inboxes if inbox.next_at <= monotonic()]
        changed = [self._look_at(inbox, today) for inbox in due]
        return self._count(today) or any(changed)

    def _look_at(self, inbox: Inbox, today: date) -> bool:
        taken = Taken()
        try:
            with closing(inbox.arrivals()) as arrivals:
                if (first := next(arrivals, None)) is not None:
                    taken = self._take_in(inbox, chain([first], arrivals), today)
            inbox.finished(taken)
        except (Unreachable, OSError) as fault:
            shown = inbox.failed(fault)
            self._figures.count("inbox_faults_total", inbox=inbox.name, reason=shown.code)
            warn("inbox", inbox=inbox.name, code=shown.code, again_in=round(inbox.next_at - monotonic()))
            return True  # what came before the fault is taken in
        return bool(taken.messages)

    def _take_in(self, inbox: Inbox, arrivals: Iterator[MessageFile], today: date) -> Taken:
        files = (self._watched(inbox, file) for file in arrivals)
        taken = self._publisher.take_in(self._readers[inbox.format], files, today)
        for code, number in taken.quarantined.items():
            self._figures.count("quarantined_total", number, format=inbox.format, reason=code)
        if taken.messages:
            note(
                "taken-in",
                inbox=inbox.name,
                messages=taken.messages,
                trajecten=taken.trajecten,
                quarantined=taken.quarantined.total(),
            )
        return taken

    def _watched(self, inbox: Inbox, file: MessageFile) -> MessageFile:
        """Return the file followed to what it points at, and counted when it is settled."""
        self._life.beat()
        follow = self._followers[inbox.format]

        def settled(refusal: FileRefused | None) -> None:
            file.settled(refusal)
            self._count_message(inbox, refusal)

        return replace(_followed(file, self._patient(follow)) if follow else file, settled=settled)

    def _patient(self, follow: Follower) -> Follower:
        """Return what follows without ever keeping the other inboxes waiting for good."""

        def followed(message: Message) -> Message:
            try:
                return self._life.patiently(lambda: follow(message))
            except TimeoutError:
                raise Unreachable("too-slow") from None

        return followed

    def _count_message(self, inbox: Inbox, refusal: FileRefused | None) -> None:
        outcome = "refused" if refusal else "taken-in"
        self._figures.count("messages_total", inbox=inbox.name, format=inbox.format, outcome=outcome)
        if refusal is None:
            self._figures.set("last_taken_in_timestamp_seconds", round(time()), inbox=inbox.name)
        if refusal:
            self._figures.count("refused_total", format=inbox.format, reason=refusal.code)
            warn("refused", inbox=inbox.name, code=refusal.code, place=refusal.position)

    def _count(self, today: date) -> bool:
        """Count the day and say who is in sync, when either is new; whether it was."""
        pairs = frozenset(self._heard.in_sync(self.inboxes, today))
        day, said = self._counted or (None, frozenset())
        if day == today and pairs <= said:
            return False
        self._publisher.in_sync(pairs, today)
        self._counted = (today, pairs | (said if day == today else frozenset()))
        return True


def _followed(file: MessageFile, follow: Follower) -> MessageFile:
    """Return the file so that opening it fetches what it points at; nothing is locked by then."""

    def opened() -> BinaryIO:
        with file.open() as stream:
            return follow(Message(stream, file.name, file.received)).stream

    return replace(file, open=opened)
