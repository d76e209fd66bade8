"""Which role may do what with which table, on a server that tells roles apart.

| role | who | may |
|---|---|---|
| owner | whoever runs `db upgrade`, `db restored` and `expire` | everything |
| `signal_index_serve` | serving processes, and commands of people | read and write; add to the log, never change it |
| `signal_index_audit` | who checks the log from outside | read the log |

Whoever takes over a serving process can write what the index would write, but cannot remove or rewrite a record.
"""

from typing import Final

from sqlalchemy import Connection, text

from signal_index.errors import SetupFault
from signal_index.store import schema

SERVES: Final = "signal_index_serve"
READS_THE_LOG: Final = "signal_index_audit"

_READ, _ADD, _ALL = "SELECT", "SELECT, INSERT", "SELECT, INSERT, UPDATE, DELETE"
_OF_WHO_SERVES: Final = {
    schema.audit_writers: _ADD,
    schema.audit_records: _ADD,
    schema.log_entries: _ADD,
    schema.log_tiles: "SELECT, INSERT, UPDATE",  # the last tile of a level grows
    schema.index_state: _READ,
    schema.change_counter: "SELECT, UPDATE",
}
_THE_LOG: Final = (
    schema.audit_writers,
    schema.audit_records,
    schema.log_entries,
    schema.log_tiles,
    schema.log_progress,
    schema.log_head,
    schema.log_cosignatures,
    schema.log_refusals,
)
_MAKE: Final = text("SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = current_user")
_THERE: Final = text("SELECT 1 FROM pg_roles WHERE rolname = :name")


def share(connection: Connection) -> None:
    """Make the two roles if they are not there, and give them their rights; in the transaction that made the tables.

    Raises:
        SetupFault: a role is missing and may not be made here.
    """
    for role in (SERVES, READS_THE_LOG):
        _require(connection, role)
        connection.execute(text(f"GRANT USAGE ON SCHEMA {_schema(connection)} TO {role}"))
    tables = schema.metadata.sorted_tables
    for table in tables:
        _give(connection, table.name, SERVES, _OF_WHO_SERVES.get(table, _ALL))
        _give(connection, table.name, READS_THE_LOG, _READ if table in _THE_LOG else "")
    _give(connection, "alembic_version", SERVES, _READ)


def _give(connection: Connection, table: str, role: str, rights: str) -> None:
    """Leave the role exactly these rights."""
    connection.execute(text(f"REVOKE ALL ON {table} FROM {role}"))
    if rights:
        connection.execute(text(f"GRANT {rights} ON {table} TO {role}"))


def _require(connection: Connection, role: str) -> None:
    if connection.execute(_THERE, {"name": role}).first() is not None:
        return
    if not connection.execute(_MAKE).scalar():
        raise SetupFault(
            f"the server has no role {role}, and this one may not make it: let who runs the server say "
            f"CREATE ROLE {role} NOLOGIN, and run signal-index db upgrade again"
        )
    connection.execute(text(f"CREATE ROLE {role} NOLOGIN"))


def _schema(connection: Connection) -> str:
    found: str = connection.execute(text("SELECT quote_ident(current_schema())")).scalar_one()
    return found
