"""A state of an earlier version: refused until it is upgraded, and then the same as a new one."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from connectors.cli import connector
from connectors.reading import Quarantined
from connectors.state import State, StateFault
from crypto.chain import Bsn

FORMAT_2 = """
DROP TABLE question;
DROP TABLE settled;
DROP TABLE quarantine;
CREATE TABLE quarantine (          -- what was set aside, for people to look at; no personal data
    id INTEGER PRIMARY KEY,
    day TEXT NOT NULL,
    reason TEXT NOT NULL,
    place TEXT NOT NULL,           -- file and position in it, or the sequence the index refused it in
    UNIQUE (reason, place)
) STRICT;
INSERT INTO quarantine VALUES (3, '2026-11-20', 'bsn-invalid', 'a.xml:3');
INSERT INTO quarantine VALUES (8, '2026-11-21', 'malformed-row', 'batch 4, item 0a1b2c3d');
DROP TABLE residence;
DROP TABLE silence;
ALTER TABLE state DROP COLUMN within;
UPDATE state SET format = 2;
"""
"""Makes a state what a new one was in format 2."""


@pytest.fixture
def config(source: Any, write_config: Callable[..., Path]) -> Path:
    return write_config(source.setup.state_path.parent)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(connector, [str(each) for each in arguments])


def alter(path: Path, script: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)


def schema(path: Path) -> dict[str, Any]:
    """Columns, keys and options of each table, whatever the order and the layout in which they were made."""
    with closing(sqlite3.connect(path)) as connection:
        tables = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall()
        return {
            name: (
                {column[1:] for column in connection.execute(f"PRAGMA table_info({name})")},
                {index[1:] for index in connection.execute(f"PRAGMA index_list({name})")},
                sql.rpartition(")")[2].split(),
                "AUTOINCREMENT" in sql,
            )
            for name, sql in tables
        }


def test_an_upgraded_state_is_like_a_new_one_and_keeps_what_it_held(
    source: Any, chain: Any, observe: Any, people: list[Bsn], config: Path
) -> None:
    path = source.setup.state_path
    source.ingest(observe(people[0]))
    source.publisher.send(chain)
    source.state.close()
    new = schema(path)
    alter(path, FORMAT_2)
    assert schema(path) != new

    result = run("upgrade", config)
    assert (result.exit_code, result.stdout) == (0, f"upgraded {path}\n")
    assert schema(path) == new
    reopened = source.reopen()
    entries = [
        (entry.number, entry.reason, entry.file, entry.wish) for entry in reopened.state.quarantine.entries()
    ]
    assert entries == [(3, "bsn-invalid", None, None), (8, "malformed-row", None, None)]
    assert reopened.state.persons.about(people[0])[0].held is not None
    reopened.ingest(
        Quarantined("bsn-invalid", "a.xml:3"), Quarantined("start-missing", "a.xml:4"), name="a.xml"
    )
    assert [entry.file for entry in reopened.state.quarantine.entries()] == ["a.xml", None, "a.xml"]
    assert run("upgrade", config).stdout == f"{path} is of this version already\n"
    assert (
        "set aside by a version that did not write down which" in run("quarantine", "retry", config, 8).stderr
    )
    reopened.state.close()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE state SET format = 2", "run `connector upgrade CONFIG` once"),
        ("UPDATE state SET format = 99", "made by a later version"),
    ],
)
def test_a_state_of_another_version_is_left_alone(change: str, said: str, source: Any, config: Path) -> None:
    path = source.setup.state_path
    source.state.close()
    alter(path, change)
    result = run("status", config)
    assert (result.exit_code, said in result.stderr) == (2, True)
    with pytest.raises(StateFault, match="version"):
        State.open(path, source.setup.secrets, "testregio")


@pytest.mark.parametrize("change", ["UPDATE state SET format = 1", "UPDATE state SET format = 99"])
def test_there_is_no_way_from_every_version(change: str, source: Any, config: Path) -> None:
    alter(source.setup.state_path, change)
    result = run("upgrade", config)
    assert (result.exit_code, "which this version cannot read" in result.stderr) == (2, True)


def test_an_upgrade_that_fails_changes_nothing(source: Any, config: Path) -> None:
    path = source.setup.state_path
    alter(path, FORMAT_2 + "CREATE TABLE settled (day TEXT) STRICT;")
    before = schema(path)
    assert run("upgrade", config).exit_code == 3
    assert schema(path) == before


def test_an_upgrade_waits_for_the_run_that_is_at_work(source: Any, config: Path) -> None:
    with source.state.lock():
        result = run("upgrade", config)
    assert (result.exit_code, "another connector is at work" in result.stderr) == (2, True)


def test_there_is_nothing_to_upgrade_where_there_is_no_state(config: Path) -> None:
    config.write_text(config.read_text().replace("state.sqlite", "nowhere/state.sqlite"))
    assert run("upgrade", config).exit_code == 2


def test_a_day_is_kept_over_the_upgrade(source: Any, config: Path) -> None:
    source.state.close()
    alter(source.setup.state_path, FORMAT_2)
    run("upgrade", config)
    days = [entry.day for entry in source.reopen().state.quarantine.entries()]
    assert days == [date(2026, 11, 20), date(2026, 11, 21)]
