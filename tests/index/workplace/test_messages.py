"""Messages say what is due for one worker; they depend on her work and the sources, never on what a resident has."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crypto.batch import BatchClass
from crypto.sheet import BeperkingKind, BeperkingOperation, BeperkingRow
from signal_index.errors import NotPermitted
from signal_index.model import CareRelation, LookupRequest, Publication, Register
from signal_index.model.workplace import (
    Cover,
    CoverReason,
    Informed,
    Message,
    MessageKind,
    Question,
    Verdict,
    View,
)
from signal_index.ports import Transaction
from signal_index.usecases.workplace import covers, looked, messages, questions, views
from signal_index.usecases.workplace.covers import CoverRequest

TODAY = date(2026, 3, 3)
PURPOSE = "voorbereiding-huisbezoek"
MEMBER, LEAD, SOURCE_ADMIN = "wijkteammedewerker", "teamleider", "bronbeheerder"


def _day(offset: int) -> date:
    return TODAY + timedelta(days=offset)


def _messages(office: Any, staff_id: str = "w.een") -> list[Message]:
    found = office.act(
        staff_id, lambda tx, actor: messages.messages_for(tx, office.RULES, actor, office.world.clock)
    )
    return list(found)


def _of(office: Any, kind: MessageKind, staff_id: str = "w.een") -> list[Message]:
    return [message for message in _messages(office, staff_id) if message.kind is kind]


@pytest.fixture
def quiet(office: Any) -> Any:
    """An office in which every source is up to date."""
    office.world.publish_nothing_else()
    return office


def _look(office: Any, relation_id: bytes, informed: Informed, staff_id: str = "w.een") -> View:
    request = LookupRequest(relation_id, PURPOSE, frozenset(), informed)
    view = office.act(
        staff_id,
        lambda tx, actor: views.open_view(tx, office.RULES, actor, request, office.world.clock),
    )
    assert isinstance(view, View)
    return view


def _cover(office: Any, first: int, last: int, delegate: str = "w.twee", by: str = "w.een") -> Cover:
    request = CoverRequest(delegate, _day(first), _day(last), CoverReason.TRAINING)
    arranged: Cover = office.act(by, lambda tx, actor: covers.arrange(tx, actor, request, office.world.clock))
    return arranged


def test_when_nothing_is_due_there_is_nothing_to_read(quiet: Any) -> None:
    quiet.relation()
    assert _messages(quiet) == []


@pytest.mark.parametrize(("staff_id", "role"), [("t.lead", None), ("f.beheer", None), ("w.een", "")])
def test_only_who_looks_has_messages(office: Any, staff_id: str, role: str | None) -> None:
    error, record = office.refused(
        staff_id,
        lambda tx, actor: messages.messages_for(tx, office.RULES, actor, office.world.clock),
        role,
    )
    assert isinstance(error, NotPermitted)
    assert record.fields["reason"] == "role"


# --- Relations ----------------------------------------------------------------------------------------------------

# What is unusual about the relation, and on which day she hears that it ends, as days from now.
ENDING: list[tuple[str, dict[str, Any], int | None]] = [
    ("ends today", {"valid_until": _day(0)}, 0),
    ("ends in two weeks", {"valid_until": _day(14)}, 14),
    ("ends a day later", {"valid_until": _day(15)}, None),
    ("ended yesterday", {"valid_until": _day(-1)}, None),
    ("has not begun", {"valid_from": _day(1), "valid_until": _day(7)}, None),
    ("nobody confirmed", {"registered_by": "w.een", "valid_until": _day(7)}, None),
    ("is a colleague's", {"worker": "w.twee", "valid_until": _day(7)}, None),
]


@pytest.mark.parametrize(("_what", "changed", "ends"), ENDING, ids=[row[0] for row in ENDING])
def test_she_hears_of_her_own_live_relation_two_weeks_before_it_ends(
    quiet: Any, _what: str, changed: dict[str, Any], ends: int | None
) -> None:
    relation = quiet.relation(**changed)
    expected = []
    if ends is not None:
        expected = [
            Message(
                MessageKind.RELATION_ENDS,
                "WT-2026-0001",
                _day(ends),
                relation_id=relation.relation_id,
            )
        ]
    assert _messages(quiet) == expected


def test_a_relation_whose_feed_left_the_register_is_not_hers_to_mend(quiet: Any) -> None:
    quiet.relation(valid_until=_day(3))

    def job(tx: Transaction) -> None:
        publishers = tuple(each for each in tx.register.publishers() if each.oin != quiet.world.REGIE)
        tx.register.replace(Register(publishers, tuple(tx.register.publications())))

    quiet.run(job)
    assert _of(quiet, MessageKind.RELATION_ENDS) == []


# --- Covers -------------------------------------------------------------------------------------------------------

COVERED: list[tuple[str, int, int, int, bool]] = [
    ("on its last day", 0, 5, 5, True),
    ("a week before", 0, 20, 13, True),
    ("a day earlier", 0, 20, 12, False),
    ("after its last day", 0, 5, 6, False),
    ("before it begins", 3, 5, 0, False),
]


@pytest.mark.parametrize(
    ("_when", "first", "last", "today", "heard"), COVERED, ids=[row[0] for row in COVERED]
)
def test_both_hear_a_week_before_that_a_cover_ends(
    office: Any, _when: str, first: int, last: int, today: int, *, heard: bool
) -> None:
    office.hire("w.twee", name="Noor")
    _cover(office, first, last)
    office.on(_day(today))
    expected = [MessageKind.COVER_ENDS] if heard else []
    for name, other in (("w.een", "Noor"), ("w.twee", "w.een")):
        found = _of(office, MessageKind.COVER_ENDS, name)
        assert [message.kind for message in found] == expected
        assert all((message.about, message.on) == (other, _day(last)) for message in found)
    office.hire("w.drie")
    assert _of(office, MessageKind.COVER_ENDS, "w.drie") == []


def test_a_cover_that_was_ended_is_no_news(office: Any) -> None:
    cover = _cover(office, 0, 3)
    office.act("w.een", lambda tx, actor: covers.end_cover(tx, actor, cover.cover_id, office.world.clock))
    assert _of(office, MessageKind.COVER_ENDS) == []


# --- Sources ------------------------------------------------------------------------------------------------------


def test_a_source_that_falls_behind_is_named_once_with_the_day_it_stands_at(office: Any) -> None:
    office.world.publish_nothing_else()
    kind = office.RULES.in_force(TODAY).catalogue.signal_type("schuldhulptraject")
    office.on(_day(kind.freshness_days))
    assert _of(office, MessageKind.SOURCE_STALE) == []
    office.on(_day(kind.freshness_days + 1))
    found = _of(office, MessageKind.SOURCE_STALE)
    assert Message(MessageKind.SOURCE_STALE, "Bron 0004", TODAY) in found
    assert len({message.about for message in found}) == len(found)


def test_a_source_that_never_delivered_a_complete_set_is_behind_since_ever(office: Any) -> None:
    found = _of(office, MessageKind.SOURCE_STALE)
    assert [message.about for message in found] == ["Bron 0001", "Bron 0002", "Bron 0003", "Bron 0004"]
    assert all(message.on is None for message in found)


def test_a_source_of_several_types_is_one_message(quiet: Any) -> None:
    def job(tx: Transaction) -> None:
        known = tuple(tx.register.publications())
        first = known[0]
        more = Publication(first.source, first.source_name, "jeugdhulp", first.publisher, first.contact)
        tx.register.replace(Register(tuple(tx.register.publishers()), (*known, more)))

    quiet.run(job)
    assert _messages(quiet) == [Message(MessageKind.SOURCE_STALE, "Bron 0001")]


# --- The resident -------------------------------------------------------------------------------------------------


def test_she_is_reminded_of_every_look_the_resident_does_not_know_of_until_she_tells(quiet: Any) -> None:
    relation = quiet.relation()
    for informed in (Informed.TOLD, Informed.TOGETHER):
        _look(quiet, relation.relation_id, informed)
    assert _messages(quiet) == []
    view = _look(quiet, relation.relation_id, Informed.NOT_YET)
    quiet.world.clock += timedelta(days=2)
    due = Message(
        MessageKind.TELL_RESIDENT,
        "WT-2026-0001",
        TODAY,
        relation_id=relation.relation_id,
        view_id=view.view_id,
    )
    assert _messages(quiet) == [due]
    assert _messages(quiet, "w.twee") == []
    quiet.act("w.een", lambda tx, actor: looked.say_told(tx, actor, view.view_id, quiet.world.clock))
    assert _messages(quiet) == []


def test_who_left_for_another_organisation_hears_nothing_of_the_cases_she_had(quiet: Any) -> None:
    relation = quiet.relation(valid_until=_day(5))
    _look(quiet, relation.relation_id, Informed.NOT_YET)
    _cover(quiet, 0, 5)
    assert len(_messages(quiet)) == 3
    quiet.hire("w.een", organisation=quiet.world.ZORG)
    assert _messages(quiet) == []


def test_nobody_is_asked_to_tell_a_resident_who_has_died(new_world: Callable[..., Any], office: Any) -> None:
    office.world = world = new_world(with_brp=True)
    world.publish_nothing_else()
    relation = office.relation(valid_until=_day(5))
    for operation in (BeperkingOperation.OPEN_SET, BeperkingOperation.SEAL_SET):
        world.accept(
            world.BRP, BatchClass.BEPERKING, [(None, BeperkingRow(operation, generation=1, count=0))]
        )
    _look(office, relation.relation_id, Informed.NOT_YET)
    assert len(_messages(office)) == 2
    death = BeperkingRow(BeperkingOperation.ASSERT, generation=1, kind=BeperkingKind.OVERLEDEN)
    world.accept(world.BRP, BatchClass.BEPERKING, [(world.PEOPLE[0], death)])
    assert _messages(office) == []


# --- Answers ------------------------------------------------------------------------------------------------------


def _asked_and_answered(office: Any, verdict: Verdict) -> str:
    world = office.world
    world.publish(world.GEMEENTE, "agb:00000001", "wmo-voorziening", {world.PEOPLE[0]: "2025-04"})
    world.publish_nothing_else()
    view = _look(office, office.relation().relation_id, Informed.TOLD)

    def ask(tx: Transaction, actor: Any) -> str:
        shown = views.look_at(tx, office.RULES, actor, view.view_id, world.clock)
        assert isinstance(shown, views.Shown)
        (signal,) = shown.signals
        asked = questions.ask(tx, office.RULES, actor, view.view_id, world.clock, key=signal.key)
        assert isinstance(asked, Question)
        return asked.reference

    reference: str = office.act("w.een", ask)
    assert _messages(office) == []
    office.hire("b.gemeente", [SOURCE_ADMIN])
    office.act("b.gemeente", lambda tx, actor: questions.answer(tx, actor, reference, verdict, world.clock))
    return reference


@pytest.mark.parametrize("verdict", list(Verdict))
def test_she_hears_what_a_source_answered_for_two_weeks(office: Any, verdict: Verdict) -> None:
    reference = _asked_and_answered(office, verdict)
    due = Message(
        MessageKind.QUESTION_ANSWERED, reference, TODAY, verdict=verdict, case_reference="WT-2026-0001"
    )
    for day in (0, 14):
        office.on(_day(day))
        assert _messages(office) == [due]
    assert _messages(office, "w.twee") == []
    office.on(_day(15))
    assert _messages(office) == []


def _ended_yesterday(relation: CareRelation) -> CareRelation:
    return replace(relation, ended_on=TODAY)


def _somebody_elses(relation: CareRelation) -> CareRelation:
    return replace(relation, worker="w.twee")


@pytest.mark.parametrize("change", [_ended_yesterday, _somebody_elses])
def test_an_answer_about_a_case_that_is_no_longer_hers_is_no_news_and_not_counted(
    office: Any, change: Callable[[CareRelation], CareRelation]
) -> None:
    _asked_and_answered(office, Verdict.MENDED)
    kind = MessageKind.QUESTION_ANSWERED
    address = "w.een@gemeente.example"
    office.act(
        "w.een", lambda tx, actor: messages.set_digest(tx, actor, address, office.world.clock, wanted=True)
    )

    def counted() -> list[int]:
        found = office.run(lambda tx: messages.digests(tx, office.RULES, office.world.clock))
        return [digest.counts[kind] for digest in found]

    assert (len(_of(office, kind)), counted()) == (1, [1])

    def job(tx: Transaction) -> None:
        (relation,) = tx.relations.all_of(office.world.GEMEENTE)
        tx.relations.put(change(relation))

    office.run(job)
    assert (_of(office, kind), counted()) == ([], [])
    assert _of(office, kind, "w.twee") == []


def test_an_answer_reaches_who_asked_while_she_covers_the_case(office: Any) -> None:
    _asked_and_answered(office, Verdict.RIGHT)

    def job(tx: Transaction) -> None:
        (relation,) = tx.relations.all_of(office.world.GEMEENTE)
        tx.relations.put(_somebody_elses(relation))

    office.run(job)
    assert _of(office, MessageKind.QUESTION_ANSWERED) == []
    _cover(office, 0, 20, delegate="w.een", by="w.twee")
    assert len(_of(office, MessageKind.QUESTION_ANSWERED)) == 1


# --- All together -------------------------------------------------------------------------------------------------


def _busy(office: Any) -> None:
    """Something of every kind, in a world whose sources are all behind."""
    _asked_and_answered(office, Verdict.MENDED)
    rows = [
        office.world.relation(
            relation_id=bytes([n] * 16), case_reference=f"WT-2026-000{n}", valid_until=_day(50 + n)
        )
        for n in (2, 3)
    ]
    office.world.accept(
        office.world.REGIE,
        BatchClass.ZORGRELATIE,
        list(zip(office.world.PEOPLE, rows, strict=False)),
    )
    office.on(_day(46))
    office.act("b.gemeente", lambda tx, actor: _answer_again(office, tx, actor))
    _look(office, rows[0].relation_id, Informed.NOT_YET)
    _cover(office, 46, 50)


def _answer_again(office: Any, tx: Transaction, actor: Any) -> None:
    """A question that was answered only now, after its due date."""
    (old,) = tx.questions.of_source("agb:00000001")
    tx.questions.put(type(old)(**{**vars(old), "verdict": None, "answered_on": None}))
    questions.answer(tx, actor, old.reference, Verdict.MENDED, office.world.clock)


def test_the_most_urgent_comes_first(office: Any) -> None:
    _busy(office)
    found = _messages(office)
    kinds = [message.kind for message in found]
    assert list(dict.fromkeys(kinds)) == [
        MessageKind.TELL_RESIDENT,
        MessageKind.COVER_ENDS,
        MessageKind.RELATION_ENDS,
        MessageKind.QUESTION_ANSWERED,
        MessageKind.SOURCE_STALE,
    ]
    relations = [message for message in found if message.kind is MessageKind.RELATION_ENDS]
    assert [message.about for message in relations] == ["WT-2026-0002", "WT-2026-0003"]


def test_no_message_reads_a_flag(office: Any) -> None:
    _busy(office)
    statements: list[str] = []
    office.world.trace(statements)
    assert _messages(office)
    assert any("FROM views" in statement for statement in statements), "nothing was watched"
    assert not [statement for statement in statements if "flags" in statement or "held_wishes" in statement]


SINCE = st.sampled_from(["2024-01", "2025-06", "2026-02"])
FLAGS = st.fixed_dictionaries(
    {
        ("GEMEENTE", "agb:00000001", "wmo-voorziening"): st.dictionaries(
            st.integers(0, 2), SINCE, max_size=3
        ),
        ("GEMEENTE", "agb:00000003", "jeugdhulp"): st.dictionaries(st.integers(0, 2), SINCE, max_size=3),
        ("ZORG", "kvk:00000004", "schuldhulptraject"): st.dictionaries(st.integers(0, 2), SINCE, max_size=3),
    }
).filter(lambda flags: any(flags.values()))


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(flags=FLAGS, later=st.integers(0, 60), informed=st.sampled_from(list(Informed)))
def test_the_messages_are_the_same_whatever_help_the_resident_has(
    new_office: Callable[[], Any],
    flags: dict[tuple[str, str, str], dict[int, str]],
    later: int,
    informed: Informed,
) -> None:
    nothing: dict[tuple[str, str, str], dict[int, str]] = {key: {} for key in flags}
    read = [_read(new_office(), held, later, informed) for held in (nothing, flags)]
    assert read[0] == read[1]


def _read(
    office: Any, flags: dict[tuple[str, str, str], dict[int, str]], later: int, informed: Informed
) -> list[tuple[object, ...]]:
    """What she reads some days after a look and a cover, in a world with these flags; ids that are drawn left out."""
    world = office.world
    for (publisher, source, kind), held in flags.items():
        people = {world.PEOPLE[person]: since for person, since in held.items()}
        world.publish(getattr(world, publisher), source, kind, people)
    relation = office.relation(relation_id=bytes([7] * 16), valid_until=_day(40))
    _look(office, relation.relation_id, informed)
    _cover(office, 0, 41)
    office.on(_day(later))
    return [(each.kind, each.about, each.on, each.relation_id, each.verdict) for each in _messages(office)]


# --- The digest ---------------------------------------------------------------------------------------------------


def _wish(office: Any, email: str | None, staff_id: str = "w.een") -> Any:
    return office.act(
        staff_id,
        lambda tx, actor: messages.set_digest(tx, actor, email, office.world.clock, wanted=email is not None),
    )


def _digests(office: Any) -> list[messages.Digest]:
    return list(office.run(lambda tx: messages.digests(tx, office.RULES, office.world.clock)))


def test_a_digest_counts_what_she_would_read(office: Any) -> None:
    _busy(office)
    _wish(office, "wil@gemeente.example")
    (digest,) = _digests(office)
    assert (digest.staff_id, digest.address) == ("w.een", "wil@gemeente.example")
    assert digest.counts == {
        MessageKind.TELL_RESIDENT: 1,
        MessageKind.COVER_ENDS: 1,
        MessageKind.RELATION_ENDS: 2,
        MessageKind.QUESTION_ANSWERED: 1,
        MessageKind.SOURCE_STALE: 4,
    }
    assert sum(digest.counts.values()) == len(_messages(office))


NO_DIGEST: list[tuple[str, Callable[[Any], None]]] = [
    ("did not ask for it", lambda office: _wish(office, None)),
    ("has nothing to read", lambda office: office.world.publish_nothing_else()),
    ("is blocked", lambda office: office.hire("w.een", active=False)),
    ("looks no more", lambda office: office.hire("w.een", [LEAD])),
]


@pytest.mark.parametrize(("_who", "change"), NO_DIGEST, ids=[row[0] for row in NO_DIGEST])
def test_nobody_gets_a_digest_who(office: Any, _who: str, change: Callable[[Any], None]) -> None:
    _wish(office, "wil@gemeente.example")
    assert len(_digests(office)) == 1
    change(office)
    assert _digests(office) == []
