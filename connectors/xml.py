"""The one place that opens XML: hostile documents are refused, large ones are read in constant memory.

Invariants:
1. No DOCTYPE, so no entity of its own and no external subset; nothing outside the bytes given is ever opened.
2. Bounded: bytes, depth, the size of one attribute, and the number of elements held at one time.
3. The parser's own messages can quote the document, so they never leave this module; refusals carry a line number.

Whoever writes a hostile document can at most have that document refused.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from itertools import chain, islice
from typing import Any, BinaryIO, Final

from lxml import etree

from .reading import FileRefused, Reading

# lxml ships no types; an element is only ever read, through the few attributes used here and in the readers.
Element = Any

_CHUNK_BYTES: Final = 65_536
_PROLOG_BYTES: Final = 1_048_576  # a document that has not reached its first element by then holds a huge DTD
_ATTRIBUTE_CHARACTERS: Final = 65_536
_COMPRESSED: Final = (b"\x1f\x8b", b"PK\x03\x04", b"BZh", b"\xfd7zXZ\x00")
_ENCODING_FAULTS: Final = frozenset(
    {
        etree.ErrorTypes.ERR_INVALID_CHAR,
        etree.ErrorTypes.ERR_UNKNOWN_ENCODING,
        etree.ErrorTypes.ERR_UNSUPPORTED_ENCODING,
        etree.ErrorTypes.ERR_INVALID_ENCODING,
    }
)
_LIMIT_FAULTS: Final = frozenset(
    {114, 45}
)  # XML_ERR_RESOURCE_LIMIT and an over-long comment; lxml has no names


@dataclass(frozen=True, slots=True)
class XmlLimits:
    """How much one document may ask for.

    Args:
        max_bytes: of the whole document.
        max_depth: elements within elements; these messages use nine at most.
        max_held: elements within one element that is handed over whole.
        max_readings: kept back until the document proved well-formed; beyond it the document is read twice.
    """

    max_bytes: int = 200 * 1024 * 1024
    max_depth: int = 64
    max_held: int = 1_000
    max_readings: int = 50_000


DEFAULT_LIMITS: Final = XmlLimits()


def once_whole(
    read: Callable[[BinaryIO], Iterator[Reading]], stream: BinaryIO, limits: XmlLimits = DEFAULT_LIMITS
) -> Iterator[Reading]:
    """Yield what `read` yields, but only after it has come to the end of the stream without a refusal.

    A document that is cut off must publish nothing, and one of 100 MB may not be kept in memory. So readings are
    held back up to `max_readings`; a document with more is read a second time for those that were not held.

    Raises:
        FileRefused: before anything was yielded.
    """
    seekable = stream if stream.seekable() else BytesIO(stream.read(limits.max_bytes + 1))
    begin = seekable.tell()
    readings = read(seekable)
    held = list(islice(readings, limits.max_readings))
    more = sum(1 for _ in readings)
    yield from held
    if more:
        seekable.seek(begin)
        yield from islice(read(seekable), len(held), None)


def elements(  # noqa: C901 - one flat loop that runs for every element; calls would take half its time
    stream: BinaryIO,
    name: str,
    *,
    whole: frozenset[str],
    marks: frozenset[str],
    limits: XmlLimits = DEFAULT_LIMITS,
) -> Iterator[tuple[str, str, Element]]:
    """Walk a document, yielding (`start` or `end`, local name, element) and forgetting it on the way.

    Args:
        stream: the document's bytes.
        name: what to call the document in a refusal.
        whole: local names handed over at their end, with everything in them.
        marks: local names reported at their start and end, without what is in them.
        limits: see `XmlLimits`.

    Yields:
        The root's start first, whatever its name. Namespaces are the caller's to check on that one.

    Raises:
        FileRefused: hostile, malformed, too large, or not XML.
    """
    depth = held = loose = kept_from = 0
    for event, element in chain.from_iterable(_feeds(_parser(), stream, name, limits)):
        if event == "start":
            depth += 1
            if depth > limits.max_depth:
                raise FileRefused("too-deep", position(name, element))
            if kept_from:
                held += 1
                continue
            loose += 1
            local = element.tag.rpartition("}")[2]  # not local_name: this line runs for every element
            if depth == 1:
                _check_root(element, name)
                yield event, local, element
            elif local in whole:
                held, kept_from = 0, depth
            elif local in marks:
                yield event, local, element
        else:
            if depth == kept_from or not kept_from:
                local = element.tag.rpartition("}")[2]
                if kept_from or local in marks:
                    yield event, local, element
                    _forget(element)
                    loose = kept_from = 0
                elif loose > limits.max_held:
                    _forget(element)
            elif held > limits.max_held:
                raise FileRefused("too-large", position(name, element))
            depth -= 1


def local_name(element: Element) -> str:
    """Return an element's name without its namespace."""
    name: str = element.tag
    return name.rpartition("}")[2]


def position(name: str, element: Element) -> str:
    """Say where an element stands."""
    return f"{name}:{element.sourceline}"


def _parser() -> Element:
    # collect_ids stays at its default: switching it off makes libxml2 load the external subset after all.
    return etree.XMLPullParser(
        events=("start", "end"),
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        dtd_validation=False,
        huge_tree=False,
        recover=False,
        remove_comments=True,
        remove_pis=True,
    )


def _feeds(
    parser: Element, stream: BinaryIO, name: str, limits: XmlLimits
) -> Iterator[Iterable[tuple[str, Element]]]:
    """Feed the parser chunk by chunk, yielding what each chunk brought to light."""
    size = 0
    begun = False
    while chunk := stream.read(_CHUNK_BYTES):
        if not size and chunk.startswith(_COMPRESSED):
            raise FileRefused("compressed", name)
        size += len(chunk)
        if size > limits.max_bytes or (not begun and size > _PROLOG_BYTES):
            raise FileRefused("too-large", name)
        _guarded(partial(parser.feed, chunk), name)
        events = parser.read_events()
        first = next(events, None)
        if first is not None:
            begun = True
            yield chain((first,), events)
    if not size:
        raise FileRefused("empty", name)
    _guarded(parser.close, name)


def _guarded(step: Callable[[], object], name: str) -> None:
    """Run one step of the parser; a refusal is raised outside the `except`, so the parser's words are dropped."""
    try:
        step()
    except etree.XMLSyntaxError as error:
        code, line = _code_of(error.code), error.lineno
    else:
        return
    raise FileRefused(code, f"{name}:{line}" if line else name)


def _code_of(fault: int) -> str:
    if fault in _ENCODING_FAULTS:
        return "bad-encoding"
    return "too-large" if fault in _LIMIT_FAULTS else "not-well-formed"


def _check_root(root: Element, name: str) -> None:
    document = root.getroottree().docinfo
    if document.doctype or document.internalDTD is not None:
        raise FileRefused("doctype", position(name, root))
    if sum(len(value) for value in root.attrib.values()) > _ATTRIBUTE_CHARACTERS:
        raise FileRefused("too-large", position(name, root))


def _forget(element: Element) -> None:
    """Drop what is in an element that was dealt with, and everything before it under the same parent."""
    element.clear(keep_tail=True)
    parent = element.getparent()
    if parent is not None:
        while element.getprevious() is not None:
            del parent[0]
