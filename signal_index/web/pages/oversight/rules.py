"""What a privacy officer wants to know beside the text of the rules: which count, which wait, how looks are chosen.

The rules themselves are for everybody and stand on their own page. Nothing here is about a resident, so reading it is
not recorded; what somebody decides about a set that waits is.
"""

from starlette.responses import Response

from signal_index.model import dutch_day
from signal_index.review.policy import POLICY
from signal_index.web.pages.administration.rule_sets import one_set, rulebook
from signal_index.web.pages.visits import OFFICERS, Page, Visit


async def show_rules(visit: Visit) -> Response:
    """The set that counts today, every version in it, and the sets that wait."""
    today = dutch_day(visit.now)
    now = visit.rules.in_force(today)
    return visit.page(
        "oversight/rules.html",
        **await rulebook(visit),
        now=now,
        covered=now.covers(today),
        history=visit.rules.versions,
        policy=POLICY.sentences(),
    )


PAGES = (
    Page("/toezicht/regels", "rules", roles=OFFICERS, get=show_rules),
    one_set("/toezicht/regels/{digest}", "rules_to_decide", roles=OFFICERS, section="rules"),
)
