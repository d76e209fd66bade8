"""Openings come back as they were put, are found by organisation and by look, and cannot be changed from outside."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from crypto.keyfiles import IndexSecrets
from signal_index.errors import Unavailable
from signal_index.model.openings import Opening, OpeningReason
from signal_index.ports import Database, Transaction
from signal_index.store import open_database
from signal_index.store.oversight.openings import BODY_BYTES, _body, _read
from signal_index.store.places import place_of

HERE, ELSEWHERE = "00000004000000020000", "00000004000000090000"
ASKED = datetime(2026, 4, 1, 9, tzinfo=UTC)
MOMENTS = st.integers(0, 100 * 366 * 86_400_000_000).map(lambda since: ASKED + timedelta(microseconds=since))
STAFF = st.text("abcdefghijklmnopqrstuvwxyz.@-", min_size=1, max_size=40)
DECISIONS = st.none() | st.tuples(STAFF, MOMENTS, st.booleans())
LONGEST = ("x" * 40, datetime(2099, 1, 1, tzinfo=UTC), False)


def an_opening(which: int = 1, **changes: Any) -> Opening:
    """A request of p.een about one look, by number."""
    stated: dict[str, Any] = {
        "opening_id": which.to_bytes(16, "big"),
        "organisation": HERE,
        "writer": bytes(7) + b"w",
        "number": 12,
        "reason": OpeningReason.COMPLAINT,
        "dossier": "PO-2026-014",
        "asked_by": "p.een",
        "asked_at": ASKED + timedelta(hours=which),
    }
    return Opening(**(stated | changes))


def put(database: Database, *openings: Opening) -> None:
    def job(tx: Transaction) -> None:
        for each in openings:
            tx.openings.put(each)

    database.run(job)


@given(
    MOMENTS, STAFF, st.sampled_from(OpeningReason), st.text("ABC0129./-", min_size=3, max_size=32), DECISIONS
)
def test_a_body_reads_back_as_it_was_written(
    at: datetime, asker: str, reason: OpeningReason, dossier: str, decision: tuple[str, datetime, bool] | None
) -> None:
    who, when, approved = decision or (None, None, None)
    decided: dict[str, Any] = {"decided_by": who, "decided_at": when, "approved": approved}
    opening = an_opening(asked_at=at, asked_by=asker, reason=reason, dossier=dossier, **decided)
    body = _body(opening)
    assert _read(body, opening.organisation, opening.opening_id) == (opening, body)


def test_the_longest_body_fits() -> None:
    who, when, approved = LONGEST
    decided: dict[str, Any] = {"decided_by": who, "decided_at": when, "approved": approved}
    longest = an_opening(
        asked_by="y" * 40,
        dossier="D" * 32,
        reason=max(OpeningReason, key=lambda each: len(each.value)),
        **decided,
    )
    assert len(_body(longest)) <= BODY_BYTES - 2


def test_they_are_found_in_their_organisation_newest_first(database: Database) -> None:
    old, new, there = an_opening(1), an_opening(2, number=13), an_opening(1, organisation=ELSEWHERE)
    put(database, old, new, there)
    assert database.run(lambda tx: tx.openings.all_of(HERE)) == [new, old]
    assert database.run(lambda tx: tx.openings.get(HERE, old.opening_id)) == old
    assert database.run(lambda tx: tx.openings.get(ELSEWHERE, new.opening_id)) is None
    assert database.run(lambda tx: tx.openings.of_look(HERE, old.writer, 12)) == [old]
    assert database.run(lambda tx: tx.openings.of_look(HERE, old.writer, 14)) == []
    assert database.run(lambda tx: tx.openings.of_look(ELSEWHERE, old.writer, 12)) == [there]


def test_a_decision_takes_the_place_of_the_request(database: Database) -> None:
    asked = an_opening()
    decided = replace(asked, decided_by="p.twee", decided_at=ASKED + timedelta(days=1), approved=True)
    put(database, asked, decided)
    assert database.run(lambda tx: tx.openings.all_of(HERE)) == [decided]


def test_old_ones_are_removed_by_when_they_were_asked(database: Database) -> None:
    put(database, an_opening(1), an_opening(2))
    assert database.run(lambda tx: tx.openings.remove_older(ASKED + timedelta(hours=2))) == 1
    assert database.run(lambda tx: tx.openings.all_of(HERE)) == [an_opening(2)]


DAMAGE = {
    "another look": "UPDATE openings SET look_tag = zeroblob(16)",
    "later": "UPDATE openings SET asked_at = asked_at + 1",
    "another request": "UPDATE openings SET opening_id = zeroblob(16)",
    "another organisation": "UPDATE openings SET organisation = '00000004000000090000'",
    "another body": "UPDATE openings SET sealed_body = zeroblob(length(sealed_body))",
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_what_was_changed_from_outside_does_not_open(path: Path, keys: IndexSecrets, damage: str) -> None:
    with open_database(path, keys, writer_kind="serve") as database:
        put(database, an_opening())
    with place_of(path).engine().begin() as intruder:
        intruder.execute(text(damage))
    with open_database(path, keys, writer_kind="serve") as database:
        where = ELSEWHERE if ELSEWHERE in damage else HERE
        with pytest.raises(Unavailable, match="damaged-row"):
            database.run(lambda tx: tx.openings.all_of(where))
