"""A municipality automates its staff changes: everything over HTTP, and what takes two still takes two."""

from typing import Any

import pytest

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
FB, SECOND = "f.beheer", "f.tweede"


def ask(world: Any, who: str, method: str, path: str, body: Any = None) -> Any:
    options = {} if body is None else {"json": body}
    return world.request(method, f"/v1{path}", headers=world.token(who), **options)


def named(world: Any, staff_id: str) -> Any:
    listed = ask(world, FB, "GET", "/medewerkers").json()["medewerkers"]
    return next(each for each in listed if each["medewerker"] == staff_id)


def at(world: Any, staff_id: str, rest: str = "") -> str:
    return f"/medewerkers/{named(world, staff_id)['kenmerk']}{rest}"


def user(staff_id: str, world: Any, **changed: Any) -> dict[str, Any]:
    """A user as an identity provider lists her, with more than we need."""
    return {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE],
        "userName": staff_id,
        "displayName": "Wil Jansen",
        "active": True,
        "emails": [{"value": "wil@gemeente.example"}],
        ENTERPRISE: {"organization": world.GEMEENTE, "department": "noord"},
    } | changed


def test_an_address_never_holds_a_staff_id(world: Any) -> None:
    one, other = named(world, "w.een"), named(world, "w.twee")
    assert "w.een" not in one["kenmerk"]
    assert one["kenmerk"] == named(world, "w.een")["kenmerk"] != other["kenmerk"]
    answer = ask(world, FB, "POST", "/medewerkers/w.een/rollen", {"rol": "teamleider"})
    assert answer.status_code == 400
    unknown = ask(
        world, FB, "POST", "/medewerkers/00000000-0000-4000-8000-000000000000/rollen", {"rol": "teamleider"}
    )
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown-staff")


def test_a_colleague_is_added_given_a_role_moved_and_blocked(world: Any) -> None:
    new = {
        "medewerker": "w.drie",
        "naam": "Wil",
        "organisatie": world.GEMEENTE,
        "team": "noord",
        "actief": True,
    }
    assert ask(world, FB, "POST", "/medewerkers", new).status_code == 200
    assert ask(world, FB, "POST", "/medewerkers", new).json()["code"] == "known-staff"
    assert named(world, "w.drie")["rollen"] == []
    role = {"rol": "wijkteammedewerker"}
    assert ask(world, FB, "POST", at(world, "w.drie", "/rollen"), role).json() == {"wachtend": []}
    entry = {"organisatie": world.GEMEENTE, "team": "zuid", "actief": False}
    assert ask(world, FB, "PUT", at(world, "w.drie"), entry).status_code == 200
    after = named(world, "w.drie")
    assert (after["team"], after["actief"], after["naam"]) == ("zuid", False, "Wil")
    assert after["rollen"] == ["wijkteammedewerker"]
    assert ask(world, FB, "DELETE", at(world, "w.drie", "/rollen/wijkteammedewerker")).status_code == 200
    assert named(world, "w.drie")["rollen"] == []


def test_a_sensitive_role_waits_for_a_second_person(world: Any) -> None:
    new = {"medewerker": "p.nieuw", "organisatie": world.GEMEENTE, "team": "noord", "actief": True}
    ask(world, FB, "POST", "/medewerkers", new)
    path = at(world, "p.nieuw", "/rollen")
    without = ask(world, FB, "POST", path, {"rol": "privacy-officer"})
    assert (without.status_code, without.json()["velden"][0]["veld"]) == (400, "reden")
    asked = ask(world, FB, "POST", path, {"rol": "privacy-officer", "reden": "nieuwe-taak"})
    assert asked.status_code == 202
    (proposal,) = asked.json()["wachtend"]
    assert named(world, "p.nieuw")["rollen"] == []
    decision = f"/voorstellen/{proposal}/besluit"
    own = ask(world, FB, "POST", decision, {"akkoord": True})
    assert (own.status_code, own.json()["code"]) == (403, "own-proposal")
    decided = ask(world, SECOND, "POST", decision, {"akkoord": True})
    assert (decided.status_code, decided.json()["stand"]) == (200, "akkoord")
    assert named(world, "p.nieuw")["rollen"] == ["privacy-officer"]
    again = ask(world, SECOND, "POST", decision, {"akkoord": False})
    assert (again.status_code, again.json()["code"]) == (409, "proposal-decided")
    listed = ask(world, "p.officer", "GET", "/voorstellen").json()["voorstellen"]
    deciders = {each["voorstel"]: each["besluiter"] for each in listed}
    assert deciders[proposal] == SECOND


def test_a_list_of_the_identity_provider_is_compared_and_then_taken_over(world: Any) -> None:
    listed = [user("w.drie", world), user("p.officer", world, active=False, displayName="")]
    body = {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": 2,
        "Resources": listed,
    }
    compared = ask(world, FB, "POST", "/medewerkerslijsten?alleenVergelijken=true", body).json()
    assert compared["toegevoegd"] == ["w.drie"]
    assert [(each["wat"], each["medewerker"]) for each in compared["wachtend"]] == [
        ("blokkeren", "p.officer")
    ]
    assert len(ask(world, FB, "GET", "/medewerkers").json()["medewerkers"]) == 6
    assert ask(world, FB, "POST", "/medewerkerslijsten", body).json() == compared
    assert named(world, "w.drie")["naam"] == "Wil Jansen"
    assert named(world, "p.officer")["actief"]


def test_every_fault_of_a_list_is_told_at_once_and_nothing_is_done(world: Any) -> None:
    listed = [user("w.drie", world), user("", world, active="ja"), user("w.vier", world, **{ENTERPRISE: {}})]
    refused = ask(world, FB, "POST", "/medewerkerslijsten", {"Resources": listed})
    assert refused.status_code == 400
    assert [each["veld"] for each in refused.json()["velden"]] == [
        "Resources[1].userName",
        "Resources[1].active",
        "Resources[2].organization",
        "Resources[2].department",
    ]
    assert len(ask(world, FB, "GET", "/medewerkers").json()["medewerkers"]) == 6
    part = ask(world, FB, "POST", "/medewerkerslijsten", {"totalResults": 9, "Resources": listed[:1]})
    assert part.json()["velden"][0]["veld"] == "totalResults"


def test_a_lead_confirms_her_team_and_who_left_is_out(world: Any) -> None:
    roll = ask(world, "t.lead", "GET", "/teamleden").json()
    members = {each["medewerker"] for each in roll["leden"]}
    assert members == {"w.een", "w.twee", "p.officer", FB, SECOND}
    said = {"werkend": sorted(members - {"w.een", "p.officer"}), "vertrokken": ["w.een", "p.officer"]}
    stale = ask(world, "t.lead", "POST", "/teamledenlijsten", {"werkend": ["w.een"]})
    assert (stale.status_code, stale.json()["code"]) == (409, "team-changed")
    answered = ask(world, "t.lead", "POST", "/teamledenlijsten", said)
    assert (answered.status_code, len(answered.json()["wachtend"])) == (202, 1)
    assert not named(world, "w.een")["actief"]
    assert named(world, "p.officer")["actief"], "who oversees goes by two people"
    (team,) = ask(world, FB, "GET", "/teams").json()["teams"]
    assert team["leiders"] == ["t.lead"]
    assert [each["medewerker"] for each in team["leden"]] == ["t.lead"], "whom no lead can confirm"
    alone = {"organisatie": world.GEMEENTE, "team": "noord", "werkend": ["t.lead"]}
    assert ask(world, FB, "POST", "/teambevestigingen", alone).status_code == 200


def test_who_administers_arranges_a_cover_and_ends_it(world: Any) -> None:
    wanted = {
        "afwezig": "w.een",
        "vervanger": "w.twee",
        "van": "2026-03-03",
        "tot": "2026-03-10",
        "reden": "andere-reden",
    }
    made = ask(world, FB, "POST", "/vervangingen", wanted)
    assert made.status_code == 200
    own = ask(world, FB, "POST", "/vervangingen", wanted | {"vervanger": FB})
    assert (own.status_code, own.json()["code"]) == (403, "own-cover")
    long = ask(
        world,
        FB,
        "POST",
        "/vervangingen",
        wanted | {"afwezig": "w.twee", "vervanger": "w.een", "tot": "2026-05-01"},
    )
    assert (long.status_code, long.json()["velden"][0]["veld"]) == (400, "tot")
    (cover,) = ask(world, FB, "GET", "/vervangingen").json()["vervangingen"]
    assert cover == made.json()
    ended = ask(world, FB, "POST", f"/vervangingen/{cover['vervanging']}/einde")
    assert ended.json()["gestopt"] == "2026-03-03"
    assert ask(world, FB, "GET", "/vervangingen").json() == {"vervangingen": []}


def test_the_register_that_is_read_can_be_put_back(world: Any) -> None:
    before = ask(world, FB, "GET", "/register").json()
    assert before["leveranciers"]
    assert ask(world, FB, "PUT", "/register", before).json() == before
    less = before | {"aanleveringen": before["aanleveringen"][1:]}
    refused = ask(world, FB, "PUT", "/register", less)
    assert (refused.status_code, refused.json()["code"]) == (409, "register-removes")
    assert ask(world, FB, "PUT", "/register?magWeglaten=true", less).status_code == 200
    no_key = before | {"leveranciers": [before["leveranciers"][0] | {"sleutel": "AAAA"}]}
    assert ask(world, FB, "PUT", "/register", no_key).status_code == 400


READING = ("/medewerkers", "/teams", "/vervangingen", "/register", "/voorstellen")


@pytest.mark.parametrize("who", ["w.een", "t.lead"])
@pytest.mark.parametrize("path", READING)
def test_nobody_else_reads_any_of_it(world: Any, who: str, path: str) -> None:
    refused = ask(world, who, "GET", path)
    assert (refused.status_code, refused.json()["code"]) == (403, "role")
    assert world.records("action.refused")[0].fields["actor"] == who


def test_a_token_that_is_used_keeps_an_account_in_use(world: Any) -> None:
    world.database.run(lambda tx: tx.staff.seen("w.een", world.DAY.replace(day=1)))
    ask(world, "w.een", "GET", "/zorgrelaties")
    assert named(world, "w.een")["gezien"] == str(world.DAY)
