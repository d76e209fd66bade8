"""What the registry says of each route is what happens: who gets through, and what is recorded."""

import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from fastapi import APIRouter
from httpx import Response
from starlette.routing import Route

from crypto.batch import BatchClass
from crypto.keyfiles import PublisherSecrets
from policy.vocabulary import Role
from signal_index import audit
from signal_index.model import StaffMember
from signal_index.model.sourcing import KeyProposal
from signal_index.model.workplace import Question
from signal_index.store import open_database
from signal_index.usecases.rulebook.proposing import propose_rules
from signal_index.usecases.sourcing.usage import Counted
from signal_index.web import app as web_app
from signal_index.web.api.rates import Rate, Strangers
from signal_index.web.api.registry import ROUTES, Declared, Part, Proof, require_declared
from signal_index.web.app import Surface, create_app
from tests.index.conftest import DAY, GEMEENTE, World
from tests.support.rules import another

from .at_work import at_work, help_runs
from .overseeing import overseeing

STAFF = {
    "w.een": Role.TEAM_MEMBER,
    "t.lead": Role.TEAM_LEAD,
    "p.officer": Role.PRIVACY_OFFICER,
    "f.beheer": Role.FUNCTIONAL_ADMIN,
    "b.bron": Role.SOURCE_ADMIN,
}
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
BESIDES = {
    "besluit": ("role.granted",),
    "nieuwe-medewerker": ("staff.added",),
    "maandcijfers": ("oversight.read",),
}
"""What comes of the request besides: a decision carries out what was proposed."""
Calls = dict[str, Callable[[dict[str, str]], Response]]


@dataclass(frozen=True)
class Filled:
    """A world in which every route has something to do, as it stood before anybody asked.

    Args:
        database: what its file held.
    """

    world: World
    calls: Calls
    database: bytes


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Filled:
    """Filled once; it takes longer than what is asked of it."""
    world = World(tmp_path_factory.mktemp("filled"))
    calls = requests(world)
    world.database.close()
    return Filled(world, calls, world.path.read_bytes())


@pytest.fixture
def world(filled: Filled) -> Iterator[World]:
    """That world, with nothing left of what another test asked."""
    world = filled.world
    world.path.write_bytes(filled.database)
    world.desk = replace(world.desk, strangers=Strangers(), counted=Counted())
    world.adopt(open_database(world.path, world.secrets, writer_kind="serve"))
    yield world
    world.database.close()


@pytest.fixture
def calls(filled: Filled, world: World) -> Calls:
    """By route: a request that does what the route is for, given who asks."""
    return filled.calls


def requests(world: World) -> Calls:
    """What there is to ask, in a world that is filled for it."""
    world.database.run(lambda tx: _hire(tx, world))
    own = world.relation()
    waiting = world.relation("w.twee", registered_by="w.twee", case_reference="WT-2026-0002")
    world.register_relations((world.PEOPLE[0], own), (world.PEOPLE[1], waiting))
    help_runs(world)
    world.publish_nothing_else()
    receipt = world.look(own.relation_id).json()["ontvangstbewijs"]
    world.database.run(lambda tx: tx.log.integrate(world.clock, 1000))
    question = {"zorgrelatie": str(uuid.UUID(bytes=own.relation_id)), "doel": "voorbereiding-huisbezoek"}
    evaluation = {
        "subject": {"type": "medewerker", "id": "w.een"},
        "action": {"name": "toon_bron"},
        "resource": {"type": "wmo-voorziening", "id": question["zorgrelatie"]},
        "context": {"doelbinding": question["doel"]},
    }
    confirmed = f"/v1/zorgrelaties/{uuid.UUID(bytes=waiting.relation_id)}/bevestiging"

    def ask(method: str, path: str, **options: Any) -> Callable[[dict[str, str]], Response]:
        return lambda headers: world.request(method, path, headers=headers, **options)

    return {
        "openapi": ask("GET", "/v1/openapi.json"),
        "gereed": ask("GET", "/v1/gereed"),
        "regels": ask("GET", "/v1/regels"),
        "leveringen": lambda _: world.post(world.batch(GEMEENTE, BatchClass.SIGNAAL, [])),
        **sourcing(world, ask),
        "raadplegingen": ask("POST", "/v1/raadplegingen", json=question),
        "toegangsvraag": ask("POST", "/access/v1/evaluation", json=evaluation),
        "toegangsvragen": ask("POST", "/access/v1/evaluations", json={**evaluation, "evaluations": [{}, {}]}),
        "beslispunt": ask("GET", "/.well-known/authzen-configuration"),
        "zorgrelaties": ask("GET", "/v1/zorgrelaties"),
        "bevestiging": ask("POST", confirmed),
        "logbewijzen": ask("POST", "/v1/logbewijzen", json=receipt),
        "logregels": ask("GET", "/v1/logregels"),
        # First, for it judges the look that is in the tree.
        **overseeing(world, ask, own.relation_id),
        **at_work(world, ask, question["zorgrelatie"]),
        **administration(world, ask),
    }


def administration(world: World, ask: Any) -> Calls:
    """What who administers does, where a colleague of hers left off, and what a team lead confirms."""
    other = world.token("f.tweede")

    def did(method: str, path: str, body: Any) -> Any:
        answered = world.request(method, f"/v1{path}", headers=other, json=body)
        assert answered.is_success, answered.text
        return answered.json()

    def entry(team: str) -> dict[str, Any]:
        return {"organisatie": GEMEENTE, "team": team, "actief": True}

    def cover(absent: str, by: str) -> dict[str, Any]:
        days = {"van": str(world.DAY), "tot": str(world.DAY + timedelta(days=7))}
        return {"afwezig": absent, "vervanger": by, "reden": "andere-reden"} | days

    did("POST", "/medewerkers", entry("zuid") | {"medewerker": "n.nieuw"})
    listed = world.request("GET", "/v1/medewerkers", headers=other).json()["medewerkers"]
    new = next(f"/medewerkers/{each['kenmerk']}" for each in listed if each["medewerker"] == "n.nieuw")
    did("POST", f"{new}/rollen", {"rol": "teamleider"})
    (proposal,) = did("POST", f"{new}/rollen", {"rol": "privacy-officer", "reden": "nieuwe-taak"})["wachtend"]
    second = next(each["kenmerk"] for each in listed if each["medewerker"] == "f.tweede")
    asked = world.request(
        "DELETE",
        f"/v1/medewerkers/{second}/rollen/functioneel-beheerder?reden=taak-gestopt",
        headers=world.token("f.beheer"),
    )
    (own,) = asked.json()["wachtend"]
    arranged = did("POST", "/vervangingen", cover("w.een", "w.twee"))["vervanging"]
    register = world.request("GET", "/v1/register", headers=other).json()
    team = [
        each["medewerker"] for each in listed if each["team"] == "noord" and each["medewerker"] != "t.lead"
    ]
    known = {
        "userName": "w.een",
        "active": True,
        ENTERPRISE: {"organization": GEMEENTE, "department": "noord"},
    }
    alone = {"organisatie": GEMEENTE, "team": "noord", "werkend": ["t.lead"]}
    return {
        "teamleden": ask("GET", "/v1/teamleden"),
        "teamledenlijst": ask("POST", "/v1/teamledenlijsten", json={"werkend": team}),
        "medewerkers": ask("GET", "/v1/medewerkers"),
        "nieuwe-medewerker": ask("POST", "/v1/medewerkers", json=entry("oost") | {"medewerker": "n.twee"}),
        "medewerker": ask("PUT", f"/v1{new}", json=entry("oost")),
        "medewerkerslijst": ask("POST", "/v1/medewerkerslijsten", json={"Resources": [known]}),
        "rol-geven": ask("POST", f"/v1{new}/rollen", json={"rol": "bronbeheerder"}),
        "rol-intrekken": ask("DELETE", f"/v1{new}/rollen/teamleider"),
        "voorstellen": ask("GET", "/v1/voorstellen"),
        "besluit": ask("POST", f"/v1/voorstellen/{proposal}/besluit", json={"akkoord": True}),
        "voorstel-intrekken": ask("POST", f"/v1/voorstellen/{own}/intrekking"),
        "teams": ask("GET", "/v1/teams"),
        "teambevestiging": ask("POST", "/v1/teambevestigingen", json=alone),
        "vervangingen": ask("GET", "/v1/vervangingen"),
        "nieuwe-vervanging": ask("POST", "/v1/vervangingen", json=cover("w.twee", "w.een")),
        "einde-vervanging": ask("POST", f"/v1/vervangingen/{arranged}/einde"),
        "regelsets": ask("GET", "/v1/regelsets"),
        "regelbesluit": ask("POST", f"/v1/regelsets/{_proposed(world)}/besluit", json={"akkoord": True}),
        "register": ask("GET", "/v1/register"),
        "register-vervangen": ask("PUT", "/v1/register", json=register),
    }


def sourcing(world: World, ask: Any) -> Calls:
    """What a source organisation reads and says, and what is decided about the key of another."""
    waiting = KeyProposal(b"k" * 16, world.ZORG, _fresh_key(world.ZORG)[1], 30, "b.zorg", world.clock)

    def job(tx: Any) -> None:
        relation, *_ = tx.relations.all_of(GEMEENTE)
        about = (relation.relation_id, relation.person, "agb:00000003", "jeugdhulp")
        due = world.DAY + timedelta(days=28)
        tx.questions.put(Question("V-2222-2222", GEMEENTE, "w.een", *about, world.DAY, due))
        tx.key_proposals.put(waiting)

    world.database.run(job)
    contact = {"naam": "Loket", "telefoon": "030 123 4567"}
    new_key = {"sleutel": _fresh_key(GEMEENTE)[0], "overlap": 30}
    decision = f"/v1/sleutelvoorstellen/{uuid.UUID(bytes=waiting.proposal_id)}/besluit"
    return {
        "signaalreeksen": ask("GET", "/v1/signaalreeksen"),
        "geleverd": ask("GET", "/v1/leveringen"),
        "contactpunten": ask("GET", "/v1/contactpunten"),
        "contactpunt-wijziging": ask("PUT", "/v1/contactpunten/agb:00000003/jeugdhulp", json=contact),
        "meldingen": ask("GET", "/v1/meldingen"),
        "meldingantwoord": ask("POST", "/v1/meldingen/V-2222-2222/antwoord", json={"antwoord": "klopt"}),
        "sleutels": ask("GET", "/v1/sleutels"),
        "sleutelvoorstel": ask("POST", "/v1/sleutelvoorstellen", json=new_key),
        "gebruikscijfers": ask("GET", "/v1/gebruikscijfers"),
        "sleutelvoorstellen": ask("GET", "/v1/sleutelvoorstellen"),
        "sleutelbesluit": ask("POST", decision, json={"akkoord": True}),
    }


def _proposed(world: World) -> str:
    """Rules that a colleague proposed; their digest."""
    held = world.act_as("f.tweede", lambda tx, actor: propose_rules(tx, actor, another(), world.clock))
    return held.digest


def _fresh_key(oin: str) -> tuple[str, bytes]:
    """A new key of a publisher: the file, and the key itself."""
    public = PublisherSecrets.generate(oin, created=DAY).public()
    return json.dumps(public.to_document()), public.verify_key.public_bytes_raw()


def _hire(tx: Any, world: World) -> None:
    for staff_id, organisation in (("b.bron", GEMEENTE), ("b.zorg", world.ZORG)):
        tx.staff.put(StaffMember(staff_id, organisation, "bron", active=True))
        tx.staff.grant(staff_id, Role.SOURCE_ADMIN.value, "test", world.clock)


def test_every_route_has_a_request_here(calls: Calls) -> None:
    assert calls.keys() == ROUTES.keys()


@pytest.mark.parametrize("name", [name for name, each in ROUTES.items() if each.proof is Proof.TOKEN])
def test_a_route_lets_in_whom_it_declares_and_nobody_else(world: World, calls: Calls, name: str) -> None:
    declared = ROUTES[name]
    assert calls[name]({}).status_code == 401
    assert calls[name](world.token("x.niemand")).status_code == 403
    for staff_id, role in STAFF.items():
        status = calls[name](world.token(staff_id)).status_code
        if declared.roles and role not in declared.roles:
            assert status == 403, (name, role)
        else:
            assert status not in {401, 403}, (name, role)


@pytest.mark.parametrize("name", [name for name, each in ROUTES.items() if each.proof is not Proof.TOKEN])
def test_a_route_without_a_token_asks_for_none(calls: Calls, name: str) -> None:
    assert calls[name]({}).status_code == 200
    assert calls[name]({"Authorization": "Bearer x"}).status_code == 200


@pytest.mark.parametrize("name", ROUTES)
def test_a_route_records_what_it_declares_and_nothing_else(world: World, calls: Calls, name: str) -> None:
    declared = ROUTES[name]
    someone = next((who for who, role in STAFF.items() if role in declared.roles), "w.een")
    before = {(entry.writer, entry.number) for entry in world.records()}
    assert calls[name](world.token(someone)).is_success
    new = [entry.event for entry in world.records() if (entry.writer, entry.number) not in before]
    assert new == [*([declared.records] if declared.records else []), *BESIDES.get(name, ())]


@pytest.mark.parametrize("name", [name for name, each in ROUTES.items() if not each.standard])
def test_a_purpose_is_asked_where_the_registry_says_so(committed: dict[str, Any], name: str) -> None:
    found = [op for methods in committed["paths"].values() for op in methods.values()]
    operation = next(op for op in found if op["operationId"] == name)
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    schema = committed["components"]["schemas"].get(body.get("$ref", "").rpartition("/")[2], {})
    assert ("doel" in schema.get("required", [])) is ROUTES[name].asks_purpose


def test_every_declared_event_is_in_the_catalogue() -> None:
    assert {each.records for each in ROUTES.values() if each.records} <= audit.EVENTS.keys()


def test_nothing_starts_with_a_route_that_nobody_declared(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stray(_: Any) -> APIRouter:
        routes = APIRouter()
        routes.add_api_route("/nieuw", lambda: None, name="nieuw")
        return routes

    monkeypatch.setitem(web_app._ROUTERS, Surface.ALL, (*web_app._ROUTERS[Surface.ALL], stray))
    with pytest.raises(ValueError, match=r"registry\.py.*nieuw"):
        create_app(world.desk, Surface.ALL)


def test_two_routes_with_one_name_do_not_start_either() -> None:
    routes = APIRouter()
    routes.add_api_route("/een", lambda: None, name="gereed")
    require_declared(routes.routes)
    routes.add_api_route("/twee", lambda: None, name="gereed")
    with pytest.raises(ValueError, match="gereed"):
        require_declared(routes.routes)


def test_every_row_belongs_to_a_route(world: World) -> None:
    names = {route.name for route in create_app(world.desk, Surface.ALL).routes if isinstance(route, Route)}
    assert names == ROUTES.keys()


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"records": "log.read", "silent": "and why not"},
        {"silent": "x", "proof": Proof.NOTHING, "roles": frozenset({Role.TEAM_MEMBER})},
    ],
)
def test_a_row_that_leaves_something_open_cannot_be_written(wrong: dict[str, Any]) -> None:
    whole = {"part": Part.GENERAL, "proof": Proof.TOKEN, "rate": Rate.WORK}
    with pytest.raises(ValueError, match=r"records|roles"):
        Declared(**{**whole, **wrong})
