"""What the work list says of a look beside why it was chosen: who looked and what for; and what was judged before.

Whoever controls this module can hide a look from the page, not from the report of the period.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from policy.vocabulary import Role
from signal_index.model import Actor, AuditEntry, dutch_day
from signal_index.model.review import GROUNDS, Chosen, Ground, Judgement, Kind, LookRef, Review, kind_of
from signal_index.ports import Transaction
from signal_index.review.policy import ReviewPolicy, Sentence
from signal_index.review.words import sentence_of
from signal_index.usecases.authority import require_role
from signal_index.usecases.workplace.covers import shown_name

from .looks import LookLine, find_look, line_of
from .worklist import Item, worklist

JUDGED = "review.judged"
PER_PAGE = 20
KINDS: Final[tuple[str, ...]] = (*Kind, Chosen.SAMPLE)
"""What the list can be narrowed to, in the order to offer it."""


@dataclass(frozen=True)
class ToReview:
    """One look that waits for a judgement.

    Args:
        line: who looked, when and what for.
        item: why it was chosen and until when it may wait.
        kind: what its heaviest reason is about; that it is a sample when it was drawn by lot.
    """

    line: LookLine
    item: Item
    kind: str


@dataclass(frozen=True)
class Judged:
    """One judgement that was given."""

    at: datetime
    by: str
    judgement: Judgement
    ground: Ground


@dataclass(frozen=True)
class Judging:
    """How a look stands in review.

    Args:
        why: a sentence per reason, the heaviest first.
        before: the judgements given so far, the first one first.
        late: it waits for longer than the policy allows.
        asked_by: name of the colleague whose question waits for an answer; None when it was her own, or none was asked.
    """

    review: Review
    why: tuple[Sentence, ...]
    before: tuple[Judged, ...]
    late: bool
    asked_by: str | None

    @property
    def asked(self) -> bool:
        """Whether a question was asked, so that only a final judgement is left."""
        return self.review.judgement is Judgement.QUESTION

    @property
    def offered(self) -> tuple[tuple[Judgement, tuple[Ground, ...]], ...]:
        """The judgements to choose from, with their grounds; a question is asked once, and what is closed stays so."""
        if not self.review.is_open:
            return ()
        again = self.asked
        return tuple(
            (each, own) for each, own in GROUNDS.items() if not (again and each is Judgement.QUESTION)
        )


def to_review(tx: Transaction, actor: Actor, policy: ReviewPolicy, now: datetime) -> Sequence[ToReview]:
    """Looks of the organisation that wait for a judgement, the earliest due first; reading them is recorded.

    Raises:
        NotPermitted: the actor does not act as a privacy officer.
    """
    return [_to_review(tx, item) for item in worklist(tx, actor, policy, now).items]


def _to_review(tx: Transaction, item: Item) -> ToReview:
    found = tx.audit.one(item.ref.writer, item.ref.number)
    assert found is not None, "what is on the list has its record"
    return ToReview(line_of(tx, found[0]), item, _kind(tx, item))


FIRST_WITHIN = timedelta(days=8)
"""How long a new index may go without any list: whoever sets it up needs some days to have everything run."""


@dataclass(frozen=True)
class LastList:
    """The newest work list there is.

    Args:
        monday: of its week; None when there never was a list.
        overdue: whether a newer one should have been made, so that an empty page means nothing.
    """

    monday: date | None
    overdue: bool


@dataclass(frozen=True)
class ListPage:
    """One page of the work list.

    Args:
        looks: that wait, the earliest due first.
        total: how many wait, of every kind.
        late: of those, past their day.
        kinds: how many of each kind; kinds of which none waits are left out.
        number: of this page, the earliest due being 1.
        has_later: whether there is a page after this one.
        newest: whether review runs at all.
        policy: by which looks are chosen, in sentences.
    """

    looks: Sequence[ToReview]
    total: int
    late: int
    kinds: tuple[tuple[str, int], ...]
    number: int
    has_later: bool
    newest: LastList
    policy: tuple[Sentence, ...]


def list_page(
    tx: Transaction,
    actor: Actor,
    policy: ReviewPolicy,
    now: datetime,
    *,
    kind: str | None = None,
    number: int = 1,
) -> ListPage:
    """The work list in parts, all of it or what was chosen for one kind of reason; reading it is recorded.

    Args:
        tx: the open transaction.
        actor: the privacy officer.
        policy: the review policy.
        now: aware UTC.
        kind: one of `KINDS`; None for all.
        number: the page; beyond the last one it is the last.

    Raises:
        NotPermitted: the actor does not act as a privacy officer.
    """
    found = to_review(tx, actor, policy, now)
    fitting = [each for each in found if kind is None or each.kind == kind]
    number = min(number, max(1, -(-len(fitting) // PER_PAGE)))
    counts = Counter(each.kind for each in found)
    return ListPage(
        looks=fitting[(number - 1) * PER_PAGE : number * PER_PAGE],
        total=len(found),
        late=sum(each.item.late for each in found),
        kinds=tuple((code, counts[code]) for code in KINDS if counts[code]),
        number=number,
        has_later=number * PER_PAGE < len(fitting),
        newest=newest_list(tx, now),
        policy=policy.sentences(),
    )


def newest_list(tx: Transaction, now: datetime) -> LastList:
    """The newest work list: one is made on the day after its week, and may be a day late."""
    weeks = tx.reviews.weeks()
    monday = weeks[-1].monday if weeks else None
    yesterday = dutch_day(now) - timedelta(days=1)
    due = yesterday - timedelta(days=yesterday.weekday() + 7)
    return LastList(monday, overdue=monday < due if monday is not None else not _is_young(tx, now))


def _is_young(tx: Transaction, now: datetime) -> bool:
    """Whether the log began so lately that no list need be there yet."""
    began = tx.chronicle.moment_at(0)
    return began is None or now - began < FIRST_WITHIN


def _kind(tx: Transaction, item: Item) -> str:
    review = tx.reviews.get(item.ref)
    assert review is not None, "what is on the list is kept"
    return Chosen.SAMPLE.value if item.chosen is Chosen.SAMPLE else kind_of(review.reasons).value


def judging(tx: Transaction, actor: Actor, look_id: bytes, now: datetime) -> Judging | None:
    """How a look stands in review; None when it was never chosen. Opening the look is what is recorded.

    Raises:
        NotPermitted: the actor does not act as a privacy officer.
        NotFound: `no-look`.
    """
    staff = require_role(actor, Role.PRIVACY_OFFICER)
    entry, _ = find_look(tx, staff, look_id)
    review = tx.reviews.get(LookRef(entry.writer, entry.number))
    if review is None or review.chosen is None:
        return None
    return Judging(
        review=review,
        why=tuple(sentence_of(reason) for reason in review.reasons),
        before=tuple(_before(tx, entry, now)),
        late=review.is_late(dutch_day(now)),
        asked_by=_colleague(tx, actor, review),
    )


def _colleague(tx: Transaction, actor: Actor, review: Review) -> str | None:
    """Who asked the question that waits, if it was somebody else."""
    by = review.judged_by if review.judgement is Judgement.QUESTION else None
    return shown_name(tx, by) if by is not None and by != actor.staff_id else None


def _before(tx: Transaction, look: AuditEntry, now: datetime) -> list[Judged]:
    """Every judgement on record about a look, the first one first."""
    own = {"writer": look.writer.hex(), "number": look.number}
    entries = tx.audit.entries(events=(JUDGED,), period=(look.at, now + timedelta(minutes=1)))
    found = [each for each in entries if {name: each.fields.get(name) for name in own} == own]
    return [_judged(tx, each) for each in reversed(found)]


def _judged(tx: Transaction, entry: AuditEntry) -> Judged:
    return Judged(
        at=entry.at,
        by=shown_name(tx, str(entry.fields["actor"])),
        judgement=Judgement(str(entry.fields["verdict"])),
        ground=Ground(str(entry.fields["ground"])),
    )
