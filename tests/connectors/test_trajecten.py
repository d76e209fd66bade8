"""What several messages about one person add up to, in whatever order they come."""

import json
import tomllib
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.istandaarden import iwmo
from connectors.reading import Kind, Observation, SourceUnavailable
from connectors.trajecten import FlagWish, TrajectRecord, flags, running
from connectors.verdicts import Verdict, judge, screen
from crypto.chain import Bsn
from crypto.encoding import Month
from tests.support.adding_up import collect, wishes
from tests.support.messages import message as as_message

CASES = tomllib.loads((Path(__file__).parent / "cases/trajecten.toml").read_text("utf-8"))["case"]
PERSON = Bsn.parse("999900006")

Write = Callable[..., bytes]
Run = Callable[..., Any]


def read(message: bytes) -> list[Observation]:
    return [seen for seen in iwmo.read(as_message(message)) if isinstance(seen, Observation)]


def messages(case: Mapping[str, Any], write_iwmo: Write) -> list[bytes]:
    defaults = {"ToewijzingNummer": "300201", "StatusAanlevering": "1"}
    return [
        write_iwmo(
            said["message"],
            [("999900006", [{**defaults, **product} for product in said["products"]])],
            header={"Dagtekening": said["dated"], "Identificatie": said.get("id", f"B{number}")},
        )
        for number, said in enumerate(case["messages"])
    ]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_messages_add_up_as_the_table_says_in_every_order(case: Mapping[str, Any], write_iwmo: Write) -> None:
    written = [read(message) for message in messages(case, write_iwmo)]
    for as_of, since in case["since"].items():
        told = {
            tuple(
                (str(wish.since) if wish.since else "unknown") if wish.asserted else "none"
                for wish in flags(
                    collect(seen for message in order for seen in message).values(), date.fromisoformat(as_of)
                )
            )
            for order in permutations(written)
        }
        assert told == {tuple(since.split())}, as_of


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_the_command_counts_the_same_way(
    case: Mapping[str, Any], write_iwmo: Write, connector_read: Run
) -> None:
    files = messages(case, write_iwmo)
    for as_of, since in case["since"].items():
        result = connector_read("iwmo", *files, *reversed(files), as_of=as_of, options=["--flags"])
        outcome = [
            "none" if line["outcome"] == "withdraw" else line["since"] or "unknown" for line in result.lines
        ]
        assert outcome == since.split(), as_of


LAST_DAY = date(2026, 12, 31)
DAYS = st.dates(date(2026, 1, 1), LAST_DAY)
OF_AN_ORDER = (Kind.ASSIGNED, Kind.ASSIGNMENT_REMOVED)
WITH_FIRST_DAY = {Kind.STARTED, Kind.START_REMOVED, Kind.STATE, Kind.STRETCH, *OF_AN_ORDER}
WITH_LAST_DAY = {Kind.STOPPED, Kind.STATE, Kind.STRETCH, Kind.ASSIGNED}


@st.composite
def observations(draw: st.DrawFn, kinds: Sequence[Kind] = tuple(Kind)) -> Observation:
    """What a reader may yield: a start has no last day, and no last day lies before the first.

    Of one kind alone nothing is corrected.
    """
    kind = draw(st.sampled_from(kinds))
    first = draw(DAYS if kind in WITH_FIRST_DAY else st.none() | DAYS)
    last = draw(st.dates(first or date(2026, 1, 1), LAST_DAY))
    is_open = kind in {Kind.STATE, Kind.STRETCH, Kind.ASSIGNED} and draw(st.booleans())
    return Observation(
        person=PERSON,
        source="agb:98980001",
        type="wmo-voorziening",
        traject=draw(st.sampled_from(["a", "b"])),
        kind=kind,
        start=first,
        end=last if kind in WITH_LAST_DAY and not is_open else None,
        stated_on=draw(st.dates(date(2026, 1, 1), date(2026, 1, 4))),
        message=draw(st.sampled_from(["1", "9", "10"])),
        municipality="0344",
        position="m:1",
        temporary=kind in {Kind.STOPPED, Kind.STOP_REMOVED} and draw(st.booleans()),
        replaces=kind in {Kind.STARTED, Kind.STATE} and len(kinds) > 1 and draw(st.booleans()),
    )


OBSERVATIONS = observations()
STARTS = observations((Kind.STARTED,))
ORDERS = observations(OF_AN_ORDER)
DELIVERIES = observations((Kind.STARTED, Kind.STOPPED))


@given(st.lists(OBSERVATIONS, max_size=6), st.randoms(use_true_random=False), DAYS)
def test_order_and_repetition_never_matter(seen: list[Observation], random: Any, as_of: date) -> None:
    shuffled = seen + seen[: len(seen) // 2]
    random.shuffle(shuffled)
    assert wishes(shuffled, as_of) == wishes(seen, as_of)


@given(st.lists(OBSERVATIONS, min_size=1, max_size=6))
def test_a_record_survives_storage_and_the_stored_form_names_nobody(seen: list[Observation]) -> None:
    for record in collect(seen).values():
        stored = json.dumps(record.to_dict())
        assert TrajectRecord.from_dict(json.loads(stored), person=PERSON) == record
        assert PERSON.digits not in stored


@given(st.lists(OBSERVATIONS, min_size=1, max_size=6), DAYS)
def test_a_flag_stands_exactly_when_some_traject_runs(seen: list[Observation], as_of: date) -> None:
    records = [record for record in collect(seen).values() if not record.is_empty]
    told = flags(records, as_of)
    assert len(told) == bool(records)
    assert [wish.asserted for wish in told] == [any(running(record, as_of) for record in records)] * len(told)


@given(st.lists(STARTS, min_size=1, max_size=4), DAYS)
def test_what_only_started_runs_from_its_earliest_day(seen: Sequence[Observation], as_of: date) -> None:
    started = [one.start for one in seen if one.start is not None and one.start <= as_of]
    (wish,) = wishes(seen, as_of)
    assert wish.asserted == bool(started)
    assert wish.since == (Month.of(min(started)) if started else None)


@given(st.lists(DELIVERIES, min_size=1, max_size=4), st.lists(ORDERS, max_size=3), DAYS)
def test_an_order_never_reopens_what_its_provider_stopped(
    given_help: list[Observation], orders: list[Observation], as_of: date
) -> None:
    told = collect([*given_help, *orders])
    for identity, record in collect(given_help).items():
        assert running(record, as_of) or not running(told[identity], as_of)


# No source that tells stretches knows orders.
@given(st.lists(DELIVERIES | ORDERS, max_size=5), ORDERS, DAYS)
def test_nothing_runs_past_the_last_day_of_its_order(
    seen: list[Observation], order: Observation, as_of: date
) -> None:
    latest = order._replace(kind=Kind.ASSIGNED, end=order.start, stated_on=LAST_DAY)
    if latest.end is not None and as_of > latest.end:
        assert not running(collect([*seen, latest])[latest.identity], as_of)


@pytest.mark.parametrize("reading", [SourceUnavailable("m:1"), SourceUnavailable("m:2", "agb:98980001")])
def test_a_fault_at_the_source_is_never_an_ending(reading: SourceUnavailable) -> None:
    outcome = judge(reading, date(2026, 4, 15))
    assert (outcome.verdict, outcome.codes) == (Verdict.SOURCE_UNAVAILABLE, ("source-fault",))
    assert screen(reading, date(2026, 4, 15)) is reading


@given(OBSERVATIONS, DAYS)
def test_one_message_on_its_own_is_judged_as_it_is_counted(seen: Observation, as_of: date) -> None:
    """An assert on its own is a flag when counted, a withdrawal is none; `unchanged` leaves it to what was known."""
    told = wishes([seen], as_of)
    verdict = judge(seen, as_of).verdict
    if verdict is Verdict.ASSERT:
        assert [wish.asserted for wish in told] == [True]
    elif verdict is Verdict.WITHDRAW:
        assert [wish.asserted for wish in told] == [False]
    else:
        assert verdict is Verdict.UNCHANGED


def test_until_is_told_only_when_every_running_traject_has_a_last_day(write_iwmo: Write) -> None:
    def stop(number: str, end: str) -> dict[str, str]:
        return {
            "ToewijzingNummer": number,
            "Begindatum": "2026-01-08",
            "Einddatum": end,
            "StatusAanlevering": "1",
        }

    one, two = stop("1", "2026-05-01"), stop("2", "2026-06-01")
    open_ended = {"ToewijzingNummer": "3", "Begindatum": "2026-02-08", "StatusAanlevering": "1"}
    ending = read(write_iwmo("wmo307", [("999900006", [one, two])]))
    lasting = read(write_iwmo("wmo305", [("999900006", [open_ended])]))
    as_of = date(2026, 4, 15)
    assert [wish.until for wish in wishes(ending, as_of)] == [date(2026, 6, 1)]
    assert [wish.until for wish in wishes(ending + lasting, as_of)] == [None]
    assert [wish.until for wish in wishes(ending, as_of + timedelta(days=30))] == [date(2026, 6, 1)]


@pytest.mark.parametrize("as_of", [date(2024, 2, 29), date(9999, 12, 31), date(1, 1, 1)])
def test_any_day_can_be_judged_by(as_of: date, write_iwmo: Write) -> None:
    product = {"ToewijzingNummer": "1", "Begindatum": "2024-01-08", "StatusAanlevering": "1"}
    (seen,) = read(write_iwmo("wmo305", [("999900006", [product])]))
    assert isinstance(judge(seen, as_of).verdict, Verdict)


def test_a_whole_statement_that_lifts_the_last_day_and_mends_the_first_ends_nothing() -> None:
    def said(day: int, start: date, end: date | None) -> Observation:
        return Observation(
            person=PERSON,
            source="agb:98980001",
            type="wmo-voorziening",
            traject="a",
            kind=Kind.STATE,
            start=start,
            end=end,
            stated_on=date(2026, 3, day),
            message=str(day),
            municipality=None,
            position="m:1",
            replaces=True,
        )

    ended = said(1, date(2026, 1, 8), date(2026, 2, 28))
    mended = said(2, date(2026, 1, 1), None)
    for order in permutations((ended, mended)):
        assert wishes(order, date(2026, 3, 3)) == {
            FlagWish(PERSON, "agb:98980001", "wmo-voorziening", asserted=True, since=Month(2026, 1))
        }


def stretch(day: int, start: date | None, end: date | None = None, kind: Kind = Kind.STRETCH) -> Observation:
    return Observation(
        PERSON,
        "kvk:90001234",
        "schuldhulptraject",
        "a",
        kind,
        start,
        end,
        date(2026, 3, day),
        "",
        None,
        "m:1",
    )


JANUARY, FEBRUARY, MARCH = date(2026, 1, 8), date(2026, 2, 8), date(2026, 3, 8)
# name: (stretches in the order they were said, months since when it runs on 15 March; None when it does not)
STRETCHES = {
    "a later first day corrects the earlier one": ([stretch(1, JANUARY), stretch(2, FEBRUARY)], 2),
    "an earlier first day corrects the later one": ([stretch(1, FEBRUARY), stretch(2, JANUARY)], 1),
    "a corrected traject ends with its last day": ([stretch(1, JANUARY), stretch(2, FEBRUARY, MARCH)], None),
    "and back again": ([stretch(1, JANUARY), stretch(2, FEBRUARY), stretch(3, JANUARY)], 1),
    "one delivery tells of two side by side": ([stretch(1, JANUARY), stretch(1, FEBRUARY, MARCH)], 1),
    "an old period told again says nothing of a new one": (
        [stretch(1, MARCH), stretch(2, JANUARY, FEBRUARY)],
        3,
    ),
    "a new one leaves an old one as it ended": ([stretch(1, JANUARY, FEBRUARY), stretch(2, MARCH)], 3),
    "a last day that is lifted": ([stretch(1, JANUARY, FEBRUARY), stretch(2, JANUARY)], 1),
    "in one delivery the one that runs on counts": ([stretch(1, JANUARY), stretch(1, JANUARY, FEBRUARY)], 1),
    "what proves to be no traject": (
        [stretch(1, JANUARY), stretch(2, JANUARY, kind=Kind.NOT_A_TRAJECT)],
        None,
    ),
    "another application undoes nothing": (
        [stretch(1, JANUARY), stretch(2, FEBRUARY, kind=Kind.NOT_A_TRAJECT)],
        1,
    ),
    "a refusal without a first day undoes nothing": (
        [stretch(1, JANUARY), stretch(2, None, kind=Kind.NOT_A_TRAJECT)],
        1,
    ),
}


@pytest.mark.parametrize("name", STRETCHES)
def test_stretches_without_an_id_add_up_by_overlap(name: str) -> None:
    said, month = STRETCHES[name]
    for order in permutations(said):
        (wish,) = wishes(order, date(2026, 3, 15))
        assert (wish.asserted, wish.since) == (month is not None, Month(2026, month) if month else None)


@given(st.lists(observations((Kind.STRETCH,)), min_size=1, max_size=5), DAYS)
def test_stretches_of_one_delivery_all_count(seen: list[Observation], as_of: date) -> None:
    together = [each._replace(stated_on=date(2026, 1, 1), message="1", traject="a") for each in seen]
    days = {each.start for each in together}
    ends = {day: [each.end for each in together if each.start == day] for day in days}
    runs = any(
        day is not None
        and day <= as_of
        and (None in ends[day] or any(end and end >= as_of for end in ends[day]))
        for day in days
    )
    assert [wish.asserted for wish in wishes(together, as_of)] == [runs]


@given(st.lists(observations((Kind.STRETCH,)), min_size=1, max_size=5), DAYS)
def test_the_latest_delivery_about_stretches_always_stands(seen: list[Observation], as_of: date) -> None:
    latest = seen[-1]._replace(stated_on=date(2026, 1, 5))
    alone = wishes([latest], as_of)
    if any(wish.asserted for wish in alone):
        assert any(wish.asserted for wish in wishes([*seen[:-1], latest], as_of))


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_a_moment_its_offset_carries_out_of_the_calendar_sets_its_reading_aside(
    moment: str, write_iwmo: Write
) -> None:
    product = {"ToewijzingNummer": "1", "Begindatum": "2024-01-08", "StatusAanlevering": "1"}
    (seen,) = read(write_iwmo("wmo305", [("999900006", [product])]))
    odd = seen._replace(stated_on=datetime.fromisoformat(moment))
    assert judge(odd, date(2026, 4, 15)).codes == ("date-implausible",)
