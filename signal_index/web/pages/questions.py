"""Doubt a signal: choose which one is wrong, get a reference, and phone the source with it.

Invariants:
1. What can be chosen is what the view shows now together with its source; any other choice asks nothing.
2. The page of a question names source and phone line only while an open view shows the signal.
"""

from collections.abc import Sequence
from datetime import timedelta

from starlette.responses import Response

from policy.vocabulary import Role
from signal_index.model import Actor, dutch_day
from signal_index.model.workplace import QUESTION_DAYS, Informed, Question
from signal_index.ports import Transaction
from signal_index.usecases.workplace import questions
from signal_index.usecases.workplace.asked import asked
from signal_index.usecases.workplace.views import Shown, ShownSignal, look_at
from signal_index.web.markup.words import say

from .looking import while_open
from .visits import Page, Visit


async def choose_signal(visit: Visit) -> Response:
    """Which of the shown signals is it about, and what will happen?"""
    return await while_open(visit, lambda shown: _page(visit, shown))


def _page(visit: Visit, shown: Shown, errors: Sequence[tuple[str, str]] = ()) -> Response:
    return visit.page(
        "question.html",
        400 if errors else 200,
        errors=errors,
        view=shown.view,
        served_at=visit.now,
        calm=shown.view.informed is Informed.TOGETHER,
        catalogue=shown.catalogue,
        askable=[each for each in _with_source(shown) if each.question is None],
        asked=[each for each in _with_source(shown) if each.question is not None],
        due_on=dutch_day(visit.now) + timedelta(days=QUESTION_DAYS),
    )


def _with_source(shown: Shown) -> Sequence[ShownSignal]:
    """Below the level that names a source there is nobody to ask, and nothing is said about such signals here."""
    return [each for each in shown.signals if each.signal.source is not None]


async def ask(visit: Visit) -> Response:
    """Ask about the chosen signal; sending the form again leads to the same question."""
    view_id, key = visit.param("view"), visit.form.one("signaal")

    def job(tx: Transaction, actor: Actor) -> Question | None:
        outcome = look_at(tx, visit.rules, actor, view_id, visit.now)
        if not isinstance(outcome, Shown) or key is None or key not in _keys(outcome):
            return None
        return questions.ask(tx, visit.rules, actor, view_id, visit.now, key=key)

    question = await visit.run_as(job)
    if question is not None:
        return visit.to("asked", reference=question.reference)
    errors = [("signaal", say("Kies het signaal dat niet klopt."))]
    return await while_open(visit, lambda shown: _page(visit, shown, errors))


def _keys(shown: Shown) -> Sequence[str]:
    return [each.key for each in _with_source(shown)]


async def show_question(visit: Visit) -> Response:
    """The reference, whom to phone now, and what the source said."""
    reference = visit.request.path_params["reference"]
    found = await visit.run_as(lambda tx, actor: asked(tx, visit.rules, actor, reference, visit.now))
    return visit.page(
        "asked.html",
        question=found.question,
        doubted=found.doubted,
        calm=found.doubted is not None and found.doubted.view.informed is Informed.TOGETHER,
        served_at=visit.now,
        is_open=found.question.is_open(dutch_day(visit.now)),
    )


_WORKERS = frozenset({Role.TEAM_MEMBER})

PAGES = (
    Page("/raadplegingen/{view:uuid}/klopt-niet", "question", roles=_WORKERS, get=choose_signal, post=ask),
    Page("/vragen/{reference}", "asked", roles=_WORKERS, get=show_question),
)
