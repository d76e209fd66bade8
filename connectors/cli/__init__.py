"""The command `signal-index connector`: what a source runs on its own messages.

Invariants:
1. Nothing a message holds reaches the terminal but what `connector read` promises: outcome, type, months and days,
   source, municipality, and a person as a number that counts from 1 within this run.
"""

import click

from connectors.formats import installed

from .commands import COMMANDS
from .read import read
from .run import run


@click.group("connector")
def connector() -> None:
    """Read a source's own messages and publish that something runs, never what."""


@click.command("formats")
def formats() -> None:
    """List the installed message formats and what each reads."""
    for name, point in installed().items():
        click.echo(f"{name:22} {point.load().about}")


for _command in (read, formats, *COMMANDS, run):
    connector.add_command(_command)
