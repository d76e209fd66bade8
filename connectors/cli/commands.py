"""Commands that publish, and the list of all that the group gets.

Invariants:
1. What is printed are counts, codes, file names without numbers, and places in files; never a person. Only `person`,
   `persons` and `question` are about persons, and say so.
2. Exit status 0 when everything was taken in and sent; 2 when a file is refused as a whole or the settings are
   wrong; 3 when something is kept for a later `connector send`, which the message says; 4 only of `status --check`.
"""

from datetime import datetime
from pathlib import Path
from typing import Final

import click

from connectors.caseload import FORMS, Feed, FeedRefused, form_of, reader_of, take_in
from connectors.config import Setup, SetupFault
from connectors.publisher import FirstHop
from connectors.resident import who_looked
from connectors.state import State

from .ask_brp import brp_questions
from .person import person, persons
from .progress import Progress, lines_taken
from .quarantine import quarantine
from .question import question
from .report import Report, say_caseload, say_looks
from .running import (
    AS_OF,
    CONFIG,
    FILES_IF_ANY,
    FORMAT,
    JSON,
    ask_bsn,
    at_work,
    day_of,
    ending,
    now,
    send_waiting,
    take_files,
    today,
)
from .status import status


@click.command()
@CONFIG
def init(config_path: Path) -> None:
    """Make the local state, once; refuses when there is one."""
    run = Report(as_json=False)
    with ending(run):
        setup = Setup.read(config_path)
        State.create(setup.state_path, setup.secrets, setup.manifest.scope)
        run.say(f"made {setup.state_path}")


@click.command()
@CONFIG
def upgrade(config_path: Path) -> None:
    """Bring the local state of an earlier version to this one; make a copy of the file first."""
    run = Report(as_json=False)
    with ending(run):
        setup = Setup.read(config_path)
        done = State.upgrade(setup.state_path, setup.secrets, setup.manifest.scope)
        run.say(f"upgraded {setup.state_path}" if done else f"{setup.state_path} is of this version already")


@click.command()
@CONFIG
@FORMAT
@FILES_IF_ANY
@AS_OF
@JSON
def publish(
    config_path: Path, format_name: str, files: tuple[Path, ...], as_of: datetime | None, *, as_json: bool
) -> None:
    """Take messages in and send what follows from them.

    Without FILE it says that nothing new came in, which keeps the source current.
    """
    run = Report(as_json=as_json)
    day = day_of(as_of)
    with ending(run):
        take_files(run, config_path, format_name, files, day)


@click.command()
@CONFIG
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option(
    "--complete", is_flag=True, help="The file lists every live relation: end those it does not list."
)
@click.option("--ends-most", is_flag=True, help="A complete file may end more than half of the relations.")
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMS),
    help="Form of the file, where its name does not make it clear.",
)
@AS_OF
@JSON
def caseload(
    config_path: Path,
    file: Path,
    form: str | None,
    as_of: datetime | None,
    *,
    complete: bool,
    ends_most: bool,
    as_json: bool,
) -> None:
    """Take a regiesysteem's care relations in and send what follows from them."""
    run = Report(as_json=as_json)
    day = day_of(as_of)
    with ending(run):
        setup = Setup.read(config_path)
        if setup.caseload is None:
            raise SetupFault(
                f"{config_path} has no [caseload] with the organisation whose relations these are"
            )
        form = form or form_of(file.suffix, setup.caseload)
        with at_work(setup) as (state, publisher):
            name = state.safe_name(file.name)
            reader = reader_of(form, setup.caseload, state, day)
            feed = Feed(name, _content(file, name), reader, complete, may_end_most=ends_most)
            with Progress(lines_taken) as progress:
                taken = take_in(state, setup.caseload.organisation, feed, day, today(), told=progress)
            say_caseload(run, taken)
            send_waiting(run, setup, publisher)


@click.command()
@CONFIG
@click.option(
    "--complete", is_flag=True, help="Send complete sets of everything, after local state was restored."
)
@JSON
def send(config_path: Path, *, complete: bool, as_json: bool) -> None:
    """Send what is waiting; goes on where an earlier run was cut off."""
    run = Report(as_json=as_json)
    with ending(run):
        setup = Setup.read(config_path)
        with at_work(setup) as (_, publisher):
            if complete:
                publisher.start_over()
            send_waiting(run, setup, publisher)


@click.command("who-looked")
@CONFIG
@JSON
def ask_who_looked(config_path: Path, *, as_json: bool) -> None:
    """Ask the index who looked at a person, as a resident gateway does.

    The number is asked for, or read from standard input: no list of processes and no history shows it.
    """
    run = Report(as_json=as_json)
    with ending(run):
        asked = ask_bsn()
        setup = Setup.read(config_path)
        with FirstHop(setup.first_hop, setup.manifest.index.verify_key) as hop:
            looks = who_looked(setup, hop, asked, now())
        say_looks(run, looks)


COMMANDS: Final[tuple[click.Command, ...]] = (
    init,
    upgrade,
    publish,
    caseload,
    send,
    status,
    quarantine,
    person,
    persons,
    question,
    brp_questions,
    ask_who_looked,
)
"""What the group `connector` finds here."""


def _content(path: Path, name: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise FeedRefused("unreadable", name) from error
