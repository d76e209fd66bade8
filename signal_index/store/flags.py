"""Flags by person, as rows that tell a thief an anonymous series and an expiry month.

Invariants:
1. A look-up is one query with as many tags as the catalogue has types, whatever was allowed, in an order that
   tells nothing; the work before it is the same too.
2. Only what comes back is opened, and it must agree with itself: person, type, source, row key and seal. A row or
   a cell moved to another person, source or type is a fault, not a flag.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from secrets import token_hex
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, func, select

from crypto.chain import Pseudonym
from crypto.encoding import Month, encode
from crypto.sealing import RowKeys, bucket
from signal_index import ports
from signal_index.model import Series, StoredFlag

from . import schema
from .cells import Cells, damaged
from .queries import Query, Slots
from .series import SqlSeries
from .sql import upsert

_MONTH_BYTES: Final = 4
_PERSON_BYTES: Final = 32
_BLANK_BYTES: Final = 16
_BLANK_SIGNS: Final = 2 * _BLANK_BYTES

_flags, _held = schema.flags.c, schema.held_wishes.c
_THIS = tuple(column == bindparam(column.name) for column in schema.flags.primary_key.columns)
_STANDS_IN = Query(select(_flags.series_id).where(*_THIS))
_PUT = upsert(schema.flags)
_REMOVE = delete(schema.flags).where(*_THIS).returning(_flags.series_id)
_REMOVE_PERSON = (
    delete(schema.flags)
    .where(_flags.bucket == bindparam("bucket"), _flags.tag.in_(bindparam("tags", expanding=True)))
    .returning(_flags.series_id)
)
_KNOWS = (
    select(_flags.tag)
    .where(_flags.bucket == bindparam("bucket"), _flags.tag.in_(bindparam("tags", expanding=True)))
    .limit(1)
)
_REMOVE_SERIES = delete(schema.flags).where(_flags.series_id == bindparam("id"))
_EXPIRED = (
    select(_flags.series_id, func.count().label("rows"))
    .where(_flags.expiry_month < bindparam("month"))
    .group_by(_flags.series_id)
)
_EXPIRE = delete(schema.flags).where(
    _flags.series_id == bindparam("id"), _flags.expiry_month < bindparam("month")
)
_IS_HELD = select(_held.series_id).where(
    _held.series_id == bindparam("id"), _held.wish_tag == bindparam("tag")
)
_HOLD = schema.held_wishes.insert()
_RELEASE = delete(schema.held_wishes).where(
    _held.series_id == bindparam("id"), _held.wish_tag == bindparam("tag")
)
_RELEASE_ALL = delete(schema.held_wishes).where(_held.series_id == bindparam("id"))


_FIND = Slots(
    select(_flags.tag, _flags.row_key, _flags.sealed, _flags.series_id, schema.series.c.sealed.label("names"))
    .join(schema.series, schema.series.c.series_id == _flags.series_id)
    .where(_flags.bucket == bindparam("bucket"), _flags.expiry_month >= bindparam("month")),
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
        self._held = Cells(keys, "held_wishes")
        self._bucket_bits = bucket_bits
        self._series = series

    def _bucket(self, person: Pseudonym) -> int:
        return bucket(self._cells.keys, person, self._bucket_bits) if self._bucket_bits else 0

    def _tag(self, person: bytes, type_code: str) -> bytes:
        return self._cells.tag("tag", person, type_code)

    def _row_key(self, person: Pseudonym, source: str, type_code: str) -> bytes:
        return self._cells.tag("row_key", person.encoded, type_code, source)

    def _key(self, person: Pseudonym, source: str, type_code: str) -> dict[str, Any]:
        return {
            "bucket": self._bucket(person),
            "tag": self._tag(person.encoded, type_code),
            "row_key": self._row_key(person, source, type_code),
        }

    def put(self, person: Pseudonym, series: Series, since: Month, expires: Month) -> bytes | None:
        """Store the flag under this series; the id of the series it stood in before, None when it is new."""
        key = self._key(person, series.source, series.type)
        before = _STANDS_IN.rows(self._connection, key)
        content = person.encoded + since.index.to_bytes(_MONTH_BYTES, "big")
        self._connection.execute(
            _PUT,
            {
                **key,
                "series_id": series.series_id,
                "expiry_month": expires.index,
                "key_epoch": self._cells.keys.epoch,
                "sealed": self._cells.seal("sealed", key["row_key"], content),
            },
        )
        return before[0][0] if before else None

    def knows(self, person: Pseudonym, type_codes: Collection[str]) -> bool:
        """Whether there is any flag of a person over these types, however old."""
        tags = [self._tag(person.encoded, code) for code in type_codes]
        found = self._connection.execute(_KNOWS, {"bucket": self._bucket(person), "tags": tags})
        return found.first() is not None

    def remove(self, person: Pseudonym, source: str, type_code: str) -> bytes | None:
        """Remove the flag; the id of the series it stood in, or None when there was none."""
        removed: bytes | None = self._connection.execute(
            _REMOVE, self._key(person, source, type_code)
        ).scalar()
        return removed

    def remove_person(self, person: Pseudonym, type_codes: Collection[str]) -> Mapping[bytes, int]:
        """Remove every flag of a person over these types; rows removed per series id."""
        tags = [self._tag(person.encoded, code) for code in type_codes]
        removed = self._connection.execute(_REMOVE_PERSON, {"bucket": self._bucket(person), "tags": tags})
        return Counter(removed.scalars())

    def remove_series(self, series_id: bytes) -> int:
        """Remove what is left of a series, held wishes included; the number of flags removed."""
        self.release_all(series_id)
        return self._connection.execute(_REMOVE_SERIES, {"id": series_id}).rowcount

    def expire(self, month: Month, *, sparing: Collection[bytes] = ()) -> Mapping[bytes, int]:
        """Remove every flag whose expiry month lies before `month`; rows removed per series id."""
        found = self._connection.execute(_EXPIRED, {"month": month.index})
        expired = {row.series_id: row.rows for row in found if row.series_id not in sparing}
        if expired:
            self._connection.execute(_EXPIRE, [{"id": key, "month": month.index} for key in expired])
        return expired

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

    def hold(self, person: Pseudonym, series: Series) -> bool:
        """Remember that a wish counts for this open set; False when it was already held."""
        key = self._held_key(person, series)
        if self._connection.execute(_IS_HELD, key).first() is not None:
            return False
        row = encode("held_wishes", key["id"], key["tag"])
        self._connection.execute(
            _HOLD,
            {
                "series_id": key["id"],
                "wish_tag": key["tag"],
                "key_epoch": self._held.keys.epoch,
                "sealed_person": self._held.seal("sealed_person", row, person.encoded),
            },
        )
        return True

    def release(self, person: Pseudonym, series: Series) -> bool:
        """Forget a held wish; False when there was none."""
        return self._connection.execute(_RELEASE, self._held_key(person, series)).rowcount > 0

    def release_all(self, series_id: bytes) -> None:
        """Forget every wish held for a series."""
        self._connection.execute(_RELEASE_ALL, {"id": series_id})

    def _held_key(self, person: Pseudonym, series: Series) -> dict[str, bytes]:
        tag = self._held.tag("wish_tag", series.series_id, person.encoded)
        return {"id": series.series_id, "tag": tag}


_: type[ports.Flags] = SqlFlags
