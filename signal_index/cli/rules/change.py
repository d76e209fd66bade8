"""What a change of the rules opens and closes, before anybody approves it."""

from datetime import date
from pathlib import Path

import click

from policy.telling.wording import Language
from signal_index.cli.options import DAY, plain_errors

from .reading import FOLDER, language_option, read, require_solver, today


@click.command()
@click.argument("old", type=FOLDER)
@click.argument("new", type=FOLDER)
@click.option("--since", type=DAY, help="First day to look at; today if left out.")
@language_option
def diff(old: Path, new: Path, since: date | None, language: Language) -> None:
    """Say what NEW allows that OLD does not, and the other way round: for every look-up, on every day.

    The report is for whoever approves the change, and needs no knowledge of the rule language.
    """
    require_solver()
    from policy.proving.difference import differences  # noqa: PLC0415 - the solver is not installed everywhere
    from policy.proving.report import Report  # noqa: PLC0415

    when = since or today()
    with plain_errors():
        before, after = read(old)[1], read(new)[1]
        changes = differences(before, after, when)
    for line in Report(old=before, new=after, since=when, changes=changes, language=language).lines():
        click.echo(line)
