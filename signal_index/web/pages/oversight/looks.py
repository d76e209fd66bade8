"""One look, opened by a privacy officer: what was asked, by which rules it was decided, and her judgement of it.

Invariant: nothing here says which signals were shown, or whether any was; the page of two looks that differ in that
alone is the same.
"""

import asyncio
from typing import Final

from starlette.responses import Response

from policy.catalogue import PurposeRule
from policy.telling.sentences import LINES
from signal_index.errors import Malformed
from signal_index.model import Actor
from signal_index.model.review import Ground, Judgement
from signal_index.ports import Transaction
from signal_index.review.policy import POLICY
from signal_index.usecases.oversight.chosen import Judging, judging
from signal_index.usecases.oversight.looks import LookLine, OneLook
from signal_index.usecases.oversight.worklist import Verdict, judge
from signal_index.usecases.rulebook.replaying import Replay, look_explained
from signal_index.web.markup.words import say
from signal_index.web.pages.forms import Form
from signal_index.web.pages.visits import OFFICERS, Page, Visit

from .phrases import DOUBTS, GROUND_TEXTS, INFORMED, JUDGEMENTS, refusal

VERDICT: Final = "oordeel"
_CHOOSE = say("Kies een oordeel met een reden.")


async def show_look(visit: Visit) -> Response:
    """One look."""
    return await _look_page(visit)


async def _look_page(visit: Visit, fault: str = "") -> Response:
    look_id = visit.param("look")

    def read(tx: Transaction, actor: Actor) -> tuple[OneLook, Replay | None, Judging | None]:
        look, again = look_explained(tx, visit.rules, actor, look_id, visit.now)
        return look, again, judging(tx, actor, look_id, visit.now)

    look, again, in_review = await visit.run_as(read)
    # It decides some tens of times over what one other fact would have changed.
    explained = await asyncio.to_thread(again.for_officer, visit.lang) if again is not None else ()
    domains = (visit.rules.catalogue.life_domain(code) for code in look.domains)
    return visit.page(
        "oversight/look.html",
        400 if fault else 200,
        errors=[(VERDICT, fault)] if fault else [],
        fault=visit.site.renderer.text(visit.lang, fault),
        look=look,
        refused=refusal(look.line.refused) if look.line.refused else None,
        informed=INFORMED.get(look.informed or ""),
        asked=again is not None,
        doubt=DOUBTS.get(again.doubt) if again is not None and again.doubt is not None else None,
        explained=explained,
        line_names=LINES[visit.lang],
        facts=again.decided.facts_known(visit.lang)
        if again is not None and again.decided is not None
        else (),
        domains=[each for each in domains if each is not None],
        judging=in_review,
        follow_up_days=POLICY.follow_up.days,
        offered=in_review.offered if in_review is not None else (),
        judgements=JUDGEMENTS,
        grounds=GROUND_TEXTS,
    )


async def give_verdict(visit: Visit) -> Response:
    """Keep the judgement and go back to the list, or say that one has to be chosen."""
    look_id, chosen = visit.param("look"), _choice(visit.form)
    if chosen is None:
        return await _look_page(visit, _CHOOSE)

    def keep(tx: Transaction, actor: Actor) -> None:
        judge(tx, actor, Verdict.on(tx, look_id, *chosen), POLICY, visit.now)

    try:
        await visit.run_as(keep)
    except Malformed:
        return await _look_page(visit, _CHOOSE)
    return visit.to("work_list", beoordeeld="vraag" if chosen[0] is Judgement.QUESTION else "ja")


def _choice(form: Form) -> tuple[Judgement, Ground] | None:
    """The judgement and its reason, as one choice; None when it is none of ours."""
    judgement, _, ground = (form.one(VERDICT) or "").partition("/")
    if judgement not in tuple(Judgement) or ground not in tuple(Ground):
        return None
    return Judgement(judgement), Ground(ground)


def lines_for(visit: Visit, lines: tuple[LookLine, ...]) -> list[tuple[LookLine, PurposeRule | None, str]]:
    """Looks for a list: each with its purpose, if that still exists, and why it was refused, if it was."""
    catalogue = visit.rules.catalogue
    return [
        (line, catalogue.purpose(line.purpose or ""), refusal(line.refused) if line.refused else "")
        for line in lines
    ]


PAGES = (
    Page(
        "/toezicht/raadplegingen/{look:uuid}",
        "one_look",
        roles=OFFICERS,
        section="work_list",
        get=show_look,
    ),
    Page(
        "/toezicht/raadplegingen/{look:uuid}/oordeel",
        "judge",
        roles=OFFICERS,
        section="work_list",
        post=give_verdict,
    ),
)
