"""A year in a municipality that exists nowhere: what its log would hold of some hundreds of honest workers.

Drawn from one seed. Written before the indicators were, from what is known of the work and not from what the indicators
look at; `tests/support/synthetic_snoops.py` plants wrongful looks in it. Everything that gives a snoop away is also
done by somebody with a good reason:

- looks in the evening and the weekend: crisis teams do little else, one worker in eight works at home in the evening
  when the children sleep, and everybody visits a family after dinner now and then;
- many residents in one hour: once a year a team goes through its whole caseload together, new workers go through
  the one they take over, and a colleague's after an illness is gone through by whoever takes it;
- relations registered for oneself: walk-ins and crises, looked at within the hour and often over within two weeks;
- covers that begin the day they are arranged: illness;
- looks at one person week after week: intensive cases;
- refused attempts: bookmarks of cases that were closed, covers that ran out, a feed that is a day late for a team;
- looks at somebody under watch: her own worker does her work;
- one person with two workers: one new case in eight is about somebody a colleague knows already;
- covers of somebody who is at work: one in ten is there to share the work.

Times are wall-clock times in the Netherlands; the log has them in UTC.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

from crypto.chain import Pseudonym
from signal_index import audit
from signal_index.model import AuditEvent, FieldValue

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
ORGANISATION = "00000099000000000001"
FIRST_DAY, LAST_DAY = date(2026, 1, 5), date(2027, 1, 3)
FREE_DAYS = {
    date(2026, 4, 3), date(2026, 4, 6), date(2026, 4, 27), date(2026, 5, 14), date(2026, 5, 25),
    date(2026, 12, 25), date(2027, 1, 1),
}  # fmt: skip
NOT_YOURS, NOT_LIVE = "no-relation", "relation-not-live"
TEAM_SIZE = 10


@dataclass
class Case:
    """One worker's care for one person; `weight` is how much of her attention it takes."""

    relation: str
    person: str
    weight: float
    begins: date
    ends: date
    self_registered: bool = False


@dataclass
class Worker:
    """One member of staff and her habits.

    Args:
        looks_per_day: her mean on a day at work.
        evening: share of her looks that she makes after dinner.
        weekend: chance that she works on a day of the weekend.
        weekdays: days of the week she works, Monday is 0.
        informs: how she answers whether the resident knows, as weights of told, together and not yet.
        prints: how often she prints, or says whether it was of use.
    """

    staff_id: str
    team: str
    looks_per_day: float
    evening: float
    weekend: float
    weekdays: frozenset[int]
    begins: date
    informs: tuple[float, float, float]
    prints: float
    away: set[date] = field(default_factory=set)
    cases: list[Case] = field(default_factory=list)

    def works_on(self, day: date) -> bool:
        """Whether she is at work on this day."""
        return (
            day >= self.begins
            and day.weekday() in self.weekdays
            and day not in self.away
            and day not in FREE_DAYS
        )

    def live(self, day: date) -> list[Case]:
        """Her cases on this day."""
        return [case for case in self.cases if case.begins <= day < case.ends]


@dataclass
class Year:
    """What is drawn: people, and what the log will hold; `wrongful` holds looks of snoops, by event identity.

    Args:
        watched: relations under watch.
        snoops: staff id to kind, filled by whoever plants them.
    """

    rng: random.Random
    workers: list[Worker] = field(default_factory=list)
    events: list[AuditEvent] = field(default_factory=list)
    watched: set[str] = field(default_factory=set)
    snoops: dict[str, str] = field(default_factory=dict)
    wrongful: dict[int, str] = field(default_factory=dict)

    def teams(self) -> dict[str, str]:
        """Team by staff id."""
        return {worker.staff_id: worker.team for worker in self.workers}

    def in_order(self) -> list[AuditEvent]:
        """The events as the log has them."""
        return sorted(self.events, key=lambda each: each.at)

    # --- What gets into the log -----------------------------------------------------------------------------------

    def record(
        self, name: str, at: datetime, *, actor: str, person: str | None = None, **fields: FieldValue
    ) -> AuditEvent:
        """Record one event; the catalogue of events refuses a field it does not know."""
        subject = pseudonym(person) if person else None
        made = audit.event(
            name, at, subject=subject, actor=actor, organisation=ORGANISATION, token="t", **fields
        )
        self.events.append(made)
        return made

    def look(
        self, worker: Worker, case: Case, at: datetime, *, cover: str | None = None, wrongful: bool = False
    ) -> None:
        """One look, what she says of it, and what she does with it."""
        informed = self.rng.choices(("verteld", "samen", "nog-niet"), worker.informs)[0]
        event = self.record(
            "lookup.answered", at, actor=worker.staff_id, person=case.person, relation=case.relation,
            purpose="voorbereiding-huisbezoek", informed=informed, cover=cover, any_shown=self.rng.random() < 0.6,
        )  # fmt: skip
        if wrongful:
            self.wrongful[id(event)] = worker.staff_id
        if self.rng.random() < worker.prints * (0.3 if wrongful else 1.0):
            after = at + timedelta(minutes=self.rng.uniform(1, 20))
            self.record(
                "view.printed", after, actor=worker.staff_id, relation=case.relation, sheet="werkblad"
            )
        if informed == "nog-niet" and self.rng.random() < 0.75:
            told = at + timedelta(days=self.rng.uniform(0.2, 9))
            self.record("view.told", told, actor=worker.staff_id, relation=case.relation)

    def attempt(
        self, worker: Worker, relation: str, at: datetime, reason: str, *, wrongful: bool = False
    ) -> None:
        """A look that was refused."""
        event = self.record(
            "lookup.refused", at, actor=worker.staff_id, relation=relation, purpose="voorbereiding-huisbezoek",
            reason=reason,
        )  # fmt: skip
        if wrongful:
            self.wrongful[id(event)] = worker.staff_id

    def register(self, worker: Worker, case: Case, at: datetime, *, confirmed_at: datetime | None) -> None:
        """A relation comes in through the feed, and a colleague confirms it if the worker made it herself."""
        worker.cases.append(case)
        by = worker.staff_id if case.self_registered else "i.intake"
        self.record(
            "relation.registered", at, actor=by, person=case.person, relation=case.relation,
            self_registered=case.self_registered,
        )  # fmt: skip
        if confirmed_at is not None:
            lead = f"t.{worker.team}"
            self.record(
                "relation.confirmed", confirmed_at, actor=lead, person=case.person, relation=case.relation
            )

    def end(self, case: Case, at: datetime) -> None:
        """The feed ends a relation."""
        case.ends = min(case.ends, local_day(at))
        self.record("relation.ended", at, actor="i.intake", person=case.person, relation=case.relation)

    def prolong(self, case: Case, until: date) -> None:
        """A case lasts longer than was drawn, so the feed did not end it before."""
        if case.ends <= until:
            self.events = [
                each
                for each in self.events
                if each.event != "relation.ended" or each.fields["relation"] != case.relation
            ]
            case.ends = until + timedelta(days=1)

    def arrange(
        self, absentee: Worker, delegate: Worker, days: tuple[date, date], at: datetime, reason: str
    ) -> str:
        """A worker lets a colleague look for her."""
        cover = self.name()
        self.record(
            "cover.arranged", at, actor=absentee.staff_id, cover=cover, delegate=delegate.staff_id,
            absentee=absentee.staff_id, first_day=days[0].isoformat(), last_day=days[1].isoformat(), reason=reason,
        )  # fmt: skip
        return cover

    # --- Small draws ----------------------------------------------------------------------------------------------

    def name(self) -> str:
        """A name nothing else has, as relations and covers have."""
        raw = f"{self.rng.getrandbits(128):032x}"
        return f"{raw[:8]}-{raw[8:12]}-{raw[12:16]}-{raw[16:20]}-{raw[20:]}"

    def person(self) -> str:
        """Somebody new."""
        return f"p{self.rng.getrandbits(64):016x}"

    def count(self, mean: float) -> int:
        """A number of things that happen by themselves (Poisson)."""
        left, number = self.rng.random(), 0
        chance = total = 2.718281828459045**-mean
        while left > total and number < 200:
            number += 1
            chance *= mean / number
            total += chance
        return number

    def office_time(self, day: date) -> datetime:
        """A moment of an ordinary day at the office: before visits in the morning, and after lunch."""
        hour = self.rng.choice((self.rng.gauss(9.2, 0.8), self.rng.gauss(13.4, 1.0), self.rng.uniform(8, 17)))
        return at_hour(day, min(max(hour, 7.4), 18.4))

    def evening_time(self, day: date) -> datetime:
        """A moment after dinner."""
        return at_hour(day, min(max(self.rng.gauss(20.6, 1.0), 19.05), 23.7))

    def team_of(self, worker: Worker, day: date) -> list[Worker]:
        """Her colleagues at work on this day."""
        return [
            each
            for each in self.workers
            if each.team == worker.team and each.works_on(day) and each is not worker
        ]


def at_hour(day: date, hour: float) -> datetime:
    """A moment of a day in the Netherlands, in UTC."""
    local = datetime.combine(day, time(), AMSTERDAM) + timedelta(hours=hour)
    return local.astimezone(UTC)


def local_day(at: datetime) -> date:
    """The day in the Netherlands."""
    return at.astimezone(AMSTERDAM).date()


_PSEUDONYMS: dict[str, Pseudonym] = {}


def pseudonym(person: str) -> Pseudonym:
    """What the index would know this person by."""
    if person not in _PSEUDONYMS:
        _PSEUDONYMS[person] = Pseudonym(sha256(person.encode()).digest())
    return _PSEUDONYMS[person]


def days_of_the_year() -> Iterator[date]:
    """Every day, weekends included."""
    return (FIRST_DAY + timedelta(days=number) for number in range((LAST_DAY - FIRST_DAY).days + 1))


# --- Honest work -----------------------------------------------------------------------------------------------------

# By kind of team: how many of ten teams, looks per day and worker, share in the evening, chance to work in a weekend.
TEAM_KINDS = ((6, 0.7, 0.02, 0.0), (2, 1.1, 0.04, 0.0), (1, 5.0, 0.01, 0.0), (1, 1.5, 0.40, 0.35))


def honest_year(seed: int, workers: int = 500) -> Year:
    """A year in which nobody looks without a reason."""
    year = Year(random.Random(seed))
    year.workers = [_worker(year, number) for number in range(workers)]
    for worker in year.workers:
        _caseload(year, worker)
        _absences(year, worker)
    by_team: dict[str, list[Worker]] = {}
    for worker in year.workers:
        by_team.setdefault(worker.team, []).append(worker)
    for team in by_team.values():
        _reviews(year, team)
        _late_feed(year, team)
    for day in days_of_the_year():
        for worker in year.workers:
            if worker.works_on(day):
                _day_at_work(year, worker, day)
    everybody = [case for worker in year.workers for case in worker.cases if case.begins < FIRST_DAY]
    year.watched = {case.relation for case in year.rng.sample(everybody, max(2, workers // 25))}
    return year


def _worker(year: Year, number: int) -> Worker:
    rng, team = year.rng, number // TEAM_SIZE
    kinds = [kind for kind in TEAM_KINDS for _ in range(kind[0])]
    _, looks, evening, weekend = kinds[team % len(kinds)]
    at_home_in_the_evening = rng.random() < 0.12
    free = set(rng.sample(range(5), rng.choices((0, 1, 2), (3, 4, 3))[0]))
    days = set(range(5)) - free | (({5, 6} & {5 + rng.randrange(2)}) if rng.random() < weekend else set())
    late = rng.random() < 0.15
    return Worker(
        staff_id=f"w.{number:03}",
        team=f"team-{team:02}",
        looks_per_day=looks * rng.lognormvariate(0, 0.5),
        evening=min(
            evening + (rng.uniform(0.08, 0.3) if at_home_in_the_evening else rng.uniform(0, 0.01)), 0.6
        ),
        weekend=weekend,
        weekdays=frozenset(days),
        begins=FIRST_DAY + timedelta(days=rng.randrange(20, 330)) if late else FIRST_DAY,
        informs=(rng.uniform(0.3, 0.8), rng.uniform(0.1, 0.5), rng.uniform(0.0, 0.4)),
        prints=rng.choice((0.02, 0.1, 0.3)),
    )


def _caseload(year: Year, worker: Worker) -> None:
    """What she begins the year with; whoever comes later takes over a caseload, and goes through it."""
    rng = year.rng
    start = worker.begins if worker.begins > FIRST_DAY else FIRST_DAY - timedelta(days=1)
    for _ in range(rng.randrange(12, 34)):
        lasts = timedelta(days=rng.expovariate(1 / 260) + 5)
        case = Case(year.name(), year.person(), rng.paretovariate(1.3), start, min(start + lasts, LAST_DAY))
        year.register(worker, case, at_hour(start, 6.5), confirmed_at=None)
        if case.ends < LAST_DAY:
            year.end(case, at_hour(case.ends, rng.uniform(8, 18)))
    if worker.begins > FIRST_DAY:
        first = next((day for day in days_of_the_year() if worker.works_on(day)), worker.begins)
        for case in worker.cases:
            if rng.random() < 0.6:
                year.look(
                    worker, case, at_hour(first + timedelta(days=rng.choice((0, 0, 1))), rng.uniform(9, 12))
                )


def _absences(year: Year, worker: Worker) -> None:
    """Holidays and illness, with who covers."""
    rng = year.rng
    for length in (*rng.sample((21, 14, 10), 2), 5, 4):
        first = FIRST_DAY + timedelta(days=rng.randrange(360 - length))
        _away(
            year,
            worker,
            first,
            length,
            ahead=rng.uniform(2, 25) if rng.random() < 0.85 else rng.uniform(0, 0.4),
        )
    for _ in range(year.count(1.6)):
        first = FIRST_DAY + timedelta(days=rng.randrange(350))
        _away(year, worker, first, rng.choice((1, 1, 2, 3, 8)), ahead=rng.uniform(-0.1, 0.05))


def _away(year: Year, worker: Worker, first: date, length: int, *, ahead: float) -> None:
    """She is away; sometimes a colleague looks for her."""
    rng = year.rng
    days = [first + timedelta(days=number) for number in range(length)]
    if rng.random() > 0.1:
        worker.away.update(days)
    colleagues = [each for each in year.workers if each.team == worker.team and each is not worker]
    if rng.random() > 0.5 or not colleagues or first < worker.begins:
        return
    delegate = rng.choice(colleagues)
    arranged = at_hour(first, 8) - timedelta(days=ahead)
    cover = year.arrange(worker, delegate, (first, days[-1]), arranged, "vrij-of-verlof")
    for day in days:
        if not delegate.works_on(day):
            continue
        for case in rng.sample(worker.live(day), min(len(worker.live(day)), year.count(0.4))):
            at = max(_when(year, delegate, day), arranged + timedelta(minutes=rng.uniform(5, 90)))
            year.look(delegate, case, at, cover=cover)
    if rng.random() < 0.06 and worker.live(days[-1]):
        late = year.office_time(days[-1] + timedelta(days=rng.choice((1, 2, 3))))
        for _ in range(rng.choice((1, 1, 2))):
            year.attempt(delegate, rng.choice(worker.live(days[-1])).relation, late, NOT_YOURS)


def _reviews(year: Year, team: Sequence[Worker]) -> None:
    """Once a year half of the teams go through all their cases, on one day and within two hours."""
    rng = year.rng
    if rng.random() > 0.5:
        return
    day = FIRST_DAY + timedelta(days=rng.randrange(30, 340))
    while day.weekday() != 1 or day in FREE_DAYS:
        day += timedelta(days=1)
    for worker in team:
        if worker.works_on(day):
            for case in worker.live(day):
                if rng.random() < 0.7:
                    year.look(worker, case, at_hour(day, rng.uniform(13, 15)))


def _late_feed(year: Year, team: Sequence[Worker]) -> None:
    """One team in five has a day on which the regiesysteem's feed is late, and new cases cannot be opened."""
    rng = year.rng
    if rng.random() > 0.2:
        return
    day = FIRST_DAY + timedelta(days=rng.randrange(10, 350))
    for worker in team:
        if worker.works_on(day) and rng.random() < 0.7:
            for _ in range(rng.choice((1, 2, 2, 4))):
                year.attempt(worker, year.name(), year.office_time(day), NOT_YOURS)


def _when(year: Year, worker: Worker, day: date) -> datetime:
    return year.evening_time(day) if year.rng.random() < worker.evening else year.office_time(day)


def _day_at_work(year: Year, worker: Worker, day: date) -> None:
    """New cases, the looks of the day, now and then something that no longer works."""
    rng = year.rng
    if rng.random() < 0.05:
        _new_case(year, worker, day)
    live = worker.live(day)
    number = year.count(worker.looks_per_day)
    if rng.random() < 0.02:
        number += rng.randrange(3, 7)  # a day of visits, prepared in one go
    chosen = rng.choices(live, [case.weight for case in live], k=number) if live else []
    evening = rng.random() < worker.evening
    start = year.evening_time(day) if evening else year.office_time(day)
    for case in chosen:
        together = number > 3 and rng.random() < 0.7
        at = start + timedelta(minutes=rng.uniform(0, 50)) if together else _when(year, worker, day)
        year.look(worker, case, at)
    over = [case for case in worker.cases if timedelta() < day - case.ends < timedelta(days=30)]
    if over and rng.random() < 0.006:
        for _ in range(rng.choice((1, 1, 1, 2, 3))):
            year.attempt(worker, rng.choice(over).relation, _when(year, worker, day), NOT_LIVE)
    if rng.random() < 0.0015:
        for _ in range(rng.choice((1, 1, 2))):
            year.attempt(worker, year.name(), _when(year, worker, day), NOT_YOURS)


def _new_case(year: Year, worker: Worker, day: date) -> None:
    """Somebody new: through the intake, or a walk-in whom the worker registers herself."""
    rng = year.rng
    own = rng.random() < 0.15
    short = rng.random() < (0.25 if own else 0.06)
    lasts = rng.uniform(1, 14) if short else rng.expovariate(1 / 200) + 10
    at = _when(year, worker, day)
    confirmed = at + timedelta(hours=min(rng.expovariate(1 / 5) + 0.1, 72)) if own else None
    known = local_day(confirmed or at) + timedelta(days=1)
    others = rng.choice(year.workers).live(day) if rng.random() < 0.125 else []
    person = rng.choice(others).person if others else year.person()
    case = Case(year.name(), person, rng.paretovariate(1.3) * 2, known, LAST_DAY, self_registered=own)
    year.register(worker, case, at, confirmed_at=confirmed)
    if rng.random() < 0.5:
        year.look(worker, case, (confirmed or at) + timedelta(minutes=rng.uniform(2, 240)))
    over = at + timedelta(days=lasts)
    if local_day(over) < LAST_DAY:
        year.end(case, over)
