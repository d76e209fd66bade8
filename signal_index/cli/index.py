"""The commands of the index operator, and of who works for a source; none of them shows a flag."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic, sleep

import click

from crypto.log.checkpoint import Checkpoint
from crypto.log.lines import write_base64
from crypto.log.notes import note_text
from signal_index import audit
from signal_index.errors import SetupFault
from signal_index.model import dutch_day
from signal_index.model.impediments import ImpedimentKind
from signal_index.model.log import Cosigned
from signal_index.model.workplace import Verdict
from signal_index.ports import Transaction
from signal_index.store import begin_again, open_database, origin_of, read_state
from signal_index.store import initialise as initialise_database
from signal_index.store import upgrade as upgrade_database
from signal_index.store.places import place_of
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
from signal_index.usecases.workplace.impeded import kept_impediments
from signal_index.wiring import Index, load_secrets

from .options import config_option, plain_errors, settings_of
from .session import as_option, now, opened, os_account, run_as

BACKUP_AGE_MAX = timedelta(days=7)


@click.group()
def db() -> None:
    """Make and upgrade the database; nothing else ever does."""


@db.command()
@config_option
def upgrade(config: Path) -> None:
    """Bring the database to this version's schema, making it when there is none."""
    with plain_errors():
        settings = settings_of(config)
        upgrade_database(settings.database)
    click.echo(f"{place_of(settings.database).name}: schema is up to date")


@db.command()
@config_option
def initialise(config: Path) -> None:
    """Give a new database its scope and a fresh incarnation; once."""
    with plain_errors():
        settings = settings_of(config)
        secrets = load_secrets(settings)
        incarnation = initialise_database(settings.database, secrets, now())
        record = audit.event(
            "index.initialised",
            now(),
            actor="operator",
            token=os_account(),
            incarnation=incarnation.hex(),
            key_epoch=secrets.epoch,
        )
        with open_database(settings.database, secrets, writer_kind="cli") as database:
            database.run(lambda tx: tx.audit.append(record))
    click.echo(f"{place_of(settings.database).name}: initialised")


@db.command()
@click.option(
    "--clock-is-right", is_flag=True, help="The backup is more than a week old, and the clock is right."
)
@config_option
def restored(config: Path, *, clock_is_right: bool) -> None:
    """After putting a backup back: a new incarnation, and every source sends its complete set again."""
    with plain_errors():
        settings = settings_of(config)
        secrets = load_secrets(settings)
        before, _ = read_state(settings.database, secrets)
        with opened(config) as index:
            seen = index.database.run(lambda tx: tx.witnesses.cosigned())
            if not clock_is_right:
                _require_recent(index)
            newest, kept = index.database.run(_newest_record), index.database.run(kept_impediments)
        begin_again(settings.database, secrets)
    with opened(config) as index:
        # Nothing new goes in yet: what is recorded must be what the backup held.
        growth = index.database.run(lambda tx: tx.log.integrate(now(), 0))
        assert growth is not None, "a restored log has no integrator yet"
        head = growth.head
        root, account = write_base64(head.root), os_account()
        record = audit.event(
            "index.restored",
            now(),
            actor="operator",
            token=account,
            size=head.size,
            root=root,
            newest=newest.isoformat() if newest is not None else None,
        )
        index.database.run(lambda tx: tx.audit.append(record))
        erased = _erase(index, head.size)
        key = index.database.run(lambda tx: tx.log.verifier_key)
    click.echo(
        f"{place_of(settings.database).name}: new incarnation; look-ups wait for complete sets of care relations"
    )
    click.echo(f"erased again: {erased} records whose term has passed")
    click.echo(
        f"the log goes on from {head.size} entries under a new name, with this key for the witnesses:\n  {key}"
    )
    _say_what_is_lost(newest, kept)
    for each in seen:
        _ask_to_compare(origin_of(secrets.scope, before), each)


def _require_recent(index: Index) -> None:
    """Refuse to erase by a clock that nobody can vouch for: no witness has seen this log yet.

    Raises:
        SetupFault: the clock is far beyond the newest record.
    """
    moment = now()
    newest = index.database.run(_newest_record)
    if newest is not None and moment - newest > BACKUP_AGE_MAX:
        raise SetupFault(
            f"the newest record in this backup is of {newest:%Y-%m-%d}, and what has passed its term by "
            f"{moment:%Y-%m-%d} will be erased: if that is right, add --clock-is-right; else set the clock right"
        )


def _newest_record(tx: Transaction) -> datetime | None:
    return next((entry.at for entry in tx.audit.entries(limit=1)), None)


def _say_what_is_lost(newest: datetime | None, kept: Counter[ImpedimentKind]) -> None:
    """What no feed tells again: people have to."""
    since = f"since {newest:%Y-%m-%d %H:%M} UTC" if newest is not None else "at any time"
    click.echo(
        f"lost: every objection and involvement registered {since}, so who objected can be looked at again;\n"
        f"  what was ended {since} stands again. This backup holds {kept[ImpedimentKind.OBJECTION]} objections "
        f"and {kept[ImpedimentKind.INVOLVED]} involvements.\n"
        "  Serve the surfaces sources and oversight first. Once the care relations are in, privacy officers register\n"
        "  and end again, at Bezwaren or with signal-index impediment, what came in since; team leads do so for their\n"
        "  workers. Serve the surface workers after that. An export of the log from before this restore shows what\n"
        "  it was: impediment.registered and impediment.ended."
    )


def _ask_to_compare(origin: str, seen: Cosigned) -> None:
    """What a witness does before it takes a restored log: find in its memory what came back."""
    tree = Checkpoint.parse(note_text(seen.checkpoint))
    click.echo(
        f"before witness {seen.witness} takes it, it compares the last tree it cosigned in this backup:"
    )
    click.echo(f"  signal-index witness compare {origin} {tree.size} {write_base64(tree.root)}")


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
        catalogue = index.rules.in_force(today).catalogue
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
            click.echo(f"erased: {_erase(index, size)} records")
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


def _erase(index: Index, size: int) -> int:
    """Erase what has passed its term, some at a time."""
    total = 0
    for kind, term in index.settings.retention.terms.items():
        while count := index.database.run(lambda tx: erase(tx, kind, term, now(), size=size)):  # noqa: B023 - run waits
            total += count
    return total
