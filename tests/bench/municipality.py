"""A municipality to look in: workers with cases, as many flags as asked, and the same index on a server."""

import os
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path

from sqlalchemy import Connection, select, text

from crypto.chain import Pseudonym
from crypto.encoding import Month
from crypto.keyfiles import IndexSecrets
from crypto.sheet import AgeBand
from policy.vocabulary import Role
from signal_index.model import CareRelation, NewFlag, StaffMember
from signal_index.model.administration import Change
from signal_index.ports import Transaction
from signal_index.store import copy, upgrade
from signal_index.store.places import place_of
from signal_index.store.schema import flags
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


def settle(folder: Path, count: int = 10_000) -> tuple[World, list[Case]]:
    """Make the index: workers, a care relation for each of their cases, and this many flags.

    Args:
        folder: to make it in.
        count: of flags, over residents of whom only the first are anybody's client.
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
    for start in range(0, count, 5_000):
        world.database.run(partial(_fill, world=world, numbers=range(start, min(start + 5_000, count))))
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
    tx.flags.put([NewFlag(resident(each // 3), series[each % 3], this_month, until) for each in numbers])


def moved(path: Path, url: str, secrets: IndexSecrets) -> None:
    """Copy an index from a file to a server."""
    upgrade(url)
    copy(path, url, secrets, lambda _table, _rows: None)


def crowd(stated: str | Path, rows: int, *, at_once: int = 50_000) -> None:
    """Add flags of people whom nobody here looks at: rows as large as real ones, with nothing in them.

    Args:
        stated: where the database is.
        rows: how many; on a server the tables are analysed afterwards, as they would be by the next morning.
        at_once: rows per transaction.
    """
    place = place_of(stated)
    with place.engine().connect() as connection:
        (series, sealed), *_ = connection.execute(select(flags.c.series_id, flags.c.sealed).limit(1))
    for start in range(0, rows, at_once):
        many = sorted(_strangers(min(at_once, rows - start), series, len(sealed), 1 << place.bucket_bits))
        with place.engine().begin() as connection:
            _write(connection, many)
    if place.file is None:
        with place.engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM (ANALYZE) flags"))


def _strangers(count: int, series: bytes, sealed_bytes: int, buckets: int) -> Iterator[tuple[object, ...]]:
    names = [column.name for column in flags.columns]
    assert names == ["bucket", "tag", "row_key", "series_id", "expiry_month", "key_epoch", "sealed"]
    for noise in (os.urandom(32 + sealed_bytes) for _ in range(count)):
        yield (
            noise[0] * 256 % buckets + noise[1] % buckets,
            noise[:16],
            noise[16:32],
            series,
            24_600,
            1,
            noise[32:],
        )


def _write(connection: Connection, rows: Sequence[tuple[object, ...]]) -> None:
    driver = connection.connection.driver_connection
    assert driver is not None
    if connection.dialect.name == "sqlite":
        driver.executemany(f"INSERT INTO flags VALUES ({', '.join('?' * len(rows[0]))})", rows)  # noqa: S608 - marks only
        return
    with driver.cursor().copy("COPY flags FROM STDIN (FORMAT BINARY)") as copy:
        copy.set_types(["int4", "bytea", "bytea", "bytea", "int4", "int4", "bytea"])
        for row in rows:
            copy.write_row(row)
