"""Who may use which use case: active, in the staff table, acting in the role; nothing else counts."""

from signal_index.errors import NotPermitted
from signal_index.model import Actor, StaffMember


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
