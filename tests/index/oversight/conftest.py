"""An office: a real database with staff, and a log that is told to it line by line."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from crypto.keyfiles import IndexSecrets
from policy.vocabulary import Role
from signal_index import audit
from signal_index.model import Actor, AuditEvent, StaffMember
from signal_index.model.review import LookRef
from signal_index.ports import Transaction
from signal_index.review.policy import ReviewPolicy
from signal_index.store import SqlDatabase, initialise, open_database, upgrade
from signal_index.usecases.oversight import scoring

ORGANISATION = "00000099000000000001"
FIRST = datetime(2026, 1, 12, 9, 0, tzinfo=UTC)  # a Monday, weeks before any holiday
STAFF = {
    "w.een": Role.TEAM_MEMBER,
    "w.twee": Role.TEAM_MEMBER,
    "w.drie": Role.TEAM_MEMBER,
    "p.officer": Role.PRIVACY_OFFICER,
    "p.tweede": Role.PRIVACY_OFFICER,
    "f.beheer": Role.FUNCTIONAL_ADMIN,
}


SMALL = ReviewPolicy(listed_per_week=3, listed_permyriad=0, sampled_per_week=2)


@dataclass
class Office:
    """A database, the clock, and the review of what it holds."""

    database: SqlDatabase
    secrets: IndexSecrets
    path: Path
    now: datetime = FIRST
    policy: ReviewPolicy = SMALL

    def actor(self, staff_id: str = "p.officer", **changes: Any) -> Actor:
        staff = self.database.run(lambda tx: tx.staff.get(staff_id))
        stated: dict[str, Any] = {"second_factor": True, "token_id": "test"} | changes
        return Actor.in_all_roles(staff_id, staff, **stated)

    def tell(self, *events: AuditEvent) -> list[LookRef]:
        """Put events in the log and in its tree; their places."""

        def job(tx: Transaction) -> list[LookRef]:
            receipts = [tx.audit.append(event) for event in events]
            return [LookRef(each.writer, each.number) for each in receipts]

        refs = self.database.run(job)
        while (growth := self.database.run(lambda tx: tx.log.integrate(self.now, 1_000))) and growth.more:
            pass
        return refs

    def look(self, at: datetime, relation: str = "case", worker: str = "w.een", **fields: Any) -> LookRef:
        self.now = max(self.now, at)
        who: dict[str, Any] = {"actor": worker, "organisation": ORGANISATION, "token": "t"} | fields
        [ref] = self.tell(audit.event("lookup.answered", at, relation=relation, **who))
        return ref

    def score(self) -> int:
        """One run over everything in the tree."""
        reading = self.database.run(lambda tx: scoring.begin(tx, self.policy, self.now))
        while self.database.run(lambda tx: scoring.go_on(tx, reading)):
            pass
        return reading.scored

    def list_weeks(self, seed: int = 0) -> Sequence[scoring.Listed]:
        return self.database.run(lambda tx: scoring.list_weeks(tx, self.policy, Random(seed), self.now))

    def review(self, on: date | None = None) -> Sequence[scoring.Listed]:
        """What the timer does, on a later day if one is given."""
        if on is not None:
            self.now = datetime(on.year, on.month, on.day, 5, 0, tzinfo=UTC)
        self.score()
        return self.list_weeks()

    def records(self, *events: str) -> list[Any]:
        return self.database.run(lambda tx: list(tx.audit.entries(events=events)))

    def run(self, job: Callable[[Transaction], Any]) -> Any:
        return self.database.run(job)


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, IndexSecrets]:
    secrets = IndexSecrets.generate("regio-test", 1, created=date(2026, 1, 1))
    path = tmp_path_factory.mktemp("empty") / "index.sqlite"
    path.touch(mode=0o600)
    upgrade(path)
    initialise(path, secrets, FIRST - timedelta(days=7))
    return path, secrets


@pytest.fixture
def office(tmp_path: Path, empty: tuple[Path, IndexSecrets]) -> Iterator[Office]:
    path = Path(shutil.copy(empty[0], tmp_path / "index.sqlite"))

    def staff(tx: Transaction) -> None:
        for name, role in STAFF.items():
            tx.staff.put(StaffMember(name, ORGANISATION, "noord", active=True))
            tx.staff.grant(name, role.value, "setup", FIRST)

    with open_database(path, empty[1], writer_kind="serve") as database:
        database.run(staff)
        yield Office(database, empty[1], path)


@pytest.fixture
def new_database(tmp_path: Path) -> Iterator[Callable[[datetime], SqlDatabase]]:
    """Makes a database that is older than the office's own."""
    made: list[SqlDatabase] = []

    def make(at: datetime) -> SqlDatabase:
        secrets = IndexSecrets.generate("regio-oud", 1, created=at.date())
        path = tmp_path / f"older-{len(made)}.sqlite"
        path.touch(mode=0o600)
        upgrade(path)
        initialise(path, secrets, at)
        made.append(open_database(path, secrets, writer_kind="serve"))
        return made[-1]

    yield make
    for database in made:
        database.close()
