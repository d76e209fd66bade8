"""Watch for what a scan looks like: a publisher that sends far more than it did, or about people nobody knows.

A source that works together with somebody inside the index can test guesses as fast as its quota allows. It cannot
do so without sending them. An alarm is a record that the privacy officer reads; it stops nothing, since a first
complete set looks the same, and it tells the publisher nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from statistics import median
from typing import Final

from crypto.batch import BatchClass
from crypto.sheet import SINGLES
from signal_index import audit
from signal_index.model import Tally

from .rows import Work

HISTORY: Final = timedelta(days=28)
"""Long enough to hold four of every weekday."""

HISTORY_DAYS_MIN: Final = 5
"""Days with deliveries before what is usual can be told."""

VOLUME_FACTOR: Final = 5
VOLUME_PERSONS_MIN: Final = 200
"""A small source may well send five times its usual ten."""

MISS_SHARE: Final = 0.9
"""A scan of the population misses more than ninety-nine in a hundred; a wijkteam's own cases are mostly known."""

MISS_PERSONS_MIN: Final = 50

WATCHED: Final = frozenset(BatchClass) - SINGLES


def watch(work: Work, misses: int) -> None:
    """Count a delivery, applied or refused, and record an alarm the first time a day gives reason for it.

    Args:
        work: opened; a refusal too tells the index whom it is about.
        misses: rows about persons the index knew nothing of.
    """
    batch_class, publisher, today = work.delivery.header.batch_class, work.publisher.oin, work.context.today
    persons = sum(person is not None for person, _ in work.delivery.rows)
    if batch_class not in WATCHED or not persons:
        return
    *earlier, before = _days(work, Tally(today))
    after = replace(before, persons=before.persons + persons, misses=before.misses + misses)
    raised = set(_alarms(earlier, after)) - before.alarms
    work.tx.deliveries.put_tally(publisher, batch_class, replace(after, alarms=before.alarms | raised))
    for alarm in sorted(raised):
        work.tx.audit.append(
            audit.event(
                "chain.alarm",
                work.context.now,
                publisher=publisher,
                kind=batch_class.value,
                alarm=alarm,
                persons=after.persons,
                misses=after.misses,
            )
        )


def _days(work: Work, today: Tally) -> Sequence[Tally]:
    """Earlier days, and today's last of all."""
    since = today.day - HISTORY
    found = work.tx.deliveries.tallies(work.publisher.oin, work.delivery.header.batch_class, since)
    return found if found and found[-1].day == today.day else [*found, today]


def _alarms(earlier: Sequence[Tally], today: Tally) -> Iterator[str]:
    usual = median(day.persons for day in earlier) if len(earlier) >= HISTORY_DAYS_MIN else None
    if usual is not None and today.persons > max(VOLUME_PERSONS_MIN, VOLUME_FACTOR * usual):
        yield "volume"
    if today.persons >= MISS_PERSONS_MIN and today.misses > MISS_SHARE * today.persons:
        yield "misses"
