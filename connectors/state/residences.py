"""Where persons live, as was said last, kept sealed; only of use while flags depend on it."""

import sqlite3

from connectors.reading import Residence, moment_order
from crypto.chain import Bsn
from crypto.encoding import decode, encode
from crypto.sealing import RowKeys, seal, unseal

from .trajecten import person_tag

_ELSEWHERE = ""  # abroad, or nowhere that is known


class Residences:
    """The table of residences; every change happens inside a transaction of the caller."""

    def __init__(self, connection: sqlite3.Connection, keys: RowKeys) -> None:
        self._connection = connection
        self._keys = keys

    def note(self, residence: Residence) -> bool:
        """Note where somebody lives, unless something later is known.

        Returns:
            Whether her municipality is another one now.
        """
        person = person_tag(self._keys, residence.person)
        known = self._known(person)
        said = (moment_order(residence.stated_on), residence.municipality or _ELSEWHERE)
        if known is not None and said <= known:
            return False
        content = encode("residence", *said)
        sealed = seal(self._keys, content, table="residence", column="sealed", row=person)
        self._connection.execute(
            "INSERT INTO residence (person, sealed) VALUES (?, ?)"
            " ON CONFLICT DO UPDATE SET sealed = excluded.sealed",
            (person, sealed),
        )
        return known is None or known[1] != said[1]

    def is_outside(self, person: Bsn, municipalities: frozenset[str]) -> bool:
        """Whether somebody is known to live in none of these; False when nothing is known."""
        known = self._known(person_tag(self._keys, person))
        return known is not None and known[1] not in municipalities

    def forget(self) -> None:
        """Forget where everybody lives."""
        self._connection.execute("DELETE FROM residence")

    def _known(self, person: bytes) -> tuple[str, str] | None:
        """When it was said, and the municipality."""
        row = self._connection.execute("SELECT sealed FROM residence WHERE person = ?", (person,)).fetchone()
        if row is None:
            return None
        opened = unseal(self._keys, row[0], table="residence", column="sealed", row=person)
        stated, municipality = decode("residence", opened, 2)
        return stated.decode("ascii"), municipality.decode("ascii")
