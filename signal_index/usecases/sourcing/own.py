"""What is a source organisation's own: one rule for every page, question and figure of it.

Invariant: what the publisher with the organisation's number publishes is its own, and nothing else is.
"""

from collections.abc import Sequence
from datetime import datetime

from policy.vocabulary import Role
from signal_index import audit
from signal_index.model import Actor, Publication, Publisher, StaffMember
from signal_index.ports import Transaction
from signal_index.usecases.authority import require_role


def published_by(tx: Transaction, organisation: str) -> Sequence[Publication]:
    """The (source, type) pairs an organisation publishes, by source name and type.

    Args:
        tx: the open transaction.
        organisation: OIN.
    """
    return [entry for entry in tx.register.publications() if entry.publisher == organisation]


def own_publisher(tx: Transaction, staff: StaffMember) -> Publisher | None:
    """The publisher of her organisation, if the register has one."""
    return tx.register.publisher(staff.organisation)


def reading(
    tx: Transaction, actor: Actor, page: str, now: datetime, *, selection: str | None = None
) -> StaffMember:
    """Let a bronbeheerder read a page of her own organisation; that she does is recorded.

    Args:
        tx: the open transaction.
        actor: who reads.
        page: its name, for the record.
        now: aware UTC.
        selection: what of the page, if there is a choice.

    Raises:
        NotPermitted: the actor does not act as a bronbeheerder.
    """
    staff = require_role(actor, Role.SOURCE_ADMIN)
    tx.audit.append(audit.act("source.read", now, actor, page=page, selection=selection))
    return staff
