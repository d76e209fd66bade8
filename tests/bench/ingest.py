"""What taking in opened deliveries costs beside loading the same number of sealed rows as fast as the database can.

A round is some full batches about people the index has not heard of, each checked, sealed, stored, counted, recorded
and acknowledged in a transaction of its own; what the chain costs is measured apart. The floor is one COPY, or one
`executemany`, of as many rows of the same sizes, in the order of their keys and in as many transactions, into a table
with the same columns, indexes and foreign key beside it.
"""

import gc
import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from secrets import randbelow, token_bytes
from tempfile import TemporaryDirectory

import psycopg

from crypto.batch import BatchClass, Header
from crypto.chain import Pseudonym
from crypto.encoding import Month
from crypto.sealing import SEAL_BYTES
from crypto.sheet import Row, SignaalOperation, SignaalRow
from signal_index.model import Delivery, Publisher, Register
from signal_index.ports import Transaction
from signal_index.store import SqlDatabase, initialise, open_database, upgrade
from signal_index.store.places import place_of
from signal_index.usecases.delivery.apply import deliver
from signal_index.usecases.delivery.rows import Context, Work
from tests.bench.figures import ROUNDS, Figure
from tests.index.conftest import GEMEENTE, SCOPE, World
from tests.support.postgresql import PostgresqlServer, postgresql_server

ITEMS, BATCHES = 4096, 4
PER_ROUND = ITEMS * BATCHES
SOURCE, KIND = "agb:00000001", "wmo-voorziening"
SINCE, EXPIRES = Month(2026, 1), Month(2027, 3)
SEALED_BYTES = 36 + SEAL_BYTES
DURABLE = {"fsync": "on", "full_page_writes": "on", "shared_buffers": "256MB"}
_COLUMNS = "bucket, tag, row_key, series_id, expiry_month, key_epoch, sealed"
_TYPES = ["int4", "bytea", "bytea", "bytea", "int4", "int4", "bytea"]
# Two figures of each engine; every round, and the one to warm up, has people of its own.
_ROUNDS = 2 * (ROUNDS + 1)

FloorRow = tuple[int, bytes, bytes, bytes, int, int, bytes]


@dataclass
class Source:
    """One publisher that sends batch after batch to an index.

    Args:
        world: the index it was made as; its keys and register.
        database: the index it sends to.
    """

    world: World
    database: SqlDatabase
    _sequence: Iterator[int] = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        """Have a complete set of nobody, and people to send in every round."""
        found = self.database.run(lambda tx: tx.register.publisher(GEMEENTE))
        assert found is not None
        self.publisher: Publisher = found
        catalogue = self.world.desk.rules.in_force(self.world.DAY).catalogue
        self.context = Context(self.world.clock, self.world.DAY, catalogue, Pseudonym(bytes(32)))
        opening = SignaalRow(SignaalOperation.OPEN_SET, source=SOURCE, type=KIND, generation=1)
        self.send(self.delivery([(None, opening)]))
        self.rounds = iter([self.round() for _ in range(_ROUNDS)])

    def round(self) -> list[Delivery]:
        """Full batches of flags of new people."""
        flag = SignaalRow(SignaalOperation.ASSERT, source=SOURCE, type=KIND, generation=1, since=SINCE)
        people = [[Pseudonym(token_bytes(32)) for _ in range(ITEMS)] for _ in range(BATCHES)]
        return [self.delivery([(person, flag) for person in batch]) for batch in people]

    def delivery(self, rows: list[tuple[Pseudonym | None, Row]]) -> Delivery:
        """A batch as it is once it has been opened."""
        filler = SignaalRow(SignaalOperation.FILLER)
        header = Header(
            audience=f"index:{SCOPE}",
            scope=SCOPE,
            key_epoch=1,
            publisher=GEMEENTE,
            batch_class=BatchClass.SIGNAAL,
            incarnation=self.database.incarnation,
            sequence=next(self._sequence),
            n=ITEMS,
            composed_at=int(self.world.clock.timestamp()),
        )
        return Delivery(header, token_bytes(64), (*rows, *[(None, filler)] * (ITEMS - len(rows))))

    def send(self, delivery: Delivery) -> None:
        """Have it applied, durably."""

        def job(tx: Transaction) -> bool:
            work = Work(tx, self.context, delivery, self.publisher)
            return deliver(work, self.world.secrets.signing).accepted

        assert self.database.run(job)

    def send_round(self) -> None:
        """Send the next round."""
        for delivery in next(self.rounds):
            self.send(delivery)

    def floor_rounds(self, bucket_bits: int) -> Iterator[list[list[FloorRow]]]:
        """Rows of the sizes that flags are stored with, by round and batch, in the order of their keys."""
        [series] = self.database.run(lambda tx: tx.series.all())
        tail = (series.series_id, EXPIRES.index, 1)

        def batch() -> list[FloorRow]:
            keys = [(randbelow(1 << bucket_bits), token_bytes(16), token_bytes(16)) for _ in range(ITEMS)]
            return [(*key, *tail, token_bytes(SEALED_BYTES)) for key in sorted(keys)]

        return iter([[batch() for _ in range(BATCHES)] for _ in range(_ROUNDS)])


def _on_file(folder: Path, done: ExitStack) -> list[Figure]:
    world = World(folder, n=ITEMS)
    done.callback(world.database.close)
    source = Source(world, world.database)
    engine = place_of(world.path).engine()
    connection = done.enter_context(engine.connect())
    beside = connection.connection.driver_connection
    assert isinstance(beside, sqlite3.Connection)
    for (statement,) in beside.execute("SELECT sql FROM sqlite_master WHERE tbl_name = 'flags'").fetchall():
        if statement is not None:  # the primary key has none of its own
            beside.execute(re.sub(r"\bflags\b|(?<=_)flags(?=_)", "floor_flags", statement))
    rounds = source.floor_rounds(place_of(world.path).bucket_bits)
    insert = f"INSERT INTO floor_flags ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - a constant

    def floor() -> None:
        for rows in next(rounds):
            beside.execute("BEGIN IMMEDIATE")
            beside.executemany(insert, rows)
            beside.execute("COMMIT")

    return _figures(
        "ingest.sqlite", source, "executemany of the rows in one transaction", floor, time.process_time_ns
    )


def _on_server(folder: Path, server: PostgresqlServer, done: ExitStack) -> list[Figure]:
    world = World(folder, n=ITEMS)
    register = world.database.run(
        lambda tx: Register(tuple(tx.register.publishers()), tuple(tx.register.publications()))
    )
    world.database.close()
    url = server.database()
    upgrade(url)
    initialise(url, world.secrets, world.clock)  # not moved: on a server, people are spread over buckets
    database = done.enter_context(open_database(url, world.secrets, writer_kind="serve"))
    database.run(lambda tx: tx.register.replace(register))
    source = Source(world, database)
    beside = done.enter_context(psycopg.connect(url, autocommit=True))
    beside.execute("CREATE TABLE floor_flags (LIKE flags INCLUDING ALL)")
    beside.execute("ALTER TABLE floor_flags ADD FOREIGN KEY (series_id) REFERENCES series")
    rounds = source.floor_rounds(place_of(url).bucket_bits)

    def floor() -> None:
        for rows in next(rounds):
            with beside.cursor().copy(f"COPY floor_flags ({_COLUMNS}) FROM STDIN (FORMAT BINARY)") as copy:
                copy.set_types(_TYPES)
                for row in rows:
                    copy.write_row(row)

    served = beside.execute("SELECT pid FROM pg_stat_activity WHERE datname = current_database()").fetchall()

    def clock() -> int:
        return time.process_time_ns() + sum(_running_ns(pid) for (pid,) in served)

    return _figures("ingest.postgres", source, "COPY of the rows", floor, clock)


def _running_ns(pid: int) -> int:
    """Nanoseconds that a process has had a processor."""
    return int(Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()[0])


def _figures(
    name: str, source: Source, floor_name: str, floor: Callable[[], None], clock: Callable[[], int]
) -> list[Figure]:
    """The same on the wall, and by what all processors spent on it."""
    unit, part = "us/row", source.send_round
    return [
        Figure(name, unit, part, floor_name, floor, PER_ROUND, time.perf_counter_ns),
        Figure(f"{name}.cpu", unit, part, f"{floor_name}, CPU", floor, PER_ROUND, clock),
    ]


@contextmanager
def figures() -> Iterator[list[Figure]]:
    """Both engines, each with durable commits."""
    with ExitStack() as done:
        folders = [Path(done.enter_context(TemporaryDirectory())) for _ in range(2)]
        server = done.enter_context(postgresql_server(**DURABLE))
        made = [*_on_server(folders[0], server, done), *_on_file(folders[1], done)]
        gc.freeze()  # the people of all rounds are no garbage, and a server has none of them to look through
        yield made
