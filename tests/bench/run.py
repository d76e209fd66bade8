"""Measures the parts against the floor each stands on, in one run, and writes build/bench.json.

A figure is a ratio to its floor in the same interleaved round: machines drift, ratios between neighbours do not.
Medians over the rounds; `spread` is (largest - smallest) / median of the ratio.
"""

import gc
import json
from datetime import UTC, date, datetime
from pathlib import Path

from policy.facts import LookupFacts, Register, read_at
from policy.pdp import decide
from policy.rulesets import bundled, load
from policy.vocabulary import AgeBand, PurposeCode, Role
from tests.bench import audit, chain, readers, review
from tests.bench.figures import Figure, measure

OUT = Path(__file__).parents[2] / "build" / "bench.json"


def _policy() -> Figure:
    in_force = load(bundled()).in_force(date(2026, 3, 3))
    moment = datetime(2026, 3, 3, 9, tzinfo=UTC)
    facts = LookupFacts(
        role=Role.TEAM_MEMBER,
        account_active=True,
        second_factor=True,
        purpose=PurposeCode("voorbereiding-huisbezoek"),
        relation_live=True,
        relation_confirmed=True,
        relation_organisation="00000099000000000001",
        relation_team="noord",
        age_band=AgeBand.ADULT,
        shielded=False,
        coordinator=False,
        organisation="00000099000000000001",
        team="noord",
        objection=False,
        involved=False,
        emergency=False,
        on=date(2026, 3, 3),
        asked_at=moment,
        origins=read_at(moment, dict.fromkeys(Register, "bench")),
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


def main() -> None:
    """Measure everything and write the list."""
    gc.freeze()
    with chain.figures() as of_the_chain, audit.figures() as of_the_log:
        figures = [*of_the_log, *of_the_chain, _policy(), *readers.figures()]
        records = [measure(figure) for figure in figures]
    records.append(readers.ddas_memory())
    records += chain.hours(records)
    records.append(review.recall())
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
