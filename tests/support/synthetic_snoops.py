"""Plants fifty snoops in a synthetic year, of eight kinds, each at work besides like everybody else.

They vary: some are clumsy, some are careful, and nobody does all that is suspicious. Kinds, numbers and ways were
written before any indicator and have not been changed since, although six of the fifty can hardly be found from a log
by anybody. The three `once` look a single time, at an ordinary hour, at somebody in their own caseload; nothing sets
that look apart. Of the `evening` browsers two work in the evening as a habit, and of the `repeated` one does it in
office hours at the pace of an intensive case. About half of the other `repeated` ones leave as little: an eye that is
kept on somebody in office hours, or by who works in the evening anyway, looks like a case that takes much work.

| kind | what happens |
|---|---|
| neighbour | registers a relation with a neighbour, a friendly colleague confirms it, looks, mostly ends it soon |
| celebrity | the same, or through a cover, with somebody known; half of them are under watch |
| evening | on some evenings goes through residents of her own caseload, out of curiosity |
| burst | goes through most of her caseload within an hour, once or twice |
| cover | a friend arranges a cover of a day or so, for a look at one of the friend's residents |
| repeated | keeps an eye on one resident of her own for months |
| attempts | tries cases that are not hers |
| once | one look without a reason |
"""

from collections.abc import Callable
from datetime import date, timedelta

from .synthetic_year import (
    FIRST_DAY,
    LAST_DAY,
    NOT_YOURS,
    TEAM_SIZE,
    Case,
    Worker,
    Year,
    at_hour,
    days_of_the_year,
    honest_year,
)

KINDS = {
    "neighbour": 12, "celebrity": 6, "evening": 8, "burst": 5, "cover": 6, "repeated": 6, "attempts": 4, "once": 3,
}  # fmt: skip


def year_with_snoops(seed: int, workers: int = 500, share: float = 1.0) -> Year:
    """A whole year, with snoops among the workers.

    Args:
        seed: everything is drawn from it.
        workers: how many.
        share: of the fifty snoops, rounded up per kind.
    """
    year = honest_year(seed, workers)
    kinds = [kind for kind, number in KINDS.items() for _ in range(max(1, round(number * share)))]
    present = [worker for worker in year.workers if worker.begins == FIRST_DAY]
    habitual = sorted(present, key=lambda each: -each.evening)[: len(present) // 8]
    drawn = year.rng.sample([each for each in present if each not in habitual], len(kinds))
    for number, (kind, worker) in enumerate(zip(kinds, drawn, strict=True)):
        # Two evening browsers are people who are used to work in the evening.
        snoop = (
            habitual[number] if kind == "evening" and kinds[:number].count("evening") < 2 * share else worker
        )
        year.snoops[snoop.staff_id] = kind
        _PLANT[kind](year, snoop)
    return year


def _some_day(year: Year, worker: Worker, *, until: int = 320) -> date:
    """A day she works, in the first part of the year."""
    days = [
        day
        for day in days_of_the_year()
        if worker.works_on(day) and (day - FIRST_DAY).days in range(40, until)
    ]
    return year.rng.choice(days)


def _next_workday(worker: Worker, day: date) -> date:
    while not worker.works_on(day) and day < LAST_DAY:
        day += timedelta(days=1)
    return day


def _own_relation(
    year: Year, worker: Worker, person: str, *, relation: str | None = None
) -> tuple[Case, date]:
    """A relation she makes herself and a colleague confirms, for a few looks."""
    rng = year.rng
    day = _some_day(year, worker)
    case = Case(relation or year.name(), person, 0.0, day, LAST_DAY, self_registered=True)
    at = year.office_time(day)
    confirmed = at + timedelta(hours=rng.uniform(0.1, 30))
    year.register(worker, case, at, confirmed_at=confirmed)
    first = confirmed + timedelta(hours=rng.choice((0.1, 0.5, 2, 6, 30, 75)))
    for number in range(rng.choice((1, 1, 2, 3))):
        at = first + timedelta(days=number * rng.uniform(0.5, 5))
        year.look(worker, case, at, wrongful=True)
    return case, at.date()


def _neighbour(year: Year, worker: Worker) -> None:
    case, day = _own_relation(year, worker, year.person())
    if year.rng.random() < 0.75:
        year.end(case, at_hour(day + timedelta(days=year.rng.randrange(1, 26)), year.rng.uniform(8, 18)))


def _celebrity(year: Year, worker: Worker) -> None:
    """Somebody known, who is in care with another worker."""
    rng = year.rng
    under_watch = list(year.snoops.values()).count("celebrity") % 2 == 1
    every = [(owner, case) for owner in year.workers for case in owner.cases if case.begins < FIRST_DAY]
    known = [
        pair for pair in every if (pair[1].relation in year.watched) == under_watch and pair[0] is not worker
    ]
    owner, target = rng.choice(sorted(known, key=lambda pair: pair[1].relation))
    if rng.random() < 0.6:
        case, day = _own_relation(year, worker, target.person)
        if rng.random() < 0.5:
            year.end(case, at_hour(day + timedelta(days=rng.randrange(1, 40)), 10))
        return
    day = _some_day(year, worker)
    year.prolong(target, day + timedelta(days=2))
    cover = year.arrange(
        owner, worker, (day, day + timedelta(days=rng.randrange(0, 9))), at_hour(day, 8.2), "andere-reden"
    )
    year.look(worker, target, year.office_time(day) + timedelta(hours=2), cover=cover, wrongful=True)


def _evening(year: Year, worker: Worker) -> None:
    rng = year.rng
    for _ in range(rng.randrange(3, 8)):
        day = _some_day(year, worker, until=355)
        start = year.evening_time(day)
        live = worker.live(day)
        for case in rng.sample(live, min(len(live), rng.randrange(3, 9))):
            year.look(worker, case, start + timedelta(minutes=rng.uniform(0, 90)), wrongful=True)


def _burst(year: Year, worker: Worker) -> None:
    rng = year.rng
    for _ in range(rng.choice((1, 1, 2))):
        day = _some_day(year, worker, until=355)
        start = year.office_time(day)
        live = worker.live(day)
        for case in rng.sample(live, min(len(live), rng.randrange(10, 26))):
            year.look(worker, case, start + timedelta(minutes=rng.uniform(0, 60)), wrongful=True)


def _cover(year: Year, worker: Worker) -> None:
    """A friend in the team is away for a day or so, or says so."""
    rng = year.rng
    for _ in range(rng.choice((1, 1, 2))):
        day = _some_day(year, worker)
        friends = year.team_of(worker, day)
        friend = rng.choice([each for each in friends if each.live(day)] or year.workers[:TEAM_SIZE])
        last = day + timedelta(days=rng.choice((0, 0, 1, 2)))
        arranged = at_hour(day, 8) - timedelta(hours=rng.choice((-1, 0, 2, 14, 20)))
        cover = year.arrange(friend, worker, (day, last), arranged, "andere-reden")
        case = rng.choice(friend.live(day))
        for number in range(rng.choice((1, 1, 2))):
            at = max(year.office_time(day), arranged) + timedelta(minutes=rng.uniform(5, 200) * (number + 1))
            year.look(worker, case, at, cover=cover, wrongful=True)


def _repeated(year: Year, worker: Worker) -> None:
    rng = year.rng
    begin = FIRST_DAY + timedelta(days=rng.randrange(30, 220))
    careful = list(year.snoops.values()).count("repeated") == 1
    case = rng.choice(worker.live(begin))
    year.prolong(case, LAST_DAY)
    day = begin
    for _ in range(rng.randrange(8, 24)):
        day = _next_workday(worker, day + timedelta(days=rng.randrange(1, 8)))
        late = rng.random() < 0.3 and not careful
        at = year.evening_time(day) if late else year.office_time(day)
        year.look(worker, case, at, wrongful=True)


def _attempts(year: Year, worker: Worker) -> None:
    rng = year.rng
    day = _some_day(year, worker)
    for _ in range(rng.randrange(2, 8)):
        day = _next_workday(worker, day + timedelta(days=rng.choice((0, 0, 0, 1, 3))))
        at = year.evening_time(day) if rng.random() < 0.25 else year.office_time(day)
        year.attempt(worker, year.name(), at, NOT_YOURS, wrongful=True)


def _once(year: Year, worker: Worker) -> None:
    day = _some_day(year, worker)
    year.look(worker, year.rng.choice(worker.live(day)), year.office_time(day), wrongful=True)


_PLANT: dict[str, Callable[[Year, Worker], None]] = {
    "neighbour": _neighbour, "celebrity": _celebrity, "evening": _evening, "burst": _burst, "cover": _cover,
    "repeated": _repeated, "attempts": _attempts, "once": _once,
}  # fmt: skip
