"""Commands that publish: made here, found by name by the group `signal-index connector`.

Invariants:
1. What is printed are counts, codes, file names without numbers, and places in files; never a person.
2. Exit status 0 when everything was taken in and sent; 2 when a file is refused as a whole or the settings are
   wrong; 3 when something is kept for a later `connector send`, which the message says.
"""

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import BinaryIO, Final
from zoneinfo import ZoneInfo

import click

from connectors.caseload import Feed, FeedRefused, take_in
from connectors.config import Setup, SetupFault
from connectors.formats import FormatFault, reader
from connectors.publisher import ChainFault, FirstHop, MessageFile, Publisher, SendingStopped
from connectors.reading import FileRefused
from connectors.resident import NotAnswered, who_looked
from connectors.state import State, StateFault
from crypto.chain import Bsn
from crypto.errors import CryptoError

from .report import (
    EXIT_KEPT,
    EXIT_REFUSED,
    Progress,
    Report,
    say_caseload,
    say_entries,
    say_looks,
    say_sent,
    say_service,
    say_standing,
    say_streams,
    say_taken,
    tally,
)

_CALENDAR: Final = ZoneInfo("Europe/Amsterdam")

_CONFIG = click.argument("config_path", metavar="CONFIG", type=click.Path(path_type=Path))
_AS_OF = click.option(
    "--as-of",
    type=click.DateTime(formats=["%Y-%m-%d"]),
    default=None,
    show_default="today",
    help="Everything up to and including this day has come in, YYYY-MM-DD.",
)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of lines.")


def _now() -> datetime:
    return datetime.now(UTC)


def _day(as_of: datetime | None) -> date:
    today = _now().astimezone(_CALENDAR).date()
    if as_of is None:
        return today
    if as_of.date() > today:
        raise click.BadParameter(
            "lies in the future: trajecten would be ended that still run", param_hint="--as-of"
        )
    return as_of.date()


@contextmanager
def _ending(run: Report) -> Iterator[None]:
    """End a command in the way its faults ask for."""
    try:
        yield
    except (SetupFault, StateFault, FeedRefused, FormatFault, CryptoError) as fault:
        run.fail(str(fault), EXIT_REFUSED)
    except NotAnswered as fault:
        run.fail(str(fault), EXIT_REFUSED)
    except (ChainFault, SendingStopped) as fault:
        run.fail(f"not everything is sent: {fault}", EXIT_KEPT)
    except sqlite3.Error as fault:
        run.fail(f"the local state cannot be used ({fault}); nothing is lost, try again", EXIT_KEPT)
    run.finish()


@contextmanager
def _at_work(setup: Setup) -> Iterator[tuple[State, Publisher]]:
    """Open the state for one run that changes it."""
    state = State.open(setup.state_path, setup.secrets, setup.manifest.scope)
    try:
        with state.lock():
            yield state, Publisher(setup, state, _now)
    finally:
        state.close()


@contextmanager
def _looking(setup: Setup) -> Iterator[State]:
    """Open the state to look only."""
    state = State.open(setup.state_path, setup.secrets, setup.manifest.scope)
    try:
        yield state
    finally:
        state.close()


@click.command()
@_CONFIG
def init(config_path: Path) -> None:
    """Make the local state, once; refuses when there is one."""
    run = Report(as_json=False)
    with _ending(run):
        setup = Setup.read(config_path)
        State.create(setup.state_path, setup.secrets, setup.manifest.scope)
        run.say(f"made {setup.state_path}")


@click.command()
@_CONFIG
@click.argument("format_name", metavar="FORMAT")
@click.argument("files", metavar="FILE...", nargs=-1, type=click.Path(path_type=Path))
@_AS_OF
@_JSON
def publish(
    config_path: Path, format_name: str, files: tuple[Path, ...], as_of: datetime | None, *, as_json: bool
) -> None:
    """Take messages in and send what follows from them.

    Without FILE it says that nothing new came in, which keeps the source current.
    """
    run = Report(as_json=as_json)
    day = _day(as_of)
    with _ending(run):
        setup = Setup.read(config_path)
        taken_by = reader(format_name, setup.formats)
        with _at_work(setup) as (state, publisher):
            messages = [_message_file(state, path) for path in files]
            say_taken(run, publisher.ingest(taken_by, format_name, messages, day))
            _send(run, setup, publisher)


@click.command()
@_CONFIG
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option(
    "--complete", is_flag=True, help="The file lists every live relation: end those it does not list."
)
@_AS_OF
@_JSON
def caseload(config_path: Path, file: Path, as_of: datetime | None, *, complete: bool, as_json: bool) -> None:
    """Take a regiesysteem's care relations in and send what follows from them."""
    run = Report(as_json=as_json)
    day = _day(as_of)
    with _ending(run):
        setup = Setup.read(config_path)
        if setup.caseload_organisation is None:
            raise SetupFault(
                f"{config_path} has no [caseload] with the organisation whose relations these are"
            )
        with _at_work(setup) as (state, publisher):
            name = state.safe_name(file.name)
            feed = Feed(name, _content(file, name), complete)
            taken = take_in(state, setup.caseload_organisation, feed, day, _now().date())
            say_caseload(run, taken)
            _send(run, setup, publisher)


@click.command()
@_CONFIG
@click.option(
    "--complete", is_flag=True, help="Send complete sets of everything, after local state was restored."
)
@_JSON
def send(config_path: Path, *, complete: bool, as_json: bool) -> None:
    """Send what is waiting; goes on where an earlier run was cut off."""
    run = Report(as_json=as_json)
    with _ending(run):
        setup = Setup.read(config_path)
        with _at_work(setup) as (_, publisher):
            if complete:
                publisher.start_over()
            _send(run, setup, publisher)


@click.command()
@_CONFIG
@_JSON
def status(config_path: Path, *, as_json: bool) -> None:
    """Show where this publisher stands with the index."""
    run = Report(as_json=as_json)
    with _ending(run):
        setup = Setup.read(config_path)
        with _looking(setup) as state:
            say_standing(run, setup, state)
            say_streams(run, state)
            say_service(run, setup)
            counts = dict(state.quarantine.counts())
            run.say(f"quarantined: {tally(counts)}", quarantined=counts)


@click.command()
@_CONFIG
@_JSON
def quarantine(config_path: Path, *, as_json: bool) -> None:
    """List what was set aside: day, reason, and where to find it at the source."""
    run = Report(as_json=as_json)
    with _ending(run):
        with _looking(Setup.read(config_path)) as state:
            entries = state.quarantine.entries()
        say_entries(run, entries)


@click.command("who-looked")
@_CONFIG
@_JSON
def ask_who_looked(config_path: Path, *, as_json: bool) -> None:
    """Ask the index who looked at a person, as a resident gateway does.

    The number is asked for, or read from standard input: no list of processes and no history shows it.
    """
    run = Report(as_json=as_json)
    bsn: str = click.prompt("BSN", hide_input=sys.stdin.isatty(), err=True)
    with _ending(run):
        setup = Setup.read(config_path)
        with FirstHop(setup.first_hop, setup.manifest.index.verify_key) as hop:
            looks = who_looked(setup, hop, Bsn.parse(bsn.strip()), _now())
        say_looks(run, looks)


COMMANDS: Final[tuple[click.Command, ...]] = (
    init,
    publish,
    caseload,
    send,
    status,
    quarantine,
    ask_who_looked,
)
"""What the group `connector` finds here."""


def _message_file(state: State, path: Path) -> MessageFile:
    name = state.safe_name(path.name)

    def opened() -> BinaryIO:
        try:
            return path.open("rb")
        except OSError as error:
            raise FileRefused("unreadable", name) from error

    # A file that cannot be asked for its time cannot be opened either, and is refused for that.
    received = datetime.fromtimestamp(path.stat().st_mtime, UTC) if path.exists() else _now()
    return MessageFile(name, received, opened)


def _content(path: Path, name: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise FeedRefused("unreadable", name) from error


def _send(run: Report, setup: Setup, publisher: Publisher) -> None:
    with FirstHop(setup.first_hop, setup.manifest.index.verify_key) as hop:
        say_sent(run, publisher.send(hop, Progress()))
