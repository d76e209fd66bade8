"""An objection, or a worker who knows the resident: nothing is shown, and nothing is told."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from policy.vocabulary import Role
from signal_index.cli.administration import impediments as commands
from signal_index.errors import Conflict, Malformed, NotFound, NotPermitted
from signal_index.model import Actor, LookupRequest
from signal_index.model.impediments import Impediment
from signal_index.model.workplace import CoverReason, Informed
from signal_index.ports import Transaction
from signal_index.usecases.workplace.covers import CoverRequest, arrange
from signal_index.usecases.workplace.impeded import list_impediments
from signal_index.usecases.workplace.impediments import (
    STANDING_MAX,
    ImpedimentRequest,
    end_impediment,
    involve,
    involve_self,
    object_to,
)
from signal_index.usecases.workplace.views import Shown, look_at, open_view

DAY = timedelta(days=1)
CASE = bytes([7] * 16)


def _object(office: Any, relation_id: bytes = CASE, **days: date | None) -> Impediment:
    stated = {"first_day": office.world.clock.date(), **days}
    request = ImpedimentRequest(relation_id, **stated)
    made: Impediment = office.act(
        "p.officer", lambda tx, actor: object_to(tx, actor, request, office.world.clock)
    )
    return made


def _involve(office: Any, worker: str, by: str = "t.lead") -> Impediment:
    request = ImpedimentRequest(CASE, office.world.clock.date())

    def job(tx: Transaction, actor: Actor) -> Impediment:
        if worker == by:
            return involve_self(tx, actor, request, office.world.clock)
        return involve(tx, actor, worker, request, office.world.clock)

    made: Impediment = office.act(by, job)
    return made


def _shows(office: Any, staff_id: str = "w.een", relation_id: bytes = CASE) -> bool:
    return bool(office.world.look(relation_id, staff_id).json()["signalen"])


@pytest.fixture
def helped(office: Any) -> Any:
    """An office in which w.een cares for somebody with one flag, and w.twee looks for her."""
    world = office.world
    world.publish(world.GEMEENTE, "agb:00000001", "wmo-voorziening", {world.PEOPLE[0]: "2025-04"})
    world.register_relations((world.PEOPLE[0], world.relation(relation_id=CASE)))
    world.publish_nothing_else()
    request = CoverRequest("w.twee", world.DAY, world.DAY + 9 * DAY, CoverReason.LEAVE)
    office.act("w.een", lambda tx, actor: arrange(tx, actor, request, world.clock))
    return office


def test_an_objection_stops_everybody_and_an_involvement_one_worker(helped: Any) -> None:
    assert (_shows(helped), _shows(helped, "w.twee")) == (True, True)
    involved = _involve(helped, "w.een")
    assert (_shows(helped), _shows(helped, "w.twee")) == (False, True)
    helped.act(
        "t.lead", lambda tx, actor: end_impediment(tx, actor, involved.impediment_id, helped.world.clock)
    )
    _object(helped)
    assert (_shows(helped), _shows(helped, "w.twee")) == (False, False)


STOPS: dict[str, Callable[[Any], object]] = {
    "an objection": _object,
    "a worker who said it herself": lambda office: _involve(office, "w.een", "w.een"),
    "a team lead who said it of her": lambda office: _involve(office, "w.een"),
}


@pytest.mark.parametrize("stop", STOPS.values(), ids=STOPS.keys())
@pytest.mark.parametrize(
    "purpose", ["voorbereiding-huisbezoek", "schuldhulp-afstemming", "toets-zelfredzaamheid"]
)
def test_whoever_is_stopped_gets_the_bytes_of_nothing_there_at_the_same_work(
    new_office: Callable[[], Any], stop: Callable[[Any], object], purpose: str
) -> None:
    answers, work = [], []
    for flags, stopped in (({}, False), ({}, True), ({0: "2025-04"}, True)):
        office = new_office()
        world = office.world
        wishes = {world.PEOPLE[number]: since for number, since in flags.items()}
        world.publish(world.GEMEENTE, "agb:00000001", "wmo-voorziening", wishes)
        world.register_relations((world.PEOPLE[0], world.relation(relation_id=CASE)))
        world.publish_nothing_else()
        if stopped:
            stop(office)
        world.look(CASE, purpose=purpose)  # what both remember of the small tables is the same from here
        statements: list[str] = []
        world.watch(statements)
        answers.append(world.masked(world.look(CASE, purpose=purpose)))
        work.append([statement.split(" VALUES")[0] for statement in statements])
    assert answers[0] == answers[1] == answers[2]
    assert work[0] == work[1] == work[2]


@pytest.mark.parametrize("stop", STOPS.values(), ids=STOPS.keys())
def test_no_case_outside_the_caseload_answers_otherwise(helped: Any, stop: Callable[[Any], object]) -> None:
    unknown = helped.world.look(bytes(16), "w.twee")
    helped.run(lambda tx: tx.covers.remove_older(date(2099, 1, 1)))
    before = helped.world.look(CASE, "w.twee")
    stop(helped)
    after = helped.world.look(CASE, "w.twee")
    assert before.status_code == after.status_code == 404
    assert before.content == after.content == unknown.content


def test_the_record_says_what_stopped_the_look(helped: Any) -> None:
    made = _object(helped)
    assert not _shows(helped)
    [looked] = helped.world.records("lookup.answered")
    assert looked.fields["rules"] == ["G10-bezwaar-2026-01-01"]
    assert looked.fields["allowed"] == []
    assert f'"belemmeringen":["{made.impediment_id.hex()[:8]}"' in str(looked.fields["facts"])


def test_it_counts_from_its_first_day_up_to_and_including_its_last(helped: Any) -> None:
    today = helped.world.DAY
    _object(helped, first_day=today + DAY, last_day=today + 2 * DAY)
    shown = []
    for days in range(4):
        helped.on(today + days * DAY)
        shown.append(_shows(helped))
    assert shown == [True, False, False, True]


def test_it_holds_for_every_case_with_the_same_resident_and_no_other(office: Any) -> None:
    world = office.world
    one, other = world.PEOPLE[:2]
    world.publish(world.GEMEENTE, "agb:00000001", "wmo-voorziening", {one: "2025-04", other: "2025-04"})
    rows = [world.relation(relation_id=bytes([number] * 16)) for number in (1, 2, 3)]
    world.register_relations(*zip((one, one, other), rows, strict=True))
    _object(office, rows[0].relation_id)
    assert [_shows(office, relation_id=row.relation_id) for row in rows] == [False, False, True]


def test_a_page_that_is_open_shows_nothing_from_the_objection_on(helped: Any) -> None:
    request = LookupRequest(CASE, "voorbereiding-huisbezoek", informed=Informed.TOLD)
    view = helped.act(
        "w.een", lambda tx, actor: open_view(tx, helped.RULES, actor, request, helped.world.clock)
    )

    def again(tx: Transaction, actor: Actor) -> object:
        return look_at(tx, helped.RULES, actor, view.view_id, helped.world.clock)

    shown = []
    for stop in (lambda: None, lambda: _object(helped)):
        stop()
        page = helped.act("w.een", again)
        assert isinstance(page, Shown)
        shown.append(len(page.signals))
    assert shown == [1, 0]


@pytest.mark.parametrize("staff_id", ["w.een", "t.lead", "f.beheer"])
def test_only_a_privacy_officer_registers_an_objection(helped: Any, staff_id: str) -> None:
    request = ImpedimentRequest(CASE, helped.world.DAY)
    error, _ = helped.refused(staff_id, lambda tx, actor: object_to(tx, actor, request, helped.world.clock))
    assert isinstance(error, NotPermitted)
    assert _shows(helped)


def test_a_worker_says_it_of_herself_and_of_her_own_case_only(helped: Any) -> None:
    helped.hire("w.drie")
    request = ImpedimentRequest(CASE, helped.world.DAY)
    error, _ = helped.refused(
        "w.drie", lambda tx, actor: involve_self(tx, actor, request, helped.world.clock)
    )
    assert (type(error), error.code) == (NotFound, "not-in-caseload")
    error, _ = helped.refused(
        "w.een", lambda tx, actor: involve(tx, actor, "w.twee", request, helped.world.clock)
    )
    assert isinstance(error, NotPermitted)


@pytest.mark.parametrize(
    ("lead", "worker", "code"),
    [
        ("l.zuid", "w.een", "unknown-relation"),
        ("t.lead", "w.zuid", "unknown-worker"),
        ("t.lead", "x", "unknown-worker"),
    ],
)
def test_a_team_lead_says_it_of_her_own_team_and_its_cases_only(
    helped: Any, lead: str, worker: str, code: str
) -> None:
    helped.hire("l.zuid", [Role.TEAM_LEAD], team="zuid")
    helped.hire("w.zuid", team="zuid")
    request = ImpedimentRequest(CASE, helped.world.DAY)
    error, _ = helped.refused(lead, lambda tx, actor: involve(tx, actor, worker, request, helped.world.clock))
    assert (type(error), error.code) == (NotFound, code)


def test_nobody_objects_for_a_case_of_another_organisation(helped: Any) -> None:
    helped.hire("p.elders", [Role.PRIVACY_OFFICER], organisation=helped.world.ZORG)
    request = ImpedimentRequest(CASE, helped.world.DAY)
    error, _ = helped.refused("p.elders", lambda tx, actor: object_to(tx, actor, request, helped.world.clock))
    assert (type(error), error.code) == (NotFound, "unknown-relation")


@pytest.mark.parametrize(
    ("first", "last", "fields"),
    [(-1, None, {"van"}), (0, -1, {"tot"}), (-1, -2, {"van", "tot"})],
)
def test_days_that_cannot_be_are_named_and_nothing_is_registered(
    helped: Any, first: int, last: int | None, fields: set[str]
) -> None:
    today = helped.world.DAY
    request = ImpedimentRequest(CASE, today + first * DAY, today + last * DAY if last is not None else None)
    with pytest.raises(Malformed) as raised:
        helped.act("p.officer", lambda tx, actor: object_to(tx, actor, request, helped.world.clock))
    assert {field for field, _ in raised.value.violations} == fields
    assert _shows(helped)


def test_one_person_keeps_a_handful_about_one_worker_and_resident(helped: Any) -> None:
    """One worker made 2,000 about one resident, and a colleague's look became five times slower."""
    clock = helped.world.clock

    def say(by: str, last: int, worker: str = "") -> Any:
        request = ImpedimentRequest(CASE, helped.world.DAY, helped.world.DAY + last * DAY)
        if worker:
            return helped.act(by, lambda tx, actor: involve(tx, actor, worker, request, clock))
        return helped.act(by, lambda tx, actor: involve_self(tx, actor, request, clock))

    said = [say("w.een", last) for last in range(STANDING_MAX)]
    with pytest.raises(Conflict) as full:
        say("w.een", STANDING_MAX)
    assert full.value.code == "impediments-full"
    assert say("w.een", 3) == said[3], "the same once more is no other one"
    say("w.twee", 1)
    say("t.lead", 1, "w.een")
    helped.act("t.lead", lambda tx, actor: end_impediment(tx, actor, said[0].impediment_id, clock))
    say("w.een", STANDING_MAX)
    standing = helped.run(lambda tx: tx.impediments.about(said[0].organisation, said[0].person))
    assert len(standing) == STANDING_MAX + 2
    helped.world.clock = clock = clock + 2 * DAY  # one of hers is over by now
    request = ImpedimentRequest(CASE, helped.world.DAY + 2 * DAY)
    assert helped.act("w.een", lambda tx, actor: involve_self(tx, actor, request, clock))


def test_a_case_that_is_not_there_is_refused_on_record(helped: Any, shell: Any) -> None:
    unknown = str(UUID(int=1))
    assert shell("impediment", "object", unknown, "--as", "p.officer").exit_code == 1
    (refused,) = helped.world.records("action.refused")
    told = {name: refused.fields[name] for name in ("actor", "surface", "reason")}
    assert told == {"actor": "p.officer", "surface": "command-line", "reason": "unknown-relation"}


@pytest.mark.parametrize(
    ("stop", "may_end"),
    [
        (_object, {"p.officer"}),
        (lambda office: _involve(office, "w.een"), {"t.lead", "l.twee"}),
        (lambda office: _involve(office, "w.een", "w.een"), {"t.lead", "l.twee"}),
        (lambda office: _involve(office, "l.twee"), {"t.lead"}),
    ],
    ids=["an objection", "said of a worker", "said by a worker", "said of another lead"],
)
def test_nobody_ends_or_sees_what_stops_herself(
    helped: Any, stop: Callable[[Any], Impediment], may_end: set[str]
) -> None:
    helped.hire("l.twee", [Role.TEAM_LEAD, Role.TEAM_MEMBER])
    helped.hire("l.zuid", [Role.TEAM_LEAD], team="zuid")
    helped.hire("p.elders", [Role.PRIVACY_OFFICER], organisation=helped.world.ZORG)
    made, now = stop(helped), helped.world.clock
    reading, ending = set(), set()
    for staff_id in ("p.officer", "t.lead", "l.twee", "l.zuid", "p.elders"):
        listed = helped.act(staff_id, lambda tx, actor: list_impediments(tx, actor, now))
        reading |= {staff_id for _ in listed}
        if any(each.may_end for each in listed):
            ending.add(staff_id)
        else:
            error, _ = helped.refused(
                staff_id, lambda tx, actor: end_impediment(tx, actor, made.impediment_id, now)
            )
            assert error.code == "unknown-impediment"
    assert (ending, reading) == (may_end, may_end | {"p.officer"})
    for staff_id in ("w.een", "f.beheer"):
        helped.refused(staff_id, lambda tx, actor: end_impediment(tx, actor, made.impediment_id, now))
        helped.refused(staff_id, lambda tx, actor: list_impediments(tx, actor, now))
    helped.act(min(may_end), lambda tx, actor: end_impediment(tx, actor, made.impediment_id, now))
    assert _shows(helped)


def test_both_moments_are_on_record_about_the_resident(helped: Any) -> None:
    made = _involve(helped, "w.een")
    helped.act("t.lead", lambda tx, actor: end_impediment(tx, actor, made.impediment_id, helped.world.clock))
    records = helped.world.records("impediment.registered", "impediment.ended")
    assert [each.event for each in records] == ["impediment.ended", "impediment.registered"]
    for each in records:
        assert each.fields["kind"] == "betrokken"
        assert (each.fields["worker"], each.fields["actor"]) == ("w.een", "t.lead")
        assert (each.fields["first_day"], each.fields["last_day"]) == ("2026-03-03", None)
        assert each.fields["relation"] == str(UUID(bytes=CASE))
    about = helped.run(lambda tx: list(tx.audit.entries(subject=made.person)))
    assert {each.event for each in about} >= {"impediment.registered", "impediment.ended"}


def test_the_commands_register_list_and_end(helped: Any, shell: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "now", lambda: helped.world.clock)
    case = str(UUID(bytes=CASE))
    said = shell("impediment", "object", case, "--until", "2026-03-09", "--as", "p.officer").output.split()
    assert said[1:] == [
        "bezwaar", "relation", case, "every", "worker", "from", "2026-03-03", "until", "2026-03-09", "by", "p.officer",
    ]  # fmt: skip
    assert not _shows(helped)
    assert shell("impediment", "list", "--as", "p.officer").output.split() == said
    assert shell("impediment", "list", "--as", "t.lead").output == "nothing keeps anybody from looking\n"
    assert shell("impediment", "end", said[0], "--as", "p.officer").output == f"{said[0]}: ended\n"
    for words in (["--as", "w.een"], ["--worker", "w.twee", "--as", "t.lead"]):
        made = shell("impediment", "involve", case, *words).output
        assert made.count("betrokken") == 1
        assert made.rstrip().endswith(f"from 2026-03-03 with no last day  by {words[-1]}")
    assert (_shows(helped), shell("impediment", "list", "--as", "t.lead").output.count("betrokken")) == (
        False,
        2,
    )
    late = shell("impediment", "object", case, "--from", "2026-03-02", "--as", "p.officer")
    assert late.exit_code != 0
    assert "Kies vandaag of een latere dag." in late.output
