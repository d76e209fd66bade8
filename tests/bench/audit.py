"""What a record of the audit log costs beside a bare durable insert of the same bytes."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter_ns

from sqlalchemy import Column, Integer, LargeBinary, MetaData, Table, insert

from crypto.chain import Pseudonym
from crypto.keyfiles import IndexSecrets
from signal_index import audit
from signal_index.model import Actor, AuditEvent, StaffMember
from signal_index.ports import Transaction
from signal_index.store import initialise, open_database, upgrade
from tests.bench.figures import Figure

APPENDS = 256
WAITING = 32
ROW_BYTES = 2_750
NOW = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)
MEMBER = StaffMember("w.jansen", "00000004000000020000", "noord", active=True)
WORKER = Actor.in_all_roles("w.jansen", MEMBER, second_factor=True, token_id="bench")


def _look(number: int) -> AuditEvent:
    """The record of a look as large as they come: every type allowed."""
    person = Pseudonym(sha256(number.to_bytes(4, "big")).digest())
    return audit.act(
        "lookup.answered",
        NOW,
        WORKER,
        subject=person,
        role="wijkteammedewerker",
        relation="358ce418-b47d-4864-9cfa-1862db2dcfad",
        purpose="voorbereiding-huisbezoek",
        rule_set=sha256(b"rules").hexdigest(),
        rules=[f"rule-{each:02}-of-a-usual-length" for each in range(12)],
        facts="account_active=true;age_band=adult;coordinator=true;on=2026-11-27;purpose=voorbereiding-huisbezoek",
        allowed=[f"signaaltype-nummer-{each:02}:contact" for each in range(20)],
        any_shown=True,
        domains=[],
        informed="verteld",
        cover=None,
    )


FLOOR = insert(
    Table("bench_floor", MetaData(), Column("number", Integer, primary_key=True), Column("body", LargeBinary))
)


class Bench:
    """A database of its own, and a table of the floor's in the same file."""

    def __init__(self, folder: Path) -> None:
        path = folder / "index.sqlite"
        secrets = IndexSecrets.generate("bench", 1, created=date(2026, 1, 1))
        upgrade(path)
        initialise(path, secrets, NOW)
        self._driver = sqlite3.connect(path, isolation_level=None)
        self._driver.execute("PRAGMA synchronous = FULL")
        self._driver.execute("CREATE TABLE bench_floor (number INTEGER PRIMARY KEY, body BLOB) STRICT")
        self.database = open_database(path, secrets, writer_kind="serve")
        self._looks = [_look(number) for number in range(APPENDS)]

    def close(self) -> None:
        """Let go of the file."""
        self.database.close()
        self._driver.close()

    def append(self) -> None:
        """One look's record per transaction: nobody to share the wait for the disk with."""
        for event in self._looks:
            self.database.run(lambda tx: tx.audit.append(event))  # noqa: B023 - run waits

    def insert(self) -> None:
        """The same road, through the same engine, with one bare row instead of a record."""
        row = {"body": bytes(ROW_BYTES)}
        for _ in range(APPENDS):
            self.database.run(lambda tx: tx.audit._connection.execute(FLOOR, row))  # type: ignore[attr-defined]

    def append_together(self) -> None:
        """Records of looks that wait at the same moment, as at a busy hour."""
        for start in range(0, APPENDS, WAITING):
            events = self._looks[start : start + WAITING]
            waiting = [self.database.submit(partial(_append, event)) for event in events]
            for future in waiting:
                future.result()

    def insert_alone(self) -> None:
        """What a textbook does for each of them: a bare insert with a commit of its own, and nothing around it."""
        for _ in range(APPENDS):
            self._driver.execute("BEGIN IMMEDIATE")
            self._driver.execute("INSERT INTO bench_floor (body) VALUES (?)", (bytes(ROW_BYTES),))
            self._driver.execute("COMMIT")


def _append(event: AuditEvent, tx: Transaction) -> None:
    tx.audit.append(event)


@contextmanager
def figures() -> Iterator[list[Figure]]:
    """The figures, on a database of their own."""
    with TemporaryDirectory(dir=Path.cwd()) as folder:
        bench = Bench(Path(folder))
        alone = "microseconds per record, durable, one at a time"
        together = f"microseconds per record, durable, {WAITING} waiting at once"
        yield [
            Figure(
                "audit.append",
                alone,
                bench.append,
                "a bare durable insert of a row as large through the same engine",
                bench.insert,
                APPENDS,
                perf_counter_ns,
            ),
            Figure(
                "audit.append.together",
                together,
                bench.append_together,
                "a bare insert of a row as large with a commit of its own, straight at the driver",
                bench.insert_alone,
                APPENDS,
                perf_counter_ns,
            ),
        ]
        bench.close()
