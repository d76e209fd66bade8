"""Any sequence of steps leaves the same flags and counts as a plain dictionary would hold, on either engine.

Each step is about many at once; the dictionary takes them one by one.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crypto.chain import Pseudonym
from crypto.encoding import Month
from signal_index.model import NewFlag, Series, StoredFlag, Wish
from signal_index.ports import Database, Transaction

SOURCES = ("00000004000000010000", "00000004000000020000")
TYPES = ("schuldhulptraject", "wmo-voorziening")
GENERATIONS = (1, 2)
PEOPLE = range(3)
START = Month(2026, 1)

SERIES = st.tuples(st.sampled_from(SOURCES), st.sampled_from(TYPES), st.sampled_from(GENERATIONS))
PERSON = st.sampled_from(PEOPLE)
MONTH = st.integers(0, 8).map(START.plus)
WISHES = st.lists(st.tuples(PERSON, SERIES), max_size=8)
KINDS = st.sets(st.sampled_from(TYPES))

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.lists(st.tuples(PERSON, SERIES, MONTH, MONTH), max_size=8)),
        st.tuples(st.just("remove"), WISHES),
        st.tuples(st.just("remove person"), PERSON, KINDS),
        st.tuples(st.just("remove series"), SERIES),
        st.tuples(st.just("expire"), MONTH),
        st.tuples(st.just("hold"), WISHES),
        st.tuples(st.just("release"), WISHES),
    ),
    max_size=30,
)

Place = tuple[str, str, int]  # source, type, generation


class Undo(Exception):
    """Ends a job that is not to leave a trace."""


@dataclass
class Model:
    """What the index should hold.

    Args:
        flags: place, since and expiry month by person, source and type.
        held: persons by place.
    """

    flags: dict[tuple[int, str, str], tuple[Place, Month, Month]] = field(default_factory=dict)
    held: set[tuple[int, Place]] = field(default_factory=set)

    def drop(
        self, doomed: Callable[[tuple[int, str, str], tuple[Place, Month, Month]], bool]
    ) -> Counter[Place]:
        """Remove some flags; how many stood in each series."""
        gone = {key: value for key, value in self.flags.items() if doomed(key, value)}
        for key in gone:
            del self.flags[key]
        return Counter(place for place, _, _ in gone.values())


@dataclass
class Both:
    """The index and the model, taking the same steps."""

    tx: Transaction
    model: Model
    person: Callable[[int], Pseudonym]
    series: dict[Place, Series]

    def ids(self, counts: Counter[Place]) -> dict[bytes, int]:
        return {self.series[place].series_id: count for place, count in counts.items()}

    def wish(self, who: int, place: Place) -> Wish:
        return Wish(self.person(who), self.series[place])

    def moved(self, stood_in: bytes | None, into: bytes | None) -> None:
        if stood_in != into:
            for series_id, rows in ((stood_in, -1), (into, 1)):
                if series_id is not None:
                    self.tx.series.adjust(series_id, rows=rows)

    def put(self, flags: list[tuple[int, Place, Month, Month]]) -> None:
        stated = [NewFlag(*self.wish(who, place), since, expires) for who, place, since, expires in flags]
        stood_in = self.tx.flags.put(stated)
        assert len(stood_in) == len(flags)
        for (who, place, since, expires), found in zip(flags, stood_in, strict=True):
            before = self.model.flags.get((who, *place[:2]))
            assert found == (self.series[before[0]].series_id if before else None)
            self.model.flags[who, place[0], place[1]] = (place, since, expires)
            self.moved(found, self.series[place].series_id)

    def remove(self, wishes: list[tuple[int, Place]]) -> None:
        stood_in = self.tx.flags.remove([self.wish(*each) for each in wishes])
        assert len(stood_in) == len(wishes)
        for (who, place), found in zip(wishes, stood_in, strict=True):
            before = self.model.flags.pop((who, *place[:2]), None)
            assert found == (self.series[before[0]].series_id if before else None)
            self.moved(found, None)

    def remove_person(self, who: int, types: set[str]) -> None:
        expected = self.model.drop(lambda key, _: key[0] == who and key[2] in types)
        self.subtract(self.ids(expected), self.tx.flags.remove_person(self.person(who), types))

    def clear(self, place: Place, before: Month | None = None) -> int:
        shares = self.tx.flags.shares()
        series_id = self.series[place].series_id
        removed = sum(self.tx.flags.clear(series_id, share, limit=99, before=before) for share in shares)
        self.tx.series.adjust(series_id, rows=-removed)
        return removed

    def expire(self, month: Month) -> None:
        expected = self.model.drop(lambda _, value: value[2] < month)
        assert {place: self.clear(place, month) for place in self.series} == {
            place: expected[place] for place in self.series
        }

    def subtract(self, expected: dict[bytes, int], removed: object) -> None:
        assert removed == expected
        for series_id, count in expected.items():
            self.tx.series.adjust(series_id, rows=-count)

    def remove_series(self, place: Place) -> None:
        expected = self.model.drop(lambda _, value: value[0] == place)[place]
        self.model.held = {(who, held) for who, held in self.model.held if held != place}
        self.tx.flags.release_all(self.series[place].series_id)
        assert self.clear(place) == expected

    def hold(self, wishes: list[tuple[int, Place]]) -> None:
        told = self.tx.flags.hold([self.wish(*each) for each in wishes])
        assert len(told) == len(wishes)
        for each, is_new in zip(wishes, told, strict=True):
            assert is_new == (each not in self.model.held)
            self.model.held.add(each)

    def release(self, wishes: list[tuple[int, Place]]) -> None:
        told = self.tx.flags.release([self.wish(*each) for each in wishes])
        assert len(told) == len(wishes)
        for each, was_held in zip(wishes, told, strict=True):
            assert was_held == (each in self.model.held)
            self.model.held.discard(each)

    def agree(self) -> None:
        """Compare every answer and every count."""
        for who in PEOPLE:
            for allowed in ((), TYPES[:1], TYPES[1:], TYPES):
                for month in (START, START.plus(4), START.plus(9)):
                    expected = [
                        StoredFlag(source, type_code, since)
                        for (owner, source, type_code), (_, since, expires) in self.model.flags.items()
                        if owner == who and type_code in allowed and expires >= month
                    ]
                    found = self.tx.flags.find(self.person(who), allowed, 5, month)
                    assert Counter(found) == Counter(expected)
        rows = Counter(place for place, _, _ in self.model.flags.values())
        for place, series in self.series.items():
            stored = self.tx.series.get(*place)
            assert stored is not None
            assert stored.row_count == rows[place]
            self.release([(who, place) for who in PEOPLE])
            assert self.clear(place) == rows[place]
            self.tx.series.remove(series.series_id)


@given(steps=STEPS)
@settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)  # a job leaves nothing
def test_flags_and_counts_are_those_of_a_plain_dictionary(
    database: Database,
    person: Callable[[int], Pseudonym],
    a_series: Callable[..., Series],
    steps: list[tuple[str, object]],
) -> None:
    places = [
        (source, code, generation) for source in SOURCES for code in TYPES for generation in GENERATIONS
    ]

    def job(tx: Transaction) -> None:
        both = Both(tx, Model(), person, {place: a_series(*place) for place in places})
        for series in both.series.values():
            tx.series.put(series)
        for name, *arguments in steps:
            getattr(both, name.replace(" ", "_"))(*arguments)
        both.agree()
        raise Undo

    with pytest.raises(Undo):
        database.run(job)
