"""The one place that opens JSON: what the stock parser lets pass is refused here.

Invariants:
1. Exactly one reading of a file: no object has a key twice, no NaN or Infinity, UTF-8 only (a byte order mark may
   stand in front).
2. Bounded: bytes and depth. The parser's own messages can hold the document, so none of them leaves this module.

Whoever writes a hostile file can at most have that file refused.
"""

import json
from codecs import BOM_UTF8
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO, Final, NoReturn

from .reading import FileRefused

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None

_COMPRESSED: Final = (b"\x1f\x8b", b"PK\x03\x04")


@dataclass(frozen=True, slots=True)
class JsonLimits:
    """How much one file may ask for: bytes as a whole, and values within values."""

    max_bytes: int = 200 * 1024 * 1024
    max_depth: int = 64


DEFAULT_LIMITS: Final = JsonLimits()


def load(stream: BinaryIO, name: str, limits: JsonLimits = DEFAULT_LIMITS) -> Json:
    """Read one JSON file.

    Args:
        stream: the file's bytes.
        name: what to call the file in a refusal.
        limits: see `JsonLimits`.

    Raises:
        FileRefused: too large, too deep, not UTF-8, not JSON, or ambiguous.
    """
    text = _decode(stream.read(limits.max_bytes + 1), name, limits)
    value = _guarded(lambda: _parse(text, name), name)
    if _deeper_than(value, limits.max_depth):
        raise FileRefused("too-deep", name)
    return value


def _decode(data: bytes, name: str, limits: JsonLimits) -> str:
    if not data.strip():
        raise FileRefused("empty", name)
    if data.startswith(_COMPRESSED):
        raise FileRefused("compressed", name)
    if len(data) > limits.max_bytes:
        raise FileRefused("too-large", name)
    try:
        return data.removeprefix(BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
    raise FileRefused("bad-encoding", f"{name}:{line}")


def _parse(text: str, name: str) -> Json:
    def members(pairs: list[tuple[str, Json]]) -> Json:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise FileRefused("duplicate-key", name)
        return found

    def constant(_: str) -> NoReturn:
        raise FileRefused("not-json", name)

    value: Json = json.loads(text, object_pairs_hook=members, parse_constant=constant)
    return value


def _guarded(parse: Callable[[], Json], name: str) -> Json:
    """Run the parser; a refusal is raised outside the `except`, so the parser's words are dropped."""
    try:
        return parse()
    except json.JSONDecodeError as error:
        code, place = "not-json", f"{name}:{error.lineno}"
    except RecursionError:
        code, place = "too-deep", name
    except ValueError:  # a number with more digits than Python converts
        code, place = "not-json", name
    raise FileRefused(code, place)


def _deeper_than(value: Json, limit: int) -> bool:
    level = [value]
    for _ in range(limit):
        level = [item for parent in level for item in _items(parent)]
        if not level:
            return False
    return any(isinstance(item, dict | list) for item in level)


def _items(parent: Json) -> list[Json]:
    if isinstance(parent, dict):
        return list(parent.values())
    return parent if isinstance(parent, list) else []
