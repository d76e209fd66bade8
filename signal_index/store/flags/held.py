"""Wishes that count for an open set though they may not be stored, sealed and found by a tag of their own."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, bindparam, delete, select

from crypto.encoding import encode
from crypto.sealing import RowKeys
from signal_index.model import Wish
from signal_index.store import schema
from signal_index.store.cells import Cells
from signal_index.store.queries import Query

from .setwise import Key, Removal, Upsert

_held: Final = schema.held_wishes.c
_HOLD: Final = Upsert(schema.held_wishes, told=_held.key_epoch)
_RELEASE: Final = Removal(schema.held_wishes, told=_held.key_epoch)
_HOLDS_ANY: Final = Query(select(_held.series_id).where(_held.series_id == bindparam("id")).limit(1))
_RELEASE_ALL: Final = delete(schema.held_wishes).where(_held.series_id == bindparam("id"))


class HeldWishes:
    """The table of held wishes, as `signal_index.ports.Flags` has it.

    Args:
        connection: with the transaction that the engine holds open.
        keys: row keys of the scope.
    """

    def __init__(self, connection: Connection, keys: RowKeys) -> None:
        self._connection = connection
        self._cells = Cells(keys, "held_wishes")

    def hold(self, wishes: Sequence[Wish]) -> list[bool]:
        """Remember them; for each False when it was already held."""
        keys = [self._key(wish) for wish in wishes]
        rows = {key: self._row(key, wish) for key, wish in zip(keys, wishes, strict=True)}
        held = set(_HOLD.put(self._connection, list(rows.values())))
        return [_is_first(key, held) for key in keys]

    def release(self, wishes: Sequence[Wish]) -> list[bool]:
        """Forget them; for each False when there was none."""
        # Hardly any series holds a wish, and most deliveries ask about thousands.
        holding = {
            series_id for series_id in {wish.series.series_id for wish in wishes} if self._any(series_id)
        }
        keys = [self._key(wish) if wish.series.series_id in holding else None for wish in wishes]
        gone = _RELEASE.remove(self._connection, list({key for key in keys if key is not None}))
        return [key is not None and gone.pop(key, None) is not None for key in keys]

    def release_all(self, series_id: bytes) -> None:
        """Forget every wish held for a series."""
        self._connection.execute(_RELEASE_ALL, {"id": series_id})

    def _any(self, series_id: bytes) -> bool:
        return bool(_HOLDS_ANY.rows(self._connection, {"id": series_id}))

    def _key(self, wish: Wish) -> Key:
        series_id = wish.series.series_id
        return series_id, self._cells.tag("wish_tag", series_id, wish.person.encoded)

    def _row(self, key: Key, wish: Wish) -> Key:
        place = encode("held_wishes", *key)
        return *key, self._cells.keys.epoch, self._cells.seal("sealed_person", place, wish.person.encoded)


def _is_first(key: Key, held: set[Key]) -> bool:
    """Whether this key was not held yet; from now on it is."""
    first = key not in held
    held.add(key)
    return first
