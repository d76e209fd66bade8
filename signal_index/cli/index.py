"""The commands of the index operator, and of who works for a source; none of them shows a flag."""

import json
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep

import click

from signal_index.model import dutch_day
from signal_index.model.workplace import Verdict
from signal_index.ports import Transaction
from signal_index.usecases.administration import accounts
from signal_index.usecases.expire import (
    REMOVED_AT_ONCE,
    clear_replaced,
    drop_replaced,
    erasable,
    erase,
    expire,
    tidy,
)
from signal_index.usecases.oversee import Standing, source_standing
from signal_index.usecases.workplace import questions
from signal_index.wiring import Index

from .options import config_option
from .session import as_option, now, opened, run_as


@click.group()
def source() -> None:
    """What sources deliver: counts and dates, never persons."""


@source.command()
@click.option("--publisher", help="Only this publisher (OIN).")
@click.option("--json", "as_json", is_flag=True, help="One JSON line per source and type.")
@config_option
def status(publisher: str | None, as_json: bool, config: Path) -> None:  # noqa: FBT001 - click passes by name
    """Show per source and type how many flags stand and how fresh they are."""
    today = dutch_day(now())
    with opened(config) as index:
        catalogue = index.read_rules().in_force(today).catalogue
        standings = index.database.run(lambda tx: source_standing(tx, catalogue, today, publisher))
    for standing in standings:
        if as_json:
            click.echo(json.dumps(vars(standing) | {"as_of": standing.as_of and standing.as_of.isoformat()}))
            continue
        click.echo(_standing_line(standing))
    if not standings:
        what = "no sources registered" if publisher is None else f"no sources of a publisher {publisher}"
        click.echo(f"{what}; see: signal-index register import --help")


@source.command("questions")
@as_option("bronbeheerder")
@config_option
def list_questions(staff_id: str, config: Path) -> None:
    """Show which signals of your organisation are doubted; the worker phones about whom it is."""
    with opened(config) as index:
        waiting = run_as(index, staff_id, lambda tx, actor: questions.waiting(tx, actor, now()))
    for question in waiting:
        click.echo(
            f"{question.reference}  {question.source}  {question.type}"
            f"  asked {question.asked_on}  answer by {question.due_on}"
        )
    if not waiting:
        click.echo("no questions wait for an answer")


@source.command("answer")
@click.argument("reference")
@click.argument("verdict", type=click.Choice([verdict.value for verdict in Verdict]))
@as_option("bronbeheerder")
@config_option
def answer_question(reference: str, verdict: str, staff_id: str, config: Path) -> None:
    """Answer the question REFERENCE: the signal is right (klopt), or you have mended it (aangepast)."""
    with opened(config) as index:
        named, said = reference.strip().upper(), Verdict(verdict)
        answered = run_as(index, staff_id, lambda tx, actor: questions.answer(tx, actor, named, said, now()))
    click.echo(f"{answered.reference}: answered, {said.value}")


def _standing_line(standing: Standing) -> str:
    fresh = f"as of {standing.as_of}" if standing.as_of else "no complete set yet"
    state = "current" if standing.current else "NOT current"
    name = f"{standing.source_name} ({standing.source})"
    return f"{name}  {standing.type}  {standing.flag_count} flags  {fresh}  {state}"


@click.command("expire")
@config_option
def expire_flags(config: Path) -> None:
    """Remove flags and records whose retention has passed, and block accounts nobody uses; run it once a day."""
    with opened(config) as index:
        click.echo(f"expired: {_by_share(index, lambda tx, share: expire(tx, now(), share))} flags removed")
        replaced = _by_share(index, clear_replaced)
        index.database.run(drop_replaced)
        click.echo(f"replaced: {replaced} flags removed that a complete set did not repeat")
        size = index.database.run(lambda tx: erasable(tx, now()))
        if size is not None:
            click.echo(f"erased: {erase_over(index, size)} records")
        else:
            click.echo(
                "erased: 0 records; this waits until the log has been signed just now, by a witness as well"
            )
        _block(index)
        gone = index.database.run(lambda tx: tidy(tx, now()))
    counts = ", ".join(f"{count} {what}" for what, count in vars(gone).items())
    click.echo(f"tidied: {counts} removed")


def _block(index: Index) -> None:
    """Block accounts nobody uses or stood up for, and say so of each."""
    terms = index.settings.accounts
    index.database.run(lambda tx: accounts.start_counting(tx, now()))
    unused = index.database.run(lambda tx: accounts.block_unused(tx, terms.unused_days, now()))
    _say_blocked(unused, f"not used for {terms.unused_days} days")
    if not terms.unconfirmed_days:
        click.echo("blocking who was not confirmed is off")
        return
    unconfirmed = index.database.run(lambda tx: accounts.block_unconfirmed(tx, terms.unconfirmed_days, now()))
    _say_blocked(unconfirmed, "not confirmed")


def _say_blocked(swept: accounts.Swept, why: str) -> None:
    click.echo(f"blocked, {why}: {len(swept.blocked)} accounts")
    for staff_id in swept.spared:
        click.echo(f"  NOT blocked, though {why}: {staff_id}; two people must look at this")


def _by_share(index: Index, remove: Callable[[Transaction, range], int]) -> int:
    """Remove flags share by share, some at a time, and leave the database to others for as long in between."""
    total = 0
    for share in index.database.run(lambda tx: tx.flags.shares()):
        removed = REMOVED_AT_ONCE
        while removed == REMOVED_AT_ONCE:
            began = monotonic()
            removed = index.database.run(lambda tx: remove(tx, share))  # noqa: B023 - run waits
            total += removed
            sleep(monotonic() - began)
    return total


def erase_over(index: Index, size: int) -> int:
    """Erase what has passed its term, some at a time; how many records."""
    total = 0
    for kind, term in index.settings.retention.terms.items():
        while count := index.database.run(lambda tx: erase(tx, kind, term, now(), size=size)):  # noqa: B023 - run waits
            total += count
    return total
