"""What an export for a privacy officer holds, beside tiles and bundles: its members and the text of each.

Invariants:
1. A record and a description have one text each; every other is refused.
2. The records stand in the order of the log, so that they can be checked against it in one pass.

The description is signed by nobody: it says what the exporter meant to put in.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Self

from crypto.errors import MalformedInput

from .lines import read_base64, write_base64

CHECKPOINT: Final = "checkpoint"
"""A signed note, `crypto.log.checkpoint`."""
ABOUT: Final = "about.json"
RECORDS: Final = "records.jsonl"
FORMAT: Final = "signal-index audit export 1"

RECORD_LINE_BYTES_MAX: Final = 256 * 1024
"""Well above a body of the largest size (60 kB) in base64."""
ABOUT_BYTES_MAX: Final = 4096


@dataclass(frozen=True, slots=True)
class ExportedRecord:
    """A record with what opens its commitment.

    Args:
        writer: whose chain it stands in; not empty.
        number: its place there, from 1.
        salt: of this record.
        body: as it was committed to.
    """

    writer: bytes
    number: int
    salt: bytes
    body: bytes

    @property
    def line(self) -> bytes:
        """The line in `records.jsonl`, with its newline."""
        return _write(
            {
                "writer": self.writer.hex(),
                "number": self.number,
                "salt": write_base64(self.salt),
                "body": write_base64(self.body),
            }
        )

    @classmethod
    def read(cls, line: bytes) -> Self:
        """Read a line, newline included.

        Raises:
            MalformedInput: Any other text than `line` would give.
        """
        match _read(line):
            case {"writer": str(writer), "number": int(number), "salt": str(salt), "body": str(body)} if not (
                isinstance(number, bool)
            ):
                found = cls(_unhex(writer), number, read_base64(salt), read_base64(body))
            case _:
                raise MalformedInput("not a record of an export")
        if found.line != line:
            raise MalformedInput("not a record in its only spelling")
        return found


@dataclass(frozen=True, slots=True)
class About:
    """What the exporter says of the export; times are aware and UTC.

    Args:
        made_at: when it was made.
        since: the earliest time of the records in it; None for all from the beginning.
        until: the latest; None for all up to now.
    """

    made_at: datetime
    since: datetime | None
    until: datetime | None

    @property
    def text(self) -> bytes:
        """The content of `about.json`."""
        since, until = (None if time is None else time.isoformat() for time in (self.since, self.until))
        return _write({"format": FORMAT, "made_at": self.made_at.isoformat(), "from": since, "until": until})

    @classmethod
    def read(cls, data: bytes) -> Self:
        """Read a description.

        Raises:
            MalformedInput: Another format, or any other text than `text` would give.
        """
        match _read(data):
            case {"format": str(name), "made_at": str(made_at), "from": since, "until": until} if (
                name == FORMAT
            ):
                found = cls(_time(made_at), _bound(since), _bound(until))
            case _:
                raise MalformedInput("not the description of an export of this format")
        if found.text != data:
            raise MalformedInput("not the description of an export in its only spelling")
        return found


def read_time(text: str) -> datetime:
    """Read an ISO 8601 time with its distance from UTC.

    Raises:
        MalformedInput: Not a time, or without that distance.
    """
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise MalformedInput("not a time") from None
    if time.utcoffset() is None:
        raise MalformedInput("a time without its distance from UTC")
    return time


def _time(text: str) -> datetime:
    time = read_time(text)
    if time.utcoffset() != timedelta(0):
        raise MalformedInput("a time in an export is UTC")
    return time


def _bound(text: object) -> datetime | None:
    if text is not None and not isinstance(text, str):
        raise MalformedInput("a bound of the period is a time or null")
    return None if text is None else _time(text)


def _write(members: dict[str, object]) -> bytes:
    return json.dumps(members, separators=(",", ":")).encode() + b"\n"


def _read(data: bytes) -> Any:  # noqa: ANN401 - the caller matches its form
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        # The cause would carry the whole text along.
        raise MalformedInput("not JSON") from None


def _unhex(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise MalformedInput("not hexadecimal") from None
