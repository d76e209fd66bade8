"""A process with a short, fixed life: it records, answers and integrates, for tests that end it at every step of that.

    python tests/store/log/a_short_life.py DATABASE KEYS ANSWERS

What it has answered stands in ANSWERS, a line per answer, written after the commit. It goes on after a fault of the
database, as a serving process does.
"""

import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from crypto.keyfiles import IndexSecrets
from signal_index.errors import Unavailable
from signal_index.model import AuditEvent
from signal_index.ports import Transaction
from signal_index.store import open_database

STEPS = 6
BEGIN = datetime(2026, 4, 1, 9, 30, tzinfo=UTC)


def main(database: Path, keys: Path, answers: Path) -> None:
    """Live."""
    out = os.open(answers, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with open_database(database, IndexSecrets.load(keys), writer_kind="serve") as opened:
        for step in range(STEPS):

            def job(tx: Transaction) -> str:
                at = BEGIN + timedelta(seconds=step)  # noqa: B023 - run waits
                receipt = tx.audit.append(AuditEvent("log.read", at, {"limit": step}))  # noqa: B023 - as above
                if step % 2:  # noqa: B023 - as above
                    tx.log.integrate(at, 100)
                return f"{receipt.writer.hex()}/{receipt.number}/{receipt.leaf.hex()}"

            try:
                answer = opened.run(job)
            except Unavailable:
                continue
            os.write(out, f"{answer}\n".encode())


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
