"""A database with people in it goes up to the newest schema and back, and loses nothing it had before."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from crypto.keyfiles import IndexSecrets
from signal_index.errors import SetupFault
from signal_index.model import AuditEvent, Register, StaffMember
from signal_index.model.workplace import Cover, Entrance, Preferences, Question, Session, View
from signal_index.ports import Transaction
from signal_index.store import begin_again, current_revision, open_database, upgrade
from signal_index.store.provision import REVISION, downgrade

WORKPLACE = ("entrances", "preferences", "sessions", "used_tickets", "views", "covers", "questions")
COOKIE = b"c" * 32
NOBODY_NAMED = StaffMember(
    "w.jansen", "00000004000000020000", "noord", active=True, roles=frozenset({"teamleider"})
)


@pytest.fixture
def lived_in(
    path: Path,
    keys: IndexSecrets,
    now: datetime,
    a_series: Callable[..., Any],
    a_relation: Callable[..., Any],
) -> Path:
    """A database with a little of everything the first version knew."""

    def fill(tx: Transaction) -> None:
        relation = a_relation()
        tx.staff.put(NOBODY_NAMED)
        tx.staff.grant("w.jansen", "teamleider", "f.beheer", now)
        tx.series.put(a_series())
        tx.relations.put(relation)
        # One that no record of a processing operation stands beside: those do not survive going down.
        tx.audit.append(AuditEvent("staff.imported", now, {"actor": "w.jansen"}, relation.person))

    with open_database(path, keys, writer_kind="cli") as database:
        database.run(fill)
    return path


@pytest.fixture
def fill_workplace(
    a_session: Callable[..., Session],
    a_view: Callable[..., View],
    a_cover: Callable[..., Cover],
    a_question: Callable[..., Question],
    now: datetime,
) -> Callable[[Transaction], None]:
    """Puts one row into every table of the workplace."""

    def fill(tx: Transaction) -> None:
        tx.sessions.put(COOKIE, a_session())
        tx.tickets.use("ticket", now)
        tx.views.put(a_view())
        tx.covers.put(a_cover())
        tx.questions.put(a_question())
        tx.preferences.put(Preferences("w.jansen", "w.jansen@gemeente.example"))

    return fill


def rows(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Everything in the database, table by table."""
    with closing(sqlite3.connect(path)) as reader:
        names = reader.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
        return {
            name: sorted(reader.execute(f"SELECT * FROM {name}").fetchall(), key=repr)  # noqa: S608
            for (name,) in names
            if name != "alembic_version"
        }


def test_what_was_there_before_the_workplace_stays_up_and_down(lived_in: Path, keys: IndexSecrets) -> None:
    downgrade(lived_in, "0001")
    assert current_revision(lived_in) == "0001"
    first = rows(lived_in)
    assert not set(WORKPLACE) & first.keys()
    assert [
        len(first[name]) for name in ("staff", "staff_roles", "series", "care_relations", "audit_records")
    ] == [1] * 5
    with pytest.raises(SetupFault, match=f"at schema 0001, this program needs {REVISION}"):
        open_database(lived_in, keys, writer_kind="serve")

    upgrade(lived_in)
    second = rows(lived_in)
    assert not any(second[name] for name in WORKPLACE)
    assert [row[:-3] for row in second["staff"]] == first["staff"]
    assert not [name for name in first if name != "staff" and first[name] != second[name]]
    with open_database(lived_in, keys, writer_kind="serve") as database:
        assert database.run(lambda tx: tx.staff.all()) == [NOBODY_NAMED], "whoever was there has no name yet"
        assert database.run(lambda tx: tx.log.check().records) == 1

    downgrade(lived_in, "0001")
    assert rows(lived_in) == first


def test_down_takes_the_workplace_away_and_leaves_no_bytes_of_it(
    lived_in: Path, keys: IndexSecrets, fill_workplace: Callable[[Transaction], None]
) -> None:
    def fill(tx: Transaction) -> None:
        fill_workplace(tx)
        tx.staff.put(StaffMember("w.jansen", "00000004000000020000", "noord", active=True, name="Wil Jansen"))

    with open_database(lived_in, keys, writer_kind="serve") as database:
        database.run(fill)
    filled = lived_in.read_bytes()
    sealed = [row for name in ("sessions", "views", "covers", "questions") for row in rows(lived_in)[name]]
    cells = {cell for row in sealed for cell in row if isinstance(cell, bytes) and len(cell) > 100}
    private = cells | {b"w.jansen@gemeente.example", b"Wil Jansen"}
    # A cell that runs over a page boundary would not be found whole; its first bytes are.
    assert len(cells) == 4
    assert all(needle[:25] in filled for needle in private)
    downgrade(lived_in, "0001")
    with closing(sqlite3.connect(lived_in)) as writer:
        writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    left = lived_in.read_bytes()
    assert not [len(needle) for needle in private if needle[:25] in left]
    upgrade(lived_in)
    with open_database(lived_in, keys, writer_kind="serve") as database:
        assert database.run(lambda tx: tx.sessions.get(COOKIE)) is None
        assert database.run(lambda tx: tx.preferences.wanting_digest()) == []


@pytest.fixture
def restored(
    lived_in: Path, tmp_path: Path, keys: IndexSecrets, fill_workplace: Callable[[Transaction], None]
) -> Iterator[Callable[..., Any]]:
    """A backup of a busy workplace, put back and given a new incarnation; runs jobs in it."""
    with open_database(lived_in, keys, writer_kind="serve") as database:
        database.run(fill_workplace)
        database.run(_register_an_entrance)
    backup = Path(shutil.copy(lived_in, tmp_path / "backup.db"))
    begin_again(backup, keys)
    with open_database(backup, keys, writer_kind="serve") as database:
        yield database.run


def _register_an_entrance(tx: Transaction) -> None:
    entrance = Entrance("https://regie.example", "Regiesysteem", "00000004000000020000", bytes(32))
    tx.register.replace(Register((), (), (entrance,)))


def test_a_restored_backup_ends_what_may_have_ended_since(
    restored: Callable[..., Any],
    a_view: Callable[..., View],
    a_question: Callable[..., Question],
    now: datetime,
) -> None:
    question = a_question()
    assert restored(lambda tx: tx.sessions.get(COOKIE)) is None, "she may have signed out, or lost her role"
    assert restored(lambda tx: tx.views.of_worker("w.jansen")) == [], "its relations and flags are gone"
    assert restored(lambda tx: tx.questions.about(question.person, question.source, question.type)) == []
    assert restored(lambda tx: tx.questions.get(question.reference)) is None, "it may have been answered"
    assert restored(lambda tx: tx.tickets.use("ticket", now)), "it has run out, and is not remembered"


def test_a_restored_backup_keeps_what_people_arranged(
    restored: Callable[..., Any], a_cover: Callable[..., Cover]
) -> None:
    cover = a_cover()
    assert restored(lambda tx: tx.covers.get(cover.organisation, cover.cover_id)) == cover
    assert restored(lambda tx: tx.preferences.get("w.jansen")).digest_to == "w.jansen@gemeente.example"
    assert [entrance.issuer for entrance in restored(lambda tx: tx.register.entrances())] == [
        "https://regie.example"
    ]
    assert restored(lambda tx: tx.staff.all()) == [NOBODY_NAMED]
    assert restored(lambda tx: tx.log.check().records) == 1


def test_processing_records_of_before_they_stood_in_the_record_leave_no_bytes(
    lived_in: Path, keys: IndexSecrets
) -> None:
    downgrade(lived_in, "0007")
    sealed = bytes(range(1, 249)) * 2
    with closing(sqlite3.connect(lived_in)) as writer, writer:
        writer.execute(
            "INSERT INTO processing_records VALUES (x'01', x'02', NULL, 'Unset', 1, 2, ?, NULL, NULL, 1)",
            [sealed],
        )
    with closing(sqlite3.connect(lived_in)) as writer:
        writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert sealed[:100] in lived_in.read_bytes()
    upgrade(lived_in)
    with open_database(lived_in, keys, writer_kind="serve") as database:
        assert database.run(lambda tx: tx.log.check().records) == 1
    assert sealed[:100] not in b"".join(
        each.read_bytes() for each in lived_in.parent.glob(f"{lived_in.name}*")
    )
