"""Who cosigned the log last, and who does not at the moment.

Invariants:
1. Of a witness stands either why it refuses beside its last cosignature, or that cosignature alone.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select

from signal_index.model.log import Cosigned, Refusal
from signal_index.ports.log import Witnesses
from signal_index.store import schema
from signal_index.store.sql import upsert

_cosignatures, _refusals = schema.log_cosignatures, schema.log_refusals
_PUT_COSIGNED, _PUT_REFUSAL = upsert(_cosignatures), upsert(_refusals)


class SqlWitnesses:
    """The cosignatures in their tables, see `signal_index.ports.log.Witnesses`.

    Args:
        connection: with the transaction that the engine holds open.
        within: how old the last cosignature may be; None for an index without witnesses.
    """

    def __init__(self, connection: Connection, within: timedelta | None) -> None:
        self._connection = connection
        self._within = within
        self._newest: datetime | None = None  # read anew after `forget`
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
        if not self._is_read:
            self._newest = max((each.at for each in self.cosigned()), default=None)
            self._is_read = True
        return self._newest is not None and abs(now - self._newest) <= limit

    def forget(self) -> None:
        """Read anew when somebody last cosigned."""
        self._is_read = False


_: type[Witnesses] = SqlWitnesses
