"""What the workplace needs from storage: sessions, used tickets, views, covers, questions, preferences.

Part of `signal_index.ports.Transaction`; everything said there about transactions holds here too.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol

from crypto.chain import Pseudonym
from signal_index.model.workplace import Cover, Preferences, Question, Session, View


class Sessions(Protocol):
    """Sign-ins, found by a tag of the cookie, which itself is never stored."""

    def put(self, secret: bytes, session: Session) -> None:
        """Insert or replace the session of this cookie.

        Args:
            secret: the 32 random bytes in the cookie.
            session: what it stands for.
        """

    def get(self, secret: bytes) -> Session | None:
        """The session of this cookie, over or not; None when there is none."""

    def seen(self, secret: bytes, at: datetime) -> None:
        """Move the moment it was last seen."""

    def remove(self, secret: bytes) -> bool:
        """End it; False when there was none."""

    def remove_all_of(self, staff_id: str) -> int:
        """End every session of one member of staff; how many there were."""

    def remove_idle(self, seen_before: datetime) -> int:
        """Remove sessions that were last seen before this moment; how many there were."""


class Tickets(Protocol):
    """Which tickets of entrances and sign-in transactions have been used, until they expire."""

    def use(self, ticket: str, expires_at: datetime) -> bool:
        """Use a ticket up; False when it was used before."""

    def remove_expired(self, now: datetime) -> int:
        """Forget tickets that could not be used any more anyway; how many there were."""


class Views(Protocol):
    """Looks that a worker can still open or find back."""

    def put(self, view: View) -> None:
        """Insert or replace a view as a whole."""

    def get(self, worker: str, view_id: bytes) -> View | None:
        """A view if it is this worker's; somebody else's and unknown take the same work."""

    def of_worker(self, worker: str) -> Sequence[View]:
        """All views of one worker, newest first."""

    def remove_older(self, opened_before: datetime) -> int:
        """Remove views opened before this moment; how many there were."""


class Covers(Protocol):
    """Arrangements in which one worker looks for another."""

    def put(self, cover: Cover) -> None:
        """Insert or replace a cover as a whole."""

    def get(self, organisation: str, cover_id: bytes) -> Cover | None:
        """One cover."""

    def by_delegate(self, organisation: str, delegate: str) -> Sequence[Cover]:
        """Covers in which this worker looks for others, over or not, in order of first day."""

    def of_absentee(self, organisation: str, absentee: str) -> Sequence[Cover]:
        """Covers for this worker's cases, over or not, in order of first day."""

    def of_team(self, organisation: str, team: str) -> Sequence[Cover]:
        """Covers of one team, over or not, in order of first day."""

    def all_of(self, organisation: str) -> Sequence[Cover]:
        """Every cover of one organisation, over or not, in order of first day."""

    def remove_older(self, last_before: date) -> int:
        """Remove covers whose last day lies before this day; how many there were."""


class Questions(Protocol):
    """Signals that a worker doubts."""

    def put(self, question: Question) -> None:
        """Insert or replace a question as a whole."""

    def get(self, reference: str) -> Question | None:
        """One question."""

    def about(self, person: Pseudonym, source: str, type_code: str) -> Sequence[Question]:
        """Questions about one flag, answered or not, newest first."""

    def asked_by(self, organisation: str, worker: str) -> Sequence[Question]:
        """Questions of one worker, newest first."""

    def of_source(self, source: str) -> Sequence[Question]:
        """Questions about one source's flags, oldest first."""

    def remove_older(self, due_before: date) -> int:
        """Remove questions whose due date lies before this day; how many there were."""


class PreferencesTable(Protocol):
    """What members of staff chose for themselves."""

    def get(self, staff_id: str) -> Preferences:
        """Her preferences; the defaults when she chose nothing."""

    def put(self, preferences: Preferences) -> None:
        """Insert or replace them."""

    def wanting_digest(self) -> Sequence[Preferences]:
        """Everybody who wants the daily digest."""
