"""What objections and involvements need from storage; part of `signal_index.ports.Transaction`."""

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from crypto.chain import Pseudonym
from signal_index.model.impediments import Impediment


class Impediments(Protocol):
    """What keeps workers from looking at residents."""

    def put(self, impediment: Impediment) -> None:
        """Insert or replace one as a whole."""

    def get(self, organisation: str, impediment_id: bytes) -> Impediment | None:
        """One of them."""

    def about(self, organisation: str, person: Pseudonym) -> Sequence[Impediment]:
        """All that stand in one organisation about one resident, whoever is involved, over or not."""

    def all_of(self, organisation: str) -> Sequence[Impediment]:
        """All of one organisation, over or not, in order of first day."""

    def remove(self, organisation: str, impediment_id: bytes) -> None:
        """End one at once; the log keeps what it was."""

    def remove_older(self, last_before: date) -> int:
        """Remove those whose last day lies before this day; how many there were."""
