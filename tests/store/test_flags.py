"""Flags: stored per person, source and type, found per person and type, opened only where they were sealed."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from crypto.chain import Pseudonym
from crypto.encoding import Month
from signal_index.errors import Unavailable
from signal_index.model import NewFlag, Series, SeriesState, StoredFlag, Wish
from signal_index.ports import Database, Transaction

People = Callable[[int], Pseudonym]
NewSeries = Callable[..., Series]

APRIL = Month(2026, 4)
NEXT_YEAR = Month(2027, 4)
DEBT, INCOME, CARE = "schuldhulptraject", "ww-uitkering", "wmo-voorziening"
SLOTS = 12


def stored(database: Database, series: Series, *people: Pseudonym, expires: Month = NEXT_YEAR) -> None:
    def job(tx: Transaction) -> None:
        tx.series.put(series)
        tx.flags.put([NewFlag(someone, series, APRIL, expires) for someone in people])

    database.run(job)


def found(database: Database, who: Pseudonym, *types: str, month: Month = APRIL) -> set[StoredFlag]:
    return set(database.run(lambda tx: tx.flags.find(who, types, SLOTS, month)))


def test_a_flag_is_found_under_its_person_and_type_alone(
    database: Database, person: People, a_series: NewSeries
) -> None:
    series = a_series(type_code=DEBT)
    stored(database, series, person(1))
    assert found(database, person(1), DEBT, INCOME) == {StoredFlag(series.source, DEBT, APRIL)}
    assert not found(database, person(1), INCOME, CARE)
    assert not found(database, person(2), DEBT)
    assert not found(database, person(1))


def test_two_sources_of_one_type_are_two_flags(
    database: Database, person: People, a_series: NewSeries
) -> None:
    one, other = a_series("00000004000000010000"), a_series("00000004000000090000")
    stored(database, one, person(1))
    stored(database, other, person(1))
    assert {flag.source for flag in found(database, person(1), DEBT)} == {one.source, other.source}


def test_storing_says_where_the_flag_stood_and_moves_it(
    database: Database, person: People, a_series: NewSeries
) -> None:
    old, new = a_series(generation=1), a_series(generation=2, state=SeriesState.FILLING)

    def job(tx: Transaction) -> list[bytes | None]:
        tx.series.put(old)
        tx.series.put(new)
        return [
            *tx.flags.put([NewFlag(person(1), old, APRIL, NEXT_YEAR)]),
            *tx.flags.put([NewFlag(person(1), old, APRIL, NEXT_YEAR)]),
            *tx.flags.put([NewFlag(person(1), new, Month(2026, 2), NEXT_YEAR)]),
            *tx.flags.remove([Wish(person(1), old)]),
            *tx.flags.remove([Wish(person(1), new)]),
        ]

    assert database.run(job) == [None, old.series_id, old.series_id, new.series_id, None]


def test_the_newest_since_month_counts(database: Database, person: People, a_series: NewSeries) -> None:
    series = a_series()
    stored(database, series, person(1))
    database.run(lambda tx: tx.flags.put([NewFlag(person(1), series, Month(2025, 11), NEXT_YEAR)]))
    assert found(database, person(1), DEBT) == {StoredFlag(series.source, DEBT, Month(2025, 11))}


@pytest.mark.parametrize(("month", "visible"), [(NEXT_YEAR, True), (NEXT_YEAR.plus(1), False)])
def test_a_flag_shows_up_to_and_including_its_expiry_month(
    database: Database, person: People, a_series: NewSeries, month: Month, *, visible: bool
) -> None:
    stored(database, a_series(), person(1))
    assert bool(found(database, person(1), DEBT, month=month)) is visible


def cleared(database: Database, series: Series, *, limit: int = 100, before: Month | None = None) -> int:
    """Remove flags of a series from every share; how many."""
    return sum(
        database.run(lambda tx: tx.flags.clear(series.series_id, share, limit=limit, before=before))  # noqa: B023 - run waits
        for share in database.run(lambda tx: tx.flags.shares())
    )


def test_what_lies_before_a_month_is_removed_from_one_series(
    database: Database, person: People, a_series: NewSeries
) -> None:
    debt, care = a_series(type_code=DEBT), a_series(type_code=CARE)
    stored(database, debt, person(1), person(2), expires=APRIL)
    stored(database, debt, person(3))
    stored(database, care, person(1), expires=APRIL)
    assert cleared(database, debt, before=APRIL) == 0
    assert cleared(database, debt, before=APRIL.plus(1)) == 2
    assert cleared(database, debt, before=APRIL.plus(1)) == 0
    assert found(database, person(3), DEBT)
    assert found(database, person(1), DEBT, CARE) == {StoredFlag(care.source, CARE, APRIL)}


def test_a_series_is_removed_some_at_a_time(database: Database, person: People, a_series: NewSeries) -> None:
    series = a_series()
    stored(database, series, *(person(number) for number in range(30)))
    shares = database.run(lambda tx: tx.flags.shares())
    assert sorted(bucket for share in shares for bucket in share) == list(range(shares[-1].stop))
    share = max(shares, key=lambda each: _in_share(database, series, each))
    whole = _in_share(database, series, share)
    assert database.run(lambda tx: tx.flags.clear(series.series_id, share, limit=whole - 1)) == whole - 1
    assert database.run(lambda tx: tx.flags.clear(series.series_id, share, limit=whole - 1)) == 1
    assert cleared(database, series) == 30 - whole


def _in_share(database: Database, series: Series, share: range) -> int:
    """How many flags of a series a share has."""

    class Undone(Exception):
        def __init__(self, removed: int) -> None:
            self.removed = removed

    def job(tx: Transaction) -> None:
        raise Undone(tx.flags.clear(series.series_id, share, limit=100))

    with pytest.raises(Undone) as undone:
        database.run(job)
    return undone.value.removed


def test_the_flags_of_a_replaced_set_answer_nothing(
    database: Database, person: People, a_series: NewSeries
) -> None:
    old, new = a_series(generation=1), a_series(generation=2, state=SeriesState.FILLING)
    stored(database, old, person(1), person(2))
    stored(database, new, person(2))
    database.run(lambda tx: tx.series.put(replace(old, state=SeriesState.ABANDONED)))
    known = database.run(lambda tx: [tx.flags.knows(person(n), [DEBT]) for n in (1, 2, 3)])
    assert (known, len(found(database, person(1), DEBT))) == ([True, True, False], 1), "nothing is sealed yet"
    database.run(lambda tx: tx.series.put(replace(new, state=SeriesState.CURRENT)))
    known = database.run(lambda tx: [tx.flags.knows(person(n), [DEBT]) for n in (1, 2, 3)])
    assert known == [False, True, False]
    assert not found(database, person(1), DEBT)
    assert len(found(database, person(2), DEBT)) == 1


def test_a_person_is_removed_over_the_named_types(
    database: Database, person: People, a_series: NewSeries
) -> None:
    debt, care, income = (a_series(type_code=code) for code in (DEBT, CARE, INCOME))
    other_debt = a_series("00000004000000090000", DEBT)
    for series in (debt, care, income, other_debt):
        stored(database, series, person(1), person(2))
    removed = database.run(lambda tx: tx.flags.remove_person(person(1), [DEBT, CARE]))
    assert removed == {debt.series_id: 1, other_debt.series_id: 1, care.series_id: 1}
    assert {flag.type for flag in found(database, person(1), DEBT, CARE, INCOME)} == {INCOME}
    assert len(found(database, person(2), DEBT, CARE, INCOME)) == 4
    assert database.run(lambda tx: tx.flags.remove_person(person(1), [])) == {}


def test_a_series_is_emptied_with_the_wishes_held_for_it(
    database: Database, person: People, a_series: NewSeries
) -> None:
    gone, kept = a_series(type_code=DEBT), a_series(type_code=CARE)
    stored(database, gone, person(1), person(2))
    stored(database, kept, person(1))

    database.run(lambda tx: tx.flags.hold([Wish(person(3), gone)]))
    assert cleared(database, gone) == 2
    database.run(lambda tx: tx.flags.release_all(gone.series_id))
    database.run(lambda tx: tx.series.remove(gone.series_id))  # refused while anything still refers to it
    assert cleared(database, gone) == 0
    assert found(database, person(1), DEBT, CARE) == {StoredFlag(kept.source, CARE, APRIL)}


def test_a_wish_is_held_once_per_series_until_released(
    database: Database, person: People, a_series: NewSeries
) -> None:
    one, other = a_series(generation=1), a_series(generation=2)

    def job(tx: Transaction) -> list[bool]:
        tx.series.put(one)
        tx.series.put(other)
        answers = [
            *tx.flags.hold([Wish(person(1), one)]),
            *tx.flags.hold([Wish(person(1), one)]),
            *tx.flags.hold([Wish(person(1), other)]),
            *tx.flags.release([Wish(person(1), one)]),
            *tx.flags.release([Wish(person(1), one)]),
        ]
        tx.flags.release_all(other.series_id)
        return [*answers, *tx.flags.release([Wish(person(1), other)])]

    assert database.run(job) == [True, False, True, True, False, False]
    assert not found(database, person(1), DEBT)


def test_more_allowed_types_than_slots_is_an_error(database: Database, person: People) -> None:
    with pytest.raises(ValueError, match="more types"):
        database.run(lambda tx: tx.flags.find(person(1), ["a", "b"], 1, APRIL))


def statements(database: Database, who: Pseudonym, types: list[str]) -> list[str]:
    """The queries on flags that one look-up sends, parameters written out."""
    seen: list[str] = []

    def job(tx: Transaction) -> None:
        driver = tx.flags._connection.connection.driver_connection  # type: ignore[attr-defined]
        driver.set_trace_callback(seen.append)
        tx.flags.find(who, types, SLOTS, APRIL)
        driver.set_trace_callback(None)

    database.run(job)
    return seen


@pytest.mark.usefixtures("path")
def test_every_look_up_is_one_query_of_the_same_shape(
    database: Database, person: People, a_series: NewSeries
) -> None:
    stored(database, a_series(), person(1))
    asked = [
        statements(database, person(n), types) for n in (1, 2) for types in ([], [DEBT], [DEBT, CARE, INCOME])
    ]
    assert {len(queries) for queries in asked} == {1}
    assert len({len(queries[0]) for queries in asked}) == 1
    assert all(queries[0].count("x'") == SLOTS for queries in asked)


@pytest.mark.usefixtures("path")
def test_the_place_of_a_tag_tells_nothing(database: Database, person: People) -> None:
    (query,) = statements(database, person(1), [DEBT, CARE])
    tags = [part.split("'")[0] for part in query.split("x'")[1:]]
    assert tags == sorted(tags)
    (again,) = statements(database, person(1), [DEBT, CARE])
    real = set(tags) & {part.split("'")[0] for part in again.split("x'")[1:]}
    assert len(real) == 2


CHANGES = {
    "another person's seal": "UPDATE flags SET sealed = (SELECT sealed FROM flags WHERE is_of(row_key, 'other')) "
    "WHERE is_of(row_key, 'mine')",
    "a changed seal": "UPDATE flags SET sealed = flipped(sealed) WHERE is_of(row_key, 'mine')",
    "a cut seal": "UPDATE flags SET sealed = x'00' WHERE is_of(row_key, 'mine')",
    "another type's series": "UPDATE flags SET series_id = :care WHERE is_of(row_key, 'mine')",
    "another source's series": "UPDATE flags SET series_id = :elsewhere WHERE is_of(row_key, 'mine')",
    "another series' names": "UPDATE series SET sealed = (SELECT sealed FROM series WHERE series_id = :care)",
    "another row key": "UPDATE flags SET row_key = flipped(row_key) WHERE is_of(row_key, 'mine')",
    "another person under her tag": "UPDATE flags SET tag = (SELECT tag FROM flags WHERE is_of(row_key, 'mine')) "
    "WHERE is_of(row_key, 'other')",
    "another type under an allowed tag": "UPDATE flags SET tag = (SELECT tag FROM flags WHERE is_of(row_key, 'mine')) "
    "WHERE is_of(row_key, 'care')",
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_cell_or_row_in_another_place_is_a_fault_not_a_flag(
    database: Database, path: Path, person: People, a_series: NewSeries, change: str
) -> None:
    debt, care = a_series(type_code=DEBT), a_series(type_code=CARE)
    elsewhere = a_series("00000004000000090000", DEBT)
    rows: dict[bytes, str] = {}
    with closing(sqlite3.connect(path)) as thief:
        for series, who, name in (
            (debt, person(1), "mine"),
            (debt, person(2), "other"),
            (care, person(1), "care"),
        ):
            stored(database, series, who)
            for (row_key,) in thief.execute("SELECT row_key FROM flags"):
                rows.setdefault(row_key, name)
        stored(database, elsewhere)
        assert len(found(database, person(1), DEBT)) == 1
        thief.create_function("is_of", 2, lambda row_key, name: rows[row_key] == name)
        thief.create_function("flipped", 1, lambda data: data[:-1] + bytes([data[-1] ^ 1]))
        ids = {"care": care.series_id, "elsewhere": elsewhere.series_id}
        with thief:
            assert thief.execute(change, ids).rowcount > 0
    with pytest.raises(Unavailable) as fault:
        found(database, person(1), DEBT)
    assert fault.value.code == "damaged-row"
