"""Apply the rows of a `beperking` delivery; the one restriction there is today says that a person has died.

Storing it removes the person's flags over every type ever issued, and her care relations carry no look as long as it
stands. Later asserts are acknowledged and counted but not stored, until the restriction is revoked and the sources
repeat themselves. Relations are left as their feed stated them: the feed cannot know of the death, and its complete set
must go on agreeing with what the index counts.
"""

from crypto.chain import Pseudonym
from crypto.sheet import BeperkingOperation, BeperkingRow
from signal_index import audit
from signal_index.model import SeriesState, Wish

from . import sets
from .rows import RowFault, Work, refuse_faults


def apply(work: Work) -> int:
    """Apply all rows: restrictions first, control rows last.

    Returns:
        0: most of those who died were never known here.

    Raises:
        DeliveryRefused: naming every faulty row that could be found.
    """
    refuse_faults(_faults(work))
    for _, person, row in work.rows(BeperkingRow):
        if person is not None:
            _apply_row(work, person, row)
    for position, _, row in work.rows(BeperkingRow):
        if row.operation is BeperkingOperation.OPEN_SET:
            sets.open_set(work, position, row.generation)
        elif row.operation is BeperkingOperation.SEAL_SET:
            sets.seal_set(work, position, row.generation, row.count)
            work.tx.restrictions.remove_older(work.publisher.oin, row.generation)
    return 0


def _faults(work: Work) -> list[RowFault]:
    seen: set[Pseudonym] = set()
    faults: list[RowFault] = []
    for position, person, row in work.rows(BeperkingRow):
        if person is None:
            continue
        if person in seen:
            faults.append((position, "duplicate-row"))
        elif not sets.speaks_under(work, row.generation):
            faults.append((position, "generation"))
        seen.add(person)
    return faults


def _apply_row(work: Work, person: Pseudonym, row: BeperkingRow) -> None:
    if row.operation is BeperkingOperation.ASSERT:
        if work.tx.restrictions.put(person, work.publisher.oin, row.generation):
            sets.count(work, row.generation, 1)
        _purge(work, person, row)
        return
    stood_under = work.tx.restrictions.remove(person, work.publisher.oin)
    if stood_under is not None:
        sets.count(work, stood_under, -1)
        _record(work, "restriction.revoked", person, row)


def _purge(work: Work, person: Pseudonym, row: BeperkingRow) -> None:
    tx = work.tx
    removed = tx.flags.remove_person(person, [kind.code for kind in work.context.catalogue.types])
    for series in tx.series.all():
        if series.series_id in removed:
            tx.series.adjust(series.series_id, rows=-removed[series.series_id])
            if series.state is SeriesState.FILLING:
                tx.flags.hold(
                    [Wish(person, series)]
                )  # it was counted for the open set and must stay counted once
    replaced = {series.series_id for series in tx.series.replaced()}
    answered = sum(rows for series_id, rows in removed.items() if series_id not in replaced)
    _record(work, "restriction.stored", person, row, flags_removed=answered)


def _record(work: Work, name: str, person: Pseudonym, row: BeperkingRow, **fields: int) -> None:
    now, publisher = work.context.now, work.publisher.oin
    work.tx.audit.append(audit.event(name, now, subject=person, publisher=publisher, kind=row.kind, **fields))
