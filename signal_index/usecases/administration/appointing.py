"""Appoint the first two who administer, in one act; after that two people decide together.

The same act is the way back when fewer than two are left who could decide: without it nothing sensitive could ever
change again. It is done on the machine of the index, by its operator, and is on record as the set-up.
"""

from datetime import datetime

from signal_index.errors import Malformed, NotPermitted
from signal_index.model import Actor
from signal_index.model.administration import Change
from signal_index.ports import Transaction

from .acting import ADMINISTERING_ROLE, SET_UP
from .changes import DECIDERS_MIN, Hand, carry_out, deciders, find_other, require_possible


def appoint_first(tx: Transaction, actor: Actor, members: tuple[str, str], now: datetime) -> None:
    """Make two members of staff functioneel beheerder, while no two people can decide together.

    Args:
        tx: the open transaction.
        actor: the set-up; whoever administers already proposes instead.
        members: staff ids of two different people, both active; one may administer already.
        now: aware UTC.

    Raises:
        NotPermitted: `set-up-over`: two people can decide.
        Malformed: `two-people`: it is one person twice.
        NotFound: `unknown-staff`.
        Conflict: `conflicting-role`, or `blocked-member`.
    """
    if actor.staff_id != SET_UP or deciders(tx.staff.all()) >= DECIDERS_MIN:
        raise NotPermitted("set-up-over", "Er zijn al mensen die beheren. Doe een voorstel.")
    if len(set(members)) != len(members):
        raise Malformed("two-people", "Wijs twee verschillende mensen aan.")
    changes = [Change.grant(staff_id, ADMINISTERING_ROLE.value) for staff_id in members]
    found = [(change, find_other(tx, actor.staff_id, change.staff_id)) for change in changes]
    new = [
        (change, member)
        for change, member in found
        if not (member.active and ADMINISTERING_ROLE in member.roles)
    ]
    for change, member in new:
        require_possible(tx, member, change)
    for change, _ in new:
        carry_out(tx, change, Hand.of(actor), now)
