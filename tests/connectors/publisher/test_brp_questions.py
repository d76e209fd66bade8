"""What to ask BRP about whom this publisher says something: written once, for the caller only, and shown nowhere."""

import json
import stat
from collections.abc import Callable, Iterable, Iterator
from errno import ENOSPC
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from connectors.brp.question import FIELDS, PERSONS_MAX, questions
from connectors.cli import ask_brp, connector
from crypto.chain import Bsn


@pytest.fixture
def config(source: Any, write_config: Callable[..., Path]) -> Path:
    return write_config(source.setup.state_path.parent)


def run(config: Path, folder: Path) -> Result:
    return CliRunner().invoke(connector, ["brp-questions", str(config), str(folder)])


def test_everybody_is_asked_about_once_and_nobody_is_shown(
    source: Any, observe: Any, people: list[Bsn], config: Path, tmp_path: Path
) -> None:
    asked_about = people[: PERSONS_MAX + 1]
    source.ingest(*(observe(person) for person in asked_about))
    source.ingest(observe(people[0], source="kvk:99030055", type="schuldhulptraject", traject="t2"))
    result = run(config, tmp_path / "vragen")
    assert result.exit_code == 0
    assert result.stdout.startswith("2 questions in ")
    files = sorted((tmp_path / "vragen").iterdir())
    bodies = [json.loads(file.read_bytes()) for file in files]
    numbers = [number for body in bodies for number in body["burgerservicenummer"]]
    assert sorted(numbers) == sorted(person.digits for person in asked_about)
    assert [body["fields"] for body in bodies] == [list(FIELDS)] * 2
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert stat.S_IMODE((tmp_path / "vragen").stat().st_mode) == 0o700
    assert not [number for number in numbers if number in result.output]


def test_nothing_is_written_over(
    source: Any, observe: Any, people: list[Bsn], config: Path, tmp_path: Path
) -> None:
    source.ingest(observe(people[0]))
    result = run(config, tmp_path)
    assert result.exit_code == 2
    assert "name a new folder" in result.stderr


def test_with_nobody_to_ask_about_there_is_no_question(config: Path, tmp_path: Path) -> None:
    assert run(config, tmp_path / "vragen").stdout.startswith("0 questions in ")


def test_what_cannot_be_written_to_its_end_does_not_stay(
    source: Any,
    observe: Any,
    people: list[Bsn],
    config: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source.ingest(*(observe(person) for person in people[: PERSONS_MAX + 1]))

    def full(persons: Iterable[Bsn]) -> Iterator[bytes]:
        yield next(questions(persons))
        raise OSError(ENOSPC, "no space")

    monkeypatch.setattr(ask_brp, "questions", full)
    assert run(config, tmp_path / "vragen").exit_code == 2
    assert not (tmp_path / "vragen").exists()
