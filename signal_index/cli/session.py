"""What the commands share: opening the index and saying who acts."""

import getpass
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from signal_index.model import Actor
from signal_index.ports import Transaction
from signal_index.wiring import Index, open_index

from .options import plain_errors, settings_of

F = TypeVar("F", bound=Callable[..., Any])


def as_option(role: str) -> Callable[[F], F]:
    """The `--as` option, saying which role the member of staff needs."""
    return click.option("--as", "staff_id", required=True, help=f"Your staff id; you need the role {role}.")


@contextmanager
def opened(config: Path) -> Iterator[Index]:
    """The index behind a settings file, open for one command."""
    with plain_errors(), open_index(settings_of(config), writer_kind="cli") as index:
        yield index


def actor(tx: Transaction, staff_id: str) -> Actor:
    """Whoever runs this command, under the roles the staff table gives her.

    The operating system let her in, so it stands for the second factor; the record names that account.
    """
    return Actor(
        staff_id, tx.staff.get(staff_id), second_factor=True, token_id=f"os-account:{getpass.getuser()}"
    )
