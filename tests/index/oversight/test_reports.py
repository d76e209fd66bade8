"""Figures: closed months only, one organisation only, counted in one pass, and on record."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.encoding import Month
from policy.rulesets import bundled, load
from policy.vocabulary import Role
from signal_index import audit
from signal_index.errors import NotFound, NotPermitted
from signal_index.model import Actor, AuditEntry, FieldValue, StaffMember
from signal_index.usecases.oversight.reports import OTHER, Counted, closed_months, count, figures

RULES = load(bundled())
APRIL = Month(2026, 4)
PURPOSES = ("voorbereiding-huisbezoek", "schuldhulp-afstemming")
LOOKS_FOR = frozenset({Role.TEAM_MEMBER.value})
COLLEAGUES = {
    name: StaffMember(name, "0" * 20, team, active=True, roles=LOOKS_FOR)
    for name, team in (("een", "noord"), ("twee", "noord"), ("drie", "zuid"))
}


def entry(event: str, **fields: FieldValue) -> AuditEntry:
    at = datetime(2026, 4, 2, tzinfo=UTC)
    return AuditEntry(b"writer08", 1, event, at, fields, bytes(32), bytes(32))


def looked(worker: str, purpose: str | None, *, shown: bool) -> AuditEntry:
    return entry("lookup.answered", actor=worker, purpose=purpose, any_shown=shown)


def cells(counted: Counted) -> Mapping[str, int | None]:
    return {cell.code: cell.count for cell in counted.cells}


def test_looks_are_counted_by_purpose_team_and_outcome() -> None:
    entries = [
        *[looked("een", PURPOSES[0], shown=True)] * 30,
        *[looked("drie", PURPOSES[1], shown=False)] * 20,
        *[entry("lookup.refused", actor="twee", purpose=PURPOSES[0], reason="no-relation")] * 15,
        *[entry("view.useful", actor="een", purpose=PURPOSES[0], useful="ja")] * 11,
    ]
    found = count(entries, APRIL, PURPOSES, COLLEAGUES)
    assert cells(found.purposes) == {PURPOSES[0]: 45, PURPOSES[1]: 20}
    assert cells(found.teams) == {"noord": 45, "zuid": 20}
    assert cells(found.outcomes) == {"met-signaal": 30, "zonder-signaal": 20, "geweigerd": 15}
    assert found.purposes.total == found.teams.total == found.outcomes.total == 65
    assert cells(found.useful) == {"ja": None, "nee": None, "weet-niet": None}, (
        "two small cells, and the rest"
    )
    assert found.useful.total == 11


def test_what_fits_nowhere_is_counted_apart() -> None:
    entries = [looked("weg", "afgeschaft", shown=True)] * 12 + [looked("een", None, shown=True)] * 11
    found = count(entries, APRIL, (), COLLEAGUES)
    assert cells(found.purposes) == {OTHER: 23}
    assert cells(found.teams) == {"noord": None, "zuid": None, OTHER: 12}


@given(st.integers(0, 25), st.integers(0, 60), st.integers(0, 25))
def test_who_counts_the_refusals_by_searching_learns_no_small_number_of_looks_with_a_signal(
    with_signal: int, without: int, refused: int
) -> None:
    entries = [
        *[looked("een", PURPOSES[0], shown=True)] * with_signal,
        *[looked("een", PURPOSES[0], shown=False)] * without,
        *[entry("lookup.refused", actor="een", purpose=PURPOSES[0], reason="no-relation")] * refused,
    ]
    found = count(entries, APRIL, PURPOSES, COLLEAGUES).outcomes
    shown = {**cells(found), "geweigerd": refused}
    if min(with_signal, without) < 10:
        assert shown["met-signaal"] is None
        assert shown["zonder-signaal"] is None


WHO, WHAT = st.sampled_from([*COLLEAGUES, "weg"]), st.sampled_from([*PURPOSES, "afgeschaft", None])


@given(st.lists(st.tuples(WHO, WHAT, st.booleans()), max_size=80))
def test_every_table_has_the_same_total_and_shows_nothing_small(
    looks: list[tuple[str, str | None, bool]],
) -> None:
    found = count((looked(who, what, shown=shown) for who, what, shown in looks), APRIL, PURPOSES, COLLEAGUES)
    total = len(looks) if len(looks) >= 10 else None
    for counted in (found.purposes, found.teams, found.outcomes, found.share):
        assert counted.total == total
        assert all(cell.count is None or cell.count >= 10 for cell in counted.cells)


# --- As the privacy officer asks for them -------------------------------------------------------------------------


def acting(tx: Any, staff_id: str) -> Actor:
    return Actor.in_all_roles(staff_id, tx.staff.get(staff_id), second_factor=True, token_id="test")


def ask(world: Any, month: Month, staff_id: str = "p.officer") -> Any:
    return world.database.run(lambda tx: figures(tx, RULES, acting(tx, staff_id), month, world.clock))


@pytest.fixture
def two_months(world: Any) -> Any:
    """Eleven looks in the last seconds of March in the Netherlands, twelve from the first one of April on."""
    midnight = datetime(2026, 3, 31, 22, tzinfo=UTC)

    def look(tx: Any, at: datetime, organisation: str | None = None) -> None:
        actor = acting(tx, "w.een")
        if organisation is not None:
            assert actor.staff is not None
            actor = replace(actor, staff=replace(actor.staff, organisation=organisation))
        tx.audit.append(audit.act("lookup.answered", at, actor, purpose=PURPOSES[0], any_shown=True))

    for at, times in ((midnight - timedelta(seconds=1), 11), (midnight, 12)):
        for _ in range(times):
            world.database.run(lambda tx, at=at: look(tx, at))
    world.database.run(lambda tx: look(tx, midnight, world.ZORG))
    world.clock = datetime(2026, 5, 4, 9, tzinfo=UTC)
    return world


def test_a_month_begins_and_ends_in_dutch_time_and_is_the_organisations_own(two_months: Any) -> None:
    assert ask(two_months, Month(2026, 3)).purposes.total == 11
    assert ask(two_months, APRIL).purposes.total == 12
    records = two_months.records("oversight.read")
    assert [(each.fields["page"], each.fields["selection"]) for each in records] == [
        ("figures", "2026-04"),
        ("figures", "2026-03"),
    ]


@pytest.mark.parametrize("month", [Month(2026, 5), Month(2026, 6), Month(2025, 4), Month(1, 1)])
def test_there_are_figures_of_closed_months_only(two_months: Any, month: Month) -> None:
    with pytest.raises(NotFound, match="no-such-month"):
        ask(two_months, month)


@pytest.mark.parametrize("who", ["w.een", "t.lead", "w.nobody"])
def test_they_are_for_who_oversees_and_who_administers_alone(two_months: Any, who: str) -> None:
    with pytest.raises(NotPermitted):
        ask(two_months, APRIL, who)


def test_who_administers_gets_the_same_counts_and_it_is_on_record_as_hers(two_months: Any) -> None:
    assert ask(two_months, APRIL, "f.beheer") == ask(two_months, APRIL)
    assert two_months.records("administration.read")[0].fields["selection"] == str(APRIL)


@given(st.lists(st.tuples(WHO, WHAT, st.booleans()), max_size=80))
def test_a_share_is_told_only_of_counts_that_are_shown(looks: list[tuple[str, str | None, bool]]) -> None:
    found = count((looked(who, what, shown=shown) for who, what, shown in looks), APRIL, PURPOSES, COLLEAGUES)
    shown = [cell.count for cell in found.share.cells]
    if found.percent_with_signal is not None:
        assert shown[0] is not None
        assert found.percent_with_signal == round(100 * shown[0] / len(looks))
    else:
        is_small = min(sum(s for *_, s in looks), sum(not s for *_, s in looks)) < 10
        assert is_small or found.outcomes.cells[0].count is None
    assert found.outcomes.cells[0].count is not None or shown == [None, None], (
        "no more than the table beside it"
    )


def offered(world: Any, today: date) -> list[Month]:
    months: list[Month] = world.database.run(lambda tx: list(closed_months(tx, today)))
    return months


def test_closed_months_are_whole_ones_that_are_over(world: Any) -> None:
    assert offered(world, date(2026, 1, 31))[:2] == [Month(2025, 12), Month(2025, 11)]
    assert len(offered(world, date(2026, 1, 31))) == 12


def test_no_month_is_offered_from_before_the_log_began_but_the_last(world: Any) -> None:
    world.database.run(lambda tx: tx.log.integrate(world.clock, 10_000))
    assert offered(world, date(2026, 6, 1)) == [Month(2026, 5), APRIL, Month(2026, 3)]
    assert offered(world, date(2026, 3, 9)) == [Month(2026, 2)]
    with pytest.raises(NotFound, match="no-such-month"):
        ask(world, Month(2026, 1))
