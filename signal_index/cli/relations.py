"""The commands for care relations, for who administers or confirms them: references and dates, never persons."""

from pathlib import Path
from uuid import UUID

import click

from signal_index.usecases import relations

from .options import config_option
from .session import as_option, now, opened, run_as


@click.group()
def relation() -> None:
    """Care relations: references and dates, never persons."""


@relation.command("list")
@as_option("functioneel-beheerder")
@config_option
def list_relations(staff_id: str, config: Path) -> None:
    """Show your organisation's care relations."""
    with opened(config) as index:
        found = run_as(index, staff_id, lambda tx, actor: relations.list_relations(tx, actor, now()))
    for each in found:
        state = "ended" if each.ended_on else "confirmed" if each.is_confirmed else "waits for confirmation"
        click.echo(
            f"{UUID(bytes=each.relation_id)}  {each.case_reference}  {each.team}  {each.worker}"
            f"  {each.valid_from} - {each.valid_until}  {state}"
        )
    if not found:
        click.echo("no care relations yet; they come from the regiesysteem's feed")


@relation.command()
@click.argument("relation_id", type=click.UUID)
@as_option("teamleider")
@config_option
def confirm(relation_id: UUID, staff_id: str, config: Path) -> None:
    """Confirm a care relation that a worker of your team registered for herself."""
    with opened(config) as index:
        confirmed = run_as(
            index, staff_id, lambda tx, actor: relations.confirm(tx, actor, relation_id.bytes, now())
        )
    click.echo(f"{confirmed.case_reference}: confirmed")
