"""The one place that opens XML: hostile documents are refused, large ones are read in constant memory.

Invariants:
1. No DOCTYPE, so no entity of its own and no external subset; nothing outside the bytes given is ever opened.
2. Bounded: bytes, the size of one part, one attribute, and (by the parser) 256 elements within elements and ten
   million characters in one text.
3. The parser's own messages can quote the document, so they never leave this module; refusals carry a line number.

Whoever writes a hostile document can at most have that document refused.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import Any, BinaryIO, Final

from lxml import etree

from connectors.reading import FileRefused

from . import CHUNK_BYTES, COMPRESSED

# lxml ships no types; an element is only ever read, through the few attributes used here and in the readers.
Element = Any

PART_BYTES_MAX: Final = 4 * 1024 * 1024
"""Of one part that is handed over whole; the largest real one is a few kilobytes."""

WHOLE_BYTES: Final = 4 * CHUNK_BYTES
"""A document below it is parsed before it is walked: that takes two thirds of the time of watching for parts."""

_PROLOG_BYTES: Final = 1_048_576  # a document without any part by then is none of ours, or holds a huge DTD
_ATTRIBUTE_CHARACTERS: Final = 65_536
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

_STRICT: Final[Mapping[str, bool]] = {
    # collect_ids stays at its default: switching it off makes libxml2 load the external subset after all.
    "resolve_entities": False,
    "load_dtd": False,
    "no_network": True,
    "dtd_validation": False,
    "huge_tree": False,
    "recover": False,
    "remove_blank_text": True,  # the space between elements is half of a tree, and says nothing in these messages
    "remove_comments": True,
    "remove_pis": True,
}


def elements(
    stream: BinaryIO,
    name: str,
    parts: Collection[str],
    max_bytes: int,
    part_bytes_max: int = PART_BYTES_MAX,
) -> Iterator[Element]:
    """Walk a document: the root first, then each part at its end, forgotten when the next is asked for.

    Args:
        stream: the document's bytes.
        name: what to call the document in a refusal.
        parts: local names of the elements handed over with everything in them, whatever their namespace.
        max_bytes: of the whole document.
        part_bytes_max: of one part, give or take a piece; one text never holds more than ten million characters.

    Yields:
        The root, of which only name and attributes may be used; then the parts in document order, of whose parents
        the same may be used. A part within a part comes before the one that holds it, and is empty in there.

    Raises:
        FileRefused: hostile, malformed, too large, or not XML.
    """
    first = _up_to(WHOLE_BYTES, stream)
    if not first:
        raise FileRefused("empty", name)
    if first.startswith(COMPRESSED):
        raise FileRefused("compressed", name)
    if len(first) > max_bytes:
        raise FileRefused("too-large", name)
    if len(first) < WHOLE_BYTES:
        yield from _whole(first, name, [f"{{*}}{part}" for part in parts])
    else:
        pieces = chain([first], iter(partial(stream.read, CHUNK_BYTES), b""))
        yield from _in_pieces(pieces, name, parts, max_bytes, part_bytes_max)


def local_name(element: Element) -> str:
    """Return an element's name without its namespace."""
    name: str = element.tag
    return name.rpartition("}")[2]


def texts_of(element: Element) -> dict[str, str]:
    """Return the text of each child by local name, without space around it; of a composed child it is empty.

    Shorter than the element when it has a child twice.
    """
    return {child.tag.rpartition("}")[2]: (child.text or "").strip() for child in element}


def position(name: str, element: Element) -> str:
    """Say where an element stands."""
    return f"{name}:{element.sourceline}"


def _up_to(size: int, stream: BinaryIO) -> bytes:
    """Read this many bytes, fewer only when there are no more."""
    pieces = []
    while size and (piece := stream.read(size)):
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


def _whole(document: bytes, name: str, tags: Sequence[str]) -> Iterator[Element]:
    """Walk a document that is parsed first."""
    parser = etree.XMLParser(**_STRICT)
    _guarded(partial(parser.feed, document), name)
    root = _guarded(parser.close, name)
    _check_root(root, name)
    yield root
    inside: list[Element] = []  # parts that have begun, each within the one before it
    for part in list(root.iter(*tags)):
        holder = next(part.iterancestors(*tags), None)
        while inside and inside[-1] is not holder:
            yield from _ended(inside)
        inside.append(part)
    while inside:
        yield from _ended(inside)


def _ended(inside: list[Element]) -> Iterator[Element]:
    part = inside.pop()
    yield part
    if inside:
        part.clear(keep_tail=True)


def _in_pieces(
    pieces: Iterable[bytes], name: str, parts: Collection[str], max_bytes: int, part_bytes_max: int
) -> Iterator[Element]:
    """Walk a document while it is parsed, and drop what lies behind."""
    parser = etree.XMLPullParser(events=("end",), tag=[f"{{*}}{part}" for part in parts], **_STRICT)
    root: Element = None
    unended: Element = None
    size = since_begin = 0
    for piece in pieces:
        size += len(piece)
        if size > max_bytes:
            raise FileRefused("too-large", name)
        _guarded(partial(parser.feed, piece), name)
        for _, part in parser.read_events():
            if root is None:
                root = part.getroottree().getroot()
                _check_root(root, name)
                yield root
            yield part
            part.clear(keep_tail=True)
        # Counted from where the outermost part began: the parts within it end, and what stands between them stays.
        held = _prune(root, parts) if root is not None else None
        since_begin = since_begin + len(piece) if held is unended else 0
        unended = held
        if (root is None and since_begin > _PROLOG_BYTES) or (
            held is not None and since_begin > part_bytes_max
        ):
            raise FileRefused("too-large", name)
    closed = _guarded(parser.close, name)
    if root is None:
        _check_root(closed, name)
        yield closed


def _prune(root: Element, parts: Collection[str]) -> Element:
    """Drop everything that lies behind; return the outermost part the document stands in the middle of, if any."""
    node = root
    while len(node):
        del node[:-1]
        node = node[-1]
        if local_name(node) in parts:
            return node if len(node) or node.text else None  # of one that ended, nothing is left
    return None


def _guarded(step: Callable[[], Element], name: str) -> Element:
    """Run one step of the parser; a refusal is raised outside the `except`, so the parser's words are dropped."""
    try:
        return step()
    except etree.XMLSyntaxError as error:
        code, line = _code_of(error), error.lineno
    raise FileRefused(code, f"{name}:{line}" if line else name)


def _code_of(error: etree.XMLSyntaxError) -> str:
    if error.code in _ENCODING_FAULTS:
        return "bad-encoding"
    if error.code in _LIMIT_FAULTS:
        return "too-deep" if "depth" in (error.msg or "").partition(":")[0] else "too-large"
    return "not-well-formed"


def _check_root(root: Element, name: str) -> None:
    document = root.getroottree().docinfo
    if document.doctype or document.internalDTD is not None:
        raise FileRefused("doctype", position(name, root))
    if sum(len(value) for value in root.attrib.values()) > _ATTRIBUTE_CHARACTERS:
        raise FileRefused("too-large", position(name, root))
