"""Score every look, and make the work list of every week that is over.

The log is read in the order of its tree, some records per transaction, so that looks are answered meanwhile. A run
first reads back as far as habits reach, to know what is usual, and then scores what is new. A run that stops half-way
is taken up by the next; one that has nothing to do changes nothing.

Invariants:
1. Every look in the tree is scored once, and one run scores at a time.
2. The list of a week is made once, after every look of that week was scored.
3. Nobody chooses by hand, and the lot is drawn from chance that is handed in.

Whoever controls this module can keep a look off the list; that every week was listed, of how many looks, is on record.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from random import Random
from typing import Final

from signal_index import audit
from signal_index.errors import Conflict
from signal_index.model import dutch_day
from signal_index.model.days import day_start
from signal_index.model.review import Chosen, LookRef, Reason, Review, Watched, Week, in_order, kind_of
from signal_index.ports import Transaction
from signal_index.ports.oversight import Logged
from signal_index.review.history import HEARD, Heard, History, UnderWatch
from signal_index.review.indicators import reasons
from signal_index.review.looks import Record
from signal_index.review.policy import ReviewPolicy
from signal_index.review.selection import Candidate, choose

AT_ONCE: Final = 250
"""Entries of the tree per transaction: some tens of milliseconds in which no look is answered."""
_WEEK: Final = timedelta(days=7)


@dataclass
class Reading:
    """One run through the log.

    Args:
        history: what it has told so far.
        position: the next entry to read.
        scored_before: looks before this position were scored by an earlier run.
        scored: looks scored by this one.
    """

    history: History
    policy: ReviewPolicy
    position: int
    scored_before: int
    scored: int = 0


def begin(tx: Transaction, policy: ReviewPolicy, now: datetime) -> Reading:
    """Start a run: as far back as habits reach before the first look that is new.

    Args:
        tx: the open transaction.
        policy: the review policy.
        now: aware UTC.
    """
    new_from = tx.reviews.read_up_to()
    if new_from is None:
        new_from = tx.chronicle.position_at(now - policy.habit)
        tx.reviews.put_read_up_to(new_from)
    teams = {member.staff_id: f"{member.organisation}/{member.team}" for member in tx.staff.all()}
    history = History(policy, lambda worker: teams.get(worker, ""), _under_watch(tx))
    first_new = tx.chronicle.moment_at(new_from) or now
    start = min(new_from, tx.chronicle.position_at(first_new - policy.habit))
    return Reading(history, policy, start, new_from)


def _under_watch(tx: Transaction) -> Callable[[date], UnderWatch]:
    """What was under watch on the day of a look, which may be scored after the watch began or ended."""
    known = [
        (each, tx.chronicle.mark_of(each.person) if each.person else None) for each in tx.reviews.watches()
    ]

    def on(day: date) -> UnderWatch:
        standing = [(watch, mark) for watch, mark in known if watch.put_on <= day <= watch.until]
        cases = [(watch, mark) for watch, mark in standing if watch.what is Watched.CASE]
        return UnderWatch(
            cases=frozenset(watch.about for watch, _ in cases),
            persons=frozenset(mark for _, mark in cases if mark is not None),
            workers=frozenset(watch.about for watch, _ in standing if watch.what is Watched.WORKER),
        )

    return on


def go_on(tx: Transaction, reading: Reading) -> bool:
    """Read some more; looks that are new are scored and stored.

    Args:
        tx: the open transaction.
        reading: the run; after an error it is of no use any more.

    Returns:
        False when everything in the tree has been read.

    Raises:
        Conflict: `read-meanwhile`: another run scored looks while this one was going on.
    """
    start, size = reading.position, tx.chronicle.size()
    end = min(start + AT_ONCE, size)
    if start < reading.scored_before:
        end = min(end, reading.scored_before)
    fresh: dict[LookRef, Review] = {}
    later: list[tuple[LookRef, Reason]] = []
    for logged in tx.chronicle.read(start, end, HEARD):
        heard = reading.history.hear(_record(logged))
        if logged.position >= reading.scored_before:
            fresh |= _scored(heard, reading.policy)
            later += heard.later
    if end > reading.scored_before:
        _keep(tx, reading, fresh, later, end=end)
    reading.position = end
    return end < size


def _record(logged: Logged) -> Record:
    entry = logged.entry
    return Record(LookRef(entry.writer, entry.number), entry.event, entry.at, entry.fields, logged.person)


def _scored(heard: Heard, policy: ReviewPolicy) -> dict[LookRef, Review]:
    if heard.look is None:
        return {}
    look, around = heard.look
    return {
        look.ref: Review(
            ref=look.ref,
            looked_at=look.at,
            worker=look.worker,
            relation=look.relation,
            answered=look.refusal is None,
            reasons=reasons(look, around, policy),
        )
    }


def _keep(
    tx: Transaction,
    reading: Reading,
    fresh: dict[LookRef, Review],
    later: Sequence[tuple[LookRef, Reason]],
    *,
    end: int,
) -> None:
    """Store what was scored, and what showed only now of looks before."""
    if tx.reviews.read_up_to() != max(reading.position, reading.scored_before):
        raise Conflict(
            "read-meanwhile", "Er loopt al een beoordeling van het logboek. Wacht tot die klaar is."
        )
    changed = dict(fresh)
    for ref, reason in later:
        review = changed.get(ref) or tx.reviews.get(ref)
        if review is not None and review.judgement is None:
            changed[ref] = _with(review, reason)
    tx.reviews.put_all(list(changed.values()))
    tx.reviews.put_read_up_to(end)
    reading.scored += len(fresh)


def _with(review: Review, reason: Reason) -> Review:
    """The look with one more reason; one indicator speaks once."""
    others = [each for each in review.reasons if each.indicator is not reason.indicator]
    return replace(review, reasons=in_order([*others, reason]))


# --- Choosing ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Listed:
    """The work list of one week, as it was made.

    Args:
        striking: looks that stand out.
        sampled: looks drawn by lot.
    """

    week: Week
    striking: int
    sampled: int


def list_weeks(tx: Transaction, policy: ReviewPolicy, chance: Random, now: datetime) -> Sequence[Listed]:
    """Make the work list of every week that is over and has none; recorded per week.

    Before the first list only the last week counts: what lies before it was made when nobody was told of review.

    Args:
        tx: the open transaction.
        policy: the review policy.
        chance: unpredictable for those whose looks these are.
        now: aware UTC; every look of the weeks before must have been scored.
    """
    made = [list_week(tx, policy, chance, monday, now) for monday in _due(tx, dutch_day(now))]
    if made:
        tx.reviews.remove_unchosen(day_start(made[-1].week.monday + _WEEK) - policy.waits)
    return made


def _due(tx: Transaction, today: date) -> Iterator[date]:
    """The Mondays of the weeks that are over and were not listed, oldest first."""
    this_monday = today - timedelta(days=today.weekday())
    weeks = tx.reviews.weeks()
    monday = weeks[-1].monday + _WEEK if weeks else this_monday - _WEEK
    while monday < this_monday:
        yield monday
        monday += _WEEK


def list_week(tx: Transaction, policy: ReviewPolicy, chance: Random, monday: date, now: datetime) -> Listed:
    """Make the work list of one week that has none, of the looks that were scored; recorded.

    `list_weeks` does this for every week that is over; by itself it closes a week that is not.

    Args:
        tx: the open transaction.
        policy: the review policy.
        chance: as in `list_weeks`.
        monday: of the week.
        now: aware UTC.
    """
    begin_at, end_at, today = day_start(monday), day_start(monday + _WEEK), dutch_day(now)
    pool = {review.ref: review for review in _pool(tx, policy, begin_at, end_at)}
    candidates = [_candidate(review, begin_at) for review in pool.values()]
    lately = [
        _candidate(review, begin_at)
        for review in tx.reviews.chosen_since(today - policy.rests)
        if review.chosen is Chosen.STRIKING
    ]
    chosen = choose(candidates, policy, chance, lately=lately)
    due = today + policy.due
    tx.reviews.put_all(
        [replace(pool[ref], chosen=how, chosen_on=today, due_on=due) for ref, how in chosen.items()]
    )
    week = Week(monday, tx.reviews.count_looks(begin_at, end_at), today)
    tx.reviews.put_week(week)
    striking = sum(how is Chosen.STRIKING for how in chosen.values())
    listed = Listed(week, striking, len(chosen) - striking)
    tx.audit.append(
        audit.event(
            "review.chosen",
            now,
            monday=monday.isoformat(),
            looks=week.looks,
            listed=listed.striking,
            sampled=listed.sampled,
        )
    )
    return listed


def _pool(tx: Transaction, policy: ReviewPolicy, begin_at: datetime, end_at: datetime) -> Iterator[Review]:
    """All looks of the week, and earlier ones that stand out and were not chosen yet."""
    earliest = end_at - policy.waits
    yield from tx.reviews.unchosen(earliest, begin_at, rank_min=policy.rank_min)
    yield from tx.reviews.unchosen(begin_at, end_at, rank_min=0)


def _candidate(review: Review, begin_at: datetime) -> Candidate:
    return Candidate(
        ref=review.ref,
        at=review.looked_at,
        worker=review.worker,
        about=review.relation,
        rank=review.rank,
        kind=kind_of(review.reasons),
        this_week=review.looked_at >= begin_at,
    )


def forget(tx: Transaction, made_before: datetime) -> int:
    """Remove looks whose records have passed their term, judgements included; how many there were."""
    return tx.reviews.remove_older(made_before)
