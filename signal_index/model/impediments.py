"""What keeps a worker from looking at a resident although everything else is in order.

An **objection** is the resident's own (AVG art. 21): nobody of the organisation looks. An **involvement** is about one
worker who knows the resident outside her work: she does not look, her colleagues may.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from crypto.chain import Pseudonym


class ImpedimentKind(StrEnum):
    """What it is, in the word that commands and records use."""

    OBJECTION = "bezwaar"
    INVOLVED = "betrokken"


@dataclass(frozen=True)
class Impediment:
    """One objection, or one involvement of one worker.

    Args:
        organisation: whose looks it stops.
        impediment_id: 16 random bytes.
        person: the resident.
        worker: staff id of who is involved; empty for an objection, which is about everybody.
        relation_id: the care relation it was registered by; it holds for every relation with the same resident.
        team: of that relation; its team lead ends an involvement.
        first_day: inclusive.
        last_day: inclusive; None when nobody knows yet.
    """

    organisation: str
    impediment_id: bytes
    kind: ImpedimentKind
    person: Pseudonym
    worker: str
    relation_id: bytes
    team: str
    first_day: date
    last_day: date | None
    registered_by: str
    registered_at: datetime

    def holds(self, on: date) -> bool:
        """Whether it counts on this day."""
        return self.first_day <= on and (self.last_day is None or on <= self.last_day)

    def is_over(self, on: date) -> bool:
        """Whether its last day lies before this day."""
        return self.last_day is not None and self.last_day < on

    def stops(self, worker: str, on: date) -> bool:
        """Whether it keeps this worker from looking on this day."""
        return self.holds(on) and self.worker in {"", worker}


@dataclass(frozen=True)
class ListedImpediment:
    """One as a privacy officer or a team lead reads it in a list.

    Args:
        alias: of the resident, for a privacy officer, who knows no cases; else None.
        case_reference: for a team lead; None as well when the case it was registered by is gone.
        worker: name of who is involved; None for an objection.
        registered_by: name.
        may_end: whether it is the reader's to end.
    """

    impediment: Impediment
    alias: str | None
    case_reference: str | None
    worker: str | None
    registered_by: str
    may_end: bool


def stopping(found: Iterable[Impediment], worker: str, on: date) -> tuple[Impediment, ...]:
    """Those that keep this worker from looking on this day."""
    return tuple(each for each in found if each.stops(worker, on))
