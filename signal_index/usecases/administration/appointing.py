"""Appoint the first two who administer an organisation, in one act; after that two people decide together.

The same act is the way back when fewer than two are left who could decide: without it nothing sensitive could ever
change again. It is done on the machine of the index, by its operator, and is on record as the set-up.
"""

from datetime import datetime

from signal_index.errors import Malformed, NotFound, NotPermitted
from signal_index.model import Actor, StaffMember
from signal_index.model.administration import Change
from signal_index.ports import Transaction

from .acting import ADMINISTERING_ROLE, SET_UP, stands_by_itself
from .changes import Hand, carry_out, require_possible


def appoint_first(tx: Transaction, actor: Actor, members: tuple[str, str], now: datetime) -> None:
    """Make two members of staff functioneel beheerder, while their organisation does not stand by itself.

    Args:
        tx: the open transaction.
        actor: the set-up; whoever administers already proposes instead.
        members: staff ids of two different people of one organisation, both active; one may administer already.
        now: aware UTC.

    Raises:
        NotPermitted: `set-up-over`: somebody administers there, and two people can decide.
        Malformed: `two-people`: it is one person twice, or they work for two organisations.
        NotFound: `unknown-staff`.
        Conflict: `conflicting-role`, or `blocked-member`.
    """
    if actor.staff_id != SET_UP:
        raise _over()
    if len(set(members)) != len(members):
        raise Malformed("two-people", "Wijs twee verschillende mensen aan.")
    found = [_known(tx, staff_id) for staff_id in members]
    organisation = found[0].organisation
    if any(each.organisation != organisation for each in found):
        raise Malformed("two-people", "Wijs twee mensen van één organisatie aan.")
    if stands_by_itself(tx.staff.all(), organisation):
        raise _over()
    new = [each for each in found if not (each.active and ADMINISTERING_ROLE in each.roles)]
    changes = [Change.grant(each.staff_id, ADMINISTERING_ROLE.value) for each in new]
    for change, member in zip(changes, new, strict=True):
        require_possible(tx, member, change)
    for change in changes:
        carry_out(tx, change, Hand.of(actor), now)


def _over() -> NotPermitted:
    return NotPermitted("set-up-over", "Er zijn al mensen die beheren. Doe een voorstel.")


def _known(tx: Transaction, staff_id: str) -> StaffMember:
    member = tx.staff.get(staff_id)
    if member is None:
        raise NotFound("unknown-staff", "Deze medewerker is niet bekend. Importeer eerst de medewerkers.")
    return member
