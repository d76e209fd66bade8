"""Series: the sealed source and type behind the anonymous ids that flags carry.

The table is small, so it is read as a whole and kept until something may have changed it.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy import Connection, bindparam, delete, exists, or_, select, update

from crypto.encoding import decode, encode
from crypto.errors import MalformedInput
from crypto.sealing import RowKeys
from signal_index import ports
from signal_index.model import Series, SeriesState

from . import schema
from .cells import Cells, damaged
from .sql import AnyRow, upsert

NAMES_BYTES: Final = 192  # source and type, 64 characters each at most, and what encoding and padding take
NAMES_REMEMBERED_MAX: Final = (
    10_000  # a region has hundreds of series; beyond this something is wrong with it
)

_ALL = select(*schema.series.columns)
_PUT = upsert(schema.series)
_ADJUST = (
    update(schema.series)
    .where(schema.series.c.series_id == bindparam("id"))
    .values(
        row_count=schema.series.c.row_count + bindparam("rows"),
        accepted_count=schema.series.c.accepted_count + bindparam("accepted"),
    )
)
_NEWER = schema.series.alias("newer")
ANSWERS: Final = or_(
    schema.series.c.state != SeriesState.ABANDONED.value,
    ~exists().where(
        _NEWER.c.lookup_tag == schema.series.c.lookup_tag,
        _NEWER.c.generation > schema.series.c.generation,
        _NEWER.c.state == SeriesState.CURRENT.value,
    ),
)
"""Whether the flags of a series answer: no later complete set has replaced it."""
_REMOVE = delete(schema.series).where(schema.series.c.series_id == bindparam("id"))


class SqlSeries:
    """The table of series, see `signal_index.ports.SeriesTable`.

    Args:
        connection: with the transaction that the engine holds open.
        keys: row keys of the scope.
    """

    def __init__(self, connection: Connection, keys: RowKeys) -> None:
        self._connection = connection
        self._cells = Cells(keys, "series")
        self._names: dict[tuple[bytes, bytes], tuple[str, str]] = {}
        self._known: dict[tuple[str, str, int], Series] | None = None

    def forget(self) -> None:
        """Read the table anew next time."""
        self._known = None

    def names(self, series_id: bytes, sealed: bytes) -> tuple[str, str]:
        """Open the source and type of a series; the same sealed bytes are opened once.

        Raises:
            Unavailable: `damaged-row`.
        """
        names = self._names.get((series_id, sealed))
        if names is None:
            names = self._open(series_id, sealed)
            if len(self._names) >= NAMES_REMEMBERED_MAX:
                self._names.clear()
            self._names[series_id, sealed] = names
        return names

    def _open(self, series_id: bytes, sealed: bytes) -> tuple[str, str]:
        try:
            source, type_code = decode(
                "series-names", self._cells.unseal("sealed", series_id, sealed, NAMES_BYTES), 2
            )
        except MalformedInput as error:
            raise damaged("series") from error
        return source.decode(), type_code.decode()

    def get(self, source: str, type_code: str, generation: int) -> Series | None:
        """One series, or None."""
        return self._all().get((source, type_code, generation))

    def current(self, source: str, type_code: str) -> Series | None:
        """The sealed series of this source and type, or None."""
        return self._newest(source, type_code, SeriesState.CURRENT)

    def filling(self, source: str, type_code: str) -> Series | None:
        """The open set of this source and type, or None."""
        return self._newest(source, type_code, SeriesState.FILLING)

    def _newest(self, source: str, type_code: str, state: SeriesState) -> Series | None:
        found = [s for s in self._all().values() if (s.source, s.type, s.state) == (source, type_code, state)]
        return max(found, key=lambda s: s.generation, default=None)

    def all(self) -> Sequence[Series]:
        """Every series, in no particular order."""
        return list(self._all().values())

    def replaced(self) -> Sequence[Series]:
        """Series that a later complete set has replaced."""
        everything = self._all().values()
        newest = {(each.source, each.type): each.generation for each in everything if each.is_current}
        return [
            each
            for each in everything
            if each.state is SeriesState.ABANDONED
            and each.generation < newest.get((each.source, each.type), each.generation)
        ]

    def _all(self) -> dict[tuple[str, str, int], Series]:
        if self._known is None:
            rows = (self._from_row(row) for row in self._connection.execute(_ALL))
            self._known = {(s.source, s.type, s.generation): s for s in rows}
        return self._known

    def _from_row(self, row: AnyRow) -> Series:
        source, type_code = self.names(row.series_id, row.sealed)
        return Series(
            series_id=row.series_id,
            source=source,
            type=type_code,
            generation=row.generation,
            state=SeriesState(row.state),
            row_count=row.row_count,
            accepted_count=row.accepted_count,
            as_of=row.as_of,
        )

    def put(self, series: Series) -> None:
        """Insert or replace a series as a whole."""
        names = encode("series-names", series.source, series.type)
        self._connection.execute(
            _PUT,
            {
                "series_id": series.series_id,
                "lookup_tag": self._cells.tag("lookup_tag", series.source, series.type),
                "generation": series.generation,
                "state": series.state.value,
                "row_count": series.row_count,
                "accepted_count": series.accepted_count,
                "as_of": series.as_of,
                "sealed": self._cells.seal("sealed", series.series_id, names, NAMES_BYTES),
                "key_epoch": self._cells.keys.epoch,
            },
        )
        self.forget()

    def adjust(self, series_id: bytes, *, rows: int = 0, accepted: int = 0) -> None:
        """Add to the counts of a series.

        Raises:
            ValueError: no such series; counts that go nowhere would be lost for good.
        """
        changed = self._connection.execute(_ADJUST, {"id": series_id, "rows": rows, "accepted": accepted})
        if changed.rowcount != 1:
            raise ValueError("no such series")
        if self._known is not None:  # every delivery does this, so it is amended instead of read again
            self._known = {
                place: _counted(known, rows, accepted) if known.series_id == series_id else known
                for place, known in self._known.items()
            }

    def remove(self, series_id: bytes) -> None:
        """Remove a series that has no rows left; the database refuses one that has."""
        self._connection.execute(_REMOVE, {"id": series_id})
        self.forget()


def _counted(series: Series, rows: int, accepted: int) -> Series:
    return replace(series, row_count=series.row_count + rows, accepted_count=series.accepted_count + accepted)


_: type[ports.SeriesTable] = SqlSeries
