"""README's way from an empty machine to a first look-up is followed to the letter, with real processes."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.serving import free_port

PROJECT = Path(__file__).parents[2]
TITLE = "From an empty machine to a first look-up"
PORTS = ("8100", "8201", "8202")
SECONDS_MAX = 180
BEGIN, END = "set -euo pipefail", "signal-index doctor > doctor.txt; kill $(jobs -p)"
"""Before and after what the section says: stop at the first command that fails, and take the last advice it gives."""


def lines_to_type() -> str:
    """What the section says to type, in order, with ports that are free here."""
    text = (PROJECT / "README.md").read_text(encoding="utf-8")
    section = re.search(rf"^## {TITLE}$(.*?)^## ", text, re.MULTILINE | re.DOTALL)
    assert section, f"README has no section {TITLE}"
    typed = "\n".join(re.findall(r"^```sh\n(.*?)^```$", section[1], re.MULTILINE | re.DOTALL))
    assert set(PORTS) <= set(re.findall(r"\b8\d{3}\b", typed))
    return re.sub(r"\b(8100|8201|8202)\b", lambda port: str(free[port[0]]), typed)


free = {port: free_port() for port in PORTS}


@dataclass(frozen=True)
class Machine:
    """Where it was typed, and what was said."""

    folder: Path
    said: str


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    folder = tmp_path_factory.mktemp("machine")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SIGNAL_INDEX")}
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
    if environment.pop("PYTHONDONTWRITEBYTECODE", ""):
        # Else each of some thirty short commands compiles every module anew.
        environment["PYTHONPYCACHEPREFIX"] = str(PROJECT / "build" / "pycache")
    process = subprocess.Popen(
        ["bash", "-c", f"{BEGIN}\n{lines_to_type()}\n{END}"],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        said, faults = process.communicate(timeout=SECONDS_MAX)
    finally:
        # What it started is of its group; nothing stays running when a line failed half-way.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == 0, f"{said[-3000:]}\n{faults[-3000:]}"
    return Machine(folder / "trial", said)


def test_the_look_shows_one_signal_with_whom_to_phone_and_is_on_record(machine: Machine) -> None:
    (answer,) = (
        json.loads(line)
        for line in machine.said.splitlines()
        if line.startswith("{") and '"signalen"' in line
    )
    (signal_shown,) = answer["signalen"]
    assert signal_shown["soort"] == "wmo-voorziening"
    assert signal_shown["contact"] == {"naam": "Wmo-loket", "telefoon": "088 000 00 00"}
    assert answer["bronnen"][0]["actueel"] is True
    looked = [line for line in machine.said.splitlines() if "lookup.answered" in line]
    assert len(looked) == 1
    assert "actor=w.een" in looked[0]


def test_the_set_up_said_what_was_left_and_doctor_finds_nothing_to_mend_at_the_end(machine: Machine) -> None:
    said = machine.said
    assert "the index is set up" in said
    for words in (
        "staff grant MEMBER privacy-officer",
        "register import REGISTER.toml",
        "signal-index serve",
    ):
        assert words in said, words
    report = (machine.folder / "doctor.txt").read_text(encoding="utf-8")
    assert report.endswith("nothing to mend\n")
    # What was left and has been done since is left no more.
    for words in ("privacy-officer", "REGISTER.toml", "signal-index serve"):
        assert words not in report, words


def test_the_person_stands_nowhere_but_at_the_sources(machine: Machine) -> None:
    with_her = {
        path.relative_to(machine.folder).parts[0]
        for path in machine.folder.rglob("*")
        if path.is_file() and b"999900006" in path.read_bytes()
    }
    assert with_her == {"care", "cases"}
