"""A resident asks who looked, over the whole chain: within a minute, once, sealed, and on record."""

import uuid
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.config import Setup
from connectors.publisher import ChainFault
from connectors.resident import Look, NotAnswered, who_looked
from crypto.answers import Refusal, Reply, verify
from crypto.batch import Batch, BatchClass
from crypto.inquiry import Inquiry
from signal_index.model import Actor, Register
from signal_index.usecases.administration.register import import_register

INZAGE = BatchClass.INZAGE


class Hop:
    """Both pseudonymisers and the index of a world, for who asks."""

    def __init__(self, world: Any) -> None:
        self.world = world
        self.sent: list[Batch] = []

    def ask(self, request: Batch) -> Reply | Refusal:
        self.sent.append(self.world.hopped(request))
        answer: Any = verify(self.world.post(self.sent[-1]).content, self.world.secrets.public().verify_key)
        return answer  # type: ignore[no-any-return]


@pytest.fixture
def gateway(world: Any) -> Setup:
    """A publisher of the world that is registered for requests too."""
    serve(world, world.REGIE, INZAGE, BatchClass.ZORGRELATIE)
    return Setup(
        secrets=world.senders[world.REGIE].secrets,
        manifest=world.manifest,
        first_hop="http://127.0.0.1:1",
        state_path=Path("unused"),
        items_per_batch=world.N,
        publications=(),
        caseload=None,
    )


def serve(world: Any, oin: str, *classes: BatchClass) -> None:
    """Register a publisher for these classes."""

    def change(tx: Any) -> None:
        publishers = [
            replace(each, classes=frozenset(classes)) if each.oin == oin else each
            for each in tx.register.publishers()
        ]
        register = Register(
            tuple(publishers), tuple(tx.register.publications()), tuple(tx.register.entrances())
        )
        types = [kind.code for kind in world.desk.rules.in_force(world.DAY).catalogue.types]
        actor = Actor.in_all_roles("f.beheer", tx.staff.get("f.beheer"), second_factor=True, token_id="test")
        import_register(tx, actor, register, types, world.clock)

    world.database.run(change)


def ask(world: Any, gateway: Setup, person: Any, hop: Hop | None = None) -> list[Look]:
    return who_looked(gateway, hop or Hop(world), person, world.clock)


def test_a_resident_hears_of_looks_at_herself_and_of_nobody_elses(world: Any, gateway: Setup) -> None:
    own, other = world.PEOPLE[:2]
    mine, theirs = world.relation(), world.relation(case_reference="WT-2026-0002")
    world.register_relations((own, mine), (other, theirs))
    assert ask(world, gateway, own) == []
    for moment in range(2):
        world.clock += timedelta(minutes=1 + moment)
        assert world.look(mine.relation_id).status_code == 200
    world.look(theirs.relation_id)
    looks = ask(world, gateway, own)
    assert [(look.organisation, look.purpose, look.allowed) for look in looks] == [
        (world.GEMEENTE, "voorbereiding-huisbezoek", True)
    ] * 2
    assert looks[0].at - looks[1].at == timedelta(minutes=2)
    assert len(ask(world, gateway, other)) == 1
    assert ask(world, gateway, world.PEOPLE[5]) == []


def test_no_worker_and_no_flag_is_told_and_the_asking_is_on_record(world: Any, gateway: Setup) -> None:
    world.publish(world.GEMEENTE, "agb:00000001", "wmo-voorziening", {world.PEOPLE[0]: "2025-04"})
    row = world.relation()
    world.register_relations((world.PEOPLE[0], row))
    world.look(row.relation_id)
    inquiry = Inquiry.new()
    batch = world.batch(world.REGIE, INZAGE, [(world.PEOPLE[0], inquiry.row)], n=1, sequence=inquiry.number)
    reply = verify(world.post(batch).content, world.secrets.public().verify_key)
    assert isinstance(reply, Reply)
    content = inquiry.open(reply.sealed, batch.digest)
    for hidden in (
        b"w.een",
        b"wmo",
        b"agb",
        row.case_reference.encode(),
        str(uuid.UUID(bytes=row.relation_id)).encode(),
    ):
        assert hidden not in content
    recorded = world.records("inzage.answered")[0].fields
    assert recorded == {"publisher": world.REGIE, "looks": 1}
    assert ask(world, gateway, world.PEOPLE[0]) != [], "asking uses no sequence up"


def test_a_request_is_answered_once(world: Any, gateway: Setup) -> None:
    hop = Hop(world)
    ask(world, gateway, world.PEOPLE[0], hop)
    refusal = verify(world.post(hop.sent[0]).content, world.secrets.public().verify_key)
    assert isinstance(refusal, Refusal)
    assert refusal.reason == "replayed"
    assert len(world.records("inzage.answered")) == 1


@pytest.mark.parametrize(("seconds", "reason"), [(60, None), (61, "clock"), (-5, None), (-6, "clock")])
def test_a_request_lives_for_a_minute(world: Any, gateway: Setup, seconds: int, reason: str | None) -> None:
    inquiry = Inquiry.new()
    batch = world.batch(world.REGIE, INZAGE, [(world.PEOPLE[0], inquiry.row)], n=1, sequence=inquiry.number)
    world.clock += timedelta(seconds=seconds)
    answer = verify(world.post(batch).content, world.secrets.public().verify_key)
    assert getattr(answer, "reason", None) == reason


def test_who_is_not_registered_for_it_gets_no_answer(world: Any, gateway: Setup) -> None:
    serve(world, world.REGIE, BatchClass.ZORGRELATIE)
    with pytest.raises(NotAnswered, match="not registered for requests"):
        ask(world, gateway, world.PEOPLE[0])
    assert world.records("delivery.refused")[0].fields["reason"] == "class-not-served"
    assert world.records("inzage.answered") == []


def test_a_request_with_a_key_nobody_can_seal_to_is_refused(world: Any, gateway: Setup) -> None:
    inquiry = Inquiry.new()
    low_order = inquiry.row.response_key[:1184] + bytes(32)
    object.__setattr__(inquiry.row, "response_key", low_order)
    batch = world.batch(world.REGIE, INZAGE, [(world.PEOPLE[0], inquiry.row)], n=1, sequence=inquiry.number)
    refusal = verify(world.post(batch).content, world.secrets.public().verify_key)
    assert isinstance(refusal, Refusal)
    assert refusal.reason == "malformed-row"


def test_an_answer_to_another_request_is_not_taken(world: Any, gateway: Setup) -> None:
    hop = Hop(world)
    inquiry = Inquiry.new()
    request = world.batch(world.REGIE, INZAGE, [(world.PEOPLE[0], inquiry.row)], n=1, sequence=inquiry.number)
    earlier: Any = verify(world.post(request).content, world.secrets.public().verify_key)
    hop.ask = lambda request: earlier  # type: ignore[method-assign]  # noqa: ARG005 - as a carrier that mixes up answers
    with pytest.raises(ChainFault, match="answer-unverifiable"):
        ask(world, gateway, world.PEOPLE[0], hop)
