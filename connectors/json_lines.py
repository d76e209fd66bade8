"""JSON Lines of a source without a message standard: every line is one JSON object about one traject.

The file: UTF-8, one object per line with the members of `lines.layout`, all texts; `einde` may be null or left out.

Invariants:
1. One reading of a line: strict JSON, no member twice.
2. A line with any other member is quarantined, whatever stands in it: a name or an address has no business there.
3. A line that is not clear is quarantined by its number; the lines around it are read.

Whoever writes the file can at most misstate that something runs at the sources its publisher may speak for.
"""

from collections.abc import Iterator
from datetime import datetime
from io import BytesIO
from typing import Final

from .formats import Format
from .lines import Line, LineOptions, Lines
from .lines.layout import reading, unknown_member
from .parsing.strict_json import Json, load
from .reading import FileRefused, Message, Quarantined, Reading


def read(
    message: Message,
    options: LineOptions = LineOptions(),  # noqa: B008 - frozen
) -> Iterator[Reading]:
    """Read one JSON Lines file in the layout of `lines.layout`. See `reading.MessageReader`.

    Yields:
        One reading per line that is not blank, in the order they stand in the file.

    Raises:
        FileRefused: not UTF-8, empty, too large, or without a JSON object on any line.
    """
    name = message.name
    lines = Lines(message, options)
    _check(lines, name)
    for line in lines:
        if not line.is_blank:
            yield _reading(line, f"{name}:{line.number}", message.received)


def _reading(line: Line, place: str, stated_on: datetime) -> Reading:
    members = object_in(line)
    if isinstance(members, str):
        return Quarantined(members, place)
    if (number := unknown_member(members)) is not None:
        return Quarantined("record-malformed", f"{place}: member {number} is unknown")
    return reading(members, place, stated_on)


def _check(lines: Lines, name: str) -> None:
    """Go through the whole file, so that a fault in its last line comes before any reading."""
    first, has_object = 0, False
    for line in lines:
        if not line.is_blank:
            first = first or line.number
            has_object = has_object or not isinstance(object_in(line), str)
    if not first:
        raise FileRefused("empty", name)
    if not has_object:
        raise FileRefused("not-json", f"{name}:{first}")


def object_in(line: Line) -> dict[str, Json] | str:
    """Return the members of the line's object, or the code that says why there are none."""
    if line.text is None:
        return "too-large"
    content = line.text.encode("utf-8")
    try:
        value = load(BytesIO(content), "", len(content))
    except FileRefused as refusal:
        return refusal.code
    return value if isinstance(value, dict) else "record-malformed"


FORMAT: Final = Format(read, "JSON Lines with the six values of any source", LineOptions)
