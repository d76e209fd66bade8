"""Values as Cedar has them, in Python types that are never equal across kinds.

Python holds that `True == 1`; Cedar does not. So longs are wrapped here, and a set keeps both.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

LONG_MIN, LONG_MAX = -(2**63), 2**63 - 1

# What both Cedar and `datetime.fromisoformat` read, and read alike.
_DATETIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{3})?(Z|[+-]([01][0-9]|2[0-3])[0-5][0-9]))?"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, order=True)
class Long:
    """A whole number of 64 bits."""

    number: int

    def __post_init__(self) -> None:
        """Refuse what does not fit, as Cedar does: it never wraps around."""
        if not LONG_MIN <= self.number <= LONG_MAX:
            raise OverflowError("outside 64 bits")


@dataclass(frozen=True, slots=True, order=True)
class Datetime:
    """A moment, in milliseconds since 1970 UTC."""

    milliseconds: int


class Uid(NamedTuple):
    """The name of an entity. The only tuple among the values, so it equals no other kind."""

    type: str
    id: str


Value = bool | str | Long | Datetime | Uid | frozenset["Value"]


def datetime_of(text: str) -> Datetime:
    """Read a moment as Cedar writes it; a day alone is its midnight in UTC.

    Raises:
        ValueError: If Cedar or Python could not read it.
    """
    if _DATETIME.fullmatch(text) is None:
        raise ValueError("not a moment as Cedar writes it")
    moment = datetime.fromisoformat(text)
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return Datetime((aware - _EPOCH) // timedelta(milliseconds=1))


def value_of(stated: object) -> Value:
    """Read an attribute from Cedar JSON.

    Raises:
        ValueError: If it is of a kind that no schema of ours has, such as a record or an entity.
    """
    match stated:
        case bool() | str():
            return stated
        case int():
            return Long(stated)
        case list() | tuple():
            return frozenset(value_of(each) for each in stated)
        case {"__extn": {"fn": "datetime", "arg": str(text)}}:
            return datetime_of(text)
        case _:
            raise ValueError("an attribute of an unknown kind")
