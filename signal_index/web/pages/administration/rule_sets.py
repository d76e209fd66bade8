"""Sets of rules that two people must agree to; for who administers and for who oversees, each on a page of her own.

What a set opens and closes is worked out by a solver that a serving process does not have; the page names the command.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.responses import Response

from policy import catalogue, selftest
from policy.rulesets import SCHEMA_FILE, RuleSet
from policy.telling import wording
from policy.upkeep import promises
from policy.vocabulary import Role
from signal_index.model import Actor, dutch_day
from signal_index.model.rulebook import HeldRuleSet, RuleSetState
from signal_index.ports import Transaction
from signal_index.usecases.rulebook.deciding import approve_rules, refuse_rules
from signal_index.usecases.rulebook.reading import Opened, list_rule_sets, one_rule_set
from signal_index.web.markup.menu import ROLE_LABELS
from signal_index.web.markup.words import say
from signal_index.web.pages.visits import ADMINISTRATORS, Page, Visit

STATES: Mapping[RuleSetState, str] = {
    RuleSetState.WAITING: say("Wacht"),
    RuleSetState.REFUSED: say("Geweigerd"),
    RuleSetState.ADOPTED: say("Gold eerder"),
}
BADGES: Mapping[RuleSetState, str] = {
    RuleSetState.WAITING: "warning",
    RuleSetState.REFUSED: "inactive",
    RuleSetState.ADOPTED: "neutral",
}
_ABOUT: Mapping[str, str] = {
    catalogue.FILE: say("De soorten signalen, de doelen en de grondslagen"),
    promises.FILE: say("De beloften"),
    selftest.FILE: say("De proeven die elke waarborg moet tegenhouden"),
    wording.FILE: say("Hoe feiten in gewone taal heten"),
    SCHEMA_FILE: say("Welke feiten een regel mag gebruiken"),
}
_READ_FIRST = say("Lees eerst wat er verandert. Vink daarna aan dat u dat deed.")
_ACTS: Mapping[str, Callable[[Transaction, Actor, str, datetime], HeldRuleSet]] = {
    "goed": approve_rules,
    "weiger": refuse_rules,
}
_WORDS: Mapping[str, Any] = {"roles": ROLE_LABELS, "rule_states": STATES, "rule_badges": BADGES}


@dataclass(frozen=True)
class FileLine:
    """One file of a set.

    Args:
        title: what it is about, in Dutch.
        text: what the rule in it says; None for a file without a rule.
        translated: whether the title is ours to translate; that of a rule is its owners'.
    """

    file: str
    title: str
    text: str | None
    translated: bool


def some_count(visit: Visit) -> bool:
    """Whether any rules count today; if none do, nobody is shown anything."""
    today = dutch_day(visit.now)
    return visit.rules.in_force(today).covers(today)


async def rulebook(visit: Visit) -> dict[str, Any]:
    """What the templates need to list the sets of rules, for somebody who may decide about them."""
    found = await visit.run_as(list_rule_sets)
    return {
        **_WORDS,
        "waiting_sets": [each for each in found if each.held.state is RuleSetState.WAITING],
        "decided_sets": [each for each in found if each.held.state is not RuleSetState.WAITING],
        "counting_set": next((each for each in found if each.counts), None),
        "rules_count": some_count(visit),
        "decision": visit.request.query_params.get("besluit"),
    }


async def show_sets(visit: Visit) -> Response:
    """What waits and what was decided, for who administers."""
    return visit.page("administration/rule_sets.html", **await rulebook(visit))


def one_set(path: str, name: str, *, roles: frozenset[Role], section: str) -> Page:
    """The page about one set, where whoever may decides; it leads back to the list in her own menu."""

    async def show(visit: Visit, *, unread: bool = False) -> Response:
        digest = visit.request.path_params["digest"]
        opened = await visit.run_as(lambda tx, actor: one_rule_set(tx, actor, digest))
        errors = [("gelezen-ja", _READ_FIRST)] if unread else []
        context = {**_WORDS, **_contents(opened, visit.lang), "home": section, "errors": errors}
        return visit.page("administration/rule_set.html", 400 if unread else 200, **context)

    async def decide(visit: Visit) -> Response:
        digest, said = visit.request.path_params["digest"], visit.form.one("besluit")
        if said == "goed" and visit.form.one("gelezen") != "ja":
            return await show(visit, unread=True)
        act = _ACTS.get(said or "")
        if act is None:
            return visit.to(name, digest=digest)
        await visit.run_as(lambda tx, actor: act(tx, actor, digest, visit.now))
        return visit.to(section, besluit=said)

    return Page(path, name, roles=roles, section=section, get=show, post=decide)


def _contents(opened: Opened, lang: str) -> dict[str, Any]:
    """What the template needs to show one set."""
    changes, rules = opened.changes, opened.rules
    parts = (
        (say("Nieuw"), changes.added),
        (say("Anders"), changes.altered),
        (say("Weg"), changes.gone),
    )
    return {
        "shown": opened.proposed,
        "is_whole": opened.is_whole,
        "counting": opened.counting,
        "files": [(title, [_line(name, rules) for name in names]) for title, names in parts if names],
        "promised": [each.title_en if lang == "en" else each.title_nl for each in rules.promises],
    }


def _line(file: str, rules: RuleSet) -> FileLine:
    if file in _ABOUT:
        return FileLine(file, _ABOUT[file], None, translated=True)
    found = next((rule for rule in rules.versions if rule.file == file), None)
    if found is None:
        return FileLine(file, file, None, translated=False)
    return FileLine(file, found.title, found.officer_text, translated=False)


PAGES = (
    Page("/beheer/regels", "rule_sets", roles=ADMINISTRATORS, get=show_sets),
    one_set("/beheer/regels/{digest}", "rule_set", roles=ADMINISTRATORS, section="rule_sets"),
)
