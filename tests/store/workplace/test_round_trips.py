"""Whatever a noun of the workplace says comes back as it was stored; the largest fits, and one larger is refused."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.chain import Pseudonym
from crypto.errors import MalformedInput
from policy.pdp import TYPES_MAX
from policy.vocabulary import Level, LifeDomain, Role
from signal_index.model import StaffMember
from signal_index.model.workplace import (
    Cover,
    CoverReason,
    Informed,
    Preferences,
    Question,
    Session,
    Sheet,
    Useful,
    Verdict,
    View,
)
from signal_index.ports import Database, Transaction

CODES = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=40)
IDS = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:@-", min_size=1, max_size=32)
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=100)
RANDOM = st.binary(min_size=16, max_size=16)
DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 31))
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone
PEOPLE = st.binary(min_size=32, max_size=32).map(Pseudonym)

SESSIONS = st.builds(
    Session,
    session_id=st.text("0123456789abcdef", min_size=16, max_size=16),
    staff_id=IDS,
    second_factor=st.booleans(),
    role=st.none() | st.sampled_from([role.value for role in Role]),
    csrf=st.text("abcXYZ019_-", max_size=64),
    opened_at=MOMENTS,
    seen_at=MOMENTS,
    name=st.none() | ANY_TEXT,
    email=st.none() | st.text("abcdef.@", max_size=254),
)
VIEWS = st.builds(
    View,
    view_id=RANDOM,
    organisation=IDS,
    worker=IDS,
    relation_id=RANDOM,
    person=PEOPLE,
    case_reference=IDS,
    purpose=CODES,
    domains=st.frozensets(st.sampled_from([domain.value for domain in LifeDomain])),
    informed=st.sampled_from(Informed),
    allowed=st.dictionaries(CODES, st.sampled_from(Level), max_size=TYPES_MAX),
    any_shown=st.booleans(),
    opened_at=MOMENTS,
    ends_at=MOMENTS,
    useful=st.none() | st.sampled_from(Useful),
    told_on=st.none() | DAYS,
    printed=st.frozensets(st.sampled_from(Sheet)),
    fridge=st.lists(st.text("0123456789abcdef", min_size=16, max_size=16), max_size=48).map(tuple),
)
COVERS = st.builds(
    Cover,
    cover_id=RANDOM,
    organisation=IDS,
    team=IDS,
    absentee=IDS,
    delegate=IDS,
    first_day=DAYS,
    last_day=DAYS,
    reason=st.sampled_from(CoverReason),
    arranged_at=MOMENTS,
    ended_on=st.none() | DAYS,
)
QUESTIONS = st.builds(
    Question,
    reference=IDS,
    organisation=IDS,
    asked_by=IDS,
    relation_id=RANDOM,
    person=PEOPLE,
    source=IDS,
    type=CODES,
    asked_on=DAYS,
    due_on=DAYS,
    verdict=st.none() | st.sampled_from(Verdict),
    answered_on=st.none() | DAYS,
)


class Undo(Exception):
    """Ends a job that is not to leave a trace."""


def undone(database: Database, job: Callable[[Transaction], None]) -> None:
    """Run a job and take back what it did."""

    def whole(tx: Transaction) -> None:
        job(tx)
        raise Undo

    with pytest.raises(Undo):
        database.run(whole)


@given(session=SESSIONS, secret=st.binary(min_size=32, max_size=32))
def test_every_session_comes_back_with_its_cookie(
    shared_database: Database, session: Session, secret: bytes
) -> None:
    def job(tx: Transaction) -> None:
        tx.sessions.put(secret, session)
        assert tx.sessions.get(secret) == session

    undone(shared_database, job)


@given(view=VIEWS)
def test_every_view_comes_back_to_its_worker(shared_database: Database, view: View) -> None:
    def job(tx: Transaction) -> None:
        tx.views.put(view)
        assert tx.views.get(view.worker, view.view_id) == view
        assert tx.views.of_worker(view.worker) == [view]

    undone(shared_database, job)


@given(cover=COVERS)
def test_every_cover_comes_back_to_whom_it_concerns(shared_database: Database, cover: Cover) -> None:
    def job(tx: Transaction) -> None:
        tx.covers.put(cover)
        assert tx.covers.get(cover.organisation, cover.cover_id) == cover
        assert tx.covers.by_delegate(cover.organisation, cover.delegate) == [cover]
        assert tx.covers.of_absentee(cover.organisation, cover.absentee) == [cover]
        assert tx.covers.of_team(cover.organisation, cover.team) == [cover]

    undone(shared_database, job)


@given(question=QUESTIONS)
def test_every_question_comes_back_to_whom_it_concerns(shared_database: Database, question: Question) -> None:
    def job(tx: Transaction) -> None:
        tx.questions.put(question)
        assert tx.questions.get(question.reference) == question
        assert tx.questions.about(question.person, question.source, question.type) == [question]
        assert tx.questions.asked_by(question.organisation, question.asked_by) == [question]
        assert tx.questions.of_source(question.source) == [question]

    undone(shared_database, job)


@given(staff_id=IDS, address=st.none() | st.emails())
def test_every_preference_comes_back(shared_database: Database, staff_id: str, address: str | None) -> None:
    def job(tx: Transaction) -> None:
        tx.staff.put(StaffMember(staff_id, "00000004000000020000", "noord", active=True))
        tx.preferences.put(Preferences(staff_id, address))
        assert tx.preferences.get(staff_id) == Preferences(staff_id, address)

    undone(shared_database, job)


# The most each field can hold, as the catalogue, the sheet of a feed, the staff list and the model allow it.
LARGEST_SESSION = {
    "staff_id": "w" * 40,
    "role": "r" * 40,
    "csrf": "c" * 64,
    "name": "\N{WOMAN}" * 100,
    "email": "e" * 254,
}
LARGEST_VIEW = {
    "worker": "w" * 40,
    "case_reference": "Z" * 32,
    "purpose": "p" * 40,
    "domains": frozenset(domain.value for domain in LifeDomain),
    "informed": max(Informed, key=len),
    "allowed": {f"{number:02}".ljust(40, "t"): Level.CONTACT for number in range(TYPES_MAX)},
    "useful": max(Useful, key=len),
    "told_on": date(2026, 4, 1),
    "printed": frozenset(Sheet),
    "fridge": tuple(f"{number:016x}" for number in range(48)),
}
LARGEST_COVER = {
    "team": "t" * 32,
    "absentee": "a" * 40,
    "delegate": "d" * 40,
    "reason": max(CoverReason, key=len),
    "ended_on": date(2026, 4, 1),
}
LARGEST_QUESTION = {
    "asked_by": "w" * 40,
    "source": "s" * 64,
    "type": "t" * 64,
    "verdict": max(Verdict, key=len),
    "answered_on": date(2026, 4, 1),
}


def test_the_largest_of_everything_fits(
    database: Database, a_session: Any, a_view: Any, a_cover: Any, a_question: Any
) -> None:
    session, view = a_session(**LARGEST_SESSION), a_view(**LARGEST_VIEW)
    cover, question = a_cover(**LARGEST_COVER), a_question(**LARGEST_QUESTION)

    def job(tx: Transaction) -> None:
        tx.sessions.put(bytes(32), session)
        tx.views.put(view)
        tx.covers.put(cover)
        tx.questions.put(question)
        assert tx.sessions.get(bytes(32)) == session
        assert tx.views.get(view.worker, view.view_id) == view
        assert tx.covers.get(cover.organisation, cover.cover_id) == cover
        assert tx.questions.get(question.reference) == question

    database.run(job)


OVERSIZE: dict[str, Callable[[Transaction, Any, Any, Any, Any], None]] = {
    "session": lambda tx, session, *_: tx.sessions.put(bytes(32), replace(session, name="n" * 2000)),
    "view": lambda tx, _session, view, *_: tx.views.put(replace(view, fridge=("k" * 16,) * 300)),
    "cover": lambda tx, _session, _view, cover, _: tx.covers.put(replace(cover, team="t" * 300)),
    "question": lambda tx, *nouns: tx.questions.put(replace(nouns[-1], source="s" * 400)),
}


@pytest.mark.parametrize("put", OVERSIZE.values(), ids=OVERSIZE.keys())
def test_what_does_not_fit_is_refused_and_never_cut(
    database: Database,
    put: Callable[..., None],
    a_session: Any,
    a_view: Any,
    a_cover: Any,
    a_question: Any,
) -> None:
    nouns = (a_session(), a_view(), a_cover(), a_question())
    with pytest.raises(MalformedInput, match="does not fit"):
        database.run(lambda tx: put(tx, *nouns))
