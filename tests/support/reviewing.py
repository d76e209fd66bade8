"""Takes a synthetic year through the review: every look scored as the log tells it, every week listed at its end."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property
from random import Random

from signal_index.model.review import Chosen, Indicator, LookRef, Reason, Review, in_order, kind_of
from signal_index.review.history import HEARD, History, UnderWatch
from signal_index.review.indicators import reasons
from signal_index.review.looks import Around, Look, Record
from signal_index.review.policy import ReviewPolicy
from signal_index.review.selection import Candidate, choose

from .synthetic_year import FIRST_DAY, Year, local_day

WRITER = b"synthetic"


@dataclass(frozen=True)
class Outcome:
    """What the review of one year came to.

    Args:
        looks: of everybody, refused attempts included.
        reviews: what was chosen.
        wrongful: looks of snoops without a reason, with whose they are.
        snoops: kind by staff id.
    """

    looks: int
    reviews: dict[LookRef, Review]
    wrongful: dict[LookRef, str]
    snoops: dict[str, str]

    @property
    def share(self) -> float:
        """Looks reviewed, of all looks."""
        return len(self.reviews) / self.looks

    @property
    def found(self) -> set[str]:
        """Snoops of whom at least one wrongful look was chosen."""
        return {self.wrongful[ref] for ref in self.reviews if ref in self.wrongful}

    @property
    def recall(self) -> float:
        """Snoops found, of all."""
        return len(self.found) / len(self.snoops)

    @property
    def precision(self) -> float:
        """Wrongful looks among those that stood out."""
        striking = [ref for ref, review in self.reviews.items() if review.chosen is Chosen.STRIKING]
        return sum(ref in self.wrongful for ref in striking) / len(striking)

    def by_kind(self) -> dict[str, str]:
        """Snoops found and planted, per kind."""
        planted, found = Counter(self.snoops.values()), Counter(self.snoops[who] for who in self.found)
        return {kind: f"{found[kind]}/{planted[kind]}" for kind in planted}


@dataclass(frozen=True)
class Step:
    """What one record adds.

    Args:
        day: of the record, in the Netherlands.
        look: with every reason known at once; None for another record.
        later: reasons for looks before it.
    """

    day: date
    look: Review | None
    later: Sequence[tuple[LookRef, Reason]]


@dataclass(frozen=True)
class Told:
    """A year as the log tells it under a policy, to be reviewed in several ways.

    Args:
        wrongful: looks of snoops without a reason, with whose they are.
    """

    year: Year
    policy: ReviewPolicy
    steps: list[Step] = field(default_factory=list)
    wrongful: dict[LookRef, str] = field(default_factory=dict)


def told(year: Year, policy: ReviewPolicy) -> Told:
    """Hear the whole year, and give each look its reasons; nothing is chosen yet."""
    teams = year.teams()
    history = History(policy, lambda who: teams.get(who, ""), lambda _: UnderWatch(cases=year.watched))
    made = Told(year, policy)
    for number, event in enumerate(year.in_order()):
        day, ref = local_day(event.at), LookRef(WRITER, number)
        if event.event not in HEARD:
            made.steps.append(Step(day, None, ()))
            continue
        if id(event) in year.wrongful:
            made.wrongful[ref] = year.wrongful[id(event)]
        person = event.subject.encoded if event.subject is not None else None
        heard = history.hear(Record(ref, event.event, event.at, event.fields, person))
        look = None if heard.look is None else _reviewed(*heard.look, policy)
        made.steps.append(Step(day, look, heard.later))
    return made


def _reviewed(look: Look, around: Around, policy: ReviewPolicy) -> Review:
    given = tuple(reasons(look, around, policy))
    return Review(look.ref, look.at, look.worker, look.relation, look.refusal is None, given)


def review(of: Told, seed: int, *, without: Collection[Indicator] = (), shuffled: bool = False) -> Outcome:
    """Review the whole year.

    Args:
        of: a year with snoops.
        seed: of the lot.
        without: indicators that say nothing in this run.
        shuffled: hand out the ranks among the looks at random.
    """
    return _Run(of, Random(seed), frozenset(without), shuffled=shuffled).outcome()


@dataclass(frozen=True)
class _Waiting:
    """A look that may still be chosen."""

    review: Review
    day: date

    @cached_property
    def candidate(self) -> Candidate:
        """As one that was looked at before this week."""
        return _candidate(self.review)


def _candidate(of: Review) -> Candidate:
    return Candidate(
        of.ref, of.looked_at, of.worker, of.relation, of.rank, kind_of(of.reasons), this_week=False
    )


class _Run:
    def __init__(self, of: Told, chance: Random, without: Collection[Indicator], *, shuffled: bool) -> None:
        self._told, self._policy, self._chance = of, of.policy, chance
        self._without, self._shuffled = without, shuffled
        self._waiting: dict[LookRef, _Waiting] = {}
        self._chosen: dict[LookRef, Review] = {}

    def outcome(self) -> Outcome:
        end = FIRST_DAY + timedelta(days=7)
        for step in self._told.steps:
            while step.day >= end:
                self._list(end)
                end += timedelta(days=7)
            self._hear(step)
        self._list(end)
        looks = sum(step.look is not None for step in self._told.steps)
        return Outcome(looks, self._chosen, self._told.wrongful, self._told.year.snoops)

    def _hear(self, step: Step) -> None:
        if step.look is not None:
            given = tuple(each for each in step.look.reasons if each.indicator not in self._without)
            self._waiting[step.look.ref] = _Waiting(replace(step.look, reasons=given), step.day)
        for ref, reason in step.later:
            waits = self._waiting.get(ref)
            if waits is not None and reason.indicator not in self._without:
                others = [each for each in waits.review.reasons if each.indicator is not reason.indicator]
                with_it = replace(waits.review, reasons=in_order([*others, reason]))
                self._waiting[ref] = replace(waits, review=with_it)

    def _list(self, end: date) -> None:
        """The list of the week before this day."""
        begin, oldest = end - timedelta(days=7), end - self._policy.waits
        self._waiting = {ref: each for ref, each in self._waiting.items() if each.day >= oldest}
        pool = [
            replace(each.candidate, this_week=True) if each.day >= begin else each.candidate
            for each in self._waiting.values()
            if each.day >= begin or each.candidate.rank >= self._policy.rank_min
        ]
        if self._shuffled:
            pool = self._shuffle(pool)
        lately = [_candidate(each) for each in self._lately(end - self._policy.rests)]
        for ref, how in choose(pool, self._policy, self._chance, lately=lately).items():
            self._chosen[ref] = replace(self._waiting.pop(ref).review, chosen=how, chosen_on=end)

    def _shuffle(self, pool: list[Candidate]) -> list[Candidate]:
        ranks = [(each.rank, each.kind) for each in pool]
        self._chance.shuffle(ranks)
        return [replace(each, rank=rank, kind=kind) for each, (rank, kind) in zip(pool, ranks, strict=True)]

    def _lately(self, since: date) -> Iterator[Review]:
        for review in self._chosen.values():
            if (
                review.chosen is Chosen.STRIKING
                and review.chosen_on is not None
                and review.chosen_on >= since
            ):
                yield review


def by_lot(outcome: Outcome) -> float:
    """The recall of as many looks drawn by lot: what a review without reasons would find.

    Worked out from the chance that none of a snoop's looks is drawn, not from one draw.
    """
    of_each = Counter(outcome.wrongful.values())
    missed = sum((1 - outcome.share) ** number for number in of_each.values())
    return 1 - missed / len(outcome.snoops)
