"""Nouns of the source organisation: the keys its publisher signs with, and how a new one comes into force.

A source organisation sees series, deliveries and figures; nothing here is about a person.
"""

from dataclasses import dataclass
from datetime import date, datetime

from .administration import PROPOSAL_WAITS, ProposalState


@dataclass(frozen=True)
class SigningKey:
    """A key a publisher signs with, and the days on which the index believes it.

    Args:
        verify_key: Ed25519 public key, 32 bytes.
        valid_from: first day; None when nobody said.
        valid_until: last day, inclusive; None for as long as the register names it.
    """

    verify_key: bytes
    valid_from: date | None = None
    valid_until: date | None = None

    def is_in_force(self, on: date) -> bool:
        """Whether a signature under it counts on this day."""
        return (self.valid_from is None or self.valid_from <= on) and not self.is_over(on)

    def is_over(self, on: date) -> bool:
        """Whether its last day has passed."""
        return self.valid_until is not None and self.valid_until < on

    def days_left(self, on: date) -> int | None:
        """Days after this one on which it still counts; None without a last day."""
        return None if self.valid_until is None else (self.valid_until - on).days


@dataclass(frozen=True)
class KeyProposal:
    """A new key for a publisher, proposed by its bronbeheerder; somebody else puts it in force.

    Args:
        proposal_id: 16 random bytes.
        publisher: OIN.
        verify_key: Ed25519 public key, 32 bytes.
        overlap_days: how many days the keys in force still count beside it.
        proposed_by: staff id.
        decided_by: staff id of the second person, once she decided.
        approved: what she decided.
    """

    proposal_id: bytes
    publisher: str
    verify_key: bytes
    overlap_days: int
    proposed_by: str
    proposed_at: datetime
    decided_by: str | None = None
    decided_at: datetime | None = None
    approved: bool | None = None

    @property
    def expires_at(self) -> datetime:
        """When nobody can decide any more."""
        return self.proposed_at + PROPOSAL_WAITS

    def state(self, now: datetime) -> ProposalState:
        """Where it stands at this moment."""
        return ProposalState.of(self.expires_at, now, approved=self.approved)
