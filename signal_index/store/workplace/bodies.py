"""How the sealed bodies of the workplace are written and read: one value, one writing, and anything else is damage.

Invariants:
1. A body opens only to something that would be written as exactly these bytes: no unknown code, no second way of
   writing a day, no number out of range is ever read as the nearest thing that makes sense.
2. What stands outside the seal is compared with what is inside by whoever opens the row, see `agree`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, TypeVar

from sqlalchemy import Connection

from crypto.encoding import decode_int
from crypto.errors import MalformedInput
from signal_index.store.cells import Cells, damaged
from signal_index.store.queries import Query
from signal_index.store.sql import AnyRow

T = TypeVar("T")

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_THERE: Final = (
    "="  # before a text that may be missing, so that an empty one and none are written differently
)


def moment_number(moment: datetime) -> int:
    """Write an aware moment as whole microseconds since 1970; `read_moment` reads the field back."""
    return (moment - _EPOCH) // _MICROSECOND


def read_moment(field: bytes) -> datetime:
    """Read a moment, in UTC.

    Raises:
        MalformedInput: not a number.
        OverflowError: no calendar has it.
    """
    return _EPOCH + decode_int(field) * _MICROSECOND


def day_text(day: date | None) -> str:
    """Write a day in ISO form, or none; `read_day` and `read_day_if_any` read the field back."""
    return "" if day is None else day.isoformat()


def read_day(field: bytes) -> date:
    """Read a day.

    Raises:
        ValueError: not a day.
    """
    return date.fromisoformat(field.decode())


def read_day_if_any(field: bytes) -> date | None:
    """Read a day or none.

    Raises:
        ValueError: not a day.
    """
    return read_day(field) if field else None


def text_if_any(text: str | None) -> str:
    """Write a text that may be missing; `read_text_if_any` reads the field back."""
    return "" if text is None else _THERE + text


def read_text_if_any(field: bytes) -> str | None:
    """Read a text that may be missing."""
    return field.decode()[len(_THERE) :] if field else None


def codes_text(codes: Iterable[str]) -> str:
    """Write codes in the order given; `read_codes` reads the field back.

    Raises:
        ValueError: a code is empty or has a space in it, and would be read as others.
    """
    listed = list(codes)
    joined = " ".join(listed)
    if joined.split() != listed:
        raise ValueError("a code cannot be empty or have spaces in it")
    return joined


def read_codes(field: bytes) -> list[str]:
    """Read codes in the order they were written."""
    return field.decode().split()


def yes_no(*, said: bool) -> str:
    """Write a yes or no; `read_yes_no` reads the field back."""
    return "1" if said else "0"


def read_yes_no(field: bytes) -> bool:
    """Read a yes or no; what is neither is found out by `open_body`."""
    return field == b"1"


def open_body(
    cells: Cells, row: bytes, sealed: bytes, size: int, read: Callable[[bytes], tuple[T, bytes]]
) -> T:
    """Open a body and read what it holds.

    Args:
        cells: of the table.
        row: the row's key.
        sealed: as it stands in `sealed_body`.
        size: what bodies of this table are padded to.
        read: makes the noun of the body, and the body of the noun again.

    Raises:
        Unavailable: `damaged-row`: it does not open here, or reads as nothing that would be written like this.
    """
    body = cells.unseal("sealed_body", row, sealed, size)
    try:
        found, again = read(body)
    except (MalformedInput, ValueError, OverflowError) as error:
        raise damaged(cells.table) from error
    if again != body:
        raise damaged(cells.table)
    return found


def agree(table: str, row: AnyRow, inside: Mapping[str, object]) -> None:
    """Compare what stands outside the seal with what it must be according to the inside.

    Raises:
        Unavailable: `damaged-row`: a column says something else.
    """
    if any(getattr(row, name) != value for name, value in inside.items()):
        raise damaged(table)


def fetch(
    connection: Connection, table: str, query: Query, parameters: Mapping[str, object]
) -> Sequence[Any]:
    """Ask, and fetch everything.

    Raises:
        Unavailable: `damaged-row`: a day in the clear is not one.
    """
    try:
        return query.named(connection, parameters)
    except ValueError as error:
        raise damaged(table) from error
