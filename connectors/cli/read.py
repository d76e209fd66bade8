"""The command `connector read`: what messages would publish, shown without publishing.

Invariants:
1. Nothing a message holds reaches the terminal but what `connector read` promises: outcome, type, months and days,
   source, municipality, and a person as a number that counts from 1 within this run.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from stat import S_ISREG
from typing import BinaryIO, Final

import click

from connectors.config import SetupFault, format_settings
from connectors.explanations import EXPLANATIONS
from connectors.formats import FormatFault, FormatSettings, reader
from connectors.reading import FileRefused, Message, MessageReader, Observation, Reading
from connectors.state.quarantine import without_numbers
from connectors.trajecten import FlagWish, TrajectRecord, flags, merge
from connectors.verdicts import Verdict, judge, screen
from crypto.chain import Bsn

from .progress import Files, Progress, Says, Silent

_STDIN: Final = "-"

_READ_HELP: Final = """\b
Read messages and show what they would publish, publishing nothing.

One JSON line per traject, in the order read. FORMAT is one of the installed formats; FILE - is standard input.

\b
  signal-index connector read iwmo inbox/*.xml
  signal-index connector read ddas levering.json --as-of 2026-04-01 --flags

Exit status 0 when every file could be read, even if all is quarantined; 2 when a file is refused as a whole.
"""


def _today() -> datetime:
    return datetime.now(tz=UTC).astimezone()


@click.command("read", help=_READ_HELP)
@click.argument("format_name", metavar="FORMAT")
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option(
    "--as-of",
    type=click.DateTime(formats=["%Y-%m-%d"]),
    default=_today,
    show_default="today",
    help="The day to judge by, YYYY-MM-DD.",
)
@click.option(
    "--settings",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A connector's settings file; of it only [formats] is used.",
)
@click.option("--flags", "counted", is_flag=True, help="Count trajecten into flags and show those instead.")
@click.pass_context
def read(
    context: click.Context,
    format_name: str,
    files: tuple[str, ...],
    as_of: datetime,
    settings: Path | None,
    *,
    counted: bool,
) -> None:
    """Read messages and show what they would publish; see `_READ_HELP`."""
    try:
        found = reader(format_name, format_settings(settings) if settings else FormatSettings())
    except (FormatFault, SetupFault) as fault:
        raise click.UsageError(str(fault)) from fault
    run = _Run(as_of.date())
    with Files([Path(file) for file in files], _shown(counted=counted)) as opened:
        for file in files:
            try:
                for reading in _readings(opened.counted(found), file, opened):
                    run.take(reading, counted=counted)
            except FileRefused as refusal:
                run.refuse(refusal)
    if counted:
        run.show_flags()
    context.exit(run.status)


class _Run:
    """One run over any number of files.

    Args:
        as_of: the day to judge by.
    """

    def __init__(self, as_of: date) -> None:
        self.status = 0
        self._as_of = as_of
        self._numbers: dict[Bsn, int] = {}
        self._records: dict[tuple[Bsn, str, str, str], TrajectRecord] = {}
        self._municipalities: dict[tuple[Bsn, str, str], set[str | None]] = {}
        self._set_aside = 0

    def take(self, reading: Reading, *, counted: bool) -> None:
        """Show one reading, or keep it for counting."""
        usable = screen(reading, self._as_of)
        number = self._number(getattr(reading, "person", None))
        if not counted:
            _show(_line(reading, number, self._as_of))
        elif isinstance(usable, Observation):
            self._records[usable.identity] = merge(self._records.get(usable.identity), usable)
            self._municipalities.setdefault(usable.identity[:3], set()).add(usable.municipality)
        else:
            self._set_aside += 1

    def refuse(self, refusal: FileRefused) -> None:
        """Say why a file is refused; the others are still read."""
        sys.stdout.flush()  # so that what was read stands before what was refused
        click.echo(f"refused: {refusal.position}: {refusal.code}: {refusal.explanation}", err=True)
        self.status = 2

    def show_flags(self) -> None:
        """Show the wish per person, source and type."""
        for wish in flags(self._records.values(), self._as_of):
            places = self._municipalities[(wish.person, wish.source, wish.type)]
            municipality = next(iter(places)) if len(places) == 1 else None
            _show(_flag_line(wish, self._number(wish.person), municipality))
        if self._set_aside:
            click.echo(f"{self._set_aside} records not counted; run without --flags to see why", err=True)

    def _number(self, person: Bsn | None) -> int | None:
        return None if person is None else self._numbers.setdefault(person, len(self._numbers) + 1)


def _shown(*, counted: bool) -> Callable[[Says], Progress]:
    """Show how far reading is, unless lines of results pass over the same terminal and show it themselves."""
    return Progress if counted or not sys.stdout.isatty() else Silent


def _readings(read_message: MessageReader, file: str, opened: Files) -> Iterator[Reading]:
    name = "stdin" if file == _STDIN else without_numbers(file)
    with _opened(file, name, opened) as stream:
        yield from read_message(Message(stream, name, _received(stream)))


def _received(stream: BinaryIO) -> datetime:
    """When a file came in is when it was last written; a pipe comes in now."""
    try:
        status = os.fstat(stream.fileno())
    except OSError:  # standard input that is no file
        return datetime.now(tz=UTC)
    return datetime.fromtimestamp(status.st_mtime, UTC) if S_ISREG(status.st_mode) else datetime.now(tz=UTC)


@contextmanager
def _opened(file: str, name: str, opened: Files) -> Iterator[BinaryIO]:
    try:
        if file == _STDIN:
            yield sys.stdin.buffer
        else:
            with opened.open(Path(file)) as stream:
                yield stream
    except OSError as error:
        raise FileRefused("unreadable", name) from error


def _line(reading: Reading, person: int | None, as_of: date) -> Mapping[str, object]:
    outcome = judge(reading, as_of)
    reasons = "; ".join(f"{code}: {EXPLANATIONS[code]}" for code in outcome.codes)
    return {
        "outcome": outcome.verdict.value,
        "type": getattr(reading, "type", None),
        "since": str(outcome.since) if outcome.since else None,
        "until": outcome.until.isoformat() if outcome.until else None,
        "source": getattr(reading, "source", None),
        "municipality": getattr(reading, "municipality", None),
        "person": person,
        "reason": f"{reasons} ({reading.position})" if reasons else None,
    }


def _flag_line(wish: FlagWish, person: int | None, municipality: str | None) -> Mapping[str, object]:
    code = "nothing-running"
    return {
        "outcome": (Verdict.ASSERT if wish.asserted else Verdict.WITHDRAW).value,
        "type": wish.type,
        "since": str(wish.since) if wish.since else None,
        "until": wish.until.isoformat() if wish.until else None,
        "source": wish.source,
        "municipality": municipality,
        "person": person,
        "reason": None if wish.asserted else f"{code}: {EXPLANATIONS[code]}",
    }


def _show(line: Mapping[str, object]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
