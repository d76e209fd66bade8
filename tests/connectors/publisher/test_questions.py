"""A question of a wijkteam is opened at the source by its reference, with the real command in a process of its own."""

import json
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from stat import S_IMODE
from typing import Any

import pytest

from connectors.cli.question import REFERENCE
from connectors.cli.running import today
from connectors.state.questions import KEPT_FOR
from crypto.chain import Bsn
from signal_index.usecases.workplace.questions import REFERENCE_PATTERN

ASKED, OTHER = "V-7K2M-9QXR", "V-2222-3333"
Opens = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def opens(source: Any, write_config: Callable[..., Path]) -> Opens:
    """Runs `signal-index connector question` at the source."""
    config = write_config(source.setup.state_path.parent)
    program = Path(sys.executable).with_name("signal-index")

    def run(*words: object, typed: str = "") -> subprocess.CompletedProcess[str]:
        command = [str(each) for each in (program, "connector", "question", config, *words)]
        return subprocess.run(command, input=typed, capture_output=True, text=True, check=False)

    return run


def test_it_is_asked_once_about_whom_it_is_and_then_opened_by_its_reference_alone(
    source: Any, chain: Any, observe: Any, people: list[Bsn], opens: Opens
) -> None:
    source.ingest(observe(people[0]), observe(people[1], "2026-10-01"))
    source.publisher.send(chain)
    first = opens(ASKED, typed=people[0].digits + "\n")
    assert first.returncode == 0, first.stderr
    assert first.stdout.splitlines()[:2] == [
        "agb:99010011 wmo-voorziening: asserted since 2026-03; at the index, last asserted in 2026-11",
        "  traject 2026-03-01 to now",
    ]
    assert first.stdout.splitlines()[-1].startswith(f"{ASKED}: ")
    again = opens(ASKED.lower())
    assert (again.returncode, again.stdout, again.stderr) == (0, first.stdout, "")
    assert people[0].digits not in first.stdout + first.stderr
    source.ingest(observe(people[0], "2026-03-01", "2026-04-30", stated="2026-11-21"))
    source.publisher.send(chain)
    mended = json.loads(opens(ASKED, "--json").stdout)
    assert mended["reference"] == ASKED
    assert [each["asserted"] for each in mended["flags"]] == [False], (
        "she sees that it is mended before she answers"
    )


def test_it_opens_while_a_service_is_at_work(source: Any, people: list[Bsn], opens: Opens) -> None:
    with source.state.lock():
        shown = opens(ASKED, typed=people[0].digits)
    assert shown.returncode == 0, shown.stderr
    assert "says nothing about this person" in shown.stdout


def test_a_number_that_was_typed_wrongly_is_asked_anew(
    source: Any, observe: Any, people: list[Bsn], opens: Opens
) -> None:
    source.ingest(observe(people[0]))
    opens(ASKED, typed=people[1].digits)
    assert opens(ASKED, "--anew", typed=people[0].digits).stdout.startswith("agb:99010011 wmo-voorziening: ")
    assert opens(ASKED).stdout.startswith("agb:99010011 wmo-voorziening: ")


def test_whom_it_is_about_goes_to_a_file_of_her_own_and_nowhere_else(
    source: Any, people: list[Bsn], opens: Opens, tmp_path: Path
) -> None:
    path = tmp_path / "whom"
    assert opens(ASKED, "--export", path, typed=people[0].digits).returncode == 0
    assert (path.read_text(), S_IMODE(path.stat().st_mode)) == (people[0].digits + "\n", 0o600)
    refused = opens(ASKED, "--export", path)
    assert (refused.returncode, "name a new file" in refused.stderr) == (2, True)
    source.state.close()
    kept = b"".join(each.read_bytes() for each in source.setup.state_path.parent.glob("state.sqlite*"))
    assert people[0].digits.encode() not in kept


@pytest.mark.parametrize("typed", ["", "V-8K2M", "V-0K2M-9QXR", "999900006", "999900006-V"])
def test_what_is_no_reference_is_refused_and_not_repeated(opens: Opens, typed: str) -> None:
    refused = opens(typed)
    assert (refused.returncode, "no reference of a question" in refused.stderr) == (2, True)
    assert not typed or typed not in refused.stdout + refused.stderr


def test_without_a_number_nothing_is_kept(source: Any, people: list[Bsn], opens: Opens) -> None:
    assert opens(ASKED, typed="123456789\n").returncode == 2
    assert opens(ASKED).returncode == 1
    assert source.state.questions.person(ASKED, today()) is None


def test_about_whom_it_was_is_forgotten(source: Any, people: list[Bsn]) -> None:
    day = today()
    with source.state.transaction():
        source.state.questions.note(ASKED, people[0], day)
    assert source.state.questions.person(ASKED, day + KEPT_FOR - timedelta(days=1)) == people[0]
    assert source.state.questions.person(ASKED, day + KEPT_FOR) is None
    with source.state.transaction():
        source.state.questions.note(OTHER, people[1], day + KEPT_FOR)
    with closing(sqlite3.connect(source.setup.state_path)) as connection:
        assert connection.execute("SELECT reference FROM question").fetchall() == [(OTHER,)]


def test_the_connector_knows_a_reference_as_the_index_writes_it() -> None:
    ours = REFERENCE.pattern
    letters = {chr(code) for code in range(128)}

    def fitting(pattern: str) -> set[str]:
        return {each for each in letters if re.fullmatch(pattern, ASKED.replace("K", each), re.ASCII)}

    assert fitting(ours) == fitting(REFERENCE_PATTERN)
