"""Chooses the work list of a week: the most striking looks, and some by lot from the others.

Invariants:
1. A look is chosen once, at most.
2. One worker gets at most so many of the striking looks, so that nobody fills the list and hides the rest.
3. Each second time a kind of reason was chosen it weighs one less in this list, so that none of them fills it either.
4. Every look of the week that does not stand out has the same chance to be drawn.
5. What was listed lately rests: a case when the reason is about a case, and else the worker, unless more came up.
6. The same looks, policy and source of chance give the same list.
"""

from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Final

from signal_index.model.review import Chosen, Kind, LookRef

from .policy import ReviewPolicy

_ABOUT_A_CASE: Final = frozenset({Kind.RELATION, Kind.COVER, Kind.REPEATED})
"""Kinds of reason that say something of one case, so that another case of the same worker is another matter."""

_Subject = tuple[str, Kind, str | None]


@dataclass(frozen=True)
class Candidate:
    """A look that could be chosen.

    Args:
        about: the case, or whatever else tells looks of one worker apart.
        this_week: whether it was made in the week of the list; an earlier one can only still be striking.
    """

    ref: LookRef
    at: datetime
    worker: str
    about: str | None
    rank: int
    kind: Kind = Kind.OTHER
    this_week: bool = True


def choose(
    candidates: Iterable[Candidate],
    policy: ReviewPolicy,
    chance: Random,
    *,
    lately: Iterable[Candidate] = (),
) -> dict[LookRef, Chosen]:
    """The work list of one week.

    Args:
        candidates: looks that were never chosen, in any order.
        policy: says how many.
        chance: the source of chance; unpredictable for those whose looks these are.
        lately: what was listed because it stood out, for as long as that rests.

    Returns:
        The chosen looks, striking ones first, in order of rank.
    """
    listed = sorted(candidates, key=lambda each: (-each.rank, each.at, each.ref))
    striking = _striking(listed, policy, lately)
    taken = set(striking)
    rest = [each.ref for each in listed if each.this_week and each.ref not in taken]
    drawn = chance.sample(sorted(rest), min(policy.sampled_per_week, len(rest)))
    return dict.fromkeys(striking, Chosen.STRIKING) | dict.fromkeys(drawn, Chosen.SAMPLE)


def _striking(
    listed: Sequence[Candidate], policy: ReviewPolicy, lately: Iterable[Candidate]
) -> list[LookRef]:
    """The highest ranks, each kind of reason in turn counting for less, until the list is full."""
    rested = _highest(lately)
    places = policy.listed_of(sum(each.this_week for each in listed))
    queues = _by_kind(each for each in listed if each.rank >= policy.rank_min and not _rests(each, rested))
    found: list[LookRef] = []
    of_kind: Counter[Kind] = Counter()
    of_worker: Counter[str] = Counter()
    cases: set[tuple[str, str | None]] = set()
    while queues and len(found) < places:
        kind = max(queues, key=lambda each: (queues[each][0].rank - of_kind[each] // 2, each))
        each = queues[kind].popleft()
        if not queues[kind]:
            del queues[kind]
        if (each.worker, each.about) not in cases and of_worker[each.worker] < policy.listed_per_worker:
            found.append(each.ref)
            of_kind[kind] += 1
            of_worker[each.worker] += 1
            cases.add((each.worker, each.about))
    return found


def _by_kind(listed: Iterable[Candidate]) -> dict[Kind, deque[Candidate]]:
    queues: dict[Kind, deque[Candidate]] = {}
    for each in listed:
        queues.setdefault(each.kind, deque()).append(each)
    return queues


def _highest(lately: Iterable[Candidate]) -> dict[_Subject, int]:
    highest: dict[_Subject, int] = {}
    for each in lately:
        subject = _subject(each)
        highest[subject] = max(highest.get(subject, 0), each.rank)
    return highest


def _subject(each: Candidate) -> _Subject:
    return each.worker, each.kind, each.about if each.kind in _ABOUT_A_CASE else None


def _rests(each: Candidate, rested: dict[_Subject, int]) -> bool:
    """Whether it was looked into lately: a case as a whole, and of a worker only what weighs no more than it did."""
    before = rested.get(_subject(each))
    return before is not None and (each.kind in _ABOUT_A_CASE or each.rank <= before)
