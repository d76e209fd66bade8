"""Whether the review policy was kept in a period that is over: figures, without a worker or a case.

Counts below ten of looks by kind of reason are not shown, as in all figures of the product; how many looks were on the
list, judged in time, late or open is about the reviewer, and is always shown.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from policy.vocabulary import Role
from signal_index import audit
from signal_index.errors import Malformed
from signal_index.model import Actor, dutch_day
from signal_index.model.days import Days
from signal_index.model.review import Chosen, Indicator, Judgement, Review
from signal_index.ports import Transaction
from signal_index.review.policy import ReviewPolicy, Sentence
from signal_index.usecases.authority import require_role

from .suppression import SMALLEST_SHOWN
from .worklist import own_reviews


@dataclass(frozen=True)
class ByIndicator:
    """Looks on the list with one reason.

    Args:
        listed: how many; None for fewer than ten.
        wrong: how many of those were found to be without good reason; None for fewer than ten of either.
    """

    indicator: Indicator
    listed: int | None
    wrong: int | None


@dataclass(frozen=True)
class Kept:
    """How review went in one period, of the lists that were made in it.

    Args:
        first_day: inclusive.
        last_day: inclusive; in the past.
        weeks: lists that were made.
        missing: Mondays of weeks within the period that have no list.
        looks: made in the weeks of these lists.
        listed: looks that stood out.
        sampled: looks drawn by lot.
        in_time: judged, or a question asked, by the day they were due; and after a question judged in time too.
        late: judged after that day, or not judged and that day has passed.
        open: not judged yet, and not late.
        judgements: how many of each.
        by_indicator: most listed first.
        policy: in sentences.
    """

    first_day: date
    last_day: date
    weeks: int
    missing: tuple[date, ...]
    looks: int
    listed: int
    sampled: int
    in_time: int
    late: int
    open: int
    judgements: tuple[tuple[Judgement, int], ...]
    by_indicator: tuple[ByIndicator, ...]
    policy: tuple[Sentence, ...]


def kept(tx: Transaction, actor: Actor, policy: ReviewPolicy, days: Days, now: datetime) -> Kept:
    """How review went; asking is recorded.

    Args:
        tx: the open transaction.
        actor: the privacy officer.
        policy: for its sentences.
        days: which.
        now: aware UTC.

    Raises:
        NotPermitted: the actor does not act as a privacy officer.
        Malformed: `period`: it ends before it begins, or is not over.
    """
    staff = require_role(actor, Role.PRIVACY_OFFICER)
    today = dutch_day(now)
    first, last = days.first, days.last
    if days.is_backwards or last >= today:
        text = "Kies een periode die voorbij is, met de eerste dag vóór de laatste."
        raise Malformed("period", text, (("van", text), ("tot", text)))
    asked = audit.event(
        "review.reported",
        now,
        actor=actor.staff_id,
        token=actor.token_id,
        first_day=first.isoformat(),
        last_day=last.isoformat(),
    )
    tx.audit.append(asked)
    chosen = [each for each in tx.reviews.chosen_since(first) if each.chosen_on and each.chosen_on <= last]
    return _figures(tx, policy, days, own_reviews(tx, staff.organisation, chosen), today)


def _figures(
    tx: Transaction, policy: ReviewPolicy, days: Days, reviews: Sequence[Review], today: date
) -> Kept:
    first, last = days.first, days.last
    weeks = tx.reviews.weeks()
    made = [week for week in weeks if first <= week.chosen_on <= last]
    states = Counter(_state(review, today) for review in reviews)
    judged = Counter(review.judgement for review in reviews if review.judgement is not None)
    return Kept(
        first_day=first,
        last_day=last,
        weeks=len(made),
        missing=tuple(_missing(tx, {week.monday for week in weeks}, first, last)),
        looks=sum(week.looks for week in made),
        listed=sum(review.chosen is Chosen.STRIKING for review in reviews),
        sampled=sum(review.chosen is Chosen.SAMPLE for review in reviews),
        in_time=states["in-time"],
        late=states["late"],
        open=states["open"],
        judgements=tuple((judgement, judged[judgement]) for judgement in Judgement),
        by_indicator=tuple(_by_indicator(reviews)),
        policy=policy.sentences(),
    )


def _state(review: Review, today: date) -> str:
    """Whether a look was judged in time, both times if there was a question."""
    first_at = review.asked_at or review.judged_at
    due = review.due_on or date.min
    late = (dutch_day(first_at) if first_at is not None else today) > due
    if review.follow_up_on is not None:
        final = review.judged_at if not review.is_open else None
        late |= (dutch_day(final) if final is not None else today) > review.follow_up_on
    if late:
        return "late"
    return "open" if review.is_open else "in-time"


def _missing(tx: Transaction, listed: set[date], first: date, last: date) -> list[date]:
    """Mondays of whole weeks within the period that have no list, from the first list there ever was.

    When there never was one the log says since when there should have been: nobody reviewing is what must show most.
    """
    since = min(listed, default=None) or _log_began(tx)
    if since is None:
        return []
    begin = max(first, since)
    monday = begin + timedelta(days=-begin.weekday() % 7)
    found = []
    while monday + timedelta(days=6) <= last:
        if monday not in listed:
            found.append(monday)
        monday += timedelta(days=7)
    return found


def _log_began(tx: Transaction) -> date | None:
    began = tx.chronicle.moment_at(0)
    return None if began is None else dutch_day(began)


def _by_indicator(reviews: Sequence[Review]) -> list[ByIndicator]:
    listed: Counter[Indicator] = Counter()
    wrong: Counter[Indicator] = Counter()
    for review in reviews:
        for reason in review.reasons:
            listed[reason.indicator] += 1
            wrong[reason.indicator] += review.judgement is Judgement.WRONG
    return [
        ByIndicator(indicator, _shown(count), _shown(wrong[indicator]))
        for indicator, count in listed.most_common()
    ]


def _shown(count: int) -> int | None:
    return count if count >= SMALLEST_SHOWN else None
