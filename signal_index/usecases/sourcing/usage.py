"""How often a source organisation's types were allowed to be looked at, per month that is over.

Invariants:
1. A figure counts looks in which the type was *allowed*; whether anything was shown, who looked and at whom, is not
   read.
2. Every figure is rounded down to tens, so that one look more or less tells nothing, and small numbers are all nought.
3. Looks of every organisation in the region count together.
4. A month is counted in pieces, so that looks are answered meanwhile, and once, since it changes no more.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from crypto.encoding import Month
from signal_index.errors import NotFound
from signal_index.model import Actor, AuditEntry, dutch_day
from signal_index.model.log import ANSWERED
from signal_index.ports import Transaction
from signal_index.usecases.oversight.reports import Cell, closed_months, days_of
from signal_index.usecases.oversight.suppression import in_tens

from .own import published_by, reading

PIECE: Final = timedelta(hours=1)
"""What is read per transaction: a busy hour of a region takes some tens of milliseconds."""
SETTLED_AFTER: Final = timedelta(hours=1)
"""After a month is over: a record that had to wait may still come in with a time within it."""

Period = tuple[datetime, datetime]


@dataclass(frozen=True)
class Asked:
    """What somebody may see of a month that is over, before it is counted.

    Args:
        months: that can be asked for, newest first.
        month: that is shown.
        types: codes of the organisation's types, in the order to show them in.
    """

    months: Sequence[Month]
    month: Month
    types: Sequence[str]


@dataclass(frozen=True)
class Usage:
    """One month.

    Args:
        months: that can be asked for, newest first.
        month: that is shown.
        cells: per type of the organisation, looks rounded down to tens; None for fewer than ten.
    """

    months: Sequence[Month]
    month: Month
    cells: tuple[Cell, ...]


@dataclass
class Counted:
    """Months that were counted, for as long as the process lives: looks per type, of the whole region."""

    months: dict[Month, Counter[str]] = field(default_factory=dict)

    def keep(self, month: Month, looks: Counter[str], now: datetime) -> None:
        """Remember a month, if nothing more can come in for it."""
        if now >= days_of(month).period[1] + SETTLED_AFTER:
            self.months[month] = looks


def ask(tx: Transaction, actor: Actor, month: Month | None, now: datetime) -> Asked:
    """See whether the actor may have the figures of a month; that she asks is recorded.

    Args:
        tx: the open transaction.
        actor: a bronbeheerder.
        month: one of `closed_months`; the last one that is over when she names none.
        now: aware UTC.

    Raises:
        NotPermitted: the actor does not act as a bronbeheerder.
        NotFound: `no-such-month`: not over yet, or too long ago.
    """
    months = closed_months(tx, dutch_day(now))
    chosen = month or months[0]
    staff = reading(tx, actor, "usage", now, selection=str(chosen))
    if chosen not in months:
        raise NotFound("no-such-month", "Van deze maand zijn er geen cijfers. Kies een andere maand.")
    return Asked(months, chosen, sorted({entry.type for entry in published_by(tx, staff.organisation)}))


def pieces(month: Month) -> Iterator[Period]:
    """The stretches in which a month is counted, each in a transaction of its own."""
    start, end = days_of(month).period
    while start < end:
        yield start, min(start + PIECE, end)
        start += PIECE


def count_piece(tx: Transaction, period: Period) -> Counter[str]:
    """Looks per type that was allowed in them, in one stretch of time."""
    return count_allowed(tx.audit.entries(events=(ANSWERED,), period=period))


def count_allowed(entries: Iterable[AuditEntry]) -> Counter[str]:
    """Looks per type that was allowed in them.

    Args:
        entries: records of answered looks.
    """
    tally: Counter[str] = Counter()
    for entry in entries:
        allowed = entry.fields.get("allowed")
        pairs = allowed if isinstance(allowed, list) else []
        tally.update({pair.rpartition(":")[0] for pair in pairs})
    return tally


def rounded(asked: Asked, looks: Counter[str]) -> Usage:
    """What she gets to see of a month that was counted."""
    return Usage(asked.months, asked.month, tuple(Cell(code, in_tens(looks[code])) for code in asked.types))
