"""Many rows of one table written, removed or looked for at once, saying what stood in their places.

One row at a time through SQLAlchemy costs ten times what the database needs for it. A PostgreSQL server gets the rows
as one array per column, in one statement whatever their number: for the thousands of a delivery that is as fast as
loading them into a table beside it, and for a few dozen far faster. SQLite has no road to save, and gets tuples.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import Column, Connection, Table
from sqlalchemy.dialects.postgresql import psycopg

from signal_index.store.sql import on_conflict

_DIALECT: Final = psycopg.dialect()  # type: ignore[no-untyped-call]

Key = tuple[Any, ...]
"""The values of a primary key, in the order of its columns."""


class Upsert:
    """Inserts rows, or replaces those with the same primary key.

    Args:
        table: to write to.
        told: the column whose value before is told.
    """

    def __init__(self, table: Table, told: Column[Any]) -> None:
        self._key_length = len(table.primary_key.columns)
        names = ", ".join(column.name for column in table.columns)
        signs = ", ".join("?" * len(table.columns))
        insert, conflict = f"INSERT INTO {table.name} ({names})", on_conflict(table)
        self._before = f"SELECT {told.name} FROM {table.name} WHERE {_is_key(table)}"  # noqa: S608 - names of our own tables
        self._many = f"{insert} VALUES ({signs}) {conflict}"
        keys, matches = _keys(table), _matches(table)
        # All parts of a statement see what was there before it.
        self._together = (
            f"WITH stated ({names}) AS MATERIALIZED (SELECT * FROM unnest({_arrays(table.columns)})), "  # noqa: S608 - as above
            f"put AS ({insert} SELECT {names} FROM stated WHERE true {conflict}) "
            f"SELECT {keys}, {table.name}.{told.name} FROM stated JOIN {table.name} ON {matches}"
        )

    def put(self, connection: Connection, rows: Sequence[Key]) -> dict[Key, Any]:
        """Write the rows, in the order of their keys, as that is how the table is kept.

        Args:
            connection: with the transaction.
            rows: the values of all columns, the key first; no key twice.

        Returns:
            What the column held before, by the keys that were there.
        """
        if not rows:
            return {}
        ordered = sorted(rows)
        if connection.dialect.name == "postgresql":
            return _told(connection, self._together, ordered)
        driver = _file(connection)
        keys = [row[: self._key_length] for row in ordered]
        before = {key: found[0] for key in keys if (found := driver.execute(self._before, key).fetchone())}
        driver.executemany(self._many, ordered)
        return before


class Presence:
    """Tells which values a column has.

    Args:
        column: the first of an index.
    """

    def __init__(self, column: Column[Any]) -> None:
        name, table = column.name, column.table.name
        self._one = f"SELECT 1 FROM {table} WHERE {name} = ? LIMIT 1"  # noqa: S608 - names of our own tables
        self._together = f"SELECT DISTINCT {name} FROM {table} WHERE {name} = ANY({_arrays([column])})"  # noqa: S608 - as above

    def among(self, connection: Connection, values: Sequence[Any]) -> set[Any]:
        """Those of these values that the column has."""
        if not values:
            return set()
        if connection.dialect.name == "postgresql":
            return set(connection.exec_driver_sql(self._together, (list(values),)).scalars())
        file = _file(connection)
        return {value for value in sorted(values) if file.execute(self._one, (value,)).fetchone()}


class Removal:
    """Removes rows by their primary keys.

    Args:
        table: to remove from.
        told: the column whose value is told.
    """

    def __init__(self, table: Table, told: Column[Any]) -> None:
        key = table.primary_key.columns
        returning = f"RETURNING {table.name}.{told.name}"
        self._one = f"DELETE FROM {table.name} WHERE {_is_key(table)} {returning}"  # noqa: S608 - names of our own tables
        self._together = (
            f"DELETE FROM {table.name} USING unnest({_arrays(key)}) AS stated ({', '.join(key.keys())}) "  # noqa: S608 - as above
            f"WHERE {_matches(table)} RETURNING {_keys(table)}, {table.name}.{told.name}"
        )

    def remove(self, connection: Connection, keys: Sequence[Key]) -> dict[Key, Any]:
        """Remove the rows with these keys, no key twice; what the column held, by the keys that were there."""
        if not keys:
            return {}
        ordered = sorted(keys)
        if connection.dialect.name == "postgresql":
            return _told(connection, self._together, ordered)
        driver = _file(connection)
        return {key: found[0] for key in ordered if (found := driver.execute(self._one, key).fetchone())}


def _is_key(table: Table) -> str:
    return " AND ".join(f"{column.name} = ?" for column in table.primary_key.columns)


def _keys(table: Table) -> str:
    return ", ".join(f"stated.{column.name}" for column in table.primary_key.columns)


def _matches(table: Table) -> str:
    names = [column.name for column in table.primary_key.columns]
    return " AND ".join(f"{table.name}.{name} = stated.{name}" for name in names)


def _arrays(columns: Iterable[Column[Any]]) -> str:
    return ", ".join(f"%b::{column.type.compile(dialect=_DIALECT)}[]" for column in columns)


def _told(connection: Connection, statement: str, rows: Sequence[Key]) -> dict[Key, Any]:
    arrays = tuple(list(column) for column in zip(*rows, strict=True))
    found = connection.exec_driver_sql(statement, arrays)
    return {tuple(key): told for *key, told in found}


def _file(connection: Connection) -> sqlite3.Connection:
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver
