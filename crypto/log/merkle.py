"""The Merkle tree of the log: hashes, roots, proofs and their verification.

Invariants:
1. A leaf and a node never share a hash: each has its own prefix.
2. A proof is accepted only when its length is exactly that of the tree and every hash is 32 bytes.
3. Verification needs no tree: sizes, roots and the proof decide.

Whoever controls the tree can show a proof only for what is really under the root that was signed.
Source: RFC 9162 §2.1; for sizes of 0 and equal sizes C2SP tlog-witness.
"""

from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from hmac import compare_digest
from typing import Final

from crypto.errors import MalformedInput, VerificationFailed

HASH_BYTES: Final = 32
EMPTY_ROOT: Final = sha256(b"").digest()
"""The root of a tree without leaves."""

HashReader = Callable[[int, int], bytes]
"""(level, index) to the hash of a complete subtree: the 2**level leaves from index * 2**level on."""

Proof = Sequence[bytes]


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of one entry as it stands in the tree."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of the node over two subtrees."""
    return sha256(b"\x01" + left + right).digest()


def root(size: int, read: HashReader) -> bytes:
    """Return the root of the first `size` leaves.

    Args:
        size: May be less than the tree behind `read` holds.
        read: Gives complete subtrees.
    """
    return _range_hash(0, size, read) if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, read: HashReader) -> tuple[bytes, ...]:
    """Return the hashes that lead from a leaf to the root, the leaf's neighbour first.

    Args:
        index: Of the leaf, from 0.
        size: Of the tree.
        read: Gives complete subtrees.

    Raises:
        MalformedInput: There is no such leaf in a tree of this size.
    """
    if not 0 <= index < size:
        raise MalformedInput("no such leaf in a tree of this size")
    proof, start, end = [], 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(_range_hash(middle, end, read))
            end = middle
        else:
            proof.append(_range_hash(start, middle, read))
            start = middle
    return tuple(reversed(proof))


def consistency_proof(old: int, new: int, read: HashReader) -> tuple[bytes, ...]:
    """Return the hashes that show the first `old` leaves to be the same in a tree of `new` leaves.

    Empty when there is nothing to show: the old tree is empty, or the sizes are equal.

    Raises:
        MalformedInput: The old tree is larger than the new one, or a size is negative.
    """
    if not 0 <= old <= new:
        raise MalformedInput("a tree only grows")
    if old in {0, new}:
        return ()
    proof, start, end = [], 0, new
    while end != old:
        middle = start + _split(end - start)
        if old <= middle:
            proof.append(_range_hash(middle, end, read))
            end = middle
        else:
            proof.append(_range_hash(start, middle, read))
            start = middle
    if start:
        # The old tree ends inside the new one: its last subtree is not known from the old root.
        proof.append(_range_hash(start, end, read))
    return tuple(reversed(proof))


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Proof, root: bytes) -> None:
    """Check that a leaf stands at an index under a root.

    Args:
        leaf: Its hash, from `leaf_hash`.
        index: From 0.
        size: Of the tree with this root.
        proof: From `inclusion_proof`.
        root: Signed, or otherwise known to be right.

    Raises:
        VerificationFailed: It does not, or the proof is not of exactly this tree.
    """
    _check_hashes(leaf, root, *proof)
    _hold(0 <= index < size)
    at, last, node = index, size - 1, leaf
    for sibling in proof:
        _hold(last > 0)
        if at % 2 or at == last:
            node = node_hash(sibling, node)
            # On the right edge of an incomplete tree a subtree goes up several levels without a neighbour.
            while not at % 2 and at:
                at, last = at // 2, last // 2
        else:
            node = node_hash(node, sibling)
        at, last = at // 2, last // 2
    _hold(last == 0 and compare_digest(node, root))


def verify_consistency(old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Proof) -> None:
    """Check that a tree grew out of an older one: nothing in it was changed, dropped or put in between.

    Args:
        old_size: 0 for a tree nobody has seen yet; its root is `EMPTY_ROOT`.
        old_root: Of the older tree.
        new_size: At least `old_size`.
        new_root: Of the newer tree.
        proof: From `consistency_proof`.

    Raises:
        VerificationFailed: It did not, or the proof is not of exactly these trees.
    """
    _check_hashes(old_root, new_root, *proof)
    _hold(0 <= old_size <= new_size)
    _hold(old_size > 0 or old_root == EMPTY_ROOT)
    _hold(new_size > 0 or new_root == EMPTY_ROOT)
    if old_size in {0, new_size}:
        _hold(not proof and (old_size == 0 or compare_digest(old_root, new_root)))
        return
    found_old, found_new = _grown(old_size, new_size, _from_old_edge(old_size, old_root, proof))
    _hold(compare_digest(found_old, old_root) and compare_digest(found_new, new_root))


def _from_old_edge(old_size: int, old_root: bytes, proof: Proof) -> Iterator[bytes]:
    # A complete old tree is itself the first subtree, so the proof does not repeat its root.
    if old_size & (old_size - 1) == 0:
        yield old_root
    yield from proof


def _grown(old_size: int, new_size: int, path: Iterator[bytes]) -> tuple[bytes, bytes]:
    """Both roots as they follow from a consistency proof."""
    at, last = old_size - 1, new_size - 1
    while at % 2:
        at, last = at // 2, last // 2
    old = new = next(path, b"")
    _hold(bool(new))
    for sibling in path:
        _hold(last > 0)
        if at % 2 or at == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not at % 2 and at:
                at, last = at // 2, last // 2
        else:
            new = node_hash(new, sibling)
        at, last = at // 2, last // 2
    _hold(last == 0)
    return old, new


def _range_hash(start: int, end: int, read: HashReader) -> bytes:
    """The hash over the leaves from `start` up to `end`, for ranges that occur in a tree."""
    return _fold([read(level, index) for level, index in _complete(start, end)])


def _complete(start: int, end: int) -> Iterator[tuple[int, int]]:
    """The largest complete subtrees that together are a range, as (level, index), from left to right."""
    while start < end:
        level = (end - start).bit_length() - 1
        yield level, start >> level
        start += 1 << level


def _fold(edge: Sequence[bytes]) -> bytes:
    node = edge[-1]
    for left in reversed(edge[:-1]):
        node = node_hash(left, node)
    return node


def _split(width: int) -> int:
    """The largest power of two below `width`."""
    return 1 << (width - 1).bit_length() - 1


def _check_hashes(*hashes: bytes) -> None:
    _hold(all(len(data) == HASH_BYTES for data in hashes))


def _hold(condition: bool) -> None:  # noqa: FBT001 - one thing that has to be so
    if not condition:
        raise VerificationFailed("the proof does not hold for this tree")
