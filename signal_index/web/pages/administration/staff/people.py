"""Members of staff as the pages name them: an address never holds a staff id."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from signal_index.errors import NotFound
from signal_index.model import Actor, StaffMember
from signal_index.ports import Transaction
from signal_index.usecases.administration.staff import list_staff

_ID_BYTES = 16


@dataclass(frozen=True)
class Person:
    """One member of staff, and what names her in an address of this index."""

    member_id: bytes
    member: StaffMember


def opaque_id(tx: Transaction, kind: str, *names: str) -> bytes:
    """What names something in an address of this index alone: 16 bytes that say nothing by themselves."""
    return tx.names.of_staff(f"{kind} {' '.join(names)}")


def people(tx: Transaction, actor: Actor, now: datetime) -> Sequence[Person]:
    """Everybody, by name.

    Raises:
        NotPermitted: the actor does not administer.
    """
    found = (Person(opaque_id(tx, "staff", each.staff_id), each) for each in list_staff(tx, actor, now))
    return sorted(found, key=lambda each: (each.member.shown_name.casefold(), each.member.staff_id))


def one_person(tx: Transaction, actor: Actor, member_id: bytes, now: datetime) -> Person:
    """One member of staff.

    Raises:
        NotPermitted: the actor does not administer.
        NotFound: `unknown-staff`.
    """
    for each in people(tx, actor, now):
        if each.member_id == member_id:
            return each
    raise NotFound("unknown-staff", "Deze medewerker is niet bekend.")
