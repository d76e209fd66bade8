"""What observations add up to, as the publisher and the command count them."""

from collections.abc import Iterable
from datetime import date

from connectors.reading import Observation, Reading
from connectors.trajecten import FlagWish, TrajectRecord, flags, merge
from crypto.chain import Bsn

Records = dict[tuple[Bsn, str, str, str], TrajectRecord]


def collect(readings: Iterable[Reading]) -> Records:
    """Merge the observations among the readings, in the order given."""
    records: Records = {}
    for seen in readings:
        if isinstance(seen, Observation):
            records[seen.identity] = merge(records.get(seen.identity), seen)
    return records


def wishes(readings: Iterable[Reading], as_of: date) -> set[FlagWish]:
    """What the sources should be saying on this day."""
    return set(flags(collect(readings).values(), as_of))
