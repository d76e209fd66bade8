"""Who administers and who decides, and for which organisations.

Whoever administers does so for her own organisation. Who administers for the organisation whose index it is does so
as well for each one that does not stand by itself, such as a source with two people; to anybody else there is none.
"""

from collections.abc import Collection
from dataclasses import dataclass

from policy.vocabulary import SENSITIVE_ROLES, Role
from signal_index.errors import NotPermitted
from signal_index.model import Actor, StaffMember
from signal_index.ports import Transaction
from signal_index.usecases.authority import owns_the_index, require_role

ADMINISTERING_ROLE = Role.FUNCTIONAL_ADMIN
SET_UP = "set-up"  # who acts while there is no functioneel beheerder; no member of staff can have this id
DECIDERS_MIN = 2


def require_administrator(tx: Transaction, actor: Actor) -> str:
    """The staff id to record; the set-up actor only while nobody administers for the organisation whose index it is.

    Raises:
        NotPermitted: the actor does not administer, or `set-up-over`.
    """
    if actor.staff_id != SET_UP:
        return require_role(actor, ADMINISTERING_ROLE).staff_id
    administering = [each for each in tx.staff.all() if each.active and ADMINISTERING_ROLE in each.roles]
    if any(owns_the_index(tx, each.organisation) for each in administering):
        raise NotPermitted("set-up-over", "Er is al een functioneel beheerder. Zeg wie u bent.")
    return SET_UP


def deciders(members: Collection[StaffMember]) -> int:
    """How many can decide on a proposal."""
    return sum(1 for each in members if each.active and each.roles & SENSITIVE_ROLES)


def stands_by_itself(members: Collection[StaffMember], organisation: str) -> bool:
    """Whether somebody administers an organisation from within, and two there can decide together."""
    own = [each for each in members if each.active and each.organisation == organisation]
    return any(ADMINISTERING_ROLE in each.roles for each in own) and deciders(own) >= DECIDERS_MIN


@dataclass(frozen=True)
class Bounds:
    """For which organisations somebody administers or decides: `organisation in bounds`.

    Args:
        own: hers; None for the set-up.
        closed: those that stand by themselves; None when she reaches no further than her own.
    """

    own: str | None
    closed: frozenset[str] | None

    def __contains__(self, organisation: str) -> bool:
        """Whether it is one of them."""
        return organisation == self.own or (self.closed is not None and organisation not in self.closed)


def bounds_of(tx: Transaction, who: StaffMember | None) -> Bounds:
    """The bounds of a member of staff, or of the set-up when it is None; the caller has seen to her role."""
    if who is not None and not owns_the_index(tx, who.organisation):
        return Bounds(who.organisation, None)
    members = tx.staff.all()
    organisations = {each.organisation for each in members if ADMINISTERING_ROLE in each.roles}
    closed = frozenset(each for each in organisations if stands_by_itself(members, each))
    return Bounds(who.organisation if who is not None else None, closed)


def recorded_under(tx: Transaction, organisation: str) -> str | None:
    """Under which organisation an act about its people is on record.

    None when nobody oversees it from within: then every privacy officer reads it.
    """
    overseen = any(
        each.active and each.organisation == organisation and Role.PRIVACY_OFFICER in each.roles
        for each in tx.staff.all()
    )
    return organisation if overseen else None
