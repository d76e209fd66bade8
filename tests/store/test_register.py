"""The register, the staff list and the deliveries: small tables, kept as they were given."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from crypto.batch import BatchClass
from crypto.keyfiles import IndexSecrets
from signal_index.model import (
    ContactRoute,
    Publication,
    Publisher,
    Register,
    SeriesState,
    SetProgress,
    StaffMember,
)
from signal_index.model.sourcing import SigningKey
from signal_index.model.workplace import Entrance
from signal_index.ports import Database, Transaction
from signal_index.store import open_database

ONE, TWO = "00000004000000010000", "00000004000000020000"


def publisher(oin: str, *classes: BatchClass, organisations: frozenset[str] = frozenset()) -> Publisher:
    return Publisher(
        oin, f"Organisatie {oin[-5:]}", (SigningKey(bytes(32)),), 64, frozenset(classes), organisations
    )


def publication(name: str, type_code: str, oin: str = ONE) -> Publication:
    return Publication(f"source-{name}", name, type_code, oin, ContactRoute("Loket", "+31 70 000 00 00"))


REGISTER = Register(
    publishers=(
        publisher(TWO, BatchClass.ZORGRELATIE, BatchClass.BEPERKING, organisations=frozenset({ONE, TWO})),
        publisher(ONE, BatchClass.SIGNAAL),
    ),
    publications=(
        publication("Zorg", "wmo-voorziening", TWO),
        publication("Bank", "schuldhulptraject"),
        publication("Zorg", "jeugdhulp", TWO),
    ),
    entrances=(
        Entrance("https://regie.example", "Regiesysteem", ONE, bytes(range(32))),
        Entrance("https://andere.example", "Ander systeem", TWO, bytes(32)),
    ),
)


def test_the_register_comes_back_in_order(database: Database) -> None:
    database.run(lambda tx: tx.register.replace(REGISTER))

    def job(tx: Transaction) -> tuple[list[Publisher], list[Publication]]:
        return list(tx.register.publishers()), list(tx.register.publications())

    publishers, publications = database.run(job)
    assert publishers == sorted(REGISTER.publishers, key=lambda p: p.oin)
    assert publications == sorted(REGISTER.publications, key=lambda p: (p.source_name, p.type))
    assert database.run(lambda tx: tx.register.publisher(TWO)) == REGISTER.publishers[0]
    assert database.run(
        lambda tx: tx.register.publication("source-Bank", "schuldhulptraject")
    ) == publication("Bank", "schuldhulptraject")
    assert database.run(lambda tx: tx.register.publisher("unknown")) is None
    assert database.run(lambda tx: tx.register.publication("source-Bank", "jeugdhulp")) is None


def test_a_new_register_replaces_the_old_one_as_a_whole(database: Database) -> None:
    database.run(lambda tx: tx.register.replace(REGISTER))
    smaller = Register((publisher(ONE, BatchClass.SIGNAAL),), (publication("Bank", "schuldhulptraject"),))
    database.run(lambda tx: tx.register.replace(smaller))
    assert database.run(lambda tx: tx.register.publishers()) == list(smaller.publishers)
    assert database.run(lambda tx: tx.register.publications()) == list(smaller.publications)
    assert database.run(lambda tx: tx.register.entrances()) == []
    database.run(lambda tx: tx.register.replace(Register((), ())))
    assert database.run(lambda tx: tx.register.publishers()) == []


def test_entrances_come_back_by_issuer_and_in_another_process_too(
    database: Database, path: Path, keys: IndexSecrets
) -> None:
    assert database.run(lambda tx: tx.register.entrances()) == []
    database.run(lambda tx: tx.register.replace(REGISTER))
    expected = [REGISTER.entrances[1], REGISTER.entrances[0]]
    assert database.run(lambda tx: tx.register.entrances()) == expected
    with open_database(path, keys, writer_kind="cli") as other:
        assert other.run(lambda tx: tx.register.entrances()) == expected
        fewer = replace(REGISTER, entrances=REGISTER.entrances[:1])
        other.run(lambda tx: tx.register.replace(fewer))
    assert database.run(lambda tx: tx.register.entrances()) == list(fewer.entrances)


def test_an_entrance_that_is_taken_from_the_list_is_still_in_the_register(database: Database) -> None:
    def job(tx: Transaction) -> int:
        tx.register.replace(REGISTER)
        found = tx.register.entrances()
        assert isinstance(found, list)
        found.clear()
        return len(tx.register.entrances())

    assert database.run(job) == 2


CONTRADICTIONS = {
    "a pair of an unknown publisher": Register((), REGISTER.publications),
    "a publisher twice": replace(REGISTER, publishers=REGISTER.publishers * 2),
    "a pair twice": replace(REGISTER, publications=REGISTER.publications * 2),
    "an entrance twice": replace(REGISTER, entrances=REGISTER.entrances * 2),
}


@pytest.mark.parametrize("register", CONTRADICTIONS.values(), ids=CONTRADICTIONS.keys())
def test_a_register_that_contradicts_itself_changes_nothing(database: Database, register: Register) -> None:
    database.run(lambda tx: tx.register.replace(REGISTER))
    with pytest.raises(IntegrityError):
        database.run(lambda tx: tx.register.replace(register))
    assert len(database.run(lambda tx: tx.register.publications())) == 3
    assert len(database.run(lambda tx: tx.register.publishers())) == 2
    assert len(database.run(lambda tx: tx.register.entrances())) == 2


def test_staff_keep_their_roles_when_their_entry_changes(database: Database, now: datetime) -> None:
    member = StaffMember("w.jansen", ONE, "noord", active=True)
    moved = replace(member, team="zuid", active=False, name="Wil Jansen")

    def job(tx: Transaction) -> None:
        tx.staff.put(member)
        tx.staff.grant("w.jansen", "wijkteammedewerker", "f.beheer", now)
        tx.staff.grant("w.jansen", "teamleider", "f.beheer", now)
        tx.staff.grant("w.jansen", "teamleider", "f.beheer", now)
        tx.staff.put(replace(moved, roles=frozenset({"privacy-officer"})))
        tx.staff.put(StaffMember("a.bakker", TWO, "noord", active=True))

    database.run(job)
    expected = replace(moved, roles=frozenset({"wijkteammedewerker", "teamleider"}))
    assert database.run(lambda tx: tx.staff.get("w.jansen")) == expected
    assert database.run(lambda tx: tx.staff.get("nobody")) is None
    everybody = database.run(lambda tx: tx.staff.all())
    assert [(each.staff_id, each.name) for each in everybody] == [
        ("a.bakker", ""),
        ("w.jansen", "Wil Jansen"),
    ]


def test_a_role_is_taken_away_once(database: Database, now: datetime) -> None:
    def job(tx: Transaction) -> list[bool]:
        tx.staff.put(StaffMember("w.jansen", ONE, "noord", active=True))
        tx.staff.grant("w.jansen", "teamleider", "f.beheer", now)
        return [tx.staff.revoke("w.jansen", "teamleider"), tx.staff.revoke("w.jansen", "teamleider")]

    assert database.run(job) == [True, False]
    assert database.run(lambda tx: tx.staff.all())[0].roles == frozenset()


def test_nobody_unknown_gets_a_role(database: Database, now: datetime) -> None:
    with pytest.raises(IntegrityError):
        database.run(lambda tx: tx.staff.grant("nobody", "teamleider", "f.beheer", now))


def test_a_role_revoked_by_another_process_is_gone_at_once(
    database: Database, path: Path, keys: IndexSecrets, now: datetime
) -> None:
    def hire(tx: Transaction) -> None:
        tx.staff.put(StaffMember("w.jansen", ONE, "noord", active=True))
        tx.staff.grant("w.jansen", "teamleider", "f.beheer", now)

    database.run(hire)
    assert database.run(lambda tx: tx.staff.all())[0].roles
    with open_database(path, keys, writer_kind="cli") as other:
        other.run(lambda tx: tx.staff.revoke("w.jansen", "teamleider"))
        assert not database.run(lambda tx: tx.staff.all())[0].roles


def test_sequences_run_from_one_per_publisher(database: Database, now: datetime) -> None:
    def job(tx: Transaction) -> None:
        tx.deliveries.accept(ONE, 1, b"first", now)
        tx.deliveries.accept(ONE, 2, b"second", now)

    database.run(job)
    assert database.run(lambda tx: (tx.deliveries.next_sequence(ONE), tx.deliveries.next_sequence(TWO))) == (
        3,
        1,
    )
    given = database.run(lambda tx: [tx.deliveries.acknowledgement(ONE, n) for n in (1, 2, 3)])
    assert given == [b"first", b"second", None]
    assert database.run(lambda tx: tx.deliveries.acknowledgement(TWO, 1)) is None


@pytest.mark.parametrize("sequence", [1, 3])
def test_no_sequence_is_accepted_twice_or_early(database: Database, now: datetime, sequence: int) -> None:
    database.run(lambda tx: tx.deliveries.accept(ONE, 1, b"first", now))
    with pytest.raises(ValueError, match="expected sequence"):
        database.run(lambda tx: tx.deliveries.accept(ONE, sequence, b"other", now))
    assert database.run(lambda tx: tx.deliveries.acknowledgement(ONE, 1)) == b"first"


def progress_of(database: Database, oin: str, batch_class: BatchClass) -> set[SetProgress]:
    return set(database.run(lambda tx: tx.deliveries.set_progress(oin, batch_class)))


@pytest.mark.parametrize("read_first", [False, True])
def test_complete_sets_stand_once_per_state(database: Database, *, read_first: bool) -> None:
    current = SetProgress(1, SeriesState.CURRENT, 5)
    filling = SetProgress(2, SeriesState.FILLING, 1)
    relations, restrictions = BatchClass.ZORGRELATIE, BatchClass.BEPERKING
    if read_first:
        assert progress_of(database, ONE, relations) == set()

    def job(tx: Transaction) -> None:
        tx.deliveries.put_set(ONE, relations, current)
        tx.deliveries.put_set(ONE, relations, filling)
        tx.deliveries.put_set(ONE, relations, replace(filling, accepted_count=2))
        tx.deliveries.put_set(ONE, restrictions, filling)
        tx.deliveries.put_set(TWO, relations, current)

    database.run(job)
    assert progress_of(database, ONE, relations) == {current, replace(filling, accepted_count=2)}
    assert progress_of(database, ONE, restrictions) == {filling}
    assert progress_of(database, TWO, relations) == {current}
    database.run(lambda tx: tx.deliveries.remove_set(ONE, relations, 1))
    assert progress_of(database, ONE, relations) == {replace(filling, accepted_count=2)}
    assert progress_of(database, TWO, relations) == {current}


def fail_after(step: Callable[[Transaction], None]) -> Callable[[Transaction], None]:
    def job(tx: Transaction) -> None:
        step(tx)
        raise LookupError

    return job


def test_a_failed_job_changes_none_of_what_is_remembered(database: Database, now: datetime) -> None:
    member = StaffMember("w.jansen", ONE, "noord", active=True)
    filling = SetProgress(1, SeriesState.FILLING)

    def import_register(tx: Transaction) -> None:
        tx.register.replace(REGISTER)
        assert tx.register.publishers()
        assert tx.register.entrances()

    def hire(tx: Transaction) -> None:
        tx.staff.put(member)
        assert tx.staff.all()

    def open_set(tx: Transaction) -> None:
        assert not tx.deliveries.set_progress(ONE, BatchClass.ZORGRELATIE)
        tx.deliveries.put_set(ONE, BatchClass.ZORGRELATIE, filling)

    steps: tuple[Callable[[Transaction], None], ...] = (import_register, hire, open_set)
    for step in steps:
        with pytest.raises(LookupError):
            database.run(fail_after(step))
    assert database.run(lambda tx: (list(tx.register.publishers()), list(tx.staff.all()))) == ([], [])
    assert database.run(lambda tx: tx.register.entrances()) == []
    assert progress_of(database, ONE, BatchClass.ZORGRELATIE) == set()
