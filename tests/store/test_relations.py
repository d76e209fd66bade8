"""Care relations and restrictions: found by tags, opened only where and as they were sealed."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.chain import Pseudonym
from crypto.encoding import Month
from crypto.sheet import AgeBand
from signal_index.errors import Unavailable
from signal_index.model import CareRelation
from signal_index.ports import Database, Transaction

People = Callable[[int], Pseudonym]
NewRelation = Callable[..., CareRelation]

TODAY = date(2026, 4, 1)


def put(database: Database, *relations: CareRelation) -> None:
    def job(tx: Transaction) -> None:
        for relation in relations:
            tx.relations.put(relation)

    database.run(job)


def get(database: Database, relation: CareRelation) -> CareRelation | None:
    return database.run(lambda tx: tx.relations.get(relation.organisation, relation.relation_id))


class Undo(Exception):
    """Ends a job that is not to leave a trace."""


TEXT = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:@-", min_size=1, max_size=32)
DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 31))


@given(data=st.data())
def test_every_relation_comes_back_as_it_was_stored(
    shared_database: Database, a_relation: NewRelation, data: st.DataObject
) -> None:
    relation = a_relation(
        relation_id=data.draw(st.binary(min_size=16, max_size=16)),
        generation=data.draw(st.integers(0, 2**32 - 1)),
        team=data.draw(TEXT),
        worker=data.draw(TEXT),
        case_reference=data.draw(TEXT),
        registered_by=data.draw(TEXT),
        valid_from=data.draw(DAYS),
        valid_until=data.draw(DAYS),
        age_band=data.draw(st.sampled_from(AgeBand)),
        age_band_changes=data.draw(st.none() | st.builds(Month.of, DAYS)),
        shielded=data.draw(st.booleans()),
        coordinator=data.draw(st.booleans()),
        ended_on=data.draw(st.none() | DAYS),
        confirmed_by=data.draw(st.none() | TEXT),
    )

    def job(tx: Transaction) -> None:
        tx.relations.put(relation)
        assert tx.relations.get(relation.organisation, relation.relation_id) == relation
        assert tx.relations.caseload(relation.organisation, relation.worker) == [relation]
        raise Undo

    with pytest.raises(Undo):
        shared_database.run(job)


def test_a_relation_is_its_workers_alone(database: Database, a_relation: NewRelation) -> None:
    relation = a_relation()
    put(database, relation)
    asked = [
        (relation.organisation, relation.worker, relation.relation_id),
        (relation.organisation, "somebody.else", relation.relation_id),
        ("00000004000000090000", relation.worker, relation.relation_id),
        (relation.organisation, relation.worker, bytes(16)),
    ]
    assert [database.run(lambda tx, key=key: tx.relations.of_worker(*key)) for key in asked] == [  # type: ignore[misc]
        relation,
        None,
        None,
        None,
    ]


@pytest.mark.usefixtures("path")
def test_somebody_elses_and_an_unknown_relation_take_the_same_steps(
    database: Database, a_relation: NewRelation
) -> None:
    put(database, *(a_relation(number) for number in range(1, 40)))

    def steps(tx: Transaction, worker: str, relation_id: bytes) -> int:
        """Count the instructions SQLite's machine takes."""
        driver = tx.relations._connection.connection.driver_connection  # type: ignore[attr-defined]
        count = 0

        def tick() -> int:
            nonlocal count
            count += 1
            return 0

        driver.set_progress_handler(tick, 1)
        tx.relations.of_worker(a_relation().organisation, worker, relation_id)
        driver.set_progress_handler(None, 1)
        return count

    others = database.run(lambda tx: steps(tx, "somebody.else", a_relation(7).relation_id))
    unknown = database.run(lambda tx: steps(tx, "somebody.else", bytes(16)))
    assert others == unknown > 0


def test_a_caseload_is_in_order_of_reference_and_holds_ended_ones(
    database: Database, a_relation: NewRelation
) -> None:
    mine = [
        a_relation(1, case_reference="C-3"),
        a_relation(2, case_reference="A-1", ended_on=TODAY),
        a_relation(3, case_reference="B-2"),
    ]
    put(database, *mine, a_relation(4, worker="somebody.else", case_reference="A-0"))
    organisation = mine[0].organisation
    caseload = database.run(lambda tx: tx.relations.caseload(organisation, "w.jansen"))
    assert [relation.case_reference for relation in caseload] == ["A-1", "B-2", "C-3"]
    everything = database.run(lambda tx: tx.relations.all_of(organisation))
    assert [relation.case_reference for relation in everything] == ["A-0", "A-1", "B-2", "C-3"]
    assert database.run(lambda tx: tx.relations.all_of("00000004000000090000")) == []


def test_storing_again_replaces_the_whole_and_moves_it_to_another_caseload(
    database: Database, a_relation: NewRelation
) -> None:
    before = a_relation()
    after = replace(before, worker="n.nieuw", confirmed_by="t.leider", ended_on=TODAY)
    put(database, before, after)
    assert get(database, before) == after
    assert database.run(lambda tx: tx.relations.caseload(before.organisation, before.worker)) == []
    assert database.run(lambda tx: tx.relations.caseload(before.organisation, "n.nieuw")) == [after]


def test_a_relation_taken_back_is_gone(database: Database, a_relation: NewRelation) -> None:
    put(database, a_relation(1), a_relation(2))
    database.run(lambda tx: tx.relations.remove(a_relation(1).organisation, a_relation(1).relation_id))
    assert get(database, a_relation(1)) is None
    assert get(database, a_relation(2)) == a_relation(2)


def test_earlier_generations_of_one_publisher_are_listed(database: Database, a_relation: NewRelation) -> None:
    mine = [a_relation(generation, generation=generation) for generation in (1, 2, 3)]
    put(database, *mine, a_relation(4, publisher="00000004000000090000"))
    older = database.run(lambda tx: tx.relations.older_generations(a_relation().publisher, 3))
    assert sorted(relation.generation for relation in older) == [1, 2]


TAMPERING = {
    "another relation's body": "UPDATE care_relations SET sealed_body = "
    "(SELECT sealed_body FROM care_relations WHERE relation_id = :two) WHERE relation_id = :one",
    "another relation's person": "UPDATE care_relations SET sealed_person = "
    "(SELECT sealed_person FROM care_relations WHERE relation_id = :two) WHERE relation_id = :one",
    "the person in the place of the body": "UPDATE care_relations SET sealed_body = sealed_person",
    "a later last day": "UPDATE care_relations SET valid_until = '2030-12-31' WHERE relation_id = :one",
    "an end undone": "UPDATE care_relations SET ended_on = NULL WHERE relation_id = :one",
    "another publisher": "UPDATE care_relations SET publisher = '00000004000000090000' WHERE relation_id = :one",
    "another generation": "UPDATE care_relations SET generation = 9 WHERE relation_id = :one",
    "another organisation": "UPDATE care_relations SET organisation = '00000004000000090000' WHERE relation_id = :one",
}


@pytest.mark.parametrize("change", TAMPERING.values(), ids=TAMPERING.keys())
def test_a_relation_that_was_changed_from_outside_is_a_fault(
    database: Database, path: Path, a_relation: NewRelation, change: str
) -> None:
    one, two = a_relation(1, ended_on=TODAY), a_relation(2)
    put(database, one, two)
    with closing(sqlite3.connect(path)) as thief, thief:
        assert thief.execute(change, {"one": one.relation_id, "two": two.relation_id}).rowcount > 0
    with pytest.raises(Unavailable) as fault:
        database.run(lambda tx: tx.relations.caseload(one.organisation, one.worker))
    assert fault.value.code == "damaged-row"


FEED, OTHER_FEED = "00000004000000030000", "00000004000000040000"


def test_a_restriction_is_new_once_per_generation(database: Database, person: People) -> None:
    def job(tx: Transaction) -> list[bool]:
        return [tx.restrictions.put(person(1), FEED, generation) for generation in (1, 1, 2, 1, 2)]

    assert database.run(job) == [True, False, True, False, False]
    known = database.run(lambda tx: [tx.restrictions.is_deceased(person(n)) for n in (1, 2)])
    assert known == [True, False]


def test_a_revoked_restriction_is_gone(database: Database, person: People) -> None:
    database.run(lambda tx: tx.restrictions.put(person(1), FEED, 1))
    database.run(lambda tx: tx.restrictions.put(person(1), OTHER_FEED, 1))
    assert database.run(lambda tx: tx.restrictions.remove(person(1), FEED)) == 1
    assert database.run(lambda tx: tx.restrictions.is_deceased(person(1))), "the other feed still says so"
    assert database.run(lambda tx: tx.restrictions.remove(person(1), FEED)) is None
    assert database.run(lambda tx: tx.restrictions.remove(person(1), OTHER_FEED)) == 1
    assert not database.run(lambda tx: tx.restrictions.is_deceased(person(1)))


def test_earlier_generations_of_one_publisher_are_removed(database: Database, person: People) -> None:
    def job(tx: Transaction) -> int:
        tx.restrictions.put(person(1), FEED, 1)
        tx.restrictions.put(person(2), FEED, 2)
        tx.restrictions.put(person(3), OTHER_FEED, 1)
        return tx.restrictions.remove_older(FEED, 2)

    assert database.run(job) == 1
    left = database.run(lambda tx: [tx.restrictions.is_deceased(person(n)) for n in (1, 2, 3)])
    assert left == [False, True, True]
