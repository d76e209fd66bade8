"""The one place that opens JSON: what the stock parser lets pass is refused here, and large files are walked.

Invariants:
1. Exactly one reading of a file: no object has a key twice, no NaN or Infinity, UTF-8 only (a byte order mark may
   stand in front), nothing after the end.
2. Bounded: bytes, the size of one value, and depth. What is walked takes the memory of one value, not of the file.
3. The parser's own messages can hold the document, so none of them leaves this module.

Whoever writes a hostile file can at most have that file refused.
"""

import json
from codecs import getincrementaldecoder
from collections.abc import Collection, Iterator
from enum import Enum
from typing import BinaryIO, Final, NoReturn

from connectors.reading import FileRefused

from . import CHUNK_BYTES, COMPRESSED

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None

Place = tuple[str | int, ...]
"""Where a value stands: keys, and numbers from 0 in lists. The whole document is `()`."""

Pattern = tuple[str, ...]
"""A place with `ITEM` for every number."""

ITEM: Final = "[]"
VALUE_CHARACTERS_MAX: Final = 4 * 1024 * 1024
"""Of one value that is handed over whole; the largest real one is some tens of kilobytes."""

DEPTH_MAX: Final = 64
"""Values within values."""

_SPACE: Final = " \t\n\r"


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
    text = _Text(stream, name, max_bytes)
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
    text: "_Text", opened: frozenset[Pattern], place: Place, pattern: Pattern
) -> Iterator[tuple[Place, Json | Opened]]:
    first = text.peek()
    if pattern not in opened or first not in ("{", "["):
        yield place, text.value()
    elif first == "[":
        yield place, Opened.LIST
        inside = (*pattern, ITEM)
        for number in text.items("]"):
            yield from _walk(text, opened, (*place, number), inside)
    else:
        yield place, Opened.OBJECT
        seen = set()
        for _ in text.items("}"):
            key = text.key()
            if key in seen:
                raise text.refusal("duplicate-key")
            seen.add(key)
            yield from _walk(text, opened, (*place, key), (*pattern, key))


class _Text:
    """The text of a document, of which only a piece is held.

    Args:
        stream: its bytes, UTF-8.
        name: for refusals.
        max_bytes: of the whole.
    """

    def __init__(self, stream: BinaryIO, name: str, max_bytes: int) -> None:
        self._stream = stream
        self._name = name
        self._left = max_bytes
        self._decode = getincrementaldecoder("utf-8-sig")().decode
        self._parser = json.JSONDecoder(object_pairs_hook=self._members, parse_constant=self._constant)
        self._held = ""
        self._at = 0
        self._line = 1
        self._has_begun = self._is_at_end = False

    def refusal(self, code: str) -> FileRefused:
        """A refusal that names the present line."""
        return FileRefused(code, f"{self._name}:{self._line + self._held.count(chr(10), 0, self._at)}")

    def peek(self) -> str:
        """The next character that is no space, not taken; empty at the end."""
        while True:
            held, end = self._held, len(self._held)
            while self._at < end and held[self._at] in _SPACE:
                self._at += 1
            if self._at < end:
                return held[self._at]
            if not self._more():
                return ""

    def items(self, closing: str) -> Iterator[int]:
        """Take the opening mark; yield a number per item, with the text at its begin; take the closing mark."""
        self._at += 1
        number = 0
        while self.peek() != closing:
            if number:
                self._take(",")
                if self.peek() == closing:
                    raise self.refusal("not-json")
            yield number
            number += 1
        self._at += 1

    def key(self) -> str:
        """Take a key and the colon after it."""
        if self.peek() != '"':
            raise self.refusal("not-json" if self._has_begun else "empty")
        key = self.value()
        self._take(":")
        assert isinstance(key, str)
        return key

    def value(self) -> Json:
        """Take one value."""
        if not self.peek():
            raise self.refusal("not-json" if self._has_begun else "empty")
        while True:
            value, end = self._attempt()
            if end is not None and (end < len(self._held) or not self._more()):
                self._check_depth(value, end)
                self._at = end
                return value
            if len(self._held) - self._at > VALUE_CHARACTERS_MAX:
                raise self.refusal("too-large")
            if end is None and not self._more():
                raise self._fault

    def _take(self, mark: str) -> None:
        if self.peek() != mark:
            raise self.refusal("not-json")
        self._at += 1

    def _attempt(self) -> tuple[Json, int | None]:
        """Parse at the present place; None for the end when it does not parse, or not yet."""
        try:
            value, end = self._parser.raw_decode(self._held, self._at)
        except json.JSONDecodeError as error:
            self._fault = FileRefused("not-json", f"{self._name}:{self._line + error.lineno - 1}")
        except ValueError:  # a number with more digits than Python converts
            self._fault = self.refusal("not-json")
        except RecursionError:
            self._fault = self.refusal("too-deep")
        else:
            return value, end
        if self._fault.code == "too-deep":
            raise self._fault
        return None, None

    def _check_depth(self, value: Json, end: int) -> None:
        marks = self._held.count("{", self._at, end) + self._held.count("[", self._at, end)
        if marks > DEPTH_MAX and _deeper_than(value, DEPTH_MAX):
            raise self.refusal("too-deep")

    def _more(self) -> bool:
        """Hold another piece, and no longer what lies behind; False at the end of the document."""
        if self._is_at_end:
            return False
        chunk = self._stream.read(CHUNK_BYTES)
        if not self._has_begun and chunk.startswith(COMPRESSED):
            raise FileRefused("compressed", self._name)
        self._left -= len(chunk)
        if self._left < 0:
            raise FileRefused("too-large", self._name)
        self._is_at_end = not chunk
        self._line += self._held.count("\n", 0, self._at)
        self._held, self._at = self._held[self._at :] + self._decoded(chunk), 0
        self._has_begun = self._has_begun or bool(chunk.strip())
        return True

    def _decoded(self, chunk: bytes) -> str:
        # The refusal is raised outside the `except`: the decoder's error holds the document.
        try:
            return self._decode(chunk, self._is_at_end)
        except UnicodeDecodeError as error:
            line = self._line + self._held.count("\n") + error.object.count(b"\n", 0, error.start)
        raise FileRefused("bad-encoding", f"{self._name}:{line}")

    def _members(self, pairs: list[tuple[str, Json]]) -> Json:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise self.refusal("duplicate-key")
        return found

    def _constant(self, _: str) -> NoReturn:
        raise self.refusal("not-json")


def _deeper_than(value: Json, limit: int) -> bool:
    level = [value]
    for _ in range(limit):
        level = [item for parent in level for item in _inside(parent)]
        if not level:
            return False
    return any(isinstance(item, dict | list) for item in level)


def _inside(parent: Json) -> list[Json]:
    if isinstance(parent, dict):
        return list(parent.values())
    return parent if isinstance(parent, list) else []
