"""How the tree and its entries are kept: pieces of at most 256 hashes or entries, with a path each.

Invariants:
1. A full tile never changes; a partial one only grows.
2. The hash of a tile stands in the level above once that tile is full, and not before.
3. A piece has one path and one content; every other is refused.

Whoever controls the tiles can change any of them, which shows in the root.
Source: C2SP tlog-tiles.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from crypto.errors import MalformedInput, VerificationFailed

from .lines import NUMBER_MAX
from .merkle import HASH_BYTES, HashReader, node_hash

TILE_WIDTH: Final = 256
FULL_TILE_BYTES: Final = TILE_WIDTH * HASH_BYTES
ENTRY_BYTES_MAX: Final = 0xFFFF
"""What the length before an entry can say."""

_HEIGHT: Final = 8
_LENGTH_BYTES: Final = 2
_LEVEL_MAX: Final = 63
_GROUP: Final = 1000
_TILES_AT_HAND: Final = 16  # A proof passes through the same few tiles several times.
_PATH: Final = re.compile(
    r"tile/(?:(?P<level>[0-9]{1,2})|entries)/(?P<index>(?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/(?P<width>[0-9]{1,3}))?",
    re.ASCII,
)

ReadTile = Callable[[int, int], bytes]
"""(level, index) to the hashes that this tile holds now, one after another."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One tile or one bundle of entries.

    Args:
        level: of the tile, from 0; None for entries.
        index: from 0, within the level.
        width: how many hashes or entries it holds, 1 to 256.

    Raises:
        MalformedInput: outside those ranges.
    """

    level: int | None
    index: int
    width: int = TILE_WIDTH

    def __post_init__(self) -> None:
        """Refuse what has no path."""
        fits = 0 <= (self.level or 0) <= _LEVEL_MAX and 0 <= self.index <= NUMBER_MAX
        if not fits or not 1 <= self.width <= TILE_WIDTH:
            raise MalformedInput("no such tile")

    @property
    def path(self) -> str:
        """Where it stands, relative to the log."""
        groups, rest = [], self.index
        while rest >= _GROUP:
            rest, group = divmod(rest, _GROUP)
            groups.append(f"{group:03d}")
        groups.append(f"{rest:03d}")
        numbered = "/".join([*(f"x{group}" for group in reversed(groups[1:])), groups[0]])
        kind = "entries" if self.level is None else str(self.level)
        partial = "" if self.width == TILE_WIDTH else f".p/{self.width}"
        return f"tile/{kind}/{numbered}{partial}"


def path(level: int, index: int, width: int = TILE_WIDTH) -> str:
    """Return the path of a tile.

    Raises:
        MalformedInput: No such tile.
    """
    return Piece(level, index, width).path


def entries_path(index: int, width: int = TILE_WIDTH) -> str:
    """Return the path of a bundle of entries.

    Raises:
        MalformedInput: No such bundle.
    """
    return Piece(None, index, width).path


def parse_path(text: str) -> Piece:
    """Read a path back.

    Raises:
        MalformedInput: Not the path of a tile or a bundle, in its only spelling.
    """
    found = _PATH.fullmatch(text)
    if found is None:
        raise MalformedInput("not the path of a tile")
    level = None if found["level"] is None else int(found["level"])
    index = int(found["index"].replace("x", "").replace("/", ""))
    piece = Piece(level, index, int(found["width"] or TILE_WIDTH))
    if piece.path != text:
        raise MalformedInput("not the path of a tile in its only spelling")
    return piece


def pieces(size: int) -> Iterator[Piece]:
    """Return every tile and bundle of a tree, each in its widest form, bundles first."""
    for index in range(-(-size // TILE_WIDTH)):
        yield Piece(None, index, min(TILE_WIDTH, size - index * TILE_WIDTH))
    level, count = 0, size
    while count:
        for index in range(-(-count // TILE_WIDTH)):
            yield Piece(level, index, min(TILE_WIDTH, count - index * TILE_WIDTH))
        level, count = level + 1, count // TILE_WIDTH


def grow(size: int, leaves: Sequence[bytes], read_tile: ReadTile) -> Mapping[tuple[int, int], bytes]:
    """Return the tiles that change when leaves are appended.

    Args:
        size: Of the tree before.
        leaves: Hashes, from `crypto.log.merkle.leaf_hash`.
        read_tile: Asked for partial tiles only.

    Returns:
        (level, index) to the whole content that the tile has then.

    Raises:
        MalformedInput: A leaf is not a hash.
        VerificationFailed: A tile as it is kept does not belong to a tree of this size.
    """
    if any(len(leaf) != HASH_BYTES for leaf in leaves):
        raise MalformedInput("a leaf of the tree is a hash of 32 bytes")
    changed: dict[tuple[int, int], bytes] = {}
    level, count, fresh = 0, size, leaves
    while fresh:
        index, present = divmod(count, TILE_WIDTH)
        content = _present(read_tile(level, index), present) if present else b""
        whole = content + b"".join(fresh)
        tiles = [whole[at : at + FULL_TILE_BYTES] for at in range(0, len(whole), FULL_TILE_BYTES)]
        changed |= {(level, index + at): tile for at, tile in enumerate(tiles)}
        fresh = [tile_hash(tile) for tile in tiles if len(tile) == FULL_TILE_BYTES]
        level, count = level + 1, index
    return changed


def hash_reader(read_tile: ReadTile, size: int) -> HashReader:
    """Return what gives the complete subtrees of a tree out of its tiles.

    Args:
        read_tile: May know a larger tree than this one.
        size: Of the tree.

    Returns:
        A reader that raises VerificationFailed when a tile is shorter than the tree needs, and MalformedInput for
        a subtree that is not complete at this size. It remembers a few tiles.
    """
    remembered = lru_cache(maxsize=_TILES_AT_HAND)(read_tile)

    def read(level: int, index: int) -> bytes:
        if index < 0 or (index + 1) << level > size:
            raise MalformedInput("this subtree is not complete in a tree of this size")
        tile_level, height = divmod(level, _HEIGHT)
        tile, offset = divmod(index << height, TILE_WIDTH)
        start, end = offset * HASH_BYTES, (offset + (1 << height)) * HASH_BYTES
        content = remembered(tile_level, tile)
        if len(content) < end or len(content) > FULL_TILE_BYTES:
            raise VerificationFailed("a tile does not belong to a tree of this size")
        return tile_hash(content[start:end])

    return read


def tile_hash(content: bytes) -> bytes:
    """Return the hash over a whole tile, or over another power of two of hashes."""
    row = [content[at : at + HASH_BYTES] for at in range(0, len(content), HASH_BYTES)]
    while len(row) > 1:
        row = [node_hash(left, right) for left, right in zip(row[::2], row[1::2], strict=True)]
    return row[0]


def bundle(entries: Sequence[bytes]) -> bytes:
    """Return a bundle of entries.

    Args:
        entries: 1 to 256, of at most 65,535 bytes each.

    Raises:
        MalformedInput: Too many, none, or too long.
    """
    if not 1 <= len(entries) <= TILE_WIDTH or max(map(len, entries)) > ENTRY_BYTES_MAX:
        raise MalformedInput("a bundle holds 1 to 256 entries of at most 65,535 bytes")
    return b"".join(len(entry).to_bytes(_LENGTH_BYTES, "big") + entry for entry in entries)


def read_bundle(data: bytes, count: int) -> list[bytes]:
    """Take a bundle apart.

    Args:
        data: The whole bundle.
        count: How many entries it has to hold.

    Raises:
        MalformedInput: Fewer or more, or cut short.
    """
    entries, offset = [], 0
    for _ in range(count):
        start = offset + _LENGTH_BYTES
        offset = start + int.from_bytes(data[offset:start], "big")
        entries.append(data[start:offset])
    if offset != len(data):
        raise MalformedInput("the bundle does not hold as many entries as it should")
    return entries


def _present(content: bytes, width: int) -> bytes:
    if len(content) != width * HASH_BYTES:
        raise VerificationFailed("a tile does not belong to a tree of this size")
    return content
