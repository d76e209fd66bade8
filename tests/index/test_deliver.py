"""What the index does with deliveries: strictly in order, as a whole or not at all, within the register."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from crypto.answers import Acknowledgement, Refusal, verify
from crypto.batch import Batch, BatchClass, steps
from crypto.chain import Pseudonym, close, encrypt, hops, origin
from crypto.chain.crew import Alone
from crypto.encoding import Month
from crypto.group import random_scalar
from crypto.sheet import (
    BeperkingKind,
    BeperkingOperation,
    BeperkingRow,
    SignaalOperation,
    SignaalRow,
    ZorgrelatieOperation,
    ZorgrelatieRow,
)
from signal_index.errors import Unavailable
from signal_index.usecases.delivery.apply import deliver
from signal_index.usecases.delivery.rows import Context, Work
from signal_index.usecases.delivery.unseal import open_delivery
from signal_index.usecases.expire import clear_replaced, drop_replaced, expire

SOURCE, KIND = "agb:00000001", "wmo-voorziening"
SIGNAAL = BatchClass.SIGNAAL
EVERYBODY = range(1)  # a file has one share


def _row(operation: SignaalOperation, generation: int = 1, **rest: Any) -> SignaalRow:
    if operation is SignaalOperation.ASSERT:
        rest.setdefault("since", Month(2025, 4))
    return SignaalRow(operation, source=SOURCE, type=KIND, generation=generation, **rest)


ASSERT = _row(SignaalOperation.ASSERT)
WITHDRAW = _row(SignaalOperation.WITHDRAW)
OPEN = _row(SignaalOperation.OPEN_SET)


def _standing(world: Any) -> Any:
    """The current series of the source, straight from the table."""
    return world.database.run(lambda tx: tx.series.current(SOURCE, KIND))


def _refusal(world: Any, items: Any, oin: str | None = None, batch_class: BatchClass = SIGNAAL) -> Refusal:
    answer = world.send(oin or world.GEMEENTE, batch_class, items)
    assert isinstance(answer, Refusal), "this delivery should have been refused"
    return answer


def test_a_repeat_gets_the_first_acknowledgement_and_changes_nothing(world: Any) -> None:
    batch = world.batch(world.GEMEENTE, SIGNAAL, [(None, OPEN)])
    first, again = world.post(batch), world.post(batch)
    # The publisher may also compose the same set anew; the digest differs, the answer does not.
    recomposed = world.post(world.batch(world.GEMEENTE, SIGNAAL, [(None, OPEN)]))
    assert first.status_code == again.status_code == recomposed.status_code == 200
    assert first.content == again.content == recomposed.content
    assert len(world.records("delivery.accepted")) == 1


def test_a_delivery_out_of_order_is_refused_and_says_what_is_expected(world: Any) -> None:
    world.accept(world.GEMEENTE, SIGNAAL, [(None, OPEN)])
    response = world.post(world.batch(world.GEMEENTE, SIGNAAL, [], sequence=5))
    refusal = verify(response.content, world.secrets.public().verify_key)
    assert isinstance(refusal, Refusal)
    assert (response.status_code, refusal.reason, refusal.next_sequence) == (409, "wrong-sequence", 2)


def test_a_delivery_for_another_incarnation_is_refused_and_told_the_present_one(world: Any) -> None:
    response = world.post(world.batch(world.GEMEENTE, SIGNAAL, [], incarnation=bytes(16)))
    refusal = verify(response.content, world.secrets.public().verify_key)
    assert isinstance(refusal, Refusal)
    assert refusal.reason == "wrong-incarnation"
    assert refusal.incarnation == world.database.run(lambda tx: tx.incarnation)


def test_a_set_is_opened_filled_and_sealed(world: Any) -> None:
    world.publish(world.GEMEENTE, SOURCE, KIND, dict.fromkeys(world.PEOPLE[:10], "2025-04"))
    standing = _standing(world)
    assert (standing.row_count, standing.accepted_count) == (10, 10)
    assert standing.as_of == world.DAY


def test_a_seal_with_another_count_is_refused_and_nothing_is_lost(world: Any) -> None:
    world.publish(world.GEMEENTE, SOURCE, KIND, dict.fromkeys(world.PEOPLE[:3], "2025-04"))
    opening = replace(OPEN, generation=2)
    world.accept(world.GEMEENTE, SIGNAAL, [(None, opening)])
    world.accept(world.GEMEENTE, SIGNAAL, [(world.PEOPLE[0], replace(ASSERT, generation=2))])
    seal = _row(SignaalOperation.SEAL_SET, 2, count=3, as_of=world.DAY)
    assert _refusal(world, [(None, seal)]).reason == "set-count"
    assert _standing(world).generation == 1
    world.accept(world.GEMEENTE, SIGNAAL, [(None, replace(seal, count=1))])
    assert (_standing(world).generation, _standing(world).row_count) == (2, 1)


def test_while_a_new_set_is_being_filled_the_old_one_still_answers(world: Any) -> None:
    person = world.PEOPLE[0]
    world.publish(world.GEMEENTE, SOURCE, KIND, {person: "2025-04"})
    row = world.relation()
    world.register_relations((person, row))
    world.accept(world.GEMEENTE, SIGNAAL, [(None, replace(OPEN, generation=2))])
    assert len(world.look(row.relation_id).json()["signalen"]) == 1
    world.accept(world.GEMEENTE, SIGNAAL, [(person, replace(ASSERT, generation=2))])
    assert len(world.look(row.relation_id).json()["signalen"]) == 1


def test_a_set_that_is_started_over_keeps_what_was_sent_until_the_next_seal(world: Any) -> None:
    person = world.PEOPLE[0]
    world.publish(world.GEMEENTE, SOURCE, KIND, {person: "2025-04"})
    for generation in (2, 3):
        world.accept(world.GEMEENTE, SIGNAAL, [(None, replace(OPEN, generation=generation))])
        if generation == 2:
            world.accept(world.GEMEENTE, SIGNAAL, [(person, replace(ASSERT, generation=2))])
    assert _refusal(world, [(person, replace(ASSERT, generation=2))]).reason == "generation"
    seal = _row(SignaalOperation.SEAL_SET, 3, count=0, as_of=world.DAY)
    world.accept(world.GEMEENTE, SIGNAAL, [(None, seal)])
    assert (_standing(world).generation, _standing(world).row_count) == (3, 0)
    assert len(world.database.run(lambda tx: tx.series.all())) == 3, "replaced sets wait to be removed"
    assert world.database.run(lambda tx: clear_replaced(tx, EVERYBODY)) == 1
    assert world.database.run(drop_replaced) == 2
    assert len(world.database.run(lambda tx: tx.series.all())) == 1


ROW_FAULTS: list[tuple[str, Callable[[Any], Any], str]] = [
    (
        "another publisher's source",
        lambda w: [(w.PEOPLE[0], replace(ASSERT, source="kvk:00000004"))],
        "not-registered",
    ),
    ("an unknown type", lambda w: [(w.PEOPLE[0], replace(ASSERT, type="geheim"))], "unknown-code"),
    ("two rows on one flag", lambda w: [(w.PEOPLE[0], ASSERT), (w.PEOPLE[0], WITHDRAW)], "duplicate-row"),
    ("a month to come", lambda w: [(w.PEOPLE[0], replace(ASSERT, since=Month(2026, 4)))], "malformed-row"),
    ("an unopened generation", lambda w: [(w.PEOPLE[0], replace(ASSERT, generation=9))], "generation"),
    ("a set opened twice", lambda _w: [(None, OPEN)], "generation"),
]


@pytest.mark.parametrize(("_name", "items", "code"), ROW_FAULTS, ids=[name for name, _, _ in ROW_FAULTS])
def test_a_faulty_row_refuses_the_delivery_by_name_and_undoes_all_of_it(
    world: Any, _name: str, items: Callable[[Any], Any], code: str
) -> None:
    world.publish(world.GEMEENTE, SOURCE, KIND, {})
    good = (world.PEOPLE[5], ASSERT)
    refusal = _refusal(world, [good, *items(world)])
    assert refusal.reason == code
    assert {fault for _, fault in refusal.rows} == {code}
    assert _standing(world).row_count == 0
    assert world.records("delivery.refused")[0].fields["reason"] == code
    # A refusal consumes no sequence: the same one is free for the rebuilt set.
    world.accept(world.GEMEENTE, SIGNAAL, [good])
    assert _standing(world).row_count == 1


def test_the_positions_in_a_refusal_are_the_positions_the_publisher_sent(
    new_world: Callable[..., Any],
) -> None:
    world = new_world(n=8)
    world.publish(world.GEMEENTE, SOURCE, KIND, {})
    items = [(person, ASSERT) for person in world.PEOPLE[:5]]
    items[3] = (world.PEOPLE[3], replace(ASSERT, source="agb:99999999"))
    assert _refusal(world, items).rows == ((3, "not-registered"),)


def test_a_class_the_publisher_is_not_registered_for_is_refused(world: Any) -> None:
    relation = (world.PEOPLE[0], world.relation())
    assert _refusal(world, [relation], world.ZORG, BatchClass.ZORGRELATIE).reason == "class-not-served"


def test_a_batch_from_the_future_is_refused(world: Any) -> None:
    later = int((world.clock + timedelta(minutes=6)).timestamp())
    response = world.post(world.batch(world.GEMEENTE, SIGNAAL, [(None, OPEN)], composed_at=later))
    refusal = verify(response.content, world.secrets.public().verify_key)
    assert isinstance(refusal, Refusal)
    assert refusal.reason == "clock"


def test_an_answer_never_tells_whether_a_person_was_known(world: Any) -> None:
    world.publish(world.GEMEENTE, SOURCE, KIND, {world.PEOPLE[0]: "2025-04"})
    answers = []
    for person in world.PEOPLE[:2]:  # one that is there, one that is not
        answer = world.send(world.GEMEENTE, SIGNAAL, [(person, WITHDRAW)])
        assert isinstance(answer, Acknowledgement)
        answers.append(replace(answer, sequence=0, digest=bytes(64)))
    assert answers[0] == answers[1]


def test_a_relation_may_not_change_person(world: Any) -> None:
    row = world.relation()
    world.register_relations((world.PEOPLE[0], row))
    moved = replace(row, operation=ZorgrelatieOperation.CHANGE)
    assert (
        _refusal(world, [(world.PEOPLE[1], moved)], world.REGIE, BatchClass.ZORGRELATIE).reason
        == "person-mismatch"
    )


def test_a_relation_of_an_organisation_that_is_not_registered_is_refused(world: Any) -> None:
    world.register_relations()
    row = world.relation(organisation=world.ZORG)
    assert (
        _refusal(world, [(world.PEOPLE[0], row)], world.REGIE, BatchClass.ZORGRELATIE).reason
        == "not-registered"
    )


def test_a_sealed_set_of_relations_ends_what_it_did_not_repeat(world: Any) -> None:
    kept, gone = world.relation(), world.relation(case_reference="WT-2026-0002")
    world.register_relations((world.PEOPLE[0], kept), (world.PEOPLE[1], gone))
    opening = ZorgrelatieRow(ZorgrelatieOperation.OPEN_SET, generation=2)
    for items in (
        [(None, opening)],
        [(world.PEOPLE[0], replace(kept, generation=2))],
        [(None, replace(opening, operation=ZorgrelatieOperation.SEAL_SET, count=1))],
    ):
        world.accept(world.REGIE, BatchClass.ZORGRELATIE, items)
    assert world.look(kept.relation_id).status_code == 200
    assert world.look(gone.relation_id).status_code == 404


def test_a_death_removes_flags_closes_relations_and_holds_later_asserts(
    new_world: Callable[..., Any],
) -> None:
    world = new_world(with_brp=True)
    dead, living = world.PEOPLE[:2]
    world.publish(world.GEMEENTE, SOURCE, KIND, {dead: "2025-04", living: "2025-05"})
    row = world.relation()
    world.register_relations((dead, row))
    opening = BeperkingRow(BeperkingOperation.OPEN_SET, generation=1)
    death = BeperkingRow(BeperkingOperation.ASSERT, kind=BeperkingKind.OVERLEDEN, generation=1)
    world.accept(world.BRP, BatchClass.BEPERKING, [(None, opening)])
    world.accept(world.BRP, BatchClass.BEPERKING, [(dead, death)])
    seal = replace(opening, operation=BeperkingOperation.SEAL_SET, count=1)
    world.accept(world.BRP, BatchClass.BEPERKING, [(None, seal)])
    assert _standing(world).row_count == 1
    assert world.look(row.relation_id).content == world.look(bytes(range(16))).content
    assert world.request("GET", "/v1/zorgrelaties", headers=world.token()).json() == {"zorgrelaties": []}
    # Nor does the feed: its next complete set, with the dead person's relation, must seal too.
    again = ZorgrelatieRow(ZorgrelatieOperation.OPEN_SET, generation=2)
    for items in (
        [(None, again)],
        [(dead, replace(row, generation=2))],
        [(None, replace(again, operation=ZorgrelatieOperation.SEAL_SET, count=1))],
    ):
        world.accept(world.REGIE, BatchClass.ZORGRELATIE, items)
    assert world.look(row.relation_id).status_code == 404
    # The source knows nothing of the death: its next complete set, the dead person included, must seal.
    world.publish(world.GEMEENTE, SOURCE, KIND, {dead: "2025-04", living: "2025-05"}, generation=2)
    assert _standing(world).row_count == 1
    world.accept(
        world.BRP, BatchClass.BEPERKING, [(dead, replace(death, operation=BeperkingOperation.REVOKE))]
    )
    world.accept(world.GEMEENTE, SIGNAAL, [(dead, replace(ASSERT, generation=2))])
    assert _standing(world).row_count == 2


def test_expiry_removes_what_is_past_its_month_and_is_recorded(world: Any) -> None:
    world.publish(world.GEMEENTE, SOURCE, KIND, {world.PEOPLE[0]: "2025-04"})
    assert world.database.run(lambda tx: expire(tx, world.clock, EVERYBODY)) == 0
    later = world.clock + timedelta(days=3 * 365)
    assert world.database.run(lambda tx: expire(tx, later, EVERYBODY)) == 1
    assert _standing(world).row_count == 0
    assert world.records("flags.expired")[0].fields["flags"] == 1


BROKEN: list[tuple[str, Callable[[Any, bytes], bytes], int, str]] = [
    ("nothing", lambda _w, _b: b"", 400, "malformed"),
    ("noise", lambda _w, _b: bytes(range(256)) * 4, 400, "malformed"),
    ("cut short", lambda _w, body: body[:-1], 400, "malformed"),
    (
        "a flipped bit in the last hop",
        lambda _w, body: body[:-10] + bytes([body[-10] ^ 1]) + body[-9:],
        400,
        "hop-proof",
    ),
    ("too large", lambda _w, body: body + bytes(5 * 1024 * 1024), 413, "too-large"),
]


@pytest.mark.parametrize(("_name", "change", "status", "code"), BROKEN, ids=[name for name, *_ in BROKEN])
def test_a_broken_batch_is_refused_unsigned_and_changes_nothing(
    world: Any, _name: str, change: Callable[[Any, bytes], bytes], status: int, code: str
) -> None:
    body = world.batch(world.GEMEENTE, SIGNAAL, [(None, OPEN)]).encode()
    response = world.post(change(world, body))
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert response.headers["content-type"] == "application/problem+json"
    world.accept(world.GEMEENTE, SIGNAAL, [(None, OPEN)])


def test_a_batch_of_an_unknown_publisher_is_refused(world: Any) -> None:
    response = world.post(world.batch(world.BRP, SIGNAAL, [(None, OPEN)]))
    assert (response.status_code, response.json()["code"]) == (403, "unknown-publisher")


def test_a_batch_signed_by_another_publisher_is_refused(world: Any) -> None:
    world.senders[world.GEMEENTE].secrets = replace(
        world.senders[world.ZORG].secrets, publisher=world.GEMEENTE
    )
    response = world.post(world.batch(world.GEMEENTE, SIGNAAL, [(None, OPEN)]))
    assert (response.status_code, response.json()["code"]) == (400, "signature")


def test_a_batch_for_another_index_is_refused(world: Any) -> None:
    response = world.post(world.batch(world.GEMEENTE, SIGNAAL, [(None, OPEN)], audience="index:elders"))
    assert (response.status_code, response.json()["code"]) == (400, "wrong-scope")


def test_a_wish_that_expires_while_its_set_is_open_counts_once_when_sent_again(world: Any) -> None:
    world.accept(world.GEMEENTE, SIGNAAL, [(None, OPEN)])
    world.accept(world.GEMEENTE, SIGNAAL, [(world.PEOPLE[0], ASSERT)])
    world.clock += timedelta(days=3 * 365)
    world.database.run(lambda tx: expire(tx, world.clock, EVERYBODY))
    world.accept(world.GEMEENTE, SIGNAAL, [(world.PEOPLE[0], ASSERT)])
    seal = _row(SignaalOperation.SEAL_SET, count=1, as_of=world.DAY)
    world.accept(world.GEMEENTE, SIGNAAL, [(None, seal)])
    assert (_standing(world).row_count, _standing(world).accepted_count) == (1, 1)


def test_a_restriction_of_an_earlier_set_revoked_in_a_new_one_does_not_spoil_its_count(
    new_world: Callable[..., Any],
) -> None:
    world = new_world(with_brp=True)
    dead = world.PEOPLE[0]
    death = BeperkingRow(BeperkingOperation.ASSERT, kind=BeperkingKind.OVERLEDEN, generation=1)
    opening = BeperkingRow(BeperkingOperation.OPEN_SET, generation=1)
    sealing = replace(opening, operation=BeperkingOperation.SEAL_SET, count=1)
    for items in (
        [(None, opening)],
        [(dead, death)],
        [(None, sealing)],
        [(None, replace(opening, generation=2))],
        [(dead, replace(death, operation=BeperkingOperation.REVOKE, generation=2))],
        [(None, replace(sealing, generation=2, count=0))],
    ):
        world.accept(world.BRP, BatchClass.BEPERKING, items)
    progress = world.database.run(lambda tx: tx.deliveries.set_progress(world.BRP, BatchClass.BEPERKING))
    assert [(each.generation, each.accepted_count) for each in progress] == [(2, 0)]


def _end(world: Any, row: Any, last_day: date, generation: int = 1) -> ZorgrelatieRow:
    return ZorgrelatieRow(
        ZorgrelatieOperation.END,
        relation_id=row.relation_id,
        generation=generation,
        organisation=world.GEMEENTE,
        valid_until=last_day,
    )


def test_a_feed_that_writes_the_end_of_time_for_no_end_is_understood(world: Any) -> None:
    row = world.relation()
    world.register_relations((world.PEOPLE[0], row))
    world.accept(world.REGIE, BatchClass.ZORGRELATIE, [(world.PEOPLE[0], _end(world, row, date.max))])
    assert world.look(row.relation_id).status_code == 200


def test_an_announced_end_is_kept_when_the_next_complete_set_leaves_it_out(world: Any) -> None:
    row = world.relation()
    world.register_relations((world.PEOPLE[0], row))
    opening = ZorgrelatieRow(ZorgrelatieOperation.OPEN_SET, generation=2)
    for items in (
        [(world.PEOPLE[0], _end(world, row, date(2026, 6, 30)))],
        [(None, opening)],
        [(None, replace(opening, operation=ZorgrelatieOperation.SEAL_SET, count=0))],
    ):
        world.accept(world.REGIE, BatchClass.ZORGRELATIE, items)
    assert world.look(row.relation_id).status_code == 200
    world.clock = datetime(2026, 7, 1, 9, tzinfo=UTC)
    assert world.look(row.relation_id).status_code == 404


def _spoiled(world: Any, items: Any, **changed: Any) -> Batch:
    """What a publisher with other software could do: put nobody in the place of every person, and sign for it."""
    header = world.batch(world.GEMEENTE, SIGNAAL, items, **changed).header
    randomness = [random_scalar() for _ in range(header.n)]
    nobody = b"".join(encrypt(None, world.manifest.a.layer, each).encode() for each in randomness)
    rows = [row.encode() for _, row in items]
    rows += [SignaalRow(SignaalOperation.FILLER).encode()] * (header.n - len(rows))
    sheet = steps._seal_sheet(header, nobody, b"".join(rows), world.manifest)
    digest = steps._digest(header, nobody, sheet)
    signature = world.senders[world.GEMEENTE].secrets.signing.sign(steps._publisher_words(digest))
    own = origin.prove(hops.column(nobody, 0), randomness, digest)
    hopped: Batch = world.hopped(Batch(header, nobody, sheet, digest, signature, own))
    return hopped


def _signed_refusal(world: Any, batch: Batch) -> Refusal:
    refusal = verify(world.post(batch).content, world.secrets.public().verify_key)
    assert isinstance(refusal, Refusal)
    return refusal


def test_a_batch_whose_rows_and_items_disagree_is_refused_without_naming_rows(world: Any) -> None:
    world.publish(world.GEMEENTE, SOURCE, KIND, {})
    refusal = _signed_refusal(world, _spoiled(world, [(world.PEOPLE[0], ASSERT)]))
    # No publisher of ours composes such a batch, so nothing is set aside on its account.
    assert (refusal.reason, refusal.rows) == ("identity-mismatch", ())
    world.accept(world.GEMEENTE, SIGNAAL, [(world.PEOPLE[0], ASSERT)])


def test_a_spoiled_repeat_gets_the_stored_acknowledgement(world: Any) -> None:
    world.publish(world.GEMEENTE, SOURCE, KIND, {})
    first = world.post(world.batch(world.GEMEENTE, SIGNAAL, [(world.PEOPLE[0], ASSERT)]))
    again = world.post(_spoiled(world, [(world.PEOPLE[0], ASSERT)]))
    assert (again.status_code, again.content) == (200, first.content)


def test_a_spoiled_batch_of_another_incarnation_is_told_the_present_one(world: Any) -> None:
    refusal = _signed_refusal(world, _spoiled(world, [(world.PEOPLE[0], ASSERT)], incarnation=bytes(16)))
    assert refusal.reason == "wrong-incarnation"


def test_a_register_that_changed_while_a_batch_was_being_opened_makes_it_come_again(world: Any) -> None:
    registered = world.database.run(lambda tx: tx.register.publisher(world.GEMEENTE))
    stale = replace(registered, classes=frozenset(BatchClass))
    catalogue = world.desk.rules.in_force(world.DAY).catalogue
    batch = world.batch(world.GEMEENTE, SIGNAAL, [(None, OPEN)])
    delivery = open_delivery(batch, world.secrets, world.manifest, Alone())
    with pytest.raises(Unavailable, match="register-changed"):
        world.database.run(
            lambda tx: deliver(
                Work(tx, Context(world.clock, world.DAY, catalogue, _canary(world)), delivery, stale),
                world.secrets.signing,
            )
        )


def _canary(world: Any) -> Pseudonym:
    return close(world.secrets.opening, world.manifest.canary)


def test_a_wish_that_was_held_and_then_stored_counts_once(new_world: Callable[..., Any]) -> None:
    world = new_world(with_brp=True)
    person = world.PEOPLE[0]
    death = BeperkingRow(BeperkingOperation.ASSERT, kind=BeperkingKind.OVERLEDEN, generation=1)
    world.accept(
        world.BRP, BatchClass.BEPERKING, [(None, BeperkingRow(BeperkingOperation.OPEN_SET, generation=1))]
    )
    world.accept(world.GEMEENTE, SIGNAAL, [(None, OPEN)])
    world.accept(world.GEMEENTE, SIGNAAL, [(person, ASSERT)])
    world.accept(world.BRP, BatchClass.BEPERKING, [(person, death)])
    world.accept(
        world.BRP, BatchClass.BEPERKING, [(person, replace(death, operation=BeperkingOperation.REVOKE))]
    )
    world.accept(world.GEMEENTE, SIGNAAL, [(person, ASSERT)])
    seal = _row(SignaalOperation.SEAL_SET, count=1, as_of=world.DAY)
    world.accept(world.GEMEENTE, SIGNAAL, [(None, seal)])
    assert _standing(world).row_count == 1
