"""The commands that put a case or a worker under watch; what they print leads to no case."""

from datetime import date
from pathlib import Path

import click

from signal_index.cli.options import DAY, config_option
from signal_index.cli.session import as_option, now, opened, run_as
from signal_index.model.review import Watch, Watched
from signal_index.ports import Transaction
from signal_index.usecases.oversight import watching


class _WatchId(click.ParamType[bytes]):
    name = "watch"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> bytes:
        try:
            return bytes.fromhex(value)
        except ValueError:
            self.fail("give a watch as review watch list prints it", param, ctx)


@click.group()
def watch() -> None:
    """Cases and workers whose looks stand out until a day; it changes nothing about what anybody may see."""


@watch.command()
@click.option("--worker", help="Staff id of a worker of your organisation.")
@click.option(
    "--case", help="Number of a case in the regiesysteem; its resident is watched with every worker."
)
@click.option("--until", type=DAY, required=True, help="Last day, within a year: 2026-12-31.")
@click.option("--dossier", required=True, help="Case number of what you look into; it is recorded.")
@as_option("privacy-officer")
@config_option
def put(
    worker: str | None, case: str | None, *, until: date, dossier: str, staff_id: str, config: Path
) -> None:
    """Let looks of one worker, or at one case, stand out from today on; give one of the two."""
    request = _request(worker, case, until, dossier)
    with opened(config) as index:
        made = run_as(index, staff_id, lambda tx, actor: watching.put_watch(tx, actor, request, now()))
    click.echo(f"watch {made.watch_id.hex()} until {made.until}; lift it with signal-index review watch lift")


def _request(worker: str | None, case: str | None, until: date, dossier: str) -> watching.WatchRequest:
    if worker and not case:
        return watching.WatchRequest(Watched.WORKER, worker, until, dossier)
    if case and not worker:
        return watching.WatchRequest(Watched.CASE, case, until, dossier)
    raise click.UsageError("give either --worker or --case")


@watch.command()
@click.argument("watch_id", metavar="WATCH", type=_WatchId())
@as_option("privacy-officer")
@config_option
def lift(watch_id: bytes, staff_id: str, config: Path) -> None:
    """Watch no longer; WATCH is what list prints first."""
    with opened(config) as index:
        run_as(index, staff_id, lambda tx, actor: watching.lift_watch(tx, actor, watch_id, now()))
    click.echo("watch: lifted")


@watch.command("list")
@as_option("privacy-officer")
@config_option
def list_watches(staff_id: str, config: Path) -> None:
    """Show who and what is under watch, the first to end first; that you read it is recorded."""
    with opened(config) as index:
        lines = run_as(
            index,
            staff_id,
            lambda tx, actor: [_line(tx, each) for each in watching.watches(tx, actor, now())],
        )
    click.echo("\n".join(lines) or "nothing is under watch")


def _line(tx: Transaction, each: Watch) -> str:
    """A worker by her staff id, a resident by the alias that the pages of oversight use, never by a case."""
    about = f"worker {each.about}" if each.person is None else f"resident {tx.names.of_person(each.person)}"
    return f"{each.watch_id.hex()}  {about}  until {each.until}  put by {each.put_by} on {each.put_on}"
