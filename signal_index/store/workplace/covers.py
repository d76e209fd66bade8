"""Covers: who looks for whom, found by tags of the two workers and their team.

Invariants:
1. A cover is opened only if every column that stands outside its seal agrees with what is inside; nobody lengthens
   one, or hands it to another colleague, from outside.

Whoever takes the table sees how many covers each organisation has, until when, and which are between the same unknown
people; not who is away, nor why.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from sqlalchemy import Connection, bindparam, delete, select

from crypto.encoding import decode, encode
from crypto.sealing import RowKeys
from signal_index.model.workplace import Cover, CoverReason
from signal_index.ports import workplace as ports
from signal_index.store import schema
from signal_index.store.cells import Cells
from signal_index.store.queries import Query
from signal_index.store.sql import AnyRow, upsert

from .bodies import (
    agree,
    day_text,
    fetch,
    moment_number,
    open_body,
    read_day,
    read_day_if_any,
    read_moment,
)

BODY_BYTES: Final = 256
"""Two staff ids (40 each), a team (32), three days (30), the longest reason (18) and a moment (8) take 168; with
what the encoding and the padding add, 215."""

_FIELDS: Final = 8
_cover = schema.covers.c
_ALL = select(*schema.covers.columns)
_GET = Query(_ALL.where(_cover.organisation == bindparam("org"), _cover.cover_id == bindparam("id")))
_BY_DELEGATE = Query(_ALL.where(_cover.delegate_tag == bindparam("tag")))
_OF_ABSENTEE = Query(_ALL.where(_cover.absentee_tag == bindparam("tag")))
_OF_TEAM = Query(_ALL.where(_cover.team_tag == bindparam("tag")))
_OF_ORGANISATION = Query(_ALL.where(_cover.organisation == bindparam("org")))
_PUT = upsert(schema.covers)
_REMOVE_OLDER = delete(schema.covers).where(_cover.last_day < bindparam("day"))


class SqlCovers:
    """The table of covers, see `signal_index.ports.workplace.Covers`.

    Args:
        connection: with the transaction that the engine holds open.
        keys: row keys of the scope.
    """

    def __init__(self, connection: Connection, keys: RowKeys) -> None:
        self._connection = connection
        self._cells = Cells(keys, "covers")

    def put(self, cover: Cover) -> None:
        """Insert or replace a cover as a whole."""
        row = _row(cover.organisation, cover.cover_id)
        self._connection.execute(
            _PUT,
            {
                "organisation": cover.organisation,
                "cover_id": cover.cover_id,
                **self._outside(cover),
                "sealed_body": self._cells.seal("sealed_body", row, _body(cover), BODY_BYTES),
                "key_epoch": self._cells.keys.epoch,
            },
        )

    def get(self, organisation: str, cover_id: bytes) -> Cover | None:
        """One cover."""
        found = fetch(self._connection, "covers", _GET, {"org": organisation, "id": cover_id})
        return self._opened(found[0]) if found else None

    def by_delegate(self, organisation: str, delegate: str) -> Sequence[Cover]:
        """Covers in which this worker looks for others, over or not, in order of first day."""
        return self._many(_BY_DELEGATE, {"tag": self._cells.tag("delegate_tag", organisation, delegate)})

    def of_absentee(self, organisation: str, absentee: str) -> Sequence[Cover]:
        """Covers for this worker's cases, over or not, in order of first day."""
        return self._many(_OF_ABSENTEE, {"tag": self._cells.tag("absentee_tag", organisation, absentee)})

    def of_team(self, organisation: str, team: str) -> Sequence[Cover]:
        """Covers of one team, over or not, in order of first day."""
        return self._many(_OF_TEAM, {"tag": self._cells.tag("team_tag", organisation, team)})

    def all_of(self, organisation: str) -> Sequence[Cover]:
        """Every cover of one organisation, over or not, in order of first day."""
        return self._many(_OF_ORGANISATION, {"org": organisation})

    def remove_older(self, last_before: date) -> int:
        """Remove covers whose last day lies before this day; how many there were."""
        return self._connection.execute(_REMOVE_OLDER, {"day": last_before}).rowcount

    def _many(self, query: Query, parameters: Mapping[str, object]) -> list[Cover]:
        covers = [self._opened(row) for row in fetch(self._connection, "covers", query, parameters)]
        return sorted(covers, key=lambda cover: (cover.first_day, cover.cover_id))

    def _outside(self, cover: Cover) -> dict[str, object]:
        tag, organisation = self._cells.tag, cover.organisation
        return {
            "delegate_tag": tag("delegate_tag", organisation, cover.delegate),
            "absentee_tag": tag("absentee_tag", organisation, cover.absentee),
            "team_tag": tag("team_tag", organisation, cover.team),
            "last_day": cover.last_day,
        }

    def _opened(self, row: AnyRow) -> Cover:
        cover = open_body(
            self._cells,
            _row(row.organisation, row.cover_id),
            row.sealed_body,
            BODY_BYTES,
            lambda body: _read(body, row.organisation, row.cover_id),
        )
        agree("covers", row, self._outside(cover))
        return cover


def _row(organisation: str, cover_id: bytes) -> bytes:
    return encode("covers", organisation, cover_id)


def _body(cover: Cover) -> bytes:
    return encode(
        "cover",
        cover.team,
        cover.absentee,
        cover.delegate,
        day_text(cover.first_day),
        day_text(cover.last_day),
        cover.reason.value,
        moment_number(cover.arranged_at),
        day_text(cover.ended_on),
    )


def _read(body: bytes, organisation: str, cover_id: bytes) -> tuple[Cover, bytes]:
    team, absentee, delegate, first, last, reason, arranged, ended = decode("cover", body, _FIELDS)
    cover = Cover(
        cover_id=cover_id,
        organisation=organisation,
        team=team.decode(),
        absentee=absentee.decode(),
        delegate=delegate.decode(),
        first_day=read_day(first),
        last_day=read_day(last),
        reason=CoverReason(reason.decode()),
        arranged_at=read_moment(arranged),
        ended_on=read_day_if_any(ended),
    )
    return cover, _body(cover)


_: type[ports.Covers] = SqlCovers
