"""Flags by person, as rows that tell a thief an anonymous series and an expiry month.

Invariants:
1. A look-up is one query with as many tags as the catalogue has types, whatever was allowed, in an order that
   tells nothing; the work before it is the same too.
2. Only what comes back is opened, and it must agree with itself: person, type, source, row key and seal. A row or
   a cell moved to another person, source or type is a fault, not a flag.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import MAXYEAR
from secrets import token_hex
from typing import Final

from sqlalchemy import Connection, bindparam, delete, select, tuple_

from crypto.chain import Pseudonym
from crypto.encoding import Month
from crypto.sealing import RowKeys, bucket, buckets
from signal_index import ports
from signal_index.model import NewFlag, StoredFlag, Wish
from signal_index.store import schema
from signal_index.store.cells import Cells, damaged
from signal_index.store.queries import Slots
from signal_index.store.series import ANSWERS, SqlSeries

from .held import HeldWishes
from .setwise import Key, Removal, Upsert

_MONTH_BYTES: Final = 4
_PERSON_BYTES: Final = 32
_BLANK_BYTES: Final = 16
_BLANK_SIGNS: Final = 2 * _BLANK_BYTES
_SHARES: Final = 16
_NEVER: Final = Month(MAXYEAR, 12).index + 1

_flags = schema.flags.c
_IN_SHARE = (_flags.bucket >= bindparam("first"), _flags.bucket <= bindparam("last"))
_PUT = Upsert(schema.flags, told=_flags.series_id)
_REMOVE = Removal(schema.flags, told=_flags.series_id)
_REMOVE_PERSON = (
    delete(schema.flags)
    .where(_flags.bucket == bindparam("bucket"), _flags.tag.in_(bindparam("tags", expanding=True)))
    .returning(_flags.series_id)
)
_KNOWS = (
    select(_flags.tag)
    .join(schema.series, schema.series.c.series_id == _flags.series_id)
    .where(
        _flags.bucket == bindparam("bucket"),
        _flags.tag.in_(bindparam("tags", expanding=True)),
        ANSWERS,
    )
    .limit(1)
)
_IN_SHARE = (_flags.bucket >= bindparam("first"), _flags.bucket <= bindparam("last"))
_KEY = tuple_(*schema.flags.primary_key.columns)
_CLEAR = delete(schema.flags).where(
    *_IN_SHARE,
    _KEY.in_(
        select(*schema.flags.primary_key.columns)
        .where(
            *_IN_SHARE,
            _flags.series_id == bindparam("id"),
            _flags.expiry_month < bindparam("month"),
        )
        .limit(bindparam("most"))
    ),
)


_FIND = Slots(
    select(_flags.tag, _flags.row_key, _flags.sealed, _flags.series_id, schema.series.c.sealed.label("names"))
    .join(schema.series, schema.series.c.series_id == _flags.series_id)
    .where(_flags.bucket == bindparam("bucket"), _flags.expiry_month >= bindparam("month"), ANSWERS),
    _flags.tag,
)


class SqlFlags:
    """The table of flags, see `signal_index.ports.Flags`.

    Args:
        connection: with the transaction that the engine holds open.
        keys: row keys of the scope.
        bucket_bits: as the index was initialised with.
        series: to open the source and type of what comes back.
    """

    def __init__(self, connection: Connection, keys: RowKeys, bucket_bits: int, series: SqlSeries) -> None:
        self._connection = connection
        self._cells = Cells(keys, "flags")
        self._held = HeldWishes(connection, keys)
        self._bucket_bits = bucket_bits
        self._series = series

    def _bucket(self, person: Pseudonym) -> int:
        return bucket(self._cells.keys, person, self._bucket_bits) if self._bucket_bits else 0

    def _tag(self, person: bytes, type_code: str) -> bytes:
        return self._cells.tag("tag", person, type_code)

    def _row_key(self, person: Pseudonym, source: str, type_code: str) -> bytes:
        return self._cells.tag("row_key", person.encoded, type_code, source)

    def _keys(self, wishes: Sequence[NewFlag | Wish]) -> list[Key]:
        """The primary key of each, in order; tags of one source and type are made together."""
        buckets_of = buckets(self._cells.keys, [wish.person for wish in wishes], self._bucket_bits)
        keys: list[Key] = [()] * len(wishes)
        for (source, type_code), places in _by_pair(wishes).items():
            people = [wishes[place].person.encoded for place in places]
            tags = self._cells.tags_of_each("tag", people, type_code)
            row_keys = self._cells.tags_of_each("row_key", people, type_code, source)
            for place, tag, row_key in zip(places, tags, row_keys, strict=True):
                keys[place] = (buckets_of[place], tag, row_key)
        return keys

    def put(self, flags: Sequence[NewFlag]) -> Sequence[bytes | None]:
        """Store each flag under its series; for each the id of the series it stood in before, None when it is new."""
        keys, epoch = self._keys(flags), self._cells.keys.epoch
        contents = [flag.person.encoded + flag.since.index.to_bytes(_MONTH_BYTES, "big") for flag in flags]
        sealed = self._cells.seals("sealed", [key[2] for key in keys], contents)
        # Of two in one place the last one stays, as it would one after the other.
        rows = {
            key: (*key, flag.series.series_id, flag.expires.index, epoch, seal)
            for key, flag, seal in zip(keys, flags, sealed, strict=True)
        }
        standing = _PUT.put(self._connection, list(rows.values()))
        before: list[bytes | None] = []
        for key, flag in zip(keys, flags, strict=True):
            before.append(standing.get(key))
            standing[key] = flag.series.series_id
        return before

    def remove(self, wishes: Sequence[Wish]) -> Sequence[bytes | None]:
        """Remove the flag of each; for each the id of the series it stood in, None when there was none."""
        keys = self._keys(wishes)
        gone = _REMOVE.remove(self._connection, list(set(keys)))
        return [gone.pop(key, None) for key in keys]

    def hold(self, wishes: Sequence[Wish]) -> Sequence[bool]:
        """Remember that wishes count for an open set; for each False when it was already held."""
        return self._held.hold(wishes)

    def release(self, wishes: Sequence[Wish]) -> Sequence[bool]:
        """Forget held wishes; for each False when there was none."""
        return self._held.release(wishes)

    def release_all(self, series_id: bytes) -> None:
        """Forget every wish held for a series."""
        self._held.release_all(series_id)

    def knows(self, person: Pseudonym, type_codes: Collection[str]) -> bool:
        """Whether there is any flag of a person over these types, however old, but for sets that were replaced."""
        tags = [self._tag(person.encoded, code) for code in type_codes]
        found = self._connection.execute(_KNOWS, {"bucket": self._bucket(person), "tags": tags})
        return found.first() is not None

    def remove_person(self, person: Pseudonym, type_codes: Collection[str]) -> Mapping[bytes, int]:
        """Remove every flag of a person over these types; rows removed per series id."""
        tags = [self._tag(person.encoded, code) for code in type_codes]
        removed = self._connection.execute(_REMOVE_PERSON, {"bucket": self._bucket(person), "tags": tags})
        return Counter(removed.scalars())

    def shares(self) -> Sequence[range]:
        """All buckets in a few shares."""
        buckets = 1 << self._bucket_bits
        size = max(1, buckets // _SHARES)
        return [range(first, first + size) for first in range(0, buckets, size)]

    def clear(self, series_id: bytes, share: range, *, limit: int, before: Month | None = None) -> int:
        """Remove flags of a series in one share, at most so many; how many."""
        stated = {
            "id": series_id,
            "first": share.start,
            "last": share.stop - 1,
            "month": _NEVER if before is None else before.index,
            "most": limit,
        }
        return self._connection.execute(_CLEAR, stated).rowcount

    def find(
        self, person: Pseudonym, allowed: Collection[str], slots: int, month: Month
    ) -> Sequence[StoredFlag]:
        """Read the flags of the allowed types, in one query of always `slots` tags.

        Raises:
            ValueError: more types are allowed than there are slots.
            Unavailable: `damaged-row`.
        """
        if len(allowed) > slots:
            raise ValueError("more types allowed than the catalogue has")
        # A slot without a type costs the same: the tag of a type that nobody can name, which no row has.
        chance = token_hex(slots * _BLANK_BYTES)
        blanks = [chance[slot * _BLANK_SIGNS :][:_BLANK_SIGNS] for slot in range(len(allowed), slots)]
        tags = self._cells.tags("tag", person.encoded, [*allowed, *blanks])
        types = dict(zip(tags, allowed, strict=False))
        parameters = {"bucket": self._bucket(person), "month": month.index}
        rows = _FIND.rows(self._connection, parameters, sorted(tags))
        return [self._opened(row, person, types) for row in rows]

    def _opened(self, row: Sequence[bytes], person: Pseudonym, types: Mapping[bytes, str]) -> StoredFlag:
        tag, row_key, sealed, series_id, names = row
        source, type_code = self._series.names(series_id, names)
        # The seal is bound to the row key, and the row key to person, type and source.
        if types.get(tag) != type_code or row_key != self._row_key(person, source, type_code):
            raise damaged("flags")
        content = self._cells.unseal("sealed", row_key, sealed)
        return StoredFlag(source, type_code, Month.from_index(int.from_bytes(content[_PERSON_BYTES:], "big")))


def _by_pair(wishes: Sequence[NewFlag | Wish]) -> Mapping[tuple[str, str], list[int]]:
    """The places of what is about each source and type."""
    places: dict[tuple[str, str], list[int]] = {}
    for place, wish in enumerate(wishes):
        places.setdefault((wish.series.source, wish.series.type), []).append(place)
    return places


_: type[ports.Flags] = SqlFlags
