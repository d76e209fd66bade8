"""A delivery applied as a whole leaves what its rows would leave one after another, and misses as many."""

from collections import Counter
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crypto.batch import BatchClass
from crypto.chain import Pseudonym
from crypto.encoding import Month
from crypto.sheet import SignaalOperation, SignaalRow
from signal_index.model import Delivery, Series, SeriesState, Wish
from signal_index.ports import Transaction
from signal_index.usecases.delivery import signals
from signal_index.usecases.delivery.rows import Context, DeliveryRefused, Work

PAIRS = (("agb:00000001", "wmo-voorziening"), ("agb:00000003", "jeugdhulp"))
STATES = {1: SeriesState.CURRENT, 2: SeriesState.FILLING}
PEOPLE = range(5)
START = Month(2025, 6)

Key = tuple[int, int]  # a person and a pair
Place = tuple[int, int]  # a pair and a generation
Said = tuple[str, int]  # a row: its operation and generation

BATCH = st.dictionaries(
    st.tuples(st.sampled_from(PEOPLE), st.sampled_from((0, 1))),
    st.tuples(st.sampled_from(("assert", "assert", "withdraw")), st.sampled_from((1, 2))),
    max_size=8,
)


class Undo(Exception):
    """Ends a job that is not to leave a trace."""


def person(number: int) -> Pseudonym:
    return Pseudonym(sha256(b"somebody" + bytes([number])).digest())


@dataclass
class OneByOne:
    """What is left when each row is applied by itself."""

    deceased: frozenset[int]
    flags: dict[Key, int] = field(default_factory=dict)
    held: set[tuple[int, Place]] = field(default_factory=set)
    rows: Counter[Place] = field(default_factory=Counter)
    accepted: Counter[Place] = field(default_factory=Counter)

    def apply(self, key: Key, said: Said) -> int:
        (who, pair), (operation, generation) = key, said
        place = (pair, generation)
        return self.asserts(who, place) if operation == "assert" else self.withdraws(who, place)

    def asserts(self, who: int, place: Place) -> int:
        pair, generation = place
        if who in self.deceased:
            if STATES[generation] is SeriesState.FILLING and (who, place) not in self.held:
                self.held.add((who, place))
                self.accepted[place] += 1
            return 0
        before = self.flags.get((who, pair))
        self.flags[who, pair] = generation
        if before != generation:
            self.rows[place] += 1
            self.accepted[place] += (who, place) not in self.held
            self.held.discard((who, place))
            if before is not None:
                self.rows[pair, before] -= 1
        return 0

    def withdraws(self, who: int, place: Place) -> int:
        pair, generation = place
        before = self.flags.pop((who, pair), None)
        if before is not None:
            self.rows[pair, before] -= 1
        counted = before == generation or (who, place) in self.held
        if before != generation:
            self.held.discard((who, place))
        self.accepted[place] -= counted
        return int(not counted and before is None)


@dataclass
class Together:
    """The index, given whole deliveries."""

    world: Any
    tx: Transaction
    series: dict[Place, Series]

    def work(self, items: dict[Key, Said]) -> Work:
        rows = tuple((person(key[0]), _row(key, said)) for key, said in items.items())
        catalogue = self.world.desk.rules.in_force(self.world.DAY).catalogue
        context = Context(self.world.clock, self.world.DAY, catalogue, person(99))
        header = self.world.batch(self.world.GEMEENTE, BatchClass.SIGNAAL, []).header
        publisher = self.tx.register.publisher(self.world.GEMEENTE)
        assert publisher is not None
        return Work(self.tx, context, Delivery(header, bytes(64), rows), publisher)

    def agree(self, model: OneByOne) -> None:
        for place, series in self.series.items():
            stands = self.tx.series.get(series.source, series.type, series.generation)
            assert stands is not None
            assert (stands.row_count, stands.accepted_count) == (model.rows[place], model.accepted[place])
            wishes = [Wish(person(who), series) for who in PEOPLE]
            assert self.tx.flags.release(wishes) == [(who, place) in model.held for who in PEOPLE]
        for who in PEOPLE:
            found = self.tx.flags.find(person(who), [code for _, code in PAIRS], 5, START)
            assert {PAIRS.index((flag.source, flag.type)) for flag in found} == {
                pair for owner, pair in model.flags if owner == who
            }


def _row(key: Key, said: Said) -> SignaalRow:
    source, code = PAIRS[key[1]]
    operation, generation = said
    if operation == "assert":
        return SignaalRow(
            SignaalOperation.ASSERT, source=source, type=code, generation=generation, since=START
        )
    return SignaalRow(SignaalOperation.WITHDRAW, source=source, type=code, generation=generation)


@given(
    batches=st.lists(BATCH, max_size=5), deceased=st.lists(st.frozensets(st.sampled_from(PEOPLE)), max_size=5)
)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)  # a job leaves nothing
def test_rows_together_leave_what_they_leave_one_by_one(
    world: Any, batches: list[dict[Key, Said]], deceased: list[frozenset[int]]
) -> None:
    def job(tx: Transaction) -> None:
        series = {
            (pair, generation): Series(bytes([pair, generation] * 8), *PAIRS[pair], generation, state)
            for pair in (0, 1)
            for generation, state in STATES.items()
        }
        for each in series.values():
            tx.series.put(each)
        model, index = OneByOne(frozenset()), Together(world, tx, series)
        for number, items in enumerate(batches):
            model.deceased = deceased[number] if number < len(deceased) else frozenset()
            for who in PEOPLE:
                if who in model.deceased:
                    tx.restrictions.put(person(who), world.BRP, 1)
                else:
                    tx.restrictions.remove(person(who), world.BRP)
            missed = signals.apply(index.work(items))
            assert missed == sum(model.apply(key, said) for key, said in items.items())
        index.agree(model)
        raise Undo

    with pytest.raises(Undo):
        world.database.run(job)


def test_two_rows_about_one_flag_are_refused_before_anything_is_stored(world: Any) -> None:
    def job(tx: Transaction) -> None:
        series = Series(bytes(16), *PAIRS[0], 1, SeriesState.CURRENT)
        tx.series.put(series)
        index = Together(world, tx, {(0, 1): series})
        work = index.work({(1, 0): ("assert", 1)})
        twice = replace(work, delivery=replace(work.delivery, rows=work.delivery.rows * 2))
        with pytest.raises(DeliveryRefused, match="duplicate-row") as refused:
            signals.apply(twice)
        assert refused.value.rows == ((1, "duplicate-row"),)
        index.agree(OneByOne(frozenset()))

    world.database.run(job)
