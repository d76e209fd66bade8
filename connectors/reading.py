"""The seam every message reader fills: a message in; out comes what it says about one traject, or why it is no use.

Invariants:
1. A reading has room for existence, begin and end only; no name, reason, product, amount or free text fits in it.
2. Every sentence a reader shows stands in `EXPLANATIONS`; nothing taken from a message becomes part of one.
3. A fault is not an ending: what cannot be understood is `Quarantined` or `SourceUnavailable`, never a stop.

Whoever writes a bad reader can at most misstate that something runs at the sources its publisher may speak for.
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime
from enum import StrEnum
from io import BytesIO
from typing import BinaryIO, Final, NamedTuple
from zoneinfo import ZoneInfo

from crypto.chain import Bsn
from crypto.encoding import encode
from crypto.errors import MalformedInput

from .explanations import EXPLANATIONS


class Kind(StrEnum):
    """What a message says about a traject."""

    STARTED = "started"
    STOPPED = "stopped"
    START_REMOVED = "start-removed"
    STOP_REMOVED = "stop-removed"
    STATE = "state"  # begin and end together, replacing what an earlier delivery said about both
    STRETCH = "stretch"  # the same of a source without an id per traject: what overlaps is one traject
    UNCHANGED = "unchanged"
    ASSIGNED = "assigned"  # the municipality's order to give help, with its own begin and end
    ASSIGNMENT_REMOVED = "assignment-removed"  # the order should never have been sent
    NOT_A_TRAJECT = "not-a-traject"


class Observation(NamedTuple):
    """What one message says about one traject of one person.

    A named tuple and no dataclass: a large file makes a hundred thousand of them, and these take a fifth of the time.

    Args:
        source: typed identifier of who says it, such as `agb:65656055`.
        type: code from the catalogue of signal types; deliberately coarse.
        traject: the traject's key at the source, digested; local only, see `traject_key`.
        start: first day; None when the message does not say.
        end: last day, inclusive; None when the message does not say or (`STATE`, `STRETCH`) there is none yet.
        stated_on: when the source said it; statements about one traject are ordered by it, then by `message`.
        message: the source's own identification of the message; local only, used for ordering.
        municipality: CBS code of four digits.
        position: file and place in it, without personal data.
        note: code from `EXPLANATIONS`, when the record was usable but not clean or not a traject.
        temporary: a stop that is expected to be followed by a new start.
        replaces: the source corrects an earlier start of the same traject, whatever its first day was.
    """

    person: Bsn
    source: str
    type: str
    traject: str
    kind: Kind
    start: date | None
    end: date | None
    stated_on: date | datetime
    message: str
    municipality: str | None
    position: str
    note: str | None = None
    temporary: bool = False
    replaces: bool = False

    @property
    def identity(self) -> tuple[Bsn, str, str, str]:
        """What makes two observations speak of the same traject."""
        return (self.person, self.source, self.type, self.traject)

    def __repr__(self) -> str:
        """Leave out what is local only."""
        shown = (
            f"{name}={value!r}"
            for name, value in self._asdict().items()
            if name not in {"traject", "message"}
        )
        return f"Observation({', '.join(shown)})"


@dataclass(frozen=True, slots=True)
class Quarantined:
    """One record that is set aside: nothing is published from it and nothing is withdrawn because of it.

    Args:
        code: key of `EXPLANATIONS`.
        position: file and place in it, without personal data.
        person: None unless the record holds a well-formed BSN.
    """

    code: str
    position: str
    person: Bsn | None = None
    source: str | None = None
    type: str | None = None
    municipality: str | None = None

    @property
    def explanation(self) -> str:
        """What is wrong, in a fixed sentence."""
        return EXPLANATIONS[self.code]


@dataclass(frozen=True, slots=True)
class SourceUnavailable:
    """The source could not answer: every flag it has stays, and the source shows as not current."""

    position: str
    source: str | None = None
    type: str | None = None
    code: str = "source-fault"


@dataclass(frozen=True, slots=True)
class Nothing:
    """The source answered, and what it said asks for no change: its flags stay, and it counts as heard.

    Args:
        code: key of `EXPLANATIONS`.
        position: file and place in it, without personal data.
    """

    code: str
    position: str
    source: str | None = None
    type: str | None = None


@dataclass(frozen=True, slots=True)
class Residence:
    """Where a person lives now, as BRP says it; a flag never carries it, a source acts on it.

    Args:
        municipality: CBS code of four digits; None when she does not live in the Netherlands.
        stated_on: when it was said; the latest counts.
        position: file and place in it, without personal data.
    """

    person: Bsn
    municipality: str | None
    stated_on: date | datetime
    position: str


Reading = Observation | Quarantined | SourceUnavailable | Nothing | Residence


class FileRefused(Exception):
    """A file cannot be read at all; nothing from it may be published.

    Args:
        code: key of `EXPLANATIONS`.
        position: file and place in it, without personal data.
    """

    def __init__(self, code: str, position: str) -> None:
        super().__init__(f"{code}: {EXPLANATIONS[code]} ({position})")
        self.code = code
        self.position = position

    @property
    def explanation(self) -> str:
        """What is wrong and what to do, in a fixed sentence."""
        return EXPLANATIONS[self.code]


@dataclass(frozen=True)
class Message:
    """One file or message as it came in.

    Args:
        stream: its bytes, from the present position to the end.
        name: what positions call it; without personal data.
        received: aware; when it came in, which dates what a format without a date of its own says. Of two messages
            the one received last counts, so an old one that is read again changes nothing.
    """

    stream: BinaryIO
    name: str
    received: datetime

    def rewindable(self, max_bytes: int) -> BinaryIO:
        """Return the stream, or when it cannot go back a copy in memory, cut off a byte above the limit."""
        return self.stream if self.stream.seekable() else BytesIO(self.stream.read(max_bytes + 1))


MessageReader = Callable[[Message], Iterator[Reading]]
"""Yields the readings in the order they stand in the message, only once the whole of it proved readable.

Raises `FileRefused`, before anything was yielded, when the message cannot be read as a whole.
"""

_MOMENT: Final = re.compile(r"[0-9-]{10}[Tt][0-9:]{8}(?:\.[0-9]+)?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})", re.ASCII)
_DUTCH_TIME: Final = ZoneInfo("Europe/Amsterdam")
_MUNICIPALITY: Final = re.compile(r"(?:GM)?([0-9]{4})", re.IGNORECASE)
_MUNICIPAL: Final = "gemeente:"
# No RSIN: its nine digits can be a BSN, and a source is shown in the clear.
_SOURCE: Final = re.compile(
    r"(?:agb|kvk):[0-9]{8}|(?:gemeente|uzovi):[0-9]{4}|oin:[0-9]{20}|brin:[0-9]{2}[A-Z]{2}|suwi:[a-z]{2,20}"
)


def read_bsn(value: object) -> Bsn | str:
    """Read a BSN; when there is none, the code that says why. Anything but text counts as invalid."""
    text = value.strip() if isinstance(value, str) else value
    if text is None or text == "":
        return "bsn-missing"
    try:
        return Bsn(text) if isinstance(text, str) else "bsn-invalid"
    except MalformedInput:
        return "bsn-invalid"


def read_day(text: str) -> date | None:
    """Read a day written as `YYYY-MM-DD`, spaces around it allowed; None for any other form or no such day."""
    stripped = text.strip()
    if len(stripped) != len("YYYY-MM-DD") or stripped[4] != "-" or stripped[7] != "-":
        return None  # fromisoformat also takes week dates and dates without hyphens
    try:
        return date.fromisoformat(stripped)
    except ValueError:
        return None


def read_filled_day(value: object) -> date | str | None:
    """Read a day that may be left out: None when nothing is filled in, `invalid` when what is there is no day."""
    if value is None or value == "":
        return None
    return (read_day(value) if isinstance(value, str) else None) or "invalid"


def read_moment(text: str) -> datetime | None:
    """Read a moment with its offset, finer than a microsecond cut off; None for any other form or no such moment.

    Source: RFC 3339 §5.6.
    """
    stripped = text.strip()
    if not _MOMENT.fullmatch(stripped):
        return None  # fromisoformat also takes moments without an offset, which nobody can put in order
    try:
        moment = datetime.fromisoformat(stripped.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    # Within a day of either end of the calendar, some time zone does not have it.
    return moment if MINYEAR < moment.year < MAXYEAR else None


def dutch_day(moment: datetime) -> date:
    """Return the day it is at the sources at an aware moment."""
    return moment.astimezone(_DUTCH_TIME).date()


def read_municipality(text: str) -> str | None:
    """Read a municipality code, `0344` or `GM0344`; None when it is neither.

    Source: CBS municipality codes; the `GM` form is the CBS region code of the same municipality.
    """
    found = _MUNICIPALITY.fullmatch(text.strip())
    return found[1] if found and found[1] != "0000" else None


def read_source(text: str) -> str | None:
    """Read a source as the register names it, `agb:65656055` or `gemeente:0344`; None when it is not of that form."""
    stripped = text.strip()
    if not _SOURCE.fullmatch(stripped):
        return None
    return None if stripped.startswith(_MUNICIPAL) and municipality_of(stripped) is None else stripped


def municipality_of(source: str) -> str | None:
    """The municipality that a source itself is, as its CBS code; None when it is another organisation."""
    return read_municipality(source.removeprefix(_MUNICIPAL)) if source.startswith(_MUNICIPAL) else None


def traject_key(*parts: str) -> str:
    """Digest what a source calls a traject, so that a product code can never show up in a log or a state file.

    Easy to guess for whoever knows the parts: a store that leaves the process keys it again.
    """
    return hashlib.sha256(encode("traject", *parts)).hexdigest()[:32]


def moment_order(moment: date | datetime) -> str:
    """Write when something was stated so that later compares greater, for statements of one source."""
    if isinstance(moment, datetime):
        return moment.astimezone(UTC).isoformat(timespec="microseconds")
    return moment.isoformat()
