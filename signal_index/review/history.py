"""Reads the log in order and tells, for each look, what was around it.

One pass, in memory; what lies further back than habits reach is forgotten. Some things show only after a look: its
relation ends, the absent colleague turns out to be at work. `History.hear` then names the looks that this is about.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from signal_index.model import dutch_day
from signal_index.model.days import day_start
from signal_index.model.log import ANSWERED, LOOKS, REFUSED
from signal_index.model.review import Watched

from .calendar import in_office_time
from .cases import Cases, KnownCover, KnownCovers, Later
from .habits import Habits, TeamHabits, Today
from .indicators import left
from .looks import Around, Look, Measure, Record, look_of, text_of
from .policy import ReviewPolicy

NOT_IN_CASELOAD = "no-relation"
HEARD = (
    ANSWERED,
    REFUSED,
    "relation.registered",
    "relation.confirmed",
    "relation.ended",
    "relation.withdrawn",
    "cover.arranged",
    "view.printed",
)
"""The events that tell something about looks."""

_EVENING = timedelta(hours=12)
_FORGETS_EVERY = timedelta(days=7)
_Seen = deque[tuple[datetime, str]]


@dataclass(frozen=True)
class Heard:
    """What one record tells.

    Args:
        look: the look it is the record of, with what was around it; None for every other record.
        later: reasons that looks before it get now.
    """

    look: tuple[Look, Around] | None = None
    later: tuple[Later, ...] = ()


@dataclass(frozen=True)
class UnderWatch:
    """What is under watch.

    Args:
        cases: care relations, as records name them.
        persons: as `Look.person` has them.
        workers: staff ids.
    """

    cases: Collection[str] = frozenset()
    persons: Collection[bytes] = frozenset()
    workers: Collection[str] = frozenset()

    def over(self, look: Look) -> Watched | None:
        """What of this look is under watch."""
        if look.relation in self.cases or look.person in self.persons:
            return Watched.CASE
        return Watched.WORKER if look.worker in self.workers else None


class History:
    """What the log has told so far.

    Args:
        policy: the review policy.
        team_of: team of a member of staff; the empty text when she is not known.
        watch: what is under watch on a day.
    """

    def __init__(
        self, policy: ReviewPolicy, team_of: Callable[[str], str], watch: Callable[[date], UnderWatch]
    ) -> None:
        self._policy = policy
        self._team_of = team_of
        self._watch_on = watch
        self._watch = UnderWatch()  # of the present day
        self._day: date | None = None
        self._forgets_on = date.min
        self._cases = Cases(policy)
        self._covers = KnownCovers()
        self._habits: dict[str, Habits] = defaultdict(Habits)
        self._teams: dict[str, TeamHabits] = defaultdict(TeamHabits)
        self._lately: dict[str, _Seen] = defaultdict(deque)  # by worker, for as long as repeats count
        self._this_evening: dict[str, _Seen] = defaultdict(deque)  # by worker, outside office time
        self._attempts: dict[str, _Seen] = defaultdict(deque)  # by worker
        self._at_resident: dict[tuple[str, str], _Seen] = defaultdict(deque)  # by worker and case
        self._outside_at: dict[tuple[str, str], _Seen] = defaultdict(deque)
        self._printed: dict[tuple[str, str], _Seen] = defaultdict(deque)
        self._refused_today: dict[str, set[str]] = defaultdict(
            set
        )  # by team: who tried what she may not open

    def hear(self, record: Record) -> Heard:
        """Take in the next record; records come in the order of their time."""
        self._begin(dutch_day(record.at))
        later = (*self._left(record.at), *self._told_later(record))
        if record.event not in LOOKS:
            return Heard(later=later)
        look = look_of(record)
        if look.refusal is not None:
            return Heard((look, self._refused(look)), later)
        return Heard((look, self._answered(look)), (*later, *self._covers.at_work(look.worker, self._today)))

    @property
    def _today(self) -> date:
        assert self._day is not None, "a record was heard"
        return self._day

    def _begin(self, day: date) -> None:
        """A new day, or the same one; now and then what is out of memory is forgotten."""
        if day == self._day:
            return
        self._day, self._watch = day, self._watch_on(day)
        self._refused_today.clear()
        if day >= self._forgets_on:
            self._forgets_on = day + _FORGETS_EVERY
            self._forget(day)

    def _forget(self, day: date) -> None:
        before = day_start(day) - self._policy.habit
        self._cases.forget(before)
        self._covers.forget(before)
        for seen in (self._at_resident, self._outside_at, self._printed):
            for key in [key for key, moments in seen.items() if moments[-1][0] < before]:
                del seen[key]

    def _left(self, at: datetime) -> Iterator[Later]:
        for look in self._cases.left(at):
            if not self._times_printed(look):
                yield look.ref, left(self._policy)

    def _told_later(self, record: Record) -> Iterator[Later]:
        """Take in a record that is not a look."""
        relation = text_of(record.fields.get("relation")) or ""
        match record.event:
            case "relation.registered":
                own = record.fields.get("self_registered") is True
                self._cases.registered(relation, record.at, record.person, own=own)
            case "relation.confirmed":
                self._cases.confirmed(relation, record.at)
            case "relation.ended" | "relation.withdrawn":
                yield from self._cases.ended(relation, record.at)
            case "cover.arranged":
                self._arranged(record)
            case "view.printed":
                key = (text_of(record.fields.get("actor")) or "", relation)
                _add(self._printed[key], record.at, relation, self._policy.habit)

    def _arranged(self, record: Record) -> None:
        cover, absentee, first = (
            text_of(record.fields.get(name)) for name in ("cover", "absentee", "first_day")
        )
        if cover and absentee and first:
            self._covers.arranged(cover, KnownCover(record.at, absentee, date.fromisoformat(first)))

    def _refused(self, look: Look) -> Around:
        """Count an attempt, and tell what was around it."""
        team = self._team_of(look.worker)
        if look.refusal == NOT_IN_CASELOAD and look.relation is not None:
            _add(self._attempts[look.worker], look.at, look.relation, self._policy.attempts_span)
            self._refused_today[team].add(look.worker)
        return Around(
            attempts=_distinct(self._attempts[look.worker], look.at, self._policy.attempts_span),
            team_attempts=len(self._refused_today[team] - {look.worker}),
            watched=self._watch.over(look),
        )

    def _answered(self, look: Look) -> Around:
        """Count an answered look, and tell what was around it."""
        team = self._teams[self._team_of(look.worker)]
        habits = team.members.setdefault(look.worker, self._habits[look.worker])
        today = habits.on(self._today, self._policy.habit)
        team.refresh(self._today)
        outside = not in_office_time(look.at, self._policy)
        self._count(look, today, outside=outside)
        around = self._around(look, team, habits, today, outside=outside)
        self._cases.looked(look)
        self._covers.used(look, self._today)
        return around

    def _count(self, look: Look, today: Today, *, outside: bool) -> None:
        relation = look.relation or ""
        today.add(look.at, relation, outside=outside)
        _add(self._lately[look.worker], look.at, relation, self._policy.repeat_span)
        _add(self._at_resident[look.worker, relation], look.at, self._today.isoformat(), self._policy.habit)
        if outside:
            _add(self._this_evening[look.worker], look.at, relation, _EVENING)
            _add(
                self._outside_at[look.worker, relation], look.at, self._today.isoformat(), self._policy.habit
            )

    def _around(self, look: Look, team: TeamHabits, habits: Habits, today: Today, *, outside: bool) -> Around:
        relation = look.relation or ""
        case, cover = self._cases.get(relation), self._covers.get(look.cover)
        begun = case.begun_at if case is not None else None
        at_all = _within(self._lately[look.worker], look.at, self._policy.repeat_span)
        repeats = sum(about == relation for _, about in at_all)
        days = self._outside_at[look.worker, relation] if outside else deque()
        at_resident = _within(self._at_resident[look.worker, relation], look.at, self._policy.habit)
        lately = {day for at, day in at_resident if at > look.at - self._policy.repeat_span}
        return Around(
            outside=habits.outside,
            team_outside=team.outside,
            outside_residents=_distinct(self._this_evening[look.worker], look.at, _EVENING) if outside else 0,
            series_days=habits.series_days,
            outside_days=_distinct(days, look.at, self._policy.habit),
            looks_at_resident=len(at_resident),
            days_at_resident=len(lately),
            days_before=len({day for _, day in at_resident} - lately),
            relation_age=look.at - begun if begun is not None else None,
            self_registered=case is not None and case.self_registered,
            with_others=self._cases.with_others(look),
            cover_age=look.at - cover.arranged_at if cover is not None else None,
            cover_notice=cover.notice if cover is not None else None,
            absentee_at_work=cover is not None and self._looked_today(cover.absentee),
            day=Measure(len(today.residents), habits.medians[0], *team.usual_day(look.worker, self._today)),
            hour=Measure(
                today.in_last_hour(look.at), habits.medians[1], *team.usual_hour(look.worker, self._today)
            ),
            repeats=repeats,
            other_looks=len(at_all) - repeats,
            printed=self._times_printed(look),
            watched=self._watch.over(look),
        )

    def _looked_today(self, worker: str) -> bool:
        habits = self._habits.get(worker)
        return habits is not None and habits.today is not None and habits.today.day == self._today

    def _times_printed(self, look: Look) -> int:
        printed = self._printed.get((look.worker, look.relation or ""), ())
        return sum(at > look.at - self._policy.repeat_span for at, _ in printed)


def _add(seen: _Seen, at: datetime, about: str, span: timedelta) -> None:
    seen.append((at, about))
    _within(seen, at, span)


def _within(seen: _Seen, at: datetime, span: timedelta) -> _Seen:
    """Drop what is older than the span."""
    while seen and seen[0][0] <= at - span:
        seen.popleft()
    return seen


def _distinct(seen: _Seen, at: datetime, span: timedelta) -> int:
    return len({about for _, about in _within(seen, at, span)})
