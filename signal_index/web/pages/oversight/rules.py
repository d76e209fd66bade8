"""The rules: what is in force, what was, what each one says, which purpose reaches which area of life, and what waits.

Nothing here is about a resident, so reading it is not recorded; what somebody decides about a set that waits is.
"""

from collections.abc import Mapping

from starlette.responses import Response

from policy.rule_text import Kind
from policy.vocabulary import Shows
from signal_index.model import dutch_day
from signal_index.review.policy import POLICY
from signal_index.usecases.rulebook.overview import rulebook
from signal_index.web.markup.words import say
from signal_index.web.pages.administration.rule_sets import one_set
from signal_index.web.pages.administration.rule_sets import rulebook as sets_to_decide
from signal_index.web.pages.visits import OFFICERS, Page, Visit

from .phrases import LEVELS

KINDS: Mapping[Kind, str] = {
    Kind.GUARD: say("Waarborg: zonder dit mag niemand iets zien"),
    Kind.GRANT: say("Toestemming: wat dit doel laat zien"),
}
_SHOWS: Mapping[Shows, str] = {Shows.SIGNALS: say("Signalen"), Shows.AREAS: say("Alleen of er iets is")}


async def show_rules(visit: Visit) -> Response:
    """The rules of today and their history, and the sets that wait."""
    book = await visit.run_as(lambda _, actor: rulebook(visit.rules, actor, dutch_day(visit.now)))
    return visit.page(
        "oversight/rules.html",
        **await sets_to_decide(visit),
        book=book,
        kinds=KINDS,
        shows=_SHOWS,
        levels=LEVELS,
        policy=POLICY.sentences(),
    )


PAGES = (
    Page("/toezicht/regels", "rules", roles=OFFICERS, get=show_rules),
    one_set("/toezicht/regels/{digest}", "rules_to_decide", roles=OFFICERS, section="rules"),
)
