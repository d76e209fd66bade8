"""The commands that hand records on to other logs, in the shapes of their standards."""

import json
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from signal_index.cli.options import config_option, days_options
from signal_index.cli.session import as_option, now, opened, run_as
from signal_index.model.days import Days
from signal_index.usecases.records.exports import export_decisions, export_processings


def _echo_lines(records: Iterable[dict[str, Any]]) -> None:
    for record in records:
        click.echo(json.dumps(record, ensure_ascii=False, separators=(",", ":")))


@click.command()
@days_options
@as_option("privacy-officer")
@config_option
def decisions(first: date, last: date, staff_id: str, config: Path) -> None:
    """Export what was decided on looks, as JSON lines in the shape of the Authorization Decision Log."""
    days = Days(first, last)
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
@days_options
@click.option(
    "--register",
    required=True,
    callback=_address,
    help="Address of your register of processing activities; entries are named below it.",
)
@as_option("privacy-officer")
@config_option
def export(first: date, last: date, register: str, staff_id: str, config: Path) -> None:
    """Export processing operations as JSON lines, each one export of the OpenTelemetry protocol."""
    days = Days(first, last)
    with opened(config) as index:
        found = run_as(
            index, staff_id, lambda tx, actor: export_processings(tx, actor, days, register, now())
        )
    _echo_lines(found)
