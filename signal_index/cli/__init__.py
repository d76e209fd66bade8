"""The command line: `signal-index`. Commands of connectors and pseudonymisers come in through entry points.

A command is imported when it is called, so that a reader of messages does not wait for a web server to load.
"""

import atexit
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points

import click

COMMANDS_GROUP = "signal_index.commands"

_OWN = {
    "audit": "oversight.records:audit_log",
    "cover": "administration.covers:cover",
    "db": "database:db",
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
    "rules": "rules:rules",
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
        with _keeping_all():
            command = _imported(cmd_name)
        assert command is None or isinstance(command, click.Command)
        return command


@contextmanager
def _keeping_all() -> Iterator[None]:
    """Look for no garbage meanwhile: an import leaves hardly any, and the looking is a seventh of its time."""
    looks = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if looks:
            gc.enable()


def _imported(cmd_name: str) -> object:
    """The command; None when there is no such one."""
    if cmd_name in _OWN:
        module, _, attribute = _OWN[cmd_name].partition(":")
        return getattr(import_module(f"{__name__}.{module}"), attribute)
    point = _installed().get(cmd_name)
    return None if point is None else point.load()


def _installed() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=COMMANDS_GROUP)}


@click.command(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="signal-index")
def main() -> None:
    """Tell an authorised worker that help is running, never what it is about."""
    # Without this Python looks through all there is once more as it ends: a third of the time of a short command.
    atexit.register(gc.freeze)
