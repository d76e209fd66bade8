"""What changes the ground under every record is a record itself: keys, rules, program, and a check of the log."""

from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import pytest
import uvicorn
from click.testing import Result

from signal_index.store import open_database
from signal_index.store.provision import REVISION

Shell = Callable[..., Result]


@pytest.fixture
def unserved(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Lets `serve` go as far as listening; what it would have served."""
    served: list[Any] = []
    monkeypatch.setattr(uvicorn.Server, "run", lambda server, **_: served.append(server.config.app))
    return served


@pytest.mark.parametrize("surface", ["sources", "workers", "oversight", "all"])
def test_a_start_says_under_which_rules_keys_and_program(
    world: Any, shell: Shell, unserved: list[Any], surface: str
) -> None:
    assert shell("serve", "--surface", surface, "--port", "0").exit_code == 0
    assert len(unserved) == 1
    [entry] = world.records("index.started")
    assert entry.fields == {
        "surface": surface,
        "version": version("signal-index"),
        "rule_set": world.desk.rules.digest,
        "manifest": world.manifest.fingerprint.hex(),
        "key_epoch": 1,
        "schema": REVISION,
        "log_origin": world.database.run(lambda tx: tx.log.origin),
    }


def test_every_start_is_recorded_before_anybody_is_served(
    world: Any, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    monkeypatch.setattr(
        uvicorn.Server, "run", lambda _, **__: seen.append(len(world.records("index.started")))
    )
    for _ in range(2):
        assert shell("serve", "--port", "0").exit_code == 0
    assert seen == [1, 2]


def test_making_an_index_is_its_first_record(world: Any, shell: Shell) -> None:
    world.database.close()
    world.path.unlink()
    assert shell("db", "upgrade").exit_code == 0
    assert shell("db", "initialise").exit_code == 0, "before there is anything but the index's own keys"
    with open_database(world.path, world.secrets, writer_kind="cli") as database:
        [entry] = database.run(lambda tx: list(tx.audit.entries()))
        incarnation = database.incarnation
    assert (entry.event, entry.number) == ("index.initialised", 1)
    assert entry.fields["incarnation"] == incarnation.hex()
    assert entry.fields["key_epoch"] == 1
    assert str(entry.fields["token"]).startswith("os-account:")
    assert shell("db", "initialise").exit_code == 2
    with open_database(world.path, world.secrets, writer_kind="cli") as database:
        assert len(list(database.run(lambda tx: list(tx.audit.entries())))) == 1


def test_checking_the_log_is_recorded_after_it_held(world: Any, shell: Shell) -> None:
    before = len(world.records())
    assert f"{before} records hold" in shell("audit", "check").output
    [entry] = world.records("log.checked")
    assert entry.fields["records"] == before


def test_who_reads_the_list_of_staff_or_of_questions_is_on_record(world: Any, shell: Shell) -> None:
    assert shell("staff", "list", "--as", "f.beheer").exit_code == 0
    assert world.records("staff.listed")[0].fields["actor"] == "f.beheer"
    assert shell("staff", "list", "--as", "w.een").exit_code == 1
    assert shell("source", "questions", "--as", "w.een").exit_code == 1
    assert len(world.records("staff.listed")) == 1
    assert not world.records("questions.listed")
    assert len(world.records("action.refused")) == 2
