"""What a figure is, and how it is measured against its floor."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

ROUNDS = 9

Record = dict[str, Any]


@dataclass(frozen=True)
class Figure:
    """One measured part and its floor.

    Args:
        unit: of both values.
        per_round: how many items one call of either function handles; values are per item.
        clock: nanoseconds; CPU time of this process, or the wall where other processes do the work.
    """

    name: str
    unit: str
    part: Callable[[], object]
    floor_name: str
    floor: Callable[[], object]
    per_round: int
    clock: Callable[[], int] = time.process_time_ns


def measure(figure: Figure) -> Record:
    """Interleave part and floor, and take medians."""
    figure.part(), figure.floor()  # warm up
    pairs = [(_microseconds(figure, figure.part), _microseconds(figure, figure.floor)) for _ in range(ROUNDS)]
    ratios = [value / floor for value, floor in pairs]
    ratio = statistics.median(ratios)
    return {
        "name": figure.name,
        "value": round(statistics.median(value for value, _ in pairs), 2),
        "unit": figure.unit,
        "floor": figure.floor_name,
        "floor_value": round(statistics.median(floor for _, floor in pairs), 2),
        "ratio": round(ratio, 3),
        "spread": round((max(ratios) - min(ratios)) / ratio, 3),
        "rounds": ROUNDS,
    }


def weigh(
    name: str, unit: str, part: Callable[[], float], floor_name: str, floor: Callable[[], float]
) -> Record:
    """Compare what two pieces of work take of something that does not drift, such as memory: once each."""
    value, floor_value = part(), floor()
    return {
        "name": name,
        "value": round(value, 2),
        "unit": unit,
        "floor": floor_name,
        "floor_value": round(floor_value, 2),
        "ratio": round(value / floor_value, 3),
        "spread": 0.0,
        "rounds": 1,
    }


def _microseconds(figure: Figure, work: Callable[[], object]) -> float:
    start = figure.clock()
    work()
    return (figure.clock() - start) / 1000 / figure.per_round
