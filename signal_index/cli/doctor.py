"""`signal-index doctor`: is this index set up well, and if not, what to mend and how.

Exit status 0 when there is nothing to mend, 1 when there is.
"""

import json
from pathlib import Path

import click

from .checkup import Finding, State, examine
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
    """Check the set-up, point by point, and say what to mend."""
    to_mend = 0
    for finding in examine(config, Wanted(deep, now(), _wait)):
        to_mend += finding.state is State.MEND
        _tell(finding, as_json=as_json)
    if not as_json:
        click.echo(f"\n{to_mend} point{'s' * (to_mend > 1)} to mend" if to_mend else "\nnothing to mend")
    context.exit(1 if to_mend else 0)


def _wait(on: str) -> None:
    click.echo(f"waiting for {on}", err=True)


def _tell(finding: Finding, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"point": finding.point, "state": finding.state, "text": finding.text}))
        return
    state = click.style(f"{finding.state.value:<{_WIDTH}}", fg=_COLOURS[finding.state])
    click.echo(f"{state}  {finding.point}: {finding.text}")
