"""What a record of the audit log costs beside a bare durable insert of the same bytes."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter_ns

from crypto.chain import Pseudonym
from crypto.keyfiles import IndexSecrets
from signal_index import audit
from signal_index.model import Actor, AuditEvent, StaffMember
from signal_index.store import SqlDatabase, initialise, open_database, upgrade
from tests.bench.figures import Figure

APPENDS = 200
ROW_BYTES = 4_000
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


class _Floor:
    """A bare durable insert: one row of the size a record's row has, in a transaction of its own."""

    def __init__(self, folder: Path) -> None:
        self._driver = sqlite3.connect(folder / "floor.sqlite", isolation_level=None)
        for pragma in ("journal_mode = WAL", "synchronous = FULL"):
            self._driver.execute(f"PRAGMA {pragma}")
        self._driver.execute(
            "CREATE TABLE rows (writer BLOB, number INTEGER, body BLOB, PRIMARY KEY (writer, number))"
        )
        self._number = 0

    def insert(self) -> None:
        for _ in range(APPENDS):
            self._number += 1
            self._driver.execute("BEGIN IMMEDIATE")
            self._driver.execute(
                "INSERT INTO rows VALUES (?, ?, ?)", (bytes(8), self._number, bytes(ROW_BYTES))
            )
            self._driver.execute("COMMIT")


def _append(database: SqlDatabase) -> None:
    """One look's record per transaction, so that every one of them waits for the disk: no sharing."""
    for number in range(APPENDS):
        event = _look(number)
        database.run(lambda tx: tx.audit.append(event))  # noqa: B023 - run waits


@contextmanager
def figures() -> Iterator[list[Figure]]:
    """The figure, on a database of its own beside the floor's."""
    with TemporaryDirectory(dir=Path.cwd()) as folder:
        path = Path(folder) / "index.sqlite"
        secrets = IndexSecrets.generate("bench", 1, created=date(2026, 1, 1))
        upgrade(path)
        initialise(path, secrets, NOW)
        floor = _Floor(Path(folder))
        with open_database(path, secrets, writer_kind="serve") as database:
            yield [
                Figure(
                    "audit.append",
                    "microseconds per record, durable",
                    lambda: _append(database),
                    "a bare durable insert of a row as large",
                    floor.insert,
                    APPENDS,
                    perf_counter_ns,
                )
            ]
