"""The commands for looking through teams every quarter."""

from pathlib import Path

import click

from signal_index.cli.options import config_option
from signal_index.cli.session import as_option, now, opened, run_as
from signal_index.model import Actor
from signal_index.model.administration import Proposal
from signal_index.ports import Transaction
from signal_index.usecases.administration.teams import (
    Answer,
    TeamStanding,
    confirm_for_team,
    confirm_own_team,
    list_teams,
    own_team,
)


@click.group()
def team() -> None:
    """Who works in which team; each team is looked through every quarter."""


@team.command("list")
@as_option("functioneel-beheerder")
@config_option
def list_all(staff_id: str, config: Path) -> None:
    """Show every team, when it must be confirmed and by whom."""
    with opened(config) as index:
        found = run_as(index, staff_id, lambda tx, actor: list_teams(tx, actor, now()))
    for each in found:
        click.echo(_line(each))


def _line(each: TeamStanding) -> str:
    due = f"confirm by {each.due_on}" if each.due_on else "not counted yet"
    state = "OVERDUE" if each.overdue else due
    leads = ", ".join(lead.staff_id for lead in each.leads) or "no active lead"
    yours = ", ".join(member.staff_id for member in each.roll.members)
    mine = f"  for you to confirm: {yours}" if yours else ""
    return f"{each.organisation} {each.team}  {len(each.members)} active  {state}  {leads}{mine}"


@team.command("show")
@as_option("teamleider")
@config_option
def show_own(staff_id: str, config: Path) -> None:
    """Show whom you have to confirm in your own team."""
    with opened(config) as index:
        roll = run_as(index, staff_id, lambda tx, actor: own_team(tx, actor, now()))
    for member in roll.members:
        click.echo(f"{member.staff_id}  {member.shown_name}  confirmed {member.confirmed_on or 'never'}")
    click.echo(f"{roll.team}: confirm by {roll.due_on or 'no day yet'}")


@team.command("confirm")
@click.argument("stays", nargs=-1)
@click.option("--gone", multiple=True, help="Staff id of who works there no more; blocked at once.")
@click.option("--team", "of", nargs=2, help="Organisation and team, for who administers.")
@as_option("teamleider, or functioneel-beheerder with --team")
@config_option
def confirm_team(
    stays: tuple[str, ...], gone: tuple[str, ...], of: tuple[str, str] | None, staff_id: str, config: Path
) -> None:
    """Say that STAYS work in the team, and who does not any more; together exactly those on the list."""
    answer = Answer(frozenset(stays), frozenset(gone))

    def act(tx: Transaction, actor: Actor) -> tuple[Proposal, ...]:
        if of is None:
            return confirm_own_team(tx, actor, answer, now())
        return confirm_for_team(tx, actor, of, answer, now())

    with opened(config) as index:
        waiting = run_as(index, staff_id, act)
    click.echo(
        f"confirmed: {len(stays)} stay, {len(gone)} gone, {len(waiting)} of them wait for a second person"
    )
