"""How far a long run is: a bar on a terminal, a line now and then elsewhere, and nothing on stdout."""

import io
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.cli.progress import BAR_AFTER_SECONDS, LINE_SECONDS, Files, Progress, bytes_read
from connectors.reading import Message, Nothing, Reading
from tests.support.messages import RECEIVED


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def says(done: int, total: int) -> str:
    return f"{done} of {total}"


def test_elsewhere_a_line_comes_now_and_then() -> None:
    out, clock = io.StringIO(), Clock()
    with Progress(says, out, clock) as progress:
        for done in range(1, 11):
            clock.seconds += LINE_SECONDS / 4
            progress(done, 10)
    assert out.getvalue().splitlines() == ["4 of 10", "8 of 10"]


def test_a_terminal_gets_a_bar_that_follows_a_total_that_changes() -> None:
    out, clock = Terminal(), Clock()
    with Progress(says, out, clock) as progress:
        progress(1, 10)
        assert out.getvalue() == "", "a short run shows nothing"
        clock.seconds += BAR_AFTER_SECONDS
        progress(2, 10)
        progress(6, 8)
    shown = out.getvalue()
    assert "75%" in shown
    assert "6 of 8" in shown
    assert shown.endswith("\n"), "what comes next begins on a line of its own"


def test_a_bar_that_is_full_still_follows_the_words() -> None:
    out, clock, records = Terminal(), Clock(), iter(range(1, 9))
    with Progress(lambda done, total: f"{done} of {total}, record {next(records)}", out, clock) as progress:
        clock.seconds += BAR_AFTER_SECONDS
        progress(8, 8)
        clock.seconds += BAR_AFTER_SECONDS
        progress(8, 8)
    assert "record 2" in out.getvalue()
    assert "record 3" in out.getvalue(), "the last word is said at the end"
    assert "None" not in out.getvalue()


@pytest.mark.parametrize(
    ("done", "total", "text"),
    [
        (0, 0, "0 of 0 bytes read"),
        (12, 999, "12 of 999 bytes read"),
        (2_500, 10_000, "2 of 10 kB read"),
        (31_000_000, 104_857_600, "31 of 104 MB read"),
        (1_999_999_999, 5_000_000_000, "1 of 5 GB read"),
    ],
)
def test_bytes_are_written_in_a_unit_that_fits(done: int, total: int, text: str) -> None:
    assert bytes_read(done, total) == text


class Kept(Progress):
    """Keeps what it was told."""

    told: list[tuple[int, int, str]]

    def __call__(self, done: int, total: int) -> None:
        self.told = [*getattr(self, "told", []), (done, total, self._says(done, total))]


def test_bytes_count_once_however_often_a_reader_goes_through_a_file(tmp_path: Path) -> None:
    paths = [tmp_path / "a", tmp_path / "b", tmp_path / "not there"]
    for path in paths[:2]:
        path.write_bytes(b"x" * 300_000)
    kept: list[Kept] = []

    def shown(says: Any) -> Progress:
        kept.append(Kept(says))
        return kept[0]

    def reader(message: Message) -> Iterator[Reading]:
        for _ in range(2):
            message.stream.seek(0)
            while message.stream.read(65_536):
                pass
        yield Nothing("nothing-found", "here")

    with Files(paths, shown) as files:
        for path in paths[:2]:
            with files.open(path) as stream:
                list(files.counted(reader)(Message(stream, path.name, RECEIVED)))
    told = kept[0].told
    assert [done for done, _, _ in told] == sorted(done for done, _, _ in told)
    assert {total for _, total, _ in told} == {600_000}
    assert told[-1] == (600_000, 600_000, "600 of 600 kB read, 2 records taken in")


def test_the_command_draws_its_bar_on_a_terminal_and_leaves_stdout_alone(tmp_path: Path) -> None:
    """Only stderr is a terminal, as when results go to a file."""
    file = tmp_path / "trajecten.csv"
    line = "T-{0};999900006;agb:98980001;wmo-voorziening;08-01-2026;\n"
    with file.open("w") as out:
        out.write("traject;bsn;bron;soort;begin;einde\n")
        out.writelines(line.format(number) for number in range(20_000))
    ours, theirs = pty.openpty()
    program = "from signal_index.cli import main; main()"
    arguments = ["connector", "read", "csv", str(file), "--flags", "--as-of", "2026-11-22"]
    with subprocess.Popen(
        [sys.executable, "-c", program, *arguments], stdout=subprocess.PIPE, stderr=theirs
    ) as process:
        os.close(theirs)
        shown = b"".join(iter(lambda: _read(ours), b""))
        assert process.stdout is not None
        printed = process.stdout.read()
    os.close(ours)
    assert process.returncode == 0
    assert printed.count(b"\n") == 1
    assert b"records taken in" in shown
    assert b"999900006" not in shown


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65_536)
    except OSError:  # the other side is closed, which a terminal tells so
        return b""
