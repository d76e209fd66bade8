"""What a worker gets when she looks: her own live case, what the rules allow, and a record of it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from crypto.batch import BatchClass
from crypto.encoding import Month
from crypto.sheet import AgeBand, SignaalOperation, SignaalRow, ZorgrelatieOperation, ZorgrelatieRow
from signal_index.model import Actor, Register
from signal_index.usecases.administration.register import import_register

WMO, JEUGD, SCHULD = "wmo-voorziening", "jeugdhulp", "schuldhulptraject"


def _filled(world: Any, **relation: Any) -> ZorgrelatieRow:
    """A world with two Wmo sources and a debt source, and one relation for the first person."""
    person = world.PEOPLE[0]
    world.publish(world.GEMEENTE, "agb:00000001", WMO, {person: "2025-04"})
    world.publish(world.GEMEENTE, "agb:00000002", WMO, {person: "2025-02"})
    world.publish(world.ZORG, "kvk:00000004", SCHULD, {person: "2025-11"})
    row: ZorgrelatieRow = world.relation(**relation)
    world.register_relations((person, row))
    return row


def _kinds(response: Any) -> list[str]:
    assert response.status_code == 200, response.text
    return [signal["soort"] for signal in response.json()["signalen"]]


def test_a_worker_sees_what_runs_for_her_client(world: Any) -> None:
    relation = _filled(world)
    body = world.look(relation.relation_id).json()
    wmo = [signal for signal in body["signalen"] if signal["soort"] == WMO]
    assert [(s["sinds"], s["bron"]) for s in wmo] == [("2025-02", "Bron 0002"), ("2025-04", "Bron 0001")]
    assert wmo[0]["contact"] == {"naam": "Balie", "telefoon": "085-0000000"}
    assert wmo[0]["tekst"].startswith("Er is een ")
    assert wmo[0]["bijgewerkt"] == "2026-03-03"


def test_only_the_types_of_the_purpose_are_shown(world: Any) -> None:
    relation = _filled(world)
    assert set(_kinds(world.look(relation.relation_id, purpose="schuldhulp-afstemming"))) == {SCHULD}


def test_a_shielded_client_shows_presence_and_nothing_more(world: Any) -> None:
    relation = _filled(world, shielded=True)
    signals = world.look(relation.relation_id).json()["signalen"]
    assert {signal["soort"] for signal in signals} >= {WMO}
    assert all(s["bron"] is None and s["contact"] is None and s["bijgewerkt"] is None for s in signals)
    # Two sources of one type are one signal here: their number would tell the sources apart.
    assert [signal["sinds"] for signal in signals if signal["soort"] == WMO] == ["2025-02"]


def test_a_withdrawn_flag_is_gone_at_the_next_look(world: Any) -> None:
    relation = _filled(world)
    before = _kinds(world.look(relation.relation_id))
    row = SignaalRow(SignaalOperation.WITHDRAW, source="agb:00000001", type=WMO, generation=1)
    world.accept(world.GEMEENTE, BatchClass.SIGNAAL, [(world.PEOPLE[0], row)])
    after = _kinds(world.look(relation.relation_id))
    assert before.count(WMO) == 2
    assert after.count(WMO) == 1


def test_a_flag_past_its_retention_is_not_shown_even_before_the_job_has_run(world: Any) -> None:
    relation = _filled(world, valid_until=date(2030, 12, 31))
    world.clock += timedelta(days=3 * 365)
    assert _kinds(world.look(relation.relation_id)) == []


def test_a_source_that_is_behind_is_marked_as_not_current(world: Any) -> None:
    relation = _filled(world)
    fresh = {b["naam"]: b["actueel"] for b in world.look(relation.relation_id).json()["bronnen"]}
    world.clock += timedelta(days=200)
    stale = {b["naam"]: b["actueel"] for b in world.look(relation.relation_id).json()["bronnen"]}
    assert fresh["Bron 0001"] is True
    assert stale["Bron 0001"] is False
    assert fresh.keys() == stale.keys()


def test_a_source_that_never_sealed_a_set_is_not_current(world: Any) -> None:
    relation = _filled(world)
    bronnen = world.look(relation.relation_id).json()["bronnen"]
    assert [(b["actueel"], b["bijgewerkt"]) for b in bronnen if b["soort"] == JEUGD] == [(False, None)]


@pytest.mark.parametrize(
    "changed",
    [
        {"valid_from": date(2026, 3, 4)},
        {"valid_until": date(2026, 3, 2)},
        {"worker": "w.twee"},
        {"registered_by": "w.een"},
    ],
    ids=["not-begun", "run-out", "a-colleague's", "self-registered"],
)
def test_a_case_that_is_not_hers_to_see_is_one_answer(world: Any, changed: dict[str, Any]) -> None:
    relation = _filled(world, **changed)
    refused = world.look(relation.relation_id)
    unknown = world.look(bytes(range(16)))
    assert refused.status_code == 404
    assert refused.content == unknown.content


def test_her_relation_holds_on_its_first_and_last_dutch_day(world: Any) -> None:
    relation = _filled(world, valid_from=date(2026, 3, 4), valid_until=date(2026, 3, 4))
    world.clock = datetime(2026, 3, 3, 22, 30, tzinfo=UTC)  # half past eleven at night in the Netherlands
    assert world.look(relation.relation_id).status_code == 404
    world.clock = datetime(2026, 3, 3, 23, 30, tzinfo=UTC)  # half past midnight
    assert world.look(relation.relation_id).status_code == 200
    world.clock = datetime(2026, 3, 4, 23, 30, tzinfo=UTC)
    assert world.look(relation.relation_id).status_code == 404


def test_a_self_registered_relation_answers_after_a_second_person_confirmed_it(world: Any) -> None:
    relation = _filled(world, registered_by="w.een")
    path = f"/v1/zorgrelaties/{relation.relation_id.hex()}/bevestiging"
    assert world.request("POST", path, headers=world.token("w.een")).status_code == 403
    assert world.request("POST", path, headers=world.token("t.lead")).status_code == 200
    assert world.look(relation.relation_id).status_code == 200
    assert world.request("POST", path, headers=world.token("t.lead")).status_code == 409


def test_a_change_of_worker_voids_the_confirmation(world: Any) -> None:
    relation = _filled(world, registered_by="w.een")
    path = f"/v1/zorgrelaties/{relation.relation_id.hex()}/bevestiging"
    world.request("POST", path, headers=world.token("t.lead"))
    changed = replace(
        relation, operation=ZorgrelatieOperation.CHANGE, worker="w.twee", registered_by="w.twee"
    )
    world.accept(world.REGIE, BatchClass.ZORGRELATIE, [(world.PEOPLE[0], changed)])
    assert world.look(relation.relation_id, "w.twee").status_code == 404
    assert world.records("relation.changed")[0].fields["confirmation_void"] is True


def test_an_ended_relation_stops_answering_after_its_last_day(world: Any) -> None:
    relation = _filled(world)
    end = ZorgrelatieRow(
        ZorgrelatieOperation.END,
        relation_id=relation.relation_id,
        generation=1,
        organisation=world.GEMEENTE,
        valid_until=date(2026, 3, 2),
    )
    world.accept(world.REGIE, BatchClass.ZORGRELATIE, [(world.PEOPLE[0], end)])
    assert world.look(relation.relation_id).status_code == 404


REFUSALS = [
    ("no second factor", "w.een", "voorbereiding-huisbezoek", {"second_factor": False}, 403, "second-factor"),
    ("somebody unknown", "x.onbekend", "voorbereiding-huisbezoek", {}, 403, "account"),
    ("a privacy officer", "p.officer", "voorbereiding-huisbezoek", {}, 403, "role"),
    ("who administers", "f.beheer", "voorbereiding-huisbezoek", {}, 403, "role"),
    ("an unknown purpose", "w.een", "nieuwsgierigheid", {}, 400, "unknown-purpose"),
]


@pytest.mark.parametrize(("_who", "staff", "purpose", "token", "status", "code"), REFUSALS)
def test_refusals_about_the_asker_are_the_same_for_every_case_and_recorded(
    world: Any, _who: str, staff: str, purpose: str, token: dict[str, bool], status: int, code: str
) -> None:
    relation = _filled(world)
    hers = world.look(relation.relation_id, staff, purpose, **token)
    unknown = world.look(bytes(range(16)), staff, purpose, **token)
    assert (hers.status_code, hers.json()["code"]) == (status, code)
    assert hers.content == unknown.content
    assert [record.fields["reason"] for record in world.records("lookup.refused")] == [code, code]


def test_a_request_without_a_good_token_is_refused_and_recorded(world: Any) -> None:
    question = {"zorgrelatie": bytes(16).hex(), "doel": "voorbereiding-huisbezoek"}
    bare = world.request("POST", "/v1/raadplegingen", json=question)
    forged = world.request(
        "POST", "/v1/raadplegingen", json=question, headers={"Authorization": "Bearer e30.e30.AA"}
    )
    assert (bare.status_code, forged.status_code) == (401, 401)
    assert bare.headers["www-authenticate"] == "Bearer"
    assert [r.fields["surface"] for r in world.records("access.refused")] == ["raadplegingen"] * 2


def test_no_look_is_answered_before_the_care_relations_are_complete(world: Any) -> None:
    world.publish(world.GEMEENTE, "agb:00000001", WMO, {world.PEOPLE[0]: "2025-04"})
    row = world.relation()
    opening = ZorgrelatieRow(ZorgrelatieOperation.OPEN_SET, generation=1)
    world.accept(world.REGIE, BatchClass.ZORGRELATIE, [(None, opening)])
    world.accept(world.REGIE, BatchClass.ZORGRELATIE, [(world.PEOPLE[0], row)])
    known, unknown = world.look(row.relation_id), world.look(bytes(range(16)))
    assert known.status_code == 503
    assert known.content == unknown.content
    assert known.headers["retry-after"] == "300"


def test_no_look_is_answered_before_the_restrictions_are_complete(new_world: Callable[..., Any]) -> None:
    world = new_world(with_brp=True)
    relation = _filled(world)
    assert world.look(relation.relation_id).status_code == 503


def test_a_person_who_turns_of_age_is_of_unknown_age_and_never_seen_more_of(world: Any) -> None:
    known = _filled(world, age_band=AgeBand.FROM_16_TO_17, age_band_changes=Month.parse("2026-06"))
    before = {s["soort"]: s for s in world.look(known.relation_id).json()["signalen"]}
    world.clock = datetime(2026, 6, 1, 9, tzinfo=UTC)
    after = {s["soort"]: s for s in world.look(known.relation_id).json()["signalen"]}
    assert after.keys() <= before.keys()


def test_the_record_of_a_look_says_what_was_allowed_and_never_what_was_shown(world: Any) -> None:
    relation = _filled(world)
    receipt = world.look(relation.relation_id).json()["ontvangstbewijs"]
    record = world.records("lookup.answered")[0]
    assert (record.writer.hex(), record.number, record.leaf.hex()) == tuple(receipt.values())
    assert record.fields["any_shown"] is True
    assert f"{JEUGD}:contact" in record.fields["allowed"]  # allowed, though no such flag exists
    assert set(record.fields) == {
        "actor", "role", "organisation", "relation", "purpose", "rule_set", "rules", "facts", "allowed",
        "any_shown", "domains", "informed", "cover", "token",
    }  # fmt: skip


def test_the_caseload_lists_her_own_running_cases_only(world: Any) -> None:
    rows = [
        world.relation(case_reference="WT-2026-0002"),
        world.relation(case_reference="WT-2026-0003", worker="w.twee"),
        world.relation(case_reference="WT-2025-0001", valid_until=date(2026, 2, 1)),
        world.relation(case_reference="WT-2026-0004", registered_by="w.een"),
    ]
    world.register_relations(*zip(world.PEOPLE, rows, strict=False))
    listed = world.request("GET", "/v1/zorgrelaties", headers=world.token()).json()["zorgrelaties"]
    assert [(each["zaakreferentie"], each["bevestigd"]) for each in listed] == [
        ("WT-2026-0002", True),
        ("WT-2026-0004", False),
    ]


def test_what_a_caller_types_as_purpose_is_not_recorded(world: Any) -> None:
    relation = _filled(world)
    assert world.look(relation.relation_id, purpose="999900006").status_code == 400
    assert world.records("lookup.refused")[0].fields["purpose"] is None


def _import_without(world: Any, *, publisher: str | None = None, source: str | None = None) -> None:
    def job(tx: Any) -> None:
        register = Register(
            tuple(p for p in tx.register.publishers() if p.oin != publisher),
            tuple(p for p in tx.register.publications() if p.source != source),
        )
        types = {p.type for p in register.publications}
        actor = Actor.in_all_roles("f.beheer", tx.staff.get("f.beheer"), second_factor=True, token_id="test")
        import_register(tx, actor, register, types, world.clock, may_remove=True)

    world.database.run(job)


def test_a_source_that_left_the_register_is_shown_no_more(world: Any) -> None:
    relation = _filled(world)
    _import_without(world, source="agb:00000001")
    signals = world.look(relation.relation_id).json()["signalen"]
    assert [signal["bron"] for signal in signals if signal["soort"] == WMO] == ["Bron 0002"]


def test_a_relation_whose_feed_left_the_register_carries_no_look(world: Any) -> None:
    relation = _filled(world)
    _import_without(world, publisher=world.REGIE)
    assert world.look(relation.relation_id).content == world.look(bytes(range(16))).content
