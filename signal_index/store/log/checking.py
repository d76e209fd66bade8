"""Recomputes the whole log: what every record says, every chain, the tree over them, and what was cosigned.

A record that is gone is no fault when its place in the tree is there and its erasure is on record, by its place: one
that was put back does not make room for another. Records that say what was erased are never erased themselves.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from hmac import compare_digest
from itertools import groupby
from typing import Final

from sqlalchemy import Connection, select

from crypto import records
from crypto.errors import MalformedInput, VerificationFailed
from crypto.log import merkle, tiles
from crypto.log.checkpoint import Checkpoint, open_checkpoint
from crypto.log.notes import Verifier, note_text
from signal_index.model import AuditEntry
from signal_index.model.log import Checked, Cosigned
from signal_index.ports.log import LogTree
from signal_index.store import schema
from signal_index.store.audit import SqlAuditLog
from signal_index.store.sql import AnyRow

ERASED_EVENT: Final = "records.erased"

_records, _entries, _writers = schema.audit_records, schema.log_entries, schema.audit_writers
_RECORDS = select(*_records.columns).order_by(_records.c.writer, _records.c.number)
_ENTRIES = select(_entries.c.writer, _entries.c.number, _entries.c.commitment).order_by(
    _entries.c.writer, _entries.c.number
)

_Place = tuple[bytes, int]
_Pair = tuple[_Place, AnyRow | None, AnyRow | None]


def check(connection: Connection, audit: SqlAuditLog, tree: LogTree, cosigned: Sequence[Cosigned]) -> Checked:
    """Recompute everything, see `signal_index.ports.log.LogTree.check`."""
    held, gone = _check_chains(connection, audit)
    stated = sum((_erased_by(entry) for entry in audit.entries(events={ERASED_EVENT})), records.Places())
    if gone.count != stated.count:
        raise VerificationFailed(f"{gone.count} records are gone, and {stated.count} were erased on record")
    if gone != stated:
        raise VerificationFailed("other records are gone, and others were erased on record")
    return Checked(held, gone.count, _check_tree(tree, cosigned))


def _erased_by(entry: AuditEntry) -> records.Places:
    """What a record of erasing accounts for."""
    count, places = entry.fields.get("records"), entry.fields.get("places")
    if not isinstance(count, int) or not isinstance(places, str):
        raise VerificationFailed("an erasure on record does not say which records")
    try:
        return records.Places.read(count, places)
    except MalformedInput as fault:
        raise VerificationFailed("an erasure on record does not say which records") from fault


# --- Chains -------------------------------------------------------------------------------------------------------


def _check_chains(connection: Connection, audit: SqlAuditLog) -> tuple[int, records.Places]:
    audit.write()
    unseen = set(connection.execute(select(_writers.c.writer)).scalars())
    held, erased = 0, records.Places()
    for writer, own in groupby(_pairs(connection), key=lambda pair: pair[0][0]):
        if writer not in unseen:
            raise VerificationFailed(f"writer {writer.hex()} was never registered")
        unseen.remove(writer)
        try:
            present, gone = _check_writer(writer, own, audit)
        except VerificationFailed as fault:
            raise VerificationFailed(f"writer {writer.hex()}: {fault}") from fault
        held, erased = held + present, erased + gone
    if unseen:
        raise VerificationFailed(f"writer {min(unseen).hex()} has lost its records")
    return held, erased


def _pairs(connection: Connection) -> Iterator[_Pair]:
    """Records and entries side by side, in order of writer and number; a place has one of them, or both."""
    rows, entries = iter(connection.execute(_RECORDS)), iter(connection.execute(_ENTRIES))
    row, entry = next(rows, None), next(entries, None)
    while row is not None or entry is not None:
        place = min(_place(each) for each in (row, entry) if each is not None)
        has_row, has_entry = (each is not None and _place(each) == place for each in (row, entry))
        yield place, row if has_row else None, entry if has_entry else None
        row = next(rows, None) if has_row else row
        entry = next(entries, None) if has_entry else entry


def _place(row: AnyRow) -> _Place:
    return bytes(row.writer), row.number


def _check_writer(writer: bytes, pairs: Iterator[_Pair], audit: SqlAuditLog) -> tuple[int, records.Places]:
    head, held, erased = records.EMPTY, 0, records.Places()
    before: datetime | None = None
    behind = False  # whether the tree has ended, for this chain
    for place, row, entry in pairs:
        if entry is not None and behind:
            raise VerificationFailed(f"record {entry.number} is in the tree, and one before it is not")
        behind = entry is None
        if row is None:
            assert entry is not None
            head = _follow_erased(head, writer, entry)
            erased += records.Places.of([place])
            continue
        if audit.contradiction(row) or (before is not None and row.recorded_at < before):
            raise VerificationFailed(f"record {row.number} was changed")
        if entry is not None and not compare_digest(entry.commitment, row.commitment):
            raise VerificationFailed(f"record {row.number} is not the one in the tree")
        head = records.verify_chain(writer, [(row.number, row.commitment, row.link)], after=head)
        before = row.recorded_at
        held += 1
    return held, erased


def _follow_erased(head: records.ChainHead, writer: bytes, entry: AnyRow) -> records.ChainHead:
    """The head after a record that is gone, by what the tree kept of it."""
    if entry.number != head.number + 1:
        raise VerificationFailed(f"audit chain broken at number {head.number + 1}")
    return records.ChainHead(entry.number, records.link(head.link, writer, entry.number, entry.commitment))


# --- The tree -----------------------------------------------------------------------------------------------------


def _check_tree(tree: LogTree, cosigned: Sequence[Cosigned]) -> int:
    head = tree.head()
    if head is None:
        return 0
    size = _check_leaves(tree, head.size)
    root = merkle.root(size, tree.hashes(size))
    if not compare_digest(root, head.root):
        raise VerificationFailed("the root of the tree is not the one on record")
    signed = open_checkpoint(head.checkpoint, Verifier.parse(tree.verifier_key)).checkpoint
    if signed != Checkpoint(tree.origin, size, root):
        raise VerificationFailed("the checkpoint is not of this tree")
    for each in cosigned:
        _check_cosigned(tree, Checkpoint.parse(note_text(each.checkpoint)), size)
    return size


def _check_leaves(tree: LogTree, size: int) -> int:
    """Recompute every tile, from the entries up."""
    level = 0
    hashes = _leaves(tree, size)
    count = size
    while count:
        hashes = iter(_check_level(tree, level, hashes, count))
        level, count = level + 1, count // tiles.TILE_WIDTH
    return size


def _leaves(tree: LogTree, size: int) -> Iterator[bytes]:
    expected = 0
    for entry in tree.entries(0, size + 1):
        if entry.position != expected:
            raise VerificationFailed(f"position {expected} of the tree is empty")
        expected += 1
        yield records.leaf(entry.writer, entry.number, entry.commitment)
    if expected != size:
        raise VerificationFailed(f"the tree has {expected} entries, and its checkpoint says {size}")


def _check_level(tree: LogTree, level: int, hashes: Iterator[bytes], count: int) -> list[bytes]:
    """Compare the tiles of a level with what they must hold; the hashes of the full ones, for the level above."""
    above = []
    for index in range(-(-count // tiles.TILE_WIDTH)):
        width = min(tiles.TILE_WIDTH, count - index * tiles.TILE_WIDTH)
        content = b"".join(next(hashes) for _ in range(width))
        if not compare_digest(content, tree.tile(level, index)):
            raise VerificationFailed(f"tile {index} of level {level} was changed")
        if width == tiles.TILE_WIDTH:
            above.append(tiles.tile_hash(content))
    if next(hashes, None) is not None:
        raise VerificationFailed(f"level {level} of the tree holds too much")
    return above


def _check_cosigned(tree: LogTree, cosigned: Checkpoint, size: int) -> None:
    same_log = cosigned.origin == tree.origin and cosigned.size <= size
    if not same_log or not compare_digest(
        merkle.root(cosigned.size, tree.hashes(cosigned.size)), cosigned.root
    ):
        raise VerificationFailed("a witness cosigned another tree than this one")
