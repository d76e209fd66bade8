"""Measures the parts against the floor each stands on, in one run, and writes build/bench.json.

A figure is a ratio to its floor in the same interleaved round: machines drift, ratios between neighbours do not.
CPU time of this process, median over the rounds; `spread` is (largest - smallest) / median of the ratio.
"""

import gc
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from pathlib import Path

from lxml import etree

from connectors import iwmo
from crypto.chain import Bsn, HopSecrets, OpeningSecrets, encrypt, hop, open_item
from crypto.group import Point, base_multiply, multiply, random_scalar
from policy.facts import LookupFacts
from policy.pdp import decide
from policy.rulesets import bundled, load
from policy.vocabulary import AgeBand, PurposeCode, Role

ROUNDS = 9
OUT = Path(__file__).parents[2] / "build" / "bench.json"


@dataclass(frozen=True)
class Figure:
    """One measured part and its floor.

    Args:
        unit: of both values.
        per_round: how many items one call of either function handles; values are per item.
    """

    name: str
    unit: str
    part: Callable[[], object]
    floor_name: str
    floor: Callable[[], object]
    per_round: int


def _cpu_microseconds(work: Callable[[], object], items: int) -> float:
    start = time.process_time_ns()
    work()
    return (time.process_time_ns() - start) / 1000 / items


def measure(figure: Figure) -> dict[str, object]:
    """Interleave part and floor, and take medians."""
    figure.part(), figure.floor()  # warm up
    pairs = [
        (
            _cpu_microseconds(figure.part, figure.per_round),
            _cpu_microseconds(figure.floor, figure.per_round),
        )
        for _ in range(ROUNDS)
    ]
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


def _chain() -> list[Figure]:
    count = 200
    person = Bsn.parse("999900006")
    index = OpeningSecrets(layer=random_scalar(), closing=random_scalar())
    own = HopSecrets(factor=random_scalar(), layer=random_scalar())
    towards = base_multiply(index.layer)
    public = multiply(own.layer, towards)
    sent = encrypt(person.person_point(), public)
    hopped = hop(own, towards, sent)
    scalar = random_scalar()

    def times(work: Callable[[], object]) -> Callable[[], object]:
        return lambda: [work() for _ in range(count)]

    floor = times(lambda: multiply(scalar, towards))
    parts: dict[str, Callable[[], object]] = {
        "chain.source_item": lambda: encrypt(person.person_point(), public),
        "chain.hop_item": lambda: hop(own, towards, sent),
        "chain.open_item": lambda: open_item(index, hopped),
    }
    assert isinstance(towards, Point)
    return [
        Figure(name, "CPU microseconds per item", times(part), "one scalar multiplication", floor, count)
        for name, part in parts.items()
    ]


def _policy() -> Figure:
    in_force = load(bundled()).in_force(date(2026, 3, 3))
    facts = LookupFacts(
        role=Role.TEAM_MEMBER,
        account_active=True,
        second_factor=True,
        purpose=PurposeCode("voorbereiding-huisbezoek"),
        relation_live=True,
        relation_confirmed=True,
        age_band=AgeBand.ADULT,
        shielded=False,
        coordinator=False,
        organisation="00000099000000000001",
        on=date(2026, 3, 3),
    )
    types = [kind.code for kind in in_force.catalogue.types]
    # The floor is one type at presence only: what the engine costs per call before there is anything to batch.
    return Figure(
        "policy.lookup",
        "CPU microseconds per look-up",
        lambda: [decide(in_force, facts, types) for _ in range(20)],
        "the same rules asked about one type",
        lambda: [decide(in_force, facts, types[:1]) for _ in range(20)],
        20,
    )


def _connector() -> Figure:
    sample = Path(__file__).parents[1] / "connectors" / "samples" / "wmo305.xml"
    message = sample.read_bytes()

    def parse() -> int:
        elements = etree.iterparse(BytesIO(message), resolve_entities=False, no_network=True)
        return sum(1 for _ in elements)

    return Figure(
        "connector.iwmo",
        "CPU microseconds per message",
        lambda: [list(iwmo.read(BytesIO(message), "sample")) for _ in range(50)],
        "parsing the same message alone",
        lambda: [parse() for _ in range(50)],
        50,
    )


def main() -> None:
    """Measure everything and write the list."""
    gc.freeze()
    figures = [measure(figure) for figure in [*_chain(), _policy(), _connector()]]
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(figures, indent=1) + "\n")
    for figure in figures:
        print(  # noqa: T201 - this script reports on the terminal
            f"{figure['name']}: {figure['value']} {figure['unit']}, {figure['ratio']} x {figure['floor']}"
            f" (spread {figure['spread']})"
        )


if __name__ == "__main__":
    main()
