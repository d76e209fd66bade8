"""Questions: a worker doubts a signal, its source looks into it and says whether it is right.

The signal is marked meanwhile, for everybody who may see it; the mark goes by itself after the due date.

Invariants:
1. Who asks has the signal in front of her now; nobody can find out by asking whether there is one.
2. The record says that a question was asked about a person, never about which source or type.
3. The source learns which source and type is doubted, not about whom or by whom: that is said on the phone.
4. Who asked sees question and answer only while the case is hers to ask about: an answer tells something about it.
5. Nobody gets a question of another organisation; its mark on the signal is all that shows of it.

Whoever controls this module can mark signals and take marks away, never show or remove one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from secrets import choice
from uuid import UUID

from policy.rulesets import RuleSet
from policy.vocabulary import Role
from signal_index import audit
from signal_index.enforcement import Standing
from signal_index.errors import Conflict, Malformed, NotFound
from signal_index.model import Actor, CareRelation, Signal, dutch_day
from signal_index.model.workplace import QUESTION_DAYS, Question, Verdict
from signal_index.ports import Transaction
from signal_index.usecases.authority import require_role
from signal_index.usecases.look_up import Refused
from signal_index.usecases.relations import find_standing
from signal_index.usecases.sourcing.own import published_by

from .views import Ended, Shown, look_at

ANSWER_IS_NEWS = timedelta(days=14)

# Read out on the phone and typed over: no vowels, so no words, and nothing that looks like another (0 O, 1 I L, 5 S).
_ALPHABET = "23456789BCDFGHJKMPQRTVWXZ"
_GROUP = 4
REFERENCE_PATTERN = f"V-[{_ALPHABET}]{{{_GROUP}}}-[{_ALPHABET}]{{{_GROUP}}}"


@dataclass(frozen=True)
class OwnQuestion:
    """A question of the actor's, with the reference of the case as it stands in her caseload now.

    The reference comes from the care relation each time; nothing keeps it beside the question.
    """

    question: Question
    case_reference: str


def ask(
    tx: Transaction, rules: RuleSet, actor: Actor, view_id: bytes, now: datetime, *, key: str | None
) -> Question | Shown | Ended | Refused:
    """Ask the source of a shown signal to look into it.

    Args:
        tx: the open transaction.
        rules: the rule sets.
        actor: the worker.
        view_id: the look, still open, in which she sees it.
        now: aware UTC.
        key: which of its signals; None when she chose none.

    Returns:
        The question; the one that is open already when somebody of the organisation asked about this signal before.
        Or what the view shows, when no source stands by that key; or that the view ended; or the refusal, which is
        on record.

    Raises:
        NotPermitted, NotFound: as `look_at`.
    """
    shown = look_at(tx, rules, actor, view_id, now)
    if not isinstance(shown, Shown):
        return shown
    chosen = next((each for each in shown.signals if each.key == key), None)
    if chosen is None or chosen.signal.source is None:
        return shown
    relation = tx.relations.get(shown.view.organisation, shown.view.relation_id)
    assert relation is not None, "a view that shows signals stands on a relation"
    today = dutch_day(now)
    before = next(_open_here(tx, relation, chosen.signal, today), None)
    if before is not None:
        return before
    question = _question(tx, actor, relation, chosen.signal, today)
    tx.questions.put(question)
    _record_asked(tx, actor, question, now)
    return question


def no_such_signal() -> Malformed:
    """What is wrong with a key behind which no source stands."""
    text = "Kies het signaal dat niet klopt."
    return Malformed("signal", text, (("signaal", text),))


def _open_here(tx: Transaction, relation: CareRelation, signal: Signal, today: date) -> Iterator[Question]:
    """Open questions of the relation's own organisation about a signal of this person."""
    assert signal.source is not None, "only a signal with a source can be doubted"
    for question in tx.questions.about(relation.person, signal.source, signal.type):
        if question.organisation == relation.organisation and question.is_open(today):
            yield question


def _question(tx: Transaction, actor: Actor, relation: CareRelation, signal: Signal, today: date) -> Question:
    assert signal.source is not None, "only a signal with a source can be doubted"
    return Question(
        reference=_new_reference(tx),
        organisation=relation.organisation,
        asked_by=actor.staff_id,
        relation_id=relation.relation_id,
        person=relation.person,
        source=signal.source,
        type=signal.type,
        asked_on=today,
        due_on=today + timedelta(days=QUESTION_DAYS),
    )


def _new_reference(tx: Transaction) -> str:
    """A reference nobody has yet; random, so that it tells neither order nor number of questions."""
    while True:
        groups = ["".join(choice(_ALPHABET) for _ in range(_GROUP)) for _ in range(2)]
        reference = "-".join(["V", *groups])
        if tx.questions.get(reference) is None:
            return reference


def _record_asked(tx: Transaction, actor: Actor, question: Question, now: datetime) -> None:
    tx.audit.append(
        audit.act(
            "question.asked",
            now,
            actor,
            subject=question.person,
            relation=str(UUID(bytes=question.relation_id)),
            question=question.reference,
        )
    )


def answer(tx: Transaction, actor: Actor, reference: str, verdict: Verdict, now: datetime) -> Question:
    """Say for the source whether the signal is right; an answer after the due date still reaches who asked.

    Args:
        tx: the open transaction.
        actor: a bronbeheerder of the organisation that publishes the signal.
        reference: as the worker names it on the phone.
        verdict: right, or mended; mending itself is the publisher's next delivery.
        now: aware UTC.

    Raises:
        NotPermitted: the actor does not act as a bronbeheerder.
        NotFound: `no-question`: unknown, or about another organisation's signal.
        Conflict: `question-answered`.
    """
    staff = require_role(actor, Role.SOURCE_ADMIN)
    question = tx.questions.get(reference)
    if question is None or (question.source, question.type) not in _own_pairs(tx, staff.organisation):
        raise NotFound("no-question", "Deze vraag is niet gevonden. Controleer het kenmerk.")
    if question.verdict is not None:
        raise Conflict("question-answered", "Deze vraag is al beantwoord.")
    answered = replace(question, verdict=verdict, answered_on=dutch_day(now))
    tx.questions.put(answered)
    record = audit.act(
        "question.answered",
        now,
        actor,
        subject=question.person,
        question=question.reference,
        verdict=verdict.value,
    )
    tx.audit.append(record)
    return answered


def waiting(tx: Transaction, actor: Actor, now: datetime) -> Sequence[Question]:
    """Open questions about what the actor's organisation publishes, oldest first.

    The caller shows reference, source, type and dates only; person, relation and asker are not the source's to see.

    Raises:
        NotPermitted: the actor does not act as a bronbeheerder.
    """
    staff = require_role(actor, Role.SOURCE_ADMIN)
    tx.audit.append(audit.act("questions.listed", now, actor))
    found = _open_to(tx, staff.organisation, dutch_day(now))
    return sorted(found, key=lambda question: (question.asked_on, question.reference))


def count_open(tx: Transaction, organisation: str, today: date) -> int:
    """How many questions wait for an answer of this organisation; a number only, which is no reading of them."""
    return sum(1 for _ in _open_to(tx, organisation, today))


def _open_to(tx: Transaction, organisation: str, today: date) -> Iterator[Question]:
    published = _own_pairs(tx, organisation)
    for source in sorted({source for source, _ in published}):
        for question in tx.questions.of_source(source):
            if (question.source, question.type) in published and question.is_open(today):
                yield question


def _own_pairs(tx: Transaction, organisation: str) -> set[tuple[str, str]]:
    """The (source, type) pairs an organisation publishes."""
    return {(entry.source, entry.type) for entry in published_by(tx, organisation)}


def own(tx: Transaction, actor: Actor, now: datetime) -> Sequence[OwnQuestion]:
    """The actor's own questions that are open or were answered not long ago, newest first; of her cases only.

    A page may show reference, case, dates and verdict; source and type only beside an open view that shows the
    signal.

    Raises:
        NotPermitted: the actor does not act as a wijkteammedewerker.
    """
    require_role(actor, Role.TEAM_MEMBER)
    today = dutch_day(now)
    return [
        each
        for each in standing_questions(tx, actor, today)
        if each.question.is_open(today) or answered_lately(each.question, today)
    ]


def standing_questions(tx: Transaction, actor: Actor, today: date) -> Iterator[OwnQuestion]:
    """What the actor asked, newest first, of cases that are still hers to ask about today.

    Args:
        tx: the open transaction.
        actor: who asked; somebody of the staff table.
        today: the Dutch calendar day.
    """
    staff = actor.staff
    assert staff is not None, "whoever asked has been found in the staff table"
    for question in tx.questions.asked_by(staff.organisation, staff.staff_id):
        case = case_of(tx, actor, question, today)
        if case is not None:
            yield OwnQuestion(question, case.case_reference)


def case_of(tx: Transaction, actor: Actor, question: Question, today: date) -> CareRelation | None:
    """The case, her own or one she covers, if the actor may still ask about it and it is the same person's."""
    standing = find_standing(tx, actor, question.relation_id, today)
    if isinstance(standing, Standing) and standing.relation.person == question.person:
        return standing.relation
    return None


def answered_lately(question: Question, today: date) -> bool:
    """Whether the answer is still news."""
    return question.answered_on is not None and today - question.answered_on <= ANSWER_IS_NEWS
