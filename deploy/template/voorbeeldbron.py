"""Messages of an example source: copy this file, and change what is about the example.

The message: a JSON object with `opgesteld` (when the list was made) and `trajecten`, each with `nummer`,
`burgerservicenummer`, `gestart` and `gestopt` (null while it runs).

Invariants:
1. Only the four values above are looked at; whatever else stands in a traject is skipped.
2. The list tells how things stood when it was made, so of two lists the later one counts.
"""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Final

from pydantic import Field

from connectors.formats import Format, Options
from connectors.parsing import once_whole
from connectors.parsing.strict_json import Json, Opened, Place, walk, written
from connectors.reading import (
    FileRefused,
    Kind,
    Message,
    Observation,
    Quarantined,
    Reading,
    read_bsn,
    read_day,
    read_moment,
    traject_key,
)

TYPE: Final = "participatie-traject"
"""A code of the catalogue, as coarse as it can be."""

_WALKED: Final = ((), ("trajecten",))


class ExampleOptions(Options):
    """What an organisation sets under `[formats.voorbeeldbron]`.

    Args:
        source: who says it, as registered at the index.
    """

    source: str = Field(default="kvk:90001234", pattern=r"^kvk:[0-9]{8}$")


def read(message: Message, options: ExampleOptions = ExampleOptions()) -> Iterator[Reading]:  # noqa: B008 - frozen
    """Read one list. See `connectors.reading.MessageReader`.

    Raises:
        FileRefused: not strict JSON, or no list of this source.
    """
    name, max_bytes = message.name, options.max_bytes
    return once_whole(
        lambda stream: _read(walk(stream, name, _WALKED, max_bytes), name, options), message, max_bytes
    )


FORMAT: Final = Format(read, "Lists of the example source", ExampleOptions)


def _read(
    values: Iterator[tuple[Place, Json | Opened]], name: str, options: ExampleOptions
) -> Iterator[Reading]:
    made: datetime | None = None
    has_list = False
    for place, value in values:
        match place:
            case ("opgesteld",):
                made = read_moment(value) if isinstance(value, str) else None
            case ("trajecten",):
                has_list = value is Opened.LIST
            case ("trajecten", int()):
                if made is None:
                    raise FileRefused("header-missing", name)
                yield _reading(value, made, options.source, written(name, place))
    if made is None or not has_list:
        raise FileRefused("header-invalid", name)


def _reading(traject: Json | Opened, made: datetime, source: str, place: str) -> Reading:
    if not isinstance(traject, dict):
        return Quarantined("record-malformed", place, None, source, TYPE)
    person = read_bsn(traject.get("burgerservicenummer"))
    dates = _dates(traject)
    if isinstance(person, str) or isinstance(dates, str):
        code = person if isinstance(person, str) else str(dates)
        return Quarantined(code, place, None if isinstance(person, str) else person, source, TYPE)
    start, end = dates
    return Observation(
        person=person,
        source=source,
        type=TYPE,
        traject=traject_key("voorbeeldbron", str(traject.get("nummer"))),
        kind=Kind.STATE,
        start=start,
        end=end,
        stated_on=made,
        message="",
        municipality=None,
        position=place,
        replaces=True,  # one number is one traject, so another first day than before is a correction
    )


def _dates(traject: dict[str, Json]) -> tuple[date, date | None] | str:
    """Return first and last day, or the code that says why they cannot be used."""
    start, end = (read_day(str(traject.get(key) or "")) for key in ("gestart", "gestopt"))
    if start is None:
        return "start-invalid" if traject.get("gestart") else "start-missing"
    if end is None and traject.get("gestopt"):
        return "end-invalid"
    if end is not None and end < start:
        return "end-before-start"
    return start, end
