"""The commands for the records of the log: read them, and check them all."""

import json
from pathlib import Path

import click

from crypto.verifier.cli import verify, verify_receipt
from signal_index import audit
from signal_index.cli.options import config_option
from signal_index.cli.session import as_option, now, opened, os_account, run_as
from signal_index.usecases.oversee import read_log
from signal_index.wire import Logregel

from .log import export, prove, show_key
from .processings import decisions


@click.group("audit")
def audit_log() -> None:
    """The log of who looked, when, for which purpose and on which basis; never what was shown."""


@audit_log.command("list")
@as_option("privacy-officer")
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="At most this many."
)
@click.option("--all", "everything", is_flag=True, help="Every event, not only looks.")
@click.option("--json", "as_json", is_flag=True, help="One JSON line per record.")
@config_option
def list_records(
    staff_id: str,
    limit: int,
    config: Path,
    *,
    everything: bool,
    as_json: bool,
) -> None:
    """Show the newest records first; that you read them is recorded too. To look for somebody, use the pages."""
    with opened(config) as index:
        entries = run_as(
            index,
            staff_id,
            lambda tx, actor: read_log(tx, actor, now(), looks_only=not everything, limit=limit),
        )
    for entry in entries:
        line = Logregel.of(entry)
        if as_json:
            click.echo(line.model_dump_json())
            continue
        fields = "  ".join(
            f"{name}={_plain(value)}" for name, value in line.velden.items() if name != "facts"
        )
        click.echo(f"{line.tijdstip}  {line.schrijver}/{line.nummer}  {line.gebeurtenis}  {fields}")
    if not entries:
        click.echo("nothing recorded yet")


def _plain(value: object) -> str:
    return ",".join(value) if isinstance(value, list) else json.dumps(value, ensure_ascii=False).strip('"')


@audit_log.command()
@config_option
def check(config: Path) -> None:
    """Recompute every chain and the tree over them; says what no longer holds."""
    with opened(config) as index:
        found = index.database.run(lambda tx: tx.log.check())
        checked = audit.event(
            "log.checked", now(), actor="operator", token=os_account(), records=found.records
        )
        index.database.run(lambda tx: tx.audit.append(checked))
    erased = f", {found.erased} erased on record" if found.erased else ""
    click.echo(
        f"audit: {found.records} records hold, no gaps{erased}; {found.entries} entries in the tree, all in place"
    )


for command in (show_key, decisions, export, prove, verify, verify_receipt):
    audit_log.add_command(command)
