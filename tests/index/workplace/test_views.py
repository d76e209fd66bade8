"""A look as a page: opened and recorded once, shown again under every check, ended, and never wider than its record."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from crypto.batch import BatchClass
from crypto.encoding import Month
from crypto.sheet import AgeBand, SignaalOperation, SignaalRow, ZorgrelatieOperation, ZorgrelatieRow
from policy.vocabulary import Level
from signal_index.errors import NotFound, NotPermitted
from signal_index.model import Actor, LookupRequest
from signal_index.model.workplace import (
    VIEW_KEPT,
    VIEW_LASTS,
    Cover,
    CoverReason,
    Informed,
    Useful,
    View,
)
from signal_index.usecases.look_up import Refused
from signal_index.usecases.workplace import looked, questions, views

WMO, JEUGD, SCHULD = "wmo-voorziening", "jeugdhulp", "schuldhulptraject"
VISIT, TALK, DEBT = "voorbereiding-huisbezoek", "toets-zelfredzaamheid", "schuldhulp-afstemming"
LOOKING = "wijkteammedewerker"


def as_worker(world: Any, job: Callable[..., Any], staff_id: str = "w.een", **changed: Any) -> Any:
    """Run a use case as a member of staff who signed in."""
    stated: dict[str, Any] = {"second_factor": True, "token_id": "session:test", "role": LOOKING} | changed
    return world.database.run(
        lambda tx: job(tx, Actor.in_one_role(staff_id, tx.staff.get(staff_id), **stated))
    )


def open_view(
    world: Any, relation: ZorgrelatieRow, purpose: str = VISIT, *, domains: tuple[str, ...] = (), **actor: Any
) -> Any:
    request = LookupRequest(relation.relation_id, purpose, frozenset(domains), Informed.NOT_YET)
    return as_worker(
        world, lambda tx, who: views.open_view(tx, world.desk.rules, who, request, world.clock), **actor
    )


def look_at(world: Any, view: View, **actor: Any) -> Any:
    return as_worker(
        world, lambda tx, who: views.look_at(tx, world.desk.rules, who, view.view_id, world.clock), **actor
    )


def shown_types(world: Any, view: View) -> set[str]:
    outcome = look_at(world, view)
    assert isinstance(outcome, views.Shown), outcome
    return {each.signal.type for each in outcome.signals}


@pytest.fixture
def relation(world: Any) -> ZorgrelatieRow:
    """A world with help from two sources for the first person, and her live relation."""
    person = world.PEOPLE[0]
    world.publish(world.GEMEENTE, "agb:00000001", WMO, {person: "2025-04"})
    world.publish(world.GEMEENTE, "agb:00000003", JEUGD, {})
    world.publish(world.ZORG, "kvk:00000004", SCHULD, {person: "2025-11"})
    row: ZorgrelatieRow = world.relation()
    world.register_relations((person, row))
    return row


def withdraw(world: Any, source: str, kind: str) -> None:
    row = SignaalRow(SignaalOperation.WITHDRAW, source=source, type=kind, generation=1)
    world.accept(world.GEMEENTE, BatchClass.SIGNAAL, [(world.PEOPLE[0], row)])


def publish_youth_help(world: Any) -> None:
    row = SignaalRow(
        SignaalOperation.ASSERT, source="agb:00000003", type=JEUGD, generation=1, since=Month(2026, 2)
    )
    world.accept(world.GEMEENTE, BatchClass.SIGNAAL, [(world.PEOPLE[0], row)])


def test_opening_records_one_look_and_showing_it_ten_times_records_no_other(
    world: Any, relation: ZorgrelatieRow
) -> None:
    view = open_view(world, relation)
    before = len(world.records())
    for _ in range(10):
        assert shown_types(world, view) == {WMO, SCHULD}
    assert len(world.records()) == before
    (record,) = world.records("lookup.answered")
    assert record.fields["informed"] == "nog-niet"
    assert record.fields["any_shown"] is True
    assert record.fields["token"] == "session:test"


def test_a_withdrawn_flag_is_gone_when_the_page_is_refreshed(world: Any, relation: ZorgrelatieRow) -> None:
    view = open_view(world, relation)
    withdraw(world, "agb:00000001", WMO)
    assert shown_types(world, view) == {SCHULD}


def test_a_view_that_showed_nothing_stays_empty_and_a_new_look_does_not(world: Any) -> None:
    row = world.relation()
    world.publish_nothing_else()
    world.register_relations((world.PEOPLE[0], row))
    view = open_view(world, row)
    publish_youth_help(world)
    assert shown_types(world, view) == set()
    assert shown_types(world, open_view(world, row)) == {JEUGD}


def test_a_refresh_shows_no_type_and_no_level_beyond_the_record(world: Any, relation: ZorgrelatieRow) -> None:
    view = open_view(world, relation)
    assert view.allowed[WMO] is Level.CONTACT
    narrower = {WMO: Level.PRESENCE}
    stored = View(**{**vars(view), "allowed": narrower})
    world.database.run(lambda tx: tx.views.put(stored))
    (only,) = look_at(world, view).signals
    assert only.signal.type == WMO
    assert (only.signal.source_name, only.signal.contact) == (None, None)


@pytest.mark.parametrize("minutes", [29, 30, 31])
def test_a_view_ends_after_half_an_hour(world: Any, relation: ZorgrelatieRow, minutes: int) -> None:
    view = open_view(world, relation)
    world.clock += timedelta(minutes=minutes)
    outcome = look_at(world, view)
    assert isinstance(outcome, views.Shown if timedelta(minutes=minutes) < VIEW_LASTS else views.Ended)


def test_a_view_ends_when_the_worker_is_done(world: Any, relation: ZorgrelatieRow) -> None:
    view = open_view(world, relation)
    as_worker(world, lambda tx, who: views.close_view(tx, who, view.view_id, world.clock))
    before = len(world.records())
    assert isinstance(look_at(world, view), views.Ended)
    assert len(world.records()) == before


def test_somebody_elses_view_and_an_unknown_one_are_the_same_error(
    world: Any, relation: ZorgrelatieRow
) -> None:
    view = open_view(world, relation)
    texts = []
    for view_id, staff_id in ((view.view_id, "w.twee"), (bytes(16), "w.twee"), (bytes(16), "w.een")):
        with pytest.raises(NotFound) as refused:
            as_worker(
                world,
                lambda tx, who, wanted=view_id: views.look_at(tx, world.desk.rules, who, wanted, world.clock),
                staff_id,
            )
        texts.append(str(refused.value))
    assert len(set(texts)) == 1


def test_a_relation_that_ends_closes_the_open_page_and_the_attempt_is_on_record(
    world: Any, relation: ZorgrelatieRow
) -> None:
    view = open_view(world, relation)
    ended = ZorgrelatieRow(
        ZorgrelatieOperation.END,
        relation_id=relation.relation_id,
        generation=1,
        organisation=world.GEMEENTE,
        valid_until=date(2026, 3, 2),
    )
    world.accept(world.REGIE, BatchClass.ZORGRELATIE, [(world.PEOPLE[0], ended)])
    outcome = look_at(world, view)
    assert isinstance(outcome, Refused)
    assert outcome.error.code == "not-in-caseload"
    assert world.records("lookup.refused")[0].fields["reason"] == "relation-not-live"


@pytest.mark.parametrize("changed", [{"role": "teamleider"}, {"second_factor": False}, {"role": ""}])
def test_without_the_looking_role_or_a_second_factor_nothing_opens_and_nothing_shows(
    world: Any, relation: ZorgrelatieRow, changed: dict[str, Any]
) -> None:
    view = open_view(world, relation)
    assert isinstance(open_view(world, relation, **changed), Refused)
    with pytest.raises(NotPermitted):
        look_at(world, view, **changed)


def test_narrowing_reads_and_records_only_the_areas_asked_for(world: Any, relation: ZorgrelatieRow) -> None:
    view = open_view(world, relation, domains=("financien",))
    shown = look_at(world, view)
    assert {each.signal.type for each in shown.signals} == {SCHULD}
    assert {source.type for source in shown.sources} == {SCHULD}
    (record,) = world.records("lookup.answered")
    assert record.fields["domains"] == ["financien"]
    assert not any(str(entry).startswith(WMO) for entry in record.fields["allowed"])


@pytest.mark.parametrize("domains", [("wonen",), ("bestaat-niet",), ("financien", "bestaat-niet")])
def test_areas_that_do_not_belong_to_the_purpose_are_refused_before_the_relation_is_read(
    world: Any, relation: ZorgrelatieRow, domains: tuple[str, ...]
) -> None:
    unknown = world.relation()  # never registered
    outcomes = [open_view(world, row, domains=domains) for row in (relation, unknown)]
    assert {outcome.error.code for outcome in outcomes} == {"domains"}
    assert {entry.fields["reason"] for entry in world.records("lookup.refused")} == {"domains"}


def test_the_self_sufficiency_talk_shows_areas_and_no_signal(world: Any, relation: ZorgrelatieRow) -> None:
    view = open_view(world, relation, TALK)
    shown = look_at(world, view)
    assert shown.signals == ()
    marks = {area.domain: (area.has_signal, area.participating) for area in shown.areas}
    assert marks == {
        "financien": (True, True),
        "ondersteuning": (True, True),
        "jeugd-en-gezin": (False, True),
        "werk-en-opleiding": (False, False),
    }
    answer = world.look(relation.relation_id, purpose=TALK).json()
    assert answer["signalen"] == []
    assert {area["naam"] for area in answer["leefgebieden"] if area["signaal"]} == {
        "Geld en inkomen",
        "Ondersteuning en zorg",
    }


def test_an_area_with_an_outdated_source_says_so(world: Any, relation: ZorgrelatieRow) -> None:
    world.clock += timedelta(days=100)
    shown = look_at(world, open_view(world, relation, TALK))
    assert {area.domain: area.current for area in shown.areas if area.participating} == {
        "financien": False,
        "ondersteuning": False,
        "jeugd-en-gezin": False,
    }


def test_the_choice_of_purposes_is_the_same_for_every_case(world: Any) -> None:
    rows = [
        world.relation(case_reference="WT-1", age_band=AgeBand.UNDER_12, age_band_changes=Month(2030, 1)),
        world.relation(case_reference="WT-2", shielded=True),
    ]
    world.register_relations(*zip(world.PEOPLE, rows, strict=False))

    def start(row: ZorgrelatieRow) -> Any:
        return as_worker(
            world,
            lambda tx, who: views.start(tx, world.desk.rules, who, row.relation_id, world.clock).purposes,
        )

    in_force = world.desk.rules.in_force(world.DAY).catalogue
    assert start(rows[0]) == in_force.purposes
    assert start(rows[0]) == start(rows[1])


def test_starting_on_a_case_that_is_not_hers_is_one_error(world: Any, relation: ZorgrelatieRow) -> None:
    texts = set()
    for relation_id, staff_id in ((relation.relation_id, "w.twee"), (bytes(16), "w.een")):
        with pytest.raises(NotFound) as refused:
            as_worker(
                world,
                lambda tx, who, wanted=relation_id: views.start(
                    tx, world.desk.rules, who, wanted, world.clock
                ),
                staff_id,
            )
        texts.add(str(refused.value))
    assert len(texts) == 1


def test_a_cover_carries_a_look_on_its_days_and_the_record_names_it(
    world: Any, relation: ZorgrelatieRow
) -> None:
    today = world.clock.date()
    cover = Cover(
        cover_id=bytes([5] * 16),
        organisation=world.GEMEENTE,
        team="noord",
        absentee="w.een",
        delegate="w.twee",
        first_day=today,
        last_day=today + timedelta(days=2),
        reason=CoverReason.LEAVE,
        arranged_at=world.clock,
    )
    assert open_view(world, relation, staff_id="w.twee").error.code == "not-in-caseload"
    world.database.run(lambda tx: tx.covers.put(cover))
    view = open_view(world, relation, staff_id="w.twee")
    assert {each.signal.type for each in look_at(world, view, staff_id="w.twee").signals} == {WMO, SCHULD}
    record = world.records("lookup.answered")[0]
    assert record.fields["cover"] == str(UUID(bytes=cover.cover_id))
    assert record.fields["actor"] == "w.twee"
    answers = [look_at(world, view, staff_id="w.twee")]
    world.clock += timedelta(days=3)
    answers.append(open_view(world, relation, staff_id="w.twee"))
    assert [isinstance(answer, Refused) for answer in answers] == [False, True]


def test_what_the_worker_says_afterwards_is_kept_and_recorded_once(
    world: Any, relation: ZorgrelatieRow
) -> None:
    view = open_view(world, relation)
    world.clock += timedelta(days=1)  # long after the page has ended
    for _ in range(2):
        as_worker(world, lambda tx, who: looked.say_useful(tx, who, view.view_id, Useful.YES, world.clock))
        as_worker(world, lambda tx, who: looked.say_told(tx, who, view.view_id, world.clock))
    (mine,) = as_worker(world, lambda tx, who: looked.mine(tx, who, world.clock))
    assert (mine.useful, mine.told_on, mine.resident_must_be_told) == (Useful.YES, date(2026, 3, 4), False)
    (useful,) = world.records("view.useful")
    assert (useful.fields["purpose"], useful.fields["useful"]) == (VISIT, "ja")
    assert "relation" not in useful.fields
    (told,) = world.records("view.told")
    assert told.fields["relation"] == str(UUID(bytes=relation.relation_id))


def print_work(world: Any, view: View) -> Any:
    return as_worker(
        world,
        lambda tx, who: looked.print_worksheet(tx, world.desk.rules, who, view.view_id, world.clock),
    )


def print_fridge(world: Any, view: View, *keys: str) -> Any:
    return as_worker(
        world,
        lambda tx, who: looked.print_fridge(tx, world.desk.rules, who, view.view_id, world.clock, keys=keys),
    )


def test_printing_is_recorded_and_only_while_the_view_is_open(world: Any, relation: ZorgrelatieRow) -> None:
    view = open_view(world, relation)
    assert print_work(world, view).view.view_id == view.view_id
    assert [entry.fields["sheet"] for entry in world.records("view.printed")] == ["werkblad"]
    world.clock += VIEW_LASTS
    assert isinstance(print_work(world, view), views.Ended)
    assert isinstance(print_fridge(world, view), views.Ended)
    assert len(world.records("view.printed")) == 1


def test_a_case_that_is_no_longer_hers_is_neither_printed_nor_doubted_and_each_attempt_is_on_record_once(
    world: Any, relation: ZorgrelatieRow
) -> None:
    view = open_view(world, relation)
    key = next(iter(look_at(world, view).signals)).key
    ended = ZorgrelatieRow(
        ZorgrelatieOperation.END,
        relation_id=relation.relation_id,
        generation=1,
        organisation=world.GEMEENTE,
        valid_until=date(2026, 3, 2),
    )
    world.accept(world.REGIE, BatchClass.ZORGRELATIE, [(world.PEOPLE[0], ended)])

    def doubt(tx: Any, who: Actor) -> Any:
        return questions.ask(tx, world.desk.rules, who, view.view_id, world.clock, key=key)

    attempts: list[Callable[[], Any]] = [
        lambda: print_work(world, view),
        lambda: print_fridge(world, view, key),
        lambda: as_worker(world, doubt),
    ]
    for number, attempt in enumerate(attempts, start=1):
        outcome = attempt()
        assert isinstance(outcome, Refused)
        assert outcome.error.code == "not-in-caseload"
        assert [entry.fields["reason"] for entry in world.records("lookup.refused")] == [
            "relation-not-live"
        ] * number
    assert not world.records("view.printed", "question.asked")


def test_a_view_never_shows_another_person_under_the_same_relation(
    world: Any, relation: ZorgrelatieRow
) -> None:
    view = open_view(world, relation)
    mistake = ZorgrelatieRow(
        ZorgrelatieOperation.WITHDRAW_MISTAKE,
        relation_id=relation.relation_id,
        generation=1,
        organisation=world.GEMEENTE,
    )
    world.accept(world.REGIE, BatchClass.ZORGRELATIE, [(world.PEOPLE[0], mistake)])
    world.accept(world.REGIE, BatchClass.ZORGRELATIE, [(world.PEOPLE[1], relation)])
    outcome = look_at(world, view)
    assert isinstance(outcome, Refused)
    assert outcome.error.code == "not-in-caseload"
    assert world.records("lookup.refused")[0].fields["reason"] == "other-person"
    assert isinstance(open_view(world, relation), View), "a look of her own is what it takes"


def test_being_done_forgets_what_was_chosen_for_the_sheet(world: Any, relation: ZorgrelatieRow) -> None:
    view = open_view(world, relation)
    print_fridge(world, view, *(each.key for each in look_at(world, view).signals))
    as_worker(world, lambda tx, who: views.close_view(tx, who, view.view_id, world.clock))
    (mine,) = as_worker(world, lambda tx, who: looked.mine(tx, who, world.clock))
    assert mine.fridge == ()


def test_the_fridge_sheet_keeps_chosen_contacts_only(world: Any, relation: ZorgrelatieRow) -> None:
    view = open_view(world, relation)
    keys = {each.signal.type: each.key for each in look_at(world, view).signals}
    assert print_fridge(world, view, keys[SCHULD], "0" * 16).view.fridge == (keys[SCHULD],)
    assert [entry.fields["sheet"] for entry in world.records("view.printed")] == ["koelkastblad"]
    other = open_view(world, relation)
    assert set(keys.values()).isdisjoint(each.key for each in look_at(world, other).signals)


def test_her_looks_are_listed_newest_first_for_three_months(world: Any, relation: ZorgrelatieRow) -> None:
    first = open_view(world, relation)
    world.clock += timedelta(hours=1)
    second = open_view(world, relation, DEBT)

    def mine() -> list[bytes]:
        found = as_worker(world, lambda tx, who: looked.mine(tx, who, world.clock))
        return [view.view_id for view in found]

    assert mine() == [second.view_id, first.view_id]
    world.clock = first.opened_at + VIEW_KEPT
    assert mine() == [second.view_id]
    assert len(world.records("looks.listed")) == 2
