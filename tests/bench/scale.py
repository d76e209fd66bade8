"""What some number of flags takes on one PostgreSQL server: room, time to load, looks, and expiry in the background.

Run as `python tests/bench/scale.py 1000000 10000000`; each size is a database of its own, and the looks at every size
are measured in turns, so that a machine that drifts drifts for all. 55 million rows take some 15 GB and half an hour.
"""

import statistics
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg

from crypto.encoding import Month
from crypto.keyfiles import IndexSecrets
from signal_index.ports import Transaction
from signal_index.store import SqlDatabase, open_database
from signal_index.usecases.expire import REMOVED_AT_ONCE, expire
from tests.bench.municipality import CASES, PAIRS, WORKERS, crowd, moved, resident, settle
from tests.support.postgresql import PostgresqlServer, name_of, postgresql_server

LOOKS, TURNS = 200, 5
TOGETHER = 32
EXPIRED_ON = datetime(2026, 1, 15, 12, tzinfo=UTC)


@dataclass
class Size:
    """One database, and what was found.

    Args:
        url: where it is.
        rows: flags in it.
        load: rows per second while loading, indexes in place.
        room: bytes per flag, heap and indexes.
    """

    url: str
    rows: int
    load: float
    room: float
    alone: list[float]
    together: list[float]


def main(sizes: Sequence[int]) -> list[Size]:
    """Load every size, then look in turns, then expire in the largest."""
    with TemporaryDirectory() as folder, ExitStack() as stack:
        world, _ = settle(Path(folder), WORKERS * CASES * 3)
        secrets = world.secrets
        world.database.close()
        server = stack.enter_context(
            postgresql_server(fsync="on", full_page_writes="on", shared_buffers="1GB", max_wal_size="8GB")
        )
        found = [_loaded(server, Path(folder) / "index.sqlite", rows, secrets) for rows in sizes]
        _look_in_turns(found, secrets)
        for each in found:
            print(_line(each), flush=True)  # noqa: T201 - this script reports on the terminal
        print(_expired(found[-1], secrets), flush=True)  # noqa: T201 - likewise
    return found


def _loaded(server: PostgresqlServer, source: Path, rows: int, secrets: IndexSecrets) -> Size:
    url = server.database()
    moved(source, url, secrets)
    begun = time.perf_counter()
    crowd(url, rows - WORKERS * CASES * 3)
    took = time.perf_counter() - begun
    with psycopg.connect(url) as connection:
        (room,) = connection.execute("SELECT pg_total_relation_size('flags')").fetchone() or (0,)
    print(f"{rows:,} flags loaded in {took:.0f} s", flush=True)  # noqa: T201 - as above
    return Size(url, rows, rows / took, room / rows, [], [])


def _look_in_turns(sizes: Sequence[Size], secrets: IndexSecrets) -> None:
    with ExitStack() as stack:
        opened = [
            stack.enter_context(open_database(each.url, secrets, writer_kind="serve")) for each in sizes
        ]
        for turn in range(TURNS + 1):
            for each, database in zip(sizes, opened, strict=True):
                alone = [_timed(database, 1, turn * LOOKS + number) for number in range(LOOKS)]
                together = [_timed(database, TOGETHER, number) / TOGETHER for number in range(LOOKS // 4)]
                if turn:  # the first fills the caches
                    each.alone += alone
                    each.together += together


def _timed(database: SqlDatabase, count: int, start: int) -> float:
    """Microseconds until this many people's flags have been read, asked at once."""
    begun = time.perf_counter()
    asked: list[Future[Any]] = [
        database.submit(_shows((start * 7 + each) % (WORKERS * CASES)), looking=True) for each in range(count)
    ]
    assert all(len(each.result()) == 3 for each in asked)
    return (time.perf_counter() - begun) * 1e6


def _shows(person: int) -> Callable[[Transaction], Sequence[object]]:
    kinds = {kind for _, kind in PAIRS}
    return lambda tx: tx.flags.find(resident(person), kinds, 22, Month(2000, 1))


def _expired(size: Size, secrets: IndexSecrets) -> str:
    """Expire a twelfth while somebody looks, and say how much longer a look took."""
    with psycopg.connect(size.url) as connection:
        connection.execute(
            "UPDATE flags SET expiry_month = 24000 WHERE bucket % 12 = 0 AND expiry_month = 24600"
        )
    quiet = statistics.quantiles(size.alone, n=20)[18]
    with (
        open_database(size.url, secrets, writer_kind="cli") as job,
        open_database(size.url, secrets, writer_kind="serve") as database,
    ):
        begun = time.perf_counter()
        done = threading.Event()
        removed: list[int] = []
        threading.Thread(target=_expire_all, args=(job, removed, done), daemon=True).start()
        during: list[float] = []
        while not done.is_set():
            during.append(_timed(database, 1, len(during)))
            time.sleep(0.005)
        took = time.perf_counter() - begun
    busy = statistics.quantiles(during, n=20)[18]
    meanwhile = f"p95 of a look meanwhile {busy:.0f} us, {busy / quiet:.2f} x quiet"
    return f"{sum(removed):,} flags expired in {took:.1f} s; {meanwhile}"


def _expire_all(database: SqlDatabase, removed: list[int], done: threading.Event) -> None:
    """As the daily job does: some at a time, and as long a pause."""
    for share in database.run(lambda tx: tx.flags.shares()):
        count = REMOVED_AT_ONCE
        while count == REMOVED_AT_ONCE:
            begun = time.perf_counter()
            count = database.run(lambda tx: expire(tx, EXPIRED_ON, share))  # noqa: B023 - run waits
            removed.append(count)
            time.sleep(time.perf_counter() - begun)
    done.set()


def _line(size: Size) -> str:
    cuts = statistics.quantiles(size.alone, n=100)
    return (
        f"{name_of(size.url)}: {size.rows:,} flags; {size.load:,.0f} rows/s; {size.room:.0f} bytes per flag; "
        f"flags of one person p50 {cuts[49]:.0f} us, p99 {cuts[98]:.0f} us; "
        f"{TOGETHER} at once {statistics.median(size.together):.0f} us each"
    )


if __name__ == "__main__":
    main([int(each) for each in sys.argv[1:]] or [10_000, 1_000_000])
