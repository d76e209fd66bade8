"""Who administers can widen nobody's sight beyond the rules, and never her own."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from secrets import token_bytes
from typing import Any

import pytest

from policy.rulesets import bundled, load
from policy.vocabulary import Role
from signal_index.errors import (
    Conflict,
    Malformed,
    NotAuthenticated,
    NotFound,
    NotPermitted,
    SignalIndexError,
)
from signal_index.model import Actor, ContactRoute, LookupRequest, Register, StaffMember
from signal_index.model.administration import Change
from signal_index.model.workplace import Entrance, Informed, View
from signal_index.ports import Transaction
from signal_index.usecases import oversee, relations
from signal_index.usecases.administration.acting import SET_UP
from signal_index.usecases.administration.proposals import request_change
from signal_index.usecases.administration.register import import_register
from signal_index.usecases.administration.staff import import_staff
from signal_index.usecases.workplace import looked, sessions, views
from signal_index.usecases.workplace.sessions import SignedIn

FB = Role.FUNCTIONAL_ADMIN
RULES = load(bundled())


def _as(world: Any, staff_id: str, act: Callable[[Transaction, Actor], Any]) -> Any:
    def job(tx: Transaction) -> Any:
        return act(
            tx, Actor.in_all_roles(staff_id, tx.staff.get(staff_id), second_factor=True, token_id="test")
        )

    return world.database.run(job)


def _grant(world: Any, by: str, whom: str, role: str) -> None:
    _as(world, by, lambda tx, actor: request_change(tx, actor, Change.grant(whom, role), world.clock))


REFUSED_GRANTS: list[tuple[str, str, str, str, type[SignalIndexError]]] = [
    ("to herself", "f.beheer", "f.beheer", "teamleider", NotPermitted),
    ("by a worker", "w.een", "w.twee", "teamleider", NotPermitted),
    ("by a privacy officer", "p.officer", "w.een", "teamleider", NotPermitted),
    ("by nobody known", "x.onbekend", "w.een", "teamleider", NotPermitted),
    ("looking to who oversees", "f.beheer", "p.officer", "wijkteammedewerker", Conflict),
    ("overseeing to who looks", "f.beheer", "w.een", "privacy-officer", Conflict),
    ("administering to who looks", "f.beheer", "w.een", "functioneel-beheerder", Conflict),
    ("to somebody unknown", "f.beheer", "x.onbekend", "teamleider", NotFound),
    ("a role that does not exist", "f.beheer", "w.een", "alwetend", Malformed),
]


@pytest.mark.parametrize(
    ("_what", "by", "whom", "role", "error"), REFUSED_GRANTS, ids=[row[0] for row in REFUSED_GRANTS]
)
def test_a_grant_that_may_not_be_is_refused_and_leaves_no_role(
    world: Any, _what: str, by: str, whom: str, role: str, error: type[SignalIndexError]
) -> None:
    before = world.database.run(lambda tx: tx.staff.get(whom))
    granted = len(world.records("role.granted"))
    with pytest.raises(error):
        _grant(world, by, whom, role)
    assert world.database.run(lambda tx: tx.staff.get(whom)) == before
    assert len(world.records("role.granted")) == granted


def test_a_granted_role_counts_at_once_and_a_revoked_one_no_longer(world: Any) -> None:
    row = world.relation(worker="t.lead")
    world.register_relations((world.PEOPLE[0], row))
    assert world.look(row.relation_id, "t.lead").status_code == 403
    _grant(world, "f.beheer", "t.lead", "wijkteammedewerker")
    assert world.look(row.relation_id, "t.lead").status_code == 200
    _as(
        world,
        "f.beheer",
        lambda tx, actor: request_change(
            tx, actor, Change.revoke("t.lead", "wijkteammedewerker"), world.clock
        ),
    )
    assert world.look(row.relation_id, "t.lead").status_code == 403


def test_a_blocked_account_sees_nothing(world: Any) -> None:
    row = world.relation()
    world.register_relations((world.PEOPLE[0], row))
    blocked = [StaffMember("w.een", world.GEMEENTE, "noord", active=False)]
    _as(world, "f.beheer", lambda tx, actor: import_staff(tx, actor, blocked, world.clock))
    refused = world.look(row.relation_id)
    assert (refused.status_code, refused.json()["code"]) == (403, "account")


def test_set_up_is_over_once_somebody_administers(world: Any) -> None:
    with pytest.raises(NotPermitted, match="set-up-over"):
        _as(world, SET_UP, lambda tx, actor: import_staff(tx, actor, [], world.clock))


def test_who_administers_cannot_move_or_block_herself(world: Any) -> None:
    changed = [StaffMember("f.beheer", world.GEMEENTE, "zuid", active=True)]
    with pytest.raises(NotPermitted, match="own-entry"):
        _as(world, "f.beheer", lambda tx, actor: import_staff(tx, actor, changed, world.clock))


def _import_register(register: Register, now: datetime, tx: Transaction, actor: Actor) -> None:
    import_register(tx, actor, register, ["wmo-voorziening"], now)


def test_a_register_with_a_fault_changes_nothing(world: Any) -> None:
    known = world.database.run(
        lambda tx: Register(tuple(tx.register.publishers()), tuple(tx.register.publications()))
    )
    twice = Register(known.publishers, (*known.publications, known.publications[0]))
    orphaned = Register(known.publishers[:1], known.publications)
    for register in (twice, orphaned):
        act = partial(_import_register, register, world.clock)
        with pytest.raises(Malformed) as refused:
            _as(world, "f.beheer", act)
        assert refused.value.violations
    assert len(world.database.run(lambda tx: tx.register.publications())) == len(known.publications)


def test_only_a_privacy_officer_reads_the_log_and_reading_is_recorded(world: Any) -> None:
    for staff_id in ("w.een", "t.lead", "f.beheer"):
        assert world.request("GET", "/v1/logregels", headers=world.token(staff_id)).status_code == 403
    world.look(bytes(16))
    lines = world.request("GET", "/v1/logregels", headers=world.token("p.officer")).json()["logregels"]
    assert [line["gebeurtenis"] for line in lines] == ["lookup.refused"]
    assert world.records("log.read")[0].fields["actor"] == "p.officer"


def test_only_who_administers_lists_care_relations(world: Any) -> None:
    world.register_relations((world.PEOPLE[0], world.relation()))
    with pytest.raises(NotPermitted):
        _as(world, "w.een", lambda tx, actor: relations.list_relations(tx, actor, world.clock))
    found = _as(world, "f.beheer", lambda tx, actor: relations.list_relations(tx, actor, world.clock))
    assert [relation.case_reference for relation in found] == ["WT-2026-0001"]


def test_a_source_organisation_sees_counts_and_freshness(world: Any) -> None:
    world.publish(
        world.GEMEENTE, "agb:00000001", "wmo-voorziening", dict.fromkeys(world.PEOPLE[:3], "2025-04")
    )
    catalogue = world.desk.rules.in_force(world.DAY).catalogue
    standings = world.database.run(
        lambda tx: oversee.source_standing(tx, catalogue, world.DAY, world.GEMEENTE)
    )
    assert {(s.source, s.flag_count, s.current) for s in standings} == {
        ("agb:00000001", 3, True),
        ("agb:00000002", 0, False),
        ("agb:00000003", 0, False),
    }


def test_a_register_that_leaves_something_out_needs_a_second_word(world: Any) -> None:
    known = world.database.run(
        lambda tx: Register(tuple(tx.register.publishers()), tuple(tx.register.publications()))
    )
    types = [publication.type for publication in known.publications]
    smaller = Register(known.publishers, known.publications[1:])

    def act(tx: Transaction, actor: Actor) -> None:
        import_register(tx, actor, smaller, types, world.clock)

    with pytest.raises(Conflict, match=known.publications[0].source):
        _as(world, "f.beheer", act)
    assert len(world.database.run(lambda tx: tx.register.publications())) == len(known.publications)


def test_an_import_records_whom_to_phone_and_which_key_counts_since_then(world: Any) -> None:
    known = world.database.run(
        lambda tx: Register(tuple(tx.register.publishers()), tuple(tx.register.publications()))
    )
    types = [publication.type for publication in known.publications]
    other = ContactRoute("Iemand anders", "06 00000000")
    changed = (replace(known.publications[0], contact=other), *known.publications[1:])
    register = Register(known.publishers, changed)
    _as(world, "f.beheer", lambda tx, actor: import_register(tx, actor, register, types, world.clock))
    [record] = world.records("register.changed")
    assert (record.fields["entry"], record.fields["stands"]) == ("contact", "Iemand anders, 06 00000000")
    assert record.fields["key"] == f"{changed[0].source} {changed[0].type}"


def test_a_token_of_somebody_called_set_up_is_nobodys(world: Any) -> None:
    for path in ("/v1/medewerkers", "/v1/register"):
        refused = world.request("GET", path, headers=world.token(SET_UP))
        assert (refused.status_code, refused.json()["code"]) == (401, "account")


def test_an_attempt_by_somebody_known_is_recorded(world: Any) -> None:
    world.request("GET", "/v1/logregels", headers=world.token("w.een"))
    world.request("GET", "/v1/zorgrelaties", headers=world.token("p.officer"))
    attempts = [
        (r.fields["actor"], r.fields["surface"], r.fields["reason"]) for r in world.records("action.refused")
    ]
    assert attempts == [("p.officer", "zorgrelaties", "role"), ("w.een", "logregels", "role")]


def test_administration_records_the_account_it_came_from(world: Any) -> None:
    assert {record.fields["token"] for record in world.records("role.granted", "staff.imported")} == {"test"}


def _entrance(issuer: str) -> Entrance:
    return Entrance(issuer, "Regiesysteem", "00000099000000000001", bytes(range(32)))


def test_an_entrance_is_registered_once_and_never_dropped_in_silence(world: Any) -> None:
    before = world.database.run(
        lambda tx: Register(tuple(tx.register.publishers()), tuple(tx.register.publications()))
    )

    def bring(*entrances: Entrance) -> None:
        types = [entry.type for entry in before.publications]
        register = replace(before, entrances=entrances)
        _as(
            world,
            "f.beheer",
            lambda tx, actor: import_register(tx, actor, register, types, world.clock),
        )

    with pytest.raises(Malformed):
        bring(_entrance("https://regie.test"), _entrance("https://regie.test"))
    bring(_entrance("https://regie.test"))
    assert world.records("register.imported")[0].fields["entrances"] == 1
    with pytest.raises(Conflict, match="regie"):
        bring()


def test_a_staff_list_without_names_leaves_names_and_nobody_renames_herself(world: Any) -> None:
    def bring(staff_id: str, name: str) -> None:
        member = StaffMember(staff_id, world.GEMEENTE, "noord", active=True, name=name)
        _as(world, "f.beheer", lambda tx, actor: import_staff(tx, actor, [member], world.clock))

    bring("w.een", "Noor de Wit")
    bring("w.een", "")
    assert world.database.run(lambda tx: tx.staff.get("w.een")).name == "Noor de Wit"
    with pytest.raises(NotPermitted, match="own-entry"):
        bring("f.beheer", "Noor de Wit")


# --- Signing out --------------------------------------------------------------------------------------------------


def _sign_in(world: Any, staff_id: str) -> bytes:
    secret = token_bytes(32)
    who = SignedIn(staff_id, second_factor=True)
    world.database.run(lambda tx: sessions.open_session(tx, secret, who, world.clock))
    return secret


def _signed_in(world: Any, secret: bytes) -> bool:
    return world.database.run(lambda tx: tx.sessions.get(secret)) is not None


def _bring(world: Any, staff_id: str = "w.een", **changed: Any) -> None:
    member = replace(StaffMember(staff_id, world.GEMEENTE, "noord", active=True), **changed)
    _as(world, "f.beheer", lambda tx, actor: import_staff(tx, actor, [member], world.clock))


def _revoke(world: Any, staff_id: str, role: str) -> None:
    _as(
        world,
        "f.beheer",
        lambda tx, actor: request_change(tx, actor, Change.revoke(staff_id, role), world.clock),
    )


SIGNING_OUT: list[tuple[str, Callable[[Any], None], bool]] = [
    ("she is blocked", lambda world: _bring(world, active=False), True),
    ("she moves to another organisation", lambda world: _bring(world, organisation=world.ZORG), True),
    ("a role is taken from her", lambda world: _revoke(world, "w.een", "wijkteammedewerker"), True),
    ("nothing changes", _bring, False),
    ("she moves to another team", lambda world: _bring(world, team="zuid"), False),
    ("she gets a name", lambda world: _bring(world, name="Noor de Wit"), False),
    ("she gets a role", lambda world: _grant(world, "f.beheer", "w.een", "teamleider"), False),
]


@pytest.mark.parametrize(("_what", "change", "out"), SIGNING_OUT, ids=[row[0] for row in SIGNING_OUT])
def test_who_loses_what_let_her_in_is_signed_out_everywhere_and_nobody_else_is(
    world: Any, _what: str, change: Callable[[Any], None], *, out: bool
) -> None:
    hers = [_sign_in(world, "w.een"), _sign_in(world, "w.een")]
    colleague = _sign_in(world, "w.twee")
    change(world)
    assert [_signed_in(world, each) for each in hers] == [not out, not out]
    assert _signed_in(world, colleague)


def test_who_is_let_in_again_does_not_go_on_in_an_old_session(world: Any) -> None:
    secret = _sign_in(world, "w.een")
    _bring(world, active=False)
    _bring(world)
    with pytest.raises(NotAuthenticated, match="no-session"):
        world.database.run(lambda tx: sessions.resume(tx, secret, world.clock))


def test_an_attempt_that_is_refused_signs_nobody_out(world: Any) -> None:
    secret = _sign_in(world, "w.een")
    with pytest.raises(NotFound):
        _revoke(world, "w.een", "teamleider")
    own = [
        StaffMember("w.een", world.GEMEENTE, "noord", active=False),
        StaffMember("f.beheer", world.GEMEENTE, "zuid", active=True),
    ]
    with pytest.raises(NotPermitted, match="own-entry"):
        _as(world, "f.beheer", lambda tx, actor: import_staff(tx, actor, own, world.clock))
    assert _signed_in(world, secret)


def test_who_moved_to_another_organisation_finds_no_looks_of_the_one_before(world: Any) -> None:
    row = world.relation()
    world.register_relations((world.PEOPLE[0], row))

    def look(tx: Transaction, actor: Actor) -> Any:
        request = LookupRequest(row.relation_id, "voorbereiding-huisbezoek", informed=Informed.TOLD)
        return views.open_view(tx, RULES, actor, request, world.clock)

    def mine() -> list[bytes]:
        found = _as(world, "w.een", lambda tx, actor: looked.mine(tx, actor, world.clock))
        return [view.view_id for view in found]

    view = _as(world, "w.een", look)
    assert isinstance(view, View)
    assert mine() == [view.view_id]
    _bring(world, organisation=world.ZORG)
    assert mine() == []
    _bring(world)
    assert mine() == [view.view_id]
