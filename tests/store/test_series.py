"""Series: what a source stands for, in generations, behind anonymous ids."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from crypto.chain import Pseudonym
from crypto.encoding import Month
from crypto.keyfiles import IndexSecrets
from signal_index.model import NewFlag, Series, SeriesState
from signal_index.ports import Database, Transaction
from signal_index.store import open_database

NewSeries = Callable[..., Series]


def put(database: Database, *series: Series) -> None:
    def job(tx: Transaction) -> None:
        for one in series:
            tx.series.put(one)

    database.run(job)


def test_a_series_comes_back_as_it_was_stored(database: Database, a_series: NewSeries) -> None:
    series = replace(a_series(), row_count=3, accepted_count=4, as_of=date(2026, 3, 31))
    put(database, series, a_series(generation=2), a_series(type_code="ww-uitkering"))
    assert database.run(lambda tx: tx.series.get(series.source, series.type, 1)) == series
    assert database.run(lambda tx: tx.series.get(series.source, series.type, 3)) is None
    assert len(database.run(lambda tx: tx.series.all())) == 3


def test_storing_again_replaces_the_whole(database: Database, a_series: NewSeries) -> None:
    put(database, a_series(state=SeriesState.FILLING))
    changed = replace(a_series(), state=SeriesState.CURRENT, accepted_count=9, as_of=date(2026, 3, 1))
    put(database, changed)
    assert database.run(lambda tx: tx.series.all()) == [changed]


@pytest.mark.parametrize("state", SeriesState)
def test_the_states_are_kept_apart(database: Database, a_series: NewSeries, state: SeriesState) -> None:
    series = a_series(state=state)
    put(database, series)

    def job(tx: Transaction) -> tuple[Series | None, Series | None]:
        return tx.series.current(series.source, series.type), tx.series.filling(series.source, series.type)

    current, filling = database.run(job)
    assert current == (series if state is SeriesState.CURRENT else None)
    assert filling == (series if state is SeriesState.FILLING else None)
    assert database.run(lambda tx: tx.series.current(series.source, "ww-uitkering")) is None


def test_a_current_and_an_open_series_stand_beside_each_other(
    database: Database, a_series: NewSeries
) -> None:
    current, filling = a_series(generation=1), a_series(generation=2, state=SeriesState.FILLING)
    put(database, filling, current)
    key = (current.source, current.type)
    assert database.run(lambda tx: (tx.series.current(*key), tx.series.filling(*key))) == (current, filling)


def test_counts_are_added_to(database: Database, a_series: NewSeries) -> None:
    series = a_series()
    put(database, series)
    database.run(lambda tx: tx.series.adjust(series.series_id, rows=5, accepted=7))
    database.run(lambda tx: tx.series.adjust(series.series_id, rows=-2, accepted=-3))
    (after,) = database.run(lambda tx: tx.series.all())
    assert (after.row_count, after.accepted_count) == (3, 4)


def test_counts_of_an_unknown_series_are_not_lost_quietly(database: Database, a_series: NewSeries) -> None:
    with pytest.raises(ValueError, match="no such series"):
        database.run(lambda tx: tx.series.adjust(a_series().series_id, rows=1))


def test_a_row_count_never_goes_below_zero(database: Database, a_series: NewSeries) -> None:
    put(database, a_series())
    with pytest.raises(IntegrityError):
        database.run(lambda tx: tx.series.adjust(a_series().series_id, rows=-1))


def test_one_generation_of_a_source_and_type_exists_once(database: Database, a_series: NewSeries) -> None:
    put(database, a_series())
    with pytest.raises(IntegrityError):
        put(database, replace(a_series(), series_id=bytes(16)))


def test_a_series_with_rows_left_cannot_be_removed(
    database: Database, a_series: NewSeries, person: Callable[[int], Pseudonym]
) -> None:
    series, month = a_series(), Month(2026, 4)
    put(database, series)
    database.run(lambda tx: tx.flags.put([NewFlag(person(1), series, month, month)]))
    with pytest.raises(IntegrityError):
        database.run(lambda tx: tx.series.remove(series.series_id))
    database.run(lambda tx: [tx.flags.clear(series.series_id, each, limit=9) for each in tx.flags.shares()])
    database.run(lambda tx: tx.series.remove(series.series_id))
    assert database.run(lambda tx: tx.series.all()) == []


def test_what_another_process_changes_is_seen_by_the_next_job(
    database: Database, path: Path, keys: IndexSecrets, a_series: NewSeries
) -> None:
    put(database, a_series())
    assert len(database.run(lambda tx: tx.series.all())) == 1
    with open_database(path, keys, writer_kind="cli") as other:
        put(other, a_series(generation=2))
        assert len(database.run(lambda tx: tx.series.all())) == 2
        database.run(lambda tx: tx.series.remove(a_series().series_id))
        assert [s.generation for s in other.run(lambda tx: tx.series.all())] == [2]


def test_what_a_failed_job_changed_is_forgotten(database: Database, a_series: NewSeries) -> None:
    def job(tx: Transaction) -> None:
        tx.series.put(a_series())
        assert len(tx.series.all()) == 1
        raise LookupError

    with pytest.raises(LookupError):
        database.run(job)
    assert database.run(lambda tx: tx.series.all()) == []


def test_a_series_is_replaced_by_a_later_sealed_set_of_the_same_source_and_type_alone(
    database: Database, a_series: NewSeries
) -> None:
    abandoned = a_series(generation=2, state=SeriesState.ABANDONED)
    put(database, abandoned)
    put(database, a_series(generation=1))
    put(database, a_series(generation=3, state=SeriesState.FILLING))
    put(database, a_series("00000004000000090000", generation=4))
    assert database.run(lambda tx: tx.series.replaced()) == []
    put(database, a_series(generation=3))
    assert database.run(lambda tx: tx.series.replaced()) == [abandoned]
