"""Remove flags whose month has passed; a look-up ignores them already, this keeps no longer than needed."""

from datetime import datetime

from crypto.encoding import Month
from signal_index import audit
from signal_index.model import SeriesState, dutch_day
from signal_index.ports import Transaction


def expire(tx: Transaction, now: datetime) -> int:
    """Remove every expired flag and record how many; nothing is recorded when there was nothing to remove.

    Returns:
        The number of flags removed.
    """
    month = Month.of(dutch_day(now))
    # An open set is left alone: a wish that was counted for it and is sent again must not count twice.
    filling = [series.series_id for series in tx.series.all() if series.state is SeriesState.FILLING]
    removed = tx.flags.expire(month, sparing=filling)
    for series_id, count in removed.items():
        tx.series.adjust(series_id, rows=-count)
    total = sum(removed.values())
    if total:
        tx.audit.append(audit.event("flags.expired", now, month=str(month), flags=total))
    return total
