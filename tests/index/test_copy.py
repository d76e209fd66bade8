"""An index outgrows its file: copied to a server, it is the same index, with its log."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from signal_index.store import open_database, upgrade
from tests.support.postgresql import PostgresqlServer, postgresql_server
from tests.support.serving import Server


@pytest.fixture(scope="module")
def postgresql() -> Iterator[PostgresqlServer]:
    with postgresql_server() as server:
        yield server


@pytest.fixture
def lived_in(world: Any) -> Any:
    """A world with a case, a signal and a look on record."""
    row = world.relation()
    world.publish(world.GEMEENTE, "agb:00000001", "wmo-voorziening", {world.PEOPLE[0]: "2026-01"})
    world.publish_nothing_else()
    world.register_relations((world.PEOPLE[0], row))
    world.case = row.relation_id
    world.before = world.look(world.case)
    assert world.before.json()["signalen"]
    return world


def copied(world: Any, target: str) -> str:
    """Copy by the command; what it says."""
    server = Server(world)
    world.database.close()
    done = server.command("db", "copy", "--to", target)
    assert done.returncode == 0, done.stderr
    assert "audit_records: " in done.stderr
    return done.stdout


@pytest.mark.parametrize("kind", ["server", "file"])
def test_a_copy_gives_the_same_answers_and_its_log_goes_on(
    lived_in: Any, postgresql: PostgresqlServer, tmp_path: Path, kind: str
) -> None:
    target = postgresql.database() if kind == "server" else str(tmp_path / "copy.sqlite")
    assert f'database = "{target}"' in copied(lived_in, target)
    with open_database(target, lived_in.secrets, writer_kind="serve") as database:
        before = database.run(lambda tx: tx.log.check().records)
        lived_in.adopt(database)
        assert lived_in.masked(lived_in.look(lived_in.case)) == lived_in.masked(lived_in.before)
        assert database.run(lambda tx: tx.log.check().records) == before + 1
        assert database.run(lambda tx: len(tx.flags.shares())) == (16 if kind == "server" else 1)


def test_nothing_is_copied_over_an_index_that_is_there(lived_in: Any, tmp_path: Path) -> None:
    target = str(tmp_path / "copy.sqlite")
    copied(lived_in, target)
    again = Server(lived_in).command("db", "copy", "--to", target)
    assert again.returncode != 0
    assert "is an index already" in again.stderr


def test_a_copy_to_nowhere_says_so_and_changes_nothing(lived_in: Any, postgresql: PostgresqlServer) -> None:
    server = Server(lived_in)
    lived_in.database.close()
    for target in (postgresql.url("nobody_made_it"), "postgresql://w:secret@db.example/index", "mysql://x/y"):
        done = server.command("db", "copy", "--to", target)
        assert done.returncode != 0
        assert "Traceback" not in done.stderr
        assert "secret" not in done.stderr
    upgrade(lived_in.path)
