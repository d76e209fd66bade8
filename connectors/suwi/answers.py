"""From a document to the answers in it: bare or in a SOAP envelope, with data, with remarks, or with a reason why not.

Invariants:
1. A fault, no data and no entitlement stay apart, and none of them ends anything.
2. An answer that says why there are no data publishes none, whatever data stand beside that.
3. What is no answer of a known register refuses the document.

Source: SuwiML FWI v0205; SOAP 1.1 and 1.2.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from connectors.parsing.xml import Element, local_name, position
from connectors.reading import FileRefused, Nothing, Quarantined, Reading, SourceUnavailable

from .registers import Register

CLIENT: Final = "ClientSuwi"
PARTS: Final = frozenset(
    {CLIENT, "FWI", "Fout", "NietsGevonden", "NietGerechtigd", "NietVanToepassing", "Fault"}
)

_ENVELOPES: Final = frozenset(
    {
        "{http://schemas.xmlsoap.org/soap/envelope/}Envelope",
        "{http://www.w3.org/2003/05/soap-envelope}Envelope",
    }
)
_UNAVAILABLE: Final[Mapping[str, str]] = {"Fout": "source-fault", "NietGerechtigd": "not-entitled"}
_REMARKS: Final = "FWI"  # of Fout, Waarschuwing and Informatie; only the first means anything here
_WITHOUT_DATA: Final[Mapping[str, str]] = {
    "NietsGevonden": "nothing-found",
    "NietVanToepassing": "not-applicable",
    _REMARKS: "remarks-only",
}
_READINGS_MAX: Final = 10_000
"""Of one answer, kept until it is known whether a fault follows; an answer is about one person."""

ReadClient = Callable[[Element, Register], Iterable[Reading]]


def read_document(
    walk: Iterator[Element], known: Mapping[str, Register], read: ReadClient, name: str
) -> Iterator[Reading]:
    """Yield the readings of every answer in a document.

    Args:
        walk: the document's root, then its `PARTS`.
        known: registers by the qualified name of their response element.
        read: reads one client.
        name: what positions call the document.

    Raises:
        FileRefused: not an answer of these registers.
    """
    root = next(walk)
    if root.tag in _ENVELOPES:
        yield from _enveloped(walk, known, read, name)
        return
    answer = _Answer(root, known, name)
    for part in walk:
        answer.take(part, read)
    yield from answer.conclude()


def _enveloped(
    walk: Iterator[Element], known: Mapping[str, Register], read: ReadClient, name: str
) -> Iterator[Reading]:
    """Yield the readings of what stands in the body; the header is signed by others and never looked at."""
    answer: _Answer | None = None
    has_fault = False
    for part in walk:
        path = [*reversed([*part.iterancestors()]), part]  # Envelope, Body, the answer, ..., the part
        if len(path) < 3 or local_name(path[1]) != "Body":
            continue
        if local_name(path[2]) == "Fault":
            has_fault = True
            if part is path[2]:
                yield SourceUnavailable(position(name, part))
            continue
        if answer is None or answer.element is not path[2]:
            yield from answer.conclude() if answer else ()
            answer = _Answer(path[2], known, name)
        answer.take(part, read)
    if answer is not None:
        yield from answer.conclude()
    elif not has_fault:
        raise FileRefused("unsupported-message", name)


class _Answer:
    """What one answer said so far.

    Args:
        element: the response element.
        known: registers by the qualified name of it.
        name: what positions call the document.
    """

    def __init__(self, element: Element, known: Mapping[str, Register], name: str) -> None:
        self.element = element
        self._name = name
        self._place = position(name, element)
        register = known.get(element.tag)
        if register is None:
            raise FileRefused("unsupported-message", self._place)
        self._register = register
        self._has_client = False
        self._told: list[Reading] = []
        self._reasons: dict[str, str] = {}  # place by name of the element that says why there are no data

    def take(self, part: Element, read: ReadClient) -> None:
        """Take in one part of the answer."""
        kind = local_name(part)
        if kind != CLIENT:
            self._reasons.setdefault(kind, position(self._name, part))
            return
        self._has_client = True
        self._told += read(part, self._register)
        if len(self._told) > _READINGS_MAX:
            raise FileRefused("too-large", position(self._name, part))

    def conclude(self) -> Iterator[Reading]:
        """Yield what the answer comes to."""
        register, reasons = self._register, self._reasons
        silent = next((kind for kind in _UNAVAILABLE if kind in reasons), None)
        without = next((kind for kind in _WITHOUT_DATA if kind in reasons), None)
        if silent:
            yield SourceUnavailable(
                reasons[silent], register.source, register.only_type, _UNAVAILABLE[silent]
            )
        elif self._has_client and without in {None, _REMARKS}:
            yield from self._told
        elif without and not self._has_client:
            yield Nothing(_WITHOUT_DATA[without], reasons[without], register.source, register.only_type)
        else:
            code, place = (
                ("record-malformed", reasons[without]) if without else ("client-missing", self._place)
            )
            yield Quarantined(code, place, None, register.source, register.only_type, register.municipality)
