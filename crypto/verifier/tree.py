"""Recomputes the tree from its entries, and holds each tile of the export against it.

Invariants:
1. Roots follow from the entries alone; the tiles of the export are compared and not used.
2. Memory does not grow with the tree: one unfinished tile per level, and the few that roots are made of.
"""

from collections.abc import Callable, Iterable
from typing import Final

from crypto.errors import VerificationFailed
from crypto.log.merkle import HASH_BYTES, root
from crypto.log.tiles import FULL_TILE_BYTES, TILE_WIDTH, Piece, hash_reader, tile_hash

_LEVELS: Final = 8
"""256 to this power is more than any tree has leaves."""


class Retrace:
    """A tree that is computed once more, from left to right.

    Args:
        read_piece: Gives the tiles of the export.
        sizes: Of which the root will be asked for.
    """

    def __init__(self, read_piece: Callable[[Piece], bytes], sizes: Iterable[int]) -> None:
        self._read_piece = read_piece
        self._wanted = {
            (level, size // TILE_WIDTH ** (level + 1)) for size in sizes for level in range(_LEVELS)
        }
        self._edges: dict[tuple[int, int], bytes] = {}
        self._counts = [0] * _LEVELS
        self._rows = [b""] * _LEVELS

    def add_leaves(self, leaves: bytes) -> None:
        """Add the leaf hashes of the next bundle; only the last one may be less than full.

        Raises:
            VerificationFailed: A tile of the export is missing or another.
        """
        self._add(0, leaves)

    def finish(self) -> None:
        """Compare the tiles that are not full; after the last bundle.

        Raises:
            VerificationFailed: A tile of the export is missing or another.
        """
        for level, row in enumerate(self._rows):
            if row:
                self._compare(level, row)

    def root(self, size: int) -> bytes:
        """Return the root at one of the sizes that were announced; after `finish`."""
        return root(size, hash_reader(lambda level, index: self._edges[level, index], size))

    def _add(self, level: int, hashes: bytes) -> None:
        row = self._rows[level] + hashes
        self._rows[level] = b"" if len(row) == FULL_TILE_BYTES else row
        if len(row) == FULL_TILE_BYTES:
            self._compare(level, row)
            self._counts[level] += 1
            self._add(level + 1, tile_hash(row))

    def _compare(self, level: int, content: bytes) -> None:
        index = self._counts[level]
        piece = Piece(level, index, len(content) // HASH_BYTES)
        if self._read_piece(piece) != content:
            raise VerificationFailed(f"{piece.path} is not what follows from the entries")
        if (level, index) in self._wanted:
            self._edges[level, index] = content
