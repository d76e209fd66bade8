"""The one place that opens JSON: what the stock parser lets pass is refused here, and large files are walked.

Invariants:
1. Exactly one reading of a file: no object has a key twice, no NaN or Infinity, UTF-8 only (a byte order mark may
   stand in front), nothing after the end. Where the stream was cut into pieces makes no difference.
2. Bounded: bytes, the size of one value, the keys of one object, and depth. What is walked takes the memory of one
   value, not of the file, and the time a value takes grows with its size alone. The values of one object that is
   walked are together no larger than one value, as a reader keeps them until its end.
3. The parser's own messages can hold the document, so none of them leaves this module.

Half of a surrogate pair, as some systems leave at the end of a text they cut off, stays in the text as it stands: it is
no reason to lose a file, but whoever encodes such a text must be ready for it.

Whoever writes a hostile file can at most have that file refused.
"""

from collections.abc import Collection, Iterator
from enum import Enum
from typing import BinaryIO, Final

from .json_text import VALUE_CHARACTERS_MAX, Json, JsonText

__all__ = ["ITEM", "Json", "Opened", "Pattern", "Place", "load", "walk", "written"]

Place = tuple[str | int, ...]
"""Where a value stands: keys, and numbers from 0 in lists. The whole document is `()`."""

Pattern = tuple[str, ...]
"""A place with `ITEM` for every number."""

ITEM: Final = "[]"


class Opened(Enum):
    """What stands at a place that is walked, told before what is in it."""

    OBJECT = "{"
    LIST = "["


def walk(
    stream: BinaryIO, name: str, opened: Collection[Pattern], max_bytes: int
) -> Iterator[tuple[Place, Json | Opened]]:
    """Walk one JSON document.

    Args:
        stream: the document's bytes.
        name: what to call it in a refusal.
        opened: places whose object or list is walked; every other value is handed over whole.
        max_bytes: of the whole document.

    Yields:
        Place and value, in document order; for a place that is walked, what it is, and then what is in it.

    Raises:
        FileRefused: too large, too deep, not UTF-8, not JSON, or ambiguous.
    """
    text = JsonText(stream, name, max_bytes)
    if not text.peek():
        raise text.refusal("empty")
    yield from _walk(text, frozenset(opened), (), ())
    if text.peek():
        raise text.refusal("not-json")


def load(stream: BinaryIO, name: str, max_bytes: int) -> Json:
    """Read one JSON document of at most `VALUE_CHARACTERS_MAX` whole; raises as `walk` does."""
    for _, value in walk(stream, name, (), max_bytes):
        assert not isinstance(value, Opened)
        document = value
    return document


def written(name: str, place: Place) -> str:
    """Write a place for people: `levering.json: leveringen[0].client`."""
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in place]
    return f"{name}: {''.join(parts).removeprefix('.')}" if parts else name


def _walk(
    text: JsonText, opened: frozenset[Pattern], place: Place, pattern: Pattern
) -> Iterator[tuple[Place, Json | Opened]]:
    first = text.peek()
    if pattern not in opened or first not in ("{", "["):
        yield place, text.value(len(place))
    elif first == "[":
        yield place, Opened.LIST
        inside = (*pattern, ITEM)
        if inside in opened:
            for number in text.items("]"):
                yield from _walk(text, opened, (*place, number), inside)
        else:
            depth = len(place) + 1
            for number in text.items("]"):
                yield (*place, number), text.value(depth)
    else:
        yield place, Opened.OBJECT
        room = VALUE_CHARACTERS_MAX
        for key in text.members():
            inside = (*pattern, key)
            if inside in opened:
                yield from _walk(text, opened, (*place, key), inside)
                continue
            value = text.value(len(place) + 1)
            room -= text.taken
            if room < 0:
                raise text.refusal("too-large")
            yield (*place, key), value
