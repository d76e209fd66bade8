"""Columns and statements that mean the same on SQLite, whose STRICT tables know few types, and on PostgreSQL.

Invariants:
1. A statement is a constant: values are parameters, always.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    Integer,
    Row,
    Table,
    Text,
    TextClause,
    TypeDecorator,
    bindparam,
    text,
)
from sqlalchemy.types import TypeEngine

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)

Count = BigInteger().with_variant(Integer(), "sqlite")
YesNo = Boolean().with_variant(Integer(), "sqlite")


class Day(TypeDecorator[date]):
    """A calendar day; ISO text on SQLite, whose STRICT tables know no dates."""

    impl = Date
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the type of the column."""
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else Date())

    def process_bind_param(self, value: date | None, dialect: Dialect) -> date | str | None:
        """Write a day."""
        return value.isoformat() if value is not None and dialect.name == "sqlite" else value

    def process_result_value(self, value: date | str | None, dialect: Dialect) -> date | None:  # noqa: ARG002 - the signature is SQLAlchemy's
        """Read a day."""
        return date.fromisoformat(value) if isinstance(value, str) else value


class Moment(TypeDecorator[datetime]):
    """An aware UTC moment; whole microseconds since 1970 on SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the type of the column."""
        return dialect.type_descriptor(Integer() if dialect.name == "sqlite" else DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | int | None:
        """Write a moment."""
        return (value - _EPOCH) // _MICROSECOND if value is not None and dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - as above
        """Read a moment; a damaged one that no calendar knows reads as the end of time, for comparing to fail."""
        try:
            return _EPOCH + value * _MICROSECOND if isinstance(value, int) else value
        except OverflowError:
            return datetime.max.replace(tzinfo=UTC)


AnyRow = Row[*tuple[Any, ...]]
Kind = TypeEngine[Any] | type[TypeEngine[Any]]


def key(name: str, kind: Kind, comment: str, *rules: ForeignKey) -> Column[Any]:
    """Declare a column of the primary key."""
    return Column(name, kind, *rules, primary_key=True, nullable=False, autoincrement=False, comment=comment)


def cell(name: str, kind: Kind, comment: str, *rules: ForeignKey, default: str | None = None) -> Column[Any]:
    """Declare a column that always holds a value.

    Args:
        name: of the column.
        kind: type of the column.
        comment: what it holds, and who could learn what from it.
        rules: foreign keys.
        default: what rows hold that were there before the column was.
    """
    return Column(name, kind, *rules, nullable=False, comment=comment, server_default=default)


def optional(name: str, kind: Kind, comment: str) -> Column[Any]:
    """Declare a column that may be empty."""
    return Column(name, kind, nullable=True, comment=comment)


def key_epoch() -> Column[Any]:
    """Declare the column that every row with tags or seals has."""
    return cell("key_epoch", Integer, "epoch of the keys behind the tags and seals of this row")


def upsert(table: Table) -> TextClause:
    """Build the statement that inserts a row, or replaces the one with the same primary key.

    Plain text, because it is the same on SQLite and PostgreSQL while the constructs for it are not.

    Args:
        table: every column of it becomes a parameter of the same name.
    """
    columns = ", ".join(column.name for column in table.columns)
    values = ", ".join(f":{column.name}" for column in table.columns)
    statement = text(
        f"INSERT INTO {table.name} ({columns}) VALUES ({values}) {on_conflict(table)}"  # noqa: S608 - all names are from this file
    )
    return statement.bindparams(*(bindparam(column.name, type_=column.type) for column in table.columns))


def on_conflict(table: Table) -> str:
    """What makes an insert replace the row with the same primary key."""
    key_names = [column.name for column in table.primary_key.columns]
    others = [column.name for column in table.columns if column.name not in key_names]
    changed = ", ".join(f"{name} = excluded.{name}" for name in others)
    return f"ON CONFLICT ({', '.join(key_names)}) DO UPDATE SET {changed}"


def insert_once(table: Table) -> TextClause:
    """Build the statement that inserts a row, or changes nothing when its primary key is taken.

    Plain text for the same reason as `upsert`; the number of rows it changed says which of the two happened.

    Args:
        table: every column of it becomes a parameter of the same name.
    """
    names = ", ".join(column.name for column in table.columns)
    values = ", ".join(f":{column.name}" for column in table.columns)
    statement = text(f"INSERT INTO {table.name} ({names}) VALUES ({values}) ON CONFLICT DO NOTHING")  # noqa: S608 - all names are from this file
    return statement.bindparams(*(bindparam(column.name, type_=column.type) for column in table.columns))
