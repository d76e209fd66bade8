"""What every command at a source begins and ends with: settings, state, day, and how its faults end it.

Invariants:
1. A number of a person is asked for, never an argument.
2. No file counts as later than now, and no day to count for lies in the future.
"""

import os
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import BinaryIO, Final, TextIO

import click

from connectors.caseload import FeedRefused
from connectors.config import Setup, SetupFault
from connectors.formats import FormatFault, reader
from connectors.publisher import ChainFault, FirstHop, MessageFile, Publisher, SendingStopped
from connectors.reading import FileRefused, dutch_day
from connectors.resident import NotAnswered
from connectors.state import State, StateFault
from crypto.chain import Bsn
from crypto.errors import CryptoError

from .progress import Files, Progress, batches_sent
from .report import EXIT_KEPT, EXIT_REFUSED, Report, say_sent, say_taken

CONFIG: Final = click.argument("config_path", metavar="CONFIG", type=click.Path(path_type=Path))
AS_OF: Final = click.option(
    "--as-of",
    type=click.DateTime(formats=["%Y-%m-%d"]),
    default=None,
    show_default="today",
    help="Everything up to and including this day has come in, YYYY-MM-DD.",
)
JSON: Final = click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of lines.")
FORMAT: Final = click.argument("format_name", metavar="FORMAT")
FILES: Final = click.argument("files", metavar="FILE...", nargs=-1, type=click.Path(path_type=Path))
FILES_IF_ANY: Final = click.argument("files", metavar="[FILE]...", nargs=-1, type=click.Path(path_type=Path))


class Unusable(Exception):
    """What was asked cannot be done; the message says why and what to do."""


@contextmanager
def private_file(path: Path) -> Iterator[TextIO]:
    """Open a new file that only the caller can read; what could not be written to its end does not stay.

    Raises:
        OSError: it exists, or cannot be written.
    """
    # Exclusive creation follows no link, and the mode holds from the first byte on.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            yield file
    except BaseException:
        path.unlink()
        raise


def now() -> datetime:
    """Return the moment, aware UTC."""
    return datetime.now(UTC)


def today() -> date:
    """Return the day at the sources."""
    return dutch_day(now())


def day_of(as_of: datetime | None) -> date:
    """Return the day to count for; none given is today."""
    if as_of is None:
        return today()
    if as_of.date() > today():
        raise click.BadParameter(
            "lies in the future: trajecten would be ended that still run", param_hint="--as-of"
        )
    return as_of.date()


@contextmanager
def ending(run: Report) -> Iterator[None]:
    """End a command in the way its faults ask for."""
    try:
        yield
    except (SetupFault, StateFault, FeedRefused, FormatFault, CryptoError, NotAnswered, Unusable) as fault:
        run.fail(str(fault), EXIT_REFUSED)
    except (ChainFault, SendingStopped) as fault:
        run.fail(f"not everything is sent: {fault}", EXIT_KEPT)
    except sqlite3.Error as fault:
        run.fail(f"the local state cannot be used ({fault}); nothing is lost, try again", EXIT_KEPT)
    run.finish()


@contextmanager
def at_work(setup: Setup) -> Iterator[tuple[State, Publisher]]:
    """Open the state for one run that changes it."""
    with looking(setup) as state, state.lock():
        yield state, Publisher(setup, state, now)


@contextmanager
def looking(setup: Setup) -> Iterator[State]:
    """Open the state to look only."""
    state = State.open(setup.state_path, setup.secrets, setup.manifest.scope)
    try:
        yield state
    finally:
        state.close()


def take_files(
    run: Report,
    config_path: Path,
    format_name: str,
    paths: Sequence[Path],
    day: date,
    *,
    settles: bool = False,
) -> None:
    """Take messages in and send what follows from them.

    Args:
        run: told what happened.
        config_path: of the settings.
        format_name: of the messages.
        paths: none at all says that nothing new came in.
        day: to count for.
        settles: see `Publisher.ingest`.
    """
    setup = Setup.read(config_path)
    found = reader(format_name, setup.formats)
    with at_work(setup) as (state, publisher):
        with Files(paths) as files:
            messages = [_message_file(state, path, files) for path in paths]
            taken = publisher.ingest(files.counted(found), format_name, messages, day, settles=settles)
        say_taken(run, taken)
        send_waiting(run, setup, publisher)


def send_waiting(run: Report, setup: Setup, publisher: Publisher) -> None:
    """Send what waits, and tell."""
    with (
        FirstHop(setup.first_hop, setup.manifest.index.verify_key) as hop,
        Progress(batches_sent) as progress,
    ):
        sent = publisher.send(hop, progress)
    say_sent(run, sent)


def ask_bsn() -> Bsn:
    """Ask for a person's number, or read it from standard input: no list of processes and no history shows it.

    Raises:
        CryptoError: it is none.
    """
    asked: str = click.prompt("BSN", hide_input=sys.stdin.isatty(), err=True)
    return Bsn.parse(asked.strip())


def _message_file(state: State, path: Path, files: Files) -> MessageFile:
    name = state.safe_name(path.name)

    def opened() -> BinaryIO:
        try:
            return files.open(path)
        except OSError as error:
            raise FileRefused("unreadable", name) from error

    # A file that cannot be asked for its time cannot be opened either, and is refused for that. One of a machine whose
    # clock runs ahead came in by now: dated in the future, it would silence what comes after it.
    written = datetime.fromtimestamp(path.stat().st_mtime, UTC) if path.exists() else now()
    return MessageFile(name, min(written, now()), opened)
