"""The fixed layout of a source without a message standard: one record per traject with six values, and no seventh.

| value | holds |
|---|---|
| `traject` | the source's own id of the traject, the same in every export |
| `bsn` | nine digits, as text |
| `bron` | as in the register: `agb:`, `kvk:`, `gemeente:`, `oin:`, `uzovi:`, `brin:` or `suwi:`, then number or name |
| `soort` | type of signal, a code of the catalogue |
| `begin` | first day, `2026-01-08` or `08-01-2026` |
| `einde` | last day, written likewise; empty while the traject runs |

A file tells how its trajecten stand at the moment it is read, so of two files the one read last counts. A traject that
a file leaves out has not ended. Where records of one file differ about one traject, it runs while any of them says so.

Invariants:
1. There is no room for a name, an address or a remark; what is not one of the six is never looked at.
2. What comes out has a closed form: a type from a list, an identification number, days, a digest.
3. A record that is not clear is quarantined whole; only a last day ends a traject.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from connectors.reading import (
    Kind,
    Observation,
    Quarantined,
    Reading,
    municipality_of,
    read_bsn,
    read_day,
    read_source,
    traject_key,
)

COLUMNS: Final = ("traject", "bsn", "bron", "soort", "begin", "einde")

TYPES: Final = frozenset(
    {
        "aio-aanvulling",
        "anw-uitkering",
        "aow-uitkering",
        "beschermingsbewind",
        "bijstandsuitkering",
        "inburgering-traject",
        "jeugdhulp",
        "onder-curatele",
        "opleiding",
        "overige-jeugdhulp",
        "participatie-traject",
        "schoolinschrijving-verzuim",
        "schuldhulptraject",
        "studiefinanciering",
        "wajong-uitkering",
        "wao-uitkering",
        "wia-uitkering",
        "wlz-indicatie",
        "wlz-zorg",
        "wmo-voorziening",
        "ww-uitkering",
        "ziektewet-uitkering",
    }
)
"""The catalogue's codes. A connector may not import the rules; a test compares the two."""

_DUTCH_DAY: Final = re.compile(r"([0-9]{2})-([0-9]{2})-([0-9]{4})")


@dataclass(frozen=True, slots=True)
class _Fault:
    """Why a record cannot be used.

    Args:
        code: key of `EXPLANATIONS`.
        value: which of the six it is about, where the code does not say so.
    """

    code: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class _Told:
    """What a record says about the traject itself, once it proved usable."""

    key: str
    start: date
    end: date | None


def reading(record: Mapping[str, object], position: str, stated_on: datetime) -> Reading:
    """Read one record.

    Args:
        record: the six values by name; one that is not there, None and empty text are the same.
        position: file and line, without personal data.
        stated_on: aware; when the file was read.
    """
    source, type_code = read_source(_text(record.get("bron")) or ""), _type(record.get("soort"))
    person, told = read_bsn(record.get("bsn")), _told(record)
    municipality = municipality_of(source) if source else None
    if source is None or type_code is None or isinstance(person, str) or isinstance(told, _Fault):
        faults = (
            None if source else _Fault("source-unknown"),
            None if type_code else _Fault("record-malformed", "soort"),
            _Fault(person) if isinstance(person, str) else None,
            told if isinstance(told, _Fault) else None,
        )
        fault = next(fault for fault in faults if fault is not None)
        place = f"{position}: {fault.value}" if fault.value else position
        known = None if isinstance(person, str) else person
        return Quarantined(fault.code, place, known, source, type_code, municipality)
    return Observation(
        person=person,
        source=source,
        type=type_code,
        traject=told.key,
        kind=Kind.STATE,
        start=told.start,
        end=told.end,
        stated_on=stated_on,
        message="",
        municipality=municipality,
        position=position,
        replaces=True,  # one id is one traject, so another first day than before is a correction
    )


def unknown_member(record: Mapping[str, object]) -> int | None:
    """Return the number, from 1, of the first member that is none of the six; a name has no business in a position."""
    return next((number for number, member in enumerate(record, start=1) if member not in COLUMNS), None)


def _text(value: object) -> str | None:
    """Return a text without the spaces around it, or None when it is empty or no text at all."""
    return (value.strip() or None) if isinstance(value, str) else None


def _is_filled(value: object) -> bool:
    return value is not None and (not isinstance(value, str) or bool(value.strip()))


def _type(value: object) -> str | None:
    text = _text(value)
    return text if text in TYPES else None


def _told(record: Mapping[str, object]) -> _Told | _Fault:
    own_id = _text(record.get("traject"))
    if own_id is None or not own_id.isprintable():
        return _Fault("record-malformed", "traject")
    start, end = _day(record.get("begin")), _day(record.get("einde"))
    if start is None:
        return _Fault("start-invalid" if _is_filled(record.get("begin")) else "start-missing")
    if end is None and _is_filled(record.get("einde")):
        return _Fault("end-invalid")
    if end is not None and end < start:
        return _Fault("end-before-start")
    return _Told(traject_key("own-id", own_id), start, end)


def _day(value: object) -> date | None:
    text = _text(value) or ""
    dutch = _DUTCH_DAY.fullmatch(text)
    return read_day(f"{dutch[3]}-{dutch[2]}-{dutch[1]}" if dutch else text)
