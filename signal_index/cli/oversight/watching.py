"""The commands that put a case or a worker under watch, so that looks there stand out in review; all are on record."""

from datetime import date
from pathlib import Path
from uuid import UUID

import click

from signal_index.cli.options import DAY, config_option
from signal_index.cli.session import as_option, now, opened, run_as
from signal_index.model.review import Watched
from signal_index.usecases.oversight import watching


@click.group()
def watch() -> None:
    """Cases and workers whose looks stand out until a day; it changes nothing about what anybody may see."""


@watch.command()
@click.argument("what", type=click.Choice([each.value for each in Watched]))
@click.argument("about", metavar="STAFF_ID|RELATION")
@as_option("privacy-officer")
@click.option("--until", type=DAY, required=True, help="Last day, within a year.")
@config_option
def put(what: str, about: str, staff_id: str, until: date, config: Path) -> None:
    """Watch a worker, or a case by its care relation, from the next look on."""
    request = watching.WatchRequest(Watched(what), about, until)
    with opened(config) as index:
        put_now = run_as(index, staff_id, lambda tx, actor: watching.put_watch(tx, actor, request, now()))
    click.echo(f"{UUID(bytes=put_now.watch_id)}: {put_now.what} {put_now.about} until {put_now.until}")


@watch.command("list")
@as_option("privacy-officer")
@config_option
def list_watches(staff_id: str, config: Path) -> None:
    """Show what is under watch, the first to end first; that you read it is recorded."""
    with opened(config) as index:
        found = run_as(index, staff_id, lambda tx, actor: watching.watches(tx, actor, now()))
    for each in found:
        click.echo(f"{UUID(bytes=each.watch_id)}  {each.what}  {each.about}  until {each.until}")
    if not found:
        click.echo("nothing is under watch")


@watch.command()
@click.argument("watch_id", metavar="WATCH", type=click.UUID)
@as_option("privacy-officer")
@config_option
def lift(watch_id: UUID, staff_id: str, config: Path) -> None:
    """Watch no longer what watch list shows under this id."""
    with opened(config) as index:
        run_as(index, staff_id, lambda tx, actor: watching.lift_watch(tx, actor, watch_id.bytes, now()))
    click.echo("watch: lifted")
