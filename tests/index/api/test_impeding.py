"""What keeps workers from looking, over JSON: the same as the pages, and nobody is told what stops her."""

import uuid
from typing import Any

import pytest

from tests.index.conftest import World

from .at_work import help_runs
from .objecting import CASE, registered

UNKNOWN = str(uuid.UUID(int=7))


@pytest.fixture
def case(world: World) -> str:
    """The case of w.een, in which one signal is to be seen."""
    row = world.relation()
    world.register_relations((world.PEOPLE[0], row))
    help_runs(world)
    world.publish_nothing_else()
    return str(uuid.UUID(bytes=row.relation_id))


def ask(world: World, staff_id: str, method: str, path: str, body: Any = None) -> Any:
    options = {} if body is None else {"json": body}
    return world.request(method, f"/v1{path}", headers=world.token(staff_id), **options)


def shows(world: World, case: str) -> bool:
    return bool(world.look(uuid.UUID(case).bytes).json()["signalen"])


def test_a_worker_says_it_from_today_and_reads_what_she_said(world: World, case: str) -> None:
    own = f"/zorgrelaties/{case}/belemmering"
    assert ask(world, "w.een", "GET", own).json() == {"belemmering": None}
    made = ask(world, "w.een", "POST", own, {})
    assert (made.status_code, made.json()["van"], made.json()["tot"]) == (201, str(world.DAY), None)
    assert ask(world, "w.een", "POST", own, {}).json() == made.json(), "it is said once"
    assert ask(world, "w.een", "GET", own).json() == {"belemmering": made.json()}
    assert not shows(world, case)


def test_what_her_lead_says_of_her_is_for_the_lead_to_read_and_end(world: World, case: str) -> None:
    made = registered(world, "t.lead", "/teambelemmeringen", {"zaak": CASE, "medewerker": "w.een"})
    assert ask(world, "w.een", "GET", f"/zorgrelaties/{case}/belemmering").json() == {"belemmering": None}
    (listed,) = ask(world, "t.lead", "GET", "/teambelemmeringen").json()["belemmeringen"]
    assert (listed["zaakreferentie"], listed["inwoner"], listed["magBeeindigen"]) == (CASE, None, True)
    assert not shows(world, case)
    assert ask(world, "t.lead", "POST", f"/teambelemmeringen/{made}/einde").status_code == 200
    assert shows(world, case)


def test_an_officer_reads_an_alias_and_no_case_and_ends_objections_alone(world: World, case: str) -> None:
    involved = registered(world, "t.lead", "/teambelemmeringen", {"zaak": CASE, "medewerker": "w.een"})
    objected = registered(world, "p.officer", "/belemmeringen", {"zaak": CASE})
    answered = ask(world, "p.officer", "GET", "/belemmeringen")
    listed = {each["belemmering"]: each for each in answered.json()["belemmeringen"]}
    assert {listed[name]["magBeeindigen"] for name in (involved,)} == {False}
    assert listed[involved]["inwoner"] == listed[objected]["inwoner"]
    for private in (CASE, case, world.PEOPLE[0].digits):
        assert private not in answered.text
    assert ask(world, "p.officer", "POST", f"/belemmeringen/{involved}/einde").status_code == 404
    assert ask(world, "t.lead", "POST", f"/teambelemmeringen/{objected}/einde").status_code == 404
    assert ask(world, "p.officer", "POST", f"/belemmeringen/{objected}/einde").status_code == 200
    assert not shows(world, case), "the involvement still stands"


@pytest.mark.parametrize(
    ("staff_id", "path", "body", "status", "code"),
    [
        ("p.officer", "/belemmeringen", {"zaak": "WT-2026-9999"}, 404, "unknown-relation"),
        ("p.officer", "/belemmeringen", {"zaak": CASE, "van": "2026-03-02"}, 400, "impediment"),
        ("p.officer", "/belemmeringen", {"zaak": CASE, "medewerker": "w.een"}, 400, "malformed"),
        ("t.lead", "/teambelemmeringen", {"zaak": CASE, "medewerker": "x"}, 404, "unknown-worker"),
        ("t.lead", f"/teambelemmeringen/{UNKNOWN}/einde", None, 404, "unknown-impediment"),
        ("w.een", f"/zorgrelaties/{UNKNOWN}/belemmering", {}, 404, "not-in-caseload"),
    ],
)
def test_what_cannot_be_says_why_and_registers_nothing(
    world: World, case: str, staff_id: str, path: str, body: Any, status: int, code: str
) -> None:
    refused = ask(world, staff_id, "POST", path, body)
    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert not world.records("impediment.registered")
    kept = [(each.fields["actor"], each.fields["reason"]) for each in world.records("action.refused")]
    assert kept == ([] if status == 400 else [(staff_id, code)]), (
        "who tries a case that is not there is on record"
    )
    assert shows(world, case)
