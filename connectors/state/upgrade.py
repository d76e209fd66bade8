"""Bringing a state of an earlier format to the present one: behind `connector upgrade`, never by itself.

Invariants:
1. A state is upgraded durably or not at all.
2. A step is written out and never changed after its release: it makes the next format, not whatever is the present one.
   A test compares an upgraded state with a new one.
"""

from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from .schema import FORMAT, StateFault, open_any, transaction

_STEPS: Final[Mapping[int, Sequence[str]]] = {
    2: (
        "ALTER TABLE quarantine RENAME TO quarantine_before",
        """CREATE TABLE quarantine (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            day TEXT NOT NULL,
            reason TEXT NOT NULL,
            place TEXT NOT NULL,
            file TEXT,
            wish BLOB,
            UNIQUE (reason, place)
        ) STRICT""",
        # Which file an entry came from and which wish it is about was not written down, and is not guessed.
        "INSERT INTO quarantine (id, day, reason, place) SELECT id, day, reason, place FROM quarantine_before",
        "DROP TABLE quarantine_before",
        """CREATE TABLE settled (
            day TEXT NOT NULL,
            reason TEXT NOT NULL,
            way TEXT NOT NULL,
            count INTEGER NOT NULL,
            PRIMARY KEY (day, reason, way)
        ) STRICT, WITHOUT ROWID""",
        "ALTER TABLE state ADD COLUMN within TEXT NOT NULL DEFAULT ''",
        """CREATE TABLE silence (
            source TEXT NOT NULL,
            type TEXT NOT NULL,
            named INTEGER NOT NULL,
            PRIMARY KEY (source, type, named)
        ) STRICT, WITHOUT ROWID""",
        "CREATE TABLE residence (person BLOB PRIMARY KEY, sealed BLOB NOT NULL) STRICT, WITHOUT ROWID",
    ),
    3: (
        """CREATE TABLE question (
            reference TEXT PRIMARY KEY,
            day TEXT NOT NULL,
            sealed BLOB NOT NULL
        ) STRICT, WITHOUT ROWID""",
    ),
}
"""Per earlier format, the statements that make it the next one."""


def upgrade(path: Path, publisher: str, scope: str) -> bool:
    """Bring a state to the present format.

    Args:
        path: of the state, which no other run works on.
        publisher: whose state it has to be.
        scope: likewise.

    Returns:
        False when it was there already.

    Raises:
        StateFault: it is not there, is not the state of this publisher and scope, or is of a format without steps.
    """
    connection, found = open_any(path, publisher, scope)
    with closing(connection):
        steps = range(found, FORMAT)
        if found > FORMAT or not all(step in _STEPS for step in steps):
            raise StateFault(f"{path} is of format {found}, which this version cannot read")
        with transaction(connection):
            for statement in (statement for step in steps for statement in _STEPS[step]):
                connection.execute(statement)
            connection.execute("UPDATE state SET format = ?", (FORMAT,))
    return bool(steps)
