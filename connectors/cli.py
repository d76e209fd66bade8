"""The command `signal-index connector`: what a source runs on its own messages.

Invariants:
1. Nothing a message holds reaches the terminal but what `connector read` promises: outcome, type, months and days,
   source, municipality, and a person as a number that counts from 1 within this run.

Commands that publish are imported when one is called: who only reads does not wait for what speaks with the chain.
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import BinaryIO, Final

import click

from crypto.chain import Bsn

from .reading import EXPLANATIONS, FileRefused, MessageReader, Observation, Quarantined, Reading
from .trajecten import FlagWish, TrajectRecord, flags, merge
from .verdicts import Verdict, judge, screen

_READERS: Final = "signal_index.flags"
_STDIN: Final = "-"
_NINE_DIGITS: Final = re.compile(r"(?<![0-9])[0-9]{9}(?![0-9])")

_READ_HELP: Final = """\b
Read messages and show what they would publish, publishing nothing.

One JSON line per traject, in the order read. FORMAT is one of the installed formats; FILE - is standard input.

\b
  signal-index connector read iwmo inbox/*.xml
  signal-index connector read ddas levering.json --as-of 2026-04-01 --flags

Exit status 0 when every file could be read, even if all is quarantined; 2 when a file is refused as a whole.
"""


_PUBLISHING: Final = ("caseload", "init", "publish", "quarantine", "send", "status", "who-looked")


class _LazyGroup(click.Group):
    """Has `read` at hand, and imports the commands that publish when one of them is called or described."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), *_PUBLISHING])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _PUBLISHING:
            return super().get_command(ctx, cmd_name)
        commands = import_module(".commands", __package__).COMMANDS
        found: click.Command = next(each for each in commands if each.name == cmd_name)
        return found


@click.group("connector", cls=_LazyGroup)
def connector() -> None:
    """Read a source's own messages and publish that something runs, never what."""


def _today() -> datetime:
    return datetime.now(tz=UTC).astimezone()


def _reader(_: click.Context, __: click.Parameter, value: str) -> MessageReader:
    known = {point.name: point for point in entry_points(group=_READERS)}
    if value not in known:
        raise click.BadParameter(f"unknown format; choose one of: {', '.join(sorted(known))}")
    reader: MessageReader = known[value].load()
    return reader


@connector.command("read", help=_READ_HELP)
@click.argument("reader", metavar="FORMAT", callback=_reader)
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option(
    "--as-of",
    type=click.DateTime(formats=["%Y-%m-%d"]),
    default=_today,
    show_default="today",
    help="The day to judge by, YYYY-MM-DD.",
)
@click.option("--flags", "counted", is_flag=True, help="Count trajecten into flags and show those instead.")
@click.pass_context
def read(
    context: click.Context, reader: MessageReader, files: tuple[str, ...], as_of: datetime, *, counted: bool
) -> None:
    """Read messages and show what they would publish; see `_READ_HELP`."""
    run = _Run(as_of.date())
    for file in files:
        try:
            for reading in _readings(reader, file):
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
        person = reading.person if isinstance(reading, Observation | Quarantined) else None
        number = self._number(person)
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


def _readings(reader: MessageReader, file: str) -> Iterator[Reading]:
    name = "stdin" if file == _STDIN else _NINE_DIGITS.sub("#########", file)
    with _opened(file, name) as stream:
        yield from reader(stream, name)


@contextmanager
def _opened(file: str, name: str) -> Iterator[BinaryIO]:
    try:
        if file == _STDIN:
            yield sys.stdin.buffer
        else:
            with Path(file).open("rb") as stream:
                yield stream
    except OSError as error:
        raise FileRefused("unreadable", name) from error


def _line(reading: Reading, person: int | None, as_of: date) -> Mapping[str, object]:
    outcome = judge(reading, as_of)
    reasons = "; ".join(f"{code}: {EXPLANATIONS[code]}" for code in outcome.codes)
    return {
        "outcome": outcome.verdict.value,
        "type": reading.type,
        "since": str(outcome.since) if outcome.since else None,
        "until": outcome.until.isoformat() if outcome.until else None,
        "source": reading.source,
        "municipality": reading.municipality if isinstance(reading, Observation | Quarantined) else None,
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
