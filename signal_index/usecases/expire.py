"""Remove what has passed: flags whose month is over, records whose term is, and what the workplace needs no longer.

A look-up ignores an expired flag already, and an idle session or a used ticket is good for nothing; this keeps no
longer than needed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from crypto.encoding import Month
from crypto.records import Places
from signal_index import audit
from signal_index.model import Series, SeriesState, dutch_day
from signal_index.model.administration import CONFIRMATION_KEPT, PROPOSAL_KEPT
from signal_index.model.openings import OPENING_KEPT
from signal_index.model.workplace import QUESTION_DAYS, SESSION_IDLE, VIEW_KEPT
from signal_index.ports import Transaction
from signal_index.retention import RecordKind, events_of

from .log import newest_checkpoint
from .sourcing.delivered import SHOWN_FOR

REMOVED_AT_ONCE: Final = 2_000
"""Flags per transaction, so that looks and deliveries go on meanwhile."""

ERASED_AT_ONCE: Final = 1_000
"""Records per transaction, so that looks go on meanwhile."""


def expire(tx: Transaction, now: datetime, share: range) -> int:
    """Remove expired flags of a share of all persons and record how many; nothing is recorded when there were none.

    Returns:
        How many, at most `REMOVED_AT_ONCE`; call again for more.
    """
    month = Month.of(dutch_day(now))
    replaced = tx.series.replaced()
    # An open set is left alone: a wish that was counted for it and is sent again must not count twice.
    sealed = [
        each for each in tx.series.all() if each.state is not SeriesState.FILLING and each not in replaced
    ]
    total = _clear(tx, sealed, share, before=month)
    if total:
        tx.audit.append(audit.event("flags.expired", now, month=str(month), flags=total))
    return total


def clear_replaced(tx: Transaction, share: range) -> int:
    """Remove flags of a share of all persons that a source did not repeat in its complete set.

    They answered nothing since it was sealed, which is on record.

    Returns:
        How many, at most `REMOVED_AT_ONCE`; call again for more.
    """
    return _clear(tx, tx.series.replaced(), share)


def _clear(tx: Transaction, series: Sequence[Series], share: range, before: Month | None = None) -> int:
    total = 0
    for each in series:
        room = REMOVED_AT_ONCE - total
        removed = tx.flags.clear(each.series_id, share, limit=room, before=before) if room else 0
        if removed:
            tx.series.adjust(each.series_id, rows=-removed)
        total += removed
    return total


def drop_replaced(tx: Transaction) -> int:
    """Forget the replaced series that have no flags left; how many."""
    empty = [series for series in tx.series.replaced() if not series.row_count]
    for series in empty:
        tx.series.remove(series.series_id)
    return len(empty)


def erasable(tx: Transaction, now: datetime) -> int | None:
    """Size of the tree whose records may be erased when their term has passed; None when nothing may go now.

    A clock that runs years ahead would erase what has to stay, for good. So the last cosignature must be of this same
    moment, by the clock of a witness.
    """
    newest = newest_checkpoint(tx)
    return newest[1] if newest is not None and tx.witnesses.is_witnessed(now) else None


def erase(tx: Transaction, kind: RecordKind, term: timedelta, now: datetime, *, size: int) -> int:
    """Erase what the oldest records of a kind say, once their term has passed; record how many and where they were.

    Their places in the tree stay, so that what is left still proves that nothing was rewritten. A record that no
    checkpoint holds yet stays as well: its chain alone would show a gap.

    Args:
        tx: the open transaction.
        kind: of record.
        term: how long it is kept.
        now: aware UTC.
        size: of the tree whose records may go.

    Returns:
        How many, at most `ERASED_AT_ONCE`; call again for more.
    """
    before = now - term
    gone = Places.of(tx.audit.erase(events_of(kind), before, size=size, limit=ERASED_AT_ONCE))
    if gone.count:
        erased = audit.event(
            "records.erased",
            now,
            kind=kind.value,
            records=gone.count,
            places=gone.digest,
            before=before.isoformat(timespec="seconds"),
        )
        tx.audit.append(erased)
    return gone.count


@dataclass(frozen=True)
class Tidied:
    """How much of the workplace was removed.

    Args:
        sessions: idle for so long that they were over.
        tickets: used ones that could not be accepted again anyway.
        views: looks a worker no longer finds back; the audit log keeps its own time.
        questions: answered or not, long past their due date.
        covers: whose last day has passed for as long as views are kept.
        impediments: objections and involvements whose last day has passed; the log keeps its own time.
        openings: requests for a case number that ended a year ago; the log keeps its own time.
        proposals: changes for two people, of a year ago.
        key_proposals: new keys that were proposed a year ago.
        confirmations: of teams, of two years ago.
        answers: where the record of a delivery is, once no source organisation finds it back; the record stays.
    """

    sessions: int
    tickets: int
    views: int
    questions: int
    covers: int
    impediments: int
    openings: int
    proposals: int
    key_proposals: int
    confirmations: int
    answers: int


def tidy(tx: Transaction, now: datetime) -> Tidied:
    """Remove what the workplace needs no longer; none of it is recorded, since nobody loses anything by it.

    A question stays for as long after its due date as it stood before it, so that a late answer still arrives.
    """
    return Tidied(
        sessions=tx.sessions.remove_idle(now - SESSION_IDLE),
        tickets=tx.tickets.remove_expired(now),
        views=tx.views.remove_older(now - VIEW_KEPT),
        questions=tx.questions.remove_older(dutch_day(now) - timedelta(days=QUESTION_DAYS)),
        covers=tx.covers.remove_older(dutch_day(now - VIEW_KEPT)),
        impediments=tx.impediments.remove_older(dutch_day(now)),
        openings=tx.openings.remove_older(now - OPENING_KEPT),
        proposals=tx.proposals.remove_older(now - PROPOSAL_KEPT),
        key_proposals=tx.key_proposals.remove_older(now - PROPOSAL_KEPT),
        confirmations=tx.team_confirmations.remove_older(dutch_day(now - CONFIRMATION_KEPT)),
        answers=tx.answers.remove_older(now - SHOWN_FOR),
    )
