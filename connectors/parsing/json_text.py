"""The text of a JSON document of which only a piece is held, and its values one by one.

Invariants:
1. Where the stream is cut into pieces makes no difference: a value is only taken when what follows cannot change it.
2. What is held is one value and a piece; a long value is parsed again when twice as much is there, not at every piece.
3. The parser's own messages can hold the document, so none of them leaves this module.

Whoever writes a hostile document can at most have it refused.
"""

import json
import re
from codecs import getincrementaldecoder
from collections.abc import Iterator
from typing import BinaryIO, Final, NoReturn

from connectors.reading import FileRefused

from . import CHUNK_BYTES, COMPRESSED

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None

VALUE_CHARACTERS_MAX: Final = 4 * 1024 * 1024
"""Of one value that is handed over whole; the largest real one is some tens of kilobytes."""

KEY_CHARACTERS_MAX: Final = 1024 * 1024
"""Of all keys of one object that is walked; they are kept, to find one that comes twice."""

DEPTH_MAX: Final = 64
"""Values within values, the document itself included."""

_NUMBER: Final = (int, float)
_NO_SPACE: Final = re.compile(r"[^ \t\n\r]")
_KEY_COST: Final = 64  # characters; what it takes to keep a key at all
_MAGIC_BYTES: Final = max(map(len, COMPRESSED))
_UNENDED: Final = "Unterminated string"  # how the parser calls a text without its closing mark
_TOKEN_CHARACTERS: Final = (
    16  # more than any mark, word or escape, so nearer to the end it may just be cut off
)
_NUMBER_GOES_ON: Final = 3  # characters that can follow a number and still become part of it: `e+1`


class JsonText:
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
        self._parser = json.JSONDecoder(object_pairs_hook=self._object, parse_constant=self._constant)
        self._held = ""
        self._at = 0
        self._line = 1  # of the first character held
        self._taken = 0  # characters of the value that was taken last
        self._objects = 0  # in the value that is being parsed
        self._is_at_end = False
        head = self._read(_MAGIC_BYTES)
        if head.startswith(COMPRESSED):
            raise FileRefused("compressed", name)
        self._held = self._decoded(head)

    def refusal(self, code: str) -> FileRefused:
        """A refusal that names the present line."""
        return FileRefused(code, f"{self._name}:{self._line + self._held.count(chr(10), 0, self._at)}")

    def peek(self) -> str:
        """The next character that is no space, not taken; empty at the end."""
        while not (found := _NO_SPACE.search(self._held, self._at)):
            self._at = len(self._held)
            if not self._more():
                return ""
        self._at = found.start()
        return found[0]

    def items(self, closing: str) -> Iterator[int]:
        """Take the opening mark; yield a number per item, with the text at its begin; take the closing mark."""
        self._at += 1
        number = 0
        if self.peek() != closing:
            yield number
            while (mark := self.peek()) == ",":
                self._at += 1
                if self.peek() == closing:
                    raise self.refusal("not-json")
                number += 1
                yield number
            if mark != closing:
                raise self.refusal("not-json")
        self._at += 1

    def members(self) -> Iterator[str]:
        """Take an object; yield each key, with the text behind its colon."""
        seen: set[str] = set()
        room = KEY_CHARACTERS_MAX
        for _ in self.items("}"):
            if self.peek() != '"':
                raise self.refusal("not-json")
            key = self.value(0)
            assert isinstance(key, str)  # it begins as one
            if key in seen:
                raise self.refusal("duplicate-key")
            room -= _KEY_COST + len(key)
            if room < 0:
                raise self.refusal("too-large")
            seen.add(key)
            if self.peek() != ":":
                raise self.refusal("not-json")
            self._at += 1
            self.peek()
            yield key

    def value(self, depth: int) -> Json:
        """Take the value that begins here, within `depth` others."""
        value, end = self._parsed()
        # A number may go on in the next piece; every other value ends in a mark of its own.
        while (
            isinstance(value, _NUMBER) and end + _NUMBER_GOES_ON > len(self._held) and self._twice_as_much()
        ):
            value, end = self._parsed()
        if end - self._at > VALUE_CHARACTERS_MAX:
            raise self.refusal("too-large")
        if self._nested_at_most(end) > DEPTH_MAX - depth and _deeper_than(value, DEPTH_MAX - depth):
            raise self.refusal("too-deep")
        self._at, self._taken = end, end - self._at
        return value

    @property
    def taken(self) -> int:
        """How many characters the value had that was taken last."""
        return self._taken

    def _parsed(self) -> tuple[Json, int]:
        """Parse the value that begins here, and say where it ends; holds more until it does."""
        while isinstance(attempt := self._attempt(), FileRefused):
            if len(self._held) - self._at > VALUE_CHARACTERS_MAX:
                raise self.refusal("too-large")
            if not self._twice_as_much():
                raise attempt
        return attempt

    def _attempt(self) -> tuple[Json, int] | FileRefused:
        """Parse at the present place; a refusal is returned while what follows may undo it, else raised."""
        code, line, may_go_on = "not-json", 0, False
        self._objects = 0
        try:
            return self._parser.raw_decode(self._held, self._at)
        except json.JSONDecodeError as error:
            line = self._line + error.lineno - 1
            is_near_end = error.pos + _TOKEN_CHARACTERS > len(self._held)
            may_go_on = is_near_end or error.msg.startswith(_UNENDED)
        except ValueError:
            pass  # a number with more digits than Python converts
        except RecursionError:
            code = "too-deep"
        # Made outside the `except`: the parser's error holds the document.
        refusal = FileRefused(code, f"{self._name}:{line}") if line else self.refusal(code)
        if may_go_on:
            return refusal
        raise refusal

    def _nested_at_most(self, end: int) -> int:
        """How deep the value just parsed can be: as deep as it has objects and opening marks of lists."""
        # Searched for and not counted: lists are rare, and a search for one character is far quicker than a count.
        count, at = self._objects, self._held.find("[", self._at, end)
        while at >= 0 and count <= DEPTH_MAX:
            count, at = count + 1, self._held.find("[", at + 1, end)
        return count

    def _twice_as_much(self) -> bool:
        """Hold twice as much, so that a long value is not parsed once per piece; False at the end."""
        return self._more(len(self._held) - self._at)

    def _more(self, at_least: int = 1) -> bool:
        """Hold so many bytes more, and no longer what lies behind; False when there are none."""
        chunk = self._read(at_least)
        text = self._decoded(chunk)
        if not text:
            return bool(chunk) and self._more()
        self._line += self._held.count("\n", 0, self._at)
        self._held, self._at = self._held[self._at :] + text, 0
        return True

    def _read(self, at_least: int) -> bytes:
        """Read so many bytes when there are; all of them before any is held, as holding copies what is held."""
        pieces, size = [], 0
        while size < at_least and not self._is_at_end:
            piece = self._stream.read(CHUNK_BYTES)
            pieces.append(piece)
            size += len(piece)
            self._is_at_end = not piece
        self._left -= size
        if self._left < 0:
            raise FileRefused("too-large", self._name)
        return b"".join(pieces)

    def _decoded(self, chunk: bytes) -> str:
        # The refusal is raised outside the `except`: the decoder's error holds the document.
        try:
            return self._decode(chunk, self._is_at_end)
        except UnicodeDecodeError as error:
            line = self._line + self._held.count("\n") + error.object.count(b"\n", 0, error.start)
        raise FileRefused("bad-encoding", f"{self._name}:{line}")

    def _object(self, pairs: list[tuple[str, Json]]) -> Json:
        self._objects += 1
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
