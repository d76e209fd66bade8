"""iWmo and iJw start and stop messages (305 and 307, release 3): who started or stopped which traject, and when.

Invariants:
1. Every iWmo message becomes the one type `wmo-voorziening`, every iJw message `jeugdhulp`: category and product are
   never told apart, so shelter, youth mental health care and probation cannot be recognised.
2. Of RedenBeeindiging only "temporary" or "final" is kept; names, birth date, sex and product are never kept.
3. The root's namespace and the BerichtCode must agree; a file in which they do not is refused.

Source: iWmo and iJw 3.2, XSDs of 305 and 307, code lists COD467 (StatusAanlevering) and WMO588 (RedenBeeindiging).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import BinaryIO, Final

from crypto.chain import Bsn

from .reading import (
    FileRefused,
    Kind,
    MessageReader,
    Observation,
    Quarantined,
    Reading,
    read_bsn,
    read_day,
    read_municipality,
    traject_key,
)
from .xml import DEFAULT_LIMITS, Element, XmlLimits, elements, local_name, once_whole, position

_NAMESPACE: Final = re.compile(
    r"https?://www\.istandaarden\.nl/(?P<standard>iwmo|ijw)/(?P<release>[0-9]+)_[0-9]+"
    r"/(?P<message>(?:wmo|jw)[0-9]{3})/schema(?:/[0-9_]+)?/?"
)
_RELEASE: Final = "3"
_TEMPORARY: Final = "20"
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
_WHOLE: Final = frozenset({"Header", "Bsn", "StartProduct", "StopProduct"})
_MARKS: Final = frozenset({"Client"})


@dataclass(frozen=True, slots=True)
class _Message:
    """One kind of message that is read."""

    code: str
    type: str
    element: str


_MESSAGES: Final[Mapping[tuple[str, str], _Message]] = {
    ("iwmo", "wmo305"): _Message("418", "wmo-voorziening", "StartProduct"),
    ("iwmo", "wmo307"): _Message("420", "wmo-voorziening", "StopProduct"),
    ("ijw", "jw305"): _Message("438", "jeugdhulp", "StartProduct"),
    ("ijw", "jw307"): _Message("440", "jeugdhulp", "StopProduct"),
}


@dataclass(frozen=True, slots=True)
class _Header:
    """What the header says, as far as it could be read."""

    source: str | None
    municipality: str | None
    dated: date | None
    identification: str


@dataclass(slots=True)
class _Client:
    """The client being read; products that come before the BSN wait for it."""

    person: Bsn | str = "bsn-missing"
    has_bsn: bool = False
    waiting: list["_Product"] = field(default_factory=list)

    def take(self, element: Element) -> None:
        """Take the client's own BSN; a second one makes it unclear whom the rest is about."""
        if local_name(element.getparent()) == "Client":
            self.person = "bsn-ambiguous" if self.has_bsn else read_bsn(element.text)
            self.has_bsn = True


@dataclass(frozen=True, slots=True)
class _Told:
    """What a product says, once it proved usable."""

    traject: str
    kind: Kind
    start: date | None
    end: date | None
    temporary: bool
    replaces: bool


@dataclass(frozen=True, slots=True)
class _Product:
    """The texts of one StartProduct or StopProduct by element name; None when an element stands there twice."""

    texts: Mapping[str, str] | None
    position: str


def read(stream: BinaryIO, name: str, limits: XmlLimits = DEFAULT_LIMITS) -> Iterator[Reading]:
    """Read one 305 or 307 message of iWmo or iJw, release 3. See `reading.MessageReader`.

    Yields:
        One reading per StartProduct or StopProduct, in the order they stand in the message.

    Raises:
        FileRefused: hostile or malformed XML, another message, another release, or no usable header.
    """
    return once_whole(lambda whole: _read(whole, name, limits), stream, limits)


def _read(stream: BinaryIO, name: str, limits: XmlLimits) -> Iterator[Reading]:
    walk = elements(stream, name, whole=_WHOLE, marks=_MARKS, limits=limits)
    _, _, root = next(walk)
    message = _message(root, name)
    header: _Header | None = None
    client = _Client()
    for _, local, element in walk:
        if local == "Header":
            header = _header(element, message, name)
        elif header is None:
            raise FileRefused("header-missing", position(name, element))
        elif local == "Client":
            yield from (_reading(product, client, header, message) for product in client.waiting)
            client = _Client()
        elif local == "Bsn":
            client.take(element)
        elif local == message.element:
            client.waiting.append(_Product(_texts(element), position(name, element)))
            if client.has_bsn:
                yield from (_reading(product, client, header, message) for product in client.waiting)
                client.waiting.clear()
    if header is None:
        raise FileRefused("header-missing", name)
    yield from (_reading(product, client, header, message) for product in client.waiting)


def _message(root: Element, name: str) -> _Message:
    namespace, _, local = root.tag[1:].rpartition("}")
    found = _NAMESPACE.fullmatch(namespace)
    message = _MESSAGES.get((found["standard"], found["message"])) if found else None
    if found is None or message is None or local != "Bericht":
        raise FileRefused("unsupported-message", position(name, root))
    if found["release"] != _RELEASE:
        raise FileRefused("unsupported-version", position(name, root))
    return message


def _header(element: Element, message: _Message, name: str) -> _Header:
    texts = {local_name(child): (child.text or "").strip() for child in element}
    if texts.get("BerichtCode") != message.code:
        raise FileRefused("message-code-mismatch", position(name, element))
    told = {
        local_name(child): (child.text or "").strip()
        for child in element.iterfind("{*}BerichtIdentificatie/*")
    }
    sender = texts.get("Afzender", "")
    return _Header(
        source=f"agb:{sender}" if _AGB.fullmatch(sender) else None,
        municipality=read_municipality(texts.get("Ontvanger", "")),
        dated=read_day(told.get("Dagtekening", "")),
        identification=told.get("Identificatie", ""),
    )


def _texts(element: Element) -> Mapping[str, str] | None:
    """Return the texts by element name; a composed element (Product) becomes the texts in it, joined."""
    texts = {local_name(child): _text(child) for child in element}
    return texts if len(texts) == len(element) else None


def _text(element: Element) -> str:
    parts = element if len(element) else (element,)
    return " ".join((part.text or "").strip() for part in parts)


def _reading(product: _Product, client: _Client, header: _Header, message: _Message) -> Reading:
    person = client.person if isinstance(client.person, Bsn) else None
    told = _told(product, client, header, message)
    if isinstance(told, str) or person is None or header.source is None or header.dated is None:
        code = told if isinstance(told, str) else "record-malformed"
        return Quarantined(code, product.position, person, header.source, message.type, header.municipality)
    return Observation(
        person=person,
        source=header.source,
        type=message.type,
        traject=told.traject,
        kind=told.kind,
        start=told.start,
        end=told.end,
        stated_on=header.dated,
        message=header.identification,
        municipality=header.municipality,
        position=product.position,
        note=None if header.municipality else "municipality-unreadable",
        temporary=told.temporary,
        replaces=told.replaces,
    )


def _told(product: _Product, client: _Client, header: _Header, message: _Message) -> _Told | str:
    """Return what a product tells, or the code that says why it cannot be used."""
    if header.source is None:
        return "sender-invalid"
    if header.dated is None:
        return "message-date-invalid"
    if isinstance(client.person, str):
        return client.person
    if product.texts is None:
        return "record-malformed"
    return _product(product.texts, is_stop=message.element == "StopProduct")


def _product(texts: Mapping[str, str], *, is_stop: bool) -> _Told | str:
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
    """Return the key that start and stop messages about one traject share at one provider for one person.

    Providers paid by task have no assignment number; the product and its first day stand in for it.
    """
    number = texts.get("ToewijzingNummer", "")
    if number:
        return traject_key("assignment", number.lstrip("0") or "0")
    return traject_key("product", texts.get("Product", ""), texts.get("Begindatum", ""))


_: MessageReader = read
