"""DDAS schuldhulp deliveries (v1.0, JSON): for whom debt help runs, since when and until when.

The releases before it, v0.9 and v0.10, differ in nothing that is read here. A v0.8 file has no list of deliveries and
names no organisation by number; it is refused.

Invariants:
1. Debts, amounts, creditors, descriptions, kinds of help and reasons for leaving are never read; of a phase only
   whether it is there.
2. An application or a refusal is not a traject; help counts from the moment it was granted.
3. Two clients in one traject are two people: one reading each. Two organisations that deliver one traject are two
   sources, each with its own flag.
4. The format has no id of a traject. Its rule tells which are the same: one client at one organisation, and overlap in
   time. So a later delivery with another first day corrects the earlier one, and does not add a traject.

Source: DDAS uitwisselmodel schuldhulpverlening v1.0 (VNG-Realisatie), its explanation of the delivery variants and of
when two trajecten are the same.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import BinaryIO, Final

from connectors.formats import Format, Options
from connectors.parsing import once_whole
from connectors.parsing.strict_json import Json
from connectors.reading import Kind, Message, Observation, Quarantined, Reading, read_filled_day, traject_key

from .delivery import Delivery, Form, Record, Sender, client_bsn, municipality_of, records, source_of

TYPE: Final = "schuldhulptraject"

_TRAJECT: Final = traject_key("schuldhulp")  # one for all: person, source and days tell them apart
_NOT_FILLED: Final = (None, "")
_APPLIED: Final = ("aanmelding", "intake", "informatieEnAdvies")
_UNDER_WAY: Final = ("planVanAanpak", "begeleiding", "oplossing", "nazorg", "stabilisatie", "schuldregeling")
# The published examples also use the second word; release 0.9 had the third as a date in the intake.
_ADMITTED: Final = frozenset({"toelatingsbeschikking", "toewijzingsbeschikking"})
_ADMITTED_ON: Final = "toelatingsbeschikking"
_REFUSED: Final = "afwijzingsbeschikking"
_ENDED: Final = frozenset({"beeindigingsbeschikking", "beëindigingsbeschikking"})
_LEAVING: Final = "uitstroom"
_ENDS: Final = ("datum", "datumBeeindigingsbeschikking")


_Told = tuple[Kind, date | None, date | None, str | None]
"""What a traject says, once it proved usable: kind, first day, last day, and a code when it is no traject."""


def read(message: Message, options: Options = Options()) -> Iterator[Reading]:  # noqa: B008 - frozen
    """Read one DDAS schuldhulp file, v0.9 to v1.0. See `reading.MessageReader`.

    Yields:
        One reading per client of each traject, in the order they stand in the file.

    Raises:
        FileRefused: not strict JSON, not a delivery of this kind, or a header without a usable date.
    """
    name, max_bytes = message.name, options.max_bytes
    return once_whole(lambda stream: _read(stream, name, max_bytes), message, max_bytes)


FORMAT: Final = Format(read, "DDAS schuldhulp deliveries, v0.9 to v1.0")


def _sender(members: Mapping[str, Json]) -> Sender:
    filled = members.get("organisation")
    organisation = filled if isinstance(filled, dict) else {}
    municipality = municipality_of(organisation)
    return Sender(source_of(organisation.get("KvK-nummer"), municipality), municipality)


_FORM: Final = Form(
    records="schuldhulptrajecten",
    type=TYPE,
    about_sender={"aanleverende_organisatie": "organisation"},
    sender=_sender,
    passed_over=frozenset(),
    foreign=frozenset({"vroegsignalen", "vroegsignaalzaken"}),
)


def _read(stream: BinaryIO, name: str, max_bytes: int) -> Iterator[Reading]:
    for record in records(stream, name, max_bytes, _FORM):
        if isinstance(record, Quarantined):
            yield record
        else:
            yield from _traject(record)


def _traject(record: Record) -> list[Reading]:
    delivery, number, traject = record
    place = f"{delivery.place}[{number}]"
    source, municipality = delivery.sender
    if not isinstance(traject, dict):
        return [Quarantined("record-malformed", place, None, source, TYPE)]
    if traject.get("gemeentecode") not in _NOT_FILLED:
        municipality = municipality_of(traject)
    clients = traject.get("client")
    if isinstance(clients, dict):
        clients = [clients]
    if not isinstance(clients, list) or not clients:
        return [Quarantined("client-missing", place, None, source, TYPE, municipality)]
    told = _told(traject)
    return [
        _reading(client, told, delivery, municipality, f"{place}.client[{index}]")
        for index, client in enumerate(clients)
    ]


def _reading(
    client: Json, told: _Told | str, delivery: Delivery, municipality: str | None, place: str
) -> Reading:
    source = delivery.sender.source
    if not isinstance(client, dict):
        return Quarantined("client-missing", place, None, source, TYPE, municipality)
    person = client_bsn(client)
    if source is None or isinstance(person, str) or isinstance(told, str):
        known = None if isinstance(person, str) else person
        codes = (None if source else "source-unknown", person, told)
        code = next(code for code in codes if isinstance(code, str))
        return Quarantined(code, place, known, source, TYPE, municipality)
    kind, first, last, note = told
    if municipality is None:
        note = note or "municipality-unreadable"
    # In the order of the fields, as one large file makes a hundred thousand.
    return Observation(
        person, source, TYPE, _TRAJECT, kind, first, last, delivery.stated_on, "", municipality, place, note
    )


def _told(traject: Mapping[str, Json]) -> _Told | str:
    """Return what a traject tells, or the code that says why it cannot be used."""
    first, last = read_filled_day(traject.get("startdatum")), _last_day(traject)
    if isinstance(first, str):
        return "start-invalid"
    if isinstance(last, str):
        return "end-invalid"
    decision = _decision(traject)
    standing = _standing(traject, decision)
    if standing is not None:
        return Kind.NOT_A_TRAJECT, first, None, standing
    if first is None:
        return "start-missing"
    if last is None:
        has_left = decision in _ENDED or _is_filled(traject.get(_LEAVING))
        return "end-missing" if has_left else (Kind.STRETCH, first, None, None)
    return "end-before-start" if last < first else (Kind.STRETCH, first, last, None)


def _last_day(traject: Mapping[str, Json]) -> date | str | None:
    """Return the last day from the first of its three places that is filled in; they should all say the same."""
    last = read_filled_day(traject.get("einddatum"))
    leaving = traject.get(_LEAVING)
    if last is not None or not isinstance(leaving, dict):
        return last
    return next(
        (day for day in (read_filled_day(leaving.get(key)) for key in _ENDS) if day is not None), None
    )


def _decision(traject: Mapping[str, Json]) -> str:
    intake = traject.get("intake")
    decision = intake.get("beschikkingssoort") if isinstance(intake, dict) else None
    return decision.strip().casefold() if isinstance(decision, str) else ""


def _standing(traject: Mapping[str, Json], decision: str) -> str | None:
    """Return why this is no traject (`refused` or `application-only`), or None when it is one.

    A first day and nothing else counts as granted: the phases are all optional in this format.
    """
    if decision == _REFUSED:
        return "refused"
    if decision in _ADMITTED or _is_filled(traject.get("toekenningsdatum")):
        return None
    intake = traject.get("intake")
    was_admitted = isinstance(intake, dict) and _is_filled(intake.get(_ADMITTED_ON))
    if was_admitted or any(_is_filled(traject.get(phase)) for phase in _UNDER_WAY):
        return None
    has_applied = any(_is_filled(traject.get(phase)) for phase in _APPLIED)
    return "application-only" if has_applied else None


def _is_filled(value: Json) -> bool:
    """Whether anything stands in it; forms export untouched phases as empty objects, nulls and `false`."""
    if isinstance(value, dict):
        return any(_is_filled(item) for item in value.values())
    if isinstance(value, list):
        return any(_is_filled(item) for item in value)
    return value is not False and value not in _NOT_FILLED
