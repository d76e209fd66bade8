"""Questions about the organisation's signals: which, until when, and the answer; about whom is said on the phone."""

from collections.abc import Sequence

from starlette.responses import Response

from signal_index.model import Actor, dutch_day
from signal_index.model.workplace import Question, Verdict
from signal_index.ports import Transaction
from signal_index.usecases.workplace.questions import answer, waiting
from signal_index.web.pages.visits import SOURCES, Page, Visit


async def show_questions(visit: Visit) -> Response:
    """Every question that waits."""

    def read(tx: Transaction, actor: Actor) -> tuple[Sequence[Question], dict[str, str]]:
        found = waiting(tx, actor, visit.now)
        return found, {each.source: each.source_name for each in tx.register.publications()}

    found, sources = await visit.run_as(read)
    today = dutch_day(visit.now)
    catalogue = visit.rules.in_force(today).catalogue
    return visit.page(
        "sourcing/questions.html",
        questions=[
            (each, sources.get(each.source, each.source), catalogue.signal_type(each.type)) for each in found
        ],
        soon={each.reference for each in found if (each.due_on - today).days <= 7},
        answered="beantwoord" in visit.request.query_params,
    )


async def give_answer(visit: Visit) -> Response:
    """Answer one; an answer that is none of ours changes nothing."""
    reference = (visit.form.one("kenmerk") or "").upper()
    said = next((each for each in Verdict if each == visit.form.one("antwoord")), None)
    if said is None:
        return visit.to("source_questions")
    await visit.run_as(lambda tx, actor: answer(tx, actor, reference, said, visit.now))
    return visit.to("source_questions", beantwoord=1)


PAGES = (Page("/bron/meldingen", "source_questions", roles=SOURCES, get=show_questions, post=give_answer),)
