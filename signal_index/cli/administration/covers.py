"""The commands for covers of workers who cannot arrange one themselves."""

from datetime import date
from pathlib import Path
from uuid import UUID

import click

from signal_index.cli.options import config_option, days_options
from signal_index.cli.session import as_option, now, opened, run_as
from signal_index.model.workplace import CoverReason
from signal_index.usecases.administration.covers import arrange_cover, end_cover, list_covers
from signal_index.usecases.workplace.covers import CoverRequest

_as = as_option("functioneel-beheerder")


@click.group()
def cover() -> None:
    """Who stands in for whom in your organisation; a worker arranges her own."""


@cover.command("list")
@_as
@config_option
def list_standing(staff_id: str, config: Path) -> None:
    """Show the covers that are not over."""
    with opened(config) as index:
        found = run_as(index, staff_id, lambda tx, actor: list_covers(tx, actor, now()))
    for each in found.standing:
        click.echo(
            f"{UUID(bytes=each.cover_id)}  {each.team}  {each.delegate} for {each.absentee}"
            f"  {each.first_day} - {each.last_day}  {each.reason.value}"
        )
    if not found.standing:
        click.echo("nobody stands in for anybody")


@cover.command()
@click.argument("absentee")
@click.argument("delegate")
@click.option(
    "--because",
    "reason",
    required=True,
    type=click.Choice([reason.value for reason in CoverReason]),
    help="The reason; coarse on purpose.",
)
@days_options
@_as
@config_option
def arrange(
    absentee: str, delegate: str, *, reason: str, first: date, last: date, staff_id: str, config: Path
) -> None:
    """Let DELEGATE look for ABSENTEE, a worker of the same team, for at most six weeks."""
    wanted = CoverRequest(delegate, first, last, CoverReason(reason))
    with opened(config) as index:
        run_as(index, staff_id, lambda tx, actor: arrange_cover(tx, actor, absentee, wanted, now()))
    click.echo(f"{delegate}: stands in for {absentee} from {first} until {last}")


@cover.command()
@click.argument("cover_id", type=click.UUID)
@_as
@config_option
def end(cover_id: UUID, staff_id: str, config: Path) -> None:
    """End the cover COVER_ID from now on."""
    with opened(config) as index:
        ended = run_as(index, staff_id, lambda tx, actor: end_cover(tx, actor, cover_id.bytes, now()))
    click.echo(f"{ended.delegate}: stands in for {ended.absentee} no more")
