"""Find a question back: its case, dates and answer for who asked it, and whom to phone while a look shows the signal.

Invariants:
1. Source, type and phone line come from an open view that shows the signal again, with every check of a look; a
   question alone names none of them, however long it is kept.
2. Unknown, somebody else's, no longer shown and about a case that is no longer hers are one answer.
3. The case that is named is in the reader's own caseload now; who did not ask gets her own, through her own view.

Whoever controls this module can tell a worker whose question a reference is, never what it is about.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from policy.catalogue import SignalType
from policy.rulesets import RuleSet
from policy.vocabulary import Role
from signal_index.errors import NotFound
from signal_index.model import Actor, Signal, dutch_day
from signal_index.model.workplace import Question, View
from signal_index.ports import Transaction
from signal_index.usecases.authority import require_role

from .questions import case_of
from .views import Shown, look_at


@dataclass(frozen=True)
class Doubted:
    """The signal a question is about, as an open view shows it now.

    Args:
        signal: cut down to what the view may show.
        kind: its type in the catalogue.
    """

    view: View
    signal: Signal
    kind: SignalType


@dataclass(frozen=True)
class Asked:
    """A question as its page shows it.

    Args:
        doubted: None once no open view shows the signal.
        relation_id: the reader's own case: of the view that shows the signal, else the one she asked about.
        case_reference: of that case.
    """

    question: Question
    doubted: Doubted | None
    relation_id: bytes
    case_reference: str


def asked(tx: Transaction, rules: RuleSet, actor: Actor, reference: str, now: datetime) -> Asked:
    """One question, for whoever asked it and still has the case, or has the signal it marks in front of her.

    Args:
        tx: the open transaction.
        rules: the rule sets.
        actor: the worker.
        reference: as it stands in the address.
        now: aware UTC.

    Raises:
        NotPermitted: the actor does not act as a wijkteammedewerker.
        NotFound: `no-question`.
    """
    staff = require_role(actor, Role.TEAM_MEMBER)
    question = tx.questions.get(reference)
    if question is not None and question.organisation == staff.organisation:
        doubted = next(_shown_with(tx, rules, actor, question, now), None)
        if doubted is not None:
            return Asked(question, doubted, doubted.view.relation_id, doubted.view.case_reference)
        case = case_of(tx, actor, question, dutch_day(now)) if question.asked_by == staff.staff_id else None
        if case is not None:
            return Asked(question, None, case.relation_id, case.case_reference)
    raise NotFound("no-question", "Deze vraag is niet gevonden. Kijk bij Berichten.")


def _shown_with(
    tx: Transaction, rules: RuleSet, actor: Actor, question: Question, now: datetime
) -> Iterator[Doubted]:
    """The signal this question marks, in every open view of the actor that shows it."""
    if not question.is_open(dutch_day(now)):
        return
    for view in tx.views.of_worker(actor.staff_id):
        if view.person != question.person or not view.is_open(now):
            continue
        shown = look_at(tx, rules, actor, view.view_id, now)
        if isinstance(shown, Shown):
            yield from _marked(shown, question)


def _marked(shown: Shown, question: Question) -> Iterator[Doubted]:
    """The signal by what the question is about: beside it may stand the mark of another organisation's question."""
    for each in shown.signals:
        if (each.signal.source, each.signal.type) == (question.source, question.type):
            kind = shown.catalogue.signal_type(each.signal.type)
            assert kind is not None, "types come from the catalogue that decided"
            yield Doubted(shown.view, each.signal, kind)
