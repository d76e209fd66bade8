"""The commands for what keeps workers from looking: objections of residents, and workers who know a resident."""

from datetime import date
from pathlib import Path
from uuid import UUID

import click

from signal_index.cli.options import DAY, config_option
from signal_index.cli.session import as_option, now, opened, run_as
from signal_index.model import dutch_day
from signal_index.model.impediments import Impediment
from signal_index.usecases.workplace import impediments
from signal_index.usecases.workplace.impeded import list_impediments
from signal_index.usecases.workplace.impediments import ImpedimentRequest

_relation = click.argument("relation_id", type=click.UUID)
_from = click.option("--from", "first", type=DAY, help="First day, today if you leave it out: 2026-03-03.")
_until = click.option("--until", "last", type=DAY, help="Last day, if you know it: 2026-12-31.")


@click.group()
def impediment() -> None:
    """What keeps workers from looking at a resident; who is stopped is told nothing."""


@impediment.command("object")
@_relation
@_from
@_until
@as_option("privacy-officer")
@config_option
def object_to(
    relation_id: UUID, *, first: date | None, last: date | None, staff_id: str, config: Path
) -> None:
    """Register that the resident of RELATION_ID objects: nobody of your organisation can look any more."""
    request = _request(relation_id, first, last)
    with opened(config) as index:
        made = run_as(index, staff_id, lambda tx, actor: impediments.object_to(tx, actor, request, now()))
    click.echo(_line(made))


@impediment.command()
@_relation
@click.option("--worker", help="Staff id of a worker of your team; leave it out for yourself.")
@_from
@_until
@as_option("wijkteammedewerker, or teamleider for another worker")
@config_option
def involve(
    relation_id: UUID,
    *,
    worker: str | None,
    first: date | None,
    last: date | None,
    staff_id: str,
    config: Path,
) -> None:
    """Register that you, or a worker of your team, know the resident of RELATION_ID outside the work."""
    request = _request(relation_id, first, last)
    with opened(config) as index:
        made = run_as(
            index,
            staff_id,
            lambda tx, actor: (
                impediments.involve(tx, actor, worker, request, now())
                if worker
                else impediments.involve_self(tx, actor, request, now())
            ),
        )
    click.echo(_line(made))


@impediment.command()
@click.argument("impediment_id", type=click.UUID)
@as_option("privacy-officer, or teamleider for your own team")
@config_option
def end(impediment_id: UUID, staff_id: str, config: Path) -> None:
    """End IMPEDIMENT_ID; from now on it stops nobody."""
    with opened(config) as index:
        ended = run_as(
            index,
            staff_id,
            lambda tx, actor: impediments.end_impediment(tx, actor, impediment_id.bytes, now()),
        )
    click.echo(f"{UUID(bytes=ended.impediment_id)}: ended")


@impediment.command("list")
@as_option("privacy-officer, or teamleider for your own team")
@config_option
def list_standing(staff_id: str, config: Path) -> None:
    """Show those you may end, and to a privacy officer all of her organisation; that you read it is recorded."""
    with opened(config) as index:
        found = run_as(index, staff_id, lambda tx, actor: list_impediments(tx, actor, now()))
    click.echo("\n".join(_line(each.impediment) for each in found) or "nothing keeps anybody from looking")


def _request(relation_id: UUID, first: date | None, last: date | None) -> ImpedimentRequest:
    return ImpedimentRequest(relation_id.bytes, first or dutch_day(now()), last)


def _line(each: Impediment) -> str:
    """By the relation it was registered by, never by a person."""
    about = f"worker {each.worker}" if each.worker else "every worker"
    until = f"until {each.last_day}" if each.last_day is not None else "with no last day"
    return (
        f"{UUID(bytes=each.impediment_id)}  {each.kind.value}  relation {UUID(bytes=each.relation_id)}"
        f"  {about}  from {each.first_day} {until}  by {each.registered_by}"
    )
