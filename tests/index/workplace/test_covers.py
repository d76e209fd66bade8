"""A cover lets the one colleague a worker named look for her, on the days she named, and nobody else ever."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from signal_index.enforcement import Standing
from signal_index.errors import Conflict, Malformed, NotFound, NotPermitted
from signal_index.model import Actor, CareRelation
from signal_index.model.workplace import COVER_DAYS_MAX, Cover, CoverReason
from signal_index.ports import Transaction
from signal_index.usecases import relations
from signal_index.usecases.relations import find_standing
from signal_index.usecases.workplace import covers
from signal_index.usecases.workplace.covers import CoverRequest

TODAY = date(2026, 3, 3)
MEMBER, LEAD = "wijkteammedewerker", "teamleider"


def _day(offset: int) -> date:
    return TODAY + timedelta(days=offset)


def _request(delegate: str = "w.twee", first: int = 0, last: int = 6) -> CoverRequest:
    return CoverRequest(delegate, _day(first), _day(last), CoverReason.LEAVE)


def _arrange(office: Any, request: CoverRequest, staff_id: str = "w.een") -> Cover:
    cover: Cover = office.act(
        staff_id, lambda tx, actor: covers.arrange(tx, actor, request, office.world.clock)
    )
    return cover


def _end(office: Any, cover_id: bytes, staff_id: str, role: str | None = None) -> Cover:
    ended: Cover = office.act(
        staff_id, lambda tx, actor: covers.end_cover(tx, actor, cover_id, office.world.clock), role
    )
    return ended


def _standing(office: Any, delegate: str, on: date) -> list[Cover]:
    def job(tx: Transaction) -> list[Cover]:
        staff = tx.staff.get(delegate)
        assert staff is not None
        return list(covers.standing_covers(tx, staff, on))

    found: list[Cover] = office.run(job)
    return found


# --- Arranging ----------------------------------------------------------------------------------------------------


def test_a_cover_is_kept_as_it_was_asked_for_and_recorded(office: Any) -> None:
    cover = _arrange(office, _request(first=1, last=8))
    assert (cover.absentee, cover.delegate, cover.team) == ("w.een", "w.twee", "noord")
    assert office.run(lambda tx: tx.covers.get(office.world.GEMEENTE, cover.cover_id)) == cover
    assert office.world.records("cover.arranged")[0].fields == {
        "actor": "w.een",
        "organisation": office.world.GEMEENTE,
        "token": "test",
        "cover": str(UUID(bytes=cover.cover_id)),
        "delegate": "w.twee",
        "absentee": "w.een",
        "first_day": "2026-03-04",
        "last_day": "2026-03-11",
        "reason": "vrij-of-verlof",
    }


GOOD: list[tuple[str, CoverRequest]] = [
    ("from today", _request(first=0)),
    ("for one day", _request(first=3, last=3)),
    ("for six weeks", _request(first=31, last=31 + COVER_DAYS_MAX - 1)),
    ("until the day before another", _request(first=0, last=19)),
    ("from the day after another", _request(first=31, last=40)),
    ("over days of one that was ended", _request(first=36, last=40)),
    ("from the last day it may begin, for six weeks", _request(first=42, last=42 + COVER_DAYS_MAX - 1)),
]
BAD: list[tuple[str, CoverRequest, list[str]]] = [
    ("by herself", _request("w.een"), ["vervanger"]),
    ("by nobody", _request(""), ["vervanger"]),
    ("by somebody unknown", _request("x.onbekend"), ["vervanger"]),
    ("by somebody blocked", _request("x.geblokkeerd"), ["vervanger"]),
    ("by another team", _request("x.zuid"), ["vervanger"]),
    ("by another organisation", _request("x.elders"), ["vervanger"]),
    ("by somebody who does not look", _request("t.lead"), ["vervanger"]),
    ("by who administers", _request("f.beheer"), ["vervanger"]),
    ("from yesterday", _request(first=-1, last=3), ["van"]),
    ("that ends before it begins", _request(first=4, last=3), ["tot"]),
    ("for six weeks and a day", _request(first=5, last=5 + COVER_DAYS_MAX), ["tot"]),
    ("for ever", CoverRequest("w.twee", TODAY, date.max, CoverReason.OTHER), ["tot"]),
    ("from six weeks and a day ahead", _request(first=43, last=44), ["van"]),
    ("too far ahead and too long", _request(first=43, last=43 + COVER_DAYS_MAX), ["van", "tot"]),
    ("on the last day there is", CoverRequest("w.twee", date.max, date.max, CoverReason.OTHER), ["van"]),
    ("backwards from there", CoverRequest("w.twee", date.max, TODAY, CoverReason.OTHER), ["van", "tot"]),
    ("on the first day there was", CoverRequest("w.twee", date.min, date.min, CoverReason.OTHER), ["van"]),
    ("all of time", CoverRequest("w.twee", date.min, date.max, CoverReason.OTHER), ["van", "tot"]),
    ("over the first day of another", _request(first=15, last=20), ["van"]),
    ("over the last day of another", _request("w.drie", first=30, last=35), ["van"]),
    ("within another", _request("w.drie", first=24, last=25), ["van"]),
    ("around another", _request(first=10, last=35), ["van"]),
    ("wrong in every way", _request("x.onbekend", first=-1, last=-5), ["vervanger", "van", "tot"]),
]


@pytest.fixture
def planned(office: Any) -> Any:
    """An office in which w.een is covered from the twentieth day to the thirtieth; a later cover was ended."""
    office.hire("w.drie")
    office.hire("x.geblokkeerd", active=False)
    office.hire("x.zuid", team="zuid")
    office.hire("x.elders", organisation=office.world.ZORG)
    _arrange(office, _request(first=20, last=30))
    _end(office, _arrange(office, _request(first=36, last=41)).cover_id, "w.een")
    return office


@pytest.mark.parametrize(("_what", "request_"), GOOD, ids=[row[0] for row in GOOD])
def test_a_cover_that_may_be_is_arranged(planned: Any, _what: str, request_: CoverRequest) -> None:
    assert _arrange(planned, request_).first_day == request_.first_day


@pytest.mark.parametrize(("_what", "request_", "fields"), BAD, ids=[row[0] for row in BAD])
def test_a_cover_that_may_not_be_names_every_field_to_mend_and_changes_nothing(
    planned: Any, _what: str, request_: CoverRequest, fields: list[str]
) -> None:
    before = planned.run(lambda tx: tx.covers.of_absentee(planned.world.GEMEENTE, "w.een"))
    arranged = len(planned.world.records("cover.arranged"))
    with pytest.raises(Malformed) as refused:
        _arrange(planned, request_)
    assert [field for field, _ in refused.value.violations] == fields
    assert all(text.endswith(".") for _, text in refused.value.violations)
    assert planned.run(lambda tx: tx.covers.of_absentee(planned.world.GEMEENTE, "w.een")) == before
    assert len(planned.world.records("cover.arranged")) == arranged


def test_who_works_elsewhere_cannot_be_found_out_by_asking(planned: Any) -> None:
    texts = set()
    for delegate in ("x.onbekend", "x.geblokkeerd", "x.zuid", "x.elders", "t.lead", "w.een"):
        with pytest.raises(Malformed) as refused:
            _arrange(planned, _request(delegate))
        texts.add(refused.value.violations)
    assert len(texts) == 1


@pytest.mark.parametrize(("staff_id", "role"), [("t.lead", None), ("f.beheer", None), ("w.een", "")])
def test_only_who_looks_can_let_a_colleague_look_for_her(
    office: Any, staff_id: str, role: str | None
) -> None:
    error, record = office.refused(
        staff_id, lambda tx, actor: covers.arrange(tx, actor, _request(), office.world.clock), role
    )
    assert isinstance(error, NotPermitted)
    assert record.fields["reason"] == "role"


def test_covers_cannot_be_stacked_further_than_twelve_weeks_ahead(office: Any) -> None:
    for first in (0, COVER_DAYS_MAX):
        _arrange(office, _request(first=first, last=first + COVER_DAYS_MAX - 1))
    with pytest.raises(Malformed) as refused:
        _arrange(office, _request(first=2 * COVER_DAYS_MAX, last=3 * COVER_DAYS_MAX - 1))
    assert refused.value.violations == (
        ("van", "Begin binnen zes weken. Regel het later opnieuw als dat nodig is."),
    )
    office.on(_day(COVER_DAYS_MAX))
    third = _arrange(office, _request(first=2 * COVER_DAYS_MAX, last=2 * COVER_DAYS_MAX))
    assert third.first_day == _day(2 * COVER_DAYS_MAX)


# --- Ending -------------------------------------------------------------------------------------------------------

# Who, in which role, and the refusal if there is one.
ENDING: list[tuple[str, str, str | None, str | None]] = [
    ("the absent worker", "w.een", MEMBER, None),
    ("her delegate", "w.twee", MEMBER, None),
    ("the team lead", "t.lead", LEAD, None),
    ("a lead who looks too, as a lead", "x.beide", LEAD, None),
    ("a lead who looks too, as a worker", "x.beide", MEMBER, "no-cover"),
    ("a lead who looks too, in both roles", "x.beide", None, None),
    ("another colleague", "w.drie", MEMBER, "no-cover"),
    ("a lead of another team", "x.zuid", LEAD, "no-cover"),
    ("a lead of another organisation", "x.elders", LEAD, "no-cover"),
    ("who administers", "f.beheer", None, "role"),
    ("the absent worker without a role", "w.een", "", "role"),
]


@pytest.mark.parametrize(("_who", "staff_id", "role", "refusal"), ENDING, ids=[row[0] for row in ENDING])
def test_a_cover_is_ended_by_whom_it_concerns(
    planned: Any, _who: str, staff_id: str, role: str | None, refusal: str | None
) -> None:
    planned.hire("x.beide", [MEMBER, LEAD])
    planned.hire("x.zuid", [LEAD], team="zuid")
    planned.hire("x.elders", [LEAD], organisation=planned.world.ZORG)
    cover = _arrange(planned, _request(last=3))
    ended = len(planned.world.records("cover.ended"))
    if refusal is None:
        assert _end(planned, cover.cover_id, staff_id, role) == replace(cover, ended_on=TODAY)
        assert not _standing(planned, "w.twee", TODAY)
        record = planned.world.records("cover.ended")[0].fields
        assert (record["actor"], record["cover"]) == (staff_id, str(UUID(bytes=cover.cover_id)))
    else:
        _, attempt = planned.refused(
            staff_id,
            lambda tx, actor: covers.end_cover(tx, actor, cover.cover_id, planned.world.clock),
            role,
        )
        assert attempt.fields["reason"] == refusal
        assert _standing(planned, "w.twee", TODAY) == [cover]
        assert len(planned.world.records("cover.ended")) == ended


def test_who_moved_to_another_team_ends_her_cover_as_a_worker_and_not_as_a_lead(office: Any) -> None:
    cover = _arrange(office, _request())
    office.hire("w.een", [MEMBER, LEAD], team="zuid")
    with pytest.raises(NotFound, match="no-cover"):
        _end(office, cover.cover_id, "w.een", LEAD)
    assert _end(office, cover.cover_id, "w.een", MEMBER).ended_on == TODAY


def test_ending_a_cover_that_is_over_changes_nothing_and_records_nothing(office: Any) -> None:
    stopped, run_out = _arrange(office, _request(last=2)), _arrange(office, _request(first=3, last=4))
    stopped = _end(office, stopped.cover_id, "w.een")
    office.on(_day(5))
    for cover in (stopped, run_out):
        assert _end(office, cover.cover_id, "w.twee") == cover
    assert len(office.world.records("cover.ended")) == 1


def test_a_cover_nobody_knows_is_not_found(office: Any) -> None:
    with pytest.raises(NotFound, match="no-cover"):
        _end(office, bytes(16), "w.een")


# --- Seeing -------------------------------------------------------------------------------------------------------


def _overview(office: Any, staff_id: str) -> covers.CoverOverview:
    seen: covers.CoverOverview = office.act(
        staff_id, lambda tx, actor: covers.overview(tx, actor, office.world.clock)
    )
    return seen


def test_the_whole_team_sees_a_cover_and_nobody_else_does(office: Any) -> None:
    office.hire("w.drie", name="Aisha")
    office.hire("x.zuid", team="zuid")
    office.hire("x.elders", organisation=office.world.ZORG)
    cover = _arrange(office, _request("w.drie", first=2, last=9))
    views = {
        name: _overview(office, name)
        for name in ("w.een", "w.twee", "w.drie", "t.lead", "x.zuid", "x.elders")
    }
    assert {name: (view.mine, view.for_others, view.team) for name, view in views.items()} == {
        "w.een": ((cover,), (), (cover,)),
        "w.twee": ((), (), (cover,)),
        "w.drie": ((), (cover,), (cover,)),
        "t.lead": ((), (), (cover,)),
        "x.zuid": ((), (), ()),
        "x.elders": ((), (), ()),
    }
    assert views["w.twee"].names == {"w.een": "w.een", "w.drie": "Aisha"}
    assert views["x.zuid"].names == {}


def test_whom_to_ask_is_who_may_be_asked(planned: Any) -> None:
    assert [each.staff_id for each in _overview(planned, "w.een").colleagues] == ["w.drie", "w.twee"]
    assert not _overview(planned, "t.lead").colleagues
    for colleague in _overview(planned, "w.een").colleagues:
        _arrange(planned, _request(colleague.staff_id, first=0, last=1))
        _end(planned, _overview(planned, "w.een").mine[0].cover_id, "w.een")


def test_a_cover_that_is_over_is_seen_by_nobody(office: Any) -> None:
    _arrange(office, _request(last=4))
    office.on(_day(4))
    assert _overview(office, "w.een").mine
    office.on(_day(5))
    for name in ("w.een", "w.twee", "t.lead"):
        view = _overview(office, name)
        assert (view.mine, view.for_others, view.team, view.names) == ((), (), (), {})


@pytest.mark.parametrize("staff_id", ["f.beheer", "p.officer"])
def test_who_neither_looks_nor_leads_has_no_covers_to_see(office: Any, staff_id: str) -> None:
    error, _ = office.refused(staff_id, lambda tx, actor: covers.overview(tx, actor, office.world.clock))
    assert error.code == "role"


# --- Standing -----------------------------------------------------------------------------------------------------

LOST: list[tuple[str, Callable[[Any], None]]] = [
    ("the absent worker is blocked", lambda office: office.hire("w.een", active=False)),
    ("the absent worker looks no more", lambda office: office.hire("w.een", [LEAD])),
    (
        "the absent worker left for another organisation",
        lambda office: office.hire("w.een", organisation=office.world.ZORG),
    ),
    ("the delegate is blocked", lambda office: office.hire("w.twee", active=False)),
    ("the delegate looks no more", lambda office: office.hire("w.twee", [LEAD])),
    (
        "the delegate left for another organisation",
        lambda office: office.hire("w.twee", organisation=office.world.ZORG),
    ),
    ("the absent worker moved to another team", lambda office: office.hire("w.een", team="zuid")),
    ("the delegate moved to another team", lambda office: office.hire("w.twee", team="zuid")),
    ("both moved to another team", lambda office: _move(office, "w.een", "w.twee", team="zuid")),
    (
        "both left for another organisation",
        lambda office: _move(office, "w.een", "w.twee", organisation=office.world.ZORG),
    ),
]


def _move(office: Any, *staff_ids: str, **changed: str) -> None:
    for staff_id in staff_ids:
        office.hire(staff_id, **changed)


@pytest.mark.parametrize(("_what", "lose"), LOST, ids=[row[0] for row in LOST])
def test_a_cover_holds_only_while_both_still_do_this_work_here(
    office: Any, _what: str, lose: Callable[[Any], None]
) -> None:
    cover = _arrange(office, _request())
    assert _standing(office, "w.twee", TODAY) == [cover]
    lose(office)
    assert not _standing(office, "w.twee", TODAY)


def test_a_delegate_of_a_delegate_inherits_nothing(office: Any) -> None:
    office.hire("w.drie")
    relation = office.relation("w.een")
    _arrange(office, _request("w.twee"))
    _arrange(office, _request("w.drie"), "w.twee")
    assert _may_look(office, "w.twee", relation, TODAY)
    assert not _may_look(office, "w.drie", relation, TODAY)


def _may_look(office: Any, staff_id: str, relation: CareRelation, on: date) -> bool:
    def job(tx: Transaction) -> bool:
        actor = Actor.in_all_roles(staff_id, tx.staff.get(staff_id), second_factor=True, token_id="test")
        return isinstance(find_standing(tx, actor, relation.relation_id, on), Standing)

    return bool(office.run(job))


# --- A second person is another person ----------------------------------------------------------------------------


def _confirm(office: Any, staff_id: str, relation: CareRelation) -> CareRelation:
    confirmed: CareRelation = office.act(
        staff_id,
        lambda tx, actor: relations.confirm(tx, actor, relation.relation_id, office.world.clock),
        LEAD,
    )
    return confirmed


@pytest.fixture
def both(office: Any) -> Any:
    """An office in which the colleagues of w.een, w.twee and w.drie, lead the team too."""
    for staff_id in ("w.twee", "w.drie"):
        office.hire(staff_id, [MEMBER, LEAD])
    return office


def _cases(office: Any, staff_id: str) -> list[str]:
    def job(tx: Transaction, actor: Actor) -> list[str]:
        found = relations.caseload(tx, actor, office.world.clock)
        return [each.case_reference for covered in found.covered for each in covered.relations]

    found: list[str] = office.act(staff_id, job, MEMBER)
    return found


@pytest.mark.parametrize(("confirmer", "carried"), [("w.twee", False), ("w.drie", True), ("t.lead", True)])
def test_a_cover_carries_no_look_on_a_relation_that_the_delegate_confirmed(
    both: Any, confirmer: str, *, carried: bool
) -> None:
    relation = both.relation("w.een", registered_by="w.een")
    confirmed = _confirm(both, confirmer, relation)
    cover = _arrange(both, _request("w.twee"))
    assert _may_look(both, "w.twee", relation, TODAY) == carried
    assert _may_look(both, "w.een", relation, TODAY)
    assert _cases(both, "w.twee") == ([relation.case_reference] if carried else [])
    staff = both.run(lambda tx: tx.staff.get("w.twee"))
    actor = Actor.in_one_role("w.twee", staff, MEMBER, second_factor=True, token_id="test")
    assert Standing(confirmed, cover).carries(actor, TODAY) == carried


@pytest.mark.parametrize(("registrar", "carried"), [("w.twee", False), ("i.intake", True)])
def test_a_cover_carries_no_look_on_a_relation_that_the_delegate_registered(
    both: Any, registrar: str, *, carried: bool
) -> None:
    relation = both.relation("w.een", registered_by=registrar)
    _arrange(both, _request("w.twee"))
    assert _may_look(both, "w.twee", relation, TODAY) == carried
    assert _cases(both, "w.twee") == ([relation.case_reference] if carried else [])


@pytest.mark.parametrize("first", [0, 5], ids=["now", "later"])
def test_nobody_confirms_a_relation_of_a_worker_she_covers_for(both: Any, first: int) -> None:
    relation = both.relation("w.een", registered_by="w.een")
    _arrange(both, _request("w.twee", first=first, last=6))
    error, record = both.refused(
        "w.twee",
        lambda tx, actor: relations.confirm(tx, actor, relation.relation_id, both.world.clock),
        LEAD,
    )
    assert isinstance(error, Conflict)
    assert error.code == record.fields["reason"] == "own-relation"
    assert error.detail == "U vervangt deze collega. Vraag iemand anders om te bevestigen."
    assert both.run(lambda tx: tx.relations.get(both.world.GEMEENTE, relation.relation_id)) == relation
    assert not both.world.records("relation.confirmed")
    assert _confirm(both, "w.drie", relation).confirmed_by == "w.drie"


def test_a_cover_that_does_not_stand_at_the_moment_keeps_her_from_confirming_all_the_same(both: Any) -> None:
    relation = both.relation("w.een", registered_by="w.een")
    _arrange(both, _request("w.twee"))
    both.hire("w.een", active=False)
    with pytest.raises(Conflict, match="own-relation"):
        _confirm(both, "w.twee", relation)


@pytest.mark.parametrize("how", ["ended", "run out", "of another worker", "the other way round"])
def test_a_cover_that_is_over_or_between_others_keeps_nobody_from_confirming(both: Any, how: str) -> None:
    both.hire("w.vier")
    relation = both.relation("w.een", registered_by="w.een")
    absentee = {"of another worker": "w.vier", "the other way round": "w.twee"}.get(how, "w.een")
    cover = _arrange(both, _request("w.een" if absentee == "w.twee" else "w.twee", last=2), absentee)
    if how == "ended":
        _end(both, cover.cover_id, absentee, MEMBER)
    elif how == "run out":
        both.on(_day(3))
    assert _confirm(both, "w.twee", relation).confirmed_by == "w.twee"
