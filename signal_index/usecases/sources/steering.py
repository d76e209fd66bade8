"""What the functioneel beheerder steers by: figures of one closed month, and how many sources are current now.

Looks by purpose and answers are the privacy officer's own tables, with the same counts left out.
"""

from dataclasses import dataclass
from datetime import datetime

from crypto.encoding import Month
from policy.rulesets import RuleSet
from policy.vocabulary import Role
from signal_index.model import Actor, dutch_day
from signal_index.ports import Transaction
from signal_index.usecases.authority import require_role
from signal_index.usecases.oversight.reports import Report, report

from .overview import Overview, registered


@dataclass(frozen=True)
class Steering:
    """Figures, and the register as it is today."""

    report: Report
    register: Overview


def steering(tx: Transaction, rules: RuleSet, actor: Actor, month: Month | None, now: datetime) -> Steering:
    """Figures of this month, or of the last one that is over; reading them is recorded.

    Raises:
        NotPermitted: the actor does not act as a functioneel beheerder.
        NotFound: `no-such-month`.
    """
    require_role(actor, Role.FUNCTIONAL_ADMIN)
    today = dutch_day(now)
    catalogue = rules.in_force(today).catalogue
    return Steering(report(tx, rules, actor, month, now), registered(tx, catalogue, today))
