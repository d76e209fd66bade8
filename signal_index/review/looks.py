"""A look as the log tells it, and what was around it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from signal_index.model import FieldValue
from signal_index.model.log import REFUSED
from signal_index.model.review import LookRef, Watched


@dataclass(frozen=True)
class Record:
    """One record of the log.

    Args:
        person: opaque, see `Look.person`.
    """

    ref: LookRef
    event: str
    at: datetime
    fields: Mapping[str, FieldValue]
    person: bytes | None = None


@dataclass(frozen=True)
class Look:
    """One look, or one attempt that was refused.

    Args:
        worker: staff id of who looked.
        relation: the care relation, as the record writes it; None when the request named none.
        person: opaque; the same for every look at one person, None when the record says nothing of a person.
        refusal: why it was refused; None for an answered look.
        not_informed: the worker said that the resident does not know yet.
        cover: the cover under which she looked for a colleague, as the record writes it.
        emergency: she said that it could not wait.
    """

    ref: LookRef
    at: datetime
    worker: str
    relation: str | None
    person: bytes | None = None
    refusal: str | None = None
    not_informed: bool = False
    cover: str | None = None
    emergency: bool = False


def look_of(record: Record) -> Look:
    """Read the record of a look."""
    fields = record.fields
    return Look(
        ref=record.ref,
        at=record.at,
        worker=text_of(fields.get("actor")) or "",
        relation=text_of(fields.get("relation")),
        person=record.person,
        refusal=(text_of(fields.get("reason")) or "") if record.event == REFUSED else None,
        not_informed=fields.get("informed") == "nog-niet",
        cover=text_of(fields.get("cover")),
        emergency=fields.get("emergency") is True,
    )


def text_of(value: FieldValue) -> str | None:
    """The text of a field; None for anything else."""
    return value if isinstance(value, str) else None


@dataclass(frozen=True)
class Share:
    """How often something happened, of how many times."""

    count: int = 0
    of: int = 0


@dataclass(frozen=True)
class Measure:
    """A number, and what is usual for the worker, for her team, and for her colleagues today.

    Args:
        own: her median; None while she has too little history.
        team: median of her team.
        today: median of her colleagues who looked today; 0 when too few did.
    """

    number: int = 0
    own: float | None = None
    team: float = 0.0
    today: float = 0.0

    @property
    def usual(self) -> float:
        """The largest of what is usual."""
        return max(self.own or 0.0, self.team, self.today)


@dataclass(frozen=True)
class Around:
    """What the log tells about the time before a look, for the indicators; a refused attempt has little of it.

    Args:
        outside: share of the worker's own looks outside office time, until the day before.
        team_outside: the same of her team.
        outside_residents: residents she looked at outside office time in the last twelve hours, this one included.
        series_days: earlier days on which those were several residents.
        outside_days: days on which she looked at this resident outside office time, this one included.
        looks_at_resident: all her looks at this resident, this one included.
        days_at_resident: days within the policy's span on which she looked at this resident, today included.
        days_before: such days before that span, as far as habits reach.
        relation_age: since it was registered, or confirmed if that was later; None when that is out of memory.
        self_registered: whether the worker made the relation herself, as far as memory goes.
        with_others: the person has a case with a colleague.
        cover_age: since the cover was arranged; None for a look at her own case.
        cover_notice: from arranging the cover to its first day.
        absentee_at_work: whom she covers for looked herself today.
        day: residents of this worker today.
        hour: residents of this worker in the last hour.
        repeats: her looks at this resident within the policy's span, this one included.
        other_looks: her looks at all others in that time.
        printed: how often she printed one of those.
        attempts: cases outside her caseload that she tried, this one included.
        team_attempts: colleagues of whom attempts were refused today.
        watched: whether the case or the worker is under watch.
    """

    outside: Share = Share()
    team_outside: Share = Share()
    outside_residents: int = 0
    series_days: int = 0
    outside_days: int = 0
    looks_at_resident: int = 0
    days_at_resident: int = 0
    days_before: int = 0
    relation_age: timedelta | None = None
    self_registered: bool = False
    with_others: bool = False
    cover_age: timedelta | None = None
    cover_notice: timedelta | None = None
    absentee_at_work: bool = False
    day: Measure = Measure()
    hour: Measure = Measure()
    repeats: int = 0
    other_looks: int = 0
    printed: int = 0
    attempts: int = 0
    team_attempts: int = 0
    watched: Watched | None = None
