"""Objections and involvements, found by a tag of organisation and resident.

Invariants:
1. One is opened only if every column that stands outside its seal agrees with what is inside; nobody moves one to
   another resident, or ends it sooner, from outside.

Whoever takes the table sees how many each organisation has, until when, and which are about the same unknown person;
not whether it is an objection, nor which worker is involved.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from sqlalchemy import Connection, bindparam, delete, select

from crypto.chain import Pseudonym
from crypto.encoding import decode, encode
from crypto.sealing import RowKeys
from signal_index.model.impediments import Impediment, ImpedimentKind
from signal_index.ports import impediments as ports
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
"""Two staff ids (40 each), a team (32), a relation (16), a kind, two days and a moment take 165 at most."""

_FIELDS: Final = 8
_impediment = schema.impediments.c
_ALL = select(*schema.impediments.columns)
_THIS = (_impediment.organisation == bindparam("org"), _impediment.impediment_id == bindparam("id"))
_GET = Query(_ALL.where(*_THIS))
_ABOUT = Query(_ALL.where(_impediment.person_tag == bindparam("tag")))
_OF_ORGANISATION = Query(_ALL.where(_impediment.organisation == bindparam("org")))
_PUT = upsert(schema.impediments)
_REMOVE = delete(schema.impediments).where(*_THIS)
_REMOVE_OLDER = delete(schema.impediments).where(_impediment.last_day < bindparam("day"))


class SqlImpediments:
    """The table of impediments, see `signal_index.ports.impediments.Impediments`.

    Args:
        connection: with the transaction that the engine holds open.
        keys: row keys of the scope.
    """

    def __init__(self, connection: Connection, keys: RowKeys) -> None:
        self._connection = connection
        self._cells = Cells(keys, "impediments")

    def put(self, impediment: Impediment) -> None:
        """Insert or replace one as a whole."""
        row = _row(impediment.organisation, impediment.impediment_id)
        self._connection.execute(
            _PUT,
            {
                "organisation": impediment.organisation,
                "impediment_id": impediment.impediment_id,
                **self._outside(impediment),
                "sealed_person": self._cells.seal("sealed_person", row, impediment.person.encoded),
                "sealed_body": self._cells.seal("sealed_body", row, _body(impediment), BODY_BYTES),
                "key_epoch": self._cells.keys.epoch,
            },
        )

    def get(self, organisation: str, impediment_id: bytes) -> Impediment | None:
        """One of them."""
        found = self._many(_GET, {"org": organisation, "id": impediment_id})
        return found[0] if found else None

    def about(self, organisation: str, person: Pseudonym) -> Sequence[Impediment]:
        """All that stand in one organisation about one resident, whoever is involved, over or not."""
        return self._many(_ABOUT, {"tag": self._person_tag(organisation, person)})

    def all_of(self, organisation: str) -> Sequence[Impediment]:
        """All of one organisation, over or not, in order of first day."""
        return self._many(_OF_ORGANISATION, {"org": organisation})

    def remove(self, organisation: str, impediment_id: bytes) -> None:
        """End one at once; the log keeps what it was."""
        self._connection.execute(_REMOVE, {"org": organisation, "id": impediment_id})

    def remove_older(self, last_before: date) -> int:
        """Remove those whose last day lies before this day; how many there were."""
        return self._connection.execute(_REMOVE_OLDER, {"day": last_before}).rowcount

    def _person_tag(self, organisation: str, person: Pseudonym) -> bytes:
        return self._cells.tag("person_tag", organisation, person.encoded)

    def _many(self, query: Query, parameters: Mapping[str, object]) -> list[Impediment]:
        found = [self._opened(row) for row in fetch(self._connection, "impediments", query, parameters)]
        return sorted(found, key=lambda each: (each.first_day, each.impediment_id))

    def _outside(self, impediment: Impediment) -> dict[str, object]:
        return {
            "person_tag": self._person_tag(impediment.organisation, impediment.person),
            "last_day": impediment.last_day,
        }

    def _opened(self, row: AnyRow) -> Impediment:
        key = _row(row.organisation, row.impediment_id)
        person = Pseudonym(self._cells.unseal("sealed_person", key, row.sealed_person))
        impediment = open_body(
            self._cells,
            key,
            row.sealed_body,
            BODY_BYTES,
            lambda body: _read(body, row.organisation, row.impediment_id, person),
        )
        agree("impediments", row, self._outside(impediment))
        return impediment


def _row(organisation: str, impediment_id: bytes) -> bytes:
    return encode("impediments", organisation, impediment_id)


def _body(impediment: Impediment) -> bytes:
    return encode(
        "impediment",
        impediment.kind.value,
        impediment.worker,
        impediment.relation_id,
        impediment.team,
        day_text(impediment.first_day),
        day_text(impediment.last_day),
        impediment.registered_by,
        moment_number(impediment.registered_at),
    )


def _read(
    body: bytes, organisation: str, impediment_id: bytes, person: Pseudonym
) -> tuple[Impediment, bytes]:
    kind, worker, relation, team, first, last, by, at = decode("impediment", body, _FIELDS)
    impediment = Impediment(
        organisation=organisation,
        impediment_id=impediment_id,
        kind=ImpedimentKind(kind.decode()),
        person=person,
        worker=worker.decode(),
        relation_id=relation,
        team=team.decode(),
        first_day=read_day(first),
        last_day=read_day_if_any(last),
        registered_by=by.decode(),
        registered_at=read_moment(at),
    )
    return impediment, _body(impediment)


_: type[ports.Impediments] = SqlImpediments
