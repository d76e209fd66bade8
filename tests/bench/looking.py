"""A municipality to look in: its index on disk, served by its own process, and workers with cases to look at."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path

from sqlalchemy import insert, select

from crypto.chain import Pseudonym
from crypto.encoding import Month
from crypto.sheet import AgeBand
from policy.vocabulary import Role
from signal_index.model import CareRelation, NewFlag, StaffMember
from signal_index.model.administration import Change
from signal_index.ports import Transaction
from signal_index.store import upgrade
from signal_index.store.places import place_of
from signal_index.store.schema import metadata
from signal_index.usecases.administration import staff as staffing
from tests.index.conftest import ADMINISTRATORS, GEMEENTE, REGIE, World

WORKERS, CASES = 50, 40
PURPOSE = "voorbereiding-huisbezoek"
PAIRS = (
    ("agb:00000001", "wmo-voorziening"),
    ("agb:00000002", "wmo-voorziening"),
    ("agb:00000003", "jeugdhulp"),
    ("kvk:00000004", "schuldhulptraject"),
)


def resident(number: int) -> Pseudonym:
    """Somebody's pseudonym, by number."""
    return Pseudonym(sha256(b"resident" + number.to_bytes(4, "big")).digest())


@dataclass(frozen=True)
class Case:
    """A look that a worker may make."""

    worker: str
    relation_id: bytes


def settle(folder: Path, flags: int = 10_000) -> tuple[World, list[Case]]:
    """Make the index: workers, a care relation for each of their cases, and this many flags.

    Args:
        folder: to make it in.
        flags: over residents of whom only the first are anybody's client.
    """
    world = World(folder)
    world.clock = datetime.now(UTC)
    workers = [f"w.{number}" for number in range(WORKERS)]
    members = [StaffMember(name, GEMEENTE, "noord", active=True) for name in workers]
    everyone = world.database.run(lambda tx: list(tx.staff.all()))
    world.act_as(
        ADMINISTRATORS[0],
        lambda tx, actor: staffing.import_staff(tx, actor, [*everyone, *members], world.clock),
    )
    for name in workers:
        world.change(Change.grant(name, Role.TEAM_MEMBER.value))
    for source, kind in PAIRS:
        publication = next(
            p
            for p in world.database.run(lambda tx: tx.register.publications())
            if (p.source, p.type) == (source, kind)
        )
        world.publish(publication.publisher, source, kind, {})
    world.register_relations()
    cases = world.database.run(lambda tx: _cases(tx, world, workers))
    for start in range(0, flags, 5_000):
        world.database.run(partial(_fill, world=world, numbers=range(start, min(start + 5_000, flags))))
    return world, cases


def _cases(tx: Transaction, world: World, workers: list[str]) -> list[Case]:
    today = world.clock.date()
    cases = []
    for number in range(WORKERS * CASES):
        relation = CareRelation(
            organisation=GEMEENTE,
            relation_id=uuid.UUID(int=number, version=4).bytes,
            publisher=REGIE,
            generation=1,
            person=resident(number),
            team="noord",
            worker=workers[number % WORKERS],
            case_reference=f"WT-{number}",
            valid_from=today - timedelta(days=90),
            valid_until=today + timedelta(days=90),
            registered_by="i.intake",
            age_band=AgeBand.ADULT,
            age_band_changes=None,
            shielded=False,
            coordinator=False,
            ended_on=None,
            confirmed_by=None,
        )
        tx.relations.put(relation)
        cases.append(Case(relation.worker, relation.relation_id))
    return cases


def _fill(tx: Transaction, world: World, numbers: range) -> None:
    this_month = Month.of(world.clock.date())
    until = Month.from_index(this_month.index + 12)
    series = [found for pair in PAIRS if (found := tx.series.current(*pair)) is not None]
    tx.flags.put(
        [NewFlag(resident(number // 3), series[number % 3], this_month, until) for number in numbers]
    )


def moved(path: Path, url: str) -> None:
    """Copy an index from a file to a server, row by row: both have the same tables."""
    upgrade(url)
    source, target = place_of(path).engine(reading=True), place_of(url).engine()
    with source.connect() as reader, target.begin() as writer:
        for table in metadata.sorted_tables:
            if table.name == "change_counter":
                continue
            rows = [dict(row._mapping) for row in reader.execute(select(table))]
            if rows:
                writer.execute(insert(table), rows)
