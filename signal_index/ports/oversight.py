"""What oversight needs from storage: looks by a name that says nothing, and openings.

Part of `signal_index.ports.Transaction`; everything said there about transactions holds here too.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from crypto.chain import Pseudonym
from signal_index.model.openings import Opening


class Names(Protocol):
    """Names under which oversight speaks of looks and persons; whoever has only the name learns nothing from it."""

    def of_look(self, writer: bytes, number: int) -> bytes:
        """The name of a look's record: 16 bytes, the same each time, for an address."""

    def look(self, name: bytes) -> tuple[bytes, int]:
        """Writer and number that this is the name of; of any other 16 bytes, a record that does not exist."""

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
