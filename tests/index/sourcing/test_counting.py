"""A month of looks is counted in pieces, so that looks are answered meanwhile, and only once."""

from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.encoding import Month
from policy.vocabulary import Role
from signal_index import audit
from signal_index.model import StaffMember
from signal_index.store.audit import SqlAuditLog
from signal_index.usecases.oversight.reports import days_of
from signal_index.usecases.sourcing import usage

TYPES = ("jeugdhulp:contact", "wmo-voorziening:aanwezig")


@pytest.fixture
def office(world: Any) -> Any:
    """A month with a look every hour of its first four days, and a bronbeheerder the month after."""

    def job(tx: Any) -> None:
        tx.staff.put(StaffMember("b.bron", world.GEMEENTE, "bron", active=True))
        tx.staff.grant("b.bron", Role.SOURCE_ADMIN.value, "test", world.clock)

    world.database.run(job)
    for _ in range(96):
        look(world)
        world.clock += timedelta(hours=1)
    world.clock += timedelta(days=31)
    return world


def look(world: Any) -> None:
    said = {"actor": "w.een", "organisation": world.GEMEENTE, "allowed": list(TYPES), "any_shown": True}
    world.database.run(lambda tx: tx.audit.append(audit.event("lookup.answered", world.clock, **said)))


def figures(office: Any) -> tuple[list[int], list[int]]:
    """Looks per type, and how many records of looks each transaction read to count them."""
    read: list[int] = []
    entries = SqlAuditLog.entries

    def counting(self: SqlAuditLog, **asked: Any) -> Any:
        found = entries(self, **asked)
        read.append(len(found))
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SqlAuditLog, "entries", counting)
        answer = office.request("GET", "/v1/gebruikscijfers?maand=2026-03", headers=office.token("b.bron"))
    assert answer.status_code == 200
    return [each["raadplegingen"] for each in answer.json()["gebruikscijfers"]], read


def test_a_month_is_read_by_the_hour_and_not_again(office: Any) -> None:
    counts, read = figures(office)
    assert counts == [90, 90]
    assert (sum(read), max(read)) == (96, 1), "no transaction holds up more than an hour of looks"
    assert figures(office) == ([90, 90], [])
    assert len(office.records("source.read")) == 2, "that she read it is on record each time"


@given(st.integers(0, 12 * 60))
def test_the_pieces_of_a_month_are_the_whole_of_it_without_a_gap(number: int) -> None:
    month = Month.parse("2020-01").plus(number)
    start, end = days_of(month).period
    found = list(usage.pieces(month))
    assert (found[0][0], found[-1][1]) == (start, end)
    assert all(one[1] == other[0] for one, other in pairwise(found))
    assert all(timedelta() < until - since <= usage.PIECE for since, until in found)


@pytest.mark.parametrize(("after", "kept"), [(timedelta(), False), (usage.SETTLED_AFTER, True)])
def test_a_month_that_a_record_may_still_come_in_for_is_counted_again(
    after: timedelta, *, kept: bool
) -> None:
    counted, month = usage.Counted(), Month.parse("2026-03")
    over: datetime = days_of(month).period[1]
    counted.keep(month, Counter(), over + after)
    assert (month in counted.months) == kept
