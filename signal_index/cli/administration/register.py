"""The commands for the register of publishers, sources and contact routes."""

from pathlib import Path

import click

from signal_index.cli.options import config_option
from signal_index.cli.session import now, opened, run_as, setting_up_option
from signal_index.model import dutch_day
from signal_index.usecases.administration.register import import_register
from signal_index.usecases.rulebook.in_use import require_in_force

from .imports import read_register


@click.group()
def register() -> None:
    """The register of publishers, sources and contact routes."""


@register.command("import")
@click.argument("file", type=click.Path(dir_okay=False, exists=True, path_type=Path))
@click.option(
    "--may-remove", is_flag=True, help="FILE may leave out publishers and sources that are registered now."
)
@setting_up_option
@config_option
def import_file(file: Path, staff_id: str | None, config: Path, *, may_remove: bool) -> None:
    """Replace the register by FILE (TOML: [[publishers]], [[publications]] and maybe [[entrances]]).

    A publisher has `key`, its public key file, or [[publishers.keys]], each with `file` and perhaps `valid_from` and
    `valid_until`. What was renewed on the pages since FILE was written must be in it as well.
    """
    with opened(config) as index:
        moment = now()
        rules = require_in_force(index.read_rules(), dutch_day(moment))
        types = [kind.code for kind in rules.catalogue.types]
        stated = read_register(file)
        run_as(
            index,
            staff_id,
            lambda tx, actor: import_register(tx, actor, stated, types, moment, may_remove=may_remove),
        )
    click.echo(f"register: {len(stated.publishers)} publishers, {len(stated.publications)} sources and types")
