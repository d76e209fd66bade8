"""What an acknowledgement or refusal of the index does, and what one that does not fit does not."""

from datetime import date, timedelta
from typing import Any

import pytest

from connectors.publisher import ChainFault, SendingStopped
from connectors.reading import Kind
from crypto.answers import Acknowledgement, Refusal, sign
from crypto.batch import Batch, open_batch
from crypto.chain import Bsn
from crypto.encoding import Month
from crypto.keyfiles import IndexSecrets
from crypto.sheet import SignaalOperation

WMO = ("agb:99010011", "wmo-voorziening")
DEBT = ("kvk:99030055", "schuldhulptraject")


def test_a_refused_row_is_set_aside_and_the_rest_goes_under_the_same_sequence(
    source: Any, chain: Any, index: Any, observe: Any, people: list[Bsn], parties: Any
) -> None:
    source.ingest(observe(people[9]))
    source.publisher.send(chain)
    sequence = index.next_sequence
    index.refuses = lambda row: "malformed-row" if row.since == Month(2026, 4) else None
    source.ingest(*(observe(p, f"2026-0{3 + n % 2}-01") for n, p in enumerate(people[:4])))
    sent = source.publisher.send(chain)
    assert sent.quarantined == {"malformed-row": 2}
    assert sent.batches == 1
    assert index.next_sequence == sequence + 1
    assert len(index.flags) == 3
    assert source.state.quarantine.counts() == {"malformed-row": 2}
    assert source.publisher.send(chain).batches == 0, "what was set aside is not sent again"
    index.refuses = lambda _: None
    source.ingest(observe(people[1], "2026-05-01", stated="2026-06-01", kind=Kind.STARTED, replaces=True))
    source.publisher.send(chain)
    assert (parties.pseudonym(people[1]), *WMO) in index.flags, "a new wish is sent"


def test_an_unsigned_or_forged_refusal_sets_nothing_aside(
    source: Any, chain: Any, index: Any, observe: Any, people: list[Bsn], parties: Any
) -> None:
    source.ingest(observe(people[0]))
    source.publisher.send(chain)
    source.ingest(observe(people[1]))
    stranger = IndexSecrets.generate("testregio", 1, created=date(2026, 1, 1))
    forged = sign(
        Acknowledgement(index.incarnation, "testregio", "00000099000000000731", 9, 8, bytes(64)),
        stranger.signing,
    )
    chain.after = lambda *_: forged
    with pytest.raises(Exception, match="did not sign"):
        source.publisher.send(chain)
    frozen = source.state.spool.frozen()
    assert frozen is not None
    assert len(frozen.rows) == 1
    chain.after = lambda _, answer: answer
    source.publisher.send(chain)
    assert len(index.flags) == 2


def test_an_acknowledgement_of_another_batch_is_not_accepted(
    source: Any, chain: Any, index: Any, observe: Any, people: list[Bsn], parties: Any
) -> None:
    source.ingest(observe(people[0]))
    source.publisher.send(chain)
    source.ingest(observe(people[1]))

    def other(batch: Batch, _: bytes) -> bytes:
        header = batch.header
        said = Acknowledgement(
            index.incarnation, "testregio", header.publisher, header.sequence, header.n, bytes(64)
        )
        return sign(said, parties.index.signing)

    chain.after = other
    with pytest.raises(SendingStopped, match="another connector"):
        source.publisher.send(chain)
    assert source.state.spool.frozen() is not None


def refusing(parties: Any, batch: Batch, **changes: Any) -> bytes:
    header = batch.header
    values: dict[str, Any] = {
        "incarnation": header.incarnation,
        "scope": "testregio",
        "publisher": header.publisher,
        "sequence": header.sequence,
        "digest": batch.digest,
        "reason": "not-registered",
        "rows": tuple((position, "not-registered") for position in range(header.n)),
        "next_sequence": header.sequence,
    }
    if changes.get("rows") == "the one that counts":
        opened = open_batch(batch, parties.index)
        changes["rows"] = tuple((n, "not-registered") for n, (person, _) in enumerate(opened) if person)
    return sign(Refusal(**(values | changes)), parties.index.signing)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"digest": bytes(64)}, "another batch"),
        ({"sequence": 99}, "another batch"),
        ({"scope": "elders"}, "another batch"),
        ({"publisher": "00000099000000000999"}, "another batch"),
        ({"incarnation": bytes(range(16)), "rows": "the one that counts"}, "tell the index operator"),
        ({}, "holds nothing"),
        ({"rows": ((4000, "not-registered"),)}, "holds nothing"),
        ({"reason": "clock", "rows": ()}, "clock"),
        ({"reason": "wrong-count", "rows": ()}, "items_per_batch"),
        ({"reason": "wrong-sequence", "rows": (), "next_sequence": 77}, "expects sequence 77"),
        ({"reason": "unknown-publisher", "rows": ()}, "registration"),
        ({"reason": "class-not-served", "rows": ()}, "registration"),
        ({"reason": "malformed-row", "rows": ()}, "tell the index operator"),
        ({"reason": "wrong-incarnation", "rows": ()}, "incarnation"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, dict) else None,
)
def test_a_signed_refusal_that_does_not_fit_changes_nothing(
    changes: dict[str, Any], said: str, source: Any, chain: Any, index: Any, observe: Any, people: list[Bsn],
    parties: Any,
) -> None:  # fmt: skip
    source.ingest(observe(people[0]))
    source.publisher.send(chain)
    source.ingest(observe(people[1]))
    standing = source.state.standing()
    chain.after = lambda batch, _: refusing(parties, batch, **changes)
    with pytest.raises(SendingStopped, match=said):
        source.publisher.send(chain)
    assert source.state.standing() == standing
    assert len(source.state.spool.frozen().rows) == 1
    assert source.state.quarantine.entries() == []
    chain.after = lambda _, answer: answer
    source.publisher.send(chain)
    assert len(index.flags) == 2


def test_an_acknowledgement_for_another_incarnation_is_not_accepted(
    source: Any, chain: Any, index: Any, observe: Any, people: list[Bsn], parties: Any
) -> None:
    def acknowledge(batch: Batch, _: bytes) -> bytes:
        header = batch.header
        said = Acknowledgement(
            bytes(range(16)), "testregio", header.publisher, header.sequence, header.n, batch.digest
        )
        return sign(said, parties.index.signing)

    source.ingest(observe(people[0]))
    chain.after = acknowledge
    for _ in range(2):
        with pytest.raises(SendingStopped, match="another incarnation"):
            source.publisher.send(chain)
        chain.after = lambda _, answer: answer
        source.publisher.send(chain)
        source.ingest(observe(people[1]))
        chain.after = acknowledge


def test_an_index_that_keeps_changing_its_incarnation_is_left_alone(
    source: Any, chain: Any, index: Any, observe: Any, people: list[Bsn]
) -> None:
    source.ingest(observe(people[0]))
    chain.before = lambda _: index.restore()
    with pytest.raises(SendingStopped, match="keeps changing"):
        source.publisher.send(chain)


def test_a_lost_acknowledgement_is_given_again_also_after_a_rebuild(
    source: Any, chain: Any, index: Any, observe: Any, people: list[Bsn]
) -> None:
    source.ingest(*(observe(person) for person in people[:3]))
    lost: list[bytes] = []

    def lose(_: Batch, answer: bytes) -> bytes:
        if len(lost) % 2 == 0:
            lost.append(answer)
            raise ChainFault("no-answer")
        lost.append(answer)
        return answer

    chain.after = lose
    for _ in range(20):
        try:
            source.publisher.send(chain)
            break
        except ChainFault:
            continue
    assert index.trials >= 2, "a trial whose answer is lost is made again"
    assert len(index.flags) == 3
    assert [sequence for _, sequence, _ in index.applied] == list(range(1, index.next_sequence))


def test_an_acknowledgement_of_an_earlier_stage_settles_what_was_in_it(
    source: Any, chain: Any, index: Any, observe: Any, people: list[Bsn]
) -> None:
    """The index refuses a row, then accepts the first form after all: a delayed copy, after a new registration."""
    source.ingest(observe(people[9]))
    source.publisher.send(chain)
    source.ingest(observe(people[0], "2026-04-01"), observe(people[1]))
    index.refuses = lambda row: "malformed-row" if row.since == Month(2026, 4) else None
    first: list[Batch] = []

    def overtake(batch: Batch, answer: bytes) -> bytes:
        first.append(batch)
        if len(first) == 2:
            raise AssertionError("unreached")
        return answer

    def replay(batch: Batch) -> None:
        if first and len(first) == 1:
            index.refuses = lambda _: None
            index.deliver(first[0])
            chain.after = lambda _, answer: answer

    chain.after, chain.before = overtake, replay
    source.publisher.send(chain)
    assert len(index.flags) == 3
    assert source.publisher.send(chain).batches == 0
    live = [source.state.wishes.live_count(stream.stream_id) for stream in source.state.streams.all()]
    assert live[0] == 3


def test_a_count_the_index_disagrees_with_starts_the_set_over_once(
    source: Any, chain: Any, index: Any, observe: Any, people: list[Bsn]
) -> None:
    refused: list[int] = []

    def once(row: Any) -> str | None:
        if row.operation is SignaalOperation.SEAL_SET and row.source == WMO[0] and not refused:
            refused.append(row.generation)
            return "set-count"
        return None

    index.refuses = once
    source.ingest(*(observe(person) for person in people[:3]))
    assert not source.publisher.send(chain).held_back
    assert index.series[WMO][-1].generation == 2
    assert len(index.flags) == 3


def test_a_stream_the_index_never_takes_is_held_back_and_the_others_go_on(
    source: Any, chain: Any, index: Any, observe: Any, people: list[Bsn]
) -> None:
    index.refuses = lambda row: "not-registered" if getattr(row, "source", "") == WMO[0] else None
    source.ingest(observe(people[0]), observe(people[1], source=DEBT[0], type=DEBT[1]))
    sent = source.publisher.send(chain)
    assert sent.held_back == [(*WMO, "not-registered")]
    assert {key[1:] for key in index.flags} == {DEBT}
    index.refuses = lambda _: None
    source.publisher.send(chain)
    assert {key[1:] for key in index.flags} == {DEBT, WMO}


@pytest.mark.parametrize("code", ["not-registered", "unknown-code"])
def test_a_slip_in_the_register_loses_no_withdrawal(
    code: str, source: Any, chain: Any, index: Any, observe: Any, people: list[Bsn]
) -> None:
    source.ingest(observe(people[0]), observe(people[1]))
    source.publisher.send(chain)
    index.refuses = lambda row: code if row.operation is SignaalOperation.WITHDRAW else None
    source.ingest(observe(people[0], end="2026-03-09", stated="2026-06-01"))
    sent = source.publisher.send(chain)
    assert (sent.held_back, sent.quarantined) == ([(*WMO, code)], {})
    assert len(index.flags) == 2
    index.refuses = lambda _: None
    source.publisher.send(chain)
    assert len(index.flags) == 1, "what was held back goes out once the register is right"


def test_a_row_that_was_never_sent_stops_the_run_and_sets_nothing_aside(
    source: Any, chain: Any, index: Any, observe: Any, people: list[Bsn]
) -> None:
    source.ingest(observe(people[0]))
    source.publisher.send(chain)
    index.refuses = lambda row: "duplicate-row" if row.operation is SignaalOperation.ASSERT else None
    source.ingest(observe(people[1]))
    with pytest.raises(SendingStopped, match="tell the index operator"):
        source.publisher.send(chain)
    assert source.state.quarantine.counts() == {}
    index.refuses = lambda _: None
    source.publisher.send(chain)
    assert len(index.flags) == 2


def test_a_generation_the_index_does_not_know_starts_the_whole_stream_over(
    source: Any, chain: Any, index: Any, observe: Any, people: list[Bsn]
) -> None:
    """As the index does: of all rows under that generation, only the first is named."""
    source.ingest(*(observe(person) for person in people[:3]))
    source.publisher.send(chain)
    named: list[int] = []

    def first_of_the_batch(row: Any) -> str | None:
        if row.operation is SignaalOperation.ASSERT and row.generation == 1 and not named:
            named.append(1)
            return "generation"
        return None

    index.refuses = first_of_the_batch
    chain.before = lambda _: named.clear()
    source.ingest(*(observe(person) for person in people[3:7]))
    sent = source.publisher.send(chain)
    assert not sent.held_back
    assert not sent.quarantined
    assert len(index.flags) == 7
    assert index.series[WMO][-1].generation == 2


def test_a_seal_does_not_count_what_a_restored_index_refused(
    source: Any, chain: Any, index: Any, observe: Any, people: list[Bsn]
) -> None:
    source.ingest(*(observe(p, f"2026-0{n + 3}-01") for n, p in enumerate(people[:3])))
    source.publisher.send(chain)
    index.restore()
    index.refuses = lambda row: "malformed-row" if row.since == Month(2026, 4) else None
    source.clock.now += timedelta(hours=2)
    sent = source.publisher.send(chain)
    assert (sent.held_back, sent.quarantined) == ([], {"malformed-row": 1})
    assert index.series[WMO][-1].generation == 2
    assert len(index.flags) == 2
