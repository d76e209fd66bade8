"""Rows of a CSV file and the lines they take, so that a stray quote costs one line and not the rest of the file.

Invariants:
1. A quoted field that properly closes on a later line makes one row of all those lines. So text somebody typed, line
   breaks and all, can never pose as a row of its own.
2. A quote that does not properly close spoils the line it stands in and no other.
3. Time and memory grow with the file and with one line, whatever the quotes do.

Source: RFC 4180 for the quoting, taken strictly: a quote stands around a field, or twice for one within.
"""

import csv
import re
from collections import deque
from collections.abc import Iterator
from typing import Final, NamedTuple

from connectors.lines import Line

MALFORMED: Final = "record-malformed"
TOO_LONG: Final = "too-large"

_QUOTE: Final = '"'
_QUOTED_CHARACTERS_MAX: Final = (
    65_536  # of a field over several lines; a quote that is open for longer is a stray
)


class Row(NamedTuple):
    """One row.

    Args:
        first: number of its first line.
        last: number of its last line.
        fields: without the spaces around them; empty when there is a fault.
        fault: key of `EXPLANATIONS`.
    """

    first: int
    last: int
    fields: tuple[str, ...] = ()
    fault: str | None = None

    @property
    def is_blank(self) -> bool:
        """Whether nothing stands in it, separators apart; spreadsheets export empty rows so."""
        return self.fault is None and not any(self.fields)


def rows(lines: Iterator[Line], separator: str) -> Iterator[Row]:
    """Yield the rows of a file.

    Args:
        lines: in order.
        separator: between fields, one character.
    """
    whole = _whole_rows(separator)
    ahead: deque[Line] = deque()
    while (line := ahead.popleft() if ahead else next(lines, None)) is not None:
        number = line.number
        if line.text is None:
            yield Row(number, number, fault=TOO_LONG)
        elif whole.fullmatch(line.text):
            fields = next(csv.reader([line.text], delimiter=separator, strict=True))
            yield Row(number, number, tuple(field.strip() for field in fields))
        else:
            last = _last_line(number, line.text, _kept(lines, ahead), whole)
            while ahead and ahead[0].number <= last:
                ahead.popleft()
            yield Row(number, last, fault=MALFORMED)


def _whole_rows(separator: str) -> re.Pattern[str]:
    """Return what a row with all its quotes in place looks like; possessive, so that no text makes it backtrack."""
    field = rf'(?:"[^"]*+(?:""[^"]*+)*+"|[^"{re.escape(separator)}\n]*+)'
    return re.compile(rf"{field}(?:{re.escape(separator)}{field})*+")


def _last_line(number: int, text: str, coming: Iterator[Line], whole: re.Pattern[str]) -> int:
    """Return the number of the line on which a quote left open on this one properly closes; this one's if none does.

    Only a line with an odd number of quotes can leave one open, and only the next such line can close it. So this
    never begins while lines of an earlier look ahead are left, and every line is looked at twice at most.
    """
    if not _is_odd(text):
        return number
    block, size = [text], len(text)
    for line in coming:
        if line.text is None or size > _QUOTED_CHARACTERS_MAX:
            break
        block.append(line.text)
        size += len(line.text) + 1
        if _is_odd(line.text):
            return line.number if whole.fullmatch("\n".join(block)) else number
    return number


def _is_odd(text: str) -> bool:
    return text.count(_QUOTE) % 2 == 1


def _kept(lines: Iterator[Line], ahead: deque[Line]) -> Iterator[Line]:
    for line in lines:
        ahead.append(line)
        yield line
