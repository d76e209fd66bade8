"""Which sources answered with a fault and were not heard since, so that a restart does not call them current."""

import sqlite3
from collections.abc import Collection

Silence = tuple[str, str, bool]
"""Source, type, and whether the fault named its source."""


class Silences:
    """The table of silent sources; every change happens inside a transaction of the caller."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def all(self) -> frozenset[Silence]:
        """Everybody who is silent now."""
        rows = self._connection.execute("SELECT source, type, named FROM silence")
        return frozenset((source, type_code, bool(named)) for source, type_code, named in rows)

    def keep(self, silences: Collection[Silence]) -> None:
        """Note that these are silent, and nobody else."""
        self._connection.execute("DELETE FROM silence")
        self._connection.executemany("INSERT INTO silence (source, type, named) VALUES (?, ?, ?)", silences)
