"""What a change of the rules opens and closes, before anybody approves it."""

from datetime import date
from pathlib import Path

import click

from policy.telling.wording import Language
from signal_index.cli.options import DAY, config_option, plain_errors

from .reading import SET, chosen, language_option, require_solver, today


@click.command()
@click.argument("old", type=SET)
@click.argument("new", type=SET)
@click.option("--since", type=DAY, help="First day to look at; today if left out.")
@language_option
@config_option
def diff(old: Path | str, new: Path | str, since: date | None, language: Language, config: Path) -> None:
    """Say what NEW opens and closes, compared with OLD.

    It is worked out for every look-up, on every day from the first one on.

    Each is a folder, or a digest (12 digits or more) of a set that was proposed.

    The report is for whoever approves the change, and needs no knowledge of the rule language.
    """
    require_solver()
    from policy.proving.report import compared  # noqa: PLC0415 - the solver is not installed everywhere

    when = since or today()
    with plain_errors():
        before, after = chosen(old, config), chosen(new, config)
        report = compared(before, after, when, language)
    for line in report.lines():
        click.echo(line)
