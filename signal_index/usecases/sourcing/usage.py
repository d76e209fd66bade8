"""How often a source organisation's types were allowed to be looked at, per month that is over.

Invariants:
1. A figure counts looks in which the type was *allowed*; whether anything was shown, who looked and at whom, is not
   read.
2. Every figure is rounded down to tens, so that one look more or less tells nothing, and small numbers are all nought.
3. Looks of every organisation in the region count together.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from crypto.encoding import Month
from signal_index.errors import NotFound
from signal_index.model import Actor, AuditEntry, dutch_day
from signal_index.model.log import ANSWERED
from signal_index.ports import Transaction
from signal_index.usecases.oversight.looks import recorded_in
from signal_index.usecases.oversight.reports import Cell, closed_months, days_of
from signal_index.usecases.oversight.suppression import in_tens

from .own import published_by, reading


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


def usage(tx: Transaction, actor: Actor, month: Month | None, now: datetime) -> Usage:
    """Count one month for the actor's organisation.

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
    types = sorted({entry.type for entry in published_by(tx, staff.organisation)})
    entries = recorded_in(tx, (ANSWERED,), days_of(chosen)) if types else ()
    return Usage(months, chosen, count_allowed(entries, types))


def count_allowed(entries: Iterable[AuditEntry], types: Sequence[str]) -> tuple[Cell, ...]:
    """Looks in which each type was allowed, rounded down.

    Args:
        entries: records of answered looks.
        types: codes, in the order to show them in.
    """
    tally: Counter[str] = Counter()
    for entry in entries:
        allowed = entry.fields.get("allowed")
        pairs = allowed if isinstance(allowed, list) else []
        tally.update({pair.rpartition(":")[0] for pair in pairs})
    return tuple(Cell(code, in_tens(tally[code])) for code in types)
