"""What the commands share: opening the index and saying who acts."""

import os
import pwd
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from signal_index import audit
from signal_index.model import Actor
from signal_index.ports import Transaction
from signal_index.usecases.administration.accounts import note_seen
from signal_index.usecases.administration.acting import SET_UP
from signal_index.usecases.authority import OS_ACCOUNT
from signal_index.wiring import Index, open_index

from .options import plain_errors, settings_of

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])


setting_up_option = click.option(
    "--as", "staff_id", help="Your staff id; leave it out only while nobody administers yet."
)


def as_option(role: str) -> Callable[[F], F]:
    """The `--as` option, saying which role the member of staff needs."""
    return click.option("--as", "staff_id", required=True, help=f"Your staff id; you need the role {role}.")


@contextmanager
def opened(config: Path) -> Iterator[Index]:
    """The index behind a settings file, open for one command."""
    with plain_errors(), open_index(settings_of(config), writer_kind="cli") as index:
        yield index


def now() -> datetime:
    """The clock of the command line."""
    return datetime.now(UTC)


def os_account() -> str:
    """The account of the operating system that runs this command, as a record names it.

    By its number, as the system knows it: whoever runs a command chooses what is in LOGNAME and USER.
    """
    number = os.getuid()
    try:
        return f"{OS_ACCOUNT}{pwd.getpwuid(number).pw_name}"
    except KeyError:
        return f"{OS_ACCOUNT}{number}"


def run_as(index: Index, staff_id: str | None, job: Callable[[Transaction, Actor], T]) -> T:
    """Run a job for whoever runs this command, under the roles the staff table gives her; a refusal is recorded.

    The operating system let her in, so it stands for the second factor, and nothing else checks that she is who she
    says; the record names that account beside her.

    Args:
        index: open.
        staff_id: who she says she is; None during set-up.
        job: the use case.
    """
    who, account = staff_id or SET_UP, os_account()

    def acting(tx: Transaction) -> T:
        staff = tx.staff.get(who)
        note_seen(tx, staff, now())
        return job(tx, Actor.in_all_roles(who, staff, second_factor=True, token_id=account))

    try:
        return index.database.run(acting)
    except audit.REFUSALS as error:
        refused = audit.refused_action(error, now(), actor=who, token=account, surface="command-line")
        index.database.run(lambda tx: tx.audit.append(refused))
        raise
