"""Keys that were proposed: organisations and colleagues, in the clear like the register they are meant for."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, select

from signal_index.model.sourcing import KeyProposal
from signal_index.ports import sourcing as ports
from signal_index.store import schema
from signal_index.store.sql import AnyRow, upsert

_proposal = schema.key_proposals.c
_ALL = select(*schema.key_proposals.columns).order_by(
    _proposal.proposed_at.desc(), _proposal.proposal_id.desc()
)
_GET = select(*schema.key_proposals.columns).where(_proposal.proposal_id == bindparam("id"))
_PUT = upsert(schema.key_proposals)
_REMOVE_OLDER = delete(schema.key_proposals).where(_proposal.proposed_at < bindparam("moment"))


class SqlKeyProposals:
    """See `signal_index.ports.sourcing.KeyProposals`.

    Args:
        connection: with the transaction that the engine holds open.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, proposal: KeyProposal) -> None:
        """Insert or replace a proposal as a whole."""
        self._connection.execute(
            _PUT,
            {
                "proposal_id": proposal.proposal_id,
                "publisher": proposal.publisher,
                "verify_key": proposal.verify_key,
                "overlap_days": proposal.overlap_days,
                "proposed_by": proposal.proposed_by,
                "proposed_at": proposal.proposed_at,
                "decided_by": proposal.decided_by,
                "decided_at": proposal.decided_at,
                "approved": proposal.approved,
            },
        )

    def get(self, proposal_id: bytes) -> KeyProposal | None:
        """One proposal."""
        row = self._connection.execute(_GET, {"id": proposal_id}).first()
        return None if row is None else _proposed(row)

    def all(self) -> Sequence[KeyProposal]:
        """Every proposal, newest first."""
        return [_proposed(row) for row in self._connection.execute(_ALL)]

    def remove_older(self, proposed_before: datetime) -> int:
        """Remove proposals made before this moment; how many there were."""
        return self._connection.execute(_REMOVE_OLDER, {"moment": proposed_before}).rowcount


def _proposed(row: AnyRow) -> KeyProposal:
    return KeyProposal(
        proposal_id=row.proposal_id,
        publisher=row.publisher,
        verify_key=row.verify_key,
        overlap_days=row.overlap_days,
        proposed_by=row.proposed_by,
        proposed_at=row.proposed_at,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        approved=None if row.approved is None else bool(row.approved),
    )


_: type[ports.KeyProposals] = SqlKeyProposals
