"""The rules as a privacy officer's system reads them: what everybody may read, and every version there is.

Nothing here is about anybody, so reading it is not recorded; nothing here can be changed.
"""

from dataclasses import dataclass
from datetime import date

from policy.rule_text import Rule
from policy.rulesets import RuleSet
from policy.vocabulary import Role
from signal_index.model import Actor
from signal_index.usecases.authority import require_role

from .published import PublishedRules, published


@dataclass(frozen=True)
class Rulebook:
    """The rules of one day, and every version there is.

    Args:
        today: as everybody may read them.
        history: every version of every rule once, the newest first.
    """

    today: PublishedRules
    history: tuple[Rule, ...]


def rulebook(rules: RuleSet, actor: Actor, today: date) -> Rulebook:
    """The rules to read.

    Raises:
        NotPermitted: the actor does not act as a privacy officer.
    """
    require_role(actor, Role.PRIVACY_OFFICER)
    return Rulebook(published(rules, today), rules.versions)
