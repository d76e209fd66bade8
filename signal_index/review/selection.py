"""Chooses the work list of a week: the most striking looks, and some by lot from the others.

Invariants:
1. A look is chosen once, at most.
2. One worker gets at most so many of the striking looks, so that nobody fills the list and hides the rest.
3. Each time a kind of reason was chosen it weighs one less in this list, so that none of them fills it either.
4. Every look of the week that does not stand out has the same chance to be drawn.
5. The same looks, policy and source of chance give the same list.
"""

from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random

from signal_index.model.review import Chosen, Kind, LookRef

from .policy import ReviewPolicy


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
    lately: Mapping[tuple[str, Kind], int] | None = None,
) -> dict[LookRef, Chosen]:
    """The work list of one week.

    Args:
        candidates: looks that were never chosen, in any order.
        policy: says how many.
        chance: the source of chance; unpredictable for those whose looks these are.
        lately: by worker and kind of reason, the highest rank that was listed lately; only more is listed again.

    Returns:
        The chosen looks, striking ones first, in order of rank.
    """
    listed = sorted(candidates, key=lambda each: (-each.rank, each.at, each.ref))
    striking = _striking(listed, policy, lately or {})
    taken = set(striking)
    rest = [each.ref for each in listed if each.this_week and each.ref not in taken]
    drawn = chance.sample(sorted(rest), min(policy.sampled_per_week, len(rest)))
    return dict.fromkeys(striking, Chosen.STRIKING) | dict.fromkeys(drawn, Chosen.SAMPLE)


def _striking(
    listed: Sequence[Candidate], policy: ReviewPolicy, lately: Mapping[tuple[str, Kind], int]
) -> list[LookRef]:
    """The highest ranks, each kind of reason in turn counting for less, until the list is full."""
    places = policy.listed_of(sum(each.this_week for each in listed))
    queues = _by_kind(
        each
        for each in listed
        if each.rank >= policy.rank_min and each.rank > lately.get((each.worker, each.kind), 0)
    )
    found: list[LookRef] = []
    of_kind: Counter[Kind] = Counter()
    of_worker: Counter[str] = Counter()
    cases: set[tuple[str, str | None]] = set()
    while queues and len(found) < places:
        kind = max(queues, key=lambda each: (queues[each][0].rank - of_kind[each], each))
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
