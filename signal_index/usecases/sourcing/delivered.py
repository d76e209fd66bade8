"""What a source organisation's publisher sent in the last weeks, and what the index said to it.

Invariants:
1. Of what was in a delivery only its padded size shows: that is the same for every delivery of a kind.
2. A delivery nobody signed with a key of this publisher is not here: anybody could have sent it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from signal_index.model import Actor, AuditEntry
from signal_index.ports import Transaction

from .own import reading

SHOWN_FOR: Final = timedelta(days=30)
PER_PAGE: Final = 25


@dataclass(frozen=True)
class Delivered:
    """One delivery and the answer to it.

    Args:
        kind: code of the batch class.
        sequence: as the publisher numbered it.
        reason: why it was refused, as a code of `docs/errors.md`; None when it was accepted.
        item_count: of an accepted delivery, fillers included; None of a refused one.
        receipt: names the record of the answer, to ask about it.
    """

    at: datetime
    kind: str
    sequence: int
    reason: str | None
    item_count: int | None
    receipt: str


@dataclass(frozen=True)
class DeliveredPage:
    """Some deliveries, newest first.

    Args:
        number: 1 for the newest.
        has_older: whether there is a page after it.
    """

    deliveries: Sequence[Delivered]
    number: int
    has_older: bool


def own_deliveries(tx: Transaction, actor: Actor, now: datetime, *, page: int) -> DeliveredPage:
    """Deliveries of the actor's organisation in the last thirty days.

    Args:
        tx: the open transaction.
        actor: a bronbeheerder.
        now: aware UTC.
        page: 1 for the newest; one beyond the last is empty.

    Raises:
        NotPermitted: the actor does not act as a bronbeheerder.
    """
    staff = reading(tx, actor, "deliveries", now, selection=str(page))
    found = tx.answers.newest(
        staff.organisation, now - SHOWN_FOR, skip=(page - 1) * PER_PAGE, limit=PER_PAGE + 1
    )
    return DeliveredPage([_delivered(entry) for entry in found[:PER_PAGE]], page, len(found) > PER_PAGE)


def _delivered(entry: AuditEntry) -> Delivered:
    sequence, items, reason = (entry.fields.get(name) for name in ("sequence", "items", "reason"))
    assert isinstance(sequence, int), "every record of a delivery has one"
    return Delivered(
        at=entry.at,
        kind=str(entry.fields["kind"]),
        sequence=sequence,
        reason=None if reason is None else str(reason),
        item_count=items if isinstance(items, int) else None,
        receipt=f"{entry.writer.hex()}-{entry.number}",
    )
