"""Nouns of administration: what may be changed about a member of staff, and what two people must agree on.

A **change** is one thing that becomes different about one member of staff. A **proposal** is a change that one person
asked for and another decides about. A **confirmation** says that a team was looked through: who works there, who does
not any more.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

PROPOSAL_WAITS = timedelta(days=14)
CONFIRM_EVERY = timedelta(days=92)  # a quarter
CONFIRMATION_KEPT = timedelta(days=731)
PROPOSAL_KEPT = timedelta(days=366)  # how long the list shows it; the log keeps its own time


class What(StrEnum):
    """What becomes different about a member of staff."""

    GRANT = "rol-geven"
    REVOKE = "rol-intrekken"
    BLOCK = "blokkeren"
    UNBLOCK = "deblokkeren"
    MOVE = "verplaatsen"


class Why(StrEnum):
    """Why it does; coarse on purpose, since a list of reasons must not become a file on a colleague."""

    NEW_TASK = "nieuwe-taak"
    TASK_ENDED = "taak-gestopt"
    LEFT = "uit-dienst"
    AWAY = "lang-afwezig"
    BACK = "terug-aan-het-werk"
    SECURITY = "beveiliging"
    IMPORTED = "lijst-van-de-werkgever"
    UNUSED = "niet-gebruikt"
    UNCONFIRMED = "niet-bevestigd"


GIVEN_BY_PEOPLE = tuple(why for why in Why if why not in {Why.IMPORTED, Why.UNUSED, Why.UNCONFIRMED})
"""The reasons somebody chooses from; the others are given by the index itself."""


@dataclass(frozen=True)
class Change:
    """One thing that becomes different about one member of staff; use the makers below.

    Args:
        staff_id: whom it is about.
        role: for a role that is given or taken away.
        organisation: for a move: where to.
        team: for a move: where to.
    """

    what: What
    staff_id: str
    role: str | None = None
    organisation: str | None = None
    team: str | None = None

    @classmethod
    def grant(cls, staff_id: str, role: str) -> "Change":
        """Give a role."""
        return cls(What.GRANT, staff_id, role=role)

    @classmethod
    def revoke(cls, staff_id: str, role: str) -> "Change":
        """Take a role away."""
        return cls(What.REVOKE, staff_id, role=role)

    @classmethod
    def block(cls, staff_id: str) -> "Change":
        """Let the account be used no more."""
        return cls(What.BLOCK, staff_id)

    @classmethod
    def unblock(cls, staff_id: str) -> "Change":
        """Let the account be used again."""
        return cls(What.UNBLOCK, staff_id)

    @classmethod
    def move(cls, staff_id: str, organisation: str, team: str) -> "Change":
        """Put her in another team, or another organisation."""
        return cls(What.MOVE, staff_id, organisation=organisation, team=team)


class ProposalState(StrEnum):
    """Where a proposal stands."""

    ASKED = "wacht"
    APPROVED = "akkoord"
    REFUSED = "afgewezen"
    WITHDRAWN = "ingetrokken"
    OVER = "verlopen"

    @classmethod
    def of(cls, expires_at: datetime, now: datetime, *, approved: bool | None) -> "ProposalState":
        """Where anything stands that a second person decides about.

        Args:
            expires_at: when nobody can decide any more.
            now: aware UTC.
            approved: what was decided; None while nobody did.
        """
        if approved is not None:
            return cls.APPROVED if approved else cls.REFUSED
        return cls.OVER if now >= expires_at else cls.ASKED


@dataclass(frozen=True)
class Proposal:
    """A change that waits for a second person, or waited.

    Args:
        proposal_id: 16 random bytes.
        entry: digest of her entry as it was when it was proposed; another entry by now is another question.
        proposed_by: staff id; `set-up` while nobody administered.
        decided_by: staff id of the second person, or of who proposed it and took it back; None while nobody decided.
        approved: what she decided.
    """

    proposal_id: bytes
    change: Change
    why: Why
    entry: bytes
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
        if self.decided_by == self.proposed_by:
            return ProposalState.WITHDRAWN
        return ProposalState.of(self.expires_at, now, approved=self.approved)


@dataclass(frozen=True)
class TeamConfirmation:
    """Somebody looked through a team on a day.

    Args:
        organisation: OIN.
        confirmed_by: staff id of who did.
        members: staff ids of those who, she said, work there.
    """

    organisation: str
    team: str
    confirmed_on: date
    confirmed_by: str
    members: tuple[str, ...]
