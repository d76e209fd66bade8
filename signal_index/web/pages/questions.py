"""Doubt a signal: choose which one is wrong, get a reference, and phone the source with it.

Invariants:
1. What can be chosen is what the view shows now together with its source; any other choice asks nothing.
2. The page of a question names source and phone line only while an open view shows the signal.
3. A reference in an address has the form of one, or there is no such page: nothing that was typed there comes back.
"""

from collections.abc import Sequence
from datetime import timedelta

from starlette.convertors import Convertor, register_url_convertor
from starlette.responses import Response

from signal_index.model import dutch_day
from signal_index.model.workplace import QUESTION_DAYS, Informed, Question
from signal_index.usecases.workplace import questions
from signal_index.usecases.workplace.asked import asked
from signal_index.usecases.workplace.views import Shown, ShownSignal
from signal_index.web.markup.signals import groups, own_question

from .looking import unless_over, while_open
from .visits import WORKERS, Page, Visit


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
        askable=[each for each in _with_source(shown) if own_question(shown, each) is None],
        asked=[each for each in _with_source(shown) if own_question(shown, each) is not None],
        due_on=dutch_day(visit.now) + timedelta(days=QUESTION_DAYS),
    )


def _with_source(shown: Shown) -> Sequence[ShownSignal]:
    """In the order of the view. Below the level that names a source there is nobody to ask: such signals stay out."""
    cards = (card for group in groups(shown) for card in group.cards)
    return [card.shown for card in cards if card.shown.signal.source is not None]


async def ask(visit: Visit) -> Response:
    """Ask about the chosen signal; sending the form again leads to the same question."""
    view_id, key = visit.param("view"), visit.form.one("signaal")

    outcome = await visit.run_as(
        lambda tx, actor: questions.ask(tx, visit.rules, actor, view_id, visit.now, key=key)
    )
    if isinstance(outcome, Question):
        return visit.to("asked", reference=outcome.reference)
    errors = questions.no_such_signal().violations
    return unless_over(visit, outcome, lambda shown: _page(visit, shown, errors))


async def show_question(visit: Visit) -> Response:
    """The reference, whom to phone now, and what the source said."""
    reference = visit.request.path_params["reference"]
    found = await visit.run_as(lambda tx, actor: asked(tx, visit.rules, actor, reference, visit.now))
    return visit.page(
        "asked.html",
        question=found.question,
        doubted=found.doubted,
        relation_id=found.relation_id,
        case_reference=found.case_reference,
        calm=found.doubted is not None and found.doubted.view.informed is Informed.TOGETHER,
        served_at=visit.now,
        is_open=found.question.is_open(dutch_day(visit.now)),
    )


class _Reference(Convertor[str]):
    """The reference of a question in an address, and no other text."""

    regex = questions.REFERENCE_PATTERN

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("question", _Reference())

PAGES = (
    Page(
        "/raadplegingen/{view:uuid}/klopt-niet",
        "question",
        roles=WORKERS,
        section="caseload",
        get=choose_signal,
        post=ask,
    ),
    Page("/vragen/{reference:question}", "asked", roles=WORKERS, section="messages", get=show_question),
)
