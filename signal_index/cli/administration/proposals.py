"""The commands for changes that wait for a second person."""

from pathlib import Path

import click

from signal_index.cli.options import config_option
from signal_index.cli.session import as_option, now, opened, run_as
from signal_index.model.administration import Change, ProposalState
from signal_index.usecases.administration.proposals import Shown, decide, list_proposals, withdraw

_as = as_option("functioneel-beheerder or privacy-officer")
_ID_BYTES = 16


@click.group()
def proposal() -> None:
    """Changes that one person proposed and another decides about."""


@proposal.command("list")
@click.option("--all", "everything", is_flag=True, help="Those that were decided or ran out as well.")
@_as
@config_option
def list_waiting(staff_id: str, config: Path, *, everything: bool) -> None:
    """Show what waits for a second person."""
    with opened(config) as index:
        found = run_as(index, staff_id, lambda tx, actor: list_proposals(tx, actor, now()))
    shown = [each for each in found if everything or each.state is ProposalState.ASKED]
    for each in shown:
        click.echo(_line(each))
    if not shown:
        click.echo("no proposals wait for a decision")


def _line(shown: Shown) -> str:
    each = shown.proposal
    end = f"until {each.expires_at:%Y-%m-%d}" if shown.state is ProposalState.ASKED else shown.state.value
    return f"{each.proposal_id.hex()}  {what_of(each.change)}  {each.why.value}  by {each.proposed_by}  {end}"


def what_of(change: Change) -> str:
    """A change in a few words."""
    where = change.role or (f"{change.organisation} {change.team}" if change.team else "")
    return f"{change.staff_id}: {change.what.value} {where}".rstrip()


@proposal.command("decide")
@click.argument("identifier")
@click.argument("verdict", type=click.Choice(["akkoord", "afgewezen"]))
@_as
@config_option
def decide_on(identifier: str, verdict: str, staff_id: str, config: Path) -> None:
    """Decide on the proposal IDENTIFIER of somebody else, about somebody else."""
    proposal_id = _identifier(identifier)
    approve = verdict == ProposalState.APPROVED.value
    with opened(config) as index:
        decided = run_as(
            index, staff_id, lambda tx, actor: decide(tx, actor, proposal_id, now(), approve=approve)
        )
    click.echo(f"{what_of(decided.change)}: {verdict}")


@proposal.command("withdraw")
@click.argument("identifier")
@_as
@config_option
def take_back(identifier: str, staff_id: str, config: Path) -> None:
    """Take back your own proposal IDENTIFIER, while nobody has decided."""
    proposal_id = _identifier(identifier)
    with opened(config) as index:
        taken = run_as(index, staff_id, lambda tx, actor: withdraw(tx, actor, proposal_id, now()))
    click.echo(f"{what_of(taken.change)}: {ProposalState.WITHDRAWN.value}")


def _identifier(text: str) -> bytes:
    try:
        read = bytes.fromhex(text)
    except ValueError:
        read = b""
    if len(read) != _ID_BYTES:
        raise click.BadParameter("give the identifier as signal-index proposal list shows it")
    return read
