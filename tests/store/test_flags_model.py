"""Any sequence of steps leaves the same flags and counts as a plain dictionary would hold."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.chain import Pseudonym
from crypto.encoding import Month
from signal_index.model import Series, StoredFlag
from signal_index.ports import Database, Transaction

SOURCES = ("00000004000000010000", "00000004000000020000")
TYPES = ("schuldhulptraject", "wmo-voorziening")
GENERATIONS = (1, 2)
PEOPLE = range(3)
START = Month(2026, 1)

SERIES = st.tuples(st.sampled_from(SOURCES), st.sampled_from(TYPES), st.sampled_from(GENERATIONS))
PERSON = st.sampled_from(PEOPLE)
MONTH = st.integers(0, 8).map(START.plus)
KINDS = st.sets(st.sampled_from(TYPES))

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), PERSON, SERIES, MONTH, MONTH),
        st.tuples(st.just("remove"), PERSON, st.sampled_from(SOURCES), st.sampled_from(TYPES)),
        st.tuples(st.just("remove person"), PERSON, KINDS),
        st.tuples(st.just("remove series"), SERIES),
        st.tuples(st.just("expire"), MONTH),
        st.tuples(st.just("hold"), PERSON, SERIES),
        st.tuples(st.just("release"), PERSON, SERIES),
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

    def put(self, who: int, place: Place, since: Month, expires: Month) -> None:
        source, type_code, _ = place
        before = self.model.flags.get((who, source, type_code))
        series = self.series[place]
        stood_in = self.tx.flags.put(self.person(who), series, since, expires)
        assert stood_in == (self.series[before[0]].series_id if before else None)
        self.model.flags[who, source, type_code] = (place, since, expires)
        if stood_in != series.series_id:
            self.tx.series.adjust(series.series_id, rows=1)
            if stood_in is not None:
                self.tx.series.adjust(stood_in, rows=-1)

    def remove(self, who: int, source: str, type_code: str) -> None:
        before = self.model.flags.pop((who, source, type_code), None)
        stood_in = self.tx.flags.remove(self.person(who), source, type_code)
        assert stood_in == (self.series[before[0]].series_id if before else None)
        if stood_in is not None:
            self.tx.series.adjust(stood_in, rows=-1)

    def remove_person(self, who: int, types: set[str]) -> None:
        expected = self.model.drop(lambda key, _: key[0] == who and key[2] in types)
        self.subtract(self.ids(expected), self.tx.flags.remove_person(self.person(who), types))

    def expire(self, month: Month) -> None:
        expected = self.model.drop(lambda _, value: value[2] < month)
        self.subtract(self.ids(expected), self.tx.flags.expire(month))

    def subtract(self, expected: dict[bytes, int], removed: object) -> None:
        assert removed == expected
        for series_id, count in expected.items():
            self.tx.series.adjust(series_id, rows=-count)

    def remove_series(self, place: Place) -> None:
        expected = self.model.drop(lambda _, value: value[0] == place)[place]
        self.model.held = {(who, held) for who, held in self.model.held if held != place}
        series_id = self.series[place].series_id
        assert self.tx.flags.remove_series(series_id) == expected
        self.tx.series.adjust(series_id, rows=-expected)

    def hold(self, who: int, place: Place) -> None:
        assert self.tx.flags.hold(self.person(who), self.series[place]) == (
            (who, place) not in self.model.held
        )
        self.model.held.add((who, place))

    def release(self, who: int, place: Place) -> None:
        assert self.tx.flags.release(self.person(who), self.series[place]) == (
            (who, place) in self.model.held
        )
        self.model.held.discard((who, place))

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
            for who in PEOPLE:
                if (who, place) in self.model.held:
                    self.release(who, place)
            assert self.tx.flags.remove_series(series.series_id) == rows[place]
            self.tx.series.adjust(series.series_id, rows=-rows[place])
            self.tx.series.remove(series.series_id)


@given(steps=STEPS)
@settings(max_examples=60)
def test_flags_and_counts_are_those_of_a_plain_dictionary(
    shared_database: Database,
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
        shared_database.run(job)
