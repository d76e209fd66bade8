"""What the routes of administration share: the answer to what may have to wait, and who an address names."""

from typing import Any
from uuid import UUID

from fastapi import Response

from signal_index.errors import NotFound
from signal_index.model import StaffMember
from signal_index.model.administration import Proposal
from signal_index.ports import Transaction
from signal_index.web.workers import answer
from signal_index.wire.administration import Uitkomst

WAITS: dict[int | str, dict[str, Any]] = {
    202: {"model": Uitkomst, "description": "Gedaan, behalve waarover een tweede mens moet beslissen"}
}


def outcome(waiting: tuple[Proposal, ...]) -> Response:
    """Done, or done but for what waits."""
    return answer(Uitkomst.of(waiting), 202 if waiting else 200)


def named(tx: Transaction, name: UUID) -> StaffMember:
    """The member of staff whom an address names.

    Raises:
        NotFound: `unknown-staff`.
    """
    for member in tx.staff.all():
        if tx.names.of_staff(member.staff_id) == name.bytes:
            return member
    raise NotFound("unknown-staff", "Deze medewerker is niet bekend. Importeer eerst de medewerkers.")
