"""The work list is read and judged on record, by who may, and nobody judges her own look."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any

import pytest

from policy.vocabulary import Role
from signal_index import audit
from signal_index.errors import Conflict, Malformed, NotFound, NotPermitted, SignalIndexError
from signal_index.model import StaffMember
from signal_index.model.days import Days
from signal_index.model.review import GROUNDS, Chosen, Ground, Judgement, LookRef, Watched
from signal_index.usecases.oversight import alert, worklist
from signal_index.usecases.oversight.kept import kept
from signal_index.usecases.oversight.watching import WatchRequest, lift_watch, put_watch, watches
from signal_index.usecases.oversight.worklist import Verdict, judge

ORGANISATION, OTHER = "00000099000000000001", "00000099000000000002"
MONDAY = datetime(2026, 1, 12, 9, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
RIGHT = (Judgement.RIGHT, Ground.VISIT)
ASKED = (Judgement.QUESTION, Ground.ASKED_WORKER)
WRONG = (Judgement.WRONG, Ground.CURIOSITY)


@pytest.fixture
def listed(office: Any) -> Any:
    """An office with one look that stands out and two drawn by lot, listed on Monday 19 January, due on the 26th."""
    own: dict[str, Any] = {
        "actor": "w.een",
        "organisation": "00000099000000000001",
        "token": "t",
        "relation": f"{CASE}",
    }
    office.tell(audit.event("relation.registered", MONDAY, self_registered=True, **own))
    office.look(MONDAY + HOUR, CASE, "w.een", purpose="voorbereiding-huisbezoek")
    for number in range(2):
        office.look(MONDAY + (2 + number) * HOUR, f"{CASE[:-1]}{number + 2}", "w.twee")
    office.review(date(2026, 1, 19))
    return office


CASE = "7a0e2c5e-0000-4000-8000-000000000001"


def read(office: Any, who: str = "p.officer") -> worklist.Worklist:
    actor = office.actor(who)
    found: worklist.Worklist = office.run(lambda tx: worklist.worklist(tx, actor, office.policy, office.now))
    return found


def test_among_looks_due_on_one_day_the_most_striking_come_first_and_the_lot_last(office: Any) -> None:
    for number, worker in enumerate(("w.een", "w.twee", "w.drie")):
        case = f"{CASE[:-1]}{number + 1}"
        own: dict[str, Any] = {"actor": worker, "organisation": "00000099000000000001", "token": "t"}
        if number:
            at = MONDAY + number * HOUR + (10 * HOUR if number == 2 else timedelta())
            office.tell(audit.event("relation.registered", at, self_registered=True, relation=case, **own))
            office.look(at + HOUR / 2, case, worker)
        else:
            office.look(MONDAY, case, worker)
    office.review(date(2026, 1, 19))
    items = read(office).items
    assert len({each.due_on for each in items}) == 1
    assert [each.chosen for each in items] == [Chosen.STRIKING, Chosen.STRIKING, Chosen.SAMPLE]
    first, second = ({str(why) for why in each.why} for each in items[:2])
    assert second < first  # also outside office time


def conclude(office: Any, ref: LookRef, verdict: tuple[Judgement, Ground], who: str = "p.officer") -> Any:
    actor = office.actor(who)
    return office.run(lambda tx: judge(tx, actor, Verdict(ref, *verdict), office.policy, office.now))


@pytest.fixture
def ref(listed: Any) -> LookRef:
    """The look that stands out."""
    [found] = [
        review.ref for review in listed.run(lambda tx: tx.reviews.open()) if review.chosen is Chosen.STRIKING
    ]
    assert isinstance(found, LookRef)
    return found


def test_the_list_says_why_and_until_when_and_no_more(listed: Any) -> None:
    actor = listed.actor()
    found = listed.run(lambda tx: worklist.worklist(tx, actor, listed.policy, listed.now))
    assert len(found.items) == 3
    striking = next(item for item in found.items if item.chosen is Chosen.STRIKING)
    assert "De medewerker maakte deze zaak kort ervoor zelf aan." in map(str, striking.why)
    assert {(item.due_on, item.late, item.asked) for item in found.items} == {
        (date(2026, 1, 26), False, False)
    }
    assert "w.een" not in repr(found.items)
    assert CASE not in repr(found.items)
    assert [record.fields["items"] for record in listed.records("worklist.read")] == [3]


def test_a_judgement_closes_a_look_and_is_on_record(listed: Any, ref: LookRef) -> None:
    judged = conclude(listed, ref, WRONG)
    assert (judged.judgement, judged.ground, judged.judged_by) == (*WRONG, "p.officer")
    assert ref not in {review.ref for review in listed.run(lambda tx: tx.reviews.open())}
    [record] = listed.records("review.judged")
    assert (record.fields["verdict"], record.fields["ground"]) == ("onterecht", "eigen-belang")
    with pytest.raises(Conflict) as refused:
        conclude(listed, ref, RIGHT)
    assert refused.value.code == "judged"


def test_a_question_gets_a_day_of_its_own_and_needs_a_second_judgement(listed: Any, ref: LookRef) -> None:
    listed.now = MONDAY + 10 * DAY
    asked = conclude(listed, ref, ASKED)
    assert (asked.is_open, asked.follow_up_on) == (True, date(2026, 2, 5))
    actor = listed.actor()
    found = listed.run(lambda tx: worklist.worklist(tx, actor, listed.policy, listed.now))
    assert [(item.asked, item.due_on) for item in found.items if item.ref == ref] == [
        (True, date(2026, 2, 5))
    ]
    assert found.items[-1].ref == ref  # the others are due sooner
    with pytest.raises(Conflict):
        conclude(listed, ref, ASKED)
    assert not conclude(listed, ref, RIGHT).is_open


def test_nobody_judges_her_own_look(listed: Any, ref: LookRef) -> None:
    """The roles exclude each other, but she may have been a worker when she looked."""
    mine = listed.run(lambda tx: tx.reviews.get(ref))
    listed.run(lambda tx: tx.reviews.put(replace(mine, worker="p.officer")))
    for verdict in (RIGHT, ASKED, WRONG):
        with pytest.raises(Conflict) as refused:
            conclude(listed, ref, verdict)
        assert refused.value.code == "own-look"
    assert conclude(listed, ref, RIGHT, "p.tweede").judged_by == "p.tweede"


@pytest.mark.parametrize(
    ("judgement", "ground"),
    [pair for pair in product(Judgement, Ground) if pair[1] not in GROUNDS[pair[0]]],
)
def test_a_ground_of_another_judgement_is_refused(
    listed: Any, ref: LookRef, judgement: Judgement, ground: Ground
) -> None:
    with pytest.raises(Malformed) as refused:
        conclude(listed, ref, (judgement, ground))
    assert refused.value.code == "ground"
    assert listed.records("review.judged") == []


def test_a_look_that_is_on_no_list_cannot_be_judged(listed: Any) -> None:
    ref = listed.look(MONDAY + 9 * DAY, CASE, "w.drie")
    listed.score()
    for unknown in (ref, LookRef(b"writer99", 1)):
        with pytest.raises(NotFound):
            conclude(listed, unknown, RIGHT)
    assert listed.records("review.judged") == []


def test_an_organisation_sees_counts_and_judges_no_look_of_another(listed: Any, ref: LookRef) -> None:
    """Two organisations share one index; the record says whose look it was."""

    def staff(tx: Any) -> None:
        for name, role in (("w.ander", Role.TEAM_MEMBER), ("p.ander", Role.PRIVACY_OFFICER)):
            tx.staff.put(StaffMember(name, OTHER, "west", active=True))
            tx.staff.grant(name, role.value, "setup", MONDAY)

    listed.run(staff)
    theirs = listed.look(MONDAY + 7 * DAY, CASE, "w.ander", organisation=OTHER)
    listed.review(date(2026, 1, 26))
    assert theirs in {review.ref for review in listed.run(lambda tx: tx.reviews.open())}
    assert [item.ref for item in read(listed, "p.ander").items] == [theirs]
    own = {item.ref for item in read(listed).items}
    assert (len(own), theirs in own) == (3, False)
    officers = {"p.officer": theirs, "p.ander": ref}
    for who, of_others in officers.items():
        with pytest.raises(NotFound):
            conclude(listed, of_others, RIGHT, who)
    assert listed.records("review.judged") == []
    counted = {
        name: listed.run(lambda tx, name=name: alert.claim_alert(tx, name, listed.now)).open
        for name in (ORGANISATION, OTHER)
    }
    assert counted == {ORGANISATION: 3, OTHER: 1}
    listed.now += 30 * DAY
    actor = listed.actor("p.ander")
    days = Days(date(2026, 1, 12), date(2026, 2, 1))
    found = listed.run(lambda tx: kept(tx, actor, listed.policy, days, listed.now))
    assert found.listed + found.sampled == 1
    assert conclude(listed, theirs, RIGHT, "p.ander").judged_by == "p.ander"


@pytest.mark.parametrize("who", ["w.een", "f.beheer", "nobody"])
def test_only_a_privacy_officer_reads_judges_watches_and_reports(listed: Any, ref: LookRef, who: str) -> None:
    actor, days = listed.actor(who), Days(date(2026, 1, 12), date(2026, 1, 18))
    verdict = Verdict(ref, *RIGHT)
    request = WatchRequest(Watched.WORKER, "w.een", date(2026, 2, 1), "PO-1")
    jobs = (
        lambda tx: worklist.worklist(tx, actor, listed.policy, listed.now),
        lambda tx: judge(tx, actor, verdict, listed.policy, listed.now),
        lambda tx: kept(tx, actor, listed.policy, days, listed.now),
        lambda tx: put_watch(tx, actor, request, listed.now),
        lambda tx: lift_watch(tx, actor, b"w" * 16, listed.now),
        lambda tx: watches(tx, actor, listed.now),
    )
    for job in jobs:
        with pytest.raises(NotPermitted):
            listed.run(job)
    without = listed.actor("p.officer", second_factor=False)
    with pytest.raises(NotPermitted):
        listed.run(lambda tx: worklist.worklist(tx, without, listed.policy, listed.now))
    assert listed.run(lambda tx: tx.reviews.watches()) == []


# --- Was the policy kept? -----------------------------------------------------------------------------------------


def report(office: Any, first: date, last: date) -> Any:
    actor = office.actor()
    return office.run(lambda tx: kept(tx, actor, office.policy, Days(first, last), office.now))


def test_the_report_tells_what_was_judged_in_time_late_and_not(listed: Any, ref: LookRef) -> None:
    others = [each.ref for each in listed.run(lambda tx: tx.reviews.open()) if each.ref != ref]
    listed.now = MONDAY + 8 * DAY
    conclude(listed, ref, WRONG)
    listed.now = MONDAY + 20 * DAY
    conclude(listed, others[0], RIGHT)
    listed.now = MONDAY + 30 * DAY
    found = report(listed, date(2026, 1, 12), date(2026, 1, 31))
    assert (found.weeks, found.looks, found.listed, found.sampled) == (1, 3, 1, 2)
    assert (found.in_time, found.late, found.open) == (1, 2, 0)
    assert dict(found.judgements) == {Judgement.RIGHT: 1, Judgement.QUESTION: 0, Judgement.WRONG: 1}
    assert found.missing == (date(2026, 1, 19),)
    assert "w.een" not in repr(found)
    assert CASE not in repr(found)
    assert [record.event for record in listed.records("review.reported")] == ["review.reported"]


def test_weeks_are_missing_too_when_there_never_was_a_list(office: Any) -> None:
    office.look(MONDAY, CASE)
    office.now = MONDAY + 40 * DAY
    found = report(office, date(2026, 1, 1), date(2026, 1, 31))
    assert found.weeks == 0
    assert date(2026, 1, 12) in found.missing
    assert date(2026, 1, 19) in found.missing


def test_a_look_that_may_still_be_judged_is_neither_late_nor_in_time(listed: Any) -> None:
    listed.now = MONDAY + 9 * DAY
    found = report(listed, date(2026, 1, 12), date(2026, 1, 19))
    assert (found.in_time, found.late, found.open) == (0, 0, 3)


@pytest.mark.parametrize(
    ("final_on", "state"), [(date(2026, 2, 5), "in_time"), (date(2026, 2, 6), "late"), (None, "late")]
)
def test_a_question_is_in_time_only_when_its_answer_is(
    listed: Any, ref: LookRef, final_on: date | None, state: str
) -> None:
    listed.now = MONDAY + 10 * DAY
    conclude(listed, ref, ASKED)
    if final_on is not None:
        listed.now = datetime(2026, final_on.month, final_on.day, 9, 0, tzinfo=UTC)
        conclude(listed, ref, RIGHT)
    listed.now = MONDAY + 60 * DAY
    found = report(listed, date(2026, 1, 12), date(2026, 1, 19))
    assert (found.in_time, found.late) == ((1, 2) if state == "in_time" else (0, 3))


def test_few_looks_with_a_reason_are_not_counted_out_loud(listed: Any) -> None:
    listed.now = MONDAY + 30 * DAY
    found = report(listed, date(2026, 1, 12), date(2026, 1, 31))
    assert found.by_indicator
    assert {(each.listed, each.wrong) for each in found.by_indicator} == {(None, None)}


@pytest.mark.parametrize(
    ("first", "last"), [(date(2026, 1, 13), date(2026, 1, 12)), (date(2026, 1, 1), date(2026, 1, 19))]
)
def test_a_period_that_is_not_over_has_no_report(listed: Any, first: date, last: date) -> None:
    with pytest.raises(Malformed) as refused:
        report(listed, first, last)
    assert refused.value.code == "period"


# --- Watching and mail --------------------------------------------------------------------------------------------


def test_a_worker_is_put_under_watch_and_taken_off_on_record(listed: Any) -> None:
    actor = listed.actor()
    request = WatchRequest(Watched.WORKER, "w.een", date(2026, 3, 1), "PO-2026-014")
    watch = listed.run(lambda tx: put_watch(tx, actor, request, listed.now))
    assert listed.run(lambda tx: watches(tx, actor, listed.now)) == [watch]
    listed.run(lambda tx: lift_watch(tx, actor, watch.watch_id, listed.now))
    assert listed.run(lambda tx: watches(tx, actor, listed.now)) == []
    put, lifted = listed.records("watch.put")[0], listed.records("watch.lifted")[0]
    assert put.fields["worker"] == lifted.fields["worker"] == "w.een"
    assert put.fields["dossier"] == "PO-2026-014"
    with pytest.raises(NotFound):
        listed.run(lambda tx: lift_watch(tx, actor, watch.watch_id, listed.now))


@pytest.mark.parametrize(
    ("what", "about", "until"),
    [
        (Watched.WORKER, "w.een", date(2026, 1, 18)),
        (Watched.WORKER, "w.een", date(2027, 3, 1)),
        (Watched.WORKER, "w.niemand", date(2026, 3, 1)),
        (Watched.CASE, CASE, date(2026, 3, 1)),
        (Watched.CASE, "no-uuid", date(2026, 3, 1)),
    ],
)
def test_what_cannot_be_watched_is_refused(listed: Any, what: Watched, about: str, until: date) -> None:
    actor = listed.actor()
    with pytest.raises(Malformed):
        listed.run(lambda tx: put_watch(tx, actor, WatchRequest(what, about, until, "PO-1"), listed.now))


@pytest.mark.parametrize("dossier", ["", "niet zo", "999900006"])
def test_nothing_is_watched_without_a_dossier_number(listed: Any, dossier: str) -> None:
    actor, request = listed.actor(), WatchRequest(Watched.WORKER, "w.een", date(2026, 3, 1), dossier)
    with pytest.raises(Malformed) as refused:
        listed.run(lambda tx: put_watch(tx, actor, request, listed.now))
    assert [name for name, _ in refused.value.violations] == ["dossier"]
    assert listed.records("watch.put") == []


def test_an_organisation_neither_sees_nor_lifts_a_watch_of_another(listed: Any) -> None:
    def staff(tx: Any) -> None:
        tx.staff.put(StaffMember("p.ander", OTHER, "west", active=True))
        tx.staff.grant("p.ander", Role.PRIVACY_OFFICER.value, "setup", MONDAY)

    listed.run(staff)
    own, other = listed.actor(), listed.actor("p.ander")
    request = WatchRequest(Watched.WORKER, "w.een", date(2026, 3, 1), "PO-1")
    watch = listed.run(lambda tx: put_watch(tx, own, request, listed.now))
    assert listed.run(lambda tx: watches(tx, other, listed.now)) == []
    with pytest.raises(NotFound):
        listed.run(lambda tx: lift_watch(tx, other, watch.watch_id, listed.now))
    assert listed.run(lambda tx: watches(tx, own, listed.now)) == [watch]


def test_the_mail_of_a_day_is_taken_up_once_and_only_when_something_waits(listed: Any, ref: LookRef) -> None:
    found = listed.run(lambda tx: alert.claim_alert(tx, ORGANISATION, listed.now))
    assert (found.open, found.late) == (3, 0)
    assert listed.run(lambda tx: alert.claim_alert(tx, ORGANISATION, listed.now)) is None
    listed.now += 9 * DAY
    assert listed.run(lambda tx: alert.claim_alert(tx, ORGANISATION, listed.now)).late == 3
    for review in listed.run(lambda tx: tx.reviews.open()):
        conclude(listed, review.ref, RIGHT)
    assert listed.run(lambda tx: alert.claim_alert(tx, ORGANISATION, listed.now + DAY)) is None


def test_no_record_or_error_of_review_names_a_resident(listed: Any, ref: LookRef) -> None:
    read(listed)
    conclude(listed, ref, WRONG)
    with pytest.raises(SignalIndexError) as refused:
        conclude(listed, ref, WRONG)
    told = [record.fields for record in listed.records("worklist.read", "review.judged")]
    assert len(told) == 2
    for said in (json.dumps(told), str(refused.value)):
        assert CASE not in said
        assert "w.een" not in said
