"""The publisher dies at every point at which it can, and nothing is lost, doubled or revived."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from connectors.publisher import ChainFault, MessageFile, Publisher
from connectors.state import State
from crypto.batch import Batch
from crypto.chain import Bsn
from tests.support.messages import RECEIVED

N = 2


class Died(BaseException):
    """The process is gone; nothing after this line ran."""


class MortalState(State):
    """A state whose process dies at the n-th transaction, right before or right after it is durable."""

    dies_at: tuple[int, str] = (0, "")
    done = 0

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self.done += 1
        with super().transaction():
            yield
            if self.dies_at == (self.done, "before"):
                raise Died
        if self.dies_at == (self.done, "after"):
            raise Died


def send(publisher: Publisher, chain: Any) -> None:
    publisher.send(chain)


def run_until_death(
    source: Any, chain: Any, work: Callable[[Publisher, Any], None], dies_at: tuple[int, str]
) -> bool:
    """Do the work on a state that dies; False when it outlived the work."""
    state = MortalState.open(source.setup.state_path, source.setup.secrets, "testregio")
    state.dies_at = dies_at
    try:
        work(Publisher(source.setup, state, source.clock), chain)
    except Died:
        return True
    finally:
        state.close()
    return False


@pytest.fixture
def small_index(index: Any) -> Any:
    index.items = N
    return index


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_death_at_any_transaction_loses_and_doubles_nothing(
    moment: str,
    new_source: Any,
    parties: Any,
    chain: Any,
    small_index: Any,
    observe: Any,
    people: list[Bsn],
    tmp_path: Path,
) -> None:
    small_index.refuses = lambda row: "malformed-row" if str(getattr(row, "since", "")) == "2026-07" else None
    wanted = {(parties.pseudonym(person), "agb:99010011", "wmo-voorziening") for person in people[1:3]}

    def take_in(source: Any) -> None:
        source.ingest(*(observe(person) for person in people[:3]), observe(people[4], "2026-07-01"))
        source.ingest(observe(people[0], end="2026-11-01", stated="2026-11-02"))

    dies_at = 0
    died = True
    while died:
        dies_at += 1
        small_index.restore()
        small_index.applied.clear()
        source = new_source(tmp_path / f"{moment}-{dies_at}", items_per_batch=N)
        take_in(source)
        source.state.close()
        died = run_until_death(source, chain, send, (dies_at, moment))
        source = source.reopen()
        take_in(source)
        source.publisher.send(chain)
        assert set(small_index.flags) == wanted
        assert [sequence for _, sequence, _ in small_index.applied] == list(
            range(1, small_index.next_sequence)
        )
        assert all(stream.phase == "sealed" for stream in source.state.streams.all() if stream.source)
        source.state.close()
    assert dies_at > 15


def test_a_death_while_taking_a_file_in_leaves_it_untaken(
    source: Any, chain: Any, observe: Any, people: list[Bsn]
) -> None:
    def dying(_: object) -> Iterator[Any]:
        yield observe(people[0])
        raise Died

    with pytest.raises(Died):
        source.publisher.ingest(
            dying,
            "test",
            [MessageFile("m.xml", RECEIVED, BytesIO)],
            date(2026, 11, 22),
        )
    assert source.state.wishes.due_count(1) == 0
    assert source.ingest().set_to_assert == 0


# Any interleaving


class Interleavings(RuleBasedStateMachine):
    """Messages, time, faults, deaths and restores in any order; the index ends where a plain model says."""

    def __init__(self, make: Callable[[], Any], chain: Any, observe: Any, people: list[Bsn]) -> None:
        super().__init__()
        self.source = make()
        self.chain = chain
        self.chain.index.restore()
        self.observe = observe
        self.people = people
        self.said: dict[tuple[int, str], tuple[date, date | None]] = {}
        self.stated = date(2026, 1, 1)
        self.as_of = date(2026, 11, 1)
        self.settled = False

    @rule(
        person=st.integers(0, 2),
        traject=st.sampled_from("ab"),
        begin=st.integers(0, 400),
        lasts=st.none() | st.integers(0, 400),
    )
    def message(self, person: int, traject: str, begin: int, lasts: int | None) -> None:
        start = date(2026, 1, 1) + timedelta(days=begin)
        end = None if lasts is None else start + timedelta(days=lasts)
        self.stated += timedelta(days=1)
        # The begin of one traject never changes here: a second STATE with another first day adds a period.
        start = self.said.get((person, traject), (start, None))[0]
        if end is not None and end < start:
            end = start
        self.said[person, traject] = (start, end)
        seen = self.observe(
            self.people[person],
            start.isoformat(),
            end.isoformat() if end else None,
            stated=self.stated.isoformat(),
            traject=traject,
        )
        self.source.ingest(seen, as_of=self.as_of)
        self.settled = False

    @rule(days=st.integers(1, 60))
    def time_goes_on(self, days: int) -> None:
        self.as_of += timedelta(days=days)
        self.source.ingest(as_of=self.as_of)
        self.settled = False

    @rule()
    def send(self) -> None:
        self.source.publisher.send(self.chain)
        self.settled = bool(self.said)

    @rule(after=st.integers(0, 4), kind=st.sampled_from(["hop down", "answer lost"]))
    def send_with_a_fault(self, after: int, kind: str) -> None:
        left = [after]

        def fail(*args: Any) -> Any:
            if left[0] == 0:
                raise ChainFault("no-answer")
            left[0] -= 1
            return args[-1]

        name = "before" if kind == "hop down" else "after"
        kept = getattr(self.chain, name)
        setattr(self.chain, name, fail)
        try:
            self.source.publisher.send(self.chain)
        except ChainFault:
            self.settled = False
        finally:
            setattr(self.chain, name, kept)

    @rule(dies_at=st.integers(1, 12), moment=st.sampled_from(["before", "after"]))
    def die_while_sending(self, dies_at: int, moment: str) -> None:
        self.source.state.close()
        run_until_death(self.source, self.chain, send, (dies_at, moment))
        self.source = self.source.reopen()
        self.settled = False

    @rule()
    def index_is_restored(self) -> None:
        self.chain.index.restore()
        self.source.clock.now += timedelta(hours=1)
        self.settled = False

    @invariant()
    def the_index_holds_what_the_model_says(self) -> None:
        if not self.settled:
            return
        expected: dict[Any, date] = {}
        for (person, _), (start, end) in self.said.items():
            if start <= self.as_of and (end is None or end >= self.as_of):
                key = (self.chain.parties.pseudonym(self.people[person]), "agb:99010011", "wmo-voorziening")
                expected[key] = min(expected.get(key, start), start)
        held = self.chain.index.holds()
        assert held == {key: f"{start:%Y-%m}" for key, start in expected.items()}

    def teardown(self) -> None:
        self.source.publisher.send(self.chain)
        self.settled = bool(self.said)
        self.the_index_holds_what_the_model_says()
        self.source.state.close()


def test_any_interleaving_ends_at_the_final_state(
    new_source: Any, chain: Any, small_index: Any, observe: Any, people: list[Bsn], tmp_path: Path
) -> None:
    made: list[int] = []

    def make() -> Any:
        made.append(1)
        return new_source(tmp_path / str(len(made)), items_per_batch=N)

    run_state_machine_as_test(
        lambda: Interleavings(make, chain, observe, people),  # type: ignore[arg-type] # any factory will do
        settings=settings(
            max_examples=25, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


def test_no_person_stands_in_the_state_in_the_clear(
    source: Any, chain: Any, observe: Any, people: list[Bsn]
) -> None:
    source.ingest(
        *(observe(person, traject="toewijzing-4711") for person in people[:20]),
        name=f"in-{people[0].digits}.xml",
    )
    chain.before = _down
    with pytest.raises(ChainFault):
        source.publisher.send(chain)
    chain.before = lambda _: None
    source.publisher.send(chain)
    source.ingest(*(observe(person) for person in people[:50]))
    chain.before = _down
    with pytest.raises(ChainFault):
        source.publisher.send(chain)
    stored = source.state_bytes()
    assert b"wmo-voorziening" in stored, "the scan looks at the right file"
    assert not [n for n, person in enumerate(people) if person.digits.encode() in stored]
    assert b"toewijzing-4711" not in stored


def _down(_: Batch) -> None:
    raise ChainFault("no-connection")
