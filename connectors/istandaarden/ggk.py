"""iWmo and iJw messages in the envelope of the municipal exchange (StUF-GGk): opened, compared with its label, read.

Invariants:
1. What an envelope says that it holds and what it holds are the same message, or it is refused.
2. A fault is not an ending: the message it is about was not delivered, so its source is not up to date.
3. Bounded: an envelope of 25 MB, which is what the exchange carries, and in it one message of ten million characters
   of base64 (7.5 MB), which is what the XML parser takes for one text. A 301, 305 or 307 is about one client, some
   tens of kilobytes; what may be larger is not read here.

Whoever writes a hostile envelope can at most have that envelope refused. Who sent it is for the exchange to say: the
source is the provider the message in it names.

An envelope that comes in twice changes nothing, as what is said about a traject adds up by what was said and when; so
nothing here remembers a referentienummer.

Source: VNG Realisatie, Specificatie StUF-envelop 2.1 patch 4 version 4, sections 2 and 3, and 2.1.03 and 2.0 for the
older forms; its WSDL for SOAP, Bv03 and Fo03; StUF 03.01.
"""

import re
from binascii import a2b_base64
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from typing import BinaryIO, Final, NamedTuple

from pydantic import Field

from connectors.formats import Format, Options
from connectors.parsing import once_whole
from connectors.parsing.xml import Element, elements, local_name, position, texts_of
from connectors.reading import FileRefused, Message, Nothing, Reading, SourceUnavailable, read_source

from . import iwmo

_PAYLOAD_CHARACTERS_MAX: Final = 10_000_000
_BASE64_GROUP: Final = 4  # characters
_ENVELOPE: Final = re.compile(
    r"\{https?://www\.(?:stufstandaarden\.nl/(?:koppelvlak/ggk|sectormodel/ggk/)|egem\.nl/StUF/sector/ggk/)0[23]10\}"
    r"envelop(?:Heenbericht-ggk_(?P<order>Di01)|Retourbericht-ggk_(?P<reply>Du01))"
    r"|\{https?://www\.(?:egem|stufstandaarden)\.nl/StUF/StUF03(?:01|10)\}(?P<notice>(?:Bv|Fo)0[1-4])Bericht"
)
_SOAP: Final = ("http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope")
_SOAP_ENVELOPES: Final = frozenset(f"{{{namespace}}}Envelope" for namespace in _SOAP)
_SOAP_FAULTS: Final = frozenset(f"{{{namespace}}}Fault" for namespace in _SOAP)
_FAULT: Final = "Fo"
_RECEIPT: Final = "Bv"
_REPLY: Final = "Du01"
_FUNCTION: Final = re.compile(
    r"([A-Z]{2,3}[0-9]{3})(?:-[0-9]{4})?", re.IGNORECASE
)  # -0302 up to envelope 2.0
_PARTS: Final = frozenset({"stuurgegevens", "parameters", "Fault"})


class EnvelopeOptions(Options):
    """What this format may be told.

    Args:
        max_bytes: of one envelope, as the exchange has it (IB003).
    """

    max_bytes: int = Field(default=25 * 1024 * 1024, ge=1)


class _Label(NamedTuple):
    """What the outside of an envelope says.

    Args:
        code: `Di01`, `Du01`, or a notice: `Fo..` for a fault, `Bv..` for a receipt.
        place: where that stands.
        function: the message it should hold, such as `WMO305`; of a notice empty.
        receiver: as a source, when it is a provider.
    """

    code: str
    place: str
    function: str = ""
    receiver: str | None = None

    @property
    def is_notice(self) -> bool:
        return self.code.startswith((_FAULT, _RECEIPT))


class _Letter(NamedTuple):
    """What is in an envelope: bytes that should be XML, or None for a file of another kind."""

    place: str
    content: bytes | None


def read(message: Message, options: Options = EnvelopeOptions()) -> Iterator[Reading]:  # noqa: B008 - frozen
    """Read one envelope with or without SOAP around it. See `reading.MessageReader`.

    Yields:
        What `iwmo` reads in it, positions being those of the envelope and in its message; one `SourceUnavailable` for
        a fault; one `Nothing` for a receipt or a message of another kind.

    Raises:
        FileRefused: hostile or malformed XML, no such envelope, no base64, not the message it is labelled as, or
            what `iwmo` refuses.
    """
    name, max_bytes = message.name, options.max_bytes
    return once_whole(lambda stream: _read(stream, name, max_bytes), message, max_bytes)


FORMAT: Final = Format(
    read, "iWmo and iJw in a StUF-GGk envelope (Di01, Du01), and its faults and receipts", EnvelopeOptions
)


def _read(stream: BinaryIO, name: str, max_bytes: int) -> Iterator[Reading]:
    label, letter = _opened(elements(stream, name, _PARTS, max_bytes, _PAYLOAD_CHARACTERS_MAX), name)
    if label.code.startswith(_FAULT):
        yield SourceUnavailable(label.place, label.receiver, code="not-delivered")
    elif letter is None:
        yield Nothing("acknowledged", label.place)
    elif label.function in iwmo.NAMES:
        yield from _inside(letter, label.function)
    else:
        _refuse_a_wrong_label(letter, label.function)
        yield Nothing("answer-only" if label.code == _REPLY else "other-message", label.place)


def _opened(walk: Iterator[Element], name: str) -> tuple[_Label, _Letter | None]:
    """Take out what is in an envelope; nothing is in a notice."""
    root = next(walk)
    label: _Label | None = None
    letter: _Letter | None = None
    for part in walk:
        if label is None:
            label = _label(part, root, name)
        elif label.is_notice:
            pass  # a fault may quote the message it is about
        elif letter is None and local_name(part) == "parameters":
            letter = _letter(part, name)
        else:
            raise FileRefused("envelope-malformed", position(name, part))
    if label is None:
        raise FileRefused("unsupported-message", position(name, root))
    if letter is None and not label.is_notice:
        raise FileRefused("envelope-malformed", label.place)
    return label, letter


def _label(part: Element, root: Element, name: str) -> _Label:
    place = position(name, part)
    if part.tag in _SOAP_FAULTS:
        return _Label(f"{_FAULT}03", place)
    envelope = part.getparent()
    found = None if envelope is None else _ENVELOPE.fullmatch(envelope.tag)
    if found is None or (envelope is not root and root.tag not in _SOAP_ENVELOPES):
        raise FileRefused("unsupported-message", place)
    if local_name(part) != "stuurgegevens":
        raise FileRefused("envelope-malformed", place)
    told = texts_of(part)
    code = found["order"] or found["reply"] or found["notice"]
    if told.get("berichtcode") != code:
        raise FileRefused("message-code-mismatch", place)
    if found["notice"]:
        receiver = (part.findtext("{*}ontvanger/{*}organisatie") or "").strip()
        return _Label(code, place, receiver=read_source(f"agb:{receiver}"))
    if len(told) != len(part) or not told.get("functie"):
        raise FileRefused("envelope-malformed", place)
    function = _FUNCTION.fullmatch(told["functie"])
    return _Label(code, place, function[1].upper() if function else told["functie"])


def _letter(parameters: Element, name: str) -> _Letter:
    messages = list(parameters.iterchildren("{*}bericht"))
    holders = [holder for message in messages for holder in message] or messages
    if len(messages) != 1 or len(holders) != 1 or len(holders[0]):
        raise FileRefused("envelope-malformed", position(name, parameters))
    holder = holders[0]
    place = position(name, holder)
    # Before patch 4 the base64 stands in `bericht` itself, and an attribute says which kind of file it is.
    kinds = [value for key, value in holder.attrib.items() if key.rpartition("}")[2] == "contentType"]
    if local_name(holder) == "tekstBestand" or "text/plain" in kinds:
        return _Letter(place, None)
    return _Letter(place, _decoded(holder.text or "", place))


def _decoded(text: str, place: str) -> bytes:
    """Decode base64; space in it means nothing (XML Schema part 2, 3.2.16), and anything else is refused."""
    compact = text.encode("ascii", "replace").translate(None, b" \t\r\n")
    # The decoder takes padding that nothing needs; and the refusal is raised outside the `except`.
    if len(compact) % _BASE64_GROUP == 0:
        with suppress(ValueError):
            return a2b_base64(compact, strict_mode=True)
    raise FileRefused("not-base64", place)


def _inside(letter: _Letter, function: str) -> Iterator[Reading]:
    """Read what is in an envelope.

    Raises:
        FileRefused: as `iwmo.readings` does; a file that is no XML is a message from before release 3.
    """
    if letter.content is None:
        raise FileRefused("unsupported-version", letter.place)
    size = len(letter.content)
    yield from iwmo.readings(BytesIO(letter.content), f"{letter.place} payload", size, function)


def _refuse_a_wrong_label(letter: _Letter, function: str) -> None:
    """Refuse a message that is read here but is labelled as another; whatever else it is does not matter."""
    try:
        next(_inside(letter, function))
    except FileRefused as refusal:
        if refusal.code == "function-mismatch":
            raise
