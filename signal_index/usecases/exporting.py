"""Hand the privacy officer the whole log in pieces, for somebody outside to check without the index.

Every piece is read in a transaction of its own, so that looks go on meanwhile. They fit together all the same: the
first transaction fixes a checkpoint, and nothing under a checkpoint ever changes. What is erased meanwhile is missing
among the records and nowhere else.

Source: `docs/verifying-the-log.md` for the form.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeVar

from crypto import records
from crypto.log import tiles
from crypto.log.export import About, ExportedRecord
from crypto.log.merkle import HASH_BYTES
from policy.vocabulary import Role
from signal_index import audit
from signal_index.errors import Malformed, Unavailable
from signal_index.model import Actor
from signal_index.model.days import Days
from signal_index.model.log import Body
from signal_index.ports import Transaction

from .authority import require_role
from .log import newest_checkpoint

BODIES_AT_ONCE: Final = 500

T = TypeVar("T")
Run = Callable[[Callable[[Transaction], T]], T]


@dataclass(frozen=True)
class Ticket:
    """What one export is of.

    Args:
        checkpoint: the signed note, cosigned if this index has witnesses.
        size: of its tree.
        days: whose records go along; None for the proofs alone.
        made_at: aware UTC.
    """

    checkpoint: bytes
    size: int
    days: Days | None
    made_at: datetime

    @property
    def pieces(self) -> int:
        """How many pieces of the tree there are, for showing progress."""
        return sum(1 for _ in tiles.pieces(self.size))


def begin(tx: Transaction, actor: Actor, days: Days | None, now: datetime) -> Ticket:
    """Fix what is exported, and record that it leaves.

    Raises:
        NotPermitted: the actor is not an active privacy officer.
        Malformed: `period`: it ends before it begins.
        Unavailable: `not-in-tree`: there is no checkpoint yet.
    """
    require_role(actor, Role.PRIVACY_OFFICER)
    if days is not None and days.is_backwards:
        raise Malformed("period", "De laatste dag ligt voor de eerste dag. Draai ze om.")
    newest = newest_checkpoint(tx)
    if newest is None:
        text = "Er is nog geen ondertekende stand van het logboek. Start de index en probeer het nog eens."
        raise Unavailable("not-in-tree", text, 5)
    note, size = newest
    tx.audit.append(
        audit.event(
            "log.exported",
            now,
            actor=actor.staff_id,
            token=actor.token_id,
            size=size,
            first_day=days.first.isoformat() if days else None,
            last_day=days.last.isoformat() if days else None,
        )
    )
    return Ticket(note, size, days, now)


def about(ticket: Ticket) -> bytes:
    """What the export says of itself, as JSON."""
    if ticket.days is None:
        return About(ticket.made_at, None, None).text
    start, end = ticket.days.period
    return About(ticket.made_at, start, end - timedelta(microseconds=1)).text


def tree(run: Run[bytes], ticket: Ticket) -> Iterator[tuple[str, bytes]]:
    """Every bundle of entries and every tile, as (path, content)."""
    for piece in tiles.pieces(ticket.size):
        yield piece.path, run(lambda tx: _content(tx, piece))  # noqa: B023 - run waits


def _content(tx: Transaction, piece: tiles.Piece) -> bytes:
    if piece.level is not None:
        return tx.log.tile(piece.level, piece.index)[: piece.width * HASH_BYTES]
    start = piece.index * tiles.TILE_WIDTH
    entries = tx.log.entries(start, start + piece.width)
    return tiles.bundle([records.entry(each.writer, each.number, each.commitment) for each in entries])


def lines(run: Run[list[Body]], ticket: Ticket) -> Iterator[bytes]:
    """The records of the period in the order of the log, one JSON object with its newline each."""
    if ticket.days is None:
        return
    period, after = ticket.days.period, -1

    def some(tx: Transaction) -> list[Body]:
        return list(tx.audit.bodies(period, size=ticket.size, after=after, limit=BODIES_AT_ONCE))

    while bodies := run(some):
        for each in bodies:
            yield ExportedRecord(each.writer, each.number, each.salt, each.body).line
        after = bodies[-1].position
