"""The tables of a connector's local state, and how its file is made and opened.

Every personal value is sealed; a person, a traject and a wish are found by keyed tag. What stands in the clear
says of the source itself: which sources and types it publishes, counts, months and days.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

FORMAT: Final = 4
UNKNOWN_INCARNATION: Final = bytes(16)
"""What a batch names before the index has told its incarnation; it refuses such a batch and tells."""

LOCK_SECONDS_MAX: Final = 10.0
"""`connector status` may read while a run writes; a transaction of one large file is the longest wait."""

_TABLES: Final = """
CREATE TABLE state (               -- one row: whose state this is and where it stands with the index
    format INTEGER NOT NULL,
    publisher TEXT NOT NULL,
    scope TEXT NOT NULL,
    incarnation BLOB NOT NULL,     -- of the index; 16 zero bytes while unknown
    sequence INTEGER NOT NULL,     -- of the next batch, also while its set is frozen
    proven BLOB,                   -- fingerprint of the manifest whose canary the index recognised; NULL while none
    heard_at INTEGER NOT NULL DEFAULT 0,  -- Unix time of the index's last signed answer
    as_of TEXT,                    -- the latest day trajecten were counted for, ISO 8601; never goes back
    within TEXT NOT NULL DEFAULT '',  -- municipalities they were counted for, sorted; empty when all count
    frozen_class TEXT,             -- class of the frozen set; NULL when there is none
    frozen_stage INTEGER NOT NULL DEFAULT 0,  -- how often rows were taken out of the frozen set
    frozen_month INTEGER           -- month index in which it was frozen: its asserts count from then
) STRICT;
CREATE TABLE stream (              -- all this publisher says about one (source, type), or all its relations or deaths
    id INTEGER PRIMARY KEY,
    class TEXT NOT NULL,
    source TEXT NOT NULL,          -- empty for relations and restrictions
    type TEXT NOT NULL,            -- empty for relations
    generation INTEGER NOT NULL,   -- of the last complete set tried; 0 before the first
    phase TEXT NOT NULL,           -- closed, open or sealed
    as_of TEXT,                    -- messages up to and including this day are processed; NULL before the first
    told_as_of TEXT,               -- the latest as_of the index has acknowledged
    UNIQUE (class, source, type)
) STRICT;
CREATE TABLE traject (             -- what the messages say of one traject
    key BLOB PRIMARY KEY,          -- tag over stream, person and traject
    stream INTEGER NOT NULL REFERENCES stream (id),
    person BLOB NOT NULL,          -- tag over the BSN
    sealed BLOB NOT NULL,          -- BSN and record
    turns_on TEXT                  -- the day it begins or ends running by itself; empty: count it now; NULL: never
) STRICT, WITHOUT ROWID;
CREATE INDEX traject_person ON traject (stream, person);
CREATE INDEX traject_turns ON traject (turns_on) WHERE turns_on IS NOT NULL;
CREATE TABLE wish (                -- the newest wish per (stream, person) or per relation
    key BLOB PRIMARY KEY,          -- tag over stream and person, or over stream, organisation and relation
    stream INTEGER NOT NULL REFERENCES stream (id),
    intent TEXT NOT NULL,          -- keep, end or mistake
    content BLOB NOT NULL,         -- tag over intent, person and body: equal content, equal tag
    sealed BLOB NOT NULL,          -- BSN and body
    accepted TEXT NOT NULL,        -- what the index holds: none, unknown, live or ended
    accepted_content BLOB,         -- content tag of what it acknowledged last
    asserted_month INTEGER,        -- month index of the last acknowledged assert
    due INTEGER NOT NULL           -- 1 when it has to be sent
) STRICT, WITHOUT ROWID;
CREATE INDEX wish_due ON wish (stream, intent) WHERE due = 1;
CREATE INDEX wish_live ON wish (stream) WHERE accepted = 'live';
CREATE TABLE frozen (              -- the set of changes under the present sequence; rows only ever leave it
    place INTEGER PRIMARY KEY,
    stream INTEGER NOT NULL,
    wish BLOB,                     -- NULL for a control row
    intent TEXT,
    content BLOB,
    sealed BLOB NOT NULL,          -- BSN (empty for a control row) and the row of the sheet
    left_at INTEGER                -- the stage that no longer holds this row; NULL while it is in
) STRICT;
CREATE TABLE sent (                -- every digest sent for the frozen set; an acknowledgement names one of them
    digest BLOB PRIMARY KEY,
    stage INTEGER NOT NULL         -- which rows were in it
) STRICT, WITHOUT ROWID;
CREATE TABLE quarantine (          -- what was set aside, for people to look at; no person and nothing from a message
    id INTEGER PRIMARY KEY AUTOINCREMENT,  -- what people call it by, so never given out twice
    day TEXT NOT NULL,
    reason TEXT NOT NULL,
    place TEXT NOT NULL,           -- file and position in it, or the sequence the index refused it in
    file TEXT,                     -- the file it came from, as the place calls it; NULL for a row of the index
    wish BLOB,                     -- key of the wish the index refused; NULL for what was read
    UNIQUE (reason, place)
) STRICT;
CREATE TABLE settled (             -- how many left the quarantine, so that dropping leaves a trace
    day TEXT NOT NULL,
    reason TEXT NOT NULL,          -- what they were set aside for
    way TEXT NOT NULL,             -- how they left: a code
    count INTEGER NOT NULL,
    PRIMARY KEY (day, reason, way)
) STRICT, WITHOUT ROWID;
CREATE TABLE delta_file (          -- feeds without versions: a delta that was read is not read again
    digest BLOB PRIMARY KEY        -- tag over name and content
) STRICT, WITHOUT ROWID;
CREATE TABLE silence (             -- who answered with a fault and was not heard since; sources, never persons
    source TEXT NOT NULL,
    type TEXT NOT NULL,
    named INTEGER NOT NULL,        -- whether the fault named its source
    PRIMARY KEY (source, type, named)
) STRICT, WITHOUT ROWID;
CREATE TABLE residence (           -- where a person lives, as was said last; kept only while it makes a difference
    person BLOB PRIMARY KEY,       -- tag over the BSN, the same as in traject
    sealed BLOB NOT NULL           -- when it was said, and the municipality
) STRICT, WITHOUT ROWID;
CREATE TABLE question (            -- about whom a wijkteam asks, as it was said on the phone; kept for some weeks
    reference TEXT PRIMARY KEY,    -- as the index gave it; random
    day TEXT NOT NULL,             -- when it was said
    sealed BLOB NOT NULL           -- BSN
) STRICT, WITHOUT ROWID;
"""


class StateFault(Exception):
    """The local state is missing, busy, of another publisher or damaged; the message says what to do."""


def create(path: Path, publisher: str, scope: str) -> None:
    """Make a new, empty state, readable by its owner only.

    Raises:
        StateFault: the file exists already or cannot be made.
    """
    try:
        path.touch(mode=0o600, exist_ok=False)
    except FileExistsError:
        raise StateFault(f"{path} exists already; move it away if you mean to start over") from None
    except OSError as error:
        raise StateFault(f"{path} cannot be made: {error.strerror}") from error
    with closing(_connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript("BEGIN IMMEDIATE;" + _TABLES)
        connection.execute(
            "INSERT INTO state (format, publisher, scope, incarnation, sequence) VALUES (?, ?, ?, ?, 1)",
            (FORMAT, publisher, scope, UNKNOWN_INCARNATION),
        )
        connection.execute("COMMIT")


def open_existing(path: Path, publisher: str, scope: str) -> sqlite3.Connection:
    """Open a state that `create` made.

    Raises:
        StateFault: it is not there, is not the state of this publisher and scope, or is of another version.
    """
    connection, found = open_any(path, publisher, scope)
    if found == FORMAT:
        return connection
    connection.close()
    if found < FORMAT:
        raise StateFault(f"{path} was made by an earlier version: run `connector upgrade CONFIG` once")
    raise StateFault(f"{path} was made by a later version than this one; use that one")


def open_any(path: Path, publisher: str, scope: str) -> tuple[sqlite3.Connection, int]:
    """Open a state of whatever format, and tell which.

    Raises:
        StateFault: it is not there, or is not the state of this publisher and scope.
    """
    if not path.is_file():
        raise StateFault(f"{path} does not exist: run `connector init` once, or correct the setting")
    connection = _connect(path)
    try:
        _prepare(connection)
        rows = connection.execute("SELECT format, publisher, scope FROM state").fetchall()
    except sqlite3.DatabaseError as error:
        connection.close()
        raise StateFault(f"{path} is not a connector's state ({type(error).__name__})") from None
    if [row[1:] for row in rows] != [(publisher, scope)]:
        connection.close()
        raise StateFault(f"{path} is the state of another publisher or scope")
    return connection, rows[0][0]


def _connect(path: Path) -> sqlite3.Connection:
    # Transactions are begun by hand.
    return sqlite3.connect(
        path.absolute().as_uri() + "?mode=rw", uri=True, timeout=LOCK_SECONDS_MAX, isolation_level=None
    )


def _prepare(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    # Deleted content is overwritten, and what a statement sorts stays out of temporary files.
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute("PRAGMA temp_store = MEMORY")


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Do everything inside durably, or nothing of it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
