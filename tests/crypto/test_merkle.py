"""Roots, proofs and their verification agree with the recursive definition, and with the vectors of others."""

import json
from base64 import b64decode
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.errors import MalformedInput, VerificationFailed
from crypto.log.merkle import (
    EMPTY_ROOT,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root,
    verify_consistency,
    verify_inclusion,
)

VECTORS = json.loads(
    Path(__file__).with_name("vectors").joinpath("transparency_dev_merkle.json").read_text("utf-8")
)
# Accepted there, although its two equal roots are no hashes at all: text of 12 bytes. Refused here.
NO_HASHES = "consistency/additional/sizes-are-equal-one-and-proof-is-empty.json"
SIZE_MAX = 70


@cache
def leaf(index: int) -> bytes:
    return leaf_hash(b"entry %d" % index)


def naive_root(leaves: tuple[bytes, ...]) -> bytes:
    """MTH of RFC 9162 §2.1.1, by the letter."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = naive_split(len(leaves))
    return sha256(b"\x01" + naive_root(leaves[:k]) + naive_root(leaves[k:])).digest()


def naive_split(n: int) -> int:
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def naive_path(m: int, leaves: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """PATH of RFC 9162 §2.1.3.1."""
    if len(leaves) == 1:
        return ()
    k = naive_split(len(leaves))
    if m < k:
        return (*naive_path(m, leaves[:k]), naive_root(leaves[k:]))
    return (*naive_path(m - k, leaves[k:]), naive_root(leaves[:k]))


def naive_subproof(m: int, leaves: tuple[bytes, ...], whole: bool) -> tuple[bytes, ...]:  # noqa: FBT001
    """SUBPROOF of RFC 9162 §2.1.4.1."""
    if m == len(leaves):
        return () if whole else (naive_root(leaves),)
    k = naive_split(len(leaves))
    if m <= k:
        return (*naive_subproof(m, leaves[:k], whole), naive_root(leaves[k:]))
    return (*naive_subproof(m - k, leaves[k:], False), naive_root(leaves[:k]))


def leaves(size: int) -> tuple[bytes, ...]:
    return tuple(map(leaf, range(size)))


@cache
def read(level: int, index: int) -> bytes:
    """Complete subtrees only; anything else would be an index into nothing."""
    assert (index + 1) << level <= SIZE_MAX
    if level == 0:
        return leaf(index)
    return node_hash(read(level - 1, 2 * index), read(level - 1, 2 * index + 1))


def flipped(data: bytes, bit: int) -> bytes:
    return bytes(byte ^ (1 << bit % 8 if at == bit // 8 else 0) for at, byte in enumerate(data))


def test_every_root_is_that_of_the_definition() -> None:
    for size in range(SIZE_MAX + 1):
        assert root(size, read) == naive_root(leaves(size))


def test_every_inclusion_proof_is_that_of_the_definition_and_holds() -> None:
    for size in range(1, SIZE_MAX + 1):
        for index in range(size):
            proof = inclusion_proof(index, size, read)
            assert proof == naive_path(index, leaves(size))
            verify_inclusion(leaf(index), index, size, proof, root(size, read))


def test_every_consistency_proof_is_that_of_the_definition_and_holds() -> None:
    for new in range(SIZE_MAX + 1):
        for old in range(new + 1):
            proof = consistency_proof(old, new, read)
            assert proof == (naive_subproof(old, leaves(new), True) if old else ())
            verify_consistency(old, root(old, read), new, root(new, read), proof)


def test_the_empty_root_is_that_of_the_rfc() -> None:
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def given_hash(text: str | None) -> bytes:
    return b64decode(text or "")


@pytest.mark.parametrize("case", VECTORS["inclusion"], ids=lambda case: case["file"])
def test_inclusion_vectors_of_others(case: dict[str, Any]) -> None:
    def check() -> None:
        proof = [given_hash(text) for text in case["proof"] or ()]
        index, size = case["leafIdx"], case["treeSize"]
        verify_inclusion(given_hash(case["leafHash"]), index, size, proof, given_hash(case["root"]))

    if case["wantErr"]:
        with pytest.raises(VerificationFailed):
            check()
    else:
        check()


@pytest.mark.parametrize("case", VECTORS["consistency"], ids=lambda case: case["file"])
def test_consistency_vectors_of_others(case: dict[str, Any]) -> None:
    def check() -> None:
        proof = [given_hash(text) for text in case["proof"] or ()]
        old, new = given_hash(case["root1"]), given_hash(case["root2"])
        verify_consistency(case["size1"], old, case["size2"], new, proof)

    if case["wantErr"] or case["file"] == NO_HASHES:
        with pytest.raises(VerificationFailed):
            check()
    else:
        check()


def test_there_are_as_many_vectors_as_the_source_has() -> None:
    assert len(VECTORS["inclusion"]) + len(VECTORS["consistency"]) == 196


class TestChangedProofs:
    @settings(max_examples=300)
    @given(st.data())
    def test_any_flipped_bit_in_an_inclusion_proof_is_refused(self, data: st.DataObject) -> None:
        size = data.draw(st.integers(1, SIZE_MAX))
        index = data.draw(st.integers(0, size - 1))
        parts = [leaf(index), root(size, read), *inclusion_proof(index, size, read)]
        at, bit = data.draw(st.integers(0, len(parts) - 1)), data.draw(st.integers(0, 255))
        parts[at] = flipped(parts[at], bit)
        with pytest.raises(VerificationFailed):
            verify_inclusion(parts[0], index, size, parts[2:], parts[1])

    @settings(max_examples=300)
    @given(st.data())
    def test_any_flipped_bit_in_a_consistency_proof_is_refused(self, data: st.DataObject) -> None:
        new = data.draw(st.integers(1, SIZE_MAX))
        old = data.draw(st.integers(1, new))
        parts = [root(old, read), root(new, read), *consistency_proof(old, new, read)]
        at, bit = data.draw(st.integers(0, len(parts) - 1)), data.draw(st.integers(0, 255))
        parts[at] = flipped(parts[at], bit)
        with pytest.raises(VerificationFailed):
            verify_consistency(old, parts[0], new, parts[1], parts[2:])

    @settings(max_examples=200)
    @given(st.data())
    def test_a_proof_cut_lengthened_or_turned_round_is_refused(self, data: st.DataObject) -> None:
        size = data.draw(st.integers(3, SIZE_MAX))
        index = data.draw(st.integers(0, size - 1))
        proof = inclusion_proof(index, size, read)
        turned = proof[1:] + proof[:1]
        for other in (proof[:-1], proof[1:], (*proof, proof[0]), (*proof, b""), (proof[0], *proof), turned):
            if other != proof:
                with pytest.raises(VerificationFailed):
                    verify_inclusion(leaf(index), index, size, other, root(size, read))

    @settings(max_examples=200)
    @given(st.data())
    def test_a_proof_for_another_leaf_is_refused(self, data: st.DataObject) -> None:
        size = data.draw(st.integers(2, SIZE_MAX))
        index, other = data.draw(st.lists(st.integers(0, size - 1), min_size=2, max_size=2, unique=True))
        proof = inclusion_proof(index, size, read)
        with pytest.raises(VerificationFailed):
            verify_inclusion(leaf(index), other, size, proof, root(size, read))

    @pytest.mark.parametrize("wrong", [b"", bytes(31), bytes(33)])
    def test_hashes_of_another_size_are_refused_everywhere(self, wrong: bytes) -> None:
        one = leaf(0)
        for parts in ((wrong, one), (one, wrong)):
            with pytest.raises(VerificationFailed):
                verify_inclusion(parts[0], 0, 1, (), parts[1])
            with pytest.raises(VerificationFailed):
                verify_consistency(1, parts[0], 1, parts[1], ())
        with pytest.raises(VerificationFailed):
            verify_inclusion(one, 0, 2, (wrong,), node_hash(one, wrong))

    def test_equal_wrong_hashes_are_no_proof(self) -> None:
        with pytest.raises(VerificationFailed):
            verify_inclusion(b"", 0, 1, (), b"")
        with pytest.raises(VerificationFailed):
            verify_consistency(1, b"", 1, b"", ())

    def test_an_empty_old_tree_has_one_root_and_needs_no_proof(self) -> None:
        verify_consistency(0, EMPTY_ROOT, 1, leaf(0), ())
        for old, new_size, new, proof in (
            (leaf(0), 1, leaf(0), ()),
            (EMPTY_ROOT, 0, leaf(0), ()),
            (EMPTY_ROOT, 1, leaf(0), (leaf(0),)),
        ):
            with pytest.raises(VerificationFailed):
                verify_consistency(0, old, new_size, new, proof)

    @pytest.mark.parametrize(("old", "new"), [(2, 1), (-1, 1)])
    def test_a_tree_that_shrank_is_refused(self, old: int, new: int) -> None:
        with pytest.raises(VerificationFailed):
            verify_consistency(old, leaf(0), new, leaf(0), ())
        with pytest.raises(MalformedInput):
            consistency_proof(old, new, read)

    @pytest.mark.parametrize(("index", "size"), [(0, 0), (1, 1), (-1, 1)])
    def test_a_leaf_outside_the_tree_is_refused(self, index: int, size: int) -> None:
        with pytest.raises(VerificationFailed):
            verify_inclusion(leaf(0), index, size, (), leaf(0))
        with pytest.raises(MalformedInput):
            inclusion_proof(index, size, read)
