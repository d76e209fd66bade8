"""What waits for who administers: proposals, teams, accounts, sources and rules; the beginning of her day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from policy.catalogue import Catalogue
from signal_index import audit
from signal_index.model import Actor, StaffMember, dutch_day
from signal_index.ports import Transaction
from signal_index.usecases.authority import require_role
from signal_index.usecases.rulebook.reading import count_waiting_rules
from signal_index.usecases.sources.overview import Source, registered

from .acting import ADMINISTERING_ROLE
from .proposals import Shown, list_proposals
from .teams import TeamStanding, list_teams

SOON = timedelta(days=14)


@dataclass(frozen=True)
class Waiting:
    """Everything that asks for her, by kind.

    Args:
        proposals: on which she may decide.
        teams: that had to be looked through by now.
        soon_off: active accounts that the daily job blocks within two weeks if nobody signs in, soonest first.
        off: accounts that are blocked and still hold a role.
        behind: sources that are not current.
        nobody_delivers: whether no source is registered at all.
        rules: how many sets of rules she may decide about.
    """

    proposals: tuple[Shown, ...]
    teams: tuple[TeamStanding, ...]
    soon_off: tuple[StaffMember, ...]
    off: tuple[StaffMember, ...]
    behind: tuple[Source, ...]
    nobody_delivers: bool
    rules: int

    @property
    def is_nothing(self) -> bool:
        """Whether nothing waits for her."""
        waiting = (self.proposals, self.teams, self.soon_off, self.behind, self.nobody_delivers, self.rules)
        return not any(waiting)


def waiting(
    tx: Transaction, actor: Actor, catalogue: Catalogue, now: datetime, *, unused_days: int
) -> Waiting:
    """What waits for who administers.

    Args:
        tx: the open transaction.
        actor: who administers.
        catalogue: of today, for how long a source stays current.
        now: aware UTC.
        unused_days: after how many days without a sign-in the daily job blocks an account.

    Raises:
        NotPermitted: the actor does not administer.
    """
    require_role(actor, ADMINISTERING_ROLE)
    today = dutch_day(now)
    register = registered(tx, catalogue, today)
    everybody = tx.staff.all()
    tx.audit.append(audit.act("administration.read", now, actor, page="administration", selection=None))
    return Waiting(
        proposals=tuple(each for each in list_proposals(tx, actor, now) if each.waits_for_her),
        teams=tuple(each for each in list_teams(tx, actor, now) if each.overdue),
        soon_off=_soon_off(everybody, today - timedelta(days=unused_days)),
        off=tuple(each for each in everybody if not each.active and each.roles),
        behind=register.behind,
        nobody_delivers=not register.sources,
        rules=count_waiting_rules(tx, actor),
    )


def _soon_off(everybody: Sequence[StaffMember], blocked_before: date) -> tuple[StaffMember, ...]:
    """Who was last seen so long ago that within `SOON` it is too long."""
    due = [
        each
        for each in everybody
        if each.active and each.seen_on is not None and each.seen_on < blocked_before + SOON
    ]
    return tuple(sorted(due, key=lambda each: (each.seen_on or date.min, each.staff_id)))
