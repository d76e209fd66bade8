"""Seals and tags the cells of one table; a cell that does not open is a fault, never an absence.

Invariants:
1. A sealed cell opens only in the table, column and row it was made for.
2. Tags of different tables or columns never agree, so rows of two tables cannot be joined on a person.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from crypto.errors import VerificationFailed
from crypto.sealing import RowKeys, seal, seals, tag, tags, tags_of_each, unseal
from signal_index.errors import Unavailable


def damaged(table: str) -> Unavailable:
    """Build the error for a row that contradicts itself; raise it instead of guessing.

    Args:
        table: names the place for the operator; it holds nothing about a person.
    """
    return Unavailable(
        "damaged-row", f"Gegevens in de index zijn beschadigd ({table}). Meld dit aan de beheerder.", 300
    )


@dataclass(frozen=True)
class Cells:
    """The cells of one table under one set of keys."""

    keys: RowKeys
    table: str

    def tag(self, column: str, *fields: bytes | int | str) -> bytes:
        """Compute what this column holds for these fields: 16 bytes."""
        return tag(self.keys, f"{self.table}.{column}", *fields)

    def tags(self, column: str, shared: bytes, lasts: Iterable[str]) -> list[bytes]:
        """Compute `tag` for each of these second fields, behind the same first."""
        return tags(self.keys, f"{self.table}.{column}", shared, lasts=lasts)

    def tags_of_each(self, column: str, each: Sequence[bytes], *fields: bytes | int | str) -> list[bytes]:
        """Compute what this column holds for each of these with the same fields after it."""
        return tags_of_each(self.keys, f"{self.table}.{column}", each, *fields)

    def seals(self, column: str, rows: Sequence[bytes], plaintexts: Sequence[bytes]) -> list[bytes]:
        """Seal a cell to each row, without padding: all plaintexts are equally long."""
        return seals(self.keys, plaintexts, table=self.table, column=column, rows=rows)

    def seal(self, column: str, row: bytes, plaintext: bytes, size: int | None = None) -> bytes:
        """Seal a cell to its row.

        Args:
            column: name of the column.
            row: the row's key, unique in the table.
            plaintext: what to seal.
            size: pad to this many bytes; leave out only where all plaintexts are equally long.
        """
        return seal(self.keys, plaintext, table=self.table, column=column, row=row, size=size)

    def unseal(self, column: str, row: bytes, sealed: bytes, size: int | None = None) -> bytes:
        """Open a cell.

        Raises:
            Unavailable: `damaged-row`: other keys, another place, or changed bytes.
        """
        try:
            return unseal(self.keys, sealed, table=self.table, column=column, row=row, size=size)
        except VerificationFailed as error:
            raise damaged(self.table) from error
