"""A scan shows: far more persons than usual, or persons nobody knows. Each alarm is one record, and stops nothing."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.batch import BatchClass
from crypto.encoding import Month
from crypto.sheet import SignaalOperation, SignaalRow
from signal_index.model import Tally
from signal_index.usecases.delivery import watch
from signal_index.usecases.delivery.watch import _alarms

SOURCE, KIND = "agb:00000001", "wmo-voorziening"
SIGNAAL, ZORGRELATIE = BatchClass.SIGNAAL, BatchClass.ZORGRELATIE
ASSERT = SignaalRow(SignaalOperation.ASSERT, SOURCE, KIND, Month(2025, 4), 1)
WITHDRAW = SignaalRow(SignaalOperation.WITHDRAW, SOURCE, KIND, generation=1)


@pytest.fixture(autouse=True)
def small_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same rules at a scale a test can send."""
    monkeypatch.setattr(watch, "VOLUME_PERSONS_MIN", 4)
    monkeypatch.setattr(watch, "MISS_PERSONS_MIN", 3)


def tally(world: Any, oin: str, batch_class: BatchClass = SIGNAAL) -> Tally:
    found: Tally = world.database.run(lambda tx: tx.deliveries.tallies(oin, batch_class, world.DAY)[-1])
    return found


def alarms(world: Any) -> list[tuple[Any, ...]]:
    names = ("publisher", "kind", "alarm", "persons", "misses")
    return [tuple(entry.fields[name] for name in names) for entry in reversed(world.records("chain.alarm"))]


def test_rows_about_persons_are_counted_and_control_rows_and_fillers_are_not(world: Any) -> None:
    world.publish(world.GEMEENTE, SOURCE, KIND, dict.fromkeys(world.PEOPLE[:2], "2025-04"))
    assert tally(world, world.GEMEENTE) == Tally(world.DAY, persons=2)


def test_withdrawals_of_nothing_are_misses_and_others_are_not(world: Any) -> None:
    world.publish(world.GEMEENTE, SOURCE, KIND, {world.PEOPLE[0]: "2025-04"})
    for person in world.PEOPLE[:5]:
        world.accept(world.GEMEENTE, SIGNAAL, [(person, WITHDRAW)])
    assert tally(world, world.GEMEENTE) == Tally(world.DAY, persons=6, misses=4)
    assert alarms(world) == []
    for _ in range(2):
        for person in world.PEOPLE:
            world.accept(world.GEMEENTE, SIGNAAL, [(person, WITHDRAW)])
    # At the share, never at a number alone; and once a day.
    assert [alarm[:3] for alarm in alarms(world)] == [(world.GEMEENTE, "signaal", "misses")]


def test_relations_with_people_nobody_knows_are_misses(world: Any) -> None:
    world.publish(world.GEMEENTE, SOURCE, KIND, {world.PEOPLE[0]: "2025-04"})
    rows = [(person, world.relation(case_reference=f"WT-{n}AA")) for n, person in enumerate(world.PEOPLE[:4])]
    world.register_relations(*rows)
    assert tally(world, world.REGIE, ZORGRELATIE) == Tally(world.DAY, persons=4, misses=3)
    assert alarms(world) == []


def test_a_scan_by_registering_strangers_raises_one_alarm_and_is_accepted(world: Any) -> None:
    rows = [(person, world.relation(case_reference=f"WT-{n}AA")) for n, person in enumerate(world.PEOPLE)]
    world.register_relations(*rows)
    assert [alarm[:3] for alarm in alarms(world)] == [(world.REGIE, "zorgrelatie", "misses")]
    assert tally(world, world.REGIE, ZORGRELATIE).alarms == {"misses"}


def test_far_more_than_usual_raises_an_alarm_once_there_is_a_usual(world: Any) -> None:
    world.publish(world.GEMEENTE, SOURCE, KIND, {})
    for _ in range(5):
        world.accept(world.GEMEENTE, SIGNAAL, [(world.PEOPLE[0], ASSERT)])
        world.clock += timedelta(days=1)
    for person in world.PEOPLE[:5]:
        world.accept(world.GEMEENTE, SIGNAAL, [(person, ASSERT)])
    assert alarms(world) == []
    for person in world.PEOPLE[5:8]:
        world.accept(world.GEMEENTE, SIGNAAL, [(person, ASSERT)])
    assert alarms(world) == [(world.GEMEENTE, "signaal", "volume", 6, 0)]


def test_a_refused_delivery_counts_as_it_tells_the_index_as_much(world: Any) -> None:
    world.publish(world.GEMEENTE, SOURCE, KIND, {world.PEOPLE[0]: "2025-04"})
    unknown = SignaalRow(SignaalOperation.WITHDRAW, SOURCE, "nietbestaand", generation=1)
    world.send(world.GEMEENTE, SIGNAAL, [(world.PEOPLE[0], unknown)])
    assert tally(world, world.GEMEENTE).persons == 2


DAYS = st.lists(st.integers(0, 50), max_size=12)


@given(earlier=DAYS, persons=st.integers(0, 500), misses=st.integers(0, 500))
def test_more_never_silences_an_alarm(world_day: Any, earlier: list[int], persons: int, misses: int) -> None:
    history = [Tally(world_day, persons=each) for each in earlier]
    today = Tally(world_day, persons=persons, misses=min(misses, persons))
    more = Tally(world_day, persons=persons + 1, misses=today.misses + 1)
    assert set(_alarms(history, today)) <= set(_alarms(history, more))


@pytest.fixture(scope="module")
def world_day() -> Any:
    return date(2026, 3, 3)
