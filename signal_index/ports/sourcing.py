"""What the source organisation needs from storage: what it heard of its deliveries, and keys that wait.

Part of `signal_index.ports.Transaction`; everything said there about transactions holds here too.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from signal_index.model import AuditEntry, Receipt
from signal_index.model.sourcing import KeyProposal


class Answers(Protocol):
    """Which records of the log are about whose deliveries: one publisher's are found without reading any other."""

    def put(self, publisher: str, record: Receipt, at: datetime) -> None:
        """Note that a record appended in this transaction is about a delivery of this publisher."""

    def newest(self, publisher: str, since: datetime, *, skip: int, limit: int) -> Sequence[AuditEntry]:
        """Records about this publisher's deliveries since a moment, newest first; erased ones are left out.

        Args:
            publisher: OIN.
            since: aware UTC.
            skip: how many of the newest to leave out.
            limit: how many at most.
        """

    def remove_older(self, before: datetime) -> int:
        """Forget what was noted before this moment; the records stay. How many there were."""


class KeyProposals(Protocol):
    """Keys that were proposed, decided or not."""

    def put(self, proposal: KeyProposal) -> None:
        """Insert or replace a proposal as a whole."""

    def get(self, proposal_id: bytes) -> KeyProposal | None:
        """One proposal."""

    def all(self) -> Sequence[KeyProposal]:
        """Every proposal, newest first."""

    def remove_older(self, proposed_before: datetime) -> int:
        """Remove proposals made before this moment; how many there were."""
