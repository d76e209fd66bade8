"""Who cosigned the log last, and who does not at the moment.

Invariants:
1. Of a witness stands either why it refuses beside its last cosignature, or that cosignature alone.
2. A process whose own records wait for the tree for too long counts as unseen, however fresh the last cosignature is:
   behind a gap in its chain no record would ever go in, and a witness would go on signing a tree without them.
3. When a witness last saw the log is what it signed, over a checkpoint of this log; no column is believed for it.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import Connection, bindparam, delete, func, select

from crypto.errors import CryptoError
from crypto.log.checkpoint import open_checkpoint
from crypto.log.notes import Verifier
from signal_index.model.log import Cosigned, Refusal
from signal_index.ports.log import Witnesses
from signal_index.store import schema
from signal_index.store.sql import upsert

REMEMBERED: Final = 16
"""Notes whose signatures were checked, so that the same one is not checked again at every look."""

_cosignatures, _refusals = schema.log_cosignatures, schema.log_refusals
_records, _progress = schema.audit_records, schema.log_progress
_done = select(_progress.c.number).where(_progress.c.writer == bindparam("own")).scalar_subquery()
_OLDEST_WAITING = (
    select(_records.c.recorded_at)
    .where(_records.c.writer == bindparam("own"), _records.c.number > func.coalesce(_done, 0))
    .order_by(_records.c.number)
    .limit(1)
)
_PUT_COSIGNED, _PUT_REFUSAL = upsert(_cosignatures), upsert(_refusals)


class SqlWitnesses:
    """The cosignatures in their tables, see `signal_index.ports.log.Witnesses`.

    Args:
        connection: with the transaction that the engine holds open.
        within: how old the last cosignature may be; None for an index without witnesses.
        writer: of this process, 8 bytes.
        log: the key of this log's checkpoints.
        trusted: keys of the witnesses that count.
    """

    def __init__(
        self,
        connection: Connection,
        within: timedelta | None,
        writer: bytes,
        *,
        log: Verifier,
        trusted: Sequence[Verifier] = (),
    ) -> None:
        self._connection = connection
        self._within = within
        self._writer = writer
        self._log = log
        self._trusted = trusted
        self._signed_at: dict[bytes, datetime | None] = {}  # by note, the last few; none of them ever changes
        self._newest: datetime | None = None  # read anew after `forget`
        self._waits_since: datetime | None = None  # likewise
        self._is_read = False

    def cosigned(self) -> Sequence[Cosigned]:
        """The last cosigned checkpoint per witness, by name."""
        rows = self._connection.execute(select(*_cosignatures.columns).order_by(_cosignatures.c.witness))
        return [Cosigned(row.witness, row.size, row.checkpoint, row.cosigned_at) for row in rows]

    def refusals(self) -> Sequence[Refusal]:
        """The witnesses that give no cosignature at the moment, by name."""
        rows = self._connection.execute(select(*_refusals.columns).order_by(_refusals.c.witness))
        return [Refusal(row.witness, row.reason, row.since) for row in rows]

    def put_cosigned(self, cosigned: Cosigned) -> None:
        """Keep a cosignature, in the place of the one before and of any refusal."""
        self._connection.execute(delete(_refusals).where(_refusals.c.witness == cosigned.witness))
        self._connection.execute(
            _PUT_COSIGNED,
            {
                "witness": cosigned.witness,
                "size": cosigned.size,
                "checkpoint": cosigned.checkpoint,
                "cosigned_at": cosigned.at,
            },
        )
        self.forget()

    def put_refusal(self, refusal: Refusal) -> None:
        """Keep that a witness refused; one that stands with the same reason keeps its moment."""
        if refusal.reason in {known.reason for known in self.refusals() if known.witness == refusal.witness}:
            return
        self._connection.execute(
            _PUT_REFUSAL, {"witness": refusal.witness, "reason": refusal.reason, "since": refusal.since}
        )

    def is_witnessed(self, now: datetime) -> bool:
        """Whether a witness cosigned recently enough to answer; always, for an index without witnesses.

        A cosignature from the future counts for as long as one of now would: clocks differ a little, and a witness
        whose clock runs far ahead must not keep an index open.
        """
        limit = self._within
        if limit is None:
            return True
        if not self._is_read or self._waits_longer(now, limit):
            seen_at = (self._seen_at(each.checkpoint) for each in self.cosigned())
            self._newest = max((at for at in seen_at if at is not None), default=None)
            self._waits_since = self._connection.execute(_OLDEST_WAITING, {"own": self._writer}).scalar()
            self._is_read = True
        seen = self._newest is not None and abs(now - self._newest) <= limit
        return seen and not self._waits_longer(now, limit)

    def _seen_at(self, note: bytes) -> datetime | None:
        """When the last of our witnesses signed this note; None when none did, or it is not of this log."""
        if note not in self._signed_at:
            if len(self._signed_at) >= REMEMBERED:
                self._signed_at.clear()
            self._signed_at[note] = self._read_time(note)
        return self._signed_at[note]

    def _read_time(self, note: bytes) -> datetime | None:
        try:
            signed = open_checkpoint(note, self._log, self._trusted, cosignatures_min=1).cosignatures
            return datetime.fromtimestamp(max(each.timestamp or 0 for each in signed), UTC)
        except (CryptoError, ValueError, OverflowError, OSError):
            return None

    def _waits_longer(self, now: datetime, limit: timedelta) -> bool:
        """Whether a record of this process still waited for the tree, after this long, when we last looked."""
        return self._waits_since is not None and now - self._waits_since > limit

    def forget(self) -> None:
        """Read anew when somebody last cosigned."""
        self._is_read = False


_: type[Witnesses] = SqlWitnesses
