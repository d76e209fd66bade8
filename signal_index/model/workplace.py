"""Nouns of the workplace: what a member of staff does at the index besides the look itself.

A **session** is one sign-in. A **view** is one recorded look that stays open for half an hour. A **cover** lets a
colleague look for an absent worker. A **question** says that a signal seems wrong. A **message** tells a worker that
something is due; none depends on a flag.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from crypto.chain import Pseudonym
from policy.vocabulary import Level

SESSION_IDLE = timedelta(
    minutes=15
)  # without a request; NIST SP 800-63B-4 §2.2.3 allows more, a kitchen table less
SESSION_LONGEST = timedelta(hours=8)
VIEW_LASTS = timedelta(minutes=30)
VIEW_KEPT = timedelta(days=92)  # how long a worker finds her own looks back; the audit log keeps its own time
COVER_DAYS_MAX = 42
QUESTION_DAYS = 28  # a source answers within a month: AVG article 12(3)


# --- Sessions -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Session:
    """One sign-in of one member of staff, kept by the index and not by her browser.

    Args:
        session_id: 16 hex characters for the record; the cookie cannot be made from it.
        role: the one role she acts in now; None when she has none.
        csrf: what every form of this session must send back.
        name: how the identity provider calls her; None when it does not say.
        email: her work address according to the identity provider, for the digest she may ask for.
    """

    session_id: str
    staff_id: str
    second_factor: bool
    role: str | None
    csrf: str = field(repr=False)
    opened_at: datetime
    seen_at: datetime
    name: str | None = None
    email: str | None = None

    def is_over(self, now: datetime) -> bool:
        """Whether it was idle for too long, or has lasted too long."""
        return now >= self.seen_at + SESSION_IDLE or now >= self.opened_at + SESSION_LONGEST


@dataclass(frozen=True)
class Preferences:
    """What a member of staff chose for herself.

    Args:
        digest_to: e-mail address for the daily digest; None when she does not want one.
    """

    staff_id: str
    digest_to: str | None = None


@dataclass(frozen=True)
class Entrance:
    """A system that may open a case here for a worker who is at work in it, such as a regiesysteem.

    Args:
        issuer: exact `iss` of its tickets.
        organisation: OIN of the organisation whose relations it may open.
        verify_key: Ed25519 public key, 32 bytes.
    """

    issuer: str
    name: str
    organisation: str
    verify_key: bytes


# --- Views --------------------------------------------------------------------------------------------------------


class Informed(StrEnum):
    """Whether the resident knows that the worker looks."""

    TOLD = "verteld"
    TOGETHER = "samen"
    NOT_YET = "nog-niet"


class Useful(StrEnum):
    """The one-tap answer to: was this of use?"""

    YES = "ja"
    NO = "nee"
    UNSURE = "weet-niet"


class Sheet(StrEnum):
    """What can be printed: for the worker, or for the resident's own kitchen."""

    WORK = "werkblad"
    FRIDGE = "koelkastblad"


@dataclass(frozen=True)
class View:
    """One look of one worker, open until `ends_at`; it holds what was allowed, never what was shown.

    Args:
        view_id: 16 random bytes.
        worker: staff id of who looked.
        person: whom the recorded look was about; a relation that stands for somebody else by now shows nothing here.
        domains: codes of the areas of life she narrowed to; empty means all of the purpose.
        allowed: disclosure level per type at the moment of the look; a later page shows no more than this.
        any_shown: whether the look showed anything; if not, the view stays empty.
        useful: her answer, None while she gave none.
        told_on: when she told the resident afterwards.
        printed: the sheets that are on record as printed.
        fridge: keys of the signals whose contact the resident chose for the sheet; none once the view was closed.
    """

    view_id: bytes
    organisation: str
    worker: str
    relation_id: bytes
    person: Pseudonym
    case_reference: str
    purpose: str
    domains: frozenset[str]
    informed: Informed
    allowed: Mapping[str, Level]
    any_shown: bool
    opened_at: datetime
    ends_at: datetime
    useful: Useful | None = None
    told_on: date | None = None
    printed: frozenset[Sheet] = frozenset()
    fridge: tuple[str, ...] = ()

    def is_open(self, now: datetime) -> bool:
        """Whether the page may still be shown."""
        return self.opened_at <= now < self.ends_at

    @property
    def resident_must_be_told(self) -> bool:
        """Whether the worker still has to tell the resident that she looked."""
        return self.informed is Informed.NOT_YET and self.told_on is None


# --- Covers -------------------------------------------------------------------------------------------------------


class CoverReason(StrEnum):
    """Why a worker is covered; coarse on purpose, since an employer may not share why somebody is ill."""

    LEAVE = "vrij-of-verlof"
    TRAINING = "training"
    WORKLOAD = "verdeling-van-werk"
    OTHER = "andere-reden"


@dataclass(frozen=True)
class Cover:
    """A colleague looks for an absent worker, for all her cases, for at most six weeks.

    Args:
        cover_id: 16 random bytes.
        team: of the absent worker when it was arranged; the whole team sees it.
        first_day: inclusive.
        last_day: inclusive.
        ended_on: first day it no longer holds, when it was ended before its time.
    """

    cover_id: bytes
    organisation: str
    team: str
    absentee: str
    delegate: str
    first_day: date
    last_day: date
    reason: CoverReason
    arranged_at: datetime
    ended_on: date | None = None

    def is_over(self, on: date) -> bool:
        """Whether it has run out or was ended."""
        return on > self.last_day or (self.ended_on is not None and on >= self.ended_on)

    def runs(self, on: date) -> bool:
        """Whether the delegate may look on this day."""
        return self.first_day <= on and not self.is_over(on)


# --- Questions ----------------------------------------------------------------------------------------------------


class Verdict(StrEnum):
    """What a source answered about a signal that was doubted."""

    RIGHT = "klopt"
    MENDED = "aangepast"


@dataclass(frozen=True)
class Question:
    """A worker doubts a signal; it is marked until the source answers or the due date has passed.

    Args:
        reference: what the worker names on the phone, such as `V-7K2M-9QXR`; random, meaningless.
        due_on: last day for an answer; the mark disappears after it.
        verdict: the source's answer, None while it has given none.
        answered_on: the day of that answer.
    """

    reference: str
    organisation: str
    asked_by: str
    relation_id: bytes
    person: Pseudonym
    source: str
    type: str
    asked_on: date
    due_on: date
    verdict: Verdict | None = None
    answered_on: date | None = None

    def is_open(self, on: date) -> bool:
        """Whether the source still has to answer."""
        return self.verdict is None and on <= self.due_on


# --- Messages -----------------------------------------------------------------------------------------------------


class MessageKind(StrEnum):
    """What a message is about."""

    COVER_ENDS = "vervanging-eindigt"
    RELATION_ENDS = "zorgrelatie-eindigt"
    SOURCE_STALE = "bron-niet-actueel"
    TELL_RESIDENT = "inwoner-vertellen"
    QUESTION_ANSWERED = "vraag-beantwoord"
    TEAM_DUE = "team-bevestigen"


@dataclass(frozen=True)
class Message:
    """One thing that is due for one worker; depends on relations, covers, looks and sources, never on a flag.

    Args:
        about: a case reference, a colleague's name, a source's name, a team or a question's reference.
        on: the day it is about, if there is one.
        relation_id: the case to open, if there is one.
        view_id: the look it is about, if there is one.
        verdict: the source's answer, for an answered question.
        case_reference: the case it is about, for an answered question.
    """

    kind: MessageKind
    about: str
    on: date | None = None
    relation_id: bytes | None = None
    view_id: bytes | None = None
    verdict: Verdict | None = None
    case_reference: str | None = None
