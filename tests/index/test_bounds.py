"""Who administers is bounded to her own organisation: what is of another does not exist for her.

There are two organisations that stand by themselves, and the index is the first one's. A source with one person in it
does not stand by itself, and goes with the first.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner

from policy.vocabulary import Role
from signal_index.cli import main
from signal_index.errors import Conflict, Malformed, NotFound, NotPermitted
from signal_index.model import Actor, StaffMember
from signal_index.model.administration import Change, What, Why
from signal_index.store import open_database
from signal_index.usecases import oversee
from signal_index.usecases.administration import accounts, appointing, proposals, staff, teams
from signal_index.usecases.administration.acting import SET_UP
from signal_index.usecases.administration.register import import_register, read_register
from signal_index.usecases.administration.waiting import waiting
from signal_index.usecases.rulebook.reading import count_waiting_rules
from signal_index.usecases.sources.entries import Editing
from signal_index.usecases.sources.overview import overview
from signal_index.usecases.sourcing import renewals
from tests.index.conftest import DAY, GEMEENTE, RULES, ZORG, World
from tests.index.test_staff_commands import CONFIG
from tests.support.rulebook import Book

OTHER = "00000099000000000009"
HERE, THERE = "f.beheer", "g.beheer"
OFFICER_THERE, WORKER_THERE, OF_A_SOURCE = "g.officer", "g.werk", "b.bron"
SETTING_UP = Actor.in_all_roles(SET_UP, None, second_factor=True, token_id="test")


@pytest.fixture
def region(tmp_path: Path) -> Iterator[Any]:
    """An index of one organisation, that serves another one and a source as well."""
    world: Any = World(tmp_path)
    world.database.close()
    world.adopt(open_database(world.path, world.secrets, writer_kind="serve", owner=GEMEENTE))
    _hire(world, THERE, OTHER, Role.FUNCTIONAL_ADMIN)
    _hire(world, "g.tweede", OTHER, Role.FUNCTIONAL_ADMIN)
    _hire(world, OFFICER_THERE, OTHER, Role.PRIVACY_OFFICER)
    _hire(world, WORKER_THERE, OTHER, Role.TEAM_MEMBER)
    _hire(world, OF_A_SOURCE, ZORG, Role.SOURCE_ADMIN)
    yield world
    world.database.close()


def _hire(world: Any, staff_id: str, organisation: str, role: Role | None, **rest: Any) -> None:
    def job(tx: Any) -> None:
        days = {"seen_on": DAY, "confirmed_on": DAY} | rest
        tx.staff.put(StaffMember(staff_id, organisation, "noord", active=True, **days))
        if role is not None:
            tx.staff.grant(staff_id, role, "test", world.clock)

    world.database.run(job)


def _ask(world: Any, by: str, change: Change) -> Any:
    return world.act_as(
        by, lambda tx, actor: proposals.request_change(tx, actor, change, world.clock, why=Why.SECURITY)
    )


def _entry(world: Any, staff_id: str) -> StaffMember:
    found: StaffMember = world.database.run(lambda tx: tx.staff.get(staff_id))
    return found


def _ids(world: Any, by: str) -> set[str]:
    found = world.act_as(by, lambda tx, actor: staff.list_staff(tx, actor, world.clock))
    return {each.staff_id for each in found}


def test_the_list_of_staff_is_that_of_her_own_organisation(region: Any) -> None:
    assert _ids(region, THERE) == {THERE, "g.tweede", OFFICER_THERE, WORKER_THERE}
    here = _ids(region, HERE)
    assert OF_A_SOURCE in here, "who administers where the index belongs does so for sources"
    assert not here & {THERE, "g.tweede", OFFICER_THERE, WORKER_THERE}


@pytest.mark.parametrize("by", [HERE, THERE])
@pytest.mark.parametrize(
    "change",
    [
        lambda who: Change.grant(who, Role.TEAM_LEAD),
        lambda who: Change.grant(who, Role.PRIVACY_OFFICER),
        lambda who: Change.revoke(who, Role.TEAM_MEMBER),
        Change.block,
        Change.unblock,
        lambda who: Change.move(who, OTHER, "zuid"),
        lambda who: Change.move(who, GEMEENTE, "zuid"),
    ],
)
def test_somebody_of_another_organisation_is_answered_for_as_nobody(
    region: Any, by: str, change: Callable[[str], Change]
) -> None:
    whom = WORKER_THERE if by == HERE else "w.een"
    before = _entry(region, whom)
    told = []
    for who in (whom, "x.onbekend"):
        with pytest.raises(NotFound) as refused:
            _ask(region, by, change(who))
        told.append((refused.value.code, refused.value.detail))
    assert told[0] == told[1]
    assert _entry(region, whom) == before


def test_nobody_is_put_in_another_organisation(region: Any) -> None:
    for by, whom, where in (
        (HERE, "w.een", OTHER),
        (THERE, WORKER_THERE, GEMEENTE),
        (THERE, WORKER_THERE, ZORG),
        (THERE, WORKER_THERE, "00000099000000000077"),
    ):
        with pytest.raises(NotPermitted, match="other-organisation"):
            _ask(region, by, Change.move(whom, where, "noord"))
    assert _ask(region, THERE, Change.move(WORKER_THERE, OTHER, "zuid")) is None


def test_a_proposal_is_decided_within_the_organisation_it_is_about(region: Any) -> None:
    _hire(region, "g.nieuw", OTHER, None)
    asked = _ask(region, THERE, Change.grant("g.nieuw", Role.PRIVACY_OFFICER))
    for by in (HERE, "f.tweede", "p.officer"):
        assert asked.proposal_id not in _proposed(region, by)
        counted = region.act_as(by, lambda tx, actor: proposals.count_waiting(tx, actor.staff, region.clock))
        assert counted == 0
        with pytest.raises(NotFound, match="no-proposal"):
            _decide(region, by, asked.proposal_id)
    assert _proposed(region, OFFICER_THERE) == {asked.proposal_id}
    _decide(region, OFFICER_THERE, asked.proposal_id)
    assert Role.PRIVACY_OFFICER in _entry(region, "g.nieuw").roles


def _proposed(world: Any, by: str) -> set[bytes]:
    found = world.act_as(by, lambda tx, actor: proposals.list_proposals(tx, actor, world.clock))
    return {each.proposal.proposal_id for each in found}


def _decide(world: Any, by: str, proposal_id: bytes) -> Any:
    return world.act_as(
        by, lambda tx, actor: proposals.decide(tx, actor, proposal_id, world.clock, approve=True)
    )


def test_a_proposal_of_who_is_of_another_organisation_by_now_is_stale(region: Any) -> None:
    _hire(region, "g.nieuw", OTHER, None)
    asked = _ask(region, THERE, Change.grant("g.nieuw", Role.PRIVACY_OFFICER))
    region.database.run(lambda tx: tx.staff.put(StaffMember(THERE, GEMEENTE, "noord", active=True)))
    with pytest.raises(Conflict, match="proposal-outdated"):
        _decide(region, OFFICER_THERE, asked.proposal_id)


def test_a_list_names_nobody_of_another_organisation(region: Any) -> None:
    taken = StaffMember(WORKER_THERE, GEMEENTE, "noord", active=True)
    placed = StaffMember("w.drie", OTHER, "noord", active=True)
    own = StaffMember("w.vier", GEMEENTE, "noord", active=True)
    before = _entry(region, WORKER_THERE)
    for act in (staff.compare_staff, staff.import_staff):
        with pytest.raises(Malformed) as refused:
            region.act_as(HERE, lambda tx, actor: act(tx, actor, [own, taken, placed], region.clock))  # noqa: B023
        assert [place for place, _ in refused.value.violations] == ["[2]", "[3]"]
    assert _entry(region, WORKER_THERE) == before
    assert region.database.run(lambda tx: tx.staff.get("w.vier")) is None
    with pytest.raises(Malformed):
        region.act_as(HERE, lambda tx, actor: staff.add_member(tx, actor, taken, region.clock))


def test_teams_are_those_of_her_own_organisation(region: Any) -> None:
    found = region.act_as(THERE, lambda tx, actor: teams.list_teams(tx, actor, region.clock))
    assert {each.organisation for each in found} == {OTHER}
    answer = teams.Answer(frozenset({"t.lead"}), frozenset())
    for of in ((GEMEENTE, "noord"), (GEMEENTE, "bestaat-niet")):
        with pytest.raises(NotFound, match="no-roll"):
            region.act_as(
                THERE,
                lambda tx, actor: teams.confirm_for_team(tx, actor, of, answer, region.clock),  # noqa: B023
            )


def test_what_waits_for_her_is_of_her_own_organisation(region: Any) -> None:
    catalogue = RULES.in_force(DAY).catalogue
    region.clock += timedelta(days=40)

    def begin(by: str) -> Any:
        return region.act_as(
            by, lambda tx, actor: waiting(tx, actor, catalogue, region.clock, unused_days=45)
        )

    there = begin(THERE)
    assert {each.organisation for each in there.soon_off} == {OTHER}
    assert (there.behind, there.nobody_delivers) == ((), False), "sources are not hers to see to"
    assert begin(HERE).behind


OF_THE_INDEX: dict[str, Callable[[Any, Actor], Any]] = {
    "the register is read": lambda tx, actor: read_register(tx, actor, _CLOCK),
    "the register is replaced": lambda tx, actor: import_register(
        tx, actor, _as_it_is(tx), [kind.code for kind in RULES.in_force(DAY).catalogue.types], _CLOCK
    ),
    "sources are listed": lambda tx, actor: overview(tx, RULES, actor, _CLOCK),
    "an entry is changed": lambda tx, actor: Editing(tx, actor, (), _CLOCK),
    "keys are listed": lambda tx, actor: renewals.proposals(tx, actor, _CLOCK),
    "a key is decided on": lambda tx, actor: renewals.decide(tx, actor, bytes(16), _CLOCK, approve=True),
}


def _as_it_is(tx: Any) -> Any:
    return read_register(
        tx, Actor.in_all_roles(HERE, tx.staff.get(HERE), second_factor=True, token_id="test"), _CLOCK
    )


_CLOCK: Any = None


@pytest.mark.parametrize("act", OF_THE_INDEX.values(), ids=OF_THE_INDEX.keys())
def test_what_is_of_the_index_is_for_who_administers_where_it_belongs(
    region: Any, monkeypatch: pytest.MonkeyPatch, act: Callable[[Any, Actor], Any]
) -> None:
    monkeypatch.setitem(globals(), "_CLOCK", region.clock)
    with pytest.raises(NotPermitted, match="other-organisation"):
        region.act_as(THERE, act)
    with suppress(NotFound):  # there is no such key, and she may ask
        region.act_as(HERE, act)


def test_without_an_owner_the_register_is_everybodys_and_staff_is_not(world: Any) -> None:
    _hire(world, THERE, OTHER, Role.FUNCTIONAL_ADMIN)
    _hire(world, OFFICER_THERE, OTHER, Role.PRIVACY_OFFICER)
    world.act_as(THERE, lambda tx, actor: read_register(tx, actor, world.clock))
    assert _ids(world, THERE) == {THERE, OFFICER_THERE}


def test_over_the_interface_another_organisation_is_not_there(region: Any) -> None:
    def ask(method: str, path: str, body: Any = None) -> Any:
        return region.request(method, f"/v1{path}", headers=region.token(THERE), json=body)

    listed = [each["medewerker"] for each in ask("GET", "/medewerkers").json()["medewerkers"]]
    assert sorted(listed) == sorted({THERE, "g.tweede", OFFICER_THERE, WORKER_THERE})
    hers = str(UUID(bytes=region.database.run(lambda tx: tx.names.of_staff("w.een"))))
    nobody = "00000000-0000-4000-8000-000000000000"
    entry = {"organisatie": GEMEENTE, "team": "zuid", "actief": False}
    for method, rest, body in (
        ("PUT", "", entry),
        ("POST", "/rollen", {"rol": "teamleider"}),
        ("DELETE", "/rollen/wijkteammedewerker", None),
    ):
        one, other = (ask(method, f"/medewerkers/{who}{rest}", body) for who in (hers, nobody))
        assert (one.status_code, one.json()) == (404, other.json())
    refused = ask("GET", "/register")
    assert (refused.status_code, refused.json()["code"]) == (403, "other-organisation")


def test_who_may_not_administer_hears_so_before_whether_there_is_such_a_colleague(world: Any) -> None:
    for path, method, body in (
        ("", "PUT", {"organisatie": GEMEENTE, "team": "zuid", "actief": False}),
        ("/rollen", "POST", {"rol": "teamleider"}),
        ("/rollen/teamleider", "DELETE", None),
    ):
        answered = world.request(
            method,
            f"/v1/medewerkers/00000000-0000-4000-8000-000000000000{path}",
            headers=world.token("w.een"),
            json=body,
        )
        assert (answered.status_code, answered.json()["code"]) == (403, "role"), method


# --- What comes of it ---------------------------------------------------------------------------------------------


def _read_by(world: Any, officer: str, event: str) -> list[Any]:
    found = world.act_as(
        officer, lambda tx, actor: oversee.read_log(tx, actor, world.clock, looks_only=False, limit=1000)
    )
    return [each for each in found if each.event == event]


def test_an_act_is_on_record_under_the_organisation_of_whom_it_is_about(region: Any) -> None:
    _ask(region, THERE, Change.block(WORKER_THERE))
    assert region.records("staff.blocked")[0].fields["organisation"] == OTHER
    assert len(_read_by(region, OFFICER_THERE, "staff.blocked")) == 1
    assert _read_by(region, "p.officer", "staff.blocked") == []


def test_what_is_done_where_nobody_oversees_is_read_by_every_privacy_officer(region: Any) -> None:
    _ask(region, HERE, Change.block(OF_A_SOURCE))
    for officer in ("p.officer", OFFICER_THERE):
        assert len(_read_by(region, officer, "staff.blocked")) == 1


def test_a_confirmation_is_on_record_under_the_organisation_of_the_team(region: Any) -> None:
    answer = teams.Answer(frozenset({OF_A_SOURCE}), frozenset())
    region.act_as(
        HERE, lambda tx, actor: teams.confirm_for_team(tx, actor, (ZORG, "noord"), answer, region.clock)
    )
    (record,) = region.records("team.confirmed")
    assert record.fields["organisation"] is None, "nobody oversees that source from within"
    confirmed = teams.Answer(frozenset({"g.tweede", OFFICER_THERE, WORKER_THERE}), frozenset())
    region.act_as(
        THERE, lambda tx, actor: teams.confirm_for_team(tx, actor, (OTHER, "noord"), confirmed, region.clock)
    )
    assert region.records("team.confirmed")[0].fields["organisation"] == OTHER


def test_an_organisation_that_stands_by_itself_keeps_standing(region: Any) -> None:
    _decide(region, OFFICER_THERE, _ask(region, THERE, Change.block("g.tweede")).proposal_id)
    with pytest.raises(Conflict, match="last-holder"):
        _ask(region, THERE, Change.block(OFFICER_THERE))


def test_the_daily_job_spares_the_last_two_of_each_organisation(region: Any) -> None:
    region.clock += timedelta(days=60)
    swept = region.database.run(lambda tx: accounts.block_unused(tx, 45, region.clock))
    assert {THERE, "g.tweede", OFFICER_THERE, HERE, "f.tweede", "p.officer"} <= set(swept.spared)


# --- The first two ------------------------------------------------------------------------------------------------


def test_two_are_appointed_where_nobody_administers_and_after_that_it_is_closed(region: Any) -> None:
    for name in ("z.een", "z.twee"):
        _hire(region, name, ZORG, None)

    def appoint(one: str, other: str) -> None:
        region.database.run(lambda tx: appointing.appoint_first(tx, SETTING_UP, (one, other), region.clock))

    with pytest.raises(Malformed, match="two-people"):
        appoint("z.een", WORKER_THERE)
    with pytest.raises(NotPermitted, match="set-up-over"):
        appoint(OFFICER_THERE, WORKER_THERE)
    assert OF_A_SOURCE in _ids(region, HERE)
    appoint("z.een", "z.twee")
    assert OF_A_SOURCE not in _ids(region, HERE)
    assert OF_A_SOURCE in _ids(region, "z.een")
    with pytest.raises(NotPermitted, match="set-up-over"):
        appoint("z.een", "z.twee")


# --- Taking back, and lists ---------------------------------------------------------------------------------------


def _withdraw(world: Any, by: str, proposal_id: bytes) -> Any:
    return world.act_as(by, lambda tx, actor: proposals.withdraw(tx, actor, proposal_id, world.clock))


def test_who_proposed_takes_it_back_and_nobody_else_does(world: Any) -> None:
    asked = _ask(world, HERE, Change.revoke("f.tweede", Role.FUNCTIONAL_ADMIN))
    for by in ("f.tweede", "p.officer"):
        with pytest.raises((NotFound, NotPermitted)):
            _withdraw(world, by, asked.proposal_id)
    assert _withdraw(world, HERE, asked.proposal_id).state(world.clock).value == "ingetrokken"
    with pytest.raises(Conflict, match="proposal-decided"):
        _decide(world, "p.officer", asked.proposal_id)
    assert world.records("proposal.withdrawn")[0].fields["staff"] == "f.tweede"
    assert _ask(world, HERE, Change.revoke("f.tweede", Role.FUNCTIONAL_ADMIN)) != asked, "she may ask anew"


def test_what_was_decided_is_not_taken_back(world: Any) -> None:
    asked = _ask(world, HERE, Change.revoke("f.tweede", Role.FUNCTIONAL_ADMIN))
    _decide(world, "p.officer", asked.proposal_id)
    with pytest.raises(Conflict, match="proposal-decided"):
        _withdraw(world, HERE, asked.proposal_id)


def test_of_who_holds_a_sensitive_role_a_list_makes_one_proposal(world: Any) -> None:
    _hire(world, "p.twee", GEMEENTE, Role.PRIVACY_OFFICER)
    listed = [StaffMember("p.twee", GEMEENTE, "zuid", active=False)]

    def bring() -> Any:
        return world.act_as(HERE, lambda tx, actor: staff.import_staff(tx, actor, listed, world.clock))

    (waits,) = bring().waiting
    assert waits.what is What.BLOCK
    found = world.database.run(lambda tx: tx.proposals.all())
    (asked,) = [each for each in found if each.change.staff_id == "p.twee"]
    _decide(world, "f.tweede", asked.proposal_id)
    assert not _entry(world, "p.twee").active
    (rest,) = bring().waiting
    assert rest.what is What.MOVE, "what is left comes with the next list"


# --- By command ---------------------------------------------------------------------------------------------------


def test_a_command_is_bounded_as_a_page_is_and_takes_a_proposal_back(region: Any) -> None:
    region.secrets.save(region.folder / "index.key")
    region.manifest.save(region.folder / "manifest.json")
    config = region.folder / "index.toml"
    config.write_text(f'oin = "{GEMEENTE}"\n{CONFIG}')

    def shell(*words: str) -> Any:
        return CliRunner().invoke(main, [*words, "--config", str(config)])

    listed = shell("staff", "list", "--as", THERE).output
    assert WORKER_THERE in listed
    assert "w.een" not in listed
    one, other = (shell("staff", "block", who, "--as", THERE) for who in ("w.een", "x.onbekend"))
    assert (one.exit_code, one.output) == (1, other.output)
    register = region.folder / "register.toml"
    key = region.folder / "key.json"
    region.senders[GEMEENTE].secrets.public().save(key)
    register.write_text(_REGISTER)
    assert "Vraag daar de beheerder" in shell("register", "import", str(register), "--as", THERE).output
    asked = shell(
        "staff", "revoke", "g.tweede", Role.FUNCTIONAL_ADMIN, "--because", "taak-gestopt", "--as", THERE
    )
    proposal = asked.output.split()[-1]
    assert "no proposals wait" in shell("proposal", "list", "--as", HERE).output
    assert shell("proposal", "withdraw", proposal, "--as", "g.tweede").exit_code == 1
    assert "ingetrokken" in shell("proposal", "withdraw", proposal, "--as", THERE).output
    assert "no proposals wait" in shell("proposal", "list", "--as", OFFICER_THERE).output


_REGISTER = f"""
[[publishers]]
oin = "{GEMEENTE}"
name = "Gemeente"
key = "key.json"
items_per_batch = 4
classes = ["signaal"]
[[publications]]
source = "agb:00000001"
source_name = "Bron"
type = "wmo-voorziening"
publisher = "{GEMEENTE}"
contact_name = "Balie"
contact_phone = "085-0000000"
"""


def test_only_who_works_for_the_organisation_whose_index_it_is_puts_rules_in_force(region: Any) -> None:
    book = Book(region)
    for there in (THERE, OFFICER_THERE):
        with pytest.raises(NotPermitted, match="other-organisation"):
            book.propose(there)
    digest = book.propose(HERE)
    for there in (THERE, "g.tweede", OFFICER_THERE):
        assert book.refused(book.approve, there, digest) == "other-organisation"
        assert book.refused(book.refuse, there, digest) == "other-organisation"
        assert region.act_as(there, count_waiting_rules) == 0
    assert book.approve("p.officer", digest).missing == (Role.FUNCTIONAL_ADMIN,)
    assert region.act_as("f.tweede", count_waiting_rules) == 1
    assert book.approve("f.tweede", digest).missing == ()
