"""Views: the looks a worker can still open or find back, found by a tag of the worker and the view's own id.

Invariants:
1. A view is found by one key over worker and view, so that somebody else's and an unknown one are the same miss in
   the same index.
2. A view is opened only if what stands outside its seal agrees with what is inside.
3. A view holds what was allowed, never what was shown: no source, no month and no contact stands in it. The keys
   of what the resident chose for her sheet are hashes; who opens the seal could find by trying what they stand for.

Whoever takes the table sees how many views there are, when each was opened, and which are one unknown worker's; no
worker, no case, no purpose and no type.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, delete, select

from crypto.chain import Pseudonym
from crypto.encoding import decode, encode
from crypto.sealing import RowKeys
from policy.vocabulary import Level
from signal_index.model.workplace import Informed, Sheet, Useful, View
from signal_index.ports import workplace as ports
from signal_index.store import schema
from signal_index.store.cells import Cells
from signal_index.store.queries import Query
from signal_index.store.sql import AnyRow, upsert

from .bodies import (
    agree,
    codes_text,
    day_text,
    fetch,
    moment_number,
    open_body,
    read_codes,
    read_day_if_any,
    read_moment,
    read_text_if_any,
    read_yes_no,
    text_if_any,
    yes_no,
)

BODY_BYTES: Final = 3840
"""The codes of 64 types (`policy.pdp.TYPES_MAX`) of 40 characters each and the spaces between them take 2,623, the
keys of 48 contacts for the resident's own sheet, 16 characters each, 815, and the rest with its encoding and padding
394: 3,832. With the seal and the other columns a row still fits in one page of SQLite."""

_LEVELS: Final = tuple(Level)
_FIELDS: Final = 15 + len(_LEVELS)
_view = schema.views.c
_GET = Query(
    select(*schema.views.columns).where(
        _view.worker_tag == bindparam("worker"), _view.view_id == bindparam("id")
    )
)
_OF_WORKER = Query(select(*schema.views.columns).where(_view.worker_tag == bindparam("worker")))
_PUT = upsert(schema.views)
_REMOVE_OLDER = delete(schema.views).where(_view.opened_at < bindparam("moment"))


class SqlViews:
    """The table of views, see `signal_index.ports.workplace.Views`.

    Args:
        connection: with the transaction that the engine holds open.
        keys: row keys of the scope.
    """

    def __init__(self, connection: Connection, keys: RowKeys) -> None:
        self._connection = connection
        self._cells = Cells(keys, "views")

    def put(self, view: View) -> None:
        """Insert or replace a view as a whole."""
        outside = self._outside(view)
        row = _row(self._tag(view.worker), view.view_id)
        self._connection.execute(
            _PUT,
            {
                **outside,
                "view_id": view.view_id,
                "sealed_body": self._cells.seal("sealed_body", row, _body(view), BODY_BYTES),
                "key_epoch": self._cells.keys.epoch,
            },
        )

    def get(self, worker: str, view_id: bytes) -> View | None:
        """A view if it is this worker's."""
        found = fetch(self._connection, "views", _GET, {"worker": self._tag(worker), "id": view_id})
        return self._opened(found[0]) if found else None

    def of_worker(self, worker: str) -> Sequence[View]:
        """All views of one worker, newest first."""
        rows = fetch(self._connection, "views", _OF_WORKER, {"worker": self._tag(worker)})
        views = [self._opened(row) for row in rows]
        return sorted(views, key=lambda view: (view.opened_at, view.view_id), reverse=True)

    def remove_older(self, opened_before: datetime) -> int:
        """Remove views opened before this moment; how many there were."""
        return self._connection.execute(_REMOVE_OLDER, {"moment": opened_before}).rowcount

    def _tag(self, worker: str) -> bytes:
        return self._cells.tag("worker_tag", worker)

    def _outside(self, view: View) -> dict[str, object]:
        return {"worker_tag": self._tag(view.worker), "opened_at": view.opened_at}

    def _opened(self, row: AnyRow) -> View:
        key = _row(row.worker_tag, row.view_id)
        view = open_body(self._cells, key, row.sealed_body, BODY_BYTES, lambda body: _read(body, row.view_id))
        agree("views", row, self._outside(view))
        return view


def _row(worker_tag: bytes, view_id: bytes) -> bytes:
    return encode("views", worker_tag, view_id)


def _body(view: View) -> bytes:
    return encode(
        "view",
        view.organisation,
        view.worker,
        view.relation_id,
        view.person.encoded,
        view.case_reference,
        view.purpose,
        codes_text(sorted(view.domains)),
        view.informed.value,
        yes_no(said=view.any_shown),
        moment_number(view.opened_at),
        moment_number(view.ends_at),
        text_if_any(view.useful),
        day_text(view.told_on),
        codes_text(sorted(view.printed)),
        codes_text(view.fridge),
        *(_codes_at(view.allowed, level) for level in _LEVELS),
    )


def _codes_at(allowed: Mapping[str, Level], level: Level) -> str:
    return codes_text(sorted(code for code, reached in allowed.items() if reached is level))


def _read(body: bytes, view_id: bytes) -> tuple[View, bytes]:
    organisation, worker, relation_id, person, reference, *rest = decode("view", body, _FIELDS)
    purpose, domains, informed, any_shown, opened, ends, useful, told, printed, fridge, *codes = rest
    answer = read_text_if_any(useful)
    view = View(
        view_id=view_id,
        organisation=organisation.decode(),
        worker=worker.decode(),
        relation_id=relation_id,
        person=Pseudonym(person),
        case_reference=reference.decode(),
        purpose=purpose.decode(),
        domains=frozenset(read_codes(domains)),
        informed=Informed(informed.decode()),
        allowed={
            code: level for level, field in zip(_LEVELS, codes, strict=True) for code in read_codes(field)
        },
        any_shown=read_yes_no(any_shown),
        opened_at=read_moment(opened),
        ends_at=read_moment(ends),
        useful=None if answer is None else Useful(answer),
        told_on=read_day_if_any(told),
        printed=frozenset(Sheet(code) for code in read_codes(printed)),
        fridge=tuple(read_codes(fridge)),
    )
    return view, _body(view)


_: type[ports.Views] = SqlViews
