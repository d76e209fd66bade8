import json
import os
import tomllib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import cloudevents
from connectors.cloudevents import EventOptions
from connectors.formats import FormatFault
from connectors.lines.layout import TYPES
from connectors.reading import FileRefused, Observation, Quarantined, Reading, read_moment
from connectors.testing import FormatContract, Sample
from connectors.trajecten import FlagWish, flags, merge
from tests.support.events import DATA, EVENT, event
from tests.support.messages import message

CASES = tomllib.loads((Path(__file__).parent / "cases/cloudevents.toml").read_text("utf-8"))["case"]
Run = Callable[..., Any]


def changed(change: str, values: Mapping[str, Any] | None = None, /, **attributes: Any) -> dict[str, Any]:
    return event(values, change=change, **attributes)


def read(content: object, options: EventOptions | None = None) -> list[Reading]:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return list(cloudevents.read(message(raw, "events"), options or EventOptions()))


def told(readings: Sequence[Reading]) -> list[tuple[str | None, str]]:
    return [(getattr(each, "code", None), each.position) for each in readings]


def wishes(*events: Mapping[str, Any]) -> list[FlagWish]:
    """What events add up to, each in a message of its own."""
    records: dict[Any, Any] = {}
    for each in events:
        for seen in read(each):
            assert isinstance(seen, Observation)
            records[seen.identity] = merge(records.get(seen.identity), seen)
    return flags(records.values(), date(2026, 4, 15))


def in_lines(*events: object) -> bytes:
    return b"\n".join(json.dumps(each).encode() for each in events)


class TestContractOfLines(FormatContract):
    format = cloudevents.FORMAT
    types = TYPES
    samples = (Sample(in_lines(event(), changed("gewijzigd", {"bron": "gemeente:0344"})), 2),)
    is_in_lines = True


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_an_event_on_its_own_reads_as_the_table_says(
    case: Mapping[str, Any], connector_read: Run, tmp_path: Path
) -> None:
    file = tmp_path / "event.json"
    attributes = json.loads(case.get("attributes", "{}"))
    file.write_text(json.dumps(event(json.loads(case.get("data", "{}")), **attributes)))
    came_in(file, datetime(2026, 11, 22, 7, tzinfo=UTC))
    result = connector_read("cloudevents", file, as_of="2026-04-15")
    outcome = case["line"].get("outcome", "quarantine")
    expected = {
        "outcome": "quarantine",
        "type": DATA["soort"],
        "since": None,
        "until": None,
        "source": DATA["bron"],
        "municipality": None,
        "person": 1 if outcome in ("assert", "withdraw") else None,
        "reason": None,
        **{key: None if value == "NULL" else value for key, value in case["line"].items()},
    }
    assert result.exit_code == 0
    assert [{**line, "reason": code} for line, code in zip(result.lines, result.codes(), strict=True)] == [
        expected
    ]


def came_in(file: Path, moment: datetime) -> None:
    os.utime(file, (moment.timestamp(), moment.timestamp()))


def test_the_three_kinds_of_document_say_the_same() -> None:
    two = [event(), changed("gewijzigd", {"bsn": "999900018"})]
    batch, lines = read(two), read(in_lines(*two))
    assert [seen.position for seen in batch] == ["events: [0]", "events: [1]"]
    assert [seen.position for seen in lines] == ["events:1", "events:2"]
    assert [seen.person for seen in batch if isinstance(seen, Observation)] == [
        seen.person for seen in lines if isinstance(seen, Observation)
    ]
    (single,) = read(json.dumps(event(), indent=2).encode())
    assert single.position == "events"


def test_a_batch_with_one_event_per_line_is_a_batch() -> None:
    written = b"[\n" + b",\n".join(json.dumps(event()).encode() for _ in range(3)) + b"\n]\n"
    assert told(read(written)) == [(None, f"events: [{number}]") for number in range(3)]


def test_a_byte_order_mark_and_blank_lines_change_nothing() -> None:
    assert told(read(b"\xef\xbb\xbf\n" + in_lines(event()) + b"\n\n")) == [(None, "events:2")]
    assert told(read(b"\xef\xbb\xbf  " + json.dumps([event()]).encode())) == [(None, "events: [0]")]


def test_a_line_that_is_no_event_costs_itself_only() -> None:
    content = in_lines(event()) + b'\n{"a": 1, "a": 2}\n[]\nnaam\n' + in_lines(event())
    assert [code for code, _ in told(read(content))] == [
        None,
        "duplicate-key",
        "record-malformed",
        "not-json",
        None,
    ]


def test_an_item_of_a_batch_that_is_no_event_costs_itself_only() -> None:
    assert [code for code, _ in told(read([event(), "x", None, [], {}, event()]))] == [
        *(None, "record-malformed", "record-malformed", "record-malformed", "event-incomplete", None)
    ]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b" \n ", "empty"),
        (b"naam", "not-json"),
        (b"[", "not-json"),
        (json.dumps([event()]).encode()[:-1], "not-json"),
        (json.dumps(event(), indent=1).encode() + b"}", "not-json"),
        (b"[" * 9_000, "too-deep"),
    ],
)
def test_what_is_no_document_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(FileRefused) as refused:
        read(content)
    assert refused.value.code == code


def test_an_empty_batch_says_nothing() -> None:
    assert read([]) == []


def test_a_long_event_is_read_by_itself_and_set_aside_as_a_line() -> None:
    long = event(extra="x" * 100_000)
    assert told(read(long)) == [(None, "events")]
    assert told(read(in_lines(event(), long))) == [(None, "events:1"), ("too-large", "events:2")]


def test_an_event_that_comes_twice_changes_nothing() -> None:
    assert wishes(event(), event()) == wishes(event())


def test_an_event_without_a_time_is_dated_by_when_it_came_in() -> None:
    (seen,) = read(event(time="ABSENT"))
    assert isinstance(seen, Observation)
    assert seen.stated_on == datetime(2026, 11, 22, 7, tzinfo=UTC)


def test_the_last_event_counts_in_whatever_order_they_come_in() -> None:
    started = event(time="2026-04-01T12:00:00Z")
    ended = changed("beeindigd", {"einde": "2026-03-31"}, time="2026-04-01T14:00:01+02:00")
    assert [wish.asserted for wish in wishes(started, ended)] == [False]
    assert wishes(ended, started) == wishes(started, ended)


def test_sequence_decides_between_events_of_one_moment() -> None:
    """By size, not by their first digit; and as a number or as a text."""
    started = event(sequence="9")
    ended = changed("beeindigd", {"einde": "2026-03-31"}, sequence=10)
    again = changed("gewijzigd", {"einde": None}, sequence="0011")
    assert [wish.asserted for wish in wishes(ended, started)] == [False]
    taken_back = changed("ingetrokken", sequence="12")
    assert [wish.asserted for wish in wishes(again, ended, started)] == [True]
    assert [wish.asserted for wish in wishes(taken_back, again)] == [False]


def test_a_traject_that_is_taken_back_is_gone_whatever_day_it_began() -> None:
    """A change moved the first day; the event that takes it back still names the old one."""
    moved = changed("gewijzigd", {"begin": "2025-12-01"}, time="2026-04-02T12:00:00Z")
    taken_back = changed("ingetrokken", time="2026-04-03T12:00:00Z")
    assert [wish.asserted for wish in wishes(event(), moved, taken_back)] == [False]
    assert wishes(taken_back, moved, event()) == wishes(event(), moved, taken_back)
    later = event({"begin": "2026-04-04"}, time="2026-04-04T12:00:00Z")
    assert [wish.asserted for wish in wishes(event(), moved, taken_back, later)] == [True]


def test_one_traject_taken_back_leaves_the_other() -> None:
    other = event({"traject": "T-2"})
    assert [wish.asserted for wish in wishes(event(), other, changed("ingetrokken"))] == [True]


def test_a_prefix_of_ones_own_takes_the_place_of_the_default() -> None:
    options = EventOptions(type_prefix="nl.zorgregio.ketens")
    own = event(type="nl.zorgregio.ketens.traject-gestart.v1")
    assert told(read([own, event()], options)) == [(None, "events: [0]"), ("event-type", "events: [1]")]


@pytest.mark.parametrize("prefix", ["", "nl.", "NL.zorg", "nl zorg", 1])
def test_a_prefix_that_is_no_reverse_domain_name_is_refused(prefix: object) -> None:
    with pytest.raises(FormatFault):
        cloudevents.FORMAT.reader({"type_prefix": prefix})


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*EVENT, *DATA, "data"]), inner),
        max_leaves=20,
    )
)
def test_whatever_stands_in_an_event_it_is_read_or_set_aside(value: Any) -> None:
    """Nothing but an event whose six values are in order tells of a traject."""
    overlaid = {**event(), **value} if isinstance(value, dict) else value
    for seen in read([value, overlaid]):
        assert not isinstance(seen, Observation) or seen.traject
        assert "999900006" not in repr(seen)


_MOMENTS = st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - bounds


@given(_MOMENTS, st.integers(-14 * 60, 14 * 60))
def test_a_moment_is_the_same_at_every_offset(moment: datetime, minutes: int) -> None:
    sign, (hours, rest) = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)
    local = (moment + timedelta(minutes=minutes)).replace(tzinfo=None)
    written = f"{local.isoformat(timespec='microseconds')}{sign}{hours:02}:{rest:02}"
    assert read_moment(written) == moment


@pytest.mark.parametrize(
    "text",
    [
        *("", "2026-04-01", "2026-04-01T12:00Z", "20260401T120000Z", "2026-W14-3T12:00:00Z"),
        *(
            "2026-04-01T24:00:01Z",
            "2026-04-01T12:00:00+25:00",
            "0001-01-01T00:00:00+01:00",
            "9999-12-31T23:59:59Z",
            "\uff19999-01-01T00:00:00Z",
        ),
    ],
)
def test_what_is_no_moment_with_its_offset_is_none(text: str) -> None:
    assert read_moment(text) is None


def test_a_fault_keeps_what_was_read_of_the_person() -> None:
    (seen,) = read(changed("beeindigd"))
    assert isinstance(seen, Quarantined)
    assert (seen.code, seen.person is None) == ("end-missing", False)
