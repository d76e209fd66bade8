"""Nouns of opening a person: asking which case stands behind a look, which takes two privacy officers.

An **opening** is one such request, with what was decided about it. It shows a case reference and an organisation and
nothing else, to who asked, until it ends by itself.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

OPENING_LASTS = timedelta(hours=24)
OPENING_WAITS = timedelta(days=7)  # a request nobody decides on is not kept in store for a better moment
OPENING_KEPT = timedelta(days=366)  # how long the list of openings shows it; the log keeps its own time


class OpeningReason(StrEnum):
    """Why the case behind a look must be known; the choice is on record."""

    RESIDENT = "vraag-van-de-inwoner"
    COMPLAINT = "klacht"
    INVESTIGATION = "onderzoek-naar-een-medewerker"
    BREACH = "datalek"


class OpeningState(StrEnum):
    """Where a request stands."""

    ASKED = "gevraagd"
    OPEN = "open"
    REFUSED = "geweigerd"
    OVER = "voorbij"


@dataclass(frozen=True)
class Opening:
    """One request to know which case is behind a look.

    Args:
        opening_id: 16 random bytes.
        organisation: OIN of the privacy officers' organisation.
        writer: of the look's record.
        number: of the look's record.
        dossier: case number of the investigation, in the shape of a case reference.
        asked_by: staff id.
        decided_by: staff id of the second privacy officer; None while nobody decided.
        approved: what she decided.
    """

    opening_id: bytes
    organisation: str
    writer: bytes
    number: int
    reason: OpeningReason
    dossier: str
    asked_by: str
    asked_at: datetime
    decided_by: str | None = None
    decided_at: datetime | None = None
    approved: bool | None = None

    @property
    def ends_at(self) -> datetime:
        """When it shows nothing any more, or can no longer be decided on."""
        if self.decided_at is None:
            return self.asked_at + OPENING_WAITS
        return self.decided_at + OPENING_LASTS if self.approved else self.decided_at

    def state(self, now: datetime) -> OpeningState:
        """Where it stands at this moment."""
        if self.approved is False:
            return OpeningState.REFUSED
        if now >= self.ends_at:
            return OpeningState.OVER
        return OpeningState.OPEN if self.approved else OpeningState.ASKED
