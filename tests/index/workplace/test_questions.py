"""A worker who doubts a signal asks its source; the record says that she asked, never about which signal."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from crypto.batch import BatchClass
from signal_index.errors import Conflict, NotFound, NotPermitted
from signal_index.model import CareRelation, LookupRequest, Register
from signal_index.model.workplace import QUESTION_DAYS, Informed, Question, Verdict, View
from signal_index.ports import Transaction
from signal_index.usecases.workplace import questions, views
from signal_index.usecases.workplace.asked import asked
from signal_index.usecases.workplace.views import Shown

SOURCE, KIND = "agb:00000001", "wmo-voorziening"
PURPOSE = "voorbereiding-huisbezoek"
SOURCE_ADMIN = "bronbeheerder"
REFERENCE = re.compile(r"V-[2-9A-Z]{4}-[2-9A-Z]{4}")


@pytest.fixture
def desk(office: Any) -> Any:
    """An office with one case that shows one signal, and bronbeheerders at both sources."""
    world = office.world
    office.hire("b.gemeente", [SOURCE_ADMIN])
    office.hire("b.zorg", [SOURCE_ADMIN], organisation=world.ZORG)
    world.publish(world.GEMEENTE, SOURCE, KIND, {world.PEOPLE[0]: "2025-04"})
    office.case = office.relation()
    return office


def _open(office: Any, staff_id: str = "w.een") -> View:
    request = LookupRequest(office.case.relation_id, PURPOSE, frozenset(), Informed.TOLD)
    opened = office.act(
        staff_id,
        lambda tx, actor: views.open_view(tx, office.RULES, actor, request, office.world.clock),
    )
    assert isinstance(opened, View)
    return opened


def _show(office: Any, view: View, staff_id: str = "w.een") -> Shown:
    shown: Shown = office.act(
        staff_id,
        lambda tx, actor: views.look_at(tx, office.RULES, actor, view.view_id, office.world.clock),
    )
    return shown


def _asking(office: Any, view_id: bytes, key: str | None) -> Callable[..., Any]:
    return lambda tx, actor: questions.ask(tx, office.RULES, actor, view_id, office.world.clock, key=key)


def _ask(office: Any, staff_id: str = "w.een", view: View | None = None) -> Question:
    view = view or _open(office, staff_id)
    (signal,) = _show(office, view, staff_id).signals
    asked: Question = office.act(staff_id, _asking(office, view.view_id, signal.key))
    return asked


def _answering(office: Any, reference: str, verdict: Verdict = Verdict.RIGHT) -> Callable[..., Question]:
    return lambda tx, actor: questions.answer(tx, actor, reference, verdict, office.world.clock)


def _waiting(office: Any, staff_id: str) -> list[str]:
    found = office.act(staff_id, lambda tx, actor: questions.waiting(tx, actor, office.world.clock))
    return [question.reference for question in found]


def _own(office: Any, staff_id: str = "w.een") -> list[str]:
    found = office.act(staff_id, lambda tx, actor: questions.own(tx, actor, office.world.clock))
    assert {each.case_reference for each in found} <= {office.case.case_reference}
    return [each.question.reference for each in found]


# --- Asking -------------------------------------------------------------------------------------------------------


def test_a_question_is_about_the_signal_she_sees_and_has_four_weeks(desk: Any) -> None:
    question = _ask(desk)
    assert REFERENCE.fullmatch(question.reference)
    assert (question.source, question.type, question.person) == (SOURCE, KIND, desk.case.person)
    assert (question.asked_by, question.relation_id) == ("w.een", desk.case.relation_id)
    assert (question.due_on - question.asked_on).days == QUESTION_DAYS == 28
    assert question.verdict is None
    assert desk.run(lambda tx: tx.questions.get(question.reference)) == question


def test_the_record_of_a_question_says_nothing_of_the_signal(desk: Any) -> None:
    question = _ask(desk)
    recorded = desk.world.records("question.asked")[0].fields
    assert recorded.keys() == {"actor", "organisation", "token", "relation", "question"}
    assert recorded["question"] == question.reference
    text = json.dumps(recorded)
    for told in (SOURCE, KIND, "Bron 0001", "2025-04"):
        assert told not in text


def test_the_signal_is_marked_for_everybody_who_sees_it_until_it_is_answered(desk: Any) -> None:
    view = _open(desk)
    question = _ask(desk, view=view)
    assert [each.question for each in _show(desk, view).signals] == [question]
    desk.act("b.gemeente", _answering(desk, question.reference))
    assert [each.question for each in _show(desk, view).signals] == [None]


def test_who_asks_about_a_doubted_signal_gets_the_question_that_is_open(desk: Any) -> None:
    first = _ask(desk)
    assert _ask(desk) == first
    assert len(desk.world.records("question.asked")) == 1
    desk.act("b.gemeente", _answering(desk, first.reference))
    assert _ask(desk).reference != first.reference


def test_the_mark_goes_by_itself_after_the_due_date(desk: Any) -> None:
    first = _ask(desk)
    desk.on(first.due_on)
    assert _ask(desk) == first
    desk.on(first.due_on + timedelta(days=1))
    again = _ask(desk)
    assert again.reference != first.reference
    assert again.asked_on == first.due_on + timedelta(days=1)


def test_what_she_does_not_see_she_cannot_ask_about(desk: Any) -> None:
    mine, hers = _open(desk), _open(desk)
    (elsewhere,) = _show(desk, hers).signals
    for key in (elsewhere.key, "", None):
        outcome = desk.act("w.een", _asking(desk, mine.view_id, key))
        assert isinstance(outcome, Shown), "there is something to choose from, and nothing was asked"
    for staff_id, view_id in (("w.twee", hers.view_id), ("w.een", bytes(16))):
        error, record = desk.refused(staff_id, _asking(desk, view_id, elsewhere.key))
        assert isinstance(error, NotFound)
        assert (error.code, record.fields["reason"]) == ("no-view", "no-view")
    assert not desk.world.records("question.asked")


def test_a_view_that_has_ended_asks_nothing_any_more(desk: Any) -> None:
    view = _open(desk)
    (signal,) = _show(desk, view).signals
    desk.act("w.een", lambda tx, actor: views.close_view(tx, actor, view.view_id, desk.world.clock))
    assert isinstance(desk.act("w.een", _asking(desk, view.view_id, signal.key)), views.Ended)
    assert not desk.world.records("question.asked")


def test_a_signal_without_a_source_cannot_be_doubted(office: Any) -> None:
    world = office.world
    world.publish(world.GEMEENTE, SOURCE, KIND, {world.PEOPLE[0]: "2025-04"})
    office.case = office.relation(shielded=True)
    view = _open(office)
    (signal,) = _show(office, view).signals
    assert signal.signal.source is None
    assert isinstance(office.act("w.een", _asking(office, view.view_id, signal.key)), Shown)
    assert not world.records("question.asked")


@pytest.mark.parametrize(("staff_id", "role"), [("t.lead", None), ("b.gemeente", None), ("w.een", "")])
def test_only_who_looks_asks(desk: Any, staff_id: str, role: str | None) -> None:
    view = _open(desk)
    (signal,) = _show(desk, view).signals
    error, record = desk.refused(staff_id, _asking(desk, view.view_id, signal.key), role)
    assert isinstance(error, NotPermitted)
    assert record.fields["reason"] == "role"


def test_no_two_questions_share_a_reference(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    letters = iter("22222222" + "22222222" + "33333333")
    monkeypatch.setattr(questions, "choice", lambda _alphabet: next(letters))
    first = _ask(desk)
    desk.act("b.gemeente", _answering(desk, first.reference))
    assert (first.reference, _ask(desk).reference) == ("V-2222-2222", "V-3333-3333")


# --- Answering ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verdict", list(Verdict))
def test_an_answer_reaches_who_asked_and_is_recorded(desk: Any, verdict: Verdict) -> None:
    question = _ask(desk)
    answered = desk.act("b.gemeente", _answering(desk, question.reference, verdict))
    assert (answered.verdict, answered.answered_on) == (verdict, desk.world.DAY)
    assert desk.run(lambda tx: tx.questions.get(question.reference)) == answered
    assert desk.world.records("question.answered")[0].fields == {
        "actor": "b.gemeente",
        "organisation": desk.world.GEMEENTE,
        "token": "test",
        "question": question.reference,
        "verdict": verdict.value,
    }


def test_an_answer_after_the_due_date_still_counts(desk: Any) -> None:
    question = _ask(desk)
    desk.on(question.due_on + timedelta(days=5))
    assert not _waiting(desk, "b.gemeente")
    assert desk.act("b.gemeente", _answering(desk, question.reference)).verdict is Verdict.RIGHT
    assert _own(desk) == [question.reference]


# Who, in which role, about which reference; the reason of the refusal.
NOT_ANSWERED: list[tuple[str, str, str | None, str | None, str]] = [
    ("another organisation", "b.zorg", None, None, "no-question"),
    ("about a question nobody asked", "b.gemeente", None, "V-2345-6789", "no-question"),
    ("about nothing", "b.gemeente", None, "", "no-question"),
    ("who asked", "w.een", None, None, "role"),
    ("who leads", "t.lead", None, None, "role"),
    ("a bronbeheerder in another role", "b.gemeente", "wijkteammedewerker", None, "role"),
]


@pytest.mark.parametrize(
    ("_who", "staff_id", "role", "reference", "reason"), NOT_ANSWERED, ids=[row[0] for row in NOT_ANSWERED]
)
def test_who_does_not_publish_the_signal_cannot_answer_for_it(
    desk: Any, _who: str, staff_id: str, role: str | None, reference: str | None, reason: str
) -> None:
    question = _ask(desk)
    named = question.reference if reference is None else reference
    error, record = desk.refused(staff_id, _answering(desk, named), role)
    assert (error.code, record.fields["reason"]) == (reason, reason)
    assert desk.run(lambda tx: tx.questions.get(question.reference)) == question
    assert not desk.world.records("question.answered")


def test_somebody_elses_question_and_none_at_all_are_one_answer(desk: Any) -> None:
    question = _ask(desk)
    texts = {
        desk.refused("b.zorg", _answering(desk, reference))[0].detail
        for reference in (question.reference, "V-2345-6789")
    }
    assert len(texts) == 1


def test_a_question_is_answered_once(desk: Any) -> None:
    question = _ask(desk)
    desk.act("b.gemeente", _answering(desk, question.reference, Verdict.MENDED))
    error, _ = desk.refused("b.gemeente", _answering(desk, question.reference, Verdict.RIGHT))
    assert (type(error), error.code) == (Conflict, "question-answered")
    assert desk.run(lambda tx: tx.questions.get(question.reference)).verdict is Verdict.MENDED


def test_a_source_sees_its_own_open_questions_and_no_others(desk: Any) -> None:
    question = _ask(desk)
    assert _waiting(desk, "b.gemeente") == [question.reference]
    assert not _waiting(desk, "b.zorg")
    desk.on(question.due_on)
    assert _waiting(desk, "b.gemeente") == [question.reference]
    desk.act("b.gemeente", _answering(desk, question.reference))
    assert not _waiting(desk, "b.gemeente")
    error, _ = desk.refused("w.een", lambda tx, actor: questions.waiting(tx, actor, desk.world.clock))
    assert error.code == "role"


def test_who_publishes_another_type_of_the_same_source_sees_and_answers_nothing(desk: Any) -> None:
    def job(tx: Transaction) -> None:
        known = tuple(tx.register.publications())
        other = replace(known[0], type="jeugdhulp", publisher=desk.world.ZORG)
        assert (other.source, other.type) != (SOURCE, KIND) == (known[0].source, known[0].type)
        tx.register.replace(Register(tuple(tx.register.publishers()), (*known, other)))

    desk.run(job)
    question = _ask(desk)
    assert not _waiting(desk, "b.zorg")
    assert _waiting(desk, "b.gemeente") == [question.reference]
    error, _ = desk.refused("b.zorg", _answering(desk, question.reference))
    assert error.code == "no-question"


# --- Her own ------------------------------------------------------------------------------------------------------


def test_she_finds_her_own_questions_back_while_they_are_open_or_news(desk: Any) -> None:
    question = _ask(desk)
    assert _own(desk) == [question.reference]
    assert not _own(desk, "w.twee")
    desk.act("b.gemeente", _answering(desk, question.reference))
    desk.world.clock += timedelta(days=14)
    assert _own(desk) == [question.reference]
    desk.world.clock += timedelta(days=1)
    assert not _own(desk)
    error, _ = desk.refused("b.zorg", lambda tx, actor: questions.own(tx, actor, desk.world.clock))
    assert error.code == "role"


def _asked(office: Any, reference: str) -> Callable[..., Any]:
    return lambda tx, actor: asked(tx, office.RULES, actor, reference, office.world.clock)


def _another_persons(office: Any, relation: CareRelation) -> CareRelation:
    world = office.world
    row = world.relation(case_reference="WT-2026-0002")
    world.accept(world.REGIE, BatchClass.ZORGRELATIE, [(world.PEOPLE[1], row)])
    other = office.run(lambda tx: tx.relations.get(world.GEMEENTE, row.relation_id))
    return replace(relation, person=other.person)


NOT_HERS_ANY_MORE: list[tuple[str, Callable[[Any, CareRelation], CareRelation]]] = [
    ("it ended", lambda office, relation: replace(relation, ended_on=office.world.DAY)),
    ("a colleague has it", lambda _, relation: replace(relation, worker="w.twee")),
    ("nobody confirmed it", lambda _, relation: replace(relation, registered_by="w.een", confirmed_by=None)),
    ("it is about somebody else by now", _another_persons),
]


@pytest.mark.parametrize("answers", [0, 1])
@pytest.mark.parametrize(("_what", "change"), NOT_HERS_ANY_MORE, ids=[row[0] for row in NOT_HERS_ANY_MORE])
def test_a_question_about_a_case_that_is_no_longer_hers_is_found_by_nobody(
    desk: Any, _what: str, change: Callable[[Any, CareRelation], CareRelation], answers: int
) -> None:
    question = _ask(desk)
    for _ in range(answers):
        desk.act("b.gemeente", _answering(desk, question.reference))
    before = desk.act("w.een", _asked(desk, question.reference))
    assert (before.question.reference, before.case_reference) == (
        question.reference,
        desk.case.case_reference,
    )
    assert _own(desk) == [question.reference]
    changed = change(desk, desk.case)
    desk.run(lambda tx: tx.relations.put(changed))
    for staff_id in ("w.een", "w.twee"):
        assert _own(desk, staff_id) == []
        error, _ = desk.refused(staff_id, _asked(desk, question.reference))
        assert (type(error), error.code) == (NotFound, "no-question")


def _put_elsewhere(desk: Any) -> Question:
    """A question about the same signal that stands open at another organisation."""
    other = replace(
        _ask(desk),
        reference="V-2222-2222",
        organisation=desk.world.ZORG,
        asked_by="z.een",
        relation_id=bytes(16),
    )

    def job(tx: Transaction) -> None:
        for each in tx.questions.about(desk.case.person, SOURCE, KIND):
            tx.questions.put(replace(each, verdict=Verdict.RIGHT, answered_on=desk.world.DAY))
        tx.questions.put(other)

    desk.run(job)
    return other


def test_another_organisations_open_question_marks_the_signal_and_is_nobodys_here(desk: Any) -> None:
    other = _put_elsewhere(desk)
    view = _open(desk)
    assert [each.question for each in _show(desk, view).signals] == [other]
    error, _ = desk.refused("w.een", _asked(desk, other.reference))
    assert error.code == "no-question"
    mine = _ask(desk, view=view)
    assert (mine.organisation, mine.asked_by) == (desk.world.GEMEENTE, "w.een")
    assert _ask(desk, view=view) == mine, "asking again leads to the same question"
    found = desk.act("w.een", _asked(desk, mine.reference))
    assert found.doubted is not None
    assert found.relation_id == desk.case.relation_id


def test_a_colleague_who_sees_the_signal_is_shown_her_own_case_never_that_of_who_asked(desk: Any) -> None:
    question = _ask(desk)
    hers = replace(desk.case, relation_id=b"2" * 16, worker="w.twee", case_reference="WT-2026-0300")
    desk.run(lambda tx: tx.relations.put(hers))
    asker, desk.case = desk.case, hers
    _open(desk, "w.twee")
    found = desk.act("w.twee", _asked(desk, question.reference))
    assert found.relation_id == hers.relation_id != asker.relation_id
    assert found.case_reference == "WT-2026-0300" != asker.case_reference


# --- On the command line ------------------------------------------------------------------------------------------


def test_a_source_finds_and_answers_a_question_without_learning_about_whom_it_is(
    desk: Any, shell: Any
) -> None:
    assert shell("source", "questions", "--as", "b.gemeente").output == "no questions wait for an answer\n"
    question = _ask(desk)
    listed = shell("source", "questions", "--as", "b.gemeente").output
    assert listed == (f"{question.reference}  {SOURCE}  {KIND}  asked 2026-03-03  answer by 2026-03-31\n")
    for told in ("w.een", desk.case.case_reference, str(UUID(bytes=desk.case.relation_id))):
        assert told not in listed
    spoken = f" {question.reference.lower()} "
    answered = shell("source", "answer", spoken, "aangepast", "--as", "b.gemeente")
    assert (answered.exit_code, answered.output) == (0, f"{question.reference}: answered, aangepast\n")
    kept = desk.run(lambda tx: tx.questions.get(question.reference))
    assert kept.verdict is Verdict.MENDED


def test_who_may_not_answer_gets_one_line_and_is_on_record(desk: Any, shell: Any) -> None:
    question = _ask(desk)
    for staff_id, code in (("b.zorg", "no-question"), ("w.een", "role")):
        result = shell("source", "answer", question.reference, "klopt", "--as", staff_id)
        assert result.exit_code == 1
        assert result.output.startswith("Error: ")
        attempts = [record.fields for record in desk.world.records("action.refused")]
        (attempt,) = (fields for fields in attempts if fields["actor"] == staff_id)
        assert (attempt["surface"], attempt["reason"]) == ("command-line", code)
    assert desk.run(lambda tx: tx.questions.get(question.reference)) == question
    assert shell("source", "answer", question.reference, "misschien", "--as", "b.gemeente").exit_code == 2
