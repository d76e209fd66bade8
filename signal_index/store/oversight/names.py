"""Names of looks and persons within oversight, made with the keys and kept nowhere.

Whoever sees such a name, in an address or on a page, learns neither record nor person from it; a new key epoch gives
everything new names.
"""

from typing import Final

from crypto.chain import Pseudonym
from crypto.sealing import RowKeys, unveil, veil
from signal_index.ports import oversight as ports
from signal_index.store.cells import Cells

WRITER_BYTES: Final = 8
NUMBER_BYTES: Final = 8
STAFF_BYTES: Final = 16
ALIAS_BYTES: Final = 4
"""Two people share an alias once in some 65,000 people; fewer digits would make a reviewer see one person in two."""
_LOOK: Final = "look"


class KeyedNames:
    """Names made with the row keys, see `signal_index.ports.oversight.Names`.

    Args:
        keys: row keys of the scope.
    """

    def __init__(self, keys: RowKeys) -> None:
        self._keys = keys
        self._cells = Cells(keys, "oversight")

    def of_look(self, writer: bytes, number: int) -> bytes:
        """The name of a look's record."""
        return veil(self._keys, _LOOK, writer + number.to_bytes(NUMBER_BYTES, "big"))

    def look(self, name: bytes) -> tuple[bytes, int]:
        """Writer and number that this is the name of."""
        block = unveil(self._keys, _LOOK, name)
        # The highest bit is no part of a number: the database counts no further than 63 bits.
        return block[:WRITER_BYTES], int.from_bytes(block[WRITER_BYTES:], "big") & (2**63 - 1)

    def of_staff(self, staff_id: str) -> bytes:
        """The name of a member of staff."""
        return self._cells.tag("staff", staff_id)[:STAFF_BYTES]

    def of_person(self, person: Pseudonym) -> str:
        """The alias of a person within oversight."""
        digits = self._cells.tag("alias", person.encoded)[:ALIAS_BYTES].hex().upper()
        return f"{digits[:4]}-{digits[4:]}"


_: type[ports.Names] = KeyedNames
