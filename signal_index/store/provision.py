"""The database file: made, migrated, initialised and checked by command; nothing comes into being by itself.

Invariants:
1. Opening never creates a file, a table or a state; what is missing is refused with the command that makes it.
2. A database opens only with the keys it was initialised with, and only at the schema this code was written for.
3. The file is for its owner only.

Source: SQLite documentation, "Write-Ahead Logging" and "PRAGMA synchronous" for what a commit survives.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from hmac import compare_digest
from importlib.resources import files
from pathlib import Path
from secrets import token_bytes
from typing import Final
from urllib.parse import quote

from sqlalchemy import (
    Connection,
    Engine,
    NullPool,
    create_engine,
    delete,
    event,
    insert,
    inspect,
    make_url,
    select,
    update,
)
from sqlalchemy.exc import ArgumentError, DatabaseError

from crypto.chain import canary_point, close
from crypto.keyfiles import IndexSecrets
from crypto.sealing import tag
from signal_index.errors import SetupFault

from .schema import index_state, metadata

BUSY_SECONDS: Final = 5.0  # longest wait for another process's transaction; a request should not take longer
INCARNATION_BYTES: Final = 16
REVISION: Final = "0012"  # the newest migration; a test compares it with the scripts
_VERSION_TABLE: Final = "alembic_version"
_KEPT: Final = {
    "index_state",
    "publishers",
    "publications",
    "entrances",
    "staff",
    "staff_roles",
    "preferences",
    "covers",
    "impediments",
    # rules in force, and those that decided what records speak of
    "rule_sets",
    "rule_approvals",
    "audit_writers",
    "audit_records",
    "log_entries",
    "log_tiles",
    "log_progress",
    # what was judged of the records that are kept
    "reviews",
    "review_state",
    "review_weeks",
    "watches",
}
_FORGOTTEN: Final = [table for table in reversed(metadata.sorted_tables) if table.name not in _KEPT]

_FILE_MODE: Final = 0o600
_OTHERS: Final = 0o077
_READING: Final = "reading_only"
_PRAGMAS: Final = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",  # a commit survives power loss; NORMAL would not
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",  # a withdrawn flag leaves no bytes behind
    "PRAGMA trusted_schema = OFF",  # nothing planted in the schema runs functions for us
)


def upgrade(path: Path) -> None:
    """Make the database file if it is not there, and bring its schema up to date.

    Raises:
        SetupFault: the file cannot be made, or is not such a database.
    """
    _make_file(path)
    _migrate(path, "head")


def downgrade(path: Path, revision: str = "base") -> None:
    """Take the schema back; with `base`, everything in the database is lost.

    Raises:
        SetupFault: there is no such database.
    """
    _migrate(path, revision)


def current_revision(path: Path) -> str | None:
    """The revision the schema is at; None before the first upgrade.

    Raises:
        SetupFault: there is no such database.
    """
    with _reading(path) as connection:
        return _revision(connection)


def initialise(path: Path, secrets: IndexSecrets, now: datetime) -> bytes:
    """Tie a fresh database to a scope and its keys, once.

    Args:
        path: the database file.
        secrets: the index's keys; only those for rows and audit records are used.
        now: aware UTC.

    Returns:
        The new incarnation, 16 bytes.

    Raises:
        SetupFault: the schema is not up to date, or the database has been initialised before.
    """
    check_file(path)
    engine = connect(path)
    incarnation = token_bytes(INCARNATION_BYTES)
    with engine.begin() as connection:
        _check_revision(connection, path)
        if connection.execute(select(index_state.c.id)).first() is not None:
            raise SetupFault(f"{path} has been initialised before; for a new index, use a new file")
        connection.execute(
            insert(index_state),
            {
                "id": 1,
                "scope": secrets.scope,
                "incarnation": incarnation,
                "key_epoch": secrets.epoch,
                "bucket_bits": 0,
                "key_check": _key_check(secrets, incarnation),
                "created_at": now,
            },
        )
    return incarnation


def is_initialised(path: Path) -> bool:
    """Whether a database, at this version's schema, has been tied to a scope and keys.

    Raises:
        SetupFault: it is not there, open to others, or not up to date.
    """
    check_file(path)
    with _reading(path) as connection:
        _check_revision(connection, path)
        return connection.execute(select(index_state.c.id)).first() is not None


def begin_again(path: Path, secrets: IndexSecrets) -> bytes:
    """Give a restored database a new incarnation and forget what it was told, which must be told again.

    A backup holds flags that have been withdrawn and relations that have been ended since, and its sequences lie
    behind what was acknowledged. So everything that came in deliveries goes, and confirmations with the relations
    they belong to; register, staff and the log stay. No look-up is answered until complete sets have come in again.

    Of the workplace goes what would let something live on that has ended since the backup, or that leans on what is
    gone. Sessions: one that was signed out of, or whose role was taken away, would open again. Used tickets: those
    used since are not in the backup, and all of them have run out. Views: what was allowed rests on relations and
    flags that must be told again; the log has every look, and workers lose their list and its reminders. Questions:
    one that was answered since would mark a signal again; who still doubts asks again. What people arranged stays:
    preferences, covers, since who is away cannot arrange one anew, and what keeps workers from looking. Like a role, a
    cover that was ended since the backup comes back with it, until its last day at most; teams see theirs and can end
    them again. An objection registered since the backup is not in it: privacy officers register it again.

    Returns:
        The new incarnation, 16 bytes; batches for the one before are refused from now on.

    Raises:
        SetupFault: as `read_state`.
    """
    read_state(path, secrets)
    incarnation = token_bytes(INCARNATION_BYTES)
    with connect(path).begin() as connection:
        for table in _FORGOTTEN:
            connection.execute(delete(table))
        renewed = {"incarnation": incarnation, "key_check": _key_check(secrets, incarnation)}
        connection.execute(update(index_state), renewed)
    return incarnation


def read_state(path: Path, secrets: IndexSecrets) -> tuple[bytes, int]:
    """Check that a database may be opened with these keys.

    Returns:
        Its incarnation and the number of bucket bits.

    Raises:
        SetupFault: it is not there, open to others, not up to date, not initialised, or of other keys.
    """
    check_file(path)
    with _reading(path) as connection:
        _check_revision(connection, path)
        state = connection.execute(select(*index_state.columns)).first()
    if state is None:
        raise SetupFault(f"{path} is not initialised: run signal-index db initialise")
    if (state.scope, state.key_epoch) != (secrets.scope, secrets.epoch) or not compare_digest(
        state.key_check, _key_check(secrets, state.incarnation)
    ):
        raise SetupFault(
            f"{path} belongs to scope {state.scope}, key epoch {state.key_epoch}, and another key file: "
            "correct the setting that names the key file, or the one that names the database"
        )
    return state.incarnation, state.bucket_bits


def sqlite_path(url_or_path: str | Path) -> Path:
    """Find the database file that a setting names.

    Args:
        url_or_path: a path, or a URL `sqlite:///path`.

    Raises:
        SetupFault: any other kind of database.
    """
    text = str(url_or_path)
    if "://" not in text:
        return Path(text)
    try:
        url = make_url(text)
    except ArgumentError as error:
        raise SetupFault("the database setting is neither a path nor a URL") from error
    if url.drivername != "sqlite" or not url.database or url.database == ":memory:":
        raise SetupFault("the database setting names no SQLite file; write a path, or sqlite:///path")
    return Path(url.database)


def check_file(path: Path) -> None:
    """Refuse a database file that is not there or open to others.

    Raises:
        SetupFault: with what to do.
    """
    if not path.is_file():
        raise SetupFault(f"{path} does not exist: run signal-index db upgrade")
    if path.stat().st_mode & _OTHERS:
        raise SetupFault(f"{path} is open to others than its owner: run chmod 600 {path}")


def connect(path: Path, busy_seconds: float = BUSY_SECONDS) -> Engine:
    """Prepare connections to an existing database file; each transaction takes the write lock at once.

    Without the lock, a transaction that reads and then writes fails as soon as another one has written.
    """
    place = f"file:{quote(str(path.absolute()))}?mode=rw"

    def open_file() -> sqlite3.Connection:
        connection = sqlite3.connect(place, uri=True, timeout=busy_seconds, isolation_level=None)
        try:
            for pragma in _PRAGMAS:
                connection.execute(pragma)
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    # Error texts would show the parameters of a statement; tags and seals have no business in a log.
    engine = create_engine("sqlite://", creator=open_file, poolclass=NullPool, hide_parameters=True)
    event.listen(engine, "begin", _begin)
    return engine


def _begin(connection: Connection) -> None:
    reading = connection.get_execution_options().get(_READING, False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


@contextmanager
def _reading(path: Path) -> Iterator[Connection]:
    """A connection to look at a database that may not be one."""
    check_file(path)
    try:
        with connect(path).connect().execution_options(**{_READING: True}) as connection:
            yield connection
    except DatabaseError as error:
        raise SetupFault(f"{path} is not a database of this index, or cannot be read") from error


def _make_file(path: Path) -> None:
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, _FILE_MODE))
    except FileExistsError:
        return
    except OSError as error:
        raise SetupFault(f"{path} cannot be made: {error.strerror}") from error


def _migrate(path: Path, revision: str) -> None:
    # Only a migration needs the tool that runs it, and every command would wait for it to load.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    check_file(path)
    scripts = Config()
    scripts.set_main_option(
        "script_location", str(files("signal_index.store") / "migrations").replace("%", "%%")
    )
    try:
        with connect(path).begin() as connection:
            scripts.attributes["connection"] = connection
            if revision == "head":
                command.upgrade(scripts, revision)
            else:
                command.downgrade(scripts, revision)
    except DatabaseError as error:
        raise SetupFault(f"{path} is not a database of this index, or cannot be changed") from error


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table(_VERSION_TABLE):
        return None
    found: str | None = connection.exec_driver_sql(f"SELECT version_num FROM {_VERSION_TABLE}").scalar()  # noqa: S608 - a constant
    return found


def _check_revision(connection: Connection, path: Path) -> None:
    found = _revision(connection)
    if found != REVISION:
        raise SetupFault(
            f"{path} is at schema {found or 'none'}, this program needs {REVISION}: run signal-index db upgrade"
        )


def _key_check(secrets: IndexSecrets, incarnation: bytes) -> bytes:
    """What only the holder of these keys can compute, for this database."""
    label = "key-check"
    # The closing key is in it: with another one every pseudonym would be another, and no flag would be found.
    closed = close(secrets.opening, canary_point()).encoded
    return b"".join(
        (
            tag(secrets.row_keys, label, incarnation),
            tag(secrets.audit_keys, label, incarnation),
            tag(secrets.row_keys, "closing-check", closed, incarnation),
        )
    )
