"""`signal-index doctor`: is this index set up well, and if not, what to mend and how; and what is left to do.

Exit status 0 when there is nothing to mend, 1 when there is.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click

from .checkup import Finding, State, Step, examine, what_is_left
from .checkup.walk import Wanted
from .options import config_option
from .session import now

_WIDTH = max(len(state.value) for state in State)
_COLOURS = {State.OK: "green", State.MEND: "red", State.NOTE: "cyan", State.SKIPPED: "yellow"}


@click.command()
@click.option("--deep", is_flag=True, help="Recompute the audit log too; reads every record.")
@click.option("--json", "as_json", is_flag=True, help="One JSON line per point.")
@config_option
@click.pass_context
def doctor(context: click.Context, config: Path, *, deep: bool, as_json: bool) -> None:
    """Check the set-up, point by point, and say what to mend and what is left to do."""
    to_mend, group = 0, ""
    for finding in examine(config, Wanted(deep, now(), waiting)):
        to_mend += finding.state is State.MEND
        if as_json:
            click.echo(json.dumps(asdict(finding)))
            continue
        if finding.group != group:
            click.echo(f"{'' if not group else chr(10)}{finding.group}")
            group = finding.group
        tell(finding)
    if not as_json:
        tell_left(what_is_left(config, now()))
        click.echo(f"\n{to_mend} point{'s' * (to_mend > 1)} to mend" if to_mend else "\nnothing to mend")
    context.exit(1 if to_mend else 0)


def waiting(on: str) -> None:
    """Say what a slow check waits for."""
    click.echo(f"waiting for {on}", err=True)


def tell(finding: Finding) -> None:
    """Show one finding on a line, and beneath it what to do."""
    state = click.style(f"{finding.state.value:<{_WIDTH}}", fg=_COLOURS[finding.state])
    click.echo(f"  {state}  {finding.point}: {finding.text}")
    if finding.to_do:
        click.echo(f"  {'':<{_WIDTH}}  -> {finding.to_do}")


def tell_left(steps: Sequence[Step]) -> None:
    """Show what is left to do, numbered, with the commands to type."""
    if steps:
        click.echo("\nWhat is left")
    for number, step in enumerate(steps, start=1):
        click.echo(f"  {number}. {step.what}")
        for command in step.commands:
            click.echo(f"       {command}")
