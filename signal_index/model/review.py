"""Nouns of review: a **look** is chosen for the **work list** with its **reasons**, and a privacy officer judges it.

A rank puts looks in order and is never shown. It says nothing about a resident, and it is no verdict on a worker.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from crypto.chain import Pseudonym


@dataclass(frozen=True, order=True)
class LookRef:
    """The place of a look's record in the log: which chain, which number."""

    writer: bytes
    number: int


# --- Why --------------------------------------------------------------------------------------------------------------


class Kind(StrEnum):
    """What reasons have in common; on the work list the kinds take turns."""

    HOURS = "tijd"
    RELATION = "zorgrelatie"
    COVER = "vervanging"
    AMOUNT = "hoeveelheid"
    REPEATED = "herhaling"
    ATTEMPTS = "pogingen"
    WATCH = "toezicht"
    OTHER = "overig"


class Indicator(StrEnum):
    """Why a look may stand out; the values stand in the store and in figures."""

    OUTSIDE_HOURS = "buiten-kantoortijd"
    OUTSIDE_SERIES = "reeks-buiten-kantoortijd"
    OUTSIDE_AGAIN = "vaker-buiten-kantoortijd"
    SELF_REGISTERED = "zelf-geregistreerd"
    FRESH = "nieuwe-zorgrelatie"
    ENDED_SOON = "snel-beeindigd"
    LEFT = "daarna-niets"
    WITH_OTHERS = "al-bij-collega"
    LAST_MINUTE_COVER = "net-vervanger"
    ABSENTEE_AT_WORK = "vervangene-aan-het-werk"
    MANY_IN_DAY = "veel-op-een-dag"
    MANY_IN_HOUR = "veel-in-een-uur"
    REPEATED = "herhaald"
    ATTEMPTS = "buiten-caseload"
    WATCHED = "onder-toezicht"
    NOT_INFORMED = "inwoner-weet-niet"
    EMERGENCY = "spoed"


_KINDS: Mapping[Indicator, Kind] = {
    Indicator.OUTSIDE_HOURS: Kind.HOURS,
    Indicator.OUTSIDE_SERIES: Kind.HOURS,
    Indicator.OUTSIDE_AGAIN: Kind.HOURS,
    Indicator.SELF_REGISTERED: Kind.RELATION,
    Indicator.FRESH: Kind.RELATION,
    Indicator.ENDED_SOON: Kind.RELATION,
    Indicator.LEFT: Kind.RELATION,
    Indicator.WITH_OTHERS: Kind.RELATION,
    Indicator.LAST_MINUTE_COVER: Kind.COVER,
    Indicator.ABSENTEE_AT_WORK: Kind.COVER,
    Indicator.MANY_IN_DAY: Kind.AMOUNT,
    Indicator.MANY_IN_HOUR: Kind.AMOUNT,
    Indicator.REPEATED: Kind.REPEATED,
    Indicator.ATTEMPTS: Kind.ATTEMPTS,
    Indicator.WATCHED: Kind.WATCH,
    Indicator.NOT_INFORMED: Kind.OTHER,
    Indicator.EMERGENCY: Kind.OTHER,
}


@dataclass(frozen=True)
class Reason:
    """One reason to review a look.

    Args:
        weight: how much it moves the look up; for the order only.
        facts: what fills the places of its sentence (`signal_index.review.words`), by name.
    """

    indicator: Indicator
    weight: int
    facts: tuple[tuple[str, str], ...] = ()

    @property
    def kind(self) -> Kind:
        """What it has in common with other reasons."""
        return _KINDS[self.indicator]


def rank_of(reasons: Sequence[Reason]) -> int:
    """How high a look stands: the sum of its reasons. Never shown."""
    return sum(reason.weight for reason in reasons)


def kind_of(reasons: Sequence[Reason]) -> Kind:
    """The kind of the heaviest reason."""
    heaviest = max(reasons, key=lambda each: (each.weight, each.indicator), default=None)
    return Kind.OTHER if heaviest is None else heaviest.kind


def in_order(reasons: Sequence[Reason]) -> tuple[Reason, ...]:
    """The heaviest first."""
    return tuple(sorted(reasons, key=lambda each: (-each.weight, each.indicator)))


# --- Judging ----------------------------------------------------------------------------------------------------------


class Chosen(StrEnum):
    """How a look came on the work list."""

    STRIKING = "opvallend"
    SAMPLE = "steekproef"


class Judgement(StrEnum):
    """What the privacy officer concludes of a look."""

    RIGHT = "terecht"
    QUESTION = "vraag"  # she asks somebody first; a second judgement closes it
    WRONG = "onterecht"


class Ground(StrEnum):
    """Why she concludes that; a closed list, so that no free text about people piles up here."""

    VISIT = "huisbezoek"
    NEW_CASE = "nieuwe-zaak"
    ON_CALL = "crisis-of-avonddienst"
    STANDING_IN = "vervanging"
    CASE_REVIEW = "bespreking-caseload"
    OTHER_WORK = "ander-werk"
    ASKED_WORKER = "medewerker-gevraagd"
    ASKED_LEAD = "teamleider-gevraagd"
    NO_TASK = "geen-taak"
    CURIOSITY = "eigen-belang"
    MISTAKE = "vergissing"


GROUNDS: Mapping[Judgement, tuple[Ground, ...]] = {
    Judgement.RIGHT: (
        Ground.VISIT,
        Ground.NEW_CASE,
        Ground.ON_CALL,
        Ground.STANDING_IN,
        Ground.CASE_REVIEW,
        Ground.OTHER_WORK,
    ),
    Judgement.QUESTION: (Ground.ASKED_WORKER, Ground.ASKED_LEAD),
    Judgement.WRONG: (Ground.NO_TASK, Ground.CURIOSITY, Ground.MISTAKE),
}
"""The grounds that go with each judgement, in the order to offer them."""


@dataclass(frozen=True)
class Review:
    """One look in review: what makes it stand out, whether it was chosen, and what was concluded.

    Args:
        worker: staff id of who looked.
        relation: the care relation as the record writes it; None when the look named none.
        answered: whether the look was answered; a refused attempt is reviewed as well.
        reasons: the heaviest first; none for most looks.
        chosen: None while it is not on the work list.
        due_on: last day for the first judgement.
        asked_at: when a question was asked, if one was.
        follow_up_on: last day for the judgement after a question.
        judgement: the last one given.
    """

    ref: LookRef
    looked_at: datetime
    worker: str
    relation: str | None
    answered: bool
    reasons: tuple[Reason, ...] = ()
    chosen: Chosen | None = None
    chosen_on: date | None = None
    due_on: date | None = None
    asked_at: datetime | None = None
    follow_up_on: date | None = None
    judgement: Judgement | None = None
    ground: Ground | None = None
    judged_at: datetime | None = None
    judged_by: str | None = None

    @property
    def rank(self) -> int:
        """See `rank_of`."""
        return rank_of(self.reasons)

    @property
    def is_open(self) -> bool:
        """Whether it is on the work list and waits for a judgement, the first or the one after a question."""
        return self.chosen is not None and self.judgement in {None, Judgement.QUESTION}

    @property
    def next_due_on(self) -> date | None:
        """Last day for the judgement it waits for."""
        return self.follow_up_on or self.due_on

    def is_late(self, on: date) -> bool:
        """Whether it waits for longer than the policy allows."""
        due = self.next_due_on
        return self.is_open and due is not None and on > due


@dataclass(frozen=True)
class Week:
    """A week of which the work list was made.

    Args:
        monday: its first day.
        looks: how many were made, refused attempts included.
    """

    monday: date
    looks: int
    chosen_on: date


# --- Watching ---------------------------------------------------------------------------------------------------------


class Watched(StrEnum):
    """What is under watch."""

    CASE = "zaak"
    WORKER = "medewerker"


@dataclass(frozen=True)
class Watch:
    """Looks at this case, or of this worker, stand out until a day.

    Args:
        watch_id: 16 random bytes.
        about: staff id of the worker, or the care relation as records write it.
        person: whom the case is about, so that looks through other relations stand out too.
        until: last day.
    """

    watch_id: bytes
    what: Watched
    about: str
    person: Pseudonym | None
    put_by: str
    put_on: date
    until: date
