"""Takes a synthetic year through the review: every look scored as the log tells it, every week listed at its end."""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

from signal_index.model.review import Chosen, Indicator, LookRef, Review, in_order, kind_of
from signal_index.review.history import HEARD, History, UnderWatch
from signal_index.review.indicators import reasons
from signal_index.review.looks import Record
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


def review(
    year: Year,
    policy: ReviewPolicy,
    seed: int,
    *,
    without: Collection[Indicator] = (),
    shuffled: bool = False,
) -> Outcome:
    """Review the whole year.

    Args:
        year: with snoops.
        policy: as the product has it, or another one.
        seed: of the lot.
        without: indicators that say nothing in this run.
        shuffled: hand out the ranks among the looks at random.
    """
    return _Run(year, policy, Random(seed), frozenset(without), shuffled=shuffled).outcome()


class _Run:
    def __init__(
        self,
        year: Year,
        policy: ReviewPolicy,
        chance: Random,
        without: Collection[Indicator],
        *,
        shuffled: bool,
    ) -> None:
        teams = year.teams()
        self._year, self._policy, self._chance = year, policy, chance
        self._without, self._shuffled = without, shuffled
        self._history = History(
            policy, lambda who: teams.get(who, ""), lambda _: UnderWatch(cases=year.watched)
        )
        self._waiting: dict[LookRef, Review] = {}
        self._chosen: dict[LookRef, Review] = {}
        self._wrongful: dict[LookRef, str] = {}
        self._looks = 0

    def outcome(self) -> Outcome:
        end = FIRST_DAY + timedelta(days=7)
        for number, event in enumerate(self._year.in_order()):
            day = local_day(event.at)
            while day >= end:
                self._list(end)
                end += timedelta(days=7)
            if event.event in HEARD:
                person = event.subject.encoded if event.subject is not None else None
                ref = LookRef(WRITER, number)
                if id(event) in self._year.wrongful:
                    self._wrongful[ref] = self._year.wrongful[id(event)]
                self._hear(Record(ref, event.event, event.at, event.fields, person))
        self._list(end)
        return Outcome(self._looks, self._chosen, self._wrongful, self._year.snoops)

    def _hear(self, record: Record) -> None:
        heard = self._history.hear(record)
        if heard.look is not None:
            look, around = heard.look
            told = [
                each for each in reasons(look, around, self._policy) if each.indicator not in self._without
            ]
            self._waiting[look.ref] = Review(
                look.ref, look.at, look.worker, look.relation, look.refusal is None, tuple(told)
            )
            self._looks += 1
        for ref, reason in heard.later:
            review = self._waiting.get(ref)
            if review is not None and reason.indicator not in self._without:
                others = [each for each in review.reasons if each.indicator is not reason.indicator]
                self._waiting[ref] = replace(review, reasons=in_order([*others, reason]))

    def _list(self, end: date) -> None:
        """The list of the week before this day."""
        begin, oldest = end - timedelta(days=7), end - self._policy.waits
        self._waiting = {
            ref: each for ref, each in self._waiting.items() if local_day(each.looked_at) >= oldest
        }
        pool = [self._candidate(each, begin) for each in self._waiting.values()]
        pool = [each for each in pool if each.this_week or each.rank >= self._policy.rank_min]
        if self._shuffled:
            pool = self._shuffle(pool)
        lately = [self._candidate(each, begin) for each in self._lately(end - self._policy.rests)]
        for ref, how in choose(pool, self._policy, self._chance, lately=lately).items():
            self._chosen[ref] = replace(self._waiting.pop(ref), chosen=how, chosen_on=end)

    def _candidate(self, review: Review, begin: date) -> Candidate:
        this_week = local_day(review.looked_at) >= begin
        return Candidate(
            review.ref,
            review.looked_at,
            review.worker,
            review.relation,
            review.rank,
            kind_of(review.reasons),
            this_week,
        )

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
