"""Measures the parts against the floor each stands on, in one run, and writes build/bench.json.

A figure is a ratio to its floor in the same interleaved round: machines drift, ratios between neighbours do not.
Medians over the rounds; `spread` is (largest - smallest) / median of the ratio.
"""

import gc
import json
from pathlib import Path

from tests.bench import audit, chain, decisions, ingest, looking, readers, review
from tests.bench.figures import measure

OUT = Path(__file__).parents[2] / "build" / "bench.json"


def main() -> None:
    """Measure everything and write the list."""
    gc.freeze()
    with chain.figures() as of_the_chain, audit.figures() as of_the_log:
        figures = [*of_the_log, *of_the_chain, *decisions.figures(), *readers.figures()]
        records = [measure(figure) for figure in figures]
    with ingest.figures() as of_deliveries:
        records += [measure(figure) for figure in of_deliveries]
    records.append(readers.ddas_memory())
    records += chain.hours(records)
    records.append(decisions.rate(records))
    records.append(review.recall())
    records += looking.figures()
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(records, indent=1) + "\n")
    for record in records:
        against = (
            f", {record['ratio']} x {record['floor']} (spread {record['spread']})"
            if "ratio" in record
            else ""
        )
        print(f"{record['name']}: {record['value']} {record['unit']}{against}")  # noqa: T201 - this script reports on the terminal


if __name__ == "__main__":
    main()
