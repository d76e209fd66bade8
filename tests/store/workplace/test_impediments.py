"""An impediment comes back to the resident it is about; what was changed from outside is a fault."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.chain import Pseudonym
from crypto.errors import MalformedInput
from crypto.keyfiles import IndexSecrets
from signal_index.errors import Unavailable
from signal_index.model.impediments import Impediment, ImpedimentKind, stopping
from signal_index.ports import Database, Transaction
from signal_index.store import open_database

IDS = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:@-", min_size=1, max_size=32)
RANDOM = st.binary(min_size=16, max_size=16)
DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 31))
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone
IMPEDIMENTS = st.builds(
    Impediment,
    organisation=IDS,
    impediment_id=RANDOM,
    kind=st.sampled_from(ImpedimentKind),
    person=st.binary(min_size=32, max_size=32).map(Pseudonym),
    worker=st.just("") | IDS,
    relation_id=RANDOM,
    team=IDS,
    first_day=DAYS,
    last_day=st.none() | DAYS,
    registered_by=IDS,
    registered_at=MOMENTS,
)
ORGANISATION, ELSEWHERE = "00000004000000020000", "00000004000000030000"


class Undo(Exception):
    """Ends a job that is not to leave a trace."""


def _put(database: Database, *made: Impediment) -> None:
    def job(tx: Transaction) -> None:
        for each in made:
            tx.impediments.put(each)

    database.run(job)


@pytest.fixture
def impediment(person: Callable[[int], Pseudonym]) -> Callable[..., Impediment]:
    """An objection of the first person, or something else."""

    def build(number: int = 1, **changes: object) -> Impediment:
        made = Impediment(
            organisation=ORGANISATION,
            impediment_id=number.to_bytes(16, "big"),
            kind=ImpedimentKind.OBJECTION,
            person=person(1),
            worker="",
            relation_id=bytes(16),
            team="wijkteam-noord",
            first_day=date(2026, 4, number),
            last_day=date(2026, 5, number),
            registered_by="p.officer",
            registered_at=datetime(2026, 3, 3, 9, tzinfo=UTC),
        )
        return replace(made, **changes)  # type: ignore[arg-type]  # of the right kind, as the tests give them

    return build


@given(made=IMPEDIMENTS)
def test_every_one_comes_back_to_whom_it_is_about(shared_database: Database, made: Impediment) -> None:
    def job(tx: Transaction) -> None:
        tx.impediments.put(made)
        assert tx.impediments.get(made.organisation, made.impediment_id) == made
        assert tx.impediments.about(made.organisation, made.person) == [made]
        assert tx.impediments.all_of(made.organisation) == [made]
        tx.impediments.remove(made.organisation, made.impediment_id)
        assert tx.impediments.all_of(made.organisation) == []
        raise Undo

    with pytest.raises(Undo):
        shared_database.run(job)


def test_the_largest_fits_and_one_larger_is_refused(
    database: Database, impediment: Callable[..., Impediment]
) -> None:
    largest = impediment(worker="w" * 40, team="t" * 32, registered_by="p" * 40, kind=ImpedimentKind.INVOLVED)
    database.run(lambda tx: tx.impediments.put(largest))
    assert database.run(lambda tx: tx.impediments.get(ORGANISATION, largest.impediment_id)) == largest
    with pytest.raises(MalformedInput, match="does not fit"):
        database.run(lambda tx: tx.impediments.put(replace(largest, team="t" * 300)))


def test_it_is_found_in_its_organisation_and_for_its_resident_only(
    database: Database, impediment: Callable[..., Impediment], person: Callable[[int], Pseudonym]
) -> None:
    here, there = impediment(), impediment(organisation=ELSEWHERE)
    other = impediment(2, person=person(2))

    _put(database, here, there, other)
    assert database.run(lambda tx: tx.impediments.about(ORGANISATION, person(1))) == [here]
    assert database.run(lambda tx: tx.impediments.about(ELSEWHERE, person(1))) == [there]
    assert database.run(lambda tx: tx.impediments.about(ORGANISATION, person(3))) == []
    assert database.run(lambda tx: tx.impediments.get(ELSEWHERE, other.impediment_id)) is None


def test_one_without_a_last_day_is_never_too_old(
    database: Database, impediment: Callable[..., Impediment]
) -> None:
    lasting, ending = impediment(1, last_day=None), impediment(2)
    _put(database, lasting, ending)
    assert database.run(lambda tx: tx.impediments.remove_older(date(2026, 5, 2))) == 0
    assert database.run(lambda tx: tx.impediments.remove_older(date(2026, 5, 3))) == 1
    assert database.run(lambda tx: tx.impediments.all_of(ORGANISATION)) == [lasting]


@pytest.mark.parametrize(
    ("changes", "worker", "day", "stops"),
    [
        ({}, "w.een", date(2026, 3, 31), False),
        ({}, "w.een", date(2026, 4, 1), True),
        ({}, "w.een", date(2026, 5, 1), True),
        ({}, "w.een", date(2026, 5, 2), False),
        ({"last_day": None}, "w.een", date(2099, 1, 1), True),
        ({"worker": "w.een"}, "w.een", date(2026, 4, 1), True),
        ({"worker": "w.een"}, "w.twee", date(2026, 4, 1), False),
    ],
)
def test_whom_it_stops_and_when(
    changes: dict[str, object], worker: str, day: date, impediment: Callable[..., Impediment], *, stops: bool
) -> None:
    made = impediment(**changes)
    assert stopping([made], worker, day) == ((made,) if stops else ())


@pytest.mark.parametrize(
    "change",
    [
        "last_day = NULL",
        "last_day = '2020-01-01'",
        "last_day = 'morgen'",
        "organisation = '00000004000000030000'",
        "impediment_id = zeroblob(16)",
        "person_tag = (SELECT person_tag FROM impediments ORDER BY last_day DESC LIMIT 1)",
        "sealed_person = (SELECT sealed_person FROM impediments ORDER BY last_day DESC LIMIT 1)",
        "sealed_body = (SELECT sealed_body FROM impediments ORDER BY last_day DESC LIMIT 1)",
        "sealed_body = substr(sealed_body, 1, 100)",
    ],
)
def test_what_was_changed_from_outside_is_a_fault(
    path: Path,
    keys: IndexSecrets,
    database: Database,
    impediment: Callable[..., Impediment],
    person: Callable[[int], Pseudonym],
    change: str,
) -> None:
    _put(database, impediment(), impediment(2, person=person(2)))
    with closing(sqlite3.connect(path)) as thief, thief:
        thief.execute(f"UPDATE impediments SET {change} WHERE last_day = '2026-05-01'")  # noqa: S608 - ours
    found: list[object] = []
    for organisation in (ORGANISATION, ELSEWHERE):
        try:
            found += database.run(lambda tx: list(tx.impediments.all_of(organisation)))  # noqa: B023 - run waits
        except Unavailable as error:
            found.append(error.code)
    assert "damaged-row" in found


def test_nothing_of_it_stands_in_the_clear_and_all_are_equally_long(
    path: Path, keys: IndexSecrets, impediment: Callable[..., Impediment], person: Callable[[int], Pseudonym]
) -> None:
    bare = impediment(1, team="t", registered_by="p", last_day=None)
    full = impediment(2, kind=ImpedimentKind.INVOLVED, worker="w.betrokken", registered_by="l.leidster")
    with open_database(path, keys, writer_kind="serve") as database:
        _put(database, bare, full)
    content = b"".join(file.read_bytes() for file in path.parent.iterdir())
    private = (b"w.betrokken", b"l.leidster", b"wijkteam-noord", b"bezwaar", b"betrokken", person(1).encoded)
    assert [text for text in private if text in content] == []
    with closing(sqlite3.connect(path)) as reader:
        sizes = (
            "SELECT DISTINCT length(person_tag), length(sealed_person), length(sealed_body) FROM impediments"
        )
        assert len(reader.execute(sizes).fetchall()) == 1
