"""Keys with days, own contact routes, proposals, and one publisher's deliveries, each found back whole."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from crypto.batch import BatchClass
from signal_index import audit
from signal_index.model import AuditEvent, ContactRoute, Publication, Publisher, Register
from signal_index.model.sourcing import KeyProposal, SigningKey
from signal_index.ports import Database, Transaction

HERE, ELSEWHERE = "00000004000000020000", "00000004000000090000"
NOW = datetime(2026, 4, 1, 9, tzinfo=UTC)
DAY = date(2026, 4, 1)
OLD, NEW = SigningKey(b"o" * 32, None, DAY), SigningKey(b"n" * 32, DAY, DAY + timedelta(days=730))
ROUTE, OWN = ContactRoute("Balie", "085 000 0000"), ContactRoute("Loket", "030 123 4567")


def registered(*keys: SigningKey, contact: ContactRoute = ROUTE, by: str = HERE) -> Register:
    publishers = tuple(
        Publisher(oin, "Organisatie", keys or (SigningKey(b"k" * 32),), 4, frozenset({BatchClass.SIGNAAL}))
        for oin in (HERE, ELSEWHERE)
    )
    entry = Publication("bron:1", "Bron", "jeugdhulp", by, contact)
    return Register(publishers, (entry,))


# --- Keys and contact routes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "held", [(SigningKey(b"k" * 32),), (OLD,), (OLD, NEW), (NEW, OLD), (SigningKey(b"a" * 32), NEW)]
)
def test_keys_come_back_in_their_order_with_their_days(
    database: Database, held: tuple[SigningKey, ...]
) -> None:
    database.run(lambda tx: tx.register.replace(registered(*held)))
    assert database.run(lambda tx: tx.register.publisher(HERE)) == registered(*held).publishers[0]
    database.run(lambda tx: tx.register.replace(registered()))
    database.run(lambda tx: tx.register.put_keys(HERE, held))
    here, elsewhere = database.run(lambda tx: tx.register.publishers())
    assert (here.keys, elsewhere.keys) == (held, (SigningKey(b"k" * 32),))


def contact(database: Database) -> tuple[ContactRoute, date | None]:
    found: Any = database.run(lambda tx: tx.register.publication("bron:1", "jeugdhulp"))
    return found.contact, found.contact_changed_on


def test_an_own_contact_holds_beside_the_line_it_was_chosen_for_and_no_other(database: Database) -> None:
    database.run(lambda tx: tx.register.replace(registered()))
    database.run(lambda tx: tx.register.put_contact("bron:1", "jeugdhulp", OWN, DAY))
    assert contact(database) == (OWN, DAY)
    database.run(lambda tx: tx.register.replace(registered()))
    assert contact(database) == (OWN, DAY), "the register says what it said"
    database.run(lambda tx: tx.register.replace(registered(by=ELSEWHERE)))
    assert contact(database) == (ROUTE, None), "another organisation publishes it now"
    other = ContactRoute("Balie", "085 999 9999")
    database.run(lambda tx: tx.register.replace(registered(contact=other)))
    assert contact(database) == (other, None), "the register says something else"
    database.run(lambda tx: tx.register.put_contact("bron:1", "jeugdhulp", OWN, DAY))
    assert contact(database) == (OWN, DAY), "and she may change that again"
    database.run(lambda tx: tx.register.replace(registered()))
    database.run(lambda tx: tx.register.replace(registered(contact=other)))
    assert contact(database) == (other, None), "what held no more does not come back"


def test_an_own_contact_is_left_by_a_change_of_the_rest_and_gone_by_one_of_the_contact(
    database: Database,
) -> None:
    other = ContactRoute("Balie", "085 999 9999")
    database.run(lambda tx: tx.register.replace(registered()))
    database.run(lambda tx: tx.register.put_contact("bron:1", "jeugdhulp", OWN, DAY))

    def change(**changed: Any) -> None:
        def job(tx: Transaction) -> None:
            shown = tx.register.publication("bron:1", "jeugdhulp")
            assert shown is not None
            tx.register.put_publication(replace(shown, **changed))

        database.run(job)

    change(source_name="Anders")
    assert contact(database) == (OWN, DAY)
    change(contact=other)
    assert contact(database) == (other, None)
    change(contact=ROUTE)
    assert contact(database) == (ROUTE, None), "her own does not come back with the line it was chosen for"
    database.run(lambda tx: tx.register.put_contact("bron:1", "jeugdhulp", OWN, DAY))
    database.run(lambda tx: tx.register.remove_publication("bron:1", "jeugdhulp"))
    change_back = registered().publications[0]
    database.run(lambda tx: tx.register.put_publication(change_back))
    assert contact(database) == (ROUTE, None)


def test_one_publisher_is_put_and_removed_with_its_keys(database: Database) -> None:
    database.run(lambda tx: tx.register.replace(Register(registered(OLD).publishers, ())))
    renewed = replace(registered(OLD).publishers[0], keys=(OLD, NEW))
    database.run(lambda tx: tx.register.put_publisher(renewed))
    assert database.run(lambda tx: tx.register.publisher(HERE)) == renewed
    single = replace(renewed, keys=(SigningKey(b"s" * 32),))
    database.run(lambda tx: tx.register.put_publisher(single))
    assert database.run(lambda tx: tx.register.publisher(HERE)) == single
    database.run(lambda tx: tx.register.remove_publisher(HERE))
    database.run(lambda tx: tx.register.remove_publisher(ELSEWHERE))
    assert database.run(lambda tx: tx.register.publishers()) == []


# --- Proposals --------------------------------------------------------------------------------------------------------


def test_proposals_come_back_whole_and_newest_first(database: Database) -> None:
    first = KeyProposal(b"1" * 16, HERE, b"k" * 32, 30, "b.een", NOW)
    second = replace(first, proposal_id=b"2" * 16, proposed_at=NOW + timedelta(hours=1))
    decided = replace(first, decided_by="f.een", decided_at=NOW + timedelta(days=1), approved=False)

    def job(tx: Transaction) -> None:
        for each in (first, second, decided):
            tx.key_proposals.put(each)

    database.run(job)
    assert database.run(lambda tx: tx.key_proposals.all()) == [second, decided]
    assert database.run(lambda tx: tx.key_proposals.get(first.proposal_id)) == decided
    assert database.run(lambda tx: tx.key_proposals.get(bytes(16))) is None
    assert database.run(lambda tx: tx.key_proposals.remove_older(NOW + timedelta(minutes=1))) == 1
    assert database.run(lambda tx: tx.key_proposals.all()) == [second]


# --- Deliveries -------------------------------------------------------------------------------------------------------


def refusal(publisher: str, sequence: int, at: datetime) -> AuditEvent:
    said: dict[str, Any] = {"publisher": publisher, "kind": "signaal", "reason": "clock", "rows": 0}
    return audit.event("delivery.refused", at, sequence=sequence, **said)


def answered(database: Database, *about: tuple[str, int]) -> None:
    """One record a minute, each about a publisher and a sequence."""

    def job(tx: Transaction) -> None:
        for minute, (publisher, sequence) in enumerate(about):
            at = NOW + timedelta(minutes=minute)
            tx.answers.put(publisher, tx.audit.append(refusal(publisher, sequence, at)), at)

    database.run(job)


def sequences(database: Database, since: datetime = NOW, *, skip: int = 0, limit: int = 10) -> list[object]:
    found = database.run(lambda tx: tx.answers.newest(HERE, since, skip=skip, limit=limit))
    assert {each.fields["publisher"] for each in found} <= {HERE}
    return [each.fields["sequence"] for each in found]


def test_one_publishers_deliveries_are_found_newest_first_in_pages(database: Database) -> None:
    answered(database, (HERE, 1), (ELSEWHERE, 7), (HERE, 2), (HERE, 3))
    assert sequences(database) == [3, 2, 1]
    assert sequences(database, skip=1, limit=1) == [2]
    assert sequences(database, NOW + timedelta(minutes=2)) == [3, 2]
    assert database.run(lambda tx: tx.answers.remove_older(NOW + timedelta(minutes=2))) == 2
    assert sequences(database) == [3, 2]
    assert len(list(database.run(lambda tx: list(tx.audit.entries())))) == 4, "the records stay"


def test_a_delivery_that_is_undone_was_never_answered(database: Database) -> None:
    def job(tx: Transaction) -> None:
        tx.answers.put(HERE, tx.audit.append(refusal(HERE, 1, NOW)), NOW)
        assert len(tx.answers.newest(HERE, NOW, skip=0, limit=9)) == 1
        raise KeyError("undone")

    with pytest.raises(KeyError):
        database.run(job)
    assert sequences(database) == []


@pytest.mark.usefixtures("path")
def test_finding_them_reads_an_index_and_no_record_of_others(database: Any) -> None:
    answered(database, *((ELSEWHERE, number) for number in range(1, 40)), (HERE, 1))
    opened: list[int] = []

    def job(tx: Any) -> None:
        real = tx.audit.entry_of

        def counted(row: Any) -> Any:
            opened.append(row.number)
            return real(row)

        tx.audit.entry_of = counted
        try:
            tx.answers.newest(HERE, NOW, skip=0, limit=25)
        finally:
            del tx.audit.entry_of

    database.run(job)
    assert len(opened) == 1
    statement = (
        "EXPLAIN QUERY PLAN SELECT audit_records.sealed_body FROM delivery_records JOIN audit_records "
        "ON audit_records.writer = delivery_records.writer AND audit_records.number = delivery_records.number "
        "WHERE delivery_records.publisher = 'x' AND delivery_records.answered_at >= 0 "
        "ORDER BY delivery_records.answered_at DESC, delivery_records.writer DESC, delivery_records.number DESC"
    )
    plan = " ".join(
        str(row) for row in database.run(lambda tx: tx.answers._connection.exec_driver_sql(statement).all())
    )
    assert "ix_delivery_records_publisher_answered_at" in plan
    assert "SCAN" not in plan
