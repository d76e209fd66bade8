"""The database: made, migrated, initialised and checked by command; nothing comes into being by itself.

Invariants:
1. Opening never creates a file, a table or a state; what is missing is refused with the command that makes it.
2. A database opens only with the keys it was initialised with, and only at the schema this code was written for.
3. Two processes that migrate at once wait for each other.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from hmac import compare_digest
from importlib.resources import files
from pathlib import Path
from secrets import token_bytes
from typing import Final

from sqlalchemy import Connection, RowMapping, Table, delete, insert, inspect, select, update
from sqlalchemy.exc import DatabaseError

from crypto.chain import Pseudonym, canary_point, close
from crypto.keyfiles import IndexSecrets
from crypto.sealing import bucket, tag, unseal
from signal_index.errors import SetupFault

from .places import Layout, Place, owner_only, place_of
from .schema import change_counter, flags, index_state, metadata

INCARNATION_BYTES: Final = 16
PERSON_BYTES: Final = 32  # how the content of a flag begins
_COPIED_AT_ONCE: Final = 5_000  # rows; a record is some 3 kB
REVISION: Final = "0013"  # the newest migration; a test compares it with the scripts
_VERSION_TABLE: Final = "alembic_version"
_KEPT: Final = {
    "index_state",
    "change_counter",
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


Stated = str | Path
"""Where the database is, as the settings say: see `signal_index.store.places.place_of`."""


def upgrade(stated: Stated, layout: Layout = Layout.WHOLE) -> None:
    """Bring the schema of a database up to date; a file is made if it is not there.

    Args:
        stated: where it is.
        layout: how its flags are divided.

    Raises:
        SetupFault: the file cannot be made, it is not such a database, or it cannot be laid out like this.
    """
    place_of(stated).make()
    _migrate(stated, "head", layout)


def downgrade(stated: Stated, revision: str = "base") -> None:
    """Take the schema back; with `base`, everything in the database is lost.

    Raises:
        SetupFault: there is no such database.
    """
    _migrate(stated, revision)


def current_revision(stated: Stated) -> str | None:
    """The revision the schema is at; None before the first upgrade.

    Raises:
        SetupFault: there is no such database.
    """
    with _reading(place_of(stated)) as connection:
        return _revision(connection)


def initialise(stated: Stated, secrets: IndexSecrets, now: datetime) -> bytes:
    """Tie a fresh database to a scope and its keys, once.

    Args:
        stated: where it is, as the settings say; likewise below.
        secrets: the index's keys; only those for rows and audit records are used.
        now: aware UTC.

    Returns:
        The new incarnation, 16 bytes.

    Raises:
        SetupFault: the schema is not up to date, or the database has been initialised before.
    """
    place = place_of(stated)
    place.check()
    incarnation = token_bytes(INCARNATION_BYTES)
    with _owning(place) as connection:
        _check_revision(connection, place.name)
        if connection.execute(select(index_state.c.id)).first() is not None:
            raise SetupFault(f"{place.name} has been initialised before; for a new index, use a new database")
        connection.execute(
            insert(index_state),
            {
                "id": 1,
                "scope": secrets.scope,
                "incarnation": incarnation,
                "key_epoch": secrets.epoch,
                "bucket_bits": place.bucket_bits,
                "key_check": _key_check(secrets, incarnation),
                "created_at": now,
            },
        )
    return incarnation


def is_initialised(stated: Stated) -> bool:
    """Whether a database, at this version's schema, has been tied to a scope and keys.

    Raises:
        SetupFault: it is not there, open to others, or not up to date.
    """
    place = place_of(stated)
    with _reading(place) as connection:
        _check_revision(connection, place.name)
        return connection.execute(select(index_state.c.id)).first() is not None


def begin_again(stated: Stated, secrets: IndexSecrets) -> bytes:
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
    read_state(stated, secrets)
    incarnation = token_bytes(INCARNATION_BYTES)
    with _owning(place_of(stated)) as connection:
        for table in _FORGOTTEN:
            connection.execute(delete(table))
        renewed = {"incarnation": incarnation, "key_check": _key_check(secrets, incarnation)}
        connection.execute(update(index_state), renewed)
    return incarnation


def copy(stated: Stated, target: Stated, secrets: IndexSecrets, said: Callable[[str, int], None]) -> None:
    """Copy an index that nobody serves into another, empty database, of either kind; the one it came from stays.

    Flags stand by person in as many buckets as there are there. It is the same index: with its log, its keys and its
    incarnation. Whoever then serves both forks the log, which a witness refuses.

    Args:
        stated: where it is.
        target: a database at this version's schema that was never initialised.
        secrets: the index's keys.
        said: told of each table and how many rows of it have been copied so far.

    Raises:
        SetupFault: as `read_state`, or the target is no empty database.
    """
    read_state(stated, secrets)
    if is_initialised(target):
        raise SetupFault(
            f"{place_of(target).name} is an index already; name a database that was only upgraded"
        )
    with _reading(place_of(stated)) as reader, _owning(place_of(target)) as writer:
        bits = place_of(target).bucket_bits
        writer.execute(delete(change_counter))
        for table in metadata.sorted_tables:
            found = reader.execution_options(yield_per=_COPIED_AT_ONCE).execute(select(table))
            copied = 0
            for rows in found.mappings().partitions():
                writer.execute(insert(table), [_at_home(table, row, secrets, bits) for row in rows])
                copied += len(rows)
                said(table.name, copied)


def _at_home(table: Table, row: RowMapping, secrets: IndexSecrets, bits: int) -> dict[str, object]:
    """A row as it stands in a database that divides by so many bits."""
    if table is index_state:
        return {**row, "bucket_bits": bits}
    if table is not flags:
        return dict(row)
    content = unseal(secrets.row_keys, row["sealed"], table="flags", column="sealed", row=row["row_key"])
    person = Pseudonym(content[:PERSON_BYTES])
    return {**row, "bucket": bucket(secrets.row_keys, person, bits) if bits else 0}


def read_state(stated: Stated, secrets: IndexSecrets) -> tuple[bytes, int]:
    """Check that a database may be opened with these keys.

    Returns:
        Its incarnation and the number of bucket bits.

    Raises:
        SetupFault: it is not there, open to others, not up to date, not initialised, or of other keys.
    """
    place = place_of(stated)
    with _reading(place) as connection:
        _check_revision(connection, place.name)
        state = connection.execute(select(*index_state.columns)).first()
    if state is None:
        raise SetupFault(f"{place.name} is not initialised: run signal-index db initialise")
    if (state.scope, state.key_epoch) != (secrets.scope, secrets.epoch) or not compare_digest(
        state.key_check, _key_check(secrets, state.incarnation)
    ):
        raise SetupFault(
            f"{place.name} belongs to scope {state.scope}, key epoch {state.key_epoch}, and another key file: "
            "correct the setting that names the key file, or the one that names the database"
        )
    return state.incarnation, state.bucket_bits


@contextmanager
def _reading(place: Place) -> Iterator[Connection]:
    """A connection to look at a database that may not be one."""
    place.check()
    try:
        with place.engine(reading=True).connect() as connection:
            yield connection
    except DatabaseError as error:
        raise SetupFault(f"{place.name} is not a database of this index, or cannot be read") from error


@contextmanager
def _owning(place: Place) -> Iterator[Connection]:
    """A transaction of who owns the tables."""
    try:
        with place.engine().begin() as connection:
            yield connection
    except DatabaseError as error:
        fault = f"{place.name} is not a database of this index, or cannot be changed"
        raise owner_only(error) or SetupFault(fault) from error


def _migrate(stated: Stated, revision: str, layout: Layout = Layout.WHOLE) -> None:
    # Only a migration needs the tool that runs it, and every command would wait for it to load.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    place = place_of(stated)
    place.check()
    scripts = Config()
    scripts.set_main_option(
        "script_location", str(files("signal_index.store") / "migrations").replace("%", "%%")
    )
    with _owning(place) as connection:
        place.migrate_alone(connection)
        scripts.attributes["connection"] = connection
        if revision == "head":
            command.upgrade(scripts, revision)
            place.lay_out(connection, layout)
            place.share(connection)
        else:
            command.downgrade(scripts, revision)


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table(_VERSION_TABLE):
        return None
    found: str | None = connection.exec_driver_sql(f"SELECT version_num FROM {_VERSION_TABLE}").scalar()  # noqa: S608 - a constant
    return found


def _check_revision(connection: Connection, name: str) -> None:
    found = _revision(connection)
    if found != REVISION:
        raise SetupFault(
            f"{name} is at schema {found or 'none'}, this program needs {REVISION}: run signal-index db upgrade"
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
