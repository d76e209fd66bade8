"""Who may use which use case: active, in the staff table, acting in the role; nothing else counts."""

from typing import Final

from policy.vocabulary import Role
from signal_index.errors import NotPermitted
from signal_index.model import Actor, StaffMember
from signal_index.ports import Transaction

OS_ACCOUNT: Final = "os-account:"
"""How the token of an actor begins who runs a command: then the name of her account of the operating system."""


def require_staff(actor: Actor) -> StaffMember:
    """The actor's own staff entry, if she is active and signed in with a second factor, in whatever role.

    Raises:
        NotPermitted: otherwise, saying what is missing.
    """
    staff = actor.staff
    if staff is None or not staff.active:
        raise NotPermitted(
            "account", "Uw account is niet bekend of staat uit. Vraag uw functioneel beheerder om hulp."
        )
    if not actor.second_factor:
        raise NotPermitted(
            "second-factor", "Log opnieuw in met een tweede stap, zoals een code op uw telefoon."
        )
    return staff


def require_role(actor: Actor, role: str) -> StaffMember:
    """The actor's own staff entry, if she is active, signed in with a second factor, and acts in this role.

    Raises:
        NotPermitted: otherwise, saying what is missing.
    """
    staff = require_staff(actor)
    if role not in actor.roles:
        raise NotPermitted(
            "role", f"Hiervoor is de rol {role} nodig. Vraag uw functioneel beheerder om hulp."
        )
    return staff


def owns_the_index(tx: Transaction, organisation: str) -> bool:
    """Whether the index is this organisation's; every organisation's when the settings name none."""
    return tx.owner in {None, organisation}


def require_owner(tx: Transaction, actor: Actor) -> StaffMember:
    """Who administers what belongs to the index as a whole: sources, publishers with their keys, and entrances.

    Raises:
        NotPermitted: the actor does not administer, or `other-organisation`: she does so for another organisation than
            the one whose index this is.
    """
    return require_of_owner(tx, require_role(actor, Role.FUNCTIONAL_ADMIN))


def require_of_owner(tx: Transaction, staff: StaffMember) -> StaffMember:
    """The same member of staff, who works for the organisation whose index this is.

    Raises:
        NotPermitted: `other-organisation`: she works for another.
    """
    if not owns_the_index(tx, staff.organisation):
        raise NotPermitted(
            "other-organisation", "Dit regelt de organisatie van wie deze index is. Vraag daar de beheerder."
        )
    return staff
