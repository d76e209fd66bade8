"""Appoint the first two who administer, in one act; after that the two go on by themselves."""

from datetime import datetime

from signal_index.errors import Malformed, NotPermitted
from signal_index.model import Actor
from signal_index.model.administration import Change
from signal_index.ports import Transaction

from .acting import ADMINISTERING_ROLE, SET_UP, require_administrator
from .changes import Hand, carry_out, find_other, require_possible


def appoint_first(tx: Transaction, actor: Actor, members: tuple[str, str], now: datetime) -> None:
    """Make two members of staff functioneel beheerder, while nobody is.

    Args:
        tx: the open transaction.
        actor: the set-up; whoever administers already proposes instead.
        members: staff ids of two different people, both active.
        now: aware UTC.

    Raises:
        NotPermitted: `set-up-over`: somebody administers.
        Malformed: `two-people`: it is one person twice.
        NotFound: `unknown-staff`.
        Conflict: `conflicting-role`, or `blocked-member`.
    """
    if actor.staff_id != SET_UP:
        raise NotPermitted("set-up-over", "Er is al een functioneel beheerder. Doe een voorstel.")
    recorded = require_administrator(tx, actor)
    if len(set(members)) != len(members):
        raise Malformed("two-people", "Wijs twee verschillende mensen aan.")
    changes = [Change.grant(staff_id, ADMINISTERING_ROLE.value) for staff_id in members]
    for change in changes:
        require_possible(tx, find_other(tx, recorded, change.staff_id), change)
    for change in changes:
        carry_out(tx, change, Hand.of(actor), now)
