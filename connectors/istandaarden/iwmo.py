"""iWmo and iJw orders, starts and stops (301, 305 and 307, release 3): which traject runs where, and since when.

Invariants:
1. Every iWmo message becomes the one type `wmo-voorziening`, every iJw message `jeugdhulp`: category and product are
   never told apart, so shelter, youth mental health care and probation cannot be recognised.
2. Names, birth date, sex and free text are never kept; for reasons and products see `products`.
3. The root's namespace and the BerichtCode must agree; a file in which they do not is refused.
4. The provider is the source, also of the order a municipality sends to it: both speak about one traject.

Source: iWmo and iJw 3.2, XSDs of 301, 305 and 307.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import BinaryIO, Final, NamedTuple

from connectors.formats import Format, Options
from connectors.parsing import once_whole
from connectors.parsing.xml import Element, elements, local_name, position, texts_of
from connectors.reading import (
    FileRefused,
    Message,
    Observation,
    Quarantined,
    Reading,
    read_bsn,
    read_day,
    read_municipality,
    read_source,
)
from crypto.chain import Bsn

from . import products

_NAMESPACE: Final = re.compile(
    r"https?://www\.istandaarden\.nl/(?P<standard>iwmo|ijw)/(?P<release>[0-9]+)_[0-9]+"
    r"/(?P<message>(?:wmo|jw)[0-9]{3})/schema(?:/[0-9_]+)?/?"
)
_RELEASE: Final = "3"
_IDENTIFICATION_CHARACTERS: Final = 12
_PARTS: Final = frozenset({"Header", "Client"})


class _Standard(NamedTuple):
    """One kind of message that is read.

    Args:
        name: what people, and the envelopes of GGK, call it.
        code: its BerichtCode.
        type: of the flags.
        element: the product that tells of a traject.
        tell: reads that product.
    """

    name: str
    code: str
    type: str
    element: str
    tell: products.Tell


_WMO: Final = "wmo-voorziening"
_YOUTH: Final = "jeugdhulp"
_MESSAGES: Final[Mapping[tuple[str, str], _Standard]] = {
    ("iwmo", "wmo301"): _Standard("WMO301", "414", _WMO, "{*}ToegewezenProduct", products.order),
    ("iwmo", "wmo305"): _Standard("WMO305", "418", _WMO, "{*}StartProduct", products.start),
    ("iwmo", "wmo307"): _Standard("WMO307", "420", _WMO, "{*}StopProduct", products.stop),
    ("ijw", "jw301"): _Standard("JW301", "436", _YOUTH, "{*}ToegewezenProduct", products.order),
    ("ijw", "jw305"): _Standard("JW305", "438", _YOUTH, "{*}StartProduct", products.start),
    ("ijw", "jw307"): _Standard("JW307", "440", _YOUTH, "{*}StopProduct", products.stop),
}
NAMES: Final = frozenset(standard.name for standard in _MESSAGES.values())
"""The messages that are read."""


class _Header(NamedTuple):
    """What the header says, as far as it could be read; the provider is the source whoever sends.

    Args:
        identification: greater for a later message, among those of one sender and kind.
    """

    source: str | None
    municipality: str | None
    dated: date | None
    identification: str


def read(message: Message, options: Options = Options()) -> Iterator[Reading]:  # noqa: B008 - frozen
    """Read one 301, 305 or 307 message of iWmo or iJw, release 3. See `reading.MessageReader`.

    Yields:
        One reading per product, in the order they stand in the message.

    Raises:
        FileRefused: hostile or malformed XML, another message, another release, or no usable header.
    """
    name, max_bytes = message.name, options.max_bytes
    return once_whole(lambda stream: readings(stream, name, max_bytes), message, max_bytes)


FORMAT: Final = Format(read, "iWmo and iJw 3.2: orders, starts and stops (301, 305, 307)")


def readings(stream: BinaryIO, name: str, max_bytes: int, expected: str | None = None) -> Iterator[Reading]:
    """Read one message as it comes in; what is yielded counts only if the end is reached.

    Args:
        stream: the message's bytes.
        name: what positions call it; without personal data.
        max_bytes: of the whole.
        expected: what an envelope says that this message is, `WMO305` or whatever other.

    Raises:
        FileRefused: as `read` does, or it is one of `NAMES` but not the one expected.
    """
    walk = elements(stream, name, _PARTS, max_bytes)
    standard = _standard(next(walk), name, expected)
    header: _Header | None = None
    has_client = False
    for part in walk:
        if local_name(part) == "Header":
            if header is not None:
                raise FileRefused("header-invalid", position(name, part))
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


def _standard(root: Element, name: str, expected: str | None) -> _Standard:
    namespace, _, local = root.tag[1:].rpartition("}")
    found = _NAMESPACE.fullmatch(namespace)
    standard = _MESSAGES.get((found["standard"], found["message"])) if found else None
    if found is None or standard is None or local != "Bericht":
        raise FileRefused("unsupported-message", position(name, root))
    if expected not in {None, standard.name}:
        raise FileRefused("function-mismatch", position(name, root))
    if found["release"] != _RELEASE:
        raise FileRefused("unsupported-version", position(name, root))
    return standard


def _header(element: Element, standard: _Standard, name: str) -> _Header:
    texts = texts_of(element)
    told = texts_of(next(element.iterchildren("{*}BerichtIdentificatie"), ()))
    if len(texts) != len(element):
        raise FileRefused("header-invalid", position(name, element))
    if texts.get("BerichtCode") != standard.code:
        raise FileRefused("message-code-mismatch", position(name, element))
    provider, municipality = texts.get("Afzender", ""), texts.get("Ontvanger", "")
    identification = told.get("Identificatie", "")
    if standard.tell is products.order:  # goes the other way
        provider, municipality = municipality, provider
        # Dated by its decision; of the messages about one decision the one sent last counts.
        identification = told.get("Dagtekening", "") + identification.rjust(_IDENTIFICATION_CHARACTERS)
    return _Header(
        source=read_source(f"agb:{provider}"),
        municipality=read_municipality(municipality),
        dated=read_day(told.get("Dagtekening", "")),
        identification=identification,
    )


def _client(client: Element, header: _Header, standard: _Standard, name: str) -> Iterator[Reading]:
    numbers = list(client.iterchildren("{*}Bsn"))
    person = read_bsn(numbers[0].text if numbers else None) if len(numbers) < 2 else "bsn-ambiguous"
    for product in client.iter(standard.element):
        yield _reading(product, person, header, standard, position(name, product))


def _reading(
    product: Element, person: Bsn | str, header: _Header, standard: _Standard, place: str
) -> Reading:
    if header.source is None or header.dated is None:
        told: products.Told | str = "sender-invalid" if header.source is None else "message-date-invalid"
    else:
        told = person if isinstance(person, str) else standard.tell(product, header.dated)
    if isinstance(told, str):
        known = None if isinstance(person, str) else person
        return Quarantined(told, place, known, header.source, standard.type, header.municipality)
    assert isinstance(person, Bsn)
    assert header.source is not None
    assert header.dated is not None
    return Observation(
        person,
        header.source,
        standard.type,
        told.traject,
        told.kind,
        told.start,
        told.end,
        stated_on=told.decided or header.dated,
        message=header.identification,
        municipality=header.municipality,
        position=place,
        note=None if header.municipality else "municipality-unreadable",
        temporary=told.temporary,
        replaces=told.replaces,
    )
