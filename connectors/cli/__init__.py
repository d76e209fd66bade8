"""The command `signal-index connector`: what a source runs on its own messages.

Invariants:
1. Nothing a message holds reaches the terminal but what `connector read` promises: outcome, type, months and days,
   source, municipality, and a person as a number that counts from 1 within this run.

Commands that publish are imported when one is called: who only reads does not wait for what speaks with the chain.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import Final

import click

from connectors.formats import FormatFault, find, installed

from .read import read

_PUBLISHING: Final[Mapping[str, str]] = {
    **dict.fromkeys(("caseload", "init", "publish", "send", "upgrade", "who-looked"), "commands"),
    **dict.fromkeys(("brp-questions", "person", "persons", "quarantine", "question", "status"), "commands"),
    "run": "run",
}
"""Per command that publishes, the module here with its `COMMANDS`."""


class _LazyGroup(click.Group):
    """Has `read` at hand, and imports the commands that publish when one of them is called or described."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), *_PUBLISHING])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _PUBLISHING:
            return super().get_command(ctx, cmd_name)
        commands = import_module(f".{_PUBLISHING[cmd_name]}", __package__).COMMANDS
        found: click.Command = next(each for each in commands if each.name == cmd_name)
        return found


@click.group("connector", cls=_LazyGroup)
def connector() -> None:
    """Read a source's own messages and publish that something runs, never what."""


@click.command("formats")
def formats() -> None:
    """List the installed message formats and what each reads."""
    for name in installed():
        try:
            about = find(name).about
        except FormatFault as fault:
            about = f"cannot be used: {fault}"
        click.echo(f"{name:22} {about}")


connector.add_command(read)
connector.add_command(formats)
