"""What is remembered of cases and covers, and what shows of a look only after it.

A case is forgotten when nothing was heard of it for as long as habits reach, so a memory that began later knows the
same of today as one that began earlier.
"""

from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from signal_index.model.days import day_start
from signal_index.model.review import LookRef, Reason

from .indicators import at_work, ended_soon
from .looks import Look
from .policy import ReviewPolicy

Later = tuple[LookRef, Reason]


@dataclass
class Case:
    """One care relation, as far as memory goes.

    Args:
        begun_at: when it was registered, or confirmed if that was later; None when that is out of memory.
        person: opaque, see `Look.person`.
        worker: who looked at it as her own.
        looks: through it, oldest first.
    """

    heard_at: datetime
    begun_at: datetime | None = None
    self_registered: bool = False
    person: bytes | None = None
    worker: str | None = None
    looks: list[Look] = field(default_factory=list)


class Cases:
    """Care relations by the name that records give them."""

    def __init__(self, policy: ReviewPolicy) -> None:
        self._policy = policy
        self._cases: dict[str, Case] = {}
        self._of_person: dict[bytes, set[str]] = defaultdict(set)
        self._waiting: deque[tuple[datetime, Look]] = deque()  # looks after which something should happen

    def get(self, relation: str | None) -> Case | None:
        """What is known of a case."""
        return self._cases.get(relation or "")

    def registered(self, relation: str, at: datetime, person: bytes | None, *, own: bool) -> None:
        """A feed registered it.

        Args:
            relation: the case.
            at: when.
            person: whom it is about.
            own: the worker made it herself.
        """
        case = self._heard(relation, at, person)
        case.begun_at, case.self_registered = at, own

    def confirmed(self, relation: str, at: datetime) -> None:
        """A second person confirmed it: only now it can be used."""
        self._heard(relation, at, None).begun_at = at

    def looked(self, look: Look) -> None:
        """A look was answered through it."""
        if look.relation is None:
            return
        case = self._heard(look.relation, look.at, look.person)
        case.looks.append(look)
        if look.cover is None:
            case.worker = look.worker
        if case.self_registered:
            self._waiting.append((look.at + self._policy.silence, look))

    def _heard(self, relation: str, at: datetime, person: bytes | None) -> Case:
        case = self._cases.setdefault(relation, Case(at))
        case.heard_at = at
        if person is not None and case.person != person:
            self._unlink(relation, case)
            case.person = person
            self._of_person[person].add(relation)
        return case

    def _unlink(self, relation: str, case: Case) -> None:
        """Take a case from its person: it was forgotten, or withdrawn and registered for somebody else."""
        if case.person is not None:
            self._of_person[case.person].discard(relation)
            if not self._of_person[case.person]:
                del self._of_person[case.person]

    def ended(self, relation: str, at: datetime) -> Iterator[Later]:
        """It ended: looks shortly before it, if it existed for a short time only."""
        case = self._cases.get(relation)
        if case is None or case.begun_at is None or at - case.begun_at > self._policy.short_lived:
            return
        for look in case.looks:
            if at - look.at <= self._policy.soon:
                yield look.ref, ended_soon(at - look.at, own=case.self_registered)

    def left(self, at: datetime) -> Iterator[Look]:
        """Last looks at cases that the worker made herself, after which it has been quiet for a while now."""
        while self._waiting and self._waiting[0][0] <= at:
            look = self._waiting.popleft()[1]
            case = self.get(look.relation)
            if case is not None and case.looks[-1].ref == look.ref:
                yield look

    def with_others(self, look: Look) -> bool:
        """Whether the person has a case that is not this worker's."""
        others = self._of_person.get(look.person or b"", set()) - {look.relation}
        return any(self._cases[other].worker != look.worker for other in others)

    def forget(self, before: datetime) -> None:
        """Drop what nothing was heard of since then."""
        for relation in [name for name, case in self._cases.items() if case.heard_at < before]:
            self._unlink(relation, self._cases.pop(relation))


@dataclass(frozen=True)
class KnownCover:
    """One cover, as its record has it."""

    arranged_at: datetime
    absentee: str
    first_day: date

    @property
    def notice(self) -> timedelta:
        """From arranging it to the first day it holds; less than nothing when that day had begun."""
        return day_start(self.first_day) - self.arranged_at


class KnownCovers:
    """Covers by the name that records give them."""

    def __init__(self) -> None:
        self._covers: dict[str, KnownCover] = {}
        self._used: dict[tuple[str, date], list[LookRef]] = defaultdict(list)  # absentee and day

    def get(self, cover: str | None) -> KnownCover | None:
        """What is known of a cover."""
        return self._covers.get(cover or "")

    def arranged(self, cover: str, known: KnownCover) -> None:
        """A worker arranged it."""
        self._covers[cover] = known

    def used(self, look: Look, day: date) -> None:
        """A look was answered under it."""
        known = self.get(look.cover)
        if known is not None:
            self._used[known.absentee, day].append(look.ref)

    def at_work(self, worker: str, day: date) -> Iterator[Later]:
        """Looks of this day by whoever covers for this worker, who turns out to be at work herself."""
        for ref in self._used.pop((worker, day), ()):
            yield ref, at_work()

    def forget(self, before: datetime) -> None:
        """Drop covers arranged before then, and looks of days before then."""
        self._covers = {name: each for name, each in self._covers.items() if each.arranged_at >= before}
        self._used = defaultdict(
            list, {key: refs for key, refs in self._used.items() if key[1] >= before.date()}
        )
