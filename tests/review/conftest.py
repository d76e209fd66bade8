"""A log to tell a history from: one line per record."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from signal_index.model.review import LookRef, Reason
from signal_index.review.history import History, UnderWatch
from signal_index.review.indicators import reasons
from signal_index.review.looks import Record
from signal_index.review.policy import ReviewPolicy

START = datetime(
    2026, 1, 12, 9, 0, tzinfo=UTC
)  # a Monday, weeks before any holiday, 10.00 in the Netherlands


class Told:
    """A history and the reasons it gave, early and late, by look."""

    def __init__(self, **options: Any) -> None:
        self.policy = ReviewPolicy()
        teams, since = options.pop("teams", {}), options.pop("watched_since", date.min)
        self.history = History(
            self.policy,
            lambda who: teams.get(who, "noord"),
            lambda day: UnderWatch(**options) if day >= since else UnderWatch(),
        )
        self.reasons: dict[LookRef, dict[str, Reason]] = {}
        self._number = 0

    def hear(self, event: str, at: datetime, person: str | None = None, **fields: Any) -> LookRef:
        self._number += 1
        ref = LookRef(b"writer01", self._number)
        named = person.encode() if person else None
        heard = self.history.hear(Record(ref, event, at, fields, named))
        if heard.look is not None:
            self.reasons[ref] = {each.indicator.value: each for each in reasons(*heard.look, self.policy)}
        for earlier, reason in heard.later:
            self.reasons[earlier][reason.indicator.value] = reason
        return ref

    def look(self, at: datetime, relation: str = "case", worker: str = "w.a", **fields: Any) -> LookRef:
        return self.hear("lookup.answered", at, actor=worker, relation=relation, **fields)

    def attempt(
        self, at: datetime, relation: str, worker: str = "w.a", reason: str = "no-relation"
    ) -> LookRef:
        return self.hear("lookup.refused", at, actor=worker, relation=relation, reason=reason)

    def usual(self, worker: str = "w.a", *, days: int = 30, residents: int = 2) -> datetime:
        """Ordinary working days before the story: so many residents a day, in office time. Returns the next day."""
        for number in range(days):
            at = START + timedelta(days=number)
            if at.weekday() < 5:
                for resident in range(residents):
                    case = f"usual-{worker}-{(number * residents + resident) % 12}"
                    self.look(at + timedelta(hours=2 * resident), case, worker)
        return START + timedelta(days=days + (-days) % 7)


@pytest.fixture
def told() -> Callable[..., Told]:
    return Told


@pytest.fixture
def first_day() -> date:
    return START.date()
