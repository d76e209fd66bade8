"""The feed's file: strict CSV in, one checked row of the sheet per line out.

Whatever is wrong is told by line and column, never by value.

Source: RFC 4180 for the quoting; which characters a field may hold is the sheet's to say.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from io import StringIO
from typing import Final, TypeVar
from uuid import UUID

from connectors.reading import read_day
from connectors.state import Intent
from crypto.encoding import Month
from crypto.errors import MalformedInput
from crypto.sheet import AgeBand, ZorgrelatieOperation, ZorgrelatieRow
from crypto.sheet.fields import MalformedRow

T = TypeVar("T")

COLUMNS: Final = (
    "actie",
    "relatie_id",
    "bsn",
    "organisatie",
    "team",
    "medewerker",
    "zaakreferentie",
    "van",
    "tot",
    "geregistreerd_door",
    "leeftijdsgroep",
    "leeftijdsgroep_wijzigt",
    "afgeschermd",
    "coordinator",
)
FEED_BYTES_MAX: Final = 64 * 1024 * 1024
"""Half a million relations: more than any organisation has, and it fits in memory."""

REFUSALS: Final[Mapping[str, str]] = {
    "unreadable": "the file cannot be opened or read; check its path and permissions",
    "too-large": "the file, or one field in it, is larger than the limit",
    "bad-encoding": "the bytes are not UTF-8; save the file as UTF-8",
    "nul": "there is a NUL character in it, so this is not a text file",
    "not-csv": "the quotes do not match; export the file again",
    "columns": "the first line does not name exactly the columns of the feed",
    "fields": "a line does not have as many fields as the first one; the file may have been cut off",
    "empty": "there is no line in it; a complete feed without a single relation is not believed",
    "cut-off": "the last line has no end, so a complete feed may have been cut off; export it again",
}
"""Why a whole file is refused."""

REASONS: Final[Mapping[str, str]] = {
    "action-unknown": "the action is not registreren, wijzigen, beeindigen or vergissing",
    "value-missing": "this field may not be empty",
    "value-invalid": "the value does not have the form this field needs",
    "bsn-missing": "there is no BSN",
    "bsn-invalid": "the BSN is not nine digits that pass the eleven-test",
    "relation-id-invalid": "the relation id is not a UUID",
    "organisation-not-registered": "the relation is of another organisation than the settings name",
    "person-changed": "this relation was about another person; take it back as a mistake and register a new one",
}
"""Why one line is set aside."""

ACTIONS: Final[Mapping[str, Intent]] = {
    "registreren": Intent.KEEP,
    "wijzigen": Intent.KEEP,
    "beeindigen": Intent.END,
    "vergissing": Intent.MISTAKE,
}
_AGE_BANDS: Final = {band.value: band for band in AgeBand} | {"": AgeBand.UNKNOWN}
_MARKS: Final = {"ja": True, "nee": False}
_COLUMN_OF: Final = {
    "team": "team",
    "worker": "medewerker",
    "case_reference": "zaakreferentie",
    "valid_from": "van",
    "valid_until": "tot",
    "registered_by": "geregistreerd_door",
    "age_band_changes": "leeftijdsgroep_wijzigt",
}
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_ANY_GENERATION: Final = 1


class FeedRefused(Exception):
    """A whole file is refused; nothing from it is taken in.

    Args:
        code: key of `REFUSALS`.
        place: file and line.
    """

    def __init__(self, code: str, place: str) -> None:
        super().__init__(f"{place}: {code}: {REFUSALS[code]}")
        self.code = code


class LineFault(Exception):
    """One line cannot be used: a key of `REASONS`, and the column if one is to blame."""

    def __init__(self, code: str, column: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.column = column


@dataclass(frozen=True)
class Feed:
    """One file as it was read.

    Args:
        name: what places call it; without personal data.
        complete: it lists every live relation, so what is missing has ended.
    """

    name: str
    content: bytes
    complete: bool = False


def lines(feed: Feed) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Number and fields of every line below the first; the whole file has proved readable by then.

    Raises:
        FeedRefused: see `REFUSALS`.
    """
    text = _text(feed)
    first = text.partition("\n")[0]
    reader = csv.reader(StringIO(text, newline=""), delimiter=";" if ";" in first else ",", strict=True)
    names: list[str] | None = None
    try:
        for fields in reader:
            if names is None:
                names = _names(fields, feed)
            elif fields:
                yield (
                    reader.line_num,
                    dict(zip(names, _as_many(fields, names, feed, reader.line_num), strict=True)),
                )
    except csv.Error as error:
        code = "too-large" if "limit" in str(error) else "not-csv"
        # Not chained: the cause of a fault may quote the field.
        raise FeedRefused(code, f"{feed.name}:{reader.line_num}") from None
    if names is None:
        raise FeedRefused("columns", f"{feed.name}:1")


def _text(feed: Feed) -> str:
    if len(feed.content) > FEED_BYTES_MAX:
        raise FeedRefused("too-large", feed.name)
    if b"\0" in feed.content:
        before = feed.content.partition(b"\0")[0]
        raise FeedRefused("nul", f"{feed.name}:{_line_number(before)}")
    if feed.complete and not feed.content.endswith((b"\n", b"\r")):
        raise FeedRefused("cut-off", f"{feed.name}:{_line_number(feed.content)}")
    try:
        return feed.content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # Not chained: the cause carries the whole file.
        raise FeedRefused(
            "bad-encoding", f"{feed.name}:{_line_number(feed.content[: error.start])}"
        ) from None


def _line_number(before: bytes) -> int:
    return before.count(b"\n") + 1


def _names(fields: list[str], feed: Feed) -> list[str]:
    names = [field.strip().lower() for field in fields]
    if sorted(names) != sorted(COLUMNS):
        raise FeedRefused("columns", f"{feed.name}:1")
    return names


def _as_many(fields: list[str], names: list[str], feed: Feed, number: int) -> list[str]:
    if len(fields) != len(names):
        raise FeedRefused("fields", f"{feed.name}:{number}")
    return [field.strip() for field in fields]


def relation_id(line: Mapping[str, str]) -> bytes:
    """Return the 16 bytes of the line's relation id.

    Raises:
        LineFault: it is not a UUID, or the one of zeros.
    """
    text = line["relatie_id"]
    value = UUID(text).bytes if _UUID.fullmatch(text) else bytes(16)
    if not any(value):
        raise LineFault("relation-id-invalid", "relatie_id")
    return value


def row(line: Mapping[str, str], intent: Intent, as_of: date) -> ZorgrelatieRow:
    """Return what the line says, as a row without a generation.

    Args:
        line: from `lines`.
        intent: of its action.
        as_of: the last day of a relation that ends without saying when.

    Raises:
        LineFault: a field is empty or not of its form.
    """
    if intent is Intent.END:
        last_day = _day(line, "tot") if line["tot"] else as_of
        return end_row(relation_id(line), line["organisatie"], last_day)
    if intent is Intent.MISTAKE:
        return ZorgrelatieRow(
            ZorgrelatieOperation.WITHDRAW_MISTAKE,
            relation_id=relation_id(line),
            generation=_ANY_GENERATION,
            organisation=line["organisatie"],
        )
    return _whole_row(line)


def end_row(relation: bytes, organisation: str, last_day: date) -> ZorgrelatieRow:
    """Return the row that ends a relation on this last day."""
    return ZorgrelatieRow(
        ZorgrelatieOperation.END,
        relation_id=relation,
        generation=_ANY_GENERATION,
        organisation=organisation,
        valid_until=last_day,
    )


def _whole_row(line: Mapping[str, str]) -> ZorgrelatieRow:
    for column in ("team", "medewerker", "zaakreferentie", "van", "tot", "geregistreerd_door"):
        if not line[column]:
            raise LineFault("value-missing", column)
    try:
        return ZorgrelatieRow(
            ZorgrelatieOperation.REGISTER,
            relation_id=relation_id(line),
            generation=_ANY_GENERATION,
            organisation=line["organisatie"],
            team=line["team"],
            worker=line["medewerker"],
            case_reference=line["zaakreferentie"],
            valid_from=_day(line, "van"),
            valid_until=_day(line, "tot"),
            registered_by=line["geregistreerd_door"],
            age_band=_one_of(line, "leeftijdsgroep", _AGE_BANDS),
            age_band_changes=_month(line, "leeftijdsgroep_wijzigt"),
            shielded=_one_of(line, "afgeschermd", _MARKS),
            coordinator=_one_of(line, "coordinator", _MARKS),
        )
    except MalformedRow as fault:
        # The message begins with the field's name and never holds its value.
        raise LineFault("value-invalid", _COLUMN_OF.get(str(fault).split()[0])) from None


def _one_of(line: Mapping[str, str], column: str, values: Mapping[str, T]) -> T:
    if line[column] not in values:
        raise LineFault("value-invalid", column)
    return values[line[column]]


def _day(line: Mapping[str, str], column: str) -> date:
    day = read_day(line[column])
    if day is None:
        raise LineFault("value-invalid", column)
    return day


def _month(line: Mapping[str, str], column: str) -> Month | None:
    if not line[column]:
        return None
    try:
        return Month.parse(line[column])
    except MalformedInput:
        raise LineFault("value-invalid", column) from None
