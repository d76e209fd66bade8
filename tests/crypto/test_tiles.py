"""Tiles grow to what the definition says, lead to the same tree however it grew, and have one path each."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.errors import MalformedInput, VerificationFailed
from crypto.log import tiles
from crypto.log.merkle import (
    EMPTY_ROOT,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root,
    verify_inclusion,
)
from crypto.log.tiles import FULL_TILE_BYTES, Piece, bundle, entries_path, grow, hash_reader, parse_path, path

LEAVES = [leaf_hash(b"%d" % index) for index in range(70_000)]

sizes = st.one_of(st.integers(0, 1100), st.sampled_from([255, 256, 257, 65_535, 65_536, 65_537, 66_000]))


class Kept:
    """Tiles as a store keeps them."""

    def __init__(self) -> None:
        self.size = 0
        self.tiles: dict[tuple[int, int], bytes] = {}

    def append(self, count: int) -> None:
        leaves = LEAVES[self.size : self.size + count]
        self.tiles |= grow(self.size, leaves, self.read)
        self.size += count

    def read(self, level: int, index: int) -> bytes:
        return self.tiles[level, index]


def kept(size: int) -> Kept:
    tree = Kept()
    tree.append(size)
    return tree


def true_root(size: int) -> bytes:
    """By RFC 9162 §2.1.1, word for word, and with no tile in it."""
    return naive_root(LEAVES[:size])


def naive_root(leaves: Sequence[bytes]) -> bytes:
    if len(leaves) < 2:
        return leaves[0] if leaves else EMPTY_ROOT
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return node_hash(naive_root(leaves[:split]), naive_root(leaves[split:]))


class TestPaths:
    @pytest.mark.parametrize(
        ("piece", "text"),
        [
            (Piece(0, 0), "tile/0/000"),
            (Piece(0, 1_234_067), "tile/0/x001/x234/067"),
            (Piece(63, 999, 1), "tile/63/999.p/1"),
            (Piece(1, 1000, 255), "tile/1/x001/000.p/255"),
            (Piece(None, 0, 112), "tile/entries/000.p/112"),
            (Piece(None, 2**63 - 1), "tile/entries/x009/x223/x372/x036/x854/x775/807"),
        ],
    )
    def test_the_paths_of_the_specification(self, piece: Piece, text: str) -> None:
        assert (piece.path, parse_path(text)) == (text, piece)

    @given(st.none() | st.integers(0, 63), st.integers(0, 2**63 - 1), st.integers(1, 256))
    def test_a_path_is_read_back(self, level: int | None, index: int, width: int) -> None:
        text = entries_path(index, width) if level is None else path(level, index, width)
        assert parse_path(text) == Piece(level, index, width)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "tile/0/0",
            "tile/00/000",
            "tile/64/000",
            "tile/-1/000",
            "tile/0/x000/000",
            "tile/0/001/000",
            "tile/0/x001",
            "tile/0/000.p/0",
            "tile/0/000.p/256",
            "tile/0/000.p/01",
            "tile/0/000.p/",
            "tile/0/000/",
            "/tile/0/000",
            "tile/0/../000",
            "tile/entries/000.p/999",
            "tile/data/000",
            "tile/0/x009/x223/x372/x036/x854/x775/808",
            "tile/\u0660/000",
            "tile/0/000\n",
        ],
    )
    def test_another_path_is_refused(self, text: str) -> None:
        with pytest.raises(MalformedInput):
            parse_path(text)

    @pytest.mark.parametrize(
        "wrong", [(-1, 0, 1), (64, 0, 1), (0, -1, 1), (0, 2**63, 1), (0, 0, 0), (0, 0, 257)]
    )
    def test_no_such_tile(self, wrong: tuple[int, int, int]) -> None:
        with pytest.raises(MalformedInput):
            path(*wrong)


class TestGrowth:
    def test_the_tiles_of_the_specification(self) -> None:
        tree = kept(70_000)
        widths = {place: len(content) // 32 for place, content in tree.tiles.items()}
        level0 = [widths[0, index] for index in range(274)]
        assert level0 == [256] * 273 + [112]
        assert [widths[1, 0], widths[1, 1], widths[2, 0]] == [256, 17, 1]
        assert len(widths) == 274 + 2 + 1

    @given(sizes)
    @settings(max_examples=60, deadline=None)
    def test_pieces_lists_exactly_the_tiles_and_bundles_of_a_tree(self, size: int) -> None:
        listed = list(tiles.pieces(size))
        kept_widths = {place: len(content) // 32 for place, content in kept(size).tiles.items()}
        assert {(p.level, p.index): p.width for p in listed if p.level is not None} == kept_widths
        bundles = {(0, p.index): p.width for p in listed if p.level is None}
        assert bundles == {place: width for place, width in kept_widths.items() if place[0] == 0}

    @given(st.lists(st.integers(0, 400), max_size=6))
    @settings(max_examples=60, deadline=None)
    def test_the_steps_in_which_a_tree_grew_leave_no_trace(self, steps: list[int]) -> None:
        tree = Kept()
        for step in steps:
            tree.append(step)
        assert tree.tiles == kept(sum(steps)).tiles

    @given(sizes)
    @settings(max_examples=60, deadline=None)
    def test_the_root_out_of_the_tiles_is_the_root(self, size: int) -> None:
        assert root(size, hash_reader(kept(size).read, size)) == true_root(size)

    @given(st.integers(1, 1100), st.data())
    @settings(max_examples=60, deadline=None)
    def test_older_trees_are_still_read_out_of_newer_tiles(self, old: int, data: st.DataObject) -> None:
        tree = kept(1100)
        read = hash_reader(tree.read, old)
        index = data.draw(st.integers(0, old - 1))
        verify_inclusion(LEAVES[index], index, old, inclusion_proof(index, old, read), true_root(old))
        whole = hash_reader(tree.read, 1100)
        assert consistency_proof(old, 1100, whole) is not None
        assert root(old, read) == true_root(old)

    def test_only_partial_tiles_are_read_to_grow(self) -> None:
        asked = []
        tree = kept(512)

        def read(level: int, index: int) -> bytes:
            asked.append((level, index))
            return tree.read(level, index)

        grow(512, LEAVES[512:600], read)
        assert asked == []
        grow(512, LEAVES[512:800], read)
        assert asked == [(1, 0)]

    @pytest.mark.parametrize("width", [0, 4, 6, 256])
    def test_a_stored_tile_of_another_size_is_refused(self, width: int) -> None:
        with pytest.raises(VerificationFailed):
            grow(5, LEAVES[:1], lambda _level, _index: bytes(32 * width))

    def test_a_leaf_that_is_no_hash_is_refused(self) -> None:
        with pytest.raises(MalformedInput):
            grow(0, [bytes(31)], lambda _level, _index: b"")

    @pytest.mark.parametrize("length", [0, 31, 32 * 4, FULL_TILE_BYTES + 32])
    def test_a_tile_that_is_too_short_or_too_long_is_not_read(self, length: int) -> None:
        with pytest.raises(VerificationFailed):
            root(5, hash_reader(lambda _level, _index: bytes(length), 5))

    @pytest.mark.parametrize(("level", "index"), [(0, 5), (1, 2), (3, 0), (0, -1)])
    def test_a_subtree_that_is_not_complete_has_no_hash(self, level: int, index: int) -> None:
        with pytest.raises(MalformedInput):
            hash_reader(kept(5).read, 5)(level, index)


class TestBundles:
    @given(st.lists(st.binary(max_size=70), min_size=1, max_size=256))
    def test_entries_are_read_back(self, entries: list[bytes]) -> None:
        assert tiles.read_bundle(bundle(entries), len(entries)) == entries

    def test_the_length_stands_before_each_entry(self) -> None:
        assert bundle([b"ab", b"", b"c"]) == b"\x00\x02ab\x00\x00\x00\x01c"
        assert len(bundle([bytes(65_535)])) == 65_537

    @given(st.lists(st.binary(max_size=20), min_size=1, max_size=8), st.sampled_from([-1, 1]))
    def test_another_count_is_refused(self, entries: list[bytes], off: int) -> None:
        with pytest.raises(MalformedInput):
            tiles.read_bundle(bundle(entries), len(entries) + off)

    @given(st.lists(st.binary(max_size=20), min_size=1, max_size=8), st.data())
    def test_a_bundle_cut_short_or_with_more_is_refused(
        self, entries: list[bytes], data: st.DataObject
    ) -> None:
        whole = bundle(entries)
        cut = data.draw(st.integers(0, len(whole) - 1))
        for other in (whole[:cut], whole + b"\x00"):
            with pytest.raises(MalformedInput):
                tiles.read_bundle(other, len(entries))

    @pytest.mark.parametrize("entries", [[], [b""] * 257, [bytes(65_536)]])
    def test_what_is_no_bundle_is_not_written(self, entries: list[bytes]) -> None:
        with pytest.raises(MalformedInput):
            bundle(entries)
