"""The commands of who operates the database: make, upgrade, copy, restore; none of them shows a flag."""

from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import click

from crypto.log.checkpoint import Checkpoint
from crypto.log.lines import write_base64
from crypto.log.notes import note_text
from signal_index import audit
from signal_index.errors import SetupFault
from signal_index.model.impediments import ImpedimentKind
from signal_index.model.log import Cosigned
from signal_index.ports import Transaction
from signal_index.settings.safety import require_safe_database
from signal_index.store import begin_again, open_database, origin_of, read_state
from signal_index.store import copy as copy_database
from signal_index.store import initialise as initialise_database
from signal_index.store import upgrade as upgrade_database
from signal_index.store.places import Layout, place_of
from signal_index.usecases.workplace.impeded import kept_impediments
from signal_index.wiring import Index, load_secrets

from .index import erase_over
from .options import config_option, plain_errors, settings_of
from .session import now, opened, os_account

BACKUP_AGE_MAX = timedelta(days=7)
ROWS_PER_LINE = 100_000
"""How often a long copy says how far it is."""


@click.group()
def db() -> None:
    """Make and upgrade the database; nothing else ever does."""


@db.command()
@config_option
def upgrade(config: Path) -> None:
    """Bring the database to this version's schema, making it when there is none."""
    with plain_errors():
        settings = settings_of(config)
        upgrade_database(settings.database, Layout(settings.flag_layout))
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
    "--to",
    "target",
    required=True,
    help="Where to: a path, or postgresql://user@host/name; without an index in it.",
)
@config_option
def copy(target: str, config: Path) -> None:
    """Copy the index, log and all, into an empty database of either kind; stop serving first.

    Afterwards name the new database in the settings. Never serve both: a witness would refuse the log.
    """
    with plain_errors():
        settings = settings_of(config)
        _require_safe(target, settings.environment)
        upgrade_database(target, Layout(settings.flag_layout))
        counts: dict[str, int] = {}

        def said(table: str, rows: int) -> None:
            if table not in counts or rows // ROWS_PER_LINE > counts[table] // ROWS_PER_LINE:
                click.echo(f"{table}: {rows:,} rows", err=True)
            counts[table] = rows

        copy_database(settings.database, target, load_secrets(settings), said)
    click.echo(f'{sum(counts.values()):,} rows copied; now say in {config}: database = "{target}"')


def _require_safe(target: str, environment: str) -> None:
    try:
        require_safe_database(target, environment=environment)
    except ValueError as error:
        raise SetupFault(str(error)) from error


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
        erased = erase_over(index, head.size)
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
