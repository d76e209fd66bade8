"""Questions are found by flag, asker, source and reference; answered ones stay until they are removed."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from crypto.chain import Pseudonym
from signal_index.model import StaffMember
from signal_index.model.workplace import Preferences, Question, Verdict
from signal_index.ports import Database, Transaction

NewQuestion = Callable[..., Question]
People = Callable[[int], Pseudonym]

ORGANISATION, ELSEWHERE = "00000004000000020000", "00000004000000090000"


def put(database: Database, *questions: Question) -> None:
    def job(tx: Transaction) -> None:
        for question in questions:
            tx.questions.put(question)

    database.run(job)


def test_a_question_is_about_one_flag(database: Database, a_question: NewQuestion, person: People) -> None:
    asked = a_question(1)
    others = [
        a_question(2, person=person(2)),
        a_question(3, source="00000004000000990000"),
        a_question(4, type="wmo-voorziening"),
    ]
    put(database, asked, *others)
    for question in (asked, *others):
        flag = (question.person, question.source, question.type)
        assert database.run(lambda tx, flag=flag: tx.questions.about(*flag)) == [question]  # type: ignore[misc]
    nobody = (person(3), asked.source, asked.type)
    assert database.run(lambda tx: tx.questions.about(*nobody)) == []


def test_source_and_type_do_not_run_into_each_other(database: Database, a_question: NewQuestion) -> None:
    put(database, a_question(1, source="ab", type="c"), a_question(2, source="a", type="bc"))
    person = a_question().person
    found = database.run(lambda tx: tx.questions.about(person, "a", "bc"))
    assert [question.reference for question in found] == [a_question(2).reference]


def test_a_workers_questions_come_newest_first_and_are_hers_alone(
    database: Database, a_question: NewQuestion
) -> None:
    questions = [a_question(number) for number in (2, 3, 1)]
    put(database, *questions, a_question(4, asked_by="s.ander"), a_question(5, organisation=ELSEWHERE))
    hers = database.run(lambda tx: tx.questions.asked_by(ORGANISATION, "w.jansen"))
    assert [question.asked_on.day for question in hers] == [3, 2, 1]
    elsewhere = database.run(lambda tx: tx.questions.asked_by(ELSEWHERE, "w.jansen"))
    assert [question.asked_on.day for question in elsewhere] == [5]


def test_a_sources_questions_come_oldest_first_whoever_asked(
    database: Database, a_question: NewQuestion
) -> None:
    put(
        database,
        *(a_question(number, asked_by=f"w.{number}") for number in (2, 3, 1)),
        a_question(4, source="elders"),
    )
    found = database.run(lambda tx: tx.questions.of_source(a_question().source))
    assert [question.asked_on.day for question in found] == [1, 2, 3]
    assert len(database.run(lambda tx: tx.questions.of_source("elders"))) == 1
    assert database.run(lambda tx: tx.questions.of_source("nergens")) == []


def test_an_answer_replaces_the_question_and_it_is_still_found(
    database: Database, a_question: NewQuestion
) -> None:
    asked = a_question()
    answered = replace(asked, verdict=Verdict.MENDED, answered_on=date(2026, 4, 9))
    put(database, asked, answered)
    assert database.run(lambda tx: tx.questions.get(asked.reference)) == answered
    assert database.run(lambda tx: tx.questions.of_source(asked.source)) == [answered]
    assert database.run(lambda tx: tx.questions.get("V-0000-0000")) is None


def test_old_questions_go_by_their_due_day(database: Database, a_question: NewQuestion) -> None:
    put(database, *(a_question(number) for number in (1, 2, 3)))
    due = a_question(2).due_on
    assert database.run(lambda tx: tx.questions.remove_older(due)) == 1
    assert database.run(lambda tx: tx.questions.get(a_question(1).reference)) is None
    assert database.run(lambda tx: tx.questions.remove_older(due + timedelta(days=2))) == 2


def test_who_chose_nothing_gets_no_digest(database: Database) -> None:
    assert database.run(lambda tx: tx.preferences.get("w.jansen")) == Preferences("w.jansen", None)
    assert database.run(lambda tx: tx.preferences.wanting_digest()) == []


def test_whoever_wants_the_digest_is_listed_until_she_does_not(database: Database) -> None:
    chosen = [
        Preferences("w.jansen", "w.jansen@gemeente.example"),
        Preferences("a.bakker", "a.bakker@gemeente.example"),
        Preferences("c.collega", None),
    ]

    def choose(tx: Transaction) -> None:
        for preferences in chosen:
            tx.staff.put(StaffMember(preferences.staff_id, ORGANISATION, "noord", active=True))
            tx.preferences.put(preferences)

    database.run(choose)
    assert database.run(lambda tx: tx.preferences.wanting_digest()) == [chosen[1], chosen[0]]
    database.run(lambda tx: tx.preferences.put(Preferences("a.bakker")))
    assert database.run(lambda tx: tx.preferences.wanting_digest()) == [chosen[0]]
    assert database.run(lambda tx: tx.preferences.get("a.bakker")) == Preferences("a.bakker", None)


def test_nobody_unknown_has_preferences(database: Database) -> None:
    with pytest.raises(IntegrityError):
        database.run(lambda tx: tx.preferences.put(Preferences("nobody", "n@gemeente.example")))
