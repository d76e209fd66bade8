"""Openings, found by organisation and by a tag of the look.

Invariants:
1. An opening is opened only if every column that stands outside its seal agrees with what is inside: nobody approves
   one, or makes it last longer, from outside.

Whoever takes the table sees how many openings each organisation asked for and when, and which are about one unknown
look; not who asked, why, or whether it was approved.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, delete, select

from crypto.encoding import decode, decode_int, encode
from crypto.sealing import RowKeys
from signal_index.model.openings import Opening, OpeningReason
from signal_index.ports import oversight as ports
from signal_index.store import schema
from signal_index.store.cells import Cells
from signal_index.store.queries import Query
from signal_index.store.sql import AnyRow, upsert
from signal_index.store.workplace.bodies import (
    agree,
    fetch,
    moment_number,
    open_body,
    read_moment,
    read_text_if_any,
    text_if_any,
)

BODY_BYTES: Final = 256
"""Two staff ids (40 each), a dossier number (32), the longest reason (29), a record (16), two moments (16) and the
decision (3) take 176; with what the encoding and the padding add, 244."""

_FIELDS: Final = 9
_APPROVED: Final = {None: "", True: "ja", False: "nee"}
_opening = schema.openings.c
_ALL = select(*schema.openings.columns)
_THEIRS = _ALL.where(_opening.organisation == bindparam("org"))
_OF_ALL = Query(_THEIRS)
_GET = Query(_THEIRS.where(_opening.opening_id == bindparam("id")))
_OF_LOOK = Query(_THEIRS.where(_opening.look_tag == bindparam("tag")))
_PUT = upsert(schema.openings)
_REMOVE_OLDER = delete(schema.openings).where(_opening.asked_at < bindparam("moment"))


class SqlOpenings:
    """The table of openings, see `signal_index.ports.oversight.Openings`.

    Args:
        connection: with the transaction that the engine holds open.
        keys: row keys of the scope.
    """

    def __init__(self, connection: Connection, keys: RowKeys) -> None:
        self._connection = connection
        self._cells = Cells(keys, "openings")

    def put(self, opening: Opening) -> None:
        """Insert or replace an opening as a whole."""
        row = _row(opening.organisation, opening.opening_id)
        self._connection.execute(
            _PUT,
            {
                "organisation": opening.organisation,
                "opening_id": opening.opening_id,
                **self._outside(opening),
                "sealed_body": self._cells.seal("sealed_body", row, _body(opening), BODY_BYTES),
                "key_epoch": self._cells.keys.epoch,
            },
        )

    def get(self, organisation: str, opening_id: bytes) -> Opening | None:
        """One opening of this organisation."""
        found = self._newest_first(_GET, {"org": organisation, "id": opening_id})
        return found[0] if found else None

    def of_look(self, organisation: str, writer: bytes, number: int) -> Sequence[Opening]:
        """Every opening of this organisation behind one look, newest first."""
        return self._newest_first(_OF_LOOK, {"org": organisation, "tag": self._look_tag(writer, number)})

    def all_of(self, organisation: str) -> Sequence[Opening]:
        """Every opening of this organisation, newest first."""
        return self._newest_first(_OF_ALL, {"org": organisation})

    def remove_older(self, asked_before: datetime) -> int:
        """Remove openings that were asked for before this moment; how many there were."""
        return self._connection.execute(_REMOVE_OLDER, {"moment": asked_before}).rowcount

    def _newest_first(self, query: Query, parameters: Mapping[str, object]) -> list[Opening]:
        found = [self._opened(row) for row in fetch(self._connection, "openings", query, parameters)]
        return sorted(found, key=lambda each: (each.asked_at, each.opening_id), reverse=True)

    def _look_tag(self, writer: bytes, number: int) -> bytes:
        return self._cells.tag("look_tag", writer, number)

    def _outside(self, opening: Opening) -> dict[str, object]:
        return {"asked_at": opening.asked_at, "look_tag": self._look_tag(opening.writer, opening.number)}

    def _opened(self, row: AnyRow) -> Opening:
        opening = open_body(
            self._cells,
            _row(row.organisation, row.opening_id),
            row.sealed_body,
            BODY_BYTES,
            lambda body: _read(body, row.organisation, row.opening_id),
        )
        agree("openings", row, self._outside(opening))
        return opening


def _row(organisation: str, opening_id: bytes) -> bytes:
    return encode("openings", organisation, opening_id)


def _body(opening: Opening) -> bytes:
    return encode(
        "opening",
        opening.writer,
        opening.number,
        opening.reason.value,
        opening.dossier,
        opening.asked_by,
        moment_number(opening.asked_at),
        text_if_any(opening.decided_by),
        b"" if opening.decided_at is None else encode("at", moment_number(opening.decided_at)),
        _APPROVED[opening.approved],
    )


def _read(body: bytes, organisation: str, opening_id: bytes) -> tuple[Opening, bytes]:
    writer, number, reason, dossier, asker, asked, decider, decided, approved = decode(
        "opening", body, _FIELDS
    )
    opening = Opening(
        opening_id=opening_id,
        organisation=organisation,
        writer=writer,
        number=decode_int(number),
        reason=OpeningReason(reason.decode()),
        dossier=dossier.decode(),
        asked_by=asker.decode(),
        asked_at=read_moment(asked),
        decided_by=read_text_if_any(decider),
        decided_at=read_moment(*decode("at", decided, 1)) if decided else None,
        approved={text: said for said, text in _APPROVED.items()}.get(approved.decode()),
    )
    return opening, _body(opening)


_: type[ports.Openings] = SqlOpenings
