"""The local state: made by command only, one wish per key, sets that never grow."""

import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.state import Accepted, Change, Intent, State, StateFault
from connectors.state.quarantine import without_numbers
from connectors.state.wishes import is_due
from crypto.batch import BatchClass
from crypto.chain import Bsn
from crypto.encoding import Month
from crypto.errors import VerificationFailed
from crypto.keyfiles import PublisherSecrets
from crypto.sheet import SignaalOperation, SignaalRow

MONTH = Month(2026, 11)
ROW = SignaalRow(
    SignaalOperation.ASSERT, source="agb:1", type="wmo-voorziening", since=Month(2026, 3), generation=1
)

OTHER = replace(ROW, since=Month(2026, 1))


@pytest.fixture
def stream(source: Any) -> int:
    with source.state.transaction():
        return int(source.state.streams.ensure(BatchClass.SIGNAAL, "agb:1", "wmo-voorziening").stream_id)


def put(
    source: Any, stream: int, person: Bsn, intent: Intent = Intent.KEEP, body: bytes | None = None
) -> bool:
    key = source.state.wishes.key_of_person(stream, person)
    with source.state.transaction():
        return bool(source.state.wishes.put(key, stream, intent, person, body or ROW.encode()))


def freeze(source: Any, stream: int) -> None:
    with source.state.transaction():
        wishes = source.state.wishes.due([stream], 100)
        source.state.spool.freeze(
            BatchClass.SIGNAAL, [Change(stream, wish, wish.body) for wish in wishes], MONTH
        )


def test_a_state_is_made_once_and_never_by_opening(parties: Any, tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    with pytest.raises(StateFault, match="connector init"):
        State.open(path, parties.publisher, "testregio")
    assert not path.exists()
    State.create(path, parties.publisher, "testregio")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(StateFault, match="exists already"):
        State.create(path, parties.publisher, "testregio")


@pytest.mark.parametrize("content", [b"", b"not a database" * 100])
def test_another_file_is_no_state(content: bytes, parties: Any, tmp_path: Path) -> None:
    path = tmp_path / "a file with ? and # and %20.sqlite"
    path.write_bytes(content)
    with pytest.raises(StateFault, match="not a connector's state"):
        State.open(path, parties.publisher, "testregio")


def test_a_state_is_of_one_publisher_and_scope(source: Any, parties: Any) -> None:
    stranger = PublisherSecrets.generate("00000099000000000999", created=date(2026, 1, 1))
    for secrets, scope in ((stranger, "testregio"), (parties.publisher, "elders")):
        with pytest.raises(StateFault, match="another publisher or scope"):
            State.open(source.setup.state_path, secrets, scope)


def test_with_another_key_file_nothing_opens(source: Any, stream: int, people: list[Bsn]) -> None:
    put(source, stream, people[0])
    other = PublisherSecrets.generate(source.setup.secrets.publisher, created=date(2026, 1, 1))
    opened = State.open(source.setup.state_path, other, "testregio")
    with pytest.raises(VerificationFailed):
        opened.wishes.due([stream], 1)
    opened.close()


@pytest.mark.parametrize(
    ("intent", "accepted", "same", "due"),
    [
        (Intent.KEEP, Accepted.NONE, False, True),
        (Intent.KEEP, Accepted.UNKNOWN, True, True),
        (Intent.KEEP, Accepted.LIVE, True, False),
        (Intent.KEEP, Accepted.LIVE, False, True),
        (Intent.KEEP, Accepted.ENDED, False, True),
        (Intent.END, Accepted.NONE, False, False),
        (Intent.END, Accepted.UNKNOWN, False, True),
        (Intent.END, Accepted.LIVE, False, True),
        (Intent.END, Accepted.ENDED, True, False),
        (Intent.MISTAKE, Accepted.NONE, False, False),
        (Intent.MISTAKE, Accepted.UNKNOWN, False, True),
        (Intent.MISTAKE, Accepted.LIVE, False, True),
        (Intent.MISTAKE, Accepted.ENDED, False, True),
    ],
)
def test_a_wish_is_due_when_the_index_may_hold_something_else(
    intent: Intent, accepted: Accepted, same: Any, due: Any
) -> None:
    assert is_due(intent, accepted, same_content=same) is due


def test_the_newest_wish_replaces_the_one_before(source: Any, stream: int, people: list[Bsn]) -> None:
    assert put(source, stream, people[0])
    assert not put(source, stream, people[0])
    assert put(source, stream, people[0], body=OTHER.encode())
    assert [wish.body for wish in source.state.wishes.due([stream], 10)] == [OTHER.encode()]


@pytest.mark.parametrize("intent", [Intent.KEEP, Intent.END])
def test_a_change_made_while_its_set_is_frozen_stays_to_be_sent(
    intent: Intent, source: Any, stream: int, people: list[Bsn]
) -> None:
    put(source, stream, people[0])
    freeze(source, stream)
    put(source, stream, people[0], intent, OTHER.encode())
    frozen = source.state.spool.frozen().rows[0]
    with source.state.transaction():
        source.state.wishes.acknowledge(frozen.wish, frozen.intent, frozen.content, MONTH.index)
    assert [wish.intent for wish in source.state.wishes.due([stream], 10)] == [intent]


def test_a_refusal_of_what_was_frozen_does_not_set_a_newer_wish_aside(
    source: Any, stream: int, people: list[Bsn]
) -> None:
    put(source, stream, people[0])
    freeze(source, stream)
    frozen = source.state.spool.frozen().rows[0]
    put(source, stream, people[0], body=OTHER.encode())
    with source.state.transaction():
        source.state.wishes.set_aside(frozen.wish, frozen.content)
    assert source.state.wishes.due_count(stream) == 1


def test_a_frozen_set_never_grows_and_remembers_every_stage(
    source: Any, stream: int, people: list[Bsn]
) -> None:
    for person in people[:4]:
        put(source, stream, person)
    freeze(source, stream)
    put(source, stream, people[9])
    spool = source.state.spool
    assert len(spool.frozen().rows) == 4
    for number, places in enumerate(([1], [0, 3])):
        with source.state.transaction():
            spool.note_sent(bytes([number]) * 64)
            spool.take_out(places)
    assert [row.place for row in spool.frozen().rows] == [2]
    stages = [spool.sent_stage(bytes([number]) * 64) for number in range(3)]
    assert stages == [0, 1, None]
    assert [len(spool.rows_at(stage)) for stage in (0, 1, 2)] == [4, 3, 1]
    with pytest.raises(AssertionError, match="one set"), source.state.transaction():
        spool.freeze(BatchClass.SIGNAAL, [], MONTH)


def test_an_ended_flag_leaves_no_person_behind(source: Any, stream: int, people: list[Bsn]) -> None:
    put(source, stream, people[0])
    key = source.state.wishes.key_of_person(stream, people[0])
    for intent in (Intent.KEEP, Intent.END):
        put(source, stream, people[0], intent)
        wish = source.state.wishes.get(key)
        with source.state.transaction():
            source.state.wishes.acknowledge(key, intent, wish.content, MONTH.index)
            source.state.wishes.forget_ended()
    assert source.state.wishes.get(key) is None


def test_a_transaction_that_fails_leaves_no_trace(source: Any, stream: int, people: list[Bsn]) -> None:
    key = source.state.wishes.key_of_person(stream, people[0])

    def fail() -> None:
        with source.state.transaction():
            source.state.wishes.put(key, stream, Intent.KEEP, people[0], ROW.encode())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert source.state.wishes.get(key) is None


@pytest.mark.parametrize(
    ("name", "blanked"),
    [
        ("wmo305.xml", "wmo305.xml"),
        ("WMO305_999900006.xml", "WMO305_#########.xml"),
        ("20261122.xml", "20261122.xml"),
        ("20261122123000.xml", "##############.xml"),
        ("1999900006", "##########"),
        ("jw305 9999.00.006.xml", "jw305 ####.##.###.xml"),
        ("999-900-006_999 900 006", "###-###-###_### ### ###"),
        ("2026-11-22 van 22-11-2026.xml", "2026-11-22 van 22-11-2026.xml"),
        ("20261122T101112.123456-00ff.message", "20261122T101112.123456-00ff.message"),
    ],
)
def test_a_name_that_may_hold_a_bsn_is_blanked(name: str, blanked: str) -> None:
    assert without_numbers(name) == blanked


def test_names_that_differ_stay_different(source: Any, people: list[Bsn]) -> None:
    names = {source.state.safe_name(f"{person.digits}.xml") for person in people}
    assert len(names) == len(people)
    assert source.state.safe_name("a.xml") == "a.xml"


def test_an_eight_digit_bsn_is_blanked_too() -> None:
    eight = next(str(n) for n in range(10_000_000, 10_001_000) if _is_bsn(f"0{n}"))
    assert without_numbers(f"{eight}.xml") == "########.xml"


def _is_bsn(digits: str) -> bool:
    weights = (9, 8, 7, 6, 5, 4, 3, 2, -1)
    return sum(w * int(d) for w, d in zip(weights, digits, strict=True)) % 11 == 0


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["keep", "end", "other", "freeze and acknowledge", "refuse", "start over"]),
            st.integers(0, 2),
        ),
        max_size=25,
    )
)
def test_any_order_of_wishes_and_answers_ends_with_the_index_holding_the_newest(
    steps: list[tuple[str, int]], new_source: Callable[..., Any], people: list[Bsn], tmp_path: Path
) -> None:
    source = new_source(tmp_path / token_hex(8))
    state = source.state
    with state.transaction():
        stream = state.streams.ensure(BatchClass.SIGNAAL, "agb:1", "wmo-voorziening").stream_id
    bodies = {"keep": ROW.encode(), "other": b"other", "end": b"end"}
    wanted: dict[int, str] = {}
    index: dict[int, str] = {}
    refused: set[tuple[int, str]] = set()

    def exchange(*, refuse: bool) -> None:
        with state.transaction():
            for wish in state.wishes.due([stream], 100):
                number = people.index(wish.person)
                name = next(name for name, body in bodies.items() if body == wish.body)
                if refuse:
                    state.wishes.set_aside(wish.key, wish.content)
                    refused.add((number, name))
                    continue
                index.pop(number, None)
                if wish.intent is Intent.KEEP:
                    index[number] = name
                state.wishes.acknowledge(wish.key, wish.intent, wish.content, MONTH.index)
            state.wishes.forget_ended()

    for step, number in steps:
        if step in bodies:
            put(source, stream, people[number], Intent.END if step == "end" else Intent.KEEP, bodies[step])
            wanted[number] = step
            refused -= {(number, name) for name in bodies if name != step}
        elif step == "start over":
            with state.transaction():
                state.streams.start_over(stream)
            refused.clear()
        else:
            exchange(refuse=step == "refuse")
    exchange(refuse=False)
    for number, name in wanted.items():
        if (number, name) not in refused:
            assert index.get(number) == (None if name == "end" else name)
    state.close()
