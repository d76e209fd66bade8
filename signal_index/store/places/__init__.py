"""Where a database is and how it is spoken to: a SQLite file, or a database of a PostgreSQL server.

Everything that differs between the two stands in this package, and in `signal_index.store.sql` for columns and
statements; the tables and the code on them are the same.
"""

from pathlib import Path
from typing import Final

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from signal_index.errors import SetupFault

from .layout import Layout
from .place import BUSY_SECONDS, Changing, Place, Talk, owner_only
from .sqlite import SqliteFile

__all__ = ["BUSY_SECONDS", "Changing", "Layout", "Place", "SqliteFile", "Talk", "owner_only", "place_of"]

_POSTGRESQL: Final = {"postgresql", "postgresql+psycopg"}


def place_of(stated: str | Path) -> Place:
    """Read where a setting says that the database is.

    Args:
        stated: a path, `sqlite:///path`, or `postgresql://user@host:port/name?sslmode=...`.

    Raises:
        SetupFault: any other kind of database.
    """
    text = str(stated)
    if "://" not in text:
        return SqliteFile(Path(text))
    try:
        url = make_url(text)
    except ArgumentError as error:
        raise SetupFault("the database setting is neither a path nor a URL") from error
    if url.drivername in _POSTGRESQL:
        # Only who uses it waits for its driver to load.
        from .postgresql import PostgresqlDatabase  # noqa: PLC0415

        return PostgresqlDatabase(url)
    if url.drivername != "sqlite" or not url.database or url.database == ":memory:":
        raise SetupFault(
            "the database setting names no database; write a path, sqlite:///path, or postgresql://host/name"
        )
    return SqliteFile(Path(url.database))
