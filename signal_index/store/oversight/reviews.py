"""Looks in review, the weeks that were listed, and what is under watch.

Invariants:
1. A look in review is opened only if every column that stands outside its seal agrees with what is inside.
2. Who looked, at which case, and why that stands out, stand under the seal only.

Whoever takes the tables sees which records were looks, which of them were chosen and how each was judged, and how
much is under watch until when; not whose looks they were, nor who is under watch.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, Select, bindparam, delete, func, or_, select

from crypto.encoding import encode
from crypto.sealing import RowKeys
from signal_index.model.review import Judgement, LookRef, Review, Watch, Week
from signal_index.ports import oversight as ports
from signal_index.store import schema
from signal_index.store.cells import Cells
from signal_index.store.queries import Query
from signal_index.store.sql import AnyRow, upsert
from signal_index.store.workplace.bodies import agree, fetch, open_body

from .bodies import read_review, read_watch, review_body, watch_body

BODY_BYTES: Final = 2_048
"""The reasons take at most 1,400 bytes when every indicator speaks; two staff ids (40 each), a relation (36), days,
moments and codes take 250 with what the encoding adds."""
WATCH_BYTES: Final = 224
"""A staff id or a relation (40), a pseudonym (32), who asked (40), two days and a code take 165; with what the
encoding and the padding add, 210."""

_review, _watch, _week = schema.reviews.c, schema.watches.c, schema.review_weeks.c
_ALL = select(*schema.reviews.columns)
_GET = Query(_ALL.where(_review.writer == bindparam("of_writer"), _review.number == bindparam("of_number")))
_MADE = (_review.looked_at >= bindparam("since")) & (_review.looked_at < bindparam("until"))
_UNCHOSEN = Query(_ALL.where(_MADE, _review.chosen.is_(None), _review.rank >= bindparam("rank_min")))
_CHOSEN_SINCE = Query(_ALL.where(_review.chosen_on >= bindparam("day")))
_OPEN = Query(
    _ALL.where(
        _review.chosen_on.is_not(None),
        or_(_review.judgement.is_(None), _review.judgement == Judgement.QUESTION.value),
    )
)
_COUNT: Final[Select[Any]] = select(func.count()).select_from(schema.reviews).where(_MADE)
_REMOVE = delete(schema.reviews).where(_review.chosen.is_(None), _review.looked_at < bindparam("moment"))
_REMOVE_OLDER = delete(schema.reviews).where(_review.looked_at < bindparam("moment"))
_STATE = select(schema.review_state.c.read_up_to)
_WEEKS = Query(select(*schema.review_weeks.columns).order_by(_week.monday))
_WATCHES = Query(select(*schema.watches.columns).order_by(_watch.until, _watch.watch_id))
_REMOVE_WATCH = delete(schema.watches).where(_watch.watch_id == bindparam("id"))
_PUT, _PUT_STATE = upsert(schema.reviews), upsert(schema.review_state)
_PUT_WEEK, _PUT_WATCH = upsert(schema.review_weeks), upsert(schema.watches)


class SqlReviews:
    """The tables of review, see `signal_index.ports.oversight.Reviews`.

    Args:
        connection: with the transaction that the engine holds open.
        keys: row keys of the scope.
    """

    def __init__(self, connection: Connection, keys: RowKeys) -> None:
        self._connection = connection
        self._cells = Cells(keys, "reviews")
        self._watch_cells = Cells(keys, "watches")

    def read_up_to(self) -> int | None:
        """The position from which the log has not been read; None when it never was."""
        found: int | None = self._connection.execute(_STATE).scalar()
        return found

    def put_read_up_to(self, position: int) -> None:
        """Move it."""
        self._connection.execute(_PUT_STATE, {"id": 1, "read_up_to": position})

    # --- Looks --------------------------------------------------------------------------------------------------------

    def put(self, review: Review) -> None:
        """Insert or replace a look in review as a whole."""
        self.put_all([review])

    def put_all(self, reviews: Sequence[Review]) -> None:
        """`put`, many at once."""
        if reviews:
            self._connection.execute(_PUT, [self._written(review) for review in reviews])

    def _written(self, review: Review) -> dict[str, object]:
        return {
            "writer": review.ref.writer,
            "number": review.ref.number,
            **_outside(review),
            "sealed_body": self._cells.seal("sealed_body", _row(review.ref), review_body(review), BODY_BYTES),
            "key_epoch": self._cells.keys.epoch,
        }

    def get(self, ref: LookRef) -> Review | None:
        """One look in review."""
        found = self._many(_GET, {"of_writer": ref.writer, "of_number": ref.number})
        return found[0] if found else None

    def unchosen(self, since: datetime, until: datetime, *, rank_min: int) -> Sequence[Review]:
        """Looks made in this time that were not chosen and rank no lower."""
        return self._many(_UNCHOSEN, {"since": since, "until": until, "rank_min": rank_min})

    def chosen_since(self, day: date) -> Sequence[Review]:
        """Looks chosen on this day or later, the earliest due first."""
        return sorted(self._many(_CHOSEN_SINCE, {"day": day}), key=_by_due)

    def open(self) -> Sequence[Review]:
        """Looks on the work list that wait for a judgement, the earliest due first."""
        return sorted(self._many(_OPEN, {}), key=_by_due)

    def count_looks(self, since: datetime, until: datetime) -> int:
        """Looks in review made in this time, chosen or not."""
        return int(self._connection.execute(_COUNT, {"since": since, "until": until}).scalar_one())

    def remove_unchosen(self, made_before: datetime) -> int:
        """Remove looks made before this moment that were never chosen; how many there were."""
        return self._connection.execute(_REMOVE, {"moment": made_before}).rowcount

    def remove_older(self, made_before: datetime) -> int:
        """Remove looks made before this moment, judged or not; how many there were."""
        return self._connection.execute(_REMOVE_OLDER, {"moment": made_before}).rowcount

    def _many(self, query: Query, parameters: Mapping[str, object]) -> list[Review]:
        return [self._opened(row) for row in fetch(self._connection, "reviews", query, parameters)]

    def _opened(self, row: AnyRow) -> Review:
        ref = LookRef(row.writer, row.number)
        review = open_body(
            self._cells, _row(ref), row.sealed_body, BODY_BYTES, lambda body: read_review(body, ref)
        )
        agree("reviews", row, _outside(review))
        return review

    # --- Weeks and watches --------------------------------------------------------------------------------------------

    def weeks(self) -> Sequence[Week]:
        """Weeks of which the list was made, oldest first."""
        rows = fetch(self._connection, "review_weeks", _WEEKS, {})
        return [Week(row.monday, row.looks, row.chosen_on) for row in rows]

    def put_week(self, week: Week) -> None:
        """Keep that the list of a week was made."""
        stated = {"monday": week.monday, "looks": week.looks, "chosen_on": week.chosen_on}
        self._connection.execute(_PUT_WEEK, stated)

    def watches(self) -> Sequence[Watch]:
        """Everything under watch, over or not, by last day."""
        rows = fetch(self._connection, "watches", _WATCHES, {})
        return [self._opened_watch(row) for row in rows]

    def _opened_watch(self, row: AnyRow) -> Watch:
        key = encode("watches", row.watch_id)
        watch = open_body(
            self._watch_cells,
            key,
            row.sealed_body,
            WATCH_BYTES,
            lambda body: read_watch(body, row.watch_id),
        )
        agree("watches", row, {"until": watch.until})
        return watch

    def put_watch(self, watch: Watch) -> None:
        """Insert or replace a watch."""
        key = encode("watches", watch.watch_id)
        self._connection.execute(
            _PUT_WATCH,
            {
                "watch_id": watch.watch_id,
                "until": watch.until,
                "sealed_body": self._watch_cells.seal("sealed_body", key, watch_body(watch), WATCH_BYTES),
                "key_epoch": self._watch_cells.keys.epoch,
            },
        )

    def remove_watch(self, watch_id: bytes) -> bool:
        """Lift it; False when there was none."""
        return self._connection.execute(_REMOVE_WATCH, {"id": watch_id}).rowcount > 0


def _row(ref: LookRef) -> bytes:
    return encode("reviews", ref.writer, ref.number)


def _by_due(review: Review) -> tuple[date, datetime, LookRef]:
    return review.next_due_on or date.max, review.looked_at, review.ref


def _outside(review: Review) -> dict[str, object]:
    return {
        "looked_at": review.looked_at,
        "rank": review.rank,
        "chosen": None if review.chosen is None else review.chosen.value,
        "chosen_on": review.chosen_on,
        "judgement": None if review.judgement is None else review.judgement.value,
    }


_: type[ports.Reviews] = SqlReviews
