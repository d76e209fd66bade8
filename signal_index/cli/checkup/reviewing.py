"""The review of looks: is the work list made every week."""

from datetime import datetime

from signal_index.store import SqlDatabase
from signal_index.usecases.oversight.chosen import LastList, newest_list

from .database import asked
from .findings import Findings, mend, note, ok

_TIMER = "let a timer run signal-index review run every day, see deploy/index/README.md"


def review(opened: SqlDatabase, now: datetime) -> Findings:
    """Whether the newest work list is the one there should be; a young log needs none yet."""
    newest = yield from asked("review", opened, lambda tx: newest_list(tx, now))
    if newest is None:
        return
    if newest.monday is None and not newest.overdue:
        yield note("review", f"no work list yet: {_TIMER}")
    elif newest.overdue:
        yield mend("review", f"{_said(newest)}, so nobody reviews what was looked at since", _TIMER)
    else:
        yield ok("review", _said(newest))


def _said(newest: LastList) -> str:
    if newest.monday is None:
        return "there never was a work list"
    return f"the newest work list is of the week of {newest.monday}"
