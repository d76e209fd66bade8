"""What the use cases need from storage, in the product's own nouns.

One `Transaction` is one atomic step: everything done through it is committed together, durably, or not at all, and
its audit records with it (ADR-0003). Implementations seal and tag; the use cases see neither keys nor rows.
Every method may raise `Unavailable` when the database cannot serve. None of them commits.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import Future
from datetime import date, datetime
from typing import Any, Protocol, TypeVar

from crypto.batch import BatchClass
from crypto.chain import Pseudonym
from crypto.encoding import Month
from signal_index.model import (
    AuditEntry,
    AuditEvent,
    CareRelation,
    ContactRoute,
    NewFlag,
    Publication,
    Publisher,
    Receipt,
    Register,
    Series,
    SetProgress,
    StaffMember,
    StoredFlag,
    Tally,
    Wish,
)
from signal_index.model.log import Body
from signal_index.model.sourcing import SigningKey
from signal_index.model.traces import Trace
from signal_index.model.workplace import Entrance

from .administration import Proposals, TeamConfirmations
from .impediments import Impediments
from .log import LogTree, ProcessingLog, Witnesses
from .oversight import Chronicle, Names, Openings, Reviews
from .rulebook import Rulebook
from .sourcing import Answers, KeyProposals
from .workplace import Covers, PreferencesTable, Questions, Sessions, Tickets, Views

T = TypeVar("T")


class Flags(Protocol):
    """Flags by person; a row tells a thief an anonymous series and an expiry month, nothing else."""

    def put(self, flags: Sequence[NewFlag]) -> Sequence[bytes | None]:
        """Store each flag under its series, moving or refreshing an existing row of the same source and type.

        Returns:
            For each the id of the series it stood in before, None when it is new; as if stored one after another.
        """

    def remove(self, wishes: Sequence[Wish]) -> Sequence[bytes | None]:
        """Remove the flag of each person from this source and of this type, whichever series it stands in.

        Returns:
            For each the id of the series it stood in, None when there was none; as if removed one after another.
        """

    def hold(self, wishes: Sequence[Wish]) -> Sequence[bool]:
        """Remember that wishes for persons who may not be stored count for an open set.

        Returns:
            For each False when it was already held; as if held one after another.
        """

    def release(self, wishes: Sequence[Wish]) -> Sequence[bool]:
        """Forget held wishes; for each False when there was none, as if forgotten one after another."""

    def release_all(self, series_id: bytes) -> None:
        """Forget every wish held for a series, once its set is sealed."""

    def knows(self, person: Pseudonym, type_codes: Collection[str]) -> bool:
        """Whether there is any flag of a person over these types, however old, but for sets that were replaced."""

    def remove_person(self, person: Pseudonym, type_codes: Collection[str]) -> Mapping[bytes, int]:
        """Remove every flag of a person over these types; rows removed per series id."""

    def shares(self) -> Sequence[range]:
        """All buckets in a few shares; whatever is done to a whole series is done share by share.

        A share is a range of buckets, so that several servers may each have their own.
        """

    def clear(self, series_id: bytes, share: range, *, limit: int, before: Month | None = None) -> int:
        """Remove flags of a series in one share, those whose expiry month lies before a month if there is one.

        Returns:
            How many, at most `limit`; call again for more.
        """

    def find(
        self, person: Pseudonym, allowed: Collection[str], slots: int, month: Month
    ) -> Sequence[StoredFlag]:
        """Read the flags of the allowed types, in one query of always `slots` tags.

        Tags for types that are not allowed are random, so the statement tells nothing about the decision.
        Rows whose expiry month lies before `month` are ignored, and so are those of a set that was replaced.
        """


class SeriesTable(Protocol):
    """The small table of series."""

    def get(self, source: str, type_code: str, generation: int) -> Series | None:
        """One series, or None."""

    def current(self, source: str, type_code: str) -> Series | None:
        """The sealed series of this source and type, or None before the first complete set."""

    def filling(self, source: str, type_code: str) -> Series | None:
        """The open set of this source and type, or None."""

    def all(self) -> Sequence[Series]:
        """Every series, in no particular order."""

    def replaced(self) -> Sequence[Series]:
        """Series that a later complete set has replaced: their flags answer nothing and wait to be removed."""

    def put(self, series: Series) -> None:
        """Insert or replace a series as a whole."""

    def adjust(self, series_id: bytes, *, rows: int = 0, accepted: int = 0) -> None:
        """Add to the counts of a series (negative to subtract)."""

    def remove(self, series_id: bytes) -> None:
        """Remove a series that has no rows left."""


class Relations(Protocol):
    """Care relations with their confirmations."""

    def get(self, organisation: str, relation_id: bytes) -> CareRelation | None:
        """One relation, whoever's it is."""

    def of_worker(self, organisation: str, worker: str, relation_id: bytes) -> CareRelation | None:
        """One relation if it is this worker's; someone else's and unknown take the same work."""

    def caseload(self, organisation: str, worker: str) -> Sequence[CareRelation]:
        """All relations of one worker, ended ones included, in order of case reference."""

    def all_of(self, organisation: str) -> Sequence[CareRelation]:
        """All relations of one organisation, in order of case reference."""

    def put(self, relation: CareRelation) -> None:
        """Insert or replace a relation as a whole, its confirmation included."""

    def remove(self, organisation: str, relation_id: bytes) -> None:
        """Remove a relation that should never have been there."""

    def older_generations(self, publisher: str, generation: int) -> Sequence[CareRelation]:
        """The publisher's relations registered under an earlier generation."""


class Restrictions(Protocol):
    """Restrictions on a person that outlive her flags; today only `overleden`."""

    def is_deceased(self, person: Pseudonym) -> bool:
        """Whether the person is known to have died."""

    def deceased(self, people: Sequence[Pseudonym]) -> frozenset[Pseudonym]:
        """Those of these people who are known to have died."""

    def put(self, person: Pseudonym, publisher: str, generation: int) -> bool:
        """Store the restriction; True when it is new to this generation."""

    def remove(self, person: Pseudonym, publisher: str) -> int | None:
        """Revoke what this publisher said; the generation it stood under, None when it said nothing."""

    def remove_older(self, publisher: str, generation: int) -> int:
        """Remove the publisher's restrictions of earlier generations."""


class RegisterTable(Protocol):
    """Publishers, sources and contact routes."""

    def replace(self, register: Register) -> None:
        """Replace the register as a whole."""

    def publisher(self, oin: str) -> Publisher | None:
        """One publisher."""

    def publishers(self) -> Sequence[Publisher]:
        """All publishers, by OIN."""

    def publications(self) -> Sequence[Publication]:
        """All (source, type) pairs, by source name and type."""

    def publication(self, source: str, type_code: str) -> Publication | None:
        """One (source, type) pair."""

    def entrances(self) -> Sequence[Entrance]:
        """Systems that may open a case here, by issuer."""

    def put_publisher(self, publisher: Publisher) -> None:
        """Insert or replace one publisher with its keys; what it publishes is left as it is."""

    def put_publication(self, publication: Publication) -> None:
        """Insert or replace one (source, type) pair; another contact route than is shown becomes the register's."""

    def put_entrance(self, entrance: Entrance) -> None:
        """Insert or replace one entrance."""

    def remove_publisher(self, oin: str) -> None:
        """Remove a publisher that publishes nothing."""

    def remove_publication(self, source: str, type_code: str) -> None:
        """Remove one (source, type) pair."""

    def remove_entrance(self, issuer: str) -> None:
        """Remove one entrance."""

    def put_keys(self, oin: str, keys: Sequence[SigningKey]) -> None:
        """Replace the keys of one publisher, the newest last."""

    def put_contact(self, source: str, type_code: str, contact: ContactRoute, changed_on: date) -> None:
        """Let the source's own contact route hold, until the register says something else than it says now."""


class Deliveries(Protocol):
    """Sequences, acknowledgements and complete sets, per publisher in this index's scope."""

    def next_sequence(self, publisher: str) -> int:
        """The sequence expected next; 1 at first."""

    def accepted_last(self, publisher: str) -> tuple[int, datetime] | None:
        """The sequence accepted last and when that was; None before the first."""

    def acknowledgement(self, publisher: str, sequence: int) -> bytes | None:
        """The signed acknowledgement given for this sequence, or None."""

    def accept(self, publisher: str, sequence: int, acknowledgement: bytes, at: datetime) -> None:
        """Store the acknowledgement and expect the next sequence from now on."""

    def set_progress(self, publisher: str, batch_class: BatchClass) -> Sequence[SetProgress]:
        """The complete sets of relations or restrictions of one publisher: at most one per state."""

    def put_set(self, publisher: str, batch_class: BatchClass, progress: SetProgress) -> None:
        """Insert or replace the set in this state."""

    def remove_set(self, publisher: str, batch_class: BatchClass, generation: int) -> None:
        """Remove a set of an earlier generation."""

    def tallies(self, publisher: str, batch_class: BatchClass, since: date) -> Sequence[Tally]:
        """What was counted per day, from a day on, oldest first."""

    def put_tally(self, publisher: str, batch_class: BatchClass, tally: Tally) -> None:
        """Insert or replace what was counted on one day."""


class Staff(Protocol):
    """Members of staff and the roles the product itself gave them."""

    def get(self, staff_id: str) -> StaffMember | None:
        """One member with her roles."""

    def all(self) -> Sequence[StaffMember]:
        """Everybody, by staff id."""

    def put(self, member: StaffMember) -> None:
        """Insert or replace a member; her roles are left as they are."""

    def grant(self, staff_id: str, role: str, granted_by: str, at: datetime) -> None:
        """Give a role; giving it twice changes nothing."""

    def revoke(self, staff_id: str, role: str) -> bool:
        """Take a role away; False when she did not have it."""

    def seen(self, staff_id: str, on: date) -> None:
        """Note the day she was last seen; nothing happens when nobody is called so."""


class AuditLog(Protocol):
    """The gap-free chain of this process, written in the transaction it records."""

    def append(self, event: AuditEvent) -> Receipt:
        """Add a record to this transaction; it exists when, and only when, the transaction commits."""

    def entries(
        self,
        *,
        events: Collection[str] | None = None,
        subject: Pseudonym | None = None,
        limit: int | None = None,
        period: tuple[datetime, datetime] | None = None,
    ) -> Iterable[AuditEntry]:
        """Read records back, newest first, over all writers.

        Args:
            events: only these; all when None.
            subject: only those about this person.
            limit: at most this many.
            period: only those recorded from the first moment up to, not including, the second.
        """

    def one(self, writer: bytes, number: int) -> tuple[AuditEntry, Pseudonym | None] | None:
        """One record and the person it concerns, if it has one; None when there is no such record."""

    def has(self, receipt: Receipt) -> bool:
        """Whether the record behind a receipt is there, with this very hash."""

    def bodies(
        self, period: tuple[datetime, datetime], *, size: int, after: int, limit: int
    ) -> Sequence[Body]:
        """What records say that are in the tree, in the order of the tree.

        Args:
            period: only those recorded from the first moment up to, not including, the second.
            size: only those in the first so many entries of the tree.
            after: position of the last one of the piece before, -1 for the first piece.
            limit: how many at most.
        """

    def erase(
        self, events: Collection[str], before: datetime, *, size: int, limit: int
    ) -> Sequence[tuple[bytes, int]]:
        """Remove records of these events from before a moment, what they say and whom they concern.

        Args:
            events: names of events.
            before: aware UTC.
            size: only those in the first so many entries of the tree, where their places stay.
            limit: how many at most.

        Returns:
            The places of those that were removed, each a writer and a number.
        """


class Transaction(Protocol):
    """Everything one atomic step may touch."""

    @property
    def scope(self) -> str:
        """The region this index serves."""

    @property
    def incarnation(self) -> bytes:
        """16 random bytes, new at each initialisation or restore."""

    @property
    def owner(self) -> str | None:
        """OIN of the organisation whose index this is; None when the settings name none."""

    @property
    def flags(self) -> Flags:
        """Flags by person."""

    @property
    def series(self) -> SeriesTable:
        """The table of series."""

    @property
    def relations(self) -> Relations:
        """Care relations."""

    @property
    def restrictions(self) -> Restrictions:
        """Restrictions on persons."""

    @property
    def register(self) -> RegisterTable:
        """Publishers and sources."""

    @property
    def deliveries(self) -> Deliveries:
        """Sequences and acknowledgements."""

    @property
    def answers(self) -> Answers:
        """What publishers heard of their deliveries."""

    @property
    def key_proposals(self) -> KeyProposals:
        """Keys that wait for a second person."""

    @property
    def staff(self) -> Staff:
        """Members of staff."""

    @property
    def proposals(self) -> Proposals:
        """Changes that wait for a second person."""

    @property
    def rulebook(self) -> Rulebook:
        """Sets of rules and who agreed to them."""

    @property
    def team_confirmations(self) -> TeamConfirmations:
        """Which teams were looked through."""

    @property
    def sessions(self) -> Sessions:
        """Sign-ins."""

    @property
    def tickets(self) -> Tickets:
        """Tickets that were used up."""

    @property
    def views(self) -> Views:
        """Looks that can still be opened or found back."""

    @property
    def covers(self) -> Covers:
        """Who looks for whom."""

    @property
    def impediments(self) -> Impediments:
        """What keeps workers from looking."""

    @property
    def questions(self) -> Questions:
        """Signals that a worker doubts."""

    @property
    def preferences(self) -> PreferencesTable:
        """What members of staff chose for themselves."""

    @property
    def names(self) -> Names:
        """Names of looks and persons within oversight."""

    @property
    def openings(self) -> Openings:
        """Who asked which case stands behind a look."""

    @property
    def reviews(self) -> Reviews:
        """Looks in review."""

    @property
    def chronicle(self) -> Chronicle:
        """The log in the order of its tree."""

    @property
    def audit(self) -> AuditLog:
        """The audit log."""

    @property
    def processings(self) -> ProcessingLog:
        """The log of processing operations."""

    @property
    def log(self) -> LogTree:
        """The tree the records are put into."""

    @property
    def witnesses(self) -> Witnesses:
        """Who cosigned the log."""


class Reply(Protocol):
    """Where it is said what came of a job, once and on another thread; a `Future` is one."""

    def set_result(self, result: Any, /) -> None:  # noqa: ANN401 - whatever the job gives
        """What the job returned."""

    def set_exception(self, error: BaseException, /) -> None:
        """Why it failed."""


class Database(Protocol):
    """Runs jobs in durable transactions."""

    def hand_over(
        self,
        job: Callable[[Transaction], object],
        reply: Reply,
        trace: Trace | None = None,
        *,
        looking: bool = False,
    ) -> None:
        """Run the job in a transaction that may be shared with other jobs waiting at the same moment.

        What it records belongs to this trace, or to a new one. A job that is only `looking`, and writes nothing but
        records, need not wait for jobs that change something; one that changes something all the same is run again.

        Each job succeeds or fails alone: one that raises leaves no trace. The reply comes only after a durable
        commit; a failed commit gives `Unavailable` to every job in it.
        """

    def submit(
        self, job: Callable[[Transaction], T], trace: Trace | None = None, *, looking: bool = False
    ) -> Future[T]:
        """`hand_over`, with a future for the reply; cancelling it does not undo the job."""

    def run(self, job: Callable[[Transaction], T]) -> T:
        """`submit` and wait."""
