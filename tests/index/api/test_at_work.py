"""A worker and her team lead do by the JSON interface what they do on their pages, and get exactly that."""

import uuid
from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from crypto.tokens import issue
from signal_index.model.workplace import VIEW_LASTS
from tests.index.conftest import World
from tests.index.site.conftest import House

from .at_work import help_runs, look, seen, ticket


@dataclass
class Work:
    """A world in which two sources help the first person, whose case w.een has; w.twee has the second's."""

    world: World
    case: str
    theirs: str

    def ask(self, method: str, path: str, body: Any = None, staff_id: str = "w.een") -> Any:
        """One request of a member of staff."""
        options = {} if body is None else {"json": body}
        return self.world.request(method, f"/v1{path}", headers=self.world.token(staff_id), **options)

    def get(self, path: str, staff_id: str = "w.een") -> Any:
        """What a route answers."""
        found = self.ask("GET", path, staff_id=staff_id)
        assert found.status_code == 200, found.text
        return found.json()

    def events(self) -> list[str]:
        """What is on record, newest first."""
        return [record.event for record in self.world.records()]


@pytest.fixture
def work(world: World) -> Work:
    own, theirs = world.relation(), world.relation("w.twee", registered_by="w.twee")
    world.register_relations((world.PEOPLE[0], own), (world.PEOPLE[1], theirs))
    help_runs(world)
    world.publish_nothing_else()
    return Work(world, *(str(uuid.UUID(bytes=each.relation_id)) for each in (own, theirs)))


# --- A look -------------------------------------------------------------------------------------------------------


def test_a_look_stays_open_and_shows_what_its_page_shows(work: Work) -> None:
    opened = look(work.world, work.case)
    shown = seen(work.world, opened["raadpleging"])
    assert [each["signaal"] for each in shown["signalen"]] == opened["signalen"]
    assert len(opened["signalen"]) == 2
    browser = House(work.world).browser("w.een", "wijkteammedewerker")
    page = browser.get(f"/raadplegingen/{opened['raadpleging']}")
    assert page.status_code == 200
    text = unescape(page.text)
    for each in shown["signalen"]:
        for said in (each["signaal"]["tekst"], each["signaal"]["bron"], each["signaal"]["contact"]["naam"]):
            assert said in text
    assert shown["nietZichtbaar"] in text
    assert all(each["naam"] in text for each in shown["leefgebieden"])
    assert work.events().count("lookup.answered") == 1, "showing it again is no second look"


def test_a_system_that_does_not_say_whether_the_resident_knows_keeps_no_look_open(work: Work) -> None:
    answered = work.world.look(uuid.UUID(work.case).bytes).json()
    assert answered["raadpleging"] is None
    assert work.get("/raadplegingen") == {"raadplegingen": []}


def test_a_look_that_is_over_shows_and_does_nothing(work: Work) -> None:
    path = f"/raadplegingen/{look(work.world, work.case)['raadpleging']}"
    (key, _) = (each["kenmerk"] for each in work.get(path)["signalen"])
    assert [work.ask("POST", f"{path}/einde").status_code for _ in range(2)] == [204, 204]
    before = work.events()
    for method, further, body in (
        ("GET", "", None),
        ("POST", "/werkbladen", None),
        ("POST", "/koelkastbladen", {"signalen": [key]}),
        ("POST", "/vragen", {"signaal": key}),
    ):
        refused = work.ask(method, f"{path}{further}", body)
        assert (refused.status_code, refused.json()["code"]) == (409, "view-over")
        assert "Bron" not in refused.text
    assert work.events() == before
    (mine,) = work.get("/raadplegingen")["raadplegingen"]
    assert mine["open"] is False


def test_time_ends_a_look_too(work: Work) -> None:
    path = f"/raadplegingen/{look(work.world, work.case)['raadpleging']}"
    work.world.clock += VIEW_LASTS
    assert work.ask("GET", path).json()["code"] == "view-over"


def test_somebody_else_s_look_is_as_unknown_as_one_that_is_not_there(work: Work) -> None:
    own, nothing = look(work.world, work.case)["raadpleging"], str(uuid.uuid4())
    for method, further, body in (
        ("GET", "", None),
        ("POST", "/einde", None),
        ("PUT", "/nut", {"nut": "ja"}),
        ("POST", "/mededeling", None),
        ("POST", "/werkbladen", None),
        ("POST", "/koelkastbladen", {"signalen": []}),
        ("POST", "/vragen", {"signaal": "0" * 16}),
    ):
        theirs, unknown = (
            work.ask(method, f"/raadplegingen/{each}{further}", body, "w.twee") for each in (own, nothing)
        )
        assert (theirs.status_code, theirs.content) == (404, unknown.content)


def test_the_purposes_are_the_same_for_every_case_and_none_for_somebody_else_s(work: Work) -> None:
    own, others = work.get(f"/zorgrelaties/{work.case}/doelen"), str(uuid.uuid4())
    assert own["zaakreferentie"] == "WT-2026-0001"
    assert "voorbereiding-huisbezoek" in [each["code"] for each in own["doelen"]]
    assert all(each["leefgebieden"] and each["uitleg"] for each in own["doelen"])
    theirs, unknown = (work.ask("GET", f"/zorgrelaties/{each}/doelen") for each in (work.theirs, others))
    assert (theirs.status_code, theirs.content) == (404, unknown.content)


def test_a_purpose_that_shows_areas_only_names_no_signal_again(work: Work) -> None:
    opened = look(work.world, work.case, "samen", "toets-zelfredzaamheid")
    shown = seen(work.world, opened["raadpleging"])
    assert shown["signalen"] == []
    by_name = [sorted(each["leefgebieden"], key=lambda area: str(area["naam"])) for each in (shown, opened)]
    assert by_name[0] == by_name[1]
    assert any(each["signaal"] for each in shown["leefgebieden"])


def test_the_sheet_at_home_holds_the_chosen_numbers_and_nothing_else(work: Work) -> None:
    path = f"/raadplegingen/{look(work.world, work.case)['raadpleging']}"
    keys = [each["kenmerk"] for each in work.get(path)["signalen"]]
    sheets = [
        work.ask("POST", f"{path}/koelkastbladen", {"signalen": chosen}).json()
        for chosen in ([], ["0" * 16], keys)
    ]
    numbers = {"contacten": [{"naam": "Balie", "telefoon": "085-0000000"}]}  # both sources have one contact
    assert sheets == [{"contacten": []}, {"contacten": []}, numbers]
    assert [each.fields["sheet"] for each in work.world.records("view.printed")] == ["koelkastblad"] * 3


def test_what_she_says_afterwards_replaces_and_takes_its_message_away(work: Work) -> None:
    path = f"/raadplegingen/{look(work.world, work.case)['raadpleging']}"
    (due,) = [each for each in work.get("/berichten")["berichten"] if each["soort"] == "inwoner-vertellen"]
    assert (due["over"], due["raadpleging"]) == ("WT-2026-0001", path.rpartition("/")[2])
    assert [work.ask("PUT", f"{path}/nut", {"nut": said}).json()["nut"] for said in ("ja", "nee")] == [
        "ja",
        "nee",
    ]
    assert work.ask("POST", f"{path}/mededeling").json()["verteld"] == str(work.world.DAY)
    assert work.get("/berichten")["berichten"] == []
    assert len(work.world.records("view.useful")) == 2


# --- Questions ----------------------------------------------------------------------------------------------------


def test_a_question_names_whom_to_phone_only_beside_an_open_look(work: Work) -> None:
    path = f"/raadplegingen/{look(work.world, work.case)['raadpleging']}"
    doubted = work.get(path)["signalen"][0]
    asked = work.ask("POST", f"{path}/vragen", {"signaal": doubted["kenmerk"]})
    assert asked.status_code == 201
    question = asked.json()
    assert question["signaal"]["bron"] == doubted["signaal"]["bron"]
    assert question["signaal"]["contact"] == doubted["signaal"]["contact"]
    again = work.ask("POST", f"{path}/vragen", {"signaal": doubted["kenmerk"]}).json()
    assert again == question, "it is asked once"
    assert [each["vraag"] for each in work.get(path)["signalen"]] == [question["kenmerk"], None]
    assert [each["kenmerk"] for each in work.get("/berichten")["vragen"]] == [question["kenmerk"]]
    work.ask("POST", f"{path}/einde")
    found = work.get(f"/vragen/{question['kenmerk']}")
    assert found == question | {"signaal": None}
    theirs, unknown = (
        work.ask("GET", f"/vragen/{each}", staff_id="w.twee") for each in (question["kenmerk"], "V-2222-2222")
    )
    assert (theirs.status_code, theirs.content) == (404, unknown.content)


def test_a_signal_that_is_not_there_cannot_be_doubted(work: Work) -> None:
    path = f"/raadplegingen/{look(work.world, work.case)['raadpleging']}"
    refused = work.ask("POST", f"{path}/vragen", {"signaal": "0" * 16})
    assert (refused.status_code, refused.json()["code"]) == (400, "signal")
    assert [each["veld"] for each in refused.json()["velden"]] == ["signaal"]
    assert not work.world.records("question.asked")


# --- Covers, messages and what leads to a look --------------------------------------------------------------------


def test_a_cover_is_arranged_seen_by_name_by_the_whole_team_and_ended(work: Work) -> None:
    today = work.world.DAY
    days = {"van": str(today), "tot": str(today + timedelta(days=7))}
    wanted = {"vervanger": "w.een", "reden": "vrij-of-verlof", **days}
    arranged = work.ask("POST", "/teamvervangingen", wanted, "w.twee")
    assert arranged.status_code == 201
    lists = ("eigen", "voorAnderen", "team")
    counts = {
        who: [len(work.get("/teamvervangingen", who)[each]) for each in lists]
        for who in ("w.een", "w.twee", "t.lead")
    }
    assert counts == {"w.een": [0, 1, 1], "w.twee": [1, 0, 1], "t.lead": [0, 0, 1]}
    assert [each["medewerker"] for each in work.get("/teamvervangingen")["collegas"]] == ["w.twee"]
    assert work.get("/teamvervangingen", "t.lead")["collegas"] == []
    ending = f"/teamvervangingen/{arranged.json()['vervanging']}/einde"
    assert work.ask("POST", ending, staff_id="t.lead").json()["gestopt"] == str(today)
    assert work.get("/teamvervangingen")["team"] == []


def test_a_cover_that_cannot_be_says_why_and_changes_nothing(work: Work) -> None:
    late = str(work.world.DAY - timedelta(days=1))
    refused = work.ask(
        "POST",
        "/teamvervangingen",
        {"vervanger": "t.lead", "van": late, "tot": late, "reden": "training"},
    )
    assert (refused.status_code, refused.json()["code"]) == (400, "cover")
    assert {each["veld"] for each in refused.json()["velden"]} >= {"vervanger", "van"}
    assert work.get("/teamvervangingen")["team"] == []


def test_a_covered_case_says_whose_it_is_and_until_when(work: Work) -> None:
    last = str(work.world.DAY + timedelta(days=7))
    wanted = {"vervanger": "w.twee", "van": str(work.world.DAY), "tot": last, "reden": "training"}
    assert work.ask("POST", "/teamvervangingen", wanted).status_code == 201
    by_case = {each["zorgrelatie"]: each for each in work.get("/zorgrelaties", "w.twee")["zorgrelaties"]}
    told = [by_case[work.case][name] for name in ("vervangt", "vervangtNaam", "vervangtTot")]
    assert told == ["w.een", "w.een", last]
    assert by_case[work.theirs]["vervangtTot"] is None


def test_a_team_lead_finds_what_waits_for_her(work: Work) -> None:
    (waiting,) = work.get("/wachtende-zorgrelaties", "t.lead")["zorgrelaties"]
    assert (waiting["zorgrelatie"], waiting["medewerker"]) == (work.theirs, "w.twee")
    assert work.ask("POST", f"/zorgrelaties/{work.theirs}/bevestiging", staff_id="t.lead").is_success
    assert work.get("/wachtende-zorgrelaties", "t.lead") == {"zorgrelaties": []}


def test_a_ticket_opens_its_case_once(work: Work) -> None:
    body = {"kaartje": ticket(work.world, work.case)}
    assert work.ask("POST", "/zaakopeningen", body).json() == {"zorgrelatie": work.case}
    again = work.ask("POST", "/zaakopeningen", body)
    assert (again.status_code, again.json()["code"]) == (403, "ticket")
    elses = {"kaartje": ticket(work.world, work.case, "w.twee")}
    assert work.ask("POST", "/zaakopeningen", elses).content == again.content


def test_the_daily_mail_goes_to_the_address_in_the_token_and_to_no_other(work: Work) -> None:
    without = work.ask("PUT", "/samenvatting", {"gewenst": True})
    assert (without.status_code, without.json()["code"]) == (400, "email")
    assert work.ask("PUT", "/samenvatting", {"gewenst": True, "naar": "x@elders.example"}).status_code == 400
    headers = _with_address(work.world, "w.een@gemeente.example")
    for wanted, to in ((True, "w.een@gemeente.example"), (False, None)):
        chosen = work.world.request("PUT", "/v1/samenvatting", headers=headers, json={"gewenst": wanted})
        assert chosen.json() == {"naar": to}
        assert work.get("/berichten")["samenvatting"] == {"naar": to}


def _with_address(world: World, address: str) -> dict[str, str]:
    """Her token, in which the identity provider says where she gets her mail."""
    token = world.token()["Authorization"].removeprefix("Bearer ")
    claims = jwt.decode(token, options={"verify_signature": False})
    key = load_pem_private_key((world.folder / "issuer.key").read_bytes(), None)
    assert isinstance(key, Ed25519PrivateKey)
    key_id = jwt.get_unverified_header(token)["kid"]
    return {"Authorization": f"Bearer {issue(key, key_id, 'EdDSA', claims | {'email': address})}"}
