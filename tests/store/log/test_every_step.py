"""A process ends, or its disk fails, at every single system call with which it writes; the log holds each time.

The calls are counted in one undisturbed life; then one life per call and per fault. Needs strace, which only the long
tests use.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import mkdtemp

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


@dataclass(frozen=True)
class Life:
    """What is left of one life.

    Args:
        folder: with its database.
        answered: what it answered.
        calls: what strace saw of it.
    """

    folder: Path
    answered: list[str]
    calls: str

    def by_name(self) -> list[tuple[str, int]]:
        """Every writing call, by name and how manieth of that name it was of its thread.

        strace counts per thread as well, and disturbs the first that comes so far. Where two do, the later one makes
        the files beside the database, or takes them away, as the earlier one did.
        """
        counts: Counter[tuple[str, str]] = Counter()
        found: dict[tuple[str, int], None] = {}
        for thread, name in re.findall(r"^(\d+) +(\w+)\(", self.calls, re.MULTILINE):
            counts[thread, name] += 1
            found[name, counts[thread, name]] = None
        return list(found)

    @property
    def was_disturbed(self) -> bool:
        """Whether the fault came: a call was made to fail, or the process was ended at one."""
        return "(INJECTED)" in self.calls or "+++ killed by SIGKILL +++" in self.calls


@dataclass(frozen=True)
class Lives:
    """Starts lives, each on a fresh database.

    Args:
        place: for a folder per life.
        initialised: the database to begin with.
    """

    place: Path
    initialised: Path

    def live(self, injected: str | None = None) -> Life:
        """One life, with at most one fault."""
        folder = Path(mkdtemp(dir=self.place))
        shutil.copy(self.initialised, folder / "life.db")
        # Not with --seccomp-bpf, which would be quicker: with it a signal is not delivered at the call.
        command = ["strace", "-f", "-qq", "-o", str(folder / "life.calls"), "-e", f"trace={CALLS}"]
        command += [] if injected is None else ["-e", f"inject={injected}"]
        command += [sys.executable, str(LIFE), *map(str, (folder / "life.db", self.keys, folder / "answers"))]
        with subprocess.Popen(
            command, env=self._environment, stderr=subprocess.DEVNULL, start_new_session=True
        ) as process:
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                raise
        answers = folder / "answers"
        answered = answers.read_text().splitlines() if answers.exists() else []
        return Life(folder, answered, (folder / "life.calls").read_text())

    @property
    def keys(self) -> Path:
        """The key file of the index."""
        return self.place / "index.key"

    @property
    def _environment(self) -> dict[str, str]:
        """With compiled modules kept: compiling them anew would be most of each life."""
        without = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        return without | {"PYTHONPYCACHEPREFIX": str(self.place / "compiled")}


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
    lives = Lives(tmp_path, initialised)
    keys.save(lives.keys)
    lives.live()  # compiles the modules, which are writing calls as well
    undisturbed = lives.live()
    assert len(undisturbed.answered) == STEPS
    assert not undisturbed.was_disturbed
    calls = undisturbed.by_name()
    assert len(calls) > 3 * STEPS
    answers = set()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for life in pool.map(lives.live, [f"{name}:{fault}:when={count}" for name, count in calls]):
            assert life.was_disturbed
            check(life.folder, keys, life.answered)
            answers.add(len(life.answered))
            shutil.rmtree(life.folder)
    # Some lives must have been cut short, and some faults must have come after an answer.
    assert min(answers) < STEPS
    assert max(answers) > 0
