"""The command line: `signal-index`. Commands of connectors and pseudonymisers come in through entry points.

A command is imported when it is called, so that a reader of messages does not wait for a web server to load.
"""

import atexit
import gc
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points

import click

COMMANDS_GROUP = "signal_index.commands"

_OWN = {
    "audit": "oversight.records:audit_log",
    "cover": "administration.covers:cover",
    "db": "index:db",
    "digest": "workplace:digest",
    "doctor": "doctor:doctor",
    "entrance": "entrance:entrance",
    "expire": "index:expire_flags",
    "impediment": "administration.impediments:impediment",
    "insecure-issuer": "issuer:insecure_issuer",
    "keys": "keys:keys",
    "ldv": "oversight.processings:ldv",
    "register": "administration.register:register",
    "proposal": "administration.proposals:proposal",
    "relation": "relations:relation",
    "review": "oversight.review:review",
    "serve": "serve:serve",
    "setup": "setup:setup",
    "source": "index:source",
    "staff": "administration.staff:staff",
    "team": "administration.teams:team",
}


class _LazyGroup(click.Group):
    """Finds commands by name, and imports the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return sorted({*_OWN, *_installed()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        if cmd_name in _OWN:
            module, _, attribute = _OWN[cmd_name].partition(":")
            command = getattr(import_module(f"{__name__}.{module}"), attribute)
        elif cmd_name in (installed := _installed()):
            command = installed[cmd_name].load()
        else:
            return None
        assert isinstance(command, click.Command)
        return command


def _installed() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=COMMANDS_GROUP)}


@click.command(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="signal-index")
def main() -> None:
    """Tell an authorised worker that help is running, never what it is about."""
    # Without this Python looks through all there is once more as it ends: a third of the time of a short command.
    atexit.register(gc.freeze)
