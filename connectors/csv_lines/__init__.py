"""CSV of a source without a message standard: the first line names the six columns, every other line is a traject.

The file: UTF-8, `;` or `,` between fields as in the first line, quotes where needed, the columns of `lines.layout` in
any order and no other.

Invariants:
1. A file with any other column is refused as a whole: a column of names or addresses has no business in it, and not one
   line below it is used.
2. A line that is not clear is quarantined by its number; the lines around it are read.
3. Nothing in a cell is evaluated, converted or shown.

Whoever writes the file can at most misstate that something runs at the sources its publisher may speak for.
"""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Final, NamedTuple

from connectors.formats import Format
from connectors.lines import Line, LineOptions, Lines
from connectors.lines.layout import COLUMNS, reading
from connectors.reading import FileRefused, Message, Quarantined, Reading

from .rows import MALFORMED, Row, rows

_SEPARATORS: Final = (";", ",")


class _Header(NamedTuple):
    """The line that names the columns."""

    number: int
    separator: str
    columns: tuple[str, ...]


def read(
    message: Message,
    options: LineOptions = LineOptions(),  # noqa: B008 - frozen
) -> Iterator[Reading]:
    """Read one CSV file in the layout of `lines.layout`. See `reading.MessageReader`.

    Yields:
        One reading per row that is not blank, in the order they stand in the file.

    Raises:
        FileRefused: not UTF-8, empty, too large, or a first line that does not name exactly the six columns.
    """
    name = message.name
    lines = Lines(message, options)
    header = _header(lines, name)
    for row in rows(islice(lines, header.number, None), header.separator):
        if not row.is_blank:
            yield _reading(row, header, name, message.received)


def _reading(row: Row, header: _Header, name: str, stated_on: datetime) -> Reading:
    place = f"{name}:{row.first}" if row.first == row.last else f"{name}:{row.first}-{row.last}"
    if row.fault is not None:
        return Quarantined(row.fault, place)
    if len(row.fields) != len(header.columns):
        return Quarantined(MALFORMED, place)
    return reading(dict(zip(header.columns, row.fields, strict=True)), place, stated_on)


def _header(lines: Lines, name: str) -> _Header:
    """Return the header, having gone through the whole file: a fault in its last line must come before any reading."""
    first: Line | None = None
    for line in lines:
        if first is None and not line.is_blank:
            first = line
    if first is None:
        raise FileRefused("empty", name)
    separator = next((mark for mark in _SEPARATORS if mark in (first.text or "")), _SEPARATORS[0])
    (row,) = rows(iter([first]), separator)
    place = f"{name}:{first.number}"
    if row.fault is not None:
        raise FileRefused("columns-wrong", place)
    _check(row.fields, place)
    return _Header(first.number, separator, row.fields)


def _check(columns: tuple[str, ...], place: str) -> None:
    """Refuse any other set of columns, saying which by number: in a file without a header the text is a value."""
    for number, column in enumerate(columns, start=1):
        if column not in COLUMNS:
            raise FileRefused("columns-wrong", f"{place}: column {number} is unknown")
        if column in columns[: number - 1]:
            raise FileRefused("columns-wrong", f"{place}: column {number} is there twice")
    missing = [column for column in COLUMNS if column not in columns]
    if missing:
        raise FileRefused("columns-wrong", f"{place}: no column {missing[0]}")


FORMAT: Final = Format(read, "CSV with the six values of any source", LineOptions)
