"""A process ends, or its disk fails, at every single system call with which it writes; the log holds each time.

The calls are counted in one undisturbed life; then one life per call and per fault. Needs strace, which only the long
tests use.
"""

import re
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from crypto.keyfiles import IndexSecrets
from signal_index.model import Receipt
from signal_index.ports import Transaction
from signal_index.store import SqlDatabase, open_database
from signal_index.store.log.tree import LEASE

from .a_short_life import BEGIN, STEPS

pytestmark = pytest.mark.long

CALLS = "pwrite64,write,fdatasync,fsync,ftruncate,unlink,rename"
LIFE = Path(__file__).with_name("a_short_life.py")
FAULTS = ["signal=SIGKILL", "error=ENOSPC", "error=EIO"]


def live(folder: Path, initialised: Path, keys: Path, *injected: str) -> list[str]:
    """One life on a fresh database; what it answered."""
    for leftover in folder.glob("life*"):
        leftover.unlink()
    shutil.copy(initialised, folder / "life.db")
    answers = folder / "life.answers"
    command = ["strace", "-f", "-qq", "-o", str(folder / "life.calls"), "-e", f"trace={CALLS}"]
    for each in injected:
        command += ["-e", f"inject={each}"]
    command += [sys.executable, str(LIFE), str(folder / "life.db"), str(keys), str(answers)]
    subprocess.run(command, check=False, capture_output=True, timeout=60)
    return answers.read_text().splitlines() if answers.exists() else []


def calls_on_the_database(folder: Path) -> list[tuple[str, int]]:
    """Every writing call of the life before, by name and how manieth of that name it was."""
    counts: dict[str, int] = {}
    found = []
    for line in (folder / "life.calls").read_text().splitlines():
        called = re.match(r"\d+ +(\w+)\(", line)
        if called is not None:
            name = called[1]
            counts[name] = counts.get(name, 0) + 1
            found.append((name, counts[name]))
    return found


def check(folder: Path, keys: IndexSecrets, answered: list[str]) -> None:
    """Every answer has its record, the whole log holds, and the next process goes on with it."""
    with open_database(folder / "life.db", keys, writer_kind="serve") as database:
        database.run(lambda tx: tx.log.check())
        for answer in answered:
            assert database.run(has(answer)), f"{answer} was answered and is not on record"
        _goes_on(database)


def has(answer: str):  # type: ignore[no-untyped-def]  # noqa: ANN201 - a job
    writer, number, leaf = answer.split("/")
    receipt = Receipt(bytes.fromhex(writer), int(number), bytes.fromhex(leaf))

    def job(tx: Transaction) -> bool:
        return tx.audit.has(receipt)

    return job


def _goes_on(database: SqlDatabase) -> None:
    later = BEGIN + timedelta(hours=1) + 2 * LEASE
    growth = database.run(lambda tx: tx.log.integrate(later, 100))
    assert growth is not None
    assert database.run(lambda tx: tx.log.check()).entries == growth.head.size


@pytest.mark.parametrize("fault", FAULTS)
def test_the_log_holds_whichever_call_is_the_last_or_fails(
    tmp_path: Path, initialised: Path, keys: IndexSecrets, fault: str
) -> None:
    keys.save(tmp_path / "index.key")
    undisturbed = live(tmp_path, initialised, tmp_path / "index.key")
    assert len(undisturbed) == STEPS
    calls = calls_on_the_database(tmp_path)
    assert len(calls) > 3 * STEPS
    answers = set()
    for name, count in calls:
        answered = live(tmp_path, initialised, tmp_path / "index.key", f"{name}:{fault}:when={count}")
        check(tmp_path, keys, answered)
        answers.add(len(answered))
    # Some lives must have been cut short, and some faults must have come after an answer.
    assert min(answers) < STEPS
    assert max(answers) > 0
