"""The commands that let others check the log: its key, an export of all of it, and the proof behind a receipt."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import click

from crypto.errors import MalformedInput
from crypto.log.export import ABOUT, CHECKPOINT, RECORDS
from crypto.verifier.verdict import Receipt as StatedReceipt
from signal_index.cli.options import DAY, config_option
from signal_index.cli.session import as_option, now, opened, run_as
from signal_index.errors import Malformed
from signal_index.model import Receipt
from signal_index.model.days import Days
from signal_index.usecases import exporting
from signal_index.usecases.log import redeem
from signal_index.wiring import Index

_new_file = click.Path(path_type=Path, dir_okay=False)
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)  # the export says itself when it was made; equal logs give equal files


@click.command("key")
@config_option
def show_key(config: Path) -> None:
    """Show the public key of the log, for witnesses and for whoever checks an export."""
    with opened(config) as index:
        click.echo(index.database.run(lambda tx: tx.log.verifier_key))


@click.command()
@click.argument("out", type=_new_file)
@as_option("privacy-officer")
@click.option("--from", "first", type=DAY, help="Also what records say, from this day (jjjj-mm-dd) on.")
@click.option("--until", "last", type=DAY, help="Up to and including this day; the last of the period.")
@config_option
def export(out: Path, staff_id: str, first: date | None, last: date | None, config: Path) -> None:
    """Write the whole log to OUT (zip), to be checked with verify; with a period, what its records say as well."""
    days = _days(first, last)
    with opened(config) as index, _fresh(out) as archive:
        ticket = run_as(index, staff_id, lambda tx, actor: exporting.begin(tx, actor, days, now()))
        count = _write(archive, index, ticket)
    said = f", {count} records with what they say: personal data, keep it safe" if days else ""
    click.echo(f"{out}: {ticket.size} entries{said}")


def _days(first: date | None, last: date | None) -> Days | None:
    if first is None and last is None:
        return None
    if first is None or last is None:
        raise click.UsageError("a period needs both --from and --until")
    return Days(first, last)


@contextmanager
def _fresh(out: Path) -> Iterator[ZipFile]:
    """A new file for its owner only; gone again when it does not get finished."""
    try:
        opened_file = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise click.ClickException(f"{out} is there already: choose another name") from error
    try:
        with os.fdopen(opened_file, "wb") as file, ZipFile(file, "w", ZIP_DEFLATED) as archive:
            yield archive
    except BaseException:
        out.unlink(missing_ok=True)
        raise


def _write(archive: ZipFile, index: Index, ticket: exporting.Ticket) -> int:
    run = index.database.run
    archive.writestr(_member(ABOUT), exporting.about(ticket))
    archive.writestr(_member(CHECKPOINT), ticket.checkpoint)
    bar = click.progressbar(length=ticket.pieces, label="the tree", file=sys.stderr)
    with bar:
        for path, content in exporting.tree(run, ticket):
            archive.writestr(_member(path), content)
            bar.update(1)
    count = 0
    with archive.open(_member(RECORDS), "w") as out:
        for count, line in enumerate(exporting.lines(run, ticket), start=1):  # noqa: B007 - read after the loop
            out.write(line)
    return count


def _member(name: str) -> ZipInfo:
    member = ZipInfo(name, _ZIP_TIME)
    member.compress_type = ZIP_DEFLATED
    return member


@click.command()
@click.argument("receipt", metavar="WRITER/NUMBER/LEAF")
@click.argument("out", type=_new_file)
@as_option("of any kind")
@config_option
def prove(receipt: str, out: Path, staff_id: str, config: Path) -> None:
    """Write to OUT the proof that the record behind a receipt is in the log; verify-receipt checks it."""
    with opened(config) as index:
        try:
            stated = StatedReceipt.parse(receipt)
        except MalformedInput as error:
            raise Malformed(
                "receipt", "Een ontvangstbewijs is schrijver/nummer/blad, zoals u het kreeg."
            ) from error
        wanted = Receipt(stated.writer, stated.number, stated.leaf)
        proof = run_as(index, staff_id, lambda tx, actor: redeem(tx, actor, wanted, now()))
        with out.open("xb") as file:
            file.write(proof)
    click.echo(
        f"{out}: checks with signal-index audit verify-receipt {out} --receipt {receipt} --log-key KEY"
    )
