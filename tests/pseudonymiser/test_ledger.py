"""Quotas hold over retries, replicas, restarts and clocks (attack A04)."""

import sqlite3
import stat
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crypto.batch import BatchClass
from crypto.errors import KeyFault
from crypto.pseudonymiser.ledger import REPEATS_PER_QUOTA, Ledger
from crypto.pseudonymiser.ledger_file import Allowance, Usage
from crypto.pseudonymiser.problems import Refused

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TODAY = NOW.date()
OIN = "00000099000000000731"
N = 4


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "ledger.sqlite"
    Ledger.create(made, "A", NOW)
    return made


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    opened = Ledger.open(path, "A")
    yield opened
    opened.close()


def refused_code(count: Callable[[], None]) -> str:
    with pytest.raises(Refused) as refusal:
        count()
    return refusal.value.code


def test_items_are_counted_until_the_quota_is_full(ledger: Ledger, parties: Any) -> None:
    for sequence in range(1, 4):
        ledger.count(parties.header(sequence=sequence), 3 * N, NOW)
    assert refused_code(lambda: ledger.count(parties.header(sequence=4), 3 * N, NOW)) == "quota-exceeded"
    assert ledger.usage(OIN, "testregio", BatchClass.SIGNAAL) == Usage(3 * N)


def test_retries_and_rebuilds_of_one_sequence_are_counted_once(ledger: Ledger, parties: Any) -> None:
    for _ in range(5):
        ledger.count(parties.header(sequence=1), N, NOW)
    assert ledger.usage(OIN, "testregio", BatchClass.SIGNAAL) == Usage(N, repeats=4 * N)
    assert refused_code(lambda: ledger.count(parties.header(sequence=2), N, NOW)) == "quota-exceeded"
    ledger.count(parties.header(sequence=1), N, NOW)


@pytest.mark.parametrize(
    "other",
    [{"incarnation": bytes(range(16))}, {"sequence": 2}, {"scope": "elders", "audience": "index:elders"}],
    ids=["incarnation", "sequence", "scope"],
)
def test_another_incarnation_sequence_or_scope_is_another_delivery(
    other: dict[str, Any], ledger: Ledger, parties: Any
) -> None:
    ledger.count(parties.header(), 2 * N, NOW)
    header = parties.header(**other)
    ledger.count(header, 2 * N, NOW)
    assert ledger.usage(OIN, header.scope, BatchClass.SIGNAAL).items == (N if "scope" in other else 2 * N)


def test_repeats_have_a_ceiling_of_their_own(ledger: Ledger, parties: Any) -> None:
    for _ in range(1 + REPEATS_PER_QUOTA):
        ledger.count(parties.header(), N, NOW)
    assert refused_code(lambda: ledger.count(parties.header(), N, NOW)) == "quota-exceeded"


def test_a_new_day_brings_a_new_quota(ledger: Ledger, parties: Any) -> None:
    ledger.count(parties.header(sequence=1), N, NOW)
    ledger.count(parties.header(sequence=2), N, NOW + timedelta(hours=12))
    assert ledger.latest_day() == date(2026, 11, 23)


def test_a_clock_that_goes_back_brings_none(ledger: Ledger, parties: Any) -> None:
    ledger.count(parties.header(sequence=1), N, NOW + timedelta(days=1))
    with pytest.raises(Refused) as refusal:
        ledger.count(parties.header(sequence=2), N, NOW)
    assert refusal.value.retry_after_seconds == 36 * 3600 + 1
    assert ledger.latest_day() == date(2026, 11, 23)


def test_a_refused_delivery_leaves_no_trace(ledger: Ledger, parties: Any) -> None:
    assert refused_code(lambda: ledger.count(parties.header(), N - 1, NOW)) == "quota-exceeded"
    ledger.count(parties.header(), N, NOW)
    assert ledger.usage(OIN, "testregio", BatchClass.SIGNAAL) == Usage(N)


def test_a04_three_replicas_and_five_restarts_and_a_jumping_clock_let_no_more_through(
    path: Path, parties: Any
) -> None:
    """600 tries by 3 replicas that share a ledger, over 5 restarts, with a clock that jumps to and fro."""
    quota = 20 * N
    let_through = 0
    for restart in range(5):
        replicas = [Ledger.open(path, "A") for _ in range(3)]
        moment = NOW + timedelta(hours=(-5, 3, 0, 11, -300)[restart])

        def attempt(number: int, replicas: list[Ledger] = replicas, moment: datetime = moment) -> bool:
            header = parties.header(sequence=1 + number)
            try:
                replicas[number % 3].count(header, quota, moment)
            except Refused:
                return False
            return True

        first = 120 * restart
        with ThreadPoolExecutor(6) as pool:
            let_through += sum(pool.map(attempt, range(first, first + 120)))
        for replica in replicas:
            replica.close()
    assert let_through * N == quota


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tries=st.lists(st.tuples(st.integers(1, 6), st.integers(-3, 3), st.booleans()), max_size=20))
def test_no_order_of_tries_days_and_restarts_exceeds_a_quota_per_day(
    tries: list[tuple[int, int, bool]], tmp_path: Path, parties: Any
) -> None:
    path = tmp_path / f"{token_hex(8)}.sqlite"
    Ledger.create(path, "A", NOW)
    ledger = Ledger.open(path, "A")
    first_seen: dict[int, date] = {}
    latest = NOW.date()
    for sequence, days, restart in tries:
        if restart:
            ledger.close()
            ledger = Ledger.open(path, "A")
        moment = NOW + timedelta(days=days)
        try:
            ledger.count(parties.header(sequence=sequence), 2 * N, moment)
        except Refused:
            assert sequence not in first_seen
            assert sum(day == max(latest, moment.date()) for day in first_seen.values()) == 2
            continue
        latest = max(latest, moment.date())
        first_seen.setdefault(sequence, latest)
    ledger.close()
    per_day = [sum(day == each for day in first_seen.values()) for each in first_seen.values()]
    assert max(per_day, default=0) <= 2


def test_nothing_is_made_unasked_and_nothing_is_replaced(tmp_path: Path, path: Path) -> None:
    with pytest.raises(KeyFault, match="ledger init"):
        Ledger.open(tmp_path / "absent.sqlite", "A")
    assert not (tmp_path / "absent.sqlite").exists()
    with pytest.raises(KeyFault, match="exists already"):
        Ledger.create(path, "A", NOW)


def test_the_file_is_the_owners_only(path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("content", [b"", b"not a database at all" * 100])
def test_a_file_that_is_no_ledger_is_a_fault(content: bytes, tmp_path: Path) -> None:
    other = tmp_path / "other.sqlite"
    other.write_bytes(content)
    with pytest.raises(KeyFault, match="not a quota ledger"):
        Ledger.open(other, "A")


def test_the_ledger_of_the_other_party_is_a_fault(path: Path) -> None:
    with pytest.raises(KeyFault, match="another party"):
        Ledger.open(path, "B")


def test_what_is_counted_is_synced_to_disk(ledger: Ledger, path: Path) -> None:
    with sqlite3.connect(path) as other:
        assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    other.close()
    assert ledger._connection.execute("PRAGMA synchronous").fetchone() == (2,)


# --- Classes and allowances ---------------------------------------------------------------------------------------


SIGNAAL, RELATIE, PROEF = BatchClass.SIGNAAL, BatchClass.ZORGRELATIE, BatchClass.PROEF


def test_each_class_has_a_quota_of_its_own(ledger: Ledger, parties: Any) -> None:
    ledger.count(parties.header(sequence=1), N, NOW)
    ledger.count(parties.header(sequence=2, batch_class=RELATIE), N, NOW)
    for batch_class in (SIGNAAL, RELATIE):
        header = parties.header(sequence=3, batch_class=batch_class)
        assert refused_code(lambda header=header: ledger.count(header, N, NOW)) == "quota-exceeded"  # type: ignore[misc] # bound now


def test_a_trial_under_a_sequence_makes_no_room_for_a_batch_under_it(ledger: Ledger, parties: Any) -> None:
    trial = parties.header(batch_class=PROEF, n=1)
    ledger.count(trial, 48, NOW)
    assert refused_code(lambda: ledger.count(trial, 48, NOW)) == "replayed"
    ledger.count(parties.header(), N, NOW)
    assert ledger.usage(OIN, "testregio", SIGNAAL) == Usage(N)
    assert refused_code(lambda: ledger.count(parties.header(sequence=2), N, NOW)) == "quota-exceeded"


def test_a_request_passes_once(ledger: Ledger, parties: Any) -> None:
    header = parties.header(batch_class=BatchClass.INZAGE, n=1, sequence=2**62 + 7)
    ledger.count(header, 5, NOW)
    assert refused_code(lambda: ledger.count(header, 5, NOW)) == "replayed"
    assert ledger.usage(OIN, "testregio", BatchClass.INZAGE) == Usage(1)


def granted(items: int = 2 * N, until: date = TODAY, batch_class: BatchClass = SIGNAAL) -> Allowance:
    return Allowance(OIN, "testregio", batch_class, items, until, "first complete set")


def test_an_allowance_is_used_after_the_quota_and_only_once(ledger: Ledger, parties: Any) -> None:
    ledger.grant(granted(), NOW)
    for sequence in range(1, 4):
        ledger.count(parties.header(sequence=sequence), N, NOW)
    assert ledger.usage(OIN, "testregio", SIGNAAL) == Usage(3 * N, allowed=2 * N)
    assert [each.used for each in ledger.allowances()] == [2 * N]
    assert refused_code(lambda: ledger.count(parties.header(sequence=4), N, NOW)) == "quota-exceeded"
    tomorrow = NOW + timedelta(days=1)
    ledger.count(parties.header(sequence=4), N, tomorrow)
    assert refused_code(lambda: ledger.count(parties.header(sequence=5), N, tomorrow)) == "quota-exceeded"


def test_a_delivery_may_use_what_is_left_of_the_quota_and_several_allowances(
    ledger: Ledger, parties: Any
) -> None:
    later = NOW.date() + timedelta(days=9)
    ledger.grant(granted(items=N, until=later), NOW)
    ledger.grant(granted(items=1), NOW)
    ledger.count(parties.header(), N - 2, NOW)
    assert [(each.until, each.used) for each in ledger.allowances()] == [(later, 1), (NOW.date(), 1)]


@pytest.mark.parametrize(
    "other",
    [
        {"publisher": "00000099000000000999"},
        {"scope": "elders"},
        {"batch_class": RELATIE},
        {"until": NOW.date() - timedelta(days=1)},
    ],
    ids=["publisher", "scope", "class", "day"],
)
def test_an_allowance_is_of_one_publisher_scope_class_and_time(
    other: dict[str, Any], ledger: Ledger, parties: Any
) -> None:
    ledger.grant(replace(granted(), **other), NOW)
    assert refused_code(lambda: ledger.count(parties.header(), N - 1, NOW)) == "quota-exceeded"
    assert [each.used for each in ledger.allowances()] == [0]


def test_a_delivery_an_allowance_is_too_small_for_uses_nothing_of_it(ledger: Ledger, parties: Any) -> None:
    ledger.grant(granted(items=N - 1), NOW)
    ledger.count(parties.header(sequence=1), N, NOW)
    assert refused_code(lambda: ledger.count(parties.header(sequence=2), N, NOW)) == "quota-exceeded"
    assert [each.used for each in ledger.allowances()] == [0]
    assert ledger.usage(OIN, "testregio", SIGNAAL) == Usage(N)


def test_a_clock_that_goes_back_does_not_bring_an_allowance_back(ledger: Ledger, parties: Any) -> None:
    ledger.grant(granted(), NOW)
    ledger.count(parties.header(sequence=1), N, NOW + timedelta(days=1))
    assert refused_code(lambda: ledger.count(parties.header(sequence=2), N, NOW)) == "quota-exceeded"


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    tries=st.lists(st.tuples(st.integers(1, 9), st.integers(0, 2)), max_size=25),
    grants=st.lists(st.tuples(st.integers(1, 3 * N), st.integers(0, 2)), max_size=3),
)
def test_no_order_of_tries_lets_more_through_than_quotas_and_allowances_together(
    tries: list[tuple[int, int]], grants: list[tuple[int, int]], tmp_path: Path, parties: Any
) -> None:
    path = tmp_path / f"{token_hex(8)}.sqlite"
    Ledger.create(path, "A", NOW)
    ledger = Ledger.open(path, "A")
    for items, days in grants:
        ledger.grant(granted(items, NOW.date() + timedelta(days=days)), NOW)
    days_seen = set()
    for sequence, day in tries:
        moment = NOW + timedelta(days=day)
        with suppress(Refused):
            ledger.count(parties.header(sequence=sequence), 2 * N, moment)
            days_seen.add(ledger.latest_day())
    counted = ledger.counted(NOW.date(), NOW.date() + timedelta(days=9))
    assert len({each.sequence for each in counted}) == len(counted)
    assert sum(each.items for each in counted) <= 2 * N * len(days_seen) + sum(items for items, _ in grants)
    assert all(each.used <= each.items for each in ledger.allowances())
    ledger.close()
