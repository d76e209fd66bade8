"""A process that is killed at any moment loses nothing it has answered, and leaves nothing half done."""

import multiprocessing
import os
import random
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path

from crypto.chain import Pseudonym
from crypto.keyfiles import IndexSecrets
from signal_index.model import AuditEvent
from signal_index.ports import Transaction
from signal_index.store import open_database
from signal_index.store.log.tree import LEASE

KILLS = 25
THREADS = 4
STEPS_PER_LIFE = 100_000
FEED = "00000004000000030000"

People = Callable[[int], Pseudonym]


def live(path: Path, keys: IndexSecrets, person: People, first: int, answers: int) -> None:
    """Store and record things, and say each number as soon as it is answered, until killed."""
    numbers = iter(range(first, first + STEPS_PER_LIFE))
    with open_database(path, keys, writer_kind="serve") as database:

        def step(number: int) -> Callable[[Transaction], None]:
            def job(tx: Transaction) -> None:
                at = datetime.now(UTC)
                tx.audit.append(AuditEvent("restriction.stored", at, {"number": number}, person(number)))
                tx.restrictions.put(person(number), FEED, 1)

            return job

        def work() -> None:
            for number in numbers:
                database.run(step(number))
                os.write(answers, number.to_bytes(8, "big"))

        def integrate() -> None:
            while True:
                database.run(lambda tx: tx.log.integrate(datetime.now(UTC), 64))
                time.sleep(0.002)

        threads = [threading.Thread(target=work) for _ in range(THREADS)]
        threads.append(threading.Thread(target=integrate, daemon=True))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def kill_one(path: Path, keys: IndexSecrets, person: People, first: int, delay_seconds: float) -> list[int]:
    """Start a process, kill it this long after its first answer, and return what it answered."""
    ours, theirs = os.pipe()
    process = multiprocessing.get_context("fork").Process(
        target=live, args=(path, keys, person, first, theirs)
    )
    process.start()
    os.close(theirs)
    answered = os.read(ours, 8)
    assert answered, "the process died before its first answer"
    time.sleep(delay_seconds)
    process.kill()
    process.join()
    assert process.exitcode == -9
    process.close()
    while chunk := os.read(ours, 65_536):
        answered += chunk
    os.close(ours)
    whole = len(answered) // 8 * 8
    return [int.from_bytes(answered[place : place + 8], "big") for place in range(0, whole, 8)]


def test_every_answer_given_before_a_kill_is_in_the_database_with_its_record(
    path: Path, keys: IndexSecrets, person: People
) -> None:
    chance = random.Random(2026)
    answered: set[int] = set()
    for life in range(KILLS):
        answered.update(kill_one(path, keys, person, life * STEPS_PER_LIFE, chance.uniform(0.0, 0.12)))
    with open_database(path, keys, writer_kind="cli") as database:
        entries = database.run(lambda tx: list(tx.audit.entries()))
        checked = database.run(lambda tx: tx.log.check())
        assert checked.records == len(entries)
        assert 0 < checked.entries <= len(entries), "kills must have hit a tree that was growing"
        recorded = {number for entry in entries if isinstance(number := entry.fields["number"], int)}
        assert len(recorded) == len(entries)
        assert len(answered) > KILLS
        assert not answered - recorded
        # Nobody integrates any more; whoever comes next takes in the rest.
        assert database.run(lambda tx: tx.log.integrate(datetime.now(UTC) + 2 * LEASE, 100_000)) is not None
        assert database.run(lambda tx: tx.log.check().entries) == len(entries)
        # What was tried and not answered is there with its record, or not at all.
        tried = recorded | {number + ahead for number in answered for ahead in range(2 * THREADS)}
        assert recorded == database.run(
            lambda tx: {n for n in tried if tx.restrictions.is_deceased(person(n))}
        )


def write_some(path: Path, keys: IndexSecrets, count: int, done: Connection) -> None:
    """Write records in a process of its own."""
    with open_database(path, keys, writer_kind="cli") as database:
        for _ in range(count):
            database.run(lambda tx: tx.audit.append(AuditEvent("log.read", datetime.now(UTC))))
    done.send(count)


def test_processes_that_write_at_once_keep_separate_chains_without_gaps(
    path: Path, keys: IndexSecrets
) -> None:
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    processes = [context.Process(target=write_some, args=(path, keys, 40, theirs)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(30)
        assert process.exitcode == 0
        process.close()
    ours.close()
    theirs.close()
    with open_database(path, keys, writer_kind="cli") as database:
        assert database.run(lambda tx: tx.log.check().records) == 120
        entries = list(database.run(lambda tx: tx.audit.entries()))
    assert len({entry.writer for entry in entries}) == 3
    assert all(
        sorted(e.number for e in entries if e.writer == writer) == list(range(1, 41))
        for writer in {entry.writer for entry in entries}
    )
