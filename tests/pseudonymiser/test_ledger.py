"""Quotas hold over retries, replicas, restarts and clocks (attack A04)."""

import sqlite3
import stat
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crypto.errors import KeyFault
from crypto.pseudonymiser.ledger import REPEATS_PER_QUOTA, Ledger, Usage
from crypto.pseudonymiser.problems import Refused

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
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
    assert ledger.usage(OIN, "testregio") == Usage(3 * N, 0)


def test_retries_and_rebuilds_of_one_sequence_are_counted_once(ledger: Ledger, parties: Any) -> None:
    for _ in range(5):
        ledger.count(parties.header(sequence=1), N, NOW)
    assert ledger.usage(OIN, "testregio") == Usage(N, 4 * N)
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
    assert ledger.usage(OIN, header.scope).items == (N if "scope" in other else 2 * N)


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
    assert ledger.usage(OIN, "testregio") == Usage(N, 0)


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
