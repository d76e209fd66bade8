"""DDAS vroegsignalering deliveries (v0.9 to v1.2, JSON): for whom a signal of arrears is open at a municipality.

Off unless the settings switch it on: the law lets a municipality use these signals to offer debt help, and for nothing
else. Whoever switches it on sees to it that only that purpose is shown them.

Invariants:
1. A signal is a person only by its BSN; a name, a birth date or an address is never matched with anything, nor read.
2. Who sent the signal, amounts and the dates of debts are never read; of a result only whether there is one, and of a
   status only whether the signal is open.
3. A signal is closed by its own status, or by a result in every case that it is part of. A status that is not in the
   lists below is set aside, never guessed.
4. Signals of one person, one municipality and one day are one: the format's own number identifies a signal within one
   delivery only, so between deliveries the day it was sent stands in for it. Of those one that is open counts most.

Source: DDAS uitwisselmodel vroegsignalering v0.1 to v1.2 (VNG-Realisatie), EnumSignaalstatus; Wet gemeentelijke
schuldhulpverlening art. 3 lid 1 onder b; Besluit gemeentelijke schuldhulpverlening art. 2.
"""

from collections.abc import Iterator, Mapping
from typing import BinaryIO, Final

from connectors.formats import Format, Options
from connectors.parsing import once_whole
from connectors.parsing.strict_json import Json
from connectors.reading import (
    FileRefused,
    Kind,
    Message,
    Observation,
    Quarantined,
    Reading,
    read_day,
    traject_key,
)

from .delivery import (
    DELIVERIES,
    RECORD_STEPS,
    Form,
    Record,
    Sender,
    client_bsn,
    municipality_of,
    records,
    source_of,
)

TYPE: Final = "vroegsignaal"

NUMBERS_MAX: Final = 200_000
"""Signals in one file that are part of a case; a large municipality receives some tens of thousands a year."""

_NUMBER_CHARACTERS: Final = 200  # as long as any text of this model may be
_SIGNALS: Final = "vroegsignalen"
_CASES: Final = "vroegsignaalzaken"

_OPEN: Final = frozenset({"nog niet opgepakt", "opgepakt"})
_CLOSED: Final = frozenset(
    {
        "inwoner al bekend bij schuldhulpverlening",
        "inwoner is overleden",
        "niet opgepakt: andere reden",
        "niet opgepakt: herhaalde melding",
        "niet opgepakt: onterecht signaal",
        "persoon is geen inwoner (meer) in de gemeente",
        # v0.1
        "herhaalde melding",
        "niet opgepakt",
        "onterecht signaal",
        "overleden",
        "woont niet in gemeente",
    }
)

_Number = tuple[str | int, str]
"""Which delivery in the file, and a signal's number in there."""


class VroegsignaleringOptions(Options):
    """Whether such deliveries may be read at all.

    Args:
        enabled: this publisher may use signals of arrears, and only for offering debt help.
    """

    enabled: bool = False


def read(
    message: Message,
    options: VroegsignaleringOptions = VroegsignaleringOptions(),  # noqa: B008 - frozen
) -> Iterator[Reading]:
    """Read one DDAS vroegsignalering file. See `reading.MessageReader`.

    Yields:
        One reading per signal, in the order they stand in the file.

    Raises:
        FileRefused: switched off, not strict JSON, not a delivery of this kind, or a header without a usable date.
    """
    name, max_bytes = message.name, options.max_bytes
    if not options.enabled:
        raise FileRefused("format-off", name)
    return once_whole(lambda stream: _read(stream, name, max_bytes), message, max_bytes)


FORMAT: Final = Format(
    read, "DDAS vroegsignalering deliveries, v0.9 to v1.2 (off until switched on)", VroegsignaleringOptions
)


def _sender(members: Mapping[str, Json]) -> Sender:
    filled = members.get("organisation")
    organisation = filled if isinstance(filled, dict) else {}
    municipality = municipality_of(members)
    return Sender(source_of(organisation.get("kvk-nummer"), municipality), municipality)


_FORM: Final = Form(
    records=_SIGNALS,
    type=TYPE,
    about_sender={
        "aanleverende_organisatie": "organisation",  # until v1.0
        "aanleverendeOrganisatie": "organisation",
        "gemeentecode": "gemeentecode",
    },
    sender=_sender,
    passed_over=frozenset({_CASES}),
    foreign=frozenset({"schuldhulptrajecten"}),
)


def _read(stream: BinaryIO, name: str, max_bytes: int) -> Iterator[Reading]:
    begin = stream.tell()
    dealt_with = _dealt_with(stream, name, max_bytes)
    stream.seek(begin)
    for record in records(stream, name, max_bytes, _FORM):
        yield record if isinstance(record, Quarantined) else _signal(record, dealt_with)


def _dealt_with(stream: BinaryIO, name: str, max_bytes: int) -> set[_Number]:
    """Walk the cases, which stand anywhere; return the signals all of whose cases have a result."""
    known: dict[_Number, bool] = {}
    for place, case in _FORM.walk(stream, name, max_bytes):
        if len(place) != RECORD_STEPS or place[2] != _CASES or not isinstance(case, dict):
            continue
        has_result = _text(case.get("resultaat")) != ""
        for number in _numbers(case.get(_SIGNALS)):
            key = (place[1], number)
            known[key] = has_result and known.get(key, True)
        if len(known) > NUMBERS_MAX:
            raise FileRefused("too-large", f"{name}: {DELIVERIES}[{place[1]}].{_CASES}")
    return {key for key, has_result in known.items() if has_result}


def _numbers(signals: Json) -> Iterator[str]:
    for signal in signals if isinstance(signals, list) else ():
        number = _number(signal)
        if number:
            yield number


def _number(signal: Json) -> str:
    """Return a signal's own number; empty when it has none that can be used."""
    number = _text(signal.get("ID")) if isinstance(signal, dict) else ""
    return number if len(number) <= _NUMBER_CHARACTERS else ""


def _signal(record: Record, dealt_with: set[_Number]) -> Reading:
    delivery, index, signal = record
    place = f"{delivery.place}[{index}]"
    source, municipality = delivery.sender
    if not isinstance(signal, dict):
        return Quarantined("record-malformed", place, None, source, TYPE, municipality)
    client = signal.get("client")
    person = client_bsn(client) if isinstance(client, dict) else "client-missing"
    day = read_day(_text(signal.get("signaaldatum")))
    is_open = (delivery.number, _number(signal)) not in dealt_with and _is_open(signal)
    if source is None or isinstance(person, str) or day is None or is_open is None:
        known = None if isinstance(person, str) else person
        start = "start-invalid" if signal.get("signaaldatum") else "start-missing"
        codes = (
            None if source else "source-unknown",
            person if known is None else None,
            None if day else start,
        )
        code = next((code for code in codes if isinstance(code, str)), "signal-status-unknown")
        return Quarantined(code, place, known, source, TYPE, municipality)
    closed = None if municipality else "municipality-unreadable"
    return Observation(
        person=person,
        source=source,
        type=TYPE,
        traject=traject_key("vroegsignaal", day.isoformat()),
        kind=Kind.STARTED if is_open else Kind.NOT_A_TRAJECT,
        start=day,
        end=None,
        stated_on=delivery.stated_on,
        message="",
        municipality=municipality,
        position=place,
        note=closed if is_open else "signal-closed",
    )


def _is_open(signal: Mapping[str, Json]) -> bool | None:
    """Whether the status says so; None when it is not known what it says."""
    status = _text(signal.get("status")).casefold()
    if status in _OPEN:
        return True
    return False if status in _CLOSED else None


def _text(value: Json) -> str:
    return value.strip() if isinstance(value, str) else ""
