"""About whom a question of a wijkteam is, as the worker said it on the phone; the index cannot tell a source.

Invariants:
1. A person is kept sealed, under the reference of one question, and forgotten after `KEPT_FOR`.
2. No run of the connector reads or writes this table, so a question is opened while a service is at work.

Whoever takes the file without the key file learns the references, which mean nothing elsewhere, and when each came in.
"""

import sqlite3
from datetime import date, timedelta
from typing import Final

from crypto.chain import Bsn
from crypto.sealing import RowKeys, seal, unseal

KEPT_FOR: Final = timedelta(days=60)
"""A source has four weeks to answer, and an answer after that still reaches who asked."""


class Questions:
    """The table of questions; every change happens inside a transaction of the caller."""

    def __init__(self, connection: sqlite3.Connection, keys: RowKeys) -> None:
        self._connection = connection
        self._keys = keys

    def person(self, reference: str, today: date) -> Bsn | None:
        """About whom a question is; None when nobody said so, or it was too long ago."""
        row = self._connection.execute(
            "SELECT sealed FROM question WHERE reference = ? AND day > ?",
            (reference, (today - KEPT_FOR).isoformat()),
        ).fetchone()
        if row is None:
            return None
        opened = unseal(self._keys, row[0], table="question", column="sealed", row=reference.encode())
        return Bsn.parse(opened.decode("ascii"))

    def note(self, reference: str, person: Bsn, today: date) -> None:
        """Keep about whom a question is, in place of what was said before; what is too old goes."""
        oldest = (today - KEPT_FOR).isoformat()
        self._connection.execute("DELETE FROM question WHERE day <= ?", (oldest,))
        row = reference.encode()
        sealed = seal(self._keys, person.digits.encode(), table="question", column="sealed", row=row)
        self._connection.execute(
            "INSERT INTO question (reference, day, sealed) VALUES (?, ?, ?)"
            " ON CONFLICT DO UPDATE SET day = excluded.day, sealed = excluded.sealed",
            (reference, today.isoformat(), sealed),
        )
