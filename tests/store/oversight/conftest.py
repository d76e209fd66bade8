"""Looks in review and watches, by number."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from crypto.chain import Pseudonym
from signal_index.model.review import Chosen, Indicator, LookRef, Reason, Review, Watch, Watched

MADE = datetime(2026, 3, 30, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def a_review() -> Callable[..., Review]:
    """A look of w.jansen that stands out, on no list."""

    def build(number: int = 1, **changes: Any) -> Review:
        stated: dict[str, Any] = {
            "ref": LookRef(b"writer01", number),
            "looked_at": MADE + timedelta(minutes=number),
            "worker": "w.jansen",
            "relation": "7a0e2c5e-0000-4000-8000-000000000001",
            "answered": True,
            "reasons": (Reason(Indicator.SELF_REGISTERED, 6), Reason(Indicator.FRESH, 1, (("hours", "2"),))),
        }
        return Review(**(stated | changes))

    return build


@pytest.fixture(scope="session")
def a_listed(a_review: Callable[..., Review]) -> Callable[..., Review]:
    """The same, on the work list."""

    def build(number: int = 1, **changes: Any) -> Review:
        on = {"chosen": Chosen.STRIKING, "chosen_on": date(2026, 4, 6), "due_on": date(2026, 4, 13)}
        return a_review(number, **(on | changes))

    return build


@pytest.fixture(scope="session")
def a_watch(person: Callable[[int], Pseudonym]) -> Callable[..., Watch]:
    """A watch over a case, by number."""

    def build(number: int = 1, **changes: Any) -> Watch:
        stated: dict[str, Any] = {
            "watch_id": number.to_bytes(16, "big"),
            "what": Watched.CASE,
            "about": "7a0e2c5e-0000-4000-8000-000000000001",
            "person": person(number),
            "put_by": "p.officer",
            "put_on": date(2026, 4, 1),
            "until": date(2026, 7, number),
        }
        return Watch(**(stated | changes))

    return build
