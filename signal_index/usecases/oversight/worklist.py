"""The work list: which looks wait for a judgement, and the judgement.

Invariants:
1. Every reading of the list and every judgement is on record.
2. Nobody judges a look of her own.
3. A question is not an end: it waits for a second judgement, with a day of its own.
4. Nothing here shows a flag, and no rank leaves this module.
5. A look of another organisation is not on the list, not counted, and cannot be judged.

Whoever controls this module can leave a look unjudged; the report of the period shows that it was.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from policy.vocabulary import Role
from signal_index import audit
from signal_index.errors import Conflict, Malformed, NotFound
from signal_index.model import Actor, AuditEvent, dutch_day
from signal_index.model.review import GROUNDS, Chosen, Ground, Judgement, LookRef, Review
from signal_index.ports import Transaction
from signal_index.review.policy import ReviewPolicy, Sentence
from signal_index.review.words import sentence_of
from signal_index.usecases.authority import require_role

from .looks import is_own_look


@dataclass(frozen=True)
class Item:
    """One line of the work list: why, and until when; no worker and no case.

    Args:
        ref: where its record stands; names the look when it is judged.
        why: a sentence per reason, the heaviest first; none for a look drawn by lot.
        asked: a question was asked about it, and it waits for the second judgement.
        due_on: last day for the judgement it waits for.
        late: that day has passed.
    """

    ref: LookRef
    looked_at: datetime
    chosen: Chosen
    why: tuple[Sentence, ...]
    asked: bool
    due_on: date
    late: bool


@dataclass(frozen=True)
class Worklist:
    """What waits for a judgement, and the policy by which it was chosen.

    Args:
        items: the earliest due first.
        policy: in sentences.
    """

    items: tuple[Item, ...]
    policy: tuple[Sentence, ...]


def worklist(tx: Transaction, actor: Actor, policy: ReviewPolicy, now: datetime) -> Worklist:
    """Everything that waits for a judgement, the earliest due first, then what stands out most; reading it is recorded.

    Args:
        tx: the open transaction.
        actor: the privacy officer.
        policy: the review policy, for its sentences.
        now: aware UTC.

    Raises:
        NotPermitted: the actor does not act as a privacy officer.
    """
    staff = require_role(actor, Role.PRIVACY_OFFICER)
    today = dutch_day(now)
    own = own_reviews(tx, staff.organisation, tx.reviews.open())
    items = tuple(_item(review, today) for review in sorted(own, key=_urgency))
    read = audit.event("worklist.read", now, actor=actor.staff_id, token=actor.token_id, items=len(items))
    tx.audit.append(read)
    return Worklist(items, policy.sentences())


def own_reviews(tx: Transaction, organisation: str, reviews: Iterable[Review]) -> list[Review]:
    """Those of this organisation, in the same order; a look whose record was erased is nobody's any more."""
    return [each for each in reviews if _is_own(tx, organisation, each)]


def _is_own(tx: Transaction, organisation: str, review: Review) -> bool:
    found = tx.audit.one(review.ref.writer, review.ref.number)
    return found is not None and is_own_look(found[0], organisation)


def _urgency(review: Review) -> tuple[date, bool, int]:
    """A week's looks are all due on one day; among them the policy promises the most striking first."""
    return review.next_due_on or date.max, review.chosen is Chosen.SAMPLE, -review.rank


def _item(review: Review, today: date) -> Item:
    assert review.chosen is not None, "what is open was chosen"
    assert review.next_due_on is not None, "what was chosen has a day"
    return Item(
        ref=review.ref,
        looked_at=review.looked_at,
        chosen=review.chosen,
        why=tuple(sentence_of(reason) for reason in review.reasons),
        asked=review.judgement is Judgement.QUESTION,
        due_on=review.next_due_on,
        late=review.is_late(today),
    )


def _chosen(tx: Transaction, organisation: str, ref: LookRef) -> Review:
    review = tx.reviews.get(ref)
    if review is None or review.chosen is None or not _is_own(tx, organisation, review):
        raise NotFound("no-review", "Deze raadpleging staat niet op de werklijst.")
    return review


@dataclass(frozen=True)
class Verdict:
    """What the privacy officer concludes of a look.

    Args:
        ref: the look, from the work list.
        ground: one of `GROUNDS` of this judgement.
    """

    ref: LookRef
    judgement: Judgement
    ground: Ground

    @classmethod
    def on(cls, tx: Transaction, look_id: bytes, judgement: Judgement, ground: Ground) -> "Verdict":
        """The same, of a look by its name."""
        return cls(LookRef(*tx.names.look(look_id)), judgement, ground)


def judge(tx: Transaction, actor: Actor, verdict: Verdict, policy: ReviewPolicy, now: datetime) -> Review:
    """Conclude what a look was; a question opens a second term, any other judgement closes the look.

    Args:
        tx: the open transaction.
        actor: the privacy officer.
        verdict: the look, the judgement and its ground.
        policy: for the second term.
        now: aware UTC.

    Returns:
        The look as it stands now.

    Raises:
        NotPermitted: the actor does not act as a privacy officer.
        NotFound: `no-review`: it is not on the work list of her organisation.
        Conflict: `own-look`, or `judged`: it was closed before, or the question was asked before.
        Malformed: `ground`: it does not go with the judgement.
    """
    staff = require_role(actor, Role.PRIVACY_OFFICER)
    review = _chosen(tx, staff.organisation, verdict.ref)
    _require_judgeable(actor, review, verdict)
    judged = replace(
        review, judgement=verdict.judgement, ground=verdict.ground, judged_at=now, judged_by=actor.staff_id
    )
    if verdict.judgement is Judgement.QUESTION:
        judged = replace(judged, asked_at=now, follow_up_on=dutch_day(now) + policy.follow_up)
    tx.reviews.put(judged)
    concluded = {"verdict": verdict.judgement.value, "ground": verdict.ground.value}
    tx.audit.append(_of_look("review.judged", now, actor, verdict.ref, **concluded))
    return judged


def _require_judgeable(actor: Actor, review: Review, verdict: Verdict) -> None:
    if review.worker == actor.staff_id:
        raise Conflict("own-look", "U kunt uw eigen raadpleging niet beoordelen. Vraag een collega.")
    if not review.is_open:
        raise Conflict("judged", "Deze raadpleging is al beoordeeld.")
    if verdict.judgement is Judgement.QUESTION and review.judgement is Judgement.QUESTION:
        raise Conflict("judged", "Over deze raadpleging is al een vraag gesteld. Geef nu een eindoordeel.")
    if verdict.ground not in GROUNDS[verdict.judgement]:
        text = "Kies een reden die bij dit oordeel hoort."
        raise Malformed("ground", text, (("reden", text),))


@dataclass(frozen=True)
class Waiting:
    """How much waits for a judgement.

    Args:
        open: looks on the work list.
        late: of those, past their day.
    """

    open: int
    late: int


def waiting(tx: Transaction, organisation: str, now: datetime) -> Waiting:
    """How much waits in one organisation, for a mail; it leads to nobody, so reading it is not recorded."""
    today = dutch_day(now)
    found = own_reviews(tx, organisation, tx.reviews.open())
    return Waiting(len(found), sum(review.is_late(today) for review in found))


def _of_look(name: str, now: datetime, actor: Actor, ref: LookRef, **fields: str) -> AuditEvent:
    """What was done with a look, named by the place of its record."""
    return audit.event(
        name,
        now,
        actor=actor.staff_id,
        token=actor.token_id,
        writer=ref.writer.hex(),
        number=ref.number,
        subject=None,
        **fields,
    )
