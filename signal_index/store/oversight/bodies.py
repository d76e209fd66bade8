"""How the sealed bodies of review are written and read; one value has one writing, and anything else is damage."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from crypto.chain import Pseudonym
from crypto.encoding import decode, encode
from signal_index.model.review import (
    Chosen,
    Ground,
    Indicator,
    Judgement,
    LookRef,
    Reason,
    Review,
    Watch,
    Watched,
)
from signal_index.store.workplace.bodies import (
    day_text,
    moment_number,
    read_day,
    read_day_if_any,
    read_moment,
    read_text_if_any,
    read_yes_no,
    text_if_any,
    yes_no,
)

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FIELDS: Final = 14
_WATCH_FIELDS: Final = 6


def review_body(review: Review) -> bytes:
    """Write a look in review."""
    return encode(
        "review",
        moment_number(review.looked_at),
        review.worker,
        text_if_any(review.relation),
        yes_no(said=review.answered),
        _reasons_text(review.reasons),
        text_if_any(review.chosen),
        day_text(review.chosen_on),
        day_text(review.due_on),
        _moment_text(review.asked_at),
        day_text(review.follow_up_on),
        text_if_any(review.judgement),
        text_if_any(review.ground),
        _moment_text(review.judged_at),
        text_if_any(review.judged_by),
    )


def _moment_text(moment: datetime | None) -> str:
    return "" if moment is None else str(moment_number(moment))


def _read_moment_if_any(field: bytes) -> datetime | None:
    return _EPOCH + timedelta(microseconds=int(field)) if field else None


def _reasons_text(reasons: Sequence[Reason]) -> str:
    listed = [[each.indicator.value, each.weight, dict(each.facts)] for each in reasons]
    return json.dumps(listed, separators=(",", ":"), sort_keys=True)


def _read_reasons(field: bytes) -> tuple[Reason, ...]:
    listed = json.loads(field)
    return tuple(Reason(Indicator(code), weight, tuple(facts.items())) for code, weight, facts in listed)


def read_review(body: bytes, ref: LookRef) -> tuple[Review, bytes]:
    """Read a look in review, and write it again."""
    looked, worker, relation, answered, reasons, chosen, *rest = decode("review", body, _FIELDS)
    chosen_on, due, asked, follow_up, judgement, ground, judged_at, judged_by = rest
    how, concluded, why = (read_text_if_any(field) for field in (chosen, judgement, ground))
    review = Review(
        ref=ref,
        looked_at=read_moment(looked),
        worker=worker.decode(),
        relation=read_text_if_any(relation),
        answered=read_yes_no(answered),
        reasons=_read_reasons(reasons),
        chosen=None if how is None else Chosen(how),
        chosen_on=read_day_if_any(chosen_on),
        due_on=read_day_if_any(due),
        asked_at=_read_moment_if_any(asked),
        follow_up_on=read_day_if_any(follow_up),
        judgement=None if concluded is None else Judgement(concluded),
        ground=None if why is None else Ground(why),
        judged_at=_read_moment_if_any(judged_at),
        judged_by=read_text_if_any(judged_by),
    )
    return review, review_body(review)


def watch_body(watch: Watch) -> bytes:
    """Write a watch."""
    person = b"" if watch.person is None else watch.person.encoded
    return encode(
        "watch", watch.what, watch.about, person, watch.put_by, day_text(watch.put_on), day_text(watch.until)
    )


def read_watch(body: bytes, watch_id: bytes) -> tuple[Watch, bytes]:
    """Read a watch, and write it again."""
    what, about, person, put_by, put_on, until = decode("watch", body, _WATCH_FIELDS)
    watch = Watch(
        watch_id=watch_id,
        what=Watched(what.decode()),
        about=about.decode(),
        person=Pseudonym(person) if person else None,
        put_by=put_by.decode(),
        put_on=read_day(put_on),
        until=read_day(until),
    )
    return watch, watch_body(watch)
