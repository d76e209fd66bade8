"""The command itself."""

from pathlib import Path

import click

from signal_index.cli.checkup import what_is_left
from signal_index.cli.doctor import tell, tell_left, waiting
from signal_index.cli.options import config_option, plain_errors
from signal_index.cli.session import now

from . import answers as kept
from .asking import converse, judge
from .checks import Place
from .making import make


@click.command()
@click.option(
    "--answers",
    "file",
    type=click.Path(dir_okay=False, exists=True, path_type=Path),
    help="Take the answers from FILE (TOML) instead of asking; all that is wrong in it is said together.",
)
@click.option(
    "--check-only", is_flag=True, help="Check the answers, those of before or of FILE; make nothing."
)
@config_option
@click.pass_context
def setup(context: click.Context, file: Path | None, config: Path, *, check_only: bool) -> None:
    """Set an index up: ask what must be decided, check each answer, write the settings, make the database.

    Ctrl-C stops at any moment; run it again to go on. Where an answer is there already, Enter keeps it.
    """
    place = Place(config.absolute().parent, now(), waiting, may_make=not check_only)
    with plain_errors():
        known = kept.known(config)
        if file is None and not check_only:
            answers = converse(known, place, lambda given: kept.keep(config, given))
        else:
            stated = known if file is None else kept.of_settings(config) | kept.read(file)
            answers, findings = judge(stated, place)
            for finding in findings:
                tell(finding)
            if findings:
                click.echo(f"\n{len(findings)} answer{'s' * (len(findings) > 1)} to mend; nothing was set up")
                context.exit(1)
        if check_only:
            click.echo("every answer holds; nothing was written")
            return
        make(answers, config, now())
    click.echo(f"\n{config}: the index is set up")
    tell_left(what_is_left(config, now()))
