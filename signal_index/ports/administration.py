"""What administration needs from storage besides the staff list: proposals, and confirmations of teams."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol

from signal_index.model.administration import Proposal, TeamConfirmation


class Proposals(Protocol):
    """Changes that wait for a second person, or waited."""

    def put(self, proposal: Proposal) -> None:
        """Insert or replace a proposal as a whole."""

    def get(self, proposal_id: bytes) -> Proposal | None:
        """One proposal."""

    def all(self) -> Sequence[Proposal]:
        """Every proposal, newest first."""

    def remove_older(self, proposed_before: datetime) -> int:
        """Remove proposals that were made before this moment; how many there were."""


class TeamConfirmations(Protocol):
    """Which teams were looked through, by whom and when."""

    def put(self, confirmation: TeamConfirmation) -> None:
        """Insert a confirmation; another one by the same person on the same day replaces it."""

    def all(self) -> Sequence[TeamConfirmation]:
        """Every confirmation, newest first."""

    def remove_older(self, confirmed_before: date) -> int:
        """Remove confirmations of before this day; how many there were."""
