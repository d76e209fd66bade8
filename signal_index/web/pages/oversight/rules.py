"""What a privacy officer wants to know of the rules beyond their text: what counts, what waits, how looks are chosen.

The rules themselves are for everybody and stand on their own page. Nothing here is about a resident, so reading it is
not recorded; what somebody decides about a set that waits is.
"""

from collections.abc import Sequence

from starlette.responses import Response

from policy.rule_text import Rule
from policy.rulesets import RuleSet
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
        history=_versions(visit.rules),
        policy=POLICY.sentences(),
    )


def _versions(rules: RuleSet) -> Sequence[Rule]:
    """Every version of every rule once, the newest first."""
    found = {rule.key: rule for epoch in rules.epochs for rule in epoch.rules}
    return sorted(found.values(), key=lambda rule: (-rule.valid_from.toordinal(), rule.key))


PAGES = (
    Page("/toezicht/regels", "rules", roles=OFFICERS, get=show_rules),
    one_set("/toezicht/regels/{digest}", "rules_to_decide", roles=OFFICERS, section="rules"),
)
