"""The work list: looks that wait for a judgement, why each was chosen and until when, in pages of twenty."""

from collections import Counter
from collections.abc import Mapping, Sequence

from starlette.responses import Response

from signal_index.model import Actor
from signal_index.model.review import Chosen, Kind
from signal_index.ports import Transaction
from signal_index.review.policy import POLICY
from signal_index.usecases.oversight.chosen import LastList, ToReview, last_list, to_review
from signal_index.usecases.rulebook.reading import count_waiting_rules
from signal_index.web.markup.words import say
from signal_index.web.pages.administration.rule_sets import some_count
from signal_index.web.pages.visits import OFFICERS, Page, Visit, page_number

from .looks import lines_for

PER_PAGE = 20

KINDS: Mapping[str, str] = {
    Kind.HOURS: say("Tijdstip"),
    Kind.RELATION: say("Zorgrelatie"),
    Kind.COVER: say("Vervanging"),
    Kind.AMOUNT: say("Hoeveelheid"),
    Kind.REPEATED: say("Herhaling"),
    Kind.ATTEMPTS: say("Pogingen"),
    Kind.WATCH: say("Extra opgelet"),
    Kind.OTHER: say("Andere reden"),
    Chosen.SAMPLE: say("Steekproef"),
}


async def show_list(visit: Visit) -> Response:
    """What is to be reviewed, all of it or what was chosen for one kind of reason."""

    def read(tx: Transaction, actor: Actor) -> tuple[Sequence[ToReview], LastList, int]:
        rules = count_waiting_rules(tx, actor)
        return to_review(tx, actor, POLICY, visit.now), last_list(tx, actor, visit.now), rules

    found, newest, rules = await visit.run_as(read)
    wanted = visit.request.query_params.get("reden")
    kind = wanted if wanted in KINDS else None
    fitting = [each for each in found if kind is None or each.kind == kind]
    page = _page_number(visit.request.query_params.get("bladzijde"), len(fitting))
    shown = fitting[(page - 1) * PER_PAGE : page * PER_PAGE]
    counts = Counter(each.kind for each in found)
    return visit.page(
        "oversight/work_list.html",
        total=len(found),
        late=sum(each.item.late for each in found),
        kinds=[(code, text, counts[code]) for code, text in KINDS.items() if counts[code]],
        kind=kind,
        looks=list(zip(shown, lines_for(visit, tuple(each.line for each in shown)), strict=True)),
        newer=visit.url("work_list", reden=kind, bladzijde=page - 1) if page > 1 else "",
        older=visit.url("work_list", reden=kind, bladzijde=page + 1)
        if page * PER_PAGE < len(fitting)
        else "",
        newest=newest,
        judged=visit.request.query_params.get("beoordeeld"),
        policy=POLICY.sentences(),
        rules_waiting=rules,
        rules_count=some_count(visit),
    )


def _page_number(text: str | None, count: int) -> int:
    """The page somebody asked for, within the pages there are."""
    return min(page_number(text), max(1, -(-count // PER_PAGE)))


PAGES = (Page("/toezicht/werklijst", "work_list", roles=OFFICERS, get=show_list),)
