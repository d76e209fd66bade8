"""A look's record holds what somebody has to account for, and nothing that tells what was shown."""

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from crypto.sheet import ZorgrelatieRow
from signal_index import audit
from signal_index.store import schema

ANSWERED = {
    "actor", "organisation", "token", "role", "relation", "cover", "purpose", "domains", "informed", "rule_set",
    "rules", "facts", "allowed", "any_shown",
}  # fmt: skip
REFUSED = {"actor", "organisation", "token", "relation", "purpose", "reason"}
UNDECIDED = {"domains", "facts", "rule_set", "rules"}
FACTS = {
    "account_active", "age_band", "asked_at", "coordinator", "emergency", "involved", "objection", "on", "organisation",
    "origins", "purpose", "relation_confirmed", "relation_live", "relation_organisation", "relation_team", "role",
    "second_factor", "shielded", "team",
}  # fmt: skip
PAIRS = {
    ("agb:00000001", "wmo-voorziening"): "GEMEENTE",
    ("agb:00000002", "wmo-voorziening"): "GEMEENTE",
    ("agb:00000003", "jeugdhulp"): "GEMEENTE",
    ("kvk:00000004", "schuldhulptraject"): "ZORG",
}
PURPOSES = st.sampled_from(["voorbereiding-huisbezoek", "schuldhulp-afstemming", "toets-zelfredzaamheid"])
SINCE = st.sampled_from(["2024-01", "2026-02"])
FEW = settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def bodies(world: Any) -> list[dict[str, Any]]:
    """What the look records of a world hold, opened, as they were hashed."""
    table = schema.audit_records

    def job(tx: Any) -> list[dict[str, Any]]:
        statement = select(*table.columns).where(table.c.event == "lookup.answered")
        return [json.loads(tx.audit._open(row)) for row in tx.audit._connection.execute(statement)]

    found: list[dict[str, Any]] = world.database.run(job)
    return found


def test_an_answered_look_holds_exactly_this(world: Any, client: bytes) -> None:
    world.look(client)
    [body] = bodies(world)
    assert set(body) == {"at", "event", "fields", "processing", "subject", "trace"}
    assert set(body["fields"]) == ANSWERED == audit.EVENTS["lookup.answered"]
    assert set(json.loads(body["fields"]["facts"])) == FACTS
    assert set(body["trace"]) == {"trace_id", "span_id"}
    assert set(body["processing"]) == {"activity", "name", "processor", "started_at", "status"}
    assert body["fields"]["any_shown"] is True
    assert body["fields"]["relation"] == str(UUID(bytes=client))


def test_a_refused_look_holds_exactly_this(world: Any, client: bytes) -> None:
    world.look(client, "w.twee")
    [entry] = world.records("lookup.refused")
    assert set(entry.fields) == REFUSED == audit.EVENTS["lookup.refused"] - UNDECIDED


@pytest.mark.parametrize("name", ["lookup.answered", "lookup.refused"])
@pytest.mark.parametrize("extra", ["shown", "signals", "sources", "person", "bsn", "since"])
def test_a_field_that_tells_more_cannot_be_recorded(world: Any, name: str, extra: str) -> None:
    with pytest.raises(AssertionError, match="does not allow"):
        audit.event(name, world.clock, subject=None, **{extra: "wmo-voorziening"})


def fill(world: Any, row: ZorgrelatieRow, flags: dict[tuple[str, str], str]) -> None:
    """Give the first person these flags and this relation, and somebody else one flag of every kind."""
    for number, ((source, kind), sender) in enumerate(PAIRS.items(), start=1):
        wishes = {world.PEOPLE[number]: "2025-01"}
        if (source, kind) in flags:
            wishes[world.PEOPLE[0]] = flags[source, kind]
        world.publish(getattr(world, sender), source, kind, wishes)
    world.register_relations((world.PEOPLE[0], row))


def masked(body: dict[str, Any]) -> dict[str, Any]:
    """A body without what differs between any two looks; the rest must be equal."""
    fields = {name: value for name, value in body["fields"].items() if name not in {"any_shown", "token"}}
    processing = {name: value for name, value in body["processing"].items() if name != "started_at"}
    return {
        "event": body["event"],
        "fields": fields,
        "trace": sorted(body["trace"]),
        "processing": processing,
    }


@FEW
@given(
    one=st.dictionaries(st.sampled_from(sorted(PAIRS)), SINCE),
    other=st.dictionaries(st.sampled_from(sorted(PAIRS)), SINCE),
    purpose=PURPOSES,
)
@example(one={}, other={("agb:00000001", "wmo-voorziening"): "2024-01"}, purpose="voorbereiding-huisbezoek")
def test_other_flags_and_the_same_decision_are_the_same_record_but_for_one_bit(
    new_world: Callable[..., Any],
    one: dict[tuple[str, str], str],
    other: dict[tuple[str, str], str],
    purpose: str,
) -> None:
    row: ZorgrelatieRow | None = None
    found, answers, sealed = [], [], set()
    for flags in (one, other):
        world = new_world()
        row = row or world.relation()
        fill(world, row, flags)
        answers.append(world.look(row.relation_id, purpose=purpose))
        found += bodies(world)
        sealed.add(len(_sealed(world)))
    assert masked(found[0]) == masked(found[1])
    assert len(sealed) == 1
    shown = [
        bool(answer.json()["signalen"]) or any(area["signaal"] for area in answer.json()["leefgebieden"])
        for answer in answers
    ]
    assert [body["fields"]["any_shown"] for body in found] == shown


def _sealed(world: Any) -> bytes:
    table = schema.audit_records
    statement = select(table.c.sealed_body).where(table.c.event == "lookup.answered")
    cell: bytes = world.database.run(lambda tx: tx.audit._connection.execute(statement).scalar_one())
    return cell


def test_no_source_and_no_month_of_a_flag_stands_in_the_record(world: Any, client: bytes) -> None:
    answer = world.look(client).json()
    text = json.dumps(bodies(world))
    [signal] = answer["signalen"]
    assert (signal["bron"], signal["sinds"]) == ("Bron 0001", "2025-04")
    for told in ("Bron 0001", "agb:00000001", "2025-04", "085-0000000"):
        assert told not in text


def test_the_receipt_is_the_record(world: Any, client: bytes) -> None:
    receipt = world.look(client).json()["ontvangstbewijs"]
    [entry] = world.records("lookup.answered")
    assert receipt == {"schrijver": entry.writer.hex(), "nummer": entry.number, "blad": entry.leaf.hex()}


def test_who_reads_the_log_is_not_told_whether_a_look_showed_anything(world: Any, client: bytes) -> None:
    world.look(client)
    read = world.request("GET", "/v1/logregels?alles=true", headers=world.token("p.officer")).json()
    [fields] = [each["velden"] for each in read["logregels"] if each["gebeurtenis"] == "lookup.answered"]
    assert set(fields) == ANSWERED - {"any_shown"}
