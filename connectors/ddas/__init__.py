"""DDAS schuldhulp deliveries (v1.0, JSON): for whom debt help runs, since when and until when.

Invariants:
1. Debts, amounts, creditors, descriptions, kinds of help and reasons for leaving are never read; of a phase only
   whether it is there.
2. An application or a refusal is not a traject; help counts from the moment it was granted.
3. Two clients in one traject are two people: one reading each.

Source: DDAS uitwisselmodel schuldhulpverlening v1.0 (VNG-Realisatie) and its explanation of the delivery variants.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from connectors.formats import Format, Options
from connectors.parsing.strict_json import Json, load
from connectors.reading import (
    FileRefused,
    Kind,
    Message,
    Observation,
    Quarantined,
    Reading,
    read_bsn,
    read_day,
    read_municipality,
    traject_key,
)

TYPE: Final = "schuldhulptraject"

_KVK: Final = re.compile(r"[0-9]{8}")
_APPLIED: Final = ("aanmelding", "intake", "informatieEnAdvies")
_UNDER_WAY: Final = ("planVanAanpak", "begeleiding", "oplossing", "nazorg", "stabilisatie", "schuldregeling")
# The published examples also use the second word; release 0.9 had the third as a date in the intake.
_ADMITTED: Final = frozenset({"toelatingsbeschikking", "toewijzingsbeschikking"})
_ADMITTED_ON: Final = "toelatingsbeschikking"
_REFUSED: Final = "afwijzingsbeschikking"
_ENDS: Final = (("einddatum",), ("uitstroom", "datum"), ("uitstroom", "datumBeeindigingsbeschikking"))


@dataclass(frozen=True, slots=True)
class _Organisation:
    """The organisation that delivers, as far as it could be read."""

    source: str | None
    municipality: str | None
    stated_on: date | datetime


@dataclass(frozen=True, slots=True)
class _Told:
    """What a traject says, once it proved usable."""

    kind: Kind
    start: date | None
    end: date | None
    note: str | None


def read(message: Message, options: Options = Options()) -> Iterator[Reading]:  # noqa: B008 - frozen
    """Read one DDAS schuldhulp delivery, v1.0. See `reading.MessageReader`.

    Yields:
        One reading per client of each traject, in the order they stand in the file.

    Raises:
        FileRefused: not strict JSON, not a delivery of this kind, or a header without a usable date.
    """
    name = message.name
    root = load(message.stream, name, options.max_bytes)
    deliveries = root.get("leveringen") if isinstance(root, dict) else None
    if not isinstance(root, dict) or not isinstance(deliveries, list):
        raise FileRefused("not-ddas", name)
    stated_on = _stated_on(root, name)
    return _deliveries(deliveries, stated_on, name)


FORMAT: Final = Format(read, "DDAS schuldhulp deliveries, v1.0")


def _deliveries(deliveries: list[Json], stated_on: date | datetime, name: str) -> Iterator[Reading]:
    for index, delivery in enumerate(deliveries):
        place = f"{name}: leveringen[{index}]"
        if not isinstance(delivery, dict):
            yield Quarantined("record-malformed", place, type=TYPE)
            continue
        organisation = _organisation(delivery, stated_on)
        trajecten = delivery.get("schuldhulptrajecten")
        if trajecten is not None and not isinstance(trajecten, list):
            yield Quarantined(
                "record-malformed", f"{place}.schuldhulptrajecten", None, organisation.source, TYPE
            )
            continue
        for number, traject in enumerate(trajecten or ()):
            yield from _traject(traject, organisation, f"{place}.schuldhulptrajecten[{number}]")


def _stated_on(root: Mapping[str, Json], name: str) -> date | datetime:
    """Return when the delivery was made; its last day when that is not filled in."""
    for key in ("aanleverdatumEnTijd", "einddatumLevering"):
        value = root.get(key)
        if value is None or value == "":
            continue
        moment = _moment(value) if isinstance(value, str) else None
        if moment is None:
            raise FileRefused("header-invalid", f"{name}: {key}")
        return moment
    raise FileRefused("header-invalid", f"{name}: aanleverdatumEnTijd")


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _organisation(delivery: Mapping[str, Json], stated_on: date | datetime) -> _Organisation:
    """Return who delivers; a municipality that delivers for itself leaves the KvK number out and is its own code."""
    filled = delivery.get("aanleverende_organisatie")
    organisation = filled if isinstance(filled, dict) else {}
    municipality = _municipality(organisation)
    number = organisation.get("KvK-nummer")
    if number is None or number == "":
        source = f"gemeente:{municipality}" if municipality else None
    else:
        stripped = number.strip() if isinstance(number, str) else ""
        source = f"kvk:{stripped}" if _KVK.fullmatch(stripped) else None
    return _Organisation(source, municipality, stated_on)


def _municipality(record: Mapping[str, Json]) -> str | None:
    code = record.get("gemeentecode")
    return read_municipality(code) if isinstance(code, str) else None


def _traject(traject: Json, organisation: _Organisation, place: str) -> Iterator[Reading]:
    if not isinstance(traject, dict):
        yield Quarantined("record-malformed", place, None, organisation.source, TYPE)
        return
    own = traject.get("gemeentecode")
    municipality = organisation.municipality if own is None or own == "" else _municipality(traject)
    told = _told(traject)
    clients = traject.get("client")
    listed = [clients] if isinstance(clients, dict) else clients
    if not isinstance(listed, list) or not listed:
        yield Quarantined("client-missing", place, None, organisation.source, TYPE, municipality)
        return
    for index, client in enumerate(listed):
        yield _reading(client, told, organisation, municipality, f"{place}.client[{index}]")


def _reading(
    client: Json, told: _Told | str, organisation: _Organisation, municipality: str | None, place: str
) -> Reading:
    if not isinstance(client, dict):
        return Quarantined("client-missing", place, None, organisation.source, TYPE, municipality)
    person = read_bsn(client.get("Burgerservicenummer"))
    source = organisation.source
    if source is None or isinstance(person, str) or isinstance(told, str):
        known = None if isinstance(person, str) else person
        codes = ("source-unknown" if source is None else None, person, told)
        code = next(code for code in codes if isinstance(code, str))
        return Quarantined(code, place, known, source, TYPE, municipality)
    return Observation(
        person=person,
        source=source,
        type=TYPE,
        traject=traject_key("schuldhulp", told.start.isoformat() if told.start else ""),
        kind=told.kind,
        start=told.start,
        end=told.end,
        stated_on=organisation.stated_on,
        message="",
        municipality=municipality,
        position=place,
        note=told.note or (None if municipality else "municipality-unreadable"),
    )


def _told(traject: Mapping[str, Json]) -> _Told | str:
    """Return what a traject tells, or the code that says why it cannot be used."""
    start = _day(traject, ("startdatum",))
    if start == "invalid":
        return "start-invalid"
    ends = [_day(traject, path) for path in _ENDS]
    end = next((day for day in ends if day is not None), None)
    if isinstance(end, str):
        return "end-invalid"
    first = start if isinstance(start, date) else None
    standing = _standing(traject)
    if standing is not None:
        return _Told(Kind.NOT_A_TRAJECT, first, None, standing)
    if first is None:
        return "start-missing"
    if end is not None and end < first:
        return "end-before-start"
    return _Told(Kind.STATE, first, end, None)


def _standing(traject: Mapping[str, Json]) -> str | None:
    """Return why this is no traject (`refused` or `application-only`), or None when it is one.

    A first day and nothing else counts as granted: the phases are all optional in this format.
    """
    intake = traject.get("intake")
    decided = intake if isinstance(intake, dict) else {}
    decision = decided.get("beschikkingssoort")
    kind = decision.strip().casefold() if isinstance(decision, str) else ""
    if kind == _REFUSED:
        return "refused"
    granted = (
        _is_filled(traject.get("toekenningsdatum"))
        or kind in _ADMITTED
        or _is_filled(decided.get(_ADMITTED_ON))
        or any(_is_filled(traject.get(phase)) for phase in _UNDER_WAY)
    )
    applied = any(_is_filled(traject.get(phase)) for phase in _APPLIED)
    return "application-only" if applied and not granted else None


def _is_filled(value: Json) -> bool:
    """Whether anything stands in it; forms export untouched phases as empty objects, nulls and `false`."""
    if isinstance(value, dict):
        return any(_is_filled(item) for item in value.values())
    if isinstance(value, list):
        return any(_is_filled(item) for item in value)
    return value is not None and value is not False and value != ""


def _day(record: Mapping[str, Json], path: tuple[str, ...]) -> date | str | None:
    """Return a day, None when it is not filled in, `invalid` when it is filled in but not a day."""
    value: Json = dict(record)
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    if value is None or value == "":
        return None
    day = read_day(value) if isinstance(value, str) else None
    return day or "invalid"
