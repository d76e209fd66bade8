"""The commands for oversight: the privacy officer's logs, and care relations for who administers or confirms them."""

import json
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

import click

from signal_index import audit
from signal_index.usecases import relations
from signal_index.usecases.oversee import LogQuestion, read_log
from signal_index.usecases.records.exports import Days, export_decisions, export_processings
from signal_index.wire import Logregel

from .options import config_option
from .session import as_option, now, opened, os_account, run_as

F = TypeVar("F", bound=Callable[..., Any])

_day = click.DateTime(["%Y-%m-%d"])


def _days(command: F) -> F:
    """The two options that say which days to export."""
    last = click.option("--until", type=_day, required=True, help="Last day, included.")
    first = click.option("--from", "since", type=_day, required=True, help="First day, included.")
    return first(last(command))


def _echo_lines(records: Iterable[dict[str, Any]]) -> None:
    for record in records:
        click.echo(json.dumps(record, ensure_ascii=False, separators=(",", ":")))


@click.group("audit")
def audit_log() -> None:
    """The log of who looked, when, for which purpose and on which basis; never what was shown."""


@audit_log.command("list")
@as_option("privacy-officer")
@click.option("--worker", help="Only what this member of staff did.")
@click.option("--relation", type=click.UUID, help="Only what was about this care relation.")
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="At most this many."
)
@click.option("--all", "everything", is_flag=True, help="Every event, not only looks.")
@click.option("--json", "as_json", is_flag=True, help="One JSON line per record.")
@config_option
def list_records(
    staff_id: str,
    worker: str | None,
    relation: UUID | None,
    limit: int,
    config: Path,
    *,
    everything: bool,
    as_json: bool,
) -> None:
    """Show the newest records first; that you read them, and what you asked for, is recorded too."""
    question = LogQuestion(looks_only=not everything, worker=worker, relation=relation, limit=limit)
    with opened(config) as index:
        entries = run_as(index, staff_id, lambda tx, actor: read_log(tx, actor, question, now()))
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
    """Recompute every chain; says which record no longer holds."""
    with opened(config) as index:
        count = index.database.run(lambda tx: tx.audit.verify())
        checked = audit.event("log.checked", now(), actor="operator", token=os_account(), records=count)
        index.database.run(lambda tx: tx.audit.append(checked))
    click.echo(f"audit: {count} records hold, no gaps")


@audit_log.command()
@_days
@as_option("privacy-officer")
@config_option
def decisions(since: datetime, until: datetime, staff_id: str, config: Path) -> None:
    """Export what was decided on looks, as JSON lines in the shape of the Authorization Decision Log."""
    days = Days(since.date(), until.date())
    with opened(config) as index:
        found = run_as(index, staff_id, lambda tx, actor: export_decisions(tx, actor, days, now()))
    _echo_lines(found)


@click.group()
def ldv() -> None:
    """The log of processing operations (Logboek Dataverwerkingen): what was done with whose data, and why."""


def _address(_: click.Context, __: click.Parameter, value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme != "https" or not parts.netloc or parts.query or parts.fragment:
        raise click.BadParameter("an address such as https://register.example/verwerkingen")
    return value


@ldv.command()
@_days
@click.option(
    "--register",
    required=True,
    callback=_address,
    help="Address of your register of processing activities; entries are named below it.",
)
@as_option("privacy-officer")
@config_option
def export(since: datetime, until: datetime, register: str, staff_id: str, config: Path) -> None:
    """Export processing operations as JSON lines, each one export of the OpenTelemetry protocol."""
    days = Days(since.date(), until.date())
    with opened(config) as index:
        found = run_as(
            index, staff_id, lambda tx, actor: export_processings(tx, actor, days, register, now())
        )
    _echo_lines(found)


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
