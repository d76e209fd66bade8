"""The work list: looks that wait for a judgement, why each was chosen and until when, in pages of twenty."""

from collections.abc import Mapping

from starlette.responses import Response

from signal_index.model import Actor
from signal_index.model.review import Chosen, Kind
from signal_index.ports import Transaction
from signal_index.review.policy import POLICY
from signal_index.usecases.oversight.chosen import ListPage, list_page
from signal_index.usecases.rulebook.reading import count_waiting_rules
from signal_index.web.markup.words import say
from signal_index.web.pages.administration.rule_sets import some_count
from signal_index.web.pages.visits import OFFICERS, Page, Visit, page_number

from .looks import lines_for

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
    asked = visit.request.query_params
    wanted, number = asked.get("reden"), page_number(asked.get("bladzijde"))
    kind = wanted if wanted in KINDS else None

    def read(tx: Transaction, actor: Actor) -> tuple[ListPage, int]:
        found = list_page(tx, actor, POLICY, visit.now, kind=kind, number=number)
        return found, count_waiting_rules(tx, actor)

    found, rules = await visit.run_as(read)
    lines = lines_for(visit, tuple(each.line for each in found.looks))
    return visit.page(
        "oversight/work_list.html",
        total=found.total,
        late=found.late,
        kinds=[(code, KINDS[code], count) for code, count in found.kinds],
        kind=kind,
        looks=list(zip(found.looks, lines, strict=True)),
        newer=visit.url("work_list", reden=kind, bladzijde=found.number - 1) if found.number > 1 else "",
        older=visit.url("work_list", reden=kind, bladzijde=found.number + 1) if found.has_later else "",
        newest=found.newest,
        judged=asked.get("beoordeeld"),
        policy=found.policy,
        rules_waiting=rules,
        rules_count=some_count(visit),
    )


PAGES = (Page("/toezicht/werklijst", "work_list", roles=OFFICERS, get=show_list),)
