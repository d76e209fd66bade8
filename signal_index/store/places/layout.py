"""How the flags are divided when one table, or one server, is not enough: by bucket, which every statement on them has.

| layout | what it is |
|---|---|
| `whole` | one table |
| `partitions` | one server; the table in pieces by bucket, each vacuumed and rewritten by itself |
| `citus` | several servers under the Citus extension; flags by bucket, series on every server, the rest on the first |

Nothing above this file knows which it is. Source: PostgreSQL, "Table Partitioning"; Citus, "Creating and Modifying
Distributed Objects".
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, text

from signal_index.errors import SetupFault

PIECES: Final = 16
"""A piece of 55 million flags is then some 400 MB: small enough to rewrite in minutes."""
_SHARDS: Final = (
    64  # to spread over as many servers as are ever needed; Citus moves them, it does not split cheaply
)


class Layout(StrEnum):
    """See the table above."""

    WHOLE = "whole"
    PARTITIONS = "partitions"
    CITUS = "citus"


def lay_out(connection: Connection, layout: Layout) -> None:
    """Divide the flags that are one table now; what is divided already stays as it is.

    Args:
        connection: of the owner of the tables, in a transaction.
        layout: what the settings say.

    Raises:
        SetupFault: the flags are divided, and the settings say that they are not.
    """
    if _is_divided(connection):
        if layout is Layout.WHOLE:
            raise SetupFault(
                'the flags are divided, and the settings say flag_layout = "whole": leave that setting as it was, '
                "or move to a new database"
            )
        return
    for statement in statements(layout):
        connection.execute(text(statement))


def statements(layout: Layout) -> Iterator[str]:
    """What is said to the server, in order."""
    if layout is Layout.PARTITIONS:
        yield from _partitions()
    elif layout is Layout.CITUS:
        # A table that others refer to must be everywhere before the table that refers to it is divided.
        yield "SELECT create_reference_table('series')"
        yield f"SELECT create_distributed_table('flags', 'bucket', shard_count => {_SHARDS})"


def _partitions() -> Iterator[str]:
    yield "ALTER TABLE flags RENAME TO flags_whole"
    yield "CREATE TABLE flags (LIKE flags_whole INCLUDING DEFAULTS INCLUDING COMMENTS) PARTITION BY HASH (bucket)"
    for piece in range(PIECES):
        yield f"CREATE TABLE flags_{piece} PARTITION OF flags FOR VALUES WITH (MODULUS {PIECES}, REMAINDER {piece})"
    yield "INSERT INTO flags SELECT * FROM flags_whole"
    yield "DROP TABLE flags_whole"
    yield "ALTER TABLE flags ADD CONSTRAINT pk_flags PRIMARY KEY (bucket, tag, row_key)"
    yield "CREATE INDEX ix_flags_series_id_expiry_month ON flags (series_id, expiry_month)"
    yield (
        "ALTER TABLE flags ADD CONSTRAINT fk_flags_series_id_series "
        "FOREIGN KEY (series_id) REFERENCES series (series_id)"
    )


def _is_divided(connection: Connection) -> bool:
    """Whether the flags are in pieces, or in the list that Citus keeps of the tables it divided."""
    kind = connection.execute(text("SELECT relkind FROM pg_class WHERE oid = 'flags'::regclass")).scalar_one()
    listed = connection.execute(text("SELECT to_regclass('pg_dist_partition') IS NOT NULL")).scalar_one()
    if kind in {"p", b"p"} or not listed:
        return kind in {"p", b"p"}
    found = connection.execute(text("SELECT 1 FROM pg_dist_partition WHERE logicalrelid = 'flags'::regclass"))
    return found.first() is not None
