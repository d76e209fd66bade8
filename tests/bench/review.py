"""How many of fifty snoops the review finds in a year when it looks at one look in a hundred, against the lot alone."""

from collections import Counter
from collections.abc import Sequence
from statistics import mean

from signal_index.review.policy import ReviewPolicy
from tests.bench.figures import Record
from tests.support.reviewing import Outcome, by_lot, review, told
from tests.support.synthetic_snoops import KINDS, year_with_snoops

SEEDS = (71, 72, 73, 74, 75)
SHARE_MAX = 0.01


def recall(seeds: Sequence[int] = SEEDS) -> Record:
    """The mean over some years of 500 workers that no weight or figure was chosen on.

    Returns:
        The figure; besides, the share reviewed, the precision of what stood out, and who was found per kind.

    Raises:
        AssertionError: more was reviewed than one look in a hundred, and the figure would say nothing.
    """
    outcomes = [review(told(year_with_snoops(seed), ReviewPolicy()), seed) for seed in seeds]
    assert all(each.share <= SHARE_MAX for each in outcomes), [each.share for each in outcomes]
    found, lot = [each.recall for each in outcomes], [by_lot(each) for each in outcomes]
    return {
        "name": "review.recall",
        "value": round(mean(found), 3),
        "unit": "of 50 snoops with a wrongful look among those reviewed",
        "floor": "as many looks drawn by lot",
        "floor_value": round(mean(lot), 3),
        "ratio": round(mean(found) / mean(lot), 3),
        "spread": round((max(found) - min(found)) / mean(found), 3),
        "rounds": len(outcomes),
        "reviewed": round(mean(each.share for each in outcomes), 4),
        "precision": round(mean(each.precision for each in outcomes), 3),
        "kinds": _by_kind(outcomes),
    }


def _by_kind(outcomes: Sequence[Outcome]) -> dict[str, str]:
    found = Counter(each.snoops[who] for each in outcomes for who in each.found)
    return {kind: f"{found[kind]} of {number * len(outcomes)}" for kind, number in KINDS.items()}
