"""Looks in review come back as they went in, are found by time, list and state, and show nothing outside their seal."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text

from crypto.keyfiles import IndexSecrets
from signal_index.errors import Unavailable
from signal_index.model import AuditEvent
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
    Week,
)
from signal_index.ports import Database, Transaction
from signal_index.review.words import SENTENCES
from signal_index.store import SqlDatabase, open_database
from signal_index.store.oversight.bodies import read_review, review_body
from signal_index.store.oversight.reviews import BODY_BYTES
from signal_index.store.places import place_of
from signal_index.store.schema import metadata

NewReview = Callable[..., Review]
NewWatch = Callable[..., Watch]
JUDGED = {
    "asked_at": datetime(2026, 4, 7, 9, 0, tzinfo=UTC),
    "follow_up_on": date(2026, 4, 21),
    "judgement": Judgement.WRONG,
    "ground": Ground.CURIOSITY,
    "judged_at": datetime(2026, 4, 8, 9, 0, 0, 5, tzinfo=UTC),
    "judged_by": "p.officer",
}


def put(database: Database, *reviews: Review) -> None:
    database.run(lambda tx: tx.reviews.put_all(list(reviews)))


def watch(database: Database, *watches: Watch) -> None:
    def job(tx: Transaction) -> None:
        for each in watches:
            tx.reviews.put_watch(each)

    database.run(job)


def test_a_look_comes_back_as_it_went_in_bare_or_full(
    database: Database, a_review: NewReview, a_listed: NewReview
) -> None:
    bare = a_review(1, reasons=(), relation=None, answered=False)
    full = a_listed(2, **JUDGED)
    put(database, bare, full)
    for review in (bare, full):
        assert database.run(lambda tx, ref=review.ref: tx.reviews.get(ref)) == review  # type: ignore[misc]
    assert database.run(lambda tx: tx.reviews.get(LookRef(b"writer02", 1))) is None


def test_looks_of_a_time_that_were_not_chosen_are_found_by_rank(
    database: Database, a_review: NewReview, a_listed: NewReview
) -> None:
    low = a_review(2, reasons=(Reason(Indicator.FRESH, 1),))
    put(database, a_review(1), low, a_listed(3), a_review(4))
    made = a_review(1).looked_at

    def found(since: datetime, until: datetime, rank_min: int) -> set[int]:
        looks = database.run(lambda tx: tx.reviews.unchosen(since, until, rank_min=rank_min))
        return {look.ref.number for look in looks}

    hour = timedelta(hours=1)
    assert found(made, made + hour, 0) == {1, 2, 4}
    assert found(made, made + hour, 2) == {1, 4}
    assert found(made, a_review(4).looked_at, 0) == {1, 2}
    assert database.run(lambda tx: tx.reviews.count_looks(made, a_review(4).looked_at)) == 3


def test_what_is_open_comes_earliest_due_first_and_a_question_keeps_it_open(
    database: Database, a_review: NewReview, a_listed: NewReview
) -> None:
    question = a_listed(
        1, asked_at=JUDGED["asked_at"], follow_up_on=date(2026, 4, 20), judgement=Judgement.QUESTION
    )
    closed = a_listed(4, judgement=Judgement.RIGHT)
    put(database, question, a_listed(2), a_listed(3, due_on=date(2026, 4, 10)), closed, a_review(5))
    assert [each.ref.number for each in database.run(lambda tx: tx.reviews.open())] == [3, 2, 1]
    listed = database.run(lambda tx: tx.reviews.chosen_since(date(2026, 4, 6)))
    assert {each.ref.number for each in listed} == {1, 2, 3, 4}
    assert not database.run(lambda tx: tx.reviews.chosen_since(date(2026, 4, 7)))


def test_what_was_never_chosen_is_removed_and_what_was_stays_until_its_term(
    database: Database, a_review: NewReview, a_listed: NewReview
) -> None:
    put(database, a_review(1), a_listed(2), a_review(9))
    border = a_review(5).looked_at
    assert database.run(lambda tx: tx.reviews.remove_unchosen(border)) == 1
    assert database.run(lambda tx: tx.reviews.remove_older(border)) == 1
    assert database.run(lambda tx: tx.reviews.get(a_review(9).ref)) is not None


def test_weeks_watches_and_the_place_in_the_log_are_kept(database: Database, a_watch: NewWatch) -> None:
    weeks = [Week(date(2026, 3, day), day, date(2026, 4, day)) for day in (9, 2)]
    worker = a_watch(2, what=Watched.WORKER, about="w.jansen", person=None)

    def job(tx: Transaction) -> None:
        assert tx.reviews.read_up_to() is None
        tx.reviews.put_read_up_to(7)
        tx.reviews.put_read_up_to(9)
        for week in weeks:
            tx.reviews.put_week(week)
        for watch in (worker, a_watch(1)):
            tx.reviews.put_watch(watch)

    database.run(job)
    assert database.run(lambda tx: tx.reviews.read_up_to()) == 9
    assert database.run(lambda tx: tx.reviews.weeks()) == weeks[::-1]
    assert database.run(lambda tx: tx.reviews.watches()) == [a_watch(1), worker]
    assert database.run(lambda tx: tx.reviews.remove_watch(worker.watch_id))
    assert not database.run(lambda tx: tx.reviews.remove_watch(worker.watch_id))


REASONS = st.lists(
    st.builds(
        Reason,
        st.sampled_from(Indicator),
        st.integers(-3, 20),
        st.dictionaries(
            st.sampled_from(["hours", "times", "number"]), st.text("0123456789.", max_size=5)
        ).map(lambda facts: tuple(sorted(facts.items()))),
    ),
    max_size=16,
    unique_by=lambda each: each.indicator,
)


@given(REASONS, st.sampled_from([None, *Chosen]), st.sampled_from([None, *Judgement]), st.booleans())
def test_a_body_has_one_writing(
    reasons: list[Reason],
    chosen: Chosen | None,
    judgement: Judgement | None,
    answered: bool,  # noqa: FBT001 - drawn
) -> None:
    ref = LookRef(b"writer01", 3)
    made = datetime(2026, 3, 30, 9, 0, 0, 1, tzinfo=UTC)
    review = Review(ref, made, "w", None, answered, tuple(reasons), chosen, judgement=judgement)
    assert read_review(review_body(review), ref) == (review, review_body(review))


def test_every_indicator_at_once_fits_in_a_body(a_listed: NewReview) -> None:
    reasons = tuple(
        Reason(
            indicator,
            20,
            tuple((place, "1234") for place in ("looks", "time", "times") if place in SENTENCES[indicator]),
        )
        for indicator in Indicator
    )
    long = replace(a_listed(1, **JUDGED), worker="w" * 40, judged_by="p" * 40, reasons=reasons)
    assert len(review_body(long)) <= BODY_BYTES - 2


CHANGES = (
    "rank = 1",
    "chosen = NULL, chosen_on = NULL",
    "judgement = 'terecht'",
    "chosen_on = '2026-04-07'",
    "looked_at = looked_at + 1",
)


@pytest.mark.parametrize("change", CHANGES)
def test_a_look_that_was_changed_from_outside_is_damage(
    path: Path, keys: IndexSecrets, a_listed: NewReview, change: str
) -> None:
    with open_database(path, keys, writer_kind="serve") as database:
        put(database, a_listed())
        with place_of(path).engine().begin() as thief:
            thief.execute(text(f"UPDATE reviews SET {change}"))  # noqa: S608 - from the list above
        with pytest.raises(Unavailable, match="beschadigd"):
            database.run(lambda tx: tx.reviews.get(a_listed().ref))


def test_a_body_opens_only_in_its_own_row(
    path: Path, keys: IndexSecrets, a_listed: NewReview, a_watch: NewWatch
) -> None:
    with open_database(path, keys, writer_kind="serve") as database:
        put(database, a_listed(1), a_listed(2))
        watch(database, a_watch(1), a_watch(2))
        with place_of(path).engine().begin() as thief:
            for table in ("reviews", "watches"):
                first = f"(SELECT sealed_body FROM {table} LIMIT 1)"  # noqa: S608 - from the list above
                thief.execute(text(f"UPDATE {table} SET sealed_body = {first}"))  # noqa: S608 - as above
        with pytest.raises(Unavailable):
            database.run(lambda tx: tx.reviews.open())
        with pytest.raises(Unavailable):
            database.run(lambda tx: tx.reviews.watches())


def test_a_thief_finds_no_worker_case_or_reason(
    path: Path, keys: IndexSecrets, a_listed: NewReview, a_watch: NewWatch
) -> None:
    with open_database(path, keys, writer_kind="serve") as database:
        put(database, a_listed(1, **JUDGED), a_listed(2))
        database.run(lambda tx: tx.reviews.put_watch(a_watch(1)))
        files = b"".join(file.read_bytes() for file in path.parent.iterdir())
    kept, review = a_watch(1), a_listed(1)
    assert kept.person is not None
    relation = str(review.relation)
    secrets = {"w.jansen", relation, "p.officer", "eigen-belang", "zelf-geregistreerd", kept.about}
    needles = {secret.encode() for secret in secrets} | {kept.person.encoded}
    needles.add(bytes.fromhex(relation.replace("-", "")))
    assert not [needle for needle in needles if needle in files]
    assert b"onterecht" in files  # the search does find what stands there in the clear


def test_sealed_bodies_are_equally_long(
    path: Path, keys: IndexSecrets, a_listed: NewReview, a_review: NewReview, a_watch: NewWatch
) -> None:
    with open_database(path, keys, writer_kind="serve") as database:
        put(database, a_listed(1, **JUDGED), a_review(2, reasons=(), relation=None))
        worker = a_watch(2, what=Watched.WORKER, about="w", person=None)
        watch(database, worker, a_watch(1))
    with place_of(path).engine().connect() as thief:
        for table in ("reviews", "watches"):
            cells = thief.execute(select(metadata.tables[table].c.sealed_body)).scalars().all()
            assert len(cells) == 2
            assert len(set(map(len, cells))) == 1


# --- The chronicle ------------------------------------------------------------------------------------------------


def test_the_log_is_read_in_the_order_of_its_tree_and_names_persons_without_saying_who(
    database: SqlDatabase, now: datetime, person: Callable[[int], object]
) -> None:
    def fill(tx: Transaction) -> None:
        for number in range(6):
            event = ("lookup.answered", "caseload.read")[number % 2]
            subject = person(number % 3)
            tx.audit.append(AuditEvent(event, now + timedelta(hours=number), {"actor": "w"}, subject))  # type: ignore[arg-type]

    database.run(fill)
    assert database.run(lambda tx: tx.chronicle.size()) == 0  # nothing is in the tree yet
    database.run(lambda tx: tx.log.integrate(now, 100))
    size = database.run(lambda tx: tx.chronicle.size())
    assert size == 6
    looks = database.run(lambda tx: tx.chronicle.read(0, size, ["lookup.answered"]))
    assert [each.position for each in looks] == [0, 2, 4]
    assert [each.entry.at for each in looks] == [now + timedelta(hours=hour) for hour in (0, 2, 4)]
    marks = database.run(lambda tx: [tx.chronicle.mark_of(person(number)) for number in range(3)])  # type: ignore[arg-type]
    assert [each.person for each in looks] == [marks[0], marks[2], marks[1]]
    assert database.run(lambda tx: tx.chronicle.position_at(now + timedelta(hours=3))) == 3
    assert database.run(lambda tx: tx.chronicle.position_at(now + timedelta(hours=9))) == 6
    assert database.run(lambda tx: tx.chronicle.moment_at(5)) == now + timedelta(hours=5)
    assert database.run(lambda tx: tx.chronicle.moment_at(6)) is None
