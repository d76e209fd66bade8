"""What oversight needs from storage: review, the log in its own order, names that say nothing, and openings.

Part of `signal_index.ports.Transaction`; everything said there about transactions holds here too.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from crypto.chain import Pseudonym
from signal_index.model import AuditEntry
from signal_index.model.openings import Opening
from signal_index.model.review import LookRef, Review, Watch, Week


@dataclass(frozen=True)
class Logged:
    """One record, read in the order of the tree.

    Args:
        position: its place in the tree.
        person: opaque; the same for every record about one person.
    """

    position: int
    entry: AuditEntry
    person: bytes | None


class Chronicle(Protocol):
    """The log in the order of its tree, for jobs that go through all of it."""

    def size(self) -> int:
        """How many entries the tree has."""

    def position_at(self, moment: datetime) -> int:
        """The first position of a record made at this moment or later; the size of the tree when there is none."""

    def moment_at(self, position: int) -> datetime | None:
        """When the first record from this position on was made; None when there is none."""

    def read(self, start: int, end: int, events: Collection[str]) -> Sequence[Logged]:
        """Records of these events from `start` up to but not including `end`, in order; erased ones are left out."""

    def mark_of(self, person: Pseudonym) -> bytes:
        """How `Logged.person` names this person."""


class Reviews(Protocol):
    """Looks in review, and how far the log was read for them."""

    def read_up_to(self) -> int | None:
        """The position from which the log has not been read; None when it never was."""

    def put_read_up_to(self, position: int) -> None:
        """Move it."""

    # --- Looks --------------------------------------------------------------------------------------------------------

    def put(self, review: Review) -> None:
        """Insert or replace a look in review as a whole."""

    def put_all(self, reviews: Sequence[Review]) -> None:
        """`put`, many at once."""

    def get(self, ref: LookRef) -> Review | None:
        """One look in review."""

    def unchosen(self, since: datetime, until: datetime, *, rank_min: int) -> Sequence[Review]:
        """Looks made in this time (`until` not included) that were not chosen and rank no lower."""

    def chosen_since(self, day: date) -> Sequence[Review]:
        """Looks chosen on this day or later, the earliest due first."""

    def open(self) -> Sequence[Review]:
        """Looks on the work list that wait for a judgement, the earliest due first."""

    def remove_unchosen(self, made_before: datetime) -> int:
        """Remove looks made before this moment that were never chosen; how many there were."""

    def remove_older(self, made_before: datetime) -> int:
        """Remove looks made before this moment, judged or not; how many there were."""

    # --- Weeks and watches --------------------------------------------------------------------------------------------

    def weeks(self) -> Sequence[Week]:
        """Weeks of which the list was made, oldest first."""

    def put_week(self, week: Week) -> None:
        """Keep that the list of a week was made."""

    def count_looks(self, since: datetime, until: datetime) -> int:
        """Looks in review made in this time (`until` not included), chosen or not."""

    def watches(self) -> Sequence[Watch]:
        """Everything under watch, over or not, by last day."""

    def put_watch(self, watch: Watch) -> None:
        """Insert or replace a watch."""

    def remove_watch(self, watch_id: bytes) -> bool:
        """Lift it; False when there was none."""


class Names(Protocol):
    """Names under which oversight speaks of looks and persons; whoever has only the name learns nothing from it."""

    def of_look(self, writer: bytes, number: int) -> bytes:
        """The name of a look's record: 16 bytes, the same each time, for an address."""

    def look(self, name: bytes) -> tuple[bytes, int]:
        """Writer and number that this is the name of; of any other 16 bytes, a record that does not exist."""

    def of_staff(self, staff_id: str) -> bytes:
        """The name of a member of staff: 16 bytes, the same each time, for an address; nothing leads back from it."""

    def of_person(self, person: Pseudonym) -> str:
        """The alias of a person within oversight, such as `7F3A-91C2`; it leads to nothing outside it."""


class Openings(Protocol):
    """Requests to know which case stands behind a look."""

    def put(self, opening: Opening) -> None:
        """Insert or replace an opening as a whole."""

    def get(self, organisation: str, opening_id: bytes) -> Opening | None:
        """One opening of this organisation."""

    def of_look(self, organisation: str, writer: bytes, number: int) -> Sequence[Opening]:
        """Every opening of this organisation behind one look, newest first."""

    def all_of(self, organisation: str) -> Sequence[Opening]:
        """Every opening of this organisation, newest first."""

    def remove_older(self, asked_before: datetime) -> int:
        """Remove openings that were asked for before this moment; how many there were."""
