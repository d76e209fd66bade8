"""What is sensitive takes two people, accounts nobody uses or stands up for are blocked, and each step is on record."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policy.vocabulary import SENSITIVE_ROLES, Role, roles_conflict
from signal_index.errors import Conflict, Malformed, NotFound, NotPermitted, SignalIndexError
from signal_index.model import StaffMember, dutch_day
from signal_index.model.administration import PROPOSAL_WAITS, Change, Proposal, Why
from signal_index.usecases.administration import accounts, appointing, proposals, staff, teams
from signal_index.usecases.workplace import sessions
from tests.index.conftest import SETTING_UP

FIRST, SECOND, OFFICER, LEAD = "f.beheer", "f.tweede", "p.officer", "t.lead"
DAY = timedelta(days=1)


def hire(world: Any, staff_id: str, *roles: Role, **changed: Any) -> None:
    """Put somebody in the staff table, behind the rules' back."""
    member = replace(StaffMember(staff_id, world.GEMEENTE, "noord", active=True), **changed)

    def job(tx: Any) -> None:
        tx.staff.put(member)
        for role in roles:
            tx.staff.grant(staff_id, role, "test", world.clock)

    world.database.run(job)


def entry(world: Any, staff_id: str) -> StaffMember:
    found = world.database.run(lambda tx: tx.staff.get(staff_id))
    assert isinstance(found, StaffMember)
    return found


def ask(world: Any, change: Change, by: str = FIRST, why: Why | None = Why.SECURITY) -> Proposal | None:
    found: Proposal | None = world.act_as(
        by, lambda tx, actor: proposals.request_change(tx, actor, change, world.clock, why=why)
    )
    return found


def decide(world: Any, proposal: Proposal | None, by: str = SECOND, *, approve: bool = True) -> Proposal:
    assert proposal is not None, "it waits"
    decided: Proposal = world.act_as(
        by,
        lambda tx, actor: proposals.decide(tx, actor, proposal.proposal_id, world.clock, approve=approve),
    )
    return decided


# --- Two people ---------------------------------------------------------------------------------------------------


SENSITIVE = {
    "a role that oversees": lambda: Change.grant("n.nieuw", Role.PRIVACY_OFFICER),
    "a role that administers": lambda: Change.grant("n.nieuw", Role.FUNCTIONAL_ADMIN),
    "taking a role that administers": lambda: Change.revoke("f.derde", Role.FUNCTIONAL_ADMIN),
    "blocking who administers": lambda: Change.block("f.derde"),
    "moving who administers": lambda: Change.move("f.derde", "00000099000000000001", "zuid"),
    "letting in who oversaw": lambda: Change.unblock("p.weg"),
}


@pytest.fixture
def town(world: Any) -> Any:
    """A world with somebody more in each role that matters here."""
    hire(world, "n.nieuw")
    hire(world, "f.derde", Role.FUNCTIONAL_ADMIN)
    hire(world, "p.weg", Role.PRIVACY_OFFICER, active=False)
    return world


@pytest.mark.parametrize("make", SENSITIVE.values(), ids=SENSITIVE.keys())
def test_nothing_sensitive_happens_before_a_second_person_agrees(
    town: Any, make: Callable[[], Change]
) -> None:
    change = make()
    before = entry(town, change.staff_id)
    proposal = ask(town, change)
    assert entry(town, change.staff_id) == before
    assert ask(town, change) == proposal, "asking twice is one proposal"
    with pytest.raises(NotPermitted, match="own-proposal"):
        decide(town, proposal, FIRST)
    assert decide(town, proposal).approved
    assert entry(town, change.staff_id) != before
    made, agreed = town.records("proposal.made")[0], town.records("proposal.approved")[0]
    assert (made.fields["actor"], agreed.fields["actor"]) == (FIRST, SECOND)
    assert made.fields["staff"] == agreed.fields["staff"] == change.staff_id
    done = town.records("role.granted", "role.revoked", "staff.blocked", "staff.unblocked", "staff.moved")[0]
    assert done.fields["proposal"] == made.fields["proposal"]


def test_who_it_is_about_does_not_decide_and_a_no_changes_nothing(town: Any) -> None:
    proposal = ask(town, Change.revoke("f.derde", Role.FUNCTIONAL_ADMIN))
    with pytest.raises(NotPermitted, match="own-proposal"):
        decide(town, proposal, "f.derde", approve=False)
    for who in ("w.een", LEAD, "n.nieuw"):
        with pytest.raises(NotPermitted, match="role"):
            decide(town, proposal, who)
    assert decide(town, proposal, OFFICER, approve=False).approved is False
    assert Role.FUNCTIONAL_ADMIN in entry(town, "f.derde").roles
    with pytest.raises(Conflict, match="proposal-decided"):
        decide(town, proposal)
    with pytest.raises(NotFound, match="no-proposal"):
        decide(town, replace(proposal, proposal_id=bytes(16)))  # type: ignore[type-var]


OUTDATED: dict[str, tuple[Callable[[Any], Any], str]] = {
    "she moved": (lambda town: hire(town, "n.nieuw", team="zuid"), "proposal-outdated"),
    "she got another name": (lambda town: hire(town, "n.nieuw", name="Anna de Vries"), "proposal-outdated"),
    "who proposed it only leads a team now": (
        lambda town: town.database.run(lambda tx: _turn_into_lead(tx, FIRST, town.clock)),
        "proposal-outdated",
    ),
    "she was blocked": (lambda town: hire(town, "n.nieuw", active=False), "proposal-outdated"),
    "she got a role that does not go together": (
        lambda town: ask(town, Change.grant("n.nieuw", Role.TEAM_MEMBER)),
        "conflicting-role",
    ),
    "who proposed it was blocked": (
        lambda town: hire(town, FIRST, active=False),
        "proposal-outdated",
    ),
    "who proposed it administers no more": (
        lambda town: town.database.run(lambda tx: tx.staff.revoke(FIRST, Role.FUNCTIONAL_ADMIN)),
        "proposal-outdated",
    ),
    "it waited too long": (lambda town: _wait(town, PROPOSAL_WAITS), "proposal-decided"),
}


def _turn_into_lead(tx: Any, staff_id: str, now: Any) -> None:
    tx.staff.revoke(staff_id, Role.FUNCTIONAL_ADMIN)
    tx.staff.grant(staff_id, Role.TEAM_LEAD, "test", now)


def _wait(world: Any, time: timedelta) -> None:
    world.clock += time


@pytest.mark.parametrize(("meanwhile", "code"), OUTDATED.values(), ids=OUTDATED.keys())
def test_a_decision_checks_everything_again(town: Any, meanwhile: Callable[[Any], Any], code: str) -> None:
    proposal = ask(town, Change.grant("n.nieuw", Role.PRIVACY_OFFICER))
    meanwhile(town)
    with pytest.raises(Conflict, match=code):
        decide(town, proposal)
    assert Role.PRIVACY_OFFICER not in entry(town, "n.nieuw").roles


def test_it_can_be_decided_until_its_last_moment(town: Any) -> None:
    proposal = ask(town, Change.grant("n.nieuw", Role.PRIVACY_OFFICER))
    town.clock += PROPOSAL_WAITS - timedelta(seconds=1)
    decide(town, proposal)
    assert Role.PRIVACY_OFFICER in entry(town, "n.nieuw").roles


def test_the_last_who_oversees_stays_and_two_can_always_decide(world: Any) -> None:
    with pytest.raises(Conflict, match="last-holder"):
        ask(world, Change.revoke(OFFICER, Role.PRIVACY_OFFICER))
    with pytest.raises(Conflict, match="last-holder"):
        ask(world, Change.block(OFFICER))
    decide(world, ask(world, Change.revoke(SECOND, Role.FUNCTIONAL_ADMIN)), OFFICER)
    with pytest.raises(NotPermitted, match="role"):
        ask(world, Change.block(FIRST), by=SECOND)


def test_each_organisation_keeps_somebody_who_oversees_it(world: Any) -> None:
    hire(world, "p.elders", Role.PRIVACY_OFFICER, organisation="00000004000000030000")
    for change in (
        Change.revoke("p.elders", Role.PRIVACY_OFFICER),
        Change.block("p.elders"),
        Change.move("p.elders", world.GEMEENTE, "noord"),
    ):
        with pytest.raises(Conflict, match="last-holder"):
            ask(world, change)


def test_blocking_leaves_two_who_can_decide(world: Any) -> None:
    hire(world, OFFICER, active=False)
    with pytest.raises(Conflict, match="last-holder"):
        ask(world, Change.block(SECOND))


def test_two_proposals_that_would_leave_nobody_do_not_both_pass(world: Any) -> None:
    one = ask(world, Change.revoke(SECOND, Role.FUNCTIONAL_ADMIN))
    other = ask(world, Change.revoke(FIRST, Role.FUNCTIONAL_ADMIN), by=SECOND)
    decide(world, one, OFFICER)
    with pytest.raises(Conflict):
        decide(world, other, OFFICER)
    assert Role.FUNCTIONAL_ADMIN in entry(world, FIRST).roles


PLAIN_REFUSED: list[tuple[str, Change, type[SignalIndexError], str]] = [
    ("her own role", Change.grant(FIRST, Role.SOURCE_ADMIN), NotPermitted, "own-role"),
    ("letting herself in", Change.unblock(FIRST), NotPermitted, "own-role"),
    ("moving herself", Change.move(FIRST, "00000099000000000001", "zuid"), NotPermitted, "own-role"),
    ("blocking who is blocked", Change.block("w.weg"), Conflict, "nothing-to-change"),
    ("letting in who is in", Change.unblock("w.een"), Conflict, "nothing-to-change"),
    ("a role she has", Change.grant("w.een", Role.TEAM_MEMBER), Conflict, "nothing-to-change"),
    ("a role for a blocked account", Change.grant("w.weg", Role.TEAM_LEAD), Conflict, "blocked-member"),
    ("a role she has not", Change.revoke("w.een", Role.TEAM_LEAD), NotFound, "role-not-held"),
]


@pytest.mark.parametrize(
    ("_what", "change", "error", "code"), PLAIN_REFUSED, ids=[row[0] for row in PLAIN_REFUSED]
)
def test_what_cannot_be_is_refused(
    world: Any, _what: str, change: Change, error: type[SignalIndexError], code: str
) -> None:
    hire(world, "w.weg", Role.TEAM_MEMBER, active=False)
    with pytest.raises(error, match=code):
        ask(world, change)


def test_a_proposal_needs_a_reason_that_somebody_chose(town: Any) -> None:
    for why in (None, Why.IMPORTED):
        with pytest.raises(Malformed) as refused:
            ask(town, Change.grant("n.nieuw", Role.PRIVACY_OFFICER), why=why)
        assert refused.value.violations[0][0] == "reden"


def test_plain_roles_are_one_persons_act(world: Any) -> None:
    assert ask(world, Change.grant("w.een", Role.TEAM_LEAD), why=None) is None
    assert Role.TEAM_LEAD in entry(world, "w.een").roles
    assert ask(world, Change.block("w.een"), why=Why.LEFT) is None
    assert world.records("staff.blocked")[0].fields["why"] == "uit-dienst"


# --- The first two ------------------------------------------------------------------------------------------------


@pytest.fixture
def empty(world: Any) -> Any:
    """An index that nobody administers or oversees any more."""

    def job(tx: Any) -> None:
        for staff_id in (FIRST, SECOND, OFFICER):
            for role in SENSITIVE_ROLES:
                tx.staff.revoke(staff_id, role)

    world.database.run(job)
    return world


def _appoint(world: Any, one: str, other: str) -> None:
    world.database.run(lambda tx: appointing.appoint_first(tx, SETTING_UP, (one, other), world.clock))


@pytest.mark.parametrize(
    ("one", "other", "error"),
    [
        (FIRST, FIRST, Malformed),
        (FIRST, "w.een", Conflict),
        (FIRST, LEAD, Conflict),
        (FIRST, "x.onbekend", NotFound),
        (FIRST, "w.weg", Conflict),
    ],
)
def test_the_first_two_are_two_people_who_may_or_neither_is(
    empty: Any, one: str, other: str, error: type[SignalIndexError]
) -> None:
    hire(empty, "w.weg", active=False)
    with pytest.raises(error):
        _appoint(empty, one, other)
    assert not entry(empty, FIRST).roles & SENSITIVE_ROLES


def test_set_up_appoints_two_and_is_over(empty: Any) -> None:
    _appoint(empty, FIRST, SECOND)
    assert [entry(empty, each).roles for each in (FIRST, SECOND)] == [{Role.FUNCTIONAL_ADMIN}] * 2
    with pytest.raises(NotPermitted, match="set-up-over"):
        _appoint(empty, OFFICER, "w.een")


def test_who_is_alone_gets_a_second_person_by_set_up_only(empty: Any) -> None:
    hire(empty, FIRST, Role.FUNCTIONAL_ADMIN)
    with pytest.raises(NotPermitted, match="set-up-over"):
        empty.act_as(
            FIRST, lambda tx, actor: appointing.appoint_first(tx, actor, (FIRST, SECOND), empty.clock)
        )
    _appoint(empty, FIRST, SECOND)
    assert Role.FUNCTIONAL_ADMIN in entry(empty, SECOND).roles


# --- Accounts -----------------------------------------------------------------------------------------------------


def sweep(world: Any, days: int = 45) -> accounts.Swept:
    found: accounts.Swept = world.database.run(lambda tx: accounts.block_unused(tx, days, world.clock))
    return found


def test_who_does_not_sign_in_is_blocked_after_her_days_and_not_before(world: Any) -> None:
    world.clock += 44 * DAY
    who = sessions.SignedIn("w.een", second_factor=True)
    world.database.run(lambda tx: sessions.open_session(tx, bytes(32), who, world.clock))
    world.clock += DAY
    assert sweep(world) == accounts.Swept()
    world.clock += DAY
    swept = sweep(world)
    assert set(swept.blocked) == {"w.twee", LEAD}
    assert set(swept.spared) == {FIRST, SECOND, OFFICER}, "the last two of a role are told of"
    assert entry(world, "w.een").active
    blocked = world.records("staff.blocked")
    assert {(each.fields["staff"], each.fields["why"]) for each in blocked} == {
        ("w.twee", "niet-gebruikt"),
        (LEAD, "niet-gebruikt"),
    }
    assert not any("actor" in each.fields for each in blocked)


def test_whoever_is_blocked_is_signed_out_and_let_in_by_a_colleague_only(world: Any) -> None:
    world.clock += 46 * DAY
    who = sessions.SignedIn("w.een", second_factor=True)
    world.database.run(lambda tx: sessions.open_session(tx, bytes(32), who, world.clock - 46 * DAY))
    sweep(world)
    assert world.database.run(lambda tx: tx.sessions.get(bytes(32))) is None
    assert ask(world, Change.unblock("w.een"), why=None) is None
    assert entry(world, "w.een").seen_on == dutch_day(world.clock), "she gets her days anew"
    assert "w.een" not in sweep(world).blocked


def test_of_three_who_administer_the_one_longest_away_is_blocked(world: Any) -> None:
    hire(world, "f.derde", Role.FUNCTIONAL_ADMIN, seen_on=world.DAY - DAY)
    world.clock += 60 * DAY
    swept = sweep(world)
    assert "f.derde" in swept.blocked
    assert {FIRST, SECOND} <= set(swept.spared)


def test_days_of_accounts_from_before_count_from_the_first_daily_job(world: Any) -> None:
    hire(world, "w.oud", Role.TEAM_MEMBER)
    world.clock += 100 * DAY
    assert "w.oud" not in sweep(world).blocked
    assert world.database.run(lambda tx: accounts.start_counting(tx, world.clock)) == 1
    world.clock += 46 * DAY
    assert "w.oud" in sweep(world).blocked


# --- Teams --------------------------------------------------------------------------------------------------------


def _roll(world: Any) -> teams.Roll:
    found: teams.Roll = world.act_as(LEAD, lambda tx, actor: teams.own_team(tx, actor, world.clock))
    return found


def _say(world: Any, gone: frozenset[str] = frozenset()) -> tuple[Proposal, ...]:
    known = frozenset(each.staff_id for each in _roll(world).members)
    waiting: tuple[Proposal, ...] = world.act_as(
        LEAD,
        lambda tx, actor: teams.confirm_own_team(tx, actor, teams.Answer(known - gone, gone), world.clock),
    )
    return waiting


def test_a_team_is_due_every_quarter_and_who_nobody_confirmed_is_blocked_after_the_grace(world: Any) -> None:
    assert _roll(world).due_on == world.DAY + 92 * DAY
    world.clock += 92 * DAY
    assert not _roll(world).overdue
    world.clock += DAY
    assert _roll(world).overdue
    world.clock += 29 * DAY
    unconfirmed = world.database.run(lambda tx: accounts.block_unconfirmed(tx, 30, world.clock))
    assert unconfirmed == accounts.Swept()
    world.clock += DAY
    swept = world.database.run(lambda tx: accounts.block_unconfirmed(tx, 30, world.clock))
    assert set(swept.blocked) == {"w.een", "w.twee", LEAD}
    assert set(swept.spared) == {FIRST, SECOND, OFFICER}


def test_a_lead_confirms_everybody_but_herself_and_lets_go_at_once(world: Any) -> None:
    world.clock += 93 * DAY
    assert _say(world, frozenset({"w.twee"})) == ()
    assert not entry(world, "w.twee").active
    assert entry(world, "w.een").confirmed_on == dutch_day(world.clock)
    assert entry(world, LEAD).confirmed_on == world.DAY
    assert _roll(world).last.members == ("f.beheer", "f.tweede", "p.officer", "w.een")  # type: ignore[union-attr]
    (waiting,) = _say(world, frozenset({OFFICER}))
    assert entry(world, OFFICER).active
    assert waiting.proposed_by == LEAD


def test_a_team_without_an_active_lead_goes_to_who_administers(world: Any) -> None:
    def standing() -> teams.TeamStanding:
        (found,) = world.act_as(FIRST, lambda tx, actor: teams.list_teams(tx, actor, world.clock))
        assert isinstance(found, teams.TeamStanding)
        return found

    assert [each.staff_id for each in standing().roll.members] == [LEAD], "nobody confirms herself"
    ask(world, Change.block(LEAD), why=None)
    assert standing().leads == ()
    roll = {each.staff_id for each in standing().roll.members}
    assert roll == {"w.een", "w.twee", OFFICER, SECOND}, "not herself"
    answer = teams.Answer(frozenset(roll - {"w.een"}), frozenset({"w.een"}))
    world.act_as(
        FIRST,
        lambda tx, actor: teams.confirm_for_team(tx, actor, (world.GEMEENTE, "noord"), answer, world.clock),
    )
    assert not entry(world, "w.een").active


def test_nobody_is_confirmed_who_was_not_on_the_list(world: Any) -> None:
    known = frozenset(each.staff_id for each in _roll(world).members)
    for answer in (
        teams.Answer(known - {"w.een"}, frozenset()),
        teams.Answer(known | {LEAD}, frozenset()),
        teams.Answer(known, frozenset({"w.een"})),
    ):
        with pytest.raises(Conflict, match="team-changed"):
            world.act_as(LEAD, lambda tx, actor: teams.confirm_own_team(tx, actor, answer, world.clock))  # noqa: B023


# --- Lists --------------------------------------------------------------------------------------------------------


def _import(world: Any, *members: StaffMember) -> staff.ImportPlan:
    plan: staff.ImportPlan = world.act_as(
        FIRST, lambda tx, actor: staff.import_staff(tx, actor, members, world.clock)
    )
    return plan


def test_of_a_list_the_plain_lines_are_done_and_the_sensitive_ones_wait(town: Any) -> None:
    here = town.GEMEENTE
    plan = _import(
        town,
        StaffMember("w.een", here, "zuid", active=False),
        StaffMember("p.weg", here, "noord", active=True),
        StaffMember("f.derde", town.ZORG, "noord", active=True),
        StaffMember("w.vers", here, "noord", active=True, roles=frozenset({Role.TEAM_LEAD})),
    )
    assert [(each.staff_id, each.what.value) for each in plan.changes] == [
        ("w.een", "verplaatsen"),
        ("w.een", "blokkeren"),
    ]
    assert [(each.staff_id, each.what.value) for each in plan.waiting] == [
        ("p.weg", "deblokkeren"),
        ("f.derde", "verplaatsen"),
    ]
    assert (entry(town, "w.een").team, entry(town, "w.een").active) == ("zuid", False)
    assert not entry(town, "p.weg").active
    assert entry(town, "f.derde").organisation == here
    assert entry(town, "w.vers").roles == frozenset(), "a list gives no role"
    assert town.records("staff.imported")[0].fields["waiting"] == 2


def test_a_comparison_changes_nothing_and_says_what_the_list_would(town: Any) -> None:
    listed = [StaffMember("w.een", town.GEMEENTE, "zuid", active=True, name="Wil")]
    before = town.database.run(lambda tx: tx.staff.all())
    plan = town.act_as(FIRST, lambda tx, actor: staff.compare_staff(tx, actor, listed, town.clock))
    assert town.database.run(lambda tx: tx.staff.all()) == before
    assert _import(town, *listed) == plan
    assert _import(town, *listed) == staff.ImportPlan(unchanged=1), "twice changes nothing"


def test_somebody_who_is_listed_twice_spoils_the_list(world: Any) -> None:
    twice = StaffMember("w.vers", world.GEMEENTE, "noord", active=True)
    with pytest.raises(Malformed) as refused:
        _import(world, twice, StaffMember("w.een", world.GEMEENTE, "zuid", active=True), twice)
    assert [place for place, _ in refused.value.violations] == ["[1]", "[3]"]
    assert entry(world, "w.een").team == "noord"


# --- Whatever is asked --------------------------------------------------------------------------------------------

PEOPLE = ("w.een", "w.twee", LEAD, OFFICER, FIRST, SECOND)
CHANGES = st.one_of(
    st.builds(Change.grant, st.sampled_from(PEOPLE), st.sampled_from(list(Role))),
    st.builds(Change.revoke, st.sampled_from(PEOPLE), st.sampled_from(list(Role))),
    st.builds(Change.block, st.sampled_from(PEOPLE)),
    st.builds(Change.unblock, st.sampled_from(PEOPLE)),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=st.lists(st.tuples(st.sampled_from(PEOPLE), CHANGES, st.sampled_from(PEOPLE)), max_size=12))
def test_whatever_two_people_agree_on_no_roles_clash_and_somebody_administers_and_oversees(
    new_world: Any, asked: list[tuple[str, Change, str]]
) -> None:
    world = new_world()
    for one, change, other in asked:
        try:
            waiting = ask(world, change, by=one)
            if waiting is not None:
                decide(world, waiting, other)
        except SignalIndexError:
            continue
    members = [each for each in world.database.run(lambda tx: tx.staff.all()) if each.active]
    assert not any(roles_conflict([Role(role) for role in each.roles]) for each in members)
    assert all(any(role in each.roles for each in members) for role in SENSITIVE_ROLES)
    assert sum(1 for each in members if each.roles & SENSITIVE_ROLES) >= 2
