"""The JSON interface of the source organisation, by real requests with real tokens."""

import json
from datetime import date, timedelta
from typing import Any

import pytest

from crypto.batch import BatchClass
from crypto.keyfiles import PublisherSecrets
from crypto.sheet import SignaalOperation, SignaalRow
from policy.vocabulary import Role
from signal_index.model import StaffMember
from signal_index.model.workplace import Question
from signal_index.web.app import Surface, create_app

READING = ("signaalreeksen", "leveringen", "contactpunten", "meldingen", "sleutels", "gebruikscijfers")


@pytest.fixture
def office(world: Any) -> Any:
    """A world with a bronbeheerder at the municipality and one at another organisation."""

    def job(tx: Any) -> None:
        for staff_id, organisation in (("b.bron", world.GEMEENTE), ("b.zorg", world.ZORG)):
            tx.staff.put(StaffMember(staff_id, organisation, "bron", active=True))
            tx.staff.grant(staff_id, Role.SOURCE_ADMIN.value, "test", world.clock)

    world.database.run(job)
    return world


def get(office: Any, path: str, who: str = "b.bron") -> Any:
    return office.request("GET", f"/v1/{path}", headers=office.token(who))


def send(office: Any, method: str, path: str, body: object, who: str = "b.bron") -> Any:
    return office.request(method, f"/v1/{path}", json=body, headers=office.token(who))


@pytest.mark.parametrize("path", READING)
def test_only_a_bronbeheerder_reads_and_everything_is_on_record(office: Any, path: str) -> None:
    assert office.request("GET", f"/v1/{path}").status_code == 401
    refused = get(office, path, "w.een")
    assert (refused.status_code, refused.json()["code"]) == (403, "role")
    assert refused.headers["content-type"] == "application/problem+json"
    assert office.records("action.refused")[0].fields["actor"] == "w.een"
    weak = office.request("GET", f"/v1/{path}", headers=office.token("b.bron", second_factor=False))
    assert (weak.status_code, weak.json()["code"]) == (403, "second-factor")
    assert get(office, path).status_code == 200
    assert office.records("source.read", "questions.listed")[0].fields["actor"] == "b.bron"


@pytest.mark.parametrize("surface", [Surface.WORKERS, Surface.OVERSIGHT])
def test_the_routes_are_on_the_surface_for_sources_only(office: Any, surface: Surface) -> None:
    office.app = create_app(office.desk, surface)
    assert {get(office, path).status_code for path in READING} == {404}
    office.app = create_app(office.desk, Surface.SOURCES)
    assert {get(office, path).status_code for path in READING} == {200}
    assert get(office, "sleutelvoorstellen", "f.beheer").status_code == 405


def test_series_and_deliveries_are_told_as_the_pages_tell_them(office: Any) -> None:
    office.publish(office.GEMEENTE, "agb:00000001", "wmo-voorziening", {office.PEOPLE[0]: "2025-11"})
    row = SignaalRow(SignaalOperation.OPEN_SET, source="agb:00000009", type="jeugdhulp", generation=1)
    office.send(office.GEMEENTE, BatchClass.SIGNAAL, [(None, row)])
    *others, first = get(office, "signaalreeksen").json()["signaalreeksen"]
    assert [each["actueel"] for each in others] == [False, False], "what needs work comes first"
    assert (first["bron"], first["aantal"], first["actueel"], first["completeSet"]) == (
        "agb:00000001",
        None,
        True,
        1,
    )
    assert first["actueelTotEnMet"] > first["bijgewerkt"] == "2026-03-03"
    newest, *others = get(office, "leveringen").json()["leveringen"]
    assert (newest["aangenomen"], newest["reden"], newest["grootte"]) == (False, "not-registered", None)
    assert [each["grootte"] for each in others] == [office.N] * len(others)
    assert get(office, "leveringen", "b.zorg").json()["leveringen"] == []
    assert get(office, "leveringen?bladzijde=0").status_code == 400


def test_a_contact_route_is_changed_and_wrong_ones_are_named(office: Any) -> None:
    path = "contactpunten/agb:00000003/jeugdhulp"
    changed = send(office, "PUT", path, {"naam": "Aanmelding", "telefoon": "030 123 4567"})
    assert changed.status_code == 200
    assert changed.json()["contact"] == {"naam": "Aanmelding", "telefoon": "030 123 4567"}
    assert changed.json()["gewijzigd"] == "2026-03-03"
    wrong = send(office, "PUT", path, {"naam": "", "telefoon": "999990019"})
    assert (wrong.status_code, wrong.json()["code"]) == (400, "contact")
    assert {each["veld"] for each in wrong.json()["velden"]} == {"naam", "telefoon"}
    assert "999990019" not in wrong.text
    other = send(office, "PUT", path, {"naam": "Ons", "telefoon": "030 123 4567"}, "b.zorg")
    assert (other.status_code, other.json()["code"]) == (404, "no-source")
    assert len(office.records("contact.changed")) == 1


def test_a_question_is_answered(office: Any) -> None:
    relation = office.relation()
    office.register_relations((office.PEOPLE[0], relation))

    def job(tx: Any) -> None:
        (stored,) = tx.relations.all_of(office.GEMEENTE)
        about = (stored.relation_id, stored.person, "agb:00000003", "jeugdhulp")
        tx.questions.put(
            Question("V-2222-2222", office.GEMEENTE, "w.een", *about, date(2026, 3, 3), date(2026, 3, 31))
        )

    office.database.run(job)
    (told,) = get(office, "meldingen").json()["meldingen"]
    assert told == {
        "kenmerk": "V-2222-2222", "bron": "agb:00000003", "soort": "jeugdhulp",
        "gevraagd": "2026-03-03", "uiterlijk": "2026-03-31",
    }  # fmt: skip
    path = "meldingen/V-2222-2222/antwoord"
    assert get(office, "meldingen", "b.zorg").json()["meldingen"] == []
    assert send(office, "POST", path, {"antwoord": "klopt"}, "b.zorg").status_code == 404
    assert send(office, "POST", path, {"antwoord": "misschien"}).status_code == 400
    assert send(office, "POST", path, {"antwoord": "klopt"}).status_code == 204
    assert send(office, "POST", path, {"antwoord": "klopt"}).status_code == 409


def test_a_key_is_proposed_by_one_and_decided_by_another(office: Any) -> None:
    fresh = PublisherSecrets.generate(office.GEMEENTE, created=date(2026, 3, 3)).public()
    new = {"sleutel": json.dumps(fresh.to_document()), "overlap": 30}
    made = send(office, "POST", "sleutelvoorstellen", new)
    assert (made.status_code, made.json()["stand"]) == (201, "wacht")
    assert send(office, "POST", "sleutelvoorstellen", new).json()["code"] == "key-waiting"
    assert get(office, "sleutelvoorstellen").status_code == 403
    (listed,) = get(office, "sleutelvoorstellen", "f.beheer").json()["sleutelvoorstellen"]
    assert listed == made.json()
    path = f"sleutelvoorstellen/{listed['voorstel']}/besluit"
    assert send(office, "POST", path, {"akkoord": True}).status_code == 403
    approved = send(office, "POST", path, {"akkoord": True}, "f.beheer")
    assert approved.json()["stand"] == "akkoord"
    assert send(office, "POST", path, {"akkoord": False}, "f.beheer").json()["code"] == "key-decided"
    newest, oldest = get(office, "sleutels").json()["sleutels"]
    assert newest["vingerafdruk"] == listed["vingerafdruk"]
    assert oldest["geldigTotEnMet"] == str(date(2026, 3, 3) + timedelta(days=30))
    assert newest["geldig"] is oldest["geldig"] is True


@pytest.mark.parametrize("month", ["2026-03", "2099-01", "2026-13", "0000-01", "maart"])
def test_a_month_without_figures_is_refused(office: Any, month: str) -> None:
    response = get(office, f"gebruikscijfers?maand={month}")
    assert response.status_code == (404 if month in {"2026-03", "2099-01"} else 400)
