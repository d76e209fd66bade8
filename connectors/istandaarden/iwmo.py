"""iWmo and iJw orders, starts and stops (301, 305 and 307, release 3): which traject runs where, and since when.

Invariants:
1. Every iWmo message becomes the one type `wmo-voorziening`, every iJw message `jeugdhulp`: category and product are
   never told apart, so shelter, youth mental health care and probation cannot be recognised.
2. Of RedenBeeindiging only "temporary" or "final" is kept, of RedenWijziging only "taken back"; names, birth date,
   sex and product are never kept.
3. The root's namespace and the BerichtCode must agree; a file in which they do not is refused.

Source: iWmo and iJw 3.2, XSDs of 301, 305 and 307, code lists COD467 (StatusAanlevering), WMO588 (RedenBeeindiging)
and WMO002 (RedenWijziging).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

from connectors.formats import Format, Options
from connectors.parsing import once_whole
from connectors.parsing.xml import Element, elements, local_name, position
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
from crypto.chain import Bsn

_NAMESPACE: Final = re.compile(
    r"https?://www\.istandaarden\.nl/(?P<standard>iwmo|ijw)/(?P<release>[0-9]+)_[0-9]+"
    r"/(?P<message>(?:wmo|jw)[0-9]{3})/schema(?:/[0-9_]+)?/?"
)
_RELEASE: Final = "3"
_TEMPORARY: Final = "20"
_TAKEN_BACK: Final = "13"
_AGB: Final = re.compile(r"[0-9]{8}")
_CHANGED: Final = "2"
_START_KINDS: Final[Mapping[str, Kind]] = {
    "1": Kind.STARTED,
    _CHANGED: Kind.STARTED,
    "3": Kind.START_REMOVED,
    "9": Kind.UNCHANGED,
}
_STOP_KINDS: Final[Mapping[str, Kind]] = {
    "1": Kind.STOPPED,
    _CHANGED: Kind.STOPPED,
    "3": Kind.STOP_REMOVED,
    "9": Kind.UNCHANGED,
}
_PARTS: Final = frozenset({"Header", "Client"})
_ORDER: Final = "ToegewezenProduct"
_START: Final = "StartProduct"
_STOP: Final = "StopProduct"


class _Standard(NamedTuple):
    """One kind of message that is read: its code, the type it is about and the element that tells of a traject."""

    code: str
    type: str
    element: str


_MESSAGES: Final[Mapping[tuple[str, str], _Standard]] = {
    ("iwmo", "wmo301"): _Standard("414", "wmo-voorziening", _ORDER),
    ("iwmo", "wmo305"): _Standard("418", "wmo-voorziening", _START),
    ("iwmo", "wmo307"): _Standard("420", "wmo-voorziening", _STOP),
    ("ijw", "jw301"): _Standard("436", "jeugdhulp", _ORDER),
    ("ijw", "jw305"): _Standard("438", "jeugdhulp", _START),
    ("ijw", "jw307"): _Standard("440", "jeugdhulp", _STOP),
}


@dataclass(frozen=True, slots=True)
class _Header:
    """What the header says, as far as it could be read; the provider is the source whoever sends."""

    source: str | None
    municipality: str | None
    dated: date | None
    identification: str


class _Told(NamedTuple):
    """What a product says, once it proved usable."""

    traject: str
    kind: Kind
    start: date | None
    end: date | None
    temporary: bool = False
    replaces: bool = False


def read(message: Message, options: Options = Options()) -> Iterator[Reading]:  # noqa: B008 - frozen
    """Read one 301, 305 or 307 message of iWmo or iJw, release 3. See `reading.MessageReader`.

    Yields:
        One reading per product, in the order they stand in the message.

    Raises:
        FileRefused: hostile or malformed XML, another message, another release, or no usable header.
    """
    name, max_bytes = message.name, options.max_bytes
    return once_whole(
        lambda stream: _read(elements(stream, name, _PARTS, max_bytes), name), message, max_bytes
    )


FORMAT: Final = Format(read, "iWmo and iJw 3.2: orders, starts and stops (301, 305, 307)")


def _read(walk: Iterator[Element], name: str) -> Iterator[Reading]:
    root = next(walk)
    standard = _standard(root, name)
    header: _Header | None = None
    has_client = False
    for part in walk:
        if local_name(part) == "Header":
            header = _header(part, standard, name)
        elif header is None:
            raise FileRefused("header-missing", position(name, part))
        else:
            has_client = True
            yield from _client(part, header, standard, name)
    if header is None:
        raise FileRefused("header-missing", name)
    if not has_client:
        yield Quarantined("client-missing", name, None, header.source, standard.type, header.municipality)


def _standard(root: Element, name: str) -> _Standard:
    namespace, _, local = root.tag[1:].rpartition("}")
    found = _NAMESPACE.fullmatch(namespace)
    standard = _MESSAGES.get((found["standard"], found["message"])) if found else None
    if found is None or standard is None or local != "Bericht":
        raise FileRefused("unsupported-message", position(name, root))
    if found["release"] != _RELEASE:
        raise FileRefused("unsupported-version", position(name, root))
    return standard


def _header(element: Element, standard: _Standard, name: str) -> _Header:
    texts = {local_name(child): (child.text or "").strip() for child in element}
    if texts.get("BerichtCode") != standard.code:
        raise FileRefused("message-code-mismatch", position(name, element))
    told = {
        local_name(child): (child.text or "").strip()
        for child in element.iterfind("{*}BerichtIdentificatie/*")
    }
    provider, municipality = texts.get("Afzender", ""), texts.get("Ontvanger", "")
    if standard.element == _ORDER:  # goes the other way
        provider, municipality = municipality, provider
    return _Header(
        source=f"agb:{provider}" if _AGB.fullmatch(provider) else None,
        municipality=read_municipality(municipality),
        dated=read_day(told.get("Dagtekening", "")),
        identification=told.get("Identificatie", ""),
    )


def _client(client: Element, header: _Header, standard: _Standard, name: str) -> Iterator[Reading]:
    numbers = [child.text for child in client.iterchildren("{*}Bsn")]
    person = read_bsn(numbers[0] if numbers else None) if len(numbers) < 2 else "bsn-ambiguous"
    for product in client.iter(f"{{*}}{standard.element}"):
        yield _reading(product, person, header, standard, position(name, product))


def _reading(
    product: Element, person: Bsn | str, header: _Header, standard: _Standard, place: str
) -> Reading:
    told = _told(product, person, header, standard.element)
    if isinstance(told, str):
        known = None if isinstance(person, str) else person
        return Quarantined(told, place, known, header.source, standard.type, header.municipality)
    assert isinstance(person, Bsn)
    assert header.source is not None
    assert header.dated is not None
    return Observation(
        person=person,
        source=header.source,
        type=standard.type,
        traject=told.traject,
        kind=told.kind,
        start=told.start,
        end=told.end,
        stated_on=header.dated,
        message=header.identification,
        municipality=header.municipality,
        position=place,
        note=None if header.municipality else "municipality-unreadable",
        temporary=told.temporary,
        replaces=told.replaces,
    )


def _told(product: Element, person: Bsn | str, header: _Header, element: str) -> _Told | str:
    """Return what a product tells, or the code that says why it cannot be used."""
    if header.source is None:
        return "sender-invalid"
    if header.dated is None:
        return "message-date-invalid"
    if isinstance(person, str):
        return person
    texts = {local_name(child): _text(child) for child in product}
    if len(texts) != len(product):
        return "record-malformed"
    return _order(texts) if element == _ORDER else _delivery(texts, is_stop=element == _STOP)


def _text(element: Element) -> str:
    """Return an element's text; a composed element (Product) becomes the texts in it, joined."""
    if not len(element):
        return (element.text or "").strip()
    return " ".join((part.text or "").strip() for part in element)


def _order(texts: Mapping[str, str]) -> _Told | str:
    """Return what a 301 says; it states the whole order anew, so the latest one counts."""
    start, end = read_day(texts.get("Ingangsdatum", "")), read_day(texts.get("Einddatum", ""))
    if start is None:
        return "start-invalid" if texts.get("Ingangsdatum") else "start-missing"
    if end is None and texts.get("Einddatum"):
        return "end-invalid"
    if not texts.get("ToewijzingNummer"):
        return "record-malformed"
    if texts.get("RedenWijziging") == _TAKEN_BACK:
        return _Told(_key(texts), Kind.ASSIGNMENT_REMOVED, start, None)
    if end is not None and end < start:
        return "end-before-start"
    return _Told(_key(texts), Kind.ASSIGNED, start, end)


def _delivery(texts: Mapping[str, str], *, is_stop: bool) -> _Told | str:
    status = texts.get("StatusAanlevering", "")
    kind = (_STOP_KINDS if is_stop else _START_KINDS).get(status)
    if kind is None:
        return "status-unknown"
    start, end = read_day(texts.get("Begindatum", "")), read_day(texts.get("Einddatum", ""))
    if start is None and (texts.get("Begindatum") or not is_stop):
        return "start-invalid" if texts.get("Begindatum") else "start-missing"
    if is_stop and end is None and texts.get("Einddatum"):
        return "end-invalid"
    if kind is Kind.STOPPED and end is None:
        return "end-missing"
    # Rule TR063: what a removal says beyond its key is not checked.
    if kind is Kind.STOPPED and start is not None and end is not None and end < start:
        return "end-before-start"
    return _Told(
        traject=_key(texts),
        kind=kind,
        start=start,
        end=end if is_stop else None,
        temporary=is_stop and texts.get("RedenBeeindiging") == _TEMPORARY,
        replaces=status == _CHANGED and not is_stop,
    )


def _key(texts: Mapping[str, str]) -> str:
    """Return the key that all messages about one traject share at one provider for one person.

    Providers paid by task have no assignment number; the product and its first day stand in for it.
    """
    number = texts.get("ToewijzingNummer", "")
    if number:
        return traject_key("assignment", number.lstrip("0") or "0")
    return traject_key("product", texts.get("Product", ""), texts.get("Begindatum", ""))
