"""The product's own nouns: frozen, free of HTTP, SQL and sealing.

Vocabulary of the rules (levels, roles, purposes) lives in `policy`; what travels in a sheet lives in `crypto`; what
a member of staff does besides looking lives in `signal_index.model.workplace`, and how requests hang together in
`signal_index.model.traces`; what a source organisation sees besides, in `signal_index.model.sourcing`.
A **flag** is what a source claims about a person; a **signal** is what a worker gets to see of it.
"""

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from crypto.batch import BatchClass, Header
from crypto.chain import Pseudonym
from crypto.encoding import Month
from crypto.sheet import AgeBand, Row
from policy.vocabulary import Level

from .sourcing import SigningKey
from .traces import Action
from .workplace import Cover, Entrance, Informed

# --- The register: who may publish what, and whom to phone about it -----------------------------------------------


@dataclass(frozen=True)
class Publisher:
    """An organisation that signs batches.

    Args:
        oin: organisation identification number, 20 characters.
        name: for people; never part of a decision.
        keys: what it signs with, the newest last.
        items_per_batch: the fixed n of its batches; fillers pad up to it.
        classes: the kinds of batch it may send.
        organisations: OINs of the organisations whose care relations it may register.
    """

    oin: str
    name: str
    keys: tuple[SigningKey, ...]
    items_per_batch: int
    classes: frozenset[BatchClass]
    organisations: frozenset[str] = frozenset()

    def keys_in_force(self, on: date) -> tuple[SigningKey, ...]:
        """The keys a signature may be under on this day."""
        return tuple(each for each in self.keys if each.is_in_force(on))


@dataclass(frozen=True)
class ContactRoute:
    """Whom to phone about one type of signal at one source."""

    name: str
    phone: str


@dataclass(frozen=True)
class Publication:
    """One (source, type) pair, its single publisher, and its contact route.

    Args:
        contact_changed_on: when the source itself changed the contact route; None when it is the register's.
    """

    source: str
    source_name: str
    type: str
    publisher: str
    contact: ContactRoute
    contact_changed_on: date | None = None


@dataclass(frozen=True)
class Register:
    """The whole register, as the functioneel beheerder imports it; it replaces the one before."""

    publishers: tuple[Publisher, ...]
    publications: tuple[Publication, ...]
    entrances: tuple[Entrance, ...] = ()


# --- Series and flags ---------------------------------------------------------------------------------------------


class SeriesState(StrEnum):
    """Where a generation of one (source, type) stands."""

    FILLING = "filling"  # an open set: asserts under it count, but it is not complete yet
    CURRENT = "current"  # sealed: the set the source stands for today
    ABANDONED = (
        "abandoned"  # started over, or replaced; its rows answer until a set of a later generation is sealed
    )


@dataclass(frozen=True)
class Series:
    """All flags of one (source, type, generation).

    Args:
        series_id: 16 random bytes; all a row in the flag table tells about its source and type.
        row_count: rows stored under it now.
        accepted_count: distinct live wishes accepted under it, stored or held; what a seal is checked against.
        as_of: the source has processed all its messages up to and including this day.
    """

    series_id: bytes
    source: str
    type: str
    generation: int
    state: SeriesState
    row_count: int = 0
    accepted_count: int = 0
    as_of: date | None = None

    @property
    def is_current(self) -> bool:
        """Whether this is the set its source stands for today."""
        return self.state is SeriesState.CURRENT


class Wish(NamedTuple):
    """What a source says about a person under one series; a delivery has thousands."""

    person: Pseudonym
    series: Series


class NewFlag(NamedTuple):
    """A flag to store.

    Args:
        since: month the help began.
        expires: last month it may be shown.
    """

    person: Pseudonym
    series: Series
    since: Month
    expires: Month


@dataclass(frozen=True)
class StoredFlag:
    """One flag as it comes back from the index: that something runs, where, and since when."""

    source: str
    type: str
    since: Month


# --- Care relations -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CareRelation:
    """One worker's care for one person, as the regiesysteem registered it.

    Args:
        relation_id: 16 random bytes made by the feed, unique per organisation.
        valid_until: last day, inclusive.
        ended_on: the first day it no longer holds, if it was ended before its time.
        confirmed_by: staff id of the second person, for a relation a worker registered for herself.
    """

    organisation: str
    relation_id: bytes
    publisher: str
    generation: int
    person: Pseudonym
    team: str
    worker: str
    case_reference: str
    valid_from: date
    valid_until: date
    registered_by: str
    age_band: AgeBand
    age_band_changes: Month | None
    shielded: bool
    coordinator: bool
    ended_on: date | None = None
    confirmed_by: str | None = None

    @property
    def self_registered(self) -> bool:
        """Whether the worker registered this relation for herself."""
        return self.registered_by == self.worker

    @property
    def is_confirmed(self) -> bool:
        """Whether a second person stands behind the relation: whoever registered it, or whoever confirmed it."""
        return not self.self_registered or self.confirmed_by is not None

    def rests_on(self, staff_id: str) -> bool:
        """Whether this member of staff is the second person behind it, by registering or by confirming it."""
        return staff_id in {self.registered_by, self.confirmed_by}

    def is_live(self, on: date) -> bool:
        """Whether the relation carries a look-up on this day: begun, not over, and seen by a second person."""
        return self.valid_from <= on and not self.is_over(on) and self.is_confirmed

    def is_over(self, on: date) -> bool:
        """Whether the relation has run out or was ended."""
        return on > self.valid_until or (self.ended_on is not None and on >= self.ended_on)

    def age_band_on(self, on: date) -> AgeBand:
        """The age band on this day; unknown once the month has come in which it changes (never guessed)."""
        if self.age_band_changes is not None and Month.of(on) >= self.age_band_changes:
            return AgeBand.UNKNOWN
        return self.age_band


# --- Deliveries ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Delivery:
    """A batch after every signature and hop has been verified and every item opened.

    Args:
        digest: 64 bytes, SHA-512 the publisher signed.
        rows: by position; the pseudonym is None for control and filler rows.
        spoiled: refusal code when the rows cannot be used at all; then there are none.
    """

    header: Header
    digest: bytes
    rows: tuple[tuple[Pseudonym | None, Row], ...]
    spoiled: str | None = None


@dataclass(frozen=True)
class SetProgress:
    """How far a publisher's complete set of care relations or restrictions is."""

    generation: int
    state: SeriesState
    accepted_count: int = 0


@dataclass(frozen=True)
class Tally:
    """What one publisher delivered of one class on one day.

    Args:
        day: Dutch calendar day.
        persons: rows about persons, accepted or refused.
        misses: of the accepted ones, about somebody the index knew nothing of: a withdrawal of nothing, a relation
            with somebody who has no flag.
        alarms: raised that day.
    """

    day: date
    persons: int = 0
    misses: int = 0
    alarms: frozenset[str] = frozenset()


# --- People who work with the index -------------------------------------------------------------------------------


@dataclass(frozen=True)
class StaffMember:
    """A member of staff as the product's own tables know her; roles never come from a token.

    Args:
        name: for colleagues to recognise her by; empty when the import gave none.
        seen_on: day she last signed in, was added or was let in again; None before anybody counted.
        confirmed_on: day somebody last said that she works in this team; None before anybody counted.
    """

    staff_id: str
    organisation: str
    team: str
    active: bool
    roles: frozenset[str] = frozenset()
    name: str = ""
    seen_on: date | None = None
    confirmed_on: date | None = None

    @property
    def shown_name(self) -> str:
        """Her name, or her staff id while nobody gave one."""
        return self.name or self.staff_id


@dataclass(frozen=True)
class Actor:
    """Who acts, as far as the edge has verified it.

    Args:
        staff: None when the token is good but the person is not in the staff table.
        second_factor: whether the identity provider vouches for a second factor in this session.
        token_id: the token's `jti`, or the session's id, for the record.
        roles: those she acts in now, each one she holds; none unless they are stated.
    """

    staff_id: str
    staff: StaffMember | None
    second_factor: bool
    token_id: str
    roles: frozenset[str] = frozenset()

    @classmethod
    def in_all_roles(
        cls, staff_id: str, staff: StaffMember | None, *, second_factor: bool, token_id: str
    ) -> "Actor":
        """Somebody whose token or command names no role, so that she acts in all she holds."""
        held = staff.roles if staff is not None else frozenset()
        return cls(staff_id, staff, second_factor, token_id, held)

    @classmethod
    def in_one_role(
        cls, staff_id: str, staff: StaffMember | None, role: str | None, *, second_factor: bool, token_id: str
    ) -> "Actor":
        """Somebody whose session has one role, or none; a role she does not hold is none."""
        held = staff.roles if staff is not None else frozenset()
        return cls(staff_id, staff, second_factor, token_id, held & {role} if role else frozenset())


# --- A worker's caseload ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Covered:
    """The cases of a colleague for whom the worker stands in."""

    cover: Cover
    absentee: StaffMember
    relations: tuple[CareRelation, ...]


@dataclass(frozen=True)
class Caseload:
    """What one worker may ask about today: her own cases, and those she covers."""

    own: tuple[CareRelation, ...]
    covered: tuple[Covered, ...] = ()


# --- Looking up ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LookupRequest:
    """One look: which of her relations, and for which purpose.

    Args:
        domains: codes of the areas of life to narrow the look to; empty for all that the purpose has.
        informed: whether the resident knows; None when the asking system does not say.
    """

    relation_id: bytes
    purpose: str
    domains: frozenset[str] = frozenset()
    informed: Informed | None = None


@dataclass(frozen=True)
class Receipt:
    """Proof for the asker that her look was recorded: writer, gap-free number and leaf of the record."""

    writer: bytes
    number: int
    leaf: bytes


@dataclass(frozen=True)
class Signal:
    """What the worker sees of one flag; fields above her disclosure level are None.

    Args:
        source: code of the source, for asking it about the signal; never shown.
    """

    type: str
    level: Level
    since: Month
    source: str | None = None
    source_name: str | None = None
    as_of: date | None = None
    contact: ContactRoute | None = None


@dataclass(frozen=True)
class SourceStatus:
    """One participating source and how current it is; the same for every resident."""

    source_name: str
    type: str
    as_of: date | None
    current: bool


@dataclass(frozen=True)
class Area:
    """What one area of life shows to a purpose that asks for no more than that.

    Args:
        domain: code of the area of life.
        has_signal: whether at least one signal may be shown in it.
        participating: whether any source takes part in it; if none does, "no signal" would mislead.
        current: whether all sources that take part in it are current.
    """

    domain: str
    has_signal: bool
    participating: bool
    current: bool


@dataclass(frozen=True)
class LookupAnswer:
    """What one look shows: signals, or areas of life only, and the participating sources with their freshness."""

    signals: tuple[Signal, ...]
    sources: tuple[SourceStatus, ...]
    areas: tuple[Area, ...] = ()

    @property
    def shows_something(self) -> bool:
        """Whether at least one signal shows, as itself or as a mark on its area."""
        return bool(self.signals) or any(area.has_signal for area in self.areas)

    def without_signals(self) -> "LookupAnswer":
        """The same answer for somebody for whom nothing may be shown."""
        areas = tuple(replace(area, has_signal=False) for area in self.areas)
        return LookupAnswer((), self.sources, areas)


# --- Audit --------------------------------------------------------------------------------------------------------

FieldValue = str | int | bool | None | list[str]


@dataclass(frozen=True)
class AuditEvent:
    """One thing that happened, ready to be recorded; built by `signal_index.audit` only.

    Args:
        subject: the person concerned, kept outside the hashed leaf; the body holds a salted commitment to it.
    """

    event: str
    at: datetime
    fields: dict[str, FieldValue] = field(default_factory=dict)
    subject: Pseudonym | None = None


@dataclass(frozen=True)
class AuditEntry:
    """One record as read back from the log.

    Args:
        action: what it records; None in records from before there were traces.
    """

    writer: bytes
    number: int
    event: str
    at: datetime
    fields: dict[str, FieldValue]
    leaf: bytes
    link: bytes
    action: Action | None = None


DUTCH_TIME = ZoneInfo("Europe/Amsterdam")


@lru_cache(maxsize=64)  # one look asks it several times about its own moment
def dutch_day(moment: datetime) -> date:
    """The calendar day in the Netherlands at this moment; relations and rules begin and end on Dutch days."""
    return moment.astimezone(DUTCH_TIME).date()
