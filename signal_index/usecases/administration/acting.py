"""Who administers: an active functioneel beheerder, or the set-up while there is none."""

from policy.vocabulary import Role
from signal_index.errors import NotPermitted
from signal_index.model import Actor
from signal_index.ports import Transaction
from signal_index.usecases.authority import require_role

ADMINISTERING_ROLE = Role.FUNCTIONAL_ADMIN
SET_UP = "set-up"  # who acts while there is no functioneel beheerder; no member of staff can have this id


def require_administrator(tx: Transaction, actor: Actor) -> str:
    """The staff id to record; the set-up actor only while nobody administers.

    Raises:
        NotPermitted: the actor does not administer, or `set-up-over`.
    """
    if actor.staff_id != SET_UP:
        return require_role(actor, ADMINISTERING_ROLE).staff_id
    if any(ADMINISTERING_ROLE in member.roles and member.active for member in tx.staff.all()):
        raise NotPermitted("set-up-over", "Er is al een functioneel beheerder. Zeg wie u bent.")
    return SET_UP
