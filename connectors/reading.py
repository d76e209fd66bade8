"""The seam every message reader fills: what one message says about one traject, or why it cannot be used.

Invariants:
1. A reading has room for existence, begin and end only; no name, reason, product, amount or free text fits in it.
2. Every sentence a reader shows stands in `EXPLANATIONS`; nothing taken from a message becomes part of one.
3. A fault is not an ending: what cannot be understood is `Quarantined` or `SourceUnavailable`, never a stop.

Whoever writes a bad reader can at most misstate that something runs at the sources its publisher may speak for.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import BinaryIO, Final, Protocol

from crypto.chain import Bsn
from crypto.encoding import encode
from crypto.errors import MalformedInput

EXPLANATIONS: Final[Mapping[str, str]] = {
    # about a traject that was understood
    "application-only": "somebody applied, but nothing was granted yet, so no traject runs",
    "ended": "the last day lies before the as-of date",
    "municipality-unreadable": "the municipality code is not four digits, so none is reported",
    "not-started": "the first day lies after the as-of date",
    "nothing-running": "none of the trajecten read for this person, source and type runs on the as-of date",
    "refused": "help was refused, so there is no traject",
    "removed-by-source": "the source took its start message back",
    "stop-removed": "the source took its stop message back, so the traject runs on",
    "temporarily-stopped": "the source paused the traject; the flag stays",
    "unchanged-by-source": "the source says nothing changed",
    # why one record is set aside
    "bsn-ambiguous": "more than one BSN stands in one client record",
    "bsn-invalid": "the BSN is not a text of nine digits that passes the eleven-test",
    "bsn-missing": "there is no BSN",
    "client-missing": "the traject names no client",
    "date-implausible": "a date lies before 1900 or more than ten years after the as-of date",
    "end-before-start": "the last day lies before the first",
    "end-invalid": "the end date is not a date as this format writes one (YYYY-MM-DD; in lines also dd-mm-yyyy)",
    "end-missing": "a stop needs an end date",
    "message-date-invalid": "the message is not dated as YYYY-MM-DD, so it cannot be put in order",
    "record-malformed": "the record does not have the form this message prescribes",
    "sender-invalid": "the sender is not an AGB code of eight digits",
    "source-unknown": "the delivering organisation has no usable identification number",
    "start-invalid": "the start date is not a date as this format writes one (YYYY-MM-DD; in lines also dd-mm-yyyy)",
    "start-missing": "there is no start date",
    "status-unknown": "the StatusAanlevering is not 1, 2, 3 or 9",
    # why the source said nothing
    "source-fault": "the source answered with a fault; its flags stay as they are",
    # why a whole file is refused
    "bad-encoding": "the bytes do not agree with the character encoding; save it as UTF-8, or as it declares",
    "compressed": "this is a compressed file; unpack it first",
    "doctype": "a DOCTYPE is not accepted; these messages never carry one",
    "duplicate-key": "a JSON object has the same key twice; ask the sender for a valid file",
    "empty": "the file is empty; fetch it again",
    "header-invalid": "the header is not the one this format prescribes; ask the sender for a valid file",
    "header-missing": "the message has no header before its clients; ask the sender for a valid message",
    "message-code-mismatch": "the BerichtCode does not belong to the message type of the root element",
    "not-ddas": "this is not a DDAS schuldhulp delivery (an object with a list named leveringen)",
    "not-json": "this is not well-formed JSON, or it was cut off; fetch it again",
    "not-well-formed": "this is not well-formed XML, or it was cut off; fetch it again",
    "too-deep": "elements are nested deeper than any of these messages allows",
    "too-large": "the file, or one value in it, is larger than the limit",
    "unreadable": "the file cannot be opened or read; check its path and permissions",
    "unsupported-message": "this is not an iWmo or iJw message of type 305 or 307",
    "unsupported-version": "only version 3 of iWmo and iJw is read; ask the sender for that version",
}


class Kind(StrEnum):
    """What a message says about a traject."""

    STARTED = "started"
    STOPPED = "stopped"
    START_REMOVED = "start-removed"
    STOP_REMOVED = "stop-removed"
    STATE = "state"  # begin and end together, replacing what an earlier delivery said about both
    UNCHANGED = "unchanged"
    NOT_A_TRAJECT = "not-a-traject"


@dataclass(frozen=True, slots=True)
class Observation:
    """What one message says about one traject of one person.

    Args:
        source: typed identifier of who says it, such as `agb:65656055`.
        type: code from the catalogue of signal types; deliberately coarse.
        traject: the traject's key at the source, digested; local only, see `traject_key`.
        start: first day; None when the message does not say.
        end: last day, inclusive; None when the message does not say or (`STATE`) there is none yet.
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
    traject: str = field(repr=False)
    kind: Kind
    start: date | None
    end: date | None
    stated_on: date | datetime
    message: str = field(repr=False)
    municipality: str | None
    position: str
    note: str | None = None
    temporary: bool = False
    replaces: bool = False

    @property
    def identity(self) -> tuple[Bsn, str, str, str]:
        """What makes two observations speak of the same traject."""
        return (self.person, self.source, self.type, self.traject)


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


Reading = Observation | Quarantined | SourceUnavailable


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


class MessageReader(Protocol):
    """Reads one file or message. Found by entry point, group `signal_index.flags`."""

    def __call__(self, stream: BinaryIO, name: str) -> Iterator[Reading]:
        """Yield the readings in the order they stand in the file, only once the whole file proved readable.

        Args:
            stream: the bytes, from its current position to the end.
            name: what to call the file in positions.

        Raises:
            FileRefused: before anything was yielded, when the file cannot be read as a whole.
        """


_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MUNICIPALITY: Final = re.compile(r"(?:GM)?([0-9]{4})", re.IGNORECASE)


def read_bsn(value: object) -> Bsn | str:
    """Read a BSN; when there is none, the code that says why. Anything but text counts as invalid."""
    text = value.strip() if isinstance(value, str) else value
    if text is None or text == "":
        return "bsn-missing"
    try:
        return Bsn.parse(text) if isinstance(text, str) else "bsn-invalid"
    except MalformedInput:
        return "bsn-invalid"


def read_day(text: str) -> date | None:
    """Read a day written as `YYYY-MM-DD`, spaces around it allowed; None for any other form or no such day."""
    stripped = text.strip()
    if not _DAY.fullmatch(stripped):
        return None  # fromisoformat also takes week dates and dates without hyphens
    try:
        return date.fromisoformat(stripped)
    except ValueError:
        return None


def read_municipality(text: str) -> str | None:
    """Read a municipality code, `0344` or `GM0344`; None when it is neither.

    Source: CBS municipality codes; the `GM` form is the CBS region code of the same municipality.
    """
    found = _MUNICIPALITY.fullmatch(text.strip())
    return found[1] if found and found[1] != "0000" else None


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
