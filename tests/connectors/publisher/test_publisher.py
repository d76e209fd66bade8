"""From readings to what the index holds: coalescing, complete sets, refusals, restarts."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.publisher import ChainFault, SendingStopped
from connectors.reading import Kind, Quarantined, SourceUnavailable
from connectors.state.trajecten import STATEMENTS_MAX
from crypto.batch import Batch, BatchClass, open_batch
from crypto.chain import Bsn
from crypto.encoding import Month
from crypto.sheet import decode_row
from tests.support.keys import agreed

WMO = ("agb:99010011", "wmo-voorziening")
DEBT = ("kvk:99030055", "schuldhulptraject")


def expected(parties: Any, *flags: tuple[Bsn, str]) -> dict[Any, str]:
    return {(parties.pseudonym(person), *WMO): since for person, since in flags}


def phases(source: Any) -> list[str]:
    return [str(stream.phase) for stream in source.state.streams.all() if stream.source]


def test_the_first_run_learns_the_incarnation_and_makes_a_complete_set(
    source: Any, chain: Any, index: Any, observe: Any, people: list[Bsn], parties: Any
) -> None:
    source.ingest(*(observe(person) for person in people[:20]))
    sent = source.publisher.send(chain)
    assert index.holds() == expected(parties, *((person, "2026-03") for person in people[:20]))
    assert sent.asserted == 20
    assert source.state.standing().incarnation == index.incarnation
    assert phases(source) == ["sealed", "sealed"]
    assert index.series[WMO][-1].as_of == date(2026, 11, 22)
    assert index.series[DEBT][-1].as_of == date(2026, 11, 22)


def test_a_day_without_news_costs_one_batch_that_says_in_sync(
    source: Any, chain: Any, index: Any, observe: Any, people: list[Bsn]
) -> None:
    source.ingest(observe(people[0]))
    source.publisher.send(chain)
    source.clock.now += timedelta(days=1)
    source.publisher.ingest(lambda *_: iter(()), "test", [], date(2026, 11, 23))
    assert source.publisher.send(chain).batches == 1
    assert index.series[WMO][-1].as_of == date(2026, 11, 23)
    assert source.publisher.send(chain).batches == 0


def test_changes_go_in_one_batch_with_in_sync(
    source: Any, chain: Any, index: Any, observe: Any, people: list[Bsn]
) -> None:
    source.ingest(*(observe(person) for person in people[:3]))
    source.publisher.send(chain)
    source.ingest(
        observe(people[0], end="2026-11-01", stated="2026-11-02"),
        observe(people[5]),
        as_of=date(2026, 11, 23),
    )
    sent = source.publisher.send(chain)
    assert (sent.batches, sent.asserted, sent.withdrawn) == (1, 1, 1)
    assert index.seen_operations[-1].count("in-sync") == 2


def test_in_sync_is_said_once_and_last(
    source: Any, chain: Any, index: Any, observe: Any, people: list[Bsn]
) -> None:
    source.ingest(observe(people[0]))
    source.publisher.send(chain)
    done = len(index.seen_operations)
    source.ingest(
        *(observe(p, source=s, type=t) for p in people[:20] for s, t in (WMO, DEBT)), as_of=date(2026, 11, 23)
    )
    source.publisher.send(chain)
    said = [operations.count("in-sync") for operations in index.seen_operations[done:]]
    assert sum(said) == 2
    assert said[:-2] == [0] * (len(said) - 2)
    assert len(index.flags) == 40


def test_a_flag_lasts_until_the_last_traject_ends(
    source: Any, chain: Any, index: Any, observe: Any, people: list[Bsn], parties: Any
) -> None:
    one = people[0]
    source.ingest(observe(one), observe(one, "2026-05-01", traject="t2"))
    source.publisher.send(chain)
    source.ingest(observe(one, end="2026-11-01", stated="2026-11-02"))
    source.publisher.send(chain)
    assert index.holds() == expected(parties, (one, "2026-05"))
    source.ingest(observe(one, "2026-05-01", "2026-11-10", traject="t2", stated="2026-11-11"))
    source.publisher.send(chain)
    assert index.holds() == {}


def test_time_alone_begins_and_ends_flags(
    source: Any, chain: Any, index: Any, observe: Any, people: list[Bsn], parties: Any
) -> None:
    one, two = people[:2]
    source.ingest(observe(one, end="2026-11-25"), observe(two, "2026-11-24"))
    source.publisher.send(chain)
    assert index.holds() == expected(parties, (one, "2026-03"))
    for day, left in ((24, (one, two)), (26, (two,))):
        source.publisher.ingest(lambda *_: iter(()), "test", [], date(2026, 11, day))
        source.publisher.send(chain)
        assert {key[0] for key in index.flags} == {parties.pseudonym(person) for person in left}


def test_an_earlier_as_of_day_does_not_take_time_back(
    source: Any, chain: Any, index: Any, observe: Any, people: list[Bsn]
) -> None:
    source.ingest(observe(people[0], end="2026-11-10"))
    source.publisher.send(chain)
    source.ingest(observe(people[0], "2026-10-01", "2026-11-08", traject="t2"), as_of=date(2026, 11, 5))
    source.publisher.send(chain)
    assert index.holds() == {}


def test_a_file_taken_in_twice_changes_nothing(
    source: Any, chain: Any, index: Any, observe: Any, people: list[Bsn]
) -> None:
    readings = [*(observe(person) for person in people[:5]), Quarantined("bsn-invalid", "m.xml:9")]
    source.ingest(*readings)
    source.publisher.send(chain)
    again = source.ingest(*readings)
    assert (again.set_to_assert, again.set_to_withdraw) == (0, 0)
    assert source.publisher.send(chain).batches == 0
    assert source.state.quarantine.counts() == {"bsn-invalid": 1}


def test_a_refused_file_changes_nothing_and_does_not_make_the_source_current(
    source: Any, chain: Any, index: Any, observe: Any, people: list[Bsn]
) -> None:
    taken = source.ingest_refused(observe(people[0]))
    assert [refusal.code for refusal in taken.refused] == ["not-well-formed"]
    assert source.publisher.send(chain).batches == 0
    assert index.series == {}
    assert source.ingest().set_to_assert == 0


def test_what_is_not_registered_is_set_aside_and_never_sent(
    source: Any, chain: Any, index: Any, observe: Any, people: list[Bsn]
) -> None:
    taken = source.ingest(observe(people[0], source="agb:11111111"), observe(people[1], type="jeugdhulp"))
    assert taken.quarantined == {"source-not-registered": 2}
    source.publisher.send(chain)
    assert index.holds() == {}


def test_an_unavailable_source_keeps_its_flags_and_is_not_in_sync(
    source: Any, chain: Any, index: Any, observe: Any, people: list[Bsn], parties: Any
) -> None:
    source.ingest(observe(people[0]))
    source.publisher.send(chain)
    source.ingest(SourceUnavailable("m.xml:1", *WMO), as_of=date(2026, 11, 23))
    source.publisher.send(chain)
    assert index.holds() == expected(parties, (people[0], "2026-03"))
    assert index.series[WMO][-1].as_of == date(2026, 11, 22)
    assert index.series[DEBT][-1].as_of == date(2026, 11, 23)


def test_a_stream_is_sealed_only_after_messages_of_its_own_format(
    source: Any, chain: Any, index: Any, observe: Any, people: list[Bsn]
) -> None:
    source.ingest(observe(people[0]), fmt="another")
    source.publisher.send(chain)
    assert phases(source) == ["open", "closed"]
    source.ingest()
    source.publisher.send(chain)
    assert phases(source) == ["sealed", "sealed"]


def test_a_restored_index_gets_complete_sets_under_a_new_generation(
    source: Any, chain: Any, index: Any, observe: Any, people: list[Bsn], parties: Any
) -> None:
    source.ingest(*(observe(person) for person in people[:10]))
    source.publisher.send(chain)
    index.restore()
    source.ingest(observe(people[0], end="2026-11-01", stated="2026-11-02"))
    source.publisher.send(chain)
    assert index.holds() == expected(parties, *((person, "2026-03") for person in people[1:10]))
    assert [series.generation for series in index.series[WMO]] == [2]
    assert index.series[WMO][-1].sealed


def test_a_restored_index_is_found_out_without_news_within_the_hour(
    source: Any, chain: Any, index: Any, observe: Any, people: list[Bsn], parties: Any
) -> None:
    source.ingest(observe(people[0]))
    source.publisher.send(chain)
    index.restore()
    assert source.publisher.send(chain).batches == 0
    source.clock.now += timedelta(hours=1)
    source.publisher.send(chain)
    assert index.holds() == expected(parties, (people[0], "2026-03"))
    source.clock.now += timedelta(minutes=59)
    assert source.publisher.send(chain).batches == 0
    source.clock.now += timedelta(hours=1)
    assert source.publisher.send(chain).trials == 1, "a trial, to hear whether it was restored"


def test_a_publisher_with_nothing_at_the_index_tries_nothing(source: Any, chain: Any, index: Any) -> None:
    source.clock.now += timedelta(days=1)
    source.publisher.send(chain)
    assert index.delivered == 0


def test_a_withdrawal_still_goes_out_to_a_restored_index_that_remembers_the_flag(
    source: Any, chain: Any, index: Any, observe: Any, people: list[Bsn]
) -> None:
    source.ingest(observe(people[0]), observe(people[1]))
    source.publisher.send(chain)
    flags, series = dict(index.flags), {k: [replace(s) for s in v] for k, v in index.series.items()}
    source.ingest(observe(people[0], end="2026-11-01", stated="2026-11-02"))
    index.restore()
    index.flags, index.series = flags, series
    source.publisher.send(chain)
    assert len(index.flags) == 1


def test_lost_local_state_takes_the_sequence_from_the_index_and_finds_a_free_generation(
    source: Any,
    chain: Any,
    index: Any,
    observe: Any,
    people: list[Bsn],
    parties: Any,
    new_source: Any,
    tmp_path: Path,
) -> None:
    source.ingest(*(observe(person) for person in people[:10]))
    source.publisher.send(chain)
    for _ in range(3):
        source.publisher.start_over()
        source.publisher.send(chain)
    assert index.series[WMO][-1].generation == 4
    anew = new_source(tmp_path / "anew")
    anew.ingest(*(observe(person) for person in people[:4]))
    anew.publisher.send(chain)
    anew.state.close()
    assert index.holds() == expected(parties, *((person, "2026-03") for person in people[:4]))
    assert index.series[WMO][-1].generation == 5


def test_an_old_copy_of_the_state_stops_and_can_start_over(
    source: Any,
    chain: Any,
    index: Any,
    observe: Any,
    people: list[Bsn],
    new_source: Any,
    tmp_path: Path,
    parties: Any,
) -> None:
    source.ingest(observe(people[0]))
    source.publisher.send(chain)
    source.state.close()
    copy = tmp_path / "copy"
    copy.mkdir()
    for path in tmp_path.glob("state.sqlite*"):
        (copy / path.name).write_bytes(path.read_bytes())
    source = source.reopen()
    source.ingest(observe(people[1]))
    source.publisher.send(chain)
    source.state.close()
    for path in copy.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    old = source.reopen()
    old.ingest(observe(people[2]))
    with pytest.raises(SendingStopped, match="--complete"):
        old.publisher.send(chain)
    old.publisher.start_over()
    old.publisher.send(chain)
    old.state.close()
    assert index.holds() == expected(parties, (people[0], "2026-03"), (people[2], "2026-03"))


def test_flags_are_asserted_again_before_half_of_their_retention(
    source: Any, chain: Any, index: Any, observe: Any, people: list[Bsn]
) -> None:
    source.ingest(observe(people[0]), observe(people[1], source=DEBT[0], type=DEBT[1]))
    source.publisher.send(chain)
    asserted = {}
    for months in range(1, 8):
        month = Month(2026, 11).plus(months)
        source.clock.now = datetime(month.year, month.month, 1, tzinfo=UTC)
        asserted[months] = source.publisher.send(chain).asserted
    assert asserted == {1: 0, 2: 0, 3: 1, 4: 0, 5: 0, 6: 2, 7: 0}


def test_withdrawals_go_before_asserts(
    source: Any, chain: Any, index: Any, observe: Any, people: list[Bsn]
) -> None:
    source.ingest(*(observe(person) for person in people[:6]))
    source.publisher.send(chain)
    source.ingest(
        *(observe(person) for person in people[10:30]),
        *(observe(person, end="2026-11-01", stated="2026-11-02") for person in people[:6]),
    )
    done = len(index.seen_operations)
    source.publisher.send(chain)
    assert index.seen_operations[done].count("withdraw") == 6


def test_a_wish_that_comes_and_goes_before_it_is_sent_is_never_sent(
    source: Any, chain: Any, index: Any, observe: Any, people: list[Bsn]
) -> None:
    source.ingest(observe(people[0]))
    source.ingest(observe(people[0], end="2026-11-01", stated="2026-11-02"))
    sent = source.publisher.send(chain)
    assert (sent.asserted, sent.withdrawn) == (0, 0)


def test_a_flag_without_any_start_is_set_aside(
    source: Any, chain: Any, index: Any, observe: Any, people: list[Bsn]
) -> None:
    taken = source.ingest(observe(people[0], None, kind=Kind.STARTED))
    assert taken.quarantined == {"start-missing": 1}
    source.publisher.send(chain)
    assert index.holds() == {}


def test_one_run_at_a_time(source: Any, observe: Any) -> None:
    with source.state.lock(), pytest.raises(Exception, match="another connector"), source.state.lock():
        pass


def test_every_batch_is_full_and_its_order_tells_nothing(
    source: Any, chain: Any, observe: Any, people: list[Bsn], parties: Any
) -> None:
    patterns = []

    def look(batch: Batch, answer: bytes) -> bytes:
        filled = tuple(person is not None for person, _ in open_batch(batch, parties.index))
        if batch.header.batch_class is not BatchClass.PROEF:
            assert len(filled) == 8
            patterns.append(filled)
        return answer

    chain.after = look
    for n in range(12):
        source.ingest(*(observe(person) for person in people[4 * n : 4 * n + 4]))
        source.publisher.send(chain)
    with_four = [filled for filled in patterns if sum(filled) == 4]
    assert len(with_four) == 12
    assert len(set(with_four)) > 6


def test_nothing_is_said_before_the_index_has_told_its_incarnation_and_recognised_the_canary(
    source: Any, chain: Any, index: Any, observe: Any, people: list[Bsn], parties: Any
) -> None:
    said = []

    def look(batch: Batch, answer: bytes) -> bytes:
        rows = [decode_row(batch.header.batch_class, row) for _, row in open_batch(batch, parties.index)]
        said.append((batch.header.incarnation, {row.operation.value for row in rows}))
        return answer

    chain.after = look
    source.ingest(observe(people[0]))
    source.publisher.send(chain)
    assert said[0] == (bytes(16), {"canary"})
    assert said[1] == (index.incarnation, {"canary"})
    assert all(incarnation == index.incarnation and "canary" not in rows for incarnation, rows in said[2:])


def test_a_chain_that_makes_other_pseudonyms_gets_no_person_and_says_so(
    source: Any, chain: Any, index: Any, observe: Any, people: list[Bsn], parties: Any
) -> None:
    index.canary = parties.pseudonym(people[1])
    source.ingest(observe(people[0]))
    for _ in range(2):
        with pytest.raises(SendingStopped, match="other pseudonyms than this manifest says"):
            source.publisher.send(chain)
    assert index.applied == []
    index.canary = None
    source.publisher.send(chain)
    assert index.holds() == expected(parties, (people[0], "2026-03"))


def test_a_restored_index_is_tried_again_before_anything_else_goes(
    source: Any, chain: Any, index: Any, observe: Any, people: list[Bsn]
) -> None:
    source.ingest(observe(people[0]))
    source.publisher.send(chain)
    index.restore()
    seen: list[str] = []
    chain.before = lambda batch: seen.append(batch.header.batch_class.value)
    source.ingest(observe(people[1]))
    source.publisher.send(chain)
    # What waited tells of the restore; then the canary, and only then the rest.
    assert seen[:3] == ["signaal", "proef", "signaal"]


def test_a_set_that_waits_is_not_sent_with_a_manifest_that_was_not_tried(
    source: Any, chain: Any, index: Any, observe: Any, people: list[Bsn], parties: Any
) -> None:
    source.ingest(*(observe(person) for person in people[:8]))

    def lose(batch: Batch, answer: bytes) -> bytes:
        if batch.header.batch_class is not BatchClass.PROEF:
            raise ChainFault("no-answer")
        return answer

    chain.after = lose
    with pytest.raises(ChainFault):
        source.publisher.send(chain)
    source.renew(manifest=agreed(parties.index, parties.b, parties.a))
    seen: list[str] = []
    chain.before, chain.after = (
        (lambda batch: seen.append(batch.header.batch_class.value)),
        lambda _, answer: answer,
    )
    source.publisher.send(chain)
    assert seen[:2] == ["proef", "signaal"]
    assert len(index.flags) == 8


def test_another_manifest_is_tried_before_anything_else_goes(
    source: Any, chain: Any, index: Any, observe: Any, people: list[Bsn], parties: Any
) -> None:
    source.ingest(observe(people[0]))
    source.publisher.send(chain)
    assert source.publisher.send(chain).trials == 0
    renewed = agreed(parties.index, parties.b, parties.a)
    assert renewed.fingerprint != parties.manifest.fingerprint
    source.renew(manifest=renewed)
    source.ingest(observe(people[1]))
    assert source.publisher.send(chain).trials == 1
    assert source.publisher.send(chain).trials == 0


def test_a_person_whose_flag_is_withdrawn_leaves_the_wishes(
    source: Any, chain: Any, observe: Any, people: list[Bsn]
) -> None:
    source.ingest(observe(people[0]))
    source.publisher.send(chain)
    source.ingest(observe(people[0], end="2026-11-01", stated="2026-11-02"))
    source.publisher.send(chain)
    assert source.state.wishes.get(source.state.wishes.key_of_person(1, people[0])) is None


def test_a_traject_of_which_too_much_is_told_is_set_aside_and_keeps_its_flag(
    source: Any, chain: Any, index: Any, observe: Any, people: list[Bsn], parties: Any
) -> None:
    days = [(date(2000, 1, 1) + timedelta(number)).isoformat() for number in range(STATEMENTS_MAX + 5)]
    told = [observe(people[0], day, kind=Kind.STARTED) for day in days]
    taken = source.ingest(*told, observe(people[1]))
    assert taken.quarantined == {"told-too-often": 5}
    stop = observe(people[0], days[0], "2026-03-01", kind=Kind.STOPPED)
    assert source.ingest(stop).quarantined == {"told-too-often": 1}
    again = source.ingest(told[0]._replace(stated_on=date(2026, 4, 1)))
    assert not again.quarantined, "what is known already can be said anew"
    source.publisher.send(chain)
    assert index.holds() == expected(parties, (people[0], "2000-01"), (people[1], "2026-03"))


@pytest.mark.parametrize(
    "stated",
    [date(2026, 11, 24), datetime(2026, 11, 24, tzinfo=UTC), date(2034, 1, 1)],
)
def test_a_word_dated_ahead_silences_no_later_one(
    stated: date, source: Any, chain: Any, index: Any, observe: Any, people: list[Bsn], parties: Any
) -> None:
    ahead = observe(people[0], kind=Kind.START_REMOVED)._replace(stated_on=stated)
    assert source.ingest(ahead).quarantined == {"stated-ahead": 1}
    assert not source.ingest(observe(people[0])).quarantined
    source.publisher.send(chain)
    assert index.holds() == expected(parties, (people[0], "2026-03"))
