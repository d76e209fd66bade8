"""The tree of the log: records of all chains in one order, with signed checkpoints.

Invariants:
1. Positions run 0, 1, 2 without a gap, and within a writer in the order of her chain; nothing in the tree changes.
2. Entries, tiles, root and checkpoint are written in one transaction: after a crash they agree.
3. A record after a missing one waits; it goes in when the one before it is there, and never otherwise.
4. Of all processes one integrates; another takes over when that one steps aside or is silent.

A record is protected by its own chain alone until it is in the tree: at most a second longer than it took to write.
Whoever controls the database can drop the newest records of a chain in that second; its receipt shows it.

Source: RFC 9162; C2SP tlog-tiles and tlog-checkpoint for tiles and checkpoints.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, bindparam, func, insert, select, update

from crypto import records
from crypto.log import merkle, tiles
from crypto.log.checkpoint import Checkpoint
from crypto.log.notes import Verifier, note_text, sign
from signal_index.model.log import Checked, Entry, Growth, TreeHead
from signal_index.ports.log import LogTree
from signal_index.store import schema
from signal_index.store.audit import SqlAuditLog
from signal_index.store.sql import AnyRow, upsert

from .checking import check
from .witnesses import SqlWitnesses

LEASE: Final = timedelta(seconds=5)
"""How long a process may be silent before another one integrates: what was recorded before it was killed waits that
long. Nothing goes wrong when it wakes up after all; each round is one transaction."""
READ_AT_ONCE: Final = 1_000

_entries, _tiles, _progress = schema.log_entries, schema.log_tiles, schema.log_progress
_head, _records, _writers = schema.log_head, schema.audit_records, schema.audit_writers

_done = func.coalesce(_progress.c.number, 0)
# Per writer the records behind the last one that is in the tree; by time, so that the tree reads as things happened.
_WAITING = (
    select(_records.c.writer, _records.c.number, _records.c.commitment, _done.label("done"))
    .select_from(
        _writers.outerjoin(_progress, _progress.c.writer == _writers.c.writer).join(
            _records, (_records.c.writer == _writers.c.writer) & (_records.c.number > _done)
        )
    )
    .where(_writers.c.writer.not_in(bindparam("passed_over", expanding=True)))
    .order_by(_records.c.recorded_at, _records.c.writer, _records.c.number)
    .limit(bindparam("at_most"))
)
_TILE = select(_tiles.c.hashes).where(
    _tiles.c.level == bindparam("of_level"), _tiles.c.tile == bindparam("of_tile")
)
_RANGE = (
    select(*_entries.columns)
    .where(_entries.c.position >= bindparam("start"), _entries.c.position < bindparam("end"))
    .order_by(_entries.c.position)
)
_FIND = select(*_entries.columns).where(
    _entries.c.writer == bindparam("of_writer"), _entries.c.number == bindparam("of_number")
)
_PUT_TILE, _PUT_PROGRESS, _PUT_HEAD = upsert(_tiles), upsert(_progress), upsert(_head)
_STEP_ASIDE = (
    update(_head).where(_head.c.integrator == bindparam("process")).values(integrator_until=_head.c.signed_at)
)


@dataclass(frozen=True)
class LogIdentity:
    """What the log of an open database is.

    Args:
        origin: its name in checkpoints.
        signing: of its checkpoints.
        witnessed_within: how old the last cosignature may be; None for an index without witnesses.
        witnesses: keys of those whose cosignature counts.
    """

    origin: str
    signing: Ed25519PrivateKey
    witnessed_within: timedelta | None = None
    witnesses: tuple[Verifier, ...] = ()

    @property
    def verifier(self) -> Verifier:
        """The public key of its checkpoints."""
        return Verifier.of(self.origin, self.signing)


def origin_of(scope: str, incarnation: bytes) -> str:
    """Name the log of an index; another one after a restore, since that log goes on from an older tree."""
    return f"signaalindex/{scope}/{incarnation.hex()}"


class SqlLogTree:
    """The tree in its tables, see `signal_index.ports.log.LogTree`.

    Args:
        connection: with the transaction that the engine holds open.
        identity: of the log.
        process: 8 bytes, who asks to integrate.
        audit: the records, in the same transaction.
        witnesses: who cosigned, in the same transaction.
    """

    def __init__(
        self,
        connection: Connection,
        identity: LogIdentity,
        process: bytes,
        *,
        audit: SqlAuditLog,
        witnesses: SqlWitnesses,
    ) -> None:
        self._connection = connection
        self._audit = audit
        self._witnesses = witnesses
        self._identity = identity
        self._process = process

    @property
    def origin(self) -> str:
        """Name of this log."""
        return self._identity.origin

    @property
    def verifier_key(self) -> str:
        """The public key of its checkpoints."""
        return self._identity.verifier.text

    # --- Growing ---------------------------------------------------------------------------------------------------

    def integrate(self, now: datetime, limit: int) -> Growth | None:
        """Put waiting records into the tree and sign a checkpoint; None when another process does this now."""
        row = self._connection.execute(select(*_head.columns)).first()
        if row is not None and self._is_taken(row, now):
            return None
        ready, gaps, more = self._waiting(limit)
        if row is not None and not ready and self._holds_on(row, now):
            return Growth(_tree_head(row), 0, gaps=gaps)
        head = self._append(ready, now)
        return Growth(head, len(ready), more=more, gaps=gaps)

    def step_aside(self) -> None:
        """Let another process integrate at once, when it was this one that did."""
        self._connection.execute(_STEP_ASIDE, {"process": self._process})

    def _is_taken(self, row: AnyRow, now: datetime) -> bool:
        """Whether another process integrates; a lease further off than any is of a clock that was moved."""
        return bool(row.integrator != self._process and now < row.integrator_until <= now + LEASE)

    def _holds_on(self, row: AnyRow, now: datetime) -> bool:
        """Whether nothing has to be written: the lease lasts, and the checkpoint is one of this log."""
        lasts = row.integrator == self._process and now + LEASE / 2 < row.integrator_until <= now + LEASE
        return lasts and Checkpoint.parse(note_text(row.checkpoint)).origin == self.origin

    def _waiting(self, limit: int) -> tuple[list[AnyRow], dict[bytes, int], bool]:
        """What can go in, which chains are broken and where, and whether more is waiting."""
        rows = self._connection.execute(_WAITING, {"at_most": limit, "passed_over": []}).all()
        ready, gaps = _in_order(rows)
        if gaps and len(rows) == limit:
            # A broken chain may be longer than the limit; the others must not wait behind it.
            rows = self._connection.execute(_WAITING, {"at_most": limit, "passed_over": list(gaps)}).all()
            ready, more_gaps = _in_order(rows)
            gaps |= more_gaps
        return ready, gaps, len(rows) == limit and bool(ready)

    def _append(self, ready: Sequence[AnyRow], now: datetime) -> TreeHead:
        size = self._size()
        leaves = [records.leaf(row.writer, row.number, row.commitment) for row in ready]
        if ready:
            self._put_entries(size, ready)
            self._put_tiles(tiles.grow(size, leaves, self.tile))
        head = self._sign(size + len(leaves), now)
        self._connection.execute(
            _PUT_HEAD,
            {
                "id": 1,
                "size": head.size,
                "root": head.root,
                "checkpoint": head.checkpoint,
                "signed_at": head.signed_at,
                "integrator": self._process,
                "integrator_until": now + LEASE,
            },
        )
        return head

    def _size(self) -> int:
        last = self._connection.execute(select(func.max(_entries.c.position))).scalar()
        return 0 if last is None else int(last) + 1

    def _put_entries(self, size: int, ready: Sequence[AnyRow]) -> None:
        rows = [
            {
                "position": size + offset,
                "writer": row.writer,
                "number": row.number,
                "commitment": row.commitment,
            }
            for offset, row in enumerate(ready)
        ]
        self._connection.execute(insert(_entries), rows)
        last = {row.writer: row.number for row in ready}
        self._connection.execute(
            _PUT_PROGRESS, [{"writer": writer, "number": number} for writer, number in last.items()]
        )

    def _put_tiles(self, grown: Mapping[tuple[int, int], bytes]) -> None:
        rows = [{"level": level, "tile": tile, "hashes": hashes} for (level, tile), hashes in grown.items()]
        self._connection.execute(_PUT_TILE, rows)

    def _sign(self, size: int, now: datetime) -> TreeHead:
        root = merkle.root(size, self.hashes(size))
        text = Checkpoint(self.origin, size, root).text
        return TreeHead(size, root, sign(text, self.origin, self._identity.signing), now)

    # --- Reading ---------------------------------------------------------------------------------------------------

    def head(self) -> TreeHead | None:
        """How far the tree is; None before the first checkpoint."""
        row = self._connection.execute(select(*_head.columns)).first()
        return None if row is None else _tree_head(row)

    def find(self, writer: bytes, number: int) -> Entry | None:
        """Where a record stands; None when it is not in the tree."""
        row = self._connection.execute(_FIND, {"of_writer": writer, "of_number": number}).first()
        return None if row is None else _entry(row)

    def entries(self, start: int, end: int) -> Iterator[Entry]:
        """Entries of a range, in order, some at a time."""
        for first in range(start, end, READ_AT_ONCE):
            rows = self._connection.execute(_RANGE, {"start": first, "end": min(first + READ_AT_ONCE, end)})
            yield from map(_entry, rows.all())

    def tile(self, level: int, tile: int) -> bytes:
        """Hashes of one tile as far as they exist."""
        found = self._connection.execute(_TILE, {"of_level": level, "of_tile": tile}).scalar()
        return b"" if found is None else bytes(found)

    def hashes(self, size: int) -> Callable[[int, int], bytes]:
        """Hashes of the tree as it was at a size."""
        return tiles.hash_reader(self.tile, size)

    # --- Checking --------------------------------------------------------------------------------------------------

    def check(self) -> Checked:
        """Recompute everything; raises `VerificationFailed` with the first thing that does not hold."""
        return check(self._connection, self._audit, self, self._witnesses.cosigned())


def _in_order(waiting: Sequence[AnyRow]) -> tuple[list[AnyRow], dict[bytes, int]]:
    """The records that follow on what is in the tree, in the order given; and per broken chain what is missing."""
    ready: list[AnyRow] = []
    gaps: dict[bytes, int] = {}
    expected: dict[bytes, int] = {}
    for row in waiting:
        writer = bytes(row.writer)
        wanted = expected.setdefault(writer, row.done + 1)
        if writer in gaps:
            continue
        if row.number != wanted:
            gaps[writer] = wanted
            continue
        ready.append(row)
        expected[writer] = wanted + 1
    return ready, gaps


def _tree_head(row: AnyRow) -> TreeHead:
    return TreeHead(row.size, row.root, row.checkpoint, row.signed_at)


def _entry(row: AnyRow) -> Entry:
    return Entry(row.position, row.writer, row.number, row.commitment)


_: type[LogTree] = SqlLogTree
