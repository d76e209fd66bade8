"""Constant statements on the road of a look-up or a delivery, asked without the cost of building them each time.

They go to the driver as they were compiled once.
"""

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    BindParameter,
    ColumnElement,
    Connection,
    Dialect,
    Select,
    Table,
    bindparam,
    func,
    select,
    true,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.sql import visitors
from sqlalchemy.sql.visitors import ExternallyTraversible

from .sql import Day, Moment

_DIALECTS: Final[Mapping[str, Dialect]] = {
    "sqlite": sqlite.dialect(paramstyle="named"),
    "postgresql": psycopg.dialect(),  # type: ignore[no-untyped-call]
}
_SIGNS: Final = {"sqlite": "?", "postgresql": "%s"}

ASKED_THROUGH: Final = "asked_through"
"""Where a connection keeps who asks for all jobs at once, see `signal_index.store.engine.gathering`."""


class Query:
    """A constant query on the road of a look-up or a delivery, asked without the cost of building it each time.

    It goes to the driver as it was compiled once: a quarter of the cost of a small query.

    Args:
        statement: with parameters by name and no lists in them.
    """

    def __init__(self, statement: Select[Any]) -> None:
        self._statement = statement
        self._spoken = {name: _compiled(statement, dialect) for name, dialect in _DIALECTS.items()}
        columns = list(statement.selected_columns)
        self._row = namedtuple("Row", [column.key for column in columns])  # type: ignore[misc]  # noqa: PYI024
        readers = ((place, _reader(column)) for place, column in enumerate(columns))
        self._readers = [(place, read) for place, read in readers if read is not None]
        self._writers = {each.key: write for each in _parameters(statement) if (write := _writer(each))}

    def rows(self, connection: Connection, parameters: Mapping[str, object]) -> Sequence[Sequence[Any]]:
        """Ask, and fetch everything, as the database keeps it: days are ISO text on SQLite."""
        through = connection.info.get(ASKED_THROUGH)
        if through is not None:
            found: Sequence[Sequence[Any]] = through.ask(self, parameters)
            return found
        statement, constants = self._spoken[connection.dialect.name]
        stated = {**constants, **parameters}
        if connection.dialect.name == "sqlite":
            stated |= {name: write(parameters[name]) for name, write in self._writers.items()}
        return _fetched(connection, statement, stated)

    def named(self, connection: Connection, parameters: Mapping[str, object]) -> Sequence[Any]:
        """Ask, and fetch everything, as rows with the names of the columns, and days and moments in them.

        Raises:
            ValueError: a day is not one.
        """
        rows = self.rows(connection, parameters)
        if connection.dialect.name != "sqlite" or not self._readers:
            return [self._row(*row) for row in rows]
        return [self._row(*self._read(row)) for row in rows]

    def _read(self, row: Sequence[Any]) -> list[Any]:
        values = list(row)
        for place, read in self._readers:
            values[place] = read(values[place])
        return values

    def rows_for_each(
        self, connection: Connection, asked: Sequence[Mapping[str, object]]
    ) -> Sequence[Sequence[Sequence[Any]]]:
        """The rows for each of these parameters, in one statement; on PostgreSQL only."""
        if len(asked) == 1:
            statement, constants = self._spoken[connection.dialect.name]
            return [_fetched(connection, statement, {**constants, **asked[0]})]
        statement, constants = self._for_each
        columns = {name: [parameters[name] for parameters in asked] for name in asked[0]}
        found: list[list[Sequence[Any]]] = [[] for _ in asked]
        for number, *row in _fetched(connection, statement, {**constants, **columns}):
            found[number - 1].append(row)
        return found

    @cached_property
    def _for_each(self) -> tuple[str, dict[str, object]]:
        """The query with a row of a table of parameters in the place of each parameter."""
        stated = {each.key: each for each in _parameters(self._statement)}
        names = sorted(stated)
        lists = [bindparam(name, type_=ARRAY(stated[name].type)) for name in names]
        asked = func.unnest(*lists).table_valued(*names, with_ordinality="number").render_derived("asked")

        def replaced(element: ExternallyTraversible, **_: object) -> ColumnElement[Any] | None:
            if isinstance(element, BindParameter) and element.required:
                column: ColumnElement[Any] = asked.c[element.key]
                return column
            return None

        own = visitors.replacement_traverse(self._statement, {}, replaced)
        assert isinstance(own, Select)
        found = own.lateral("found")
        together = select(asked.c.number, *found.c).select_from(asked.join(found, true()))
        return _compiled(together, _DIALECTS["postgresql"])


def _parameters(statement: Select[Any]) -> list[BindParameter[Any]]:
    """The parameters a query is asked with; what is constant in it is none."""
    found = visitors.iterate(statement)
    return [each for each in found if isinstance(each, BindParameter) and each.required]


def _fetched(connection: Connection, statement: str, parameters: Mapping[str, object]) -> list[Sequence[Any]]:
    driver = connection.connection.driver_connection
    assert driver is not None
    found: list[Sequence[Any]] = driver.execute(statement, parameters).fetchall()
    return found


def _compiled(statement: Select[Any], dialect: Dialect) -> tuple[str, dict[str, object]]:
    """The text of a statement, and the constants in it."""
    compiled = statement.compile(dialect=dialect)
    return str(compiled), {name: value for name, value in compiled.params.items() if value is not None}


class Insert:
    """A constant insert on the road of a look-up, of many rows at once, without the cost of building it each time.

    It goes to the driver: what SQLAlchemy adds per row costs more than the insert itself.

    Args:
        table: every column of it must be in every row.
    """

    def __init__(self, table: Table) -> None:
        names = [column.name for column in table.columns]
        self._texts = {
            dialect: f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({', '.join([sign] * len(names))})"  # noqa: S608 - names of our own tables
            for dialect, sign in _SIGNS.items()
        }
        self._columns: dict[str, list[tuple[str, Callable[[Any], Any] | None]]] = {
            "sqlite": [(column.name, _writer(column)) for column in table.columns],
            "postgresql": [(column.name, None) for column in table.columns],
        }

    def put(self, connection: Connection, rows: Sequence[Mapping[str, object]]) -> None:
        """Insert the rows, as one statement."""
        driver = connection.connection.driver_connection
        assert driver is not None
        kind = connection.dialect.name
        columns = self._columns[kind]
        written = [
            [row[name] if write is None else write(row[name]) for name, write in columns] for row in rows
        ]
        driver.cursor().executemany(self._texts[kind], written)


def _reader(column: ColumnElement[Any]) -> Callable[[Any], Any] | None:
    """What makes a day or a moment of what SQLite keeps; None for a column that holds none."""
    if not isinstance(column.type, Day | Moment):
        return None
    dialect = _DIALECTS["sqlite"]
    return column.type.dialect_impl(dialect).result_processor(dialect, None)


def _writer(element: ColumnElement[Any]) -> Callable[[Any], Any] | None:
    """What SQLite keeps for a day or a moment; None for bytes, numbers and texts, which stay as they are."""
    if not isinstance(element.type, Day | Moment):
        return None
    dialect = _DIALECTS["sqlite"]
    return element.type.dialect_impl(dialect).bind_processor(dialect)
