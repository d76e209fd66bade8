"""The commands for members of staff and their roles."""

from pathlib import Path

import click

from signal_index.cli.options import config_option
from signal_index.cli.session import as_option, now, opened, run_as, setting_up_option
from signal_index.model import StaffMember
from signal_index.model.administration import GIVEN_BY_PEOPLE, Change, Proposal, Why
from signal_index.usecases.administration.appointing import appoint_first
from signal_index.usecases.administration.proposals import request_change
from signal_index.usecases.administration.staff import ImportPlan, compare_staff, import_staff
from signal_index.usecases.administration.staff import list_staff as everybody

from .imports import read_staff

_as = as_option("functioneel-beheerder")
_because = click.option(
    "--because", "why", type=click.Choice([why.value for why in GIVEN_BY_PEOPLE]), help="The reason."
)


@click.group()
def staff() -> None:
    """Members of staff and their roles."""


@staff.command("import")
@click.argument("file", type=click.Path(dir_okay=False, exists=True, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@setting_up_option
@config_option
def import_file(file: Path, staff_id: str | None, config: Path, *, dry_run: bool) -> None:
    """Add or change staff from FILE.

    CSV with ;: medewerker, organisatie, team, actief and maybe naam; or .json: users as an identity provider lists them
    (SCIM). What one person may not change waits for a second one.
    """
    act = compare_staff if dry_run else import_staff
    with opened(config) as index:
        members = read_staff(file)
        plan = run_as(index, staff_id, lambda tx, actor: act(tx, actor, members, now()))
    for line in _lines(plan):
        click.echo(line)
    done = "would be imported" if dry_run else "imported"
    click.echo(f"staff: {len(members)} members {done}")


def _lines(plan: ImportPlan) -> list[str]:
    """What changed, one line each; who stays as she is goes without."""
    return [
        *(f"{each.staff_id}: added" for each in plan.added),
        *(f"{each.staff_id}: has another name" for each in plan.renamed),
        *(f"{each.staff_id}: {each.what.value}" for each in plan.changes),
        *(f"{each.staff_id}: {each.what.value} waits for a second person" for each in plan.waiting),
    ]


@staff.command()
@click.argument("members", nargs=2)
@config_option
def appoint(members: tuple[str, str], config: Path) -> None:
    """Make the first two MEMBERS functioneel beheerder, in one act; only while nobody is."""
    with opened(config) as index:
        run_as(index, None, lambda tx, actor: appoint_first(tx, actor, members, now()))
    click.echo(f"{members[0]} and {members[1]}: functioneel beheerder")


@staff.command()
@click.argument("member")
@click.argument("role")
@_because
@_as
@config_option
def grant(member: str, role: str, why: str | None, staff_id: str, config: Path) -> None:
    """Give MEMBER the role ROLE; never your own."""
    waits = _changed(Change.grant(member, role), why, staff_id, config)
    click.echo(waits or f"{member}: has the role {role}")


@staff.command()
@click.argument("member")
@click.argument("role")
@_because
@_as
@config_option
def revoke(member: str, role: str, why: str | None, staff_id: str, config: Path) -> None:
    """Take the role ROLE from MEMBER; never your own."""
    waits = _changed(Change.revoke(member, role), why, staff_id, config)
    click.echo(waits or f"{member}: no longer has the role {role}")


@staff.command()
@click.argument("member")
@_because
@_as
@config_option
def block(member: str, why: str | None, staff_id: str, config: Path) -> None:
    """Let MEMBER use her account no more; she is signed out at once."""
    waits = _changed(Change.block(member), why, staff_id, config)
    click.echo(waits or f"{member}: blocked")


@staff.command()
@click.argument("member")
@_because
@_as
@config_option
def unblock(member: str, why: str | None, staff_id: str, config: Path) -> None:
    """Let MEMBER use her account again; never your own."""
    waits = _changed(Change.unblock(member), why, staff_id, config)
    click.echo(waits or f"{member}: active")


@staff.command()
@click.argument("member")
@click.argument("organisation")
@click.argument("team")
@_because
@_as
@config_option
def move(member: str, organisation: str, team: str, *, why: str | None, staff_id: str, config: Path) -> None:
    """Put MEMBER in another TEAM, or in another ORGANISATION (OIN)."""
    waits = _changed(Change.move(member, organisation, team), why, staff_id, config)
    click.echo(waits or f"{member}: works in {organisation} {team}")


def _changed(change: Change, why: str | None, staff_id: str, config: Path) -> str | None:
    """Ask for a change; what to say when it waits for a second person."""
    reason = Why(why) if why is not None else None
    with opened(config) as index:
        waiting: Proposal | None = run_as(
            index, staff_id, lambda tx, actor: request_change(tx, actor, change, now(), why=reason)
        )
    if waiting is None:
        return None
    return f"{change.staff_id}: {change.what.value} waits for a second person: proposal {waiting.proposal_id.hex()}"


@staff.command("list")
@setting_up_option
@config_option
def list_staff(staff_id: str | None, config: Path) -> None:
    """Show everybody with name, team and roles."""
    with opened(config) as index:
        members = run_as(index, staff_id, lambda tx, actor: everybody(tx, actor, now()))
    for member in members:
        click.echo(_line(member))
    if not members:
        click.echo("nobody yet; start with: signal-index staff import FILE")


def _line(member: StaffMember) -> str:
    state = "active" if member.active else "blocked"
    who = f"{member.staff_id} ({member.name})" if member.name else member.staff_id
    return f"{who}  {member.team}  {state}  {', '.join(sorted(member.roles)) or 'no roles'}"
