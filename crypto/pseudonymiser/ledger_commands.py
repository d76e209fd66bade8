"""`pseudonymiser ledger`: make the quota ledger, grant allowances, see what was used, state and compare it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, NoReturn

import click

from crypto.batch import BatchClass
from crypto.errors import CryptoError, KeyFault
from crypto.keyfiles import Manifest, PseudonymiserSecrets
from crypto.pseudonymiser.config import TRIALS_PER_DAY, Config
from crypto.pseudonymiser.ledger import Ledger
from crypto.pseudonymiser.ledger_file import Allowance
from crypto.pseudonymiser.problems import Refused
from crypto.pseudonymiser.statement import Statement, compare

EXIT_SETUP: Final = 2
"""Exit code for keys, settings or a ledger that an operator has to mend."""

EXIT_ALARM: Final = 3
"""Exit code when two statements differ in a way that should not be."""

REASON_LENGTH_MAX: Final = 200
ITEMS_MAX: Final = 10**9
_SHOWN: Final = 8

config_option = click.option(
    "--config",
    "config_path",
    required=True,
    type=click.Path(path_type=Path),
    help="TOML file with the settings.",
)
_day = click.DateTime(formats=["%Y-%m-%d"])
_file = click.Path(dir_okay=False, exists=True, path_type=Path)


def stop(fault: CryptoError) -> NoReturn:
    """Say what is wrong and end the command."""
    click.echo(f"pseudonymiser: {fault}", err=True)
    sys.exit(EXIT_SETUP)


@contextmanager
def _opened(config_path: Path) -> Iterator[tuple[Config, Ledger]]:
    """Open the ledger a configuration names; faults end the command."""
    try:
        config = Config.read(config_path)
        opened = Ledger.open(config.ledger, config.party)
        try:
            yield config, opened
        finally:
            opened.close()
    except CryptoError as fault:
        stop(fault)
    except Refused:
        stop(KeyFault("the ledger does not answer: is the disk full, or is another process holding it?"))


@click.group()
def ledger() -> None:
    """Look after the quota ledger."""


@ledger.command("init")
@config_option
def init(config_path: Path) -> None:
    """Make a new, empty quota ledger; refuses when there is one."""
    try:
        config = Config.read(config_path)
        Ledger.create(config.ledger, config.party, datetime.now(UTC))
    except CryptoError as fault:
        stop(fault)
    click.echo(f"made {config.ledger}", err=True)


@ledger.command()
@config_option
@click.option("--publisher", required=True, help="OIN of the publisher, 20 digits.")
@click.option(
    "--class",
    "batch_class",
    required=True,
    type=click.Choice([each.value for each in BatchClass if each is not BatchClass.PROEF]),
    help="Class of the batches.",
)
@click.option(
    "--items", required=True, type=click.IntRange(1, ITEMS_MAX), help="How many, fillers included, once."
)
@click.option("--until", required=True, type=_day, help="Last UTC day it can be used, YYYY-MM-DD.")
@click.option(
    "--reason", required=True, help="For whoever reads the ledger later, such as: first complete set."
)
def grant(
    config_path: Path, *, publisher: str, batch_class: str, items: int, until: datetime, reason: str
) -> None:
    """Grant a publisher items beyond its daily quota, once, for a complete set.

    The set passes only when the other pseudonymiser grants it as well: call them, do not copy what the publisher asks.
    """
    with _opened(config_path) as (config, opened):
        if publisher not in {entry.oin for entry in config.publishers}:
            raise KeyFault(f"{publisher} is not a publisher in {config_path}")
        if not 0 < len(reason.strip()) <= REASON_LENGTH_MAX:
            raise KeyFault(f"a reason has 1 to {REASON_LENGTH_MAX} characters")
        if until.date() < opened.latest_day():
            raise KeyFault(f"the last day, {until.date()}, lies in the past")
        scope = Manifest.load(config.manifest).scope
        kind = BatchClass(batch_class)
        allowance = Allowance(publisher, scope, kind, items, until.date(), reason.strip())
        opened.grant(allowance, datetime.now(UTC))
    click.echo(f"{publisher} may have {items} items of {batch_class} beyond its quota, until {until.date()}")


@ledger.command()
@config_option
def show(config_path: Path) -> None:
    """Show what every publisher used on the latest day, and the allowances."""
    with _opened(config_path) as (config, opened):
        scope, day = Manifest.load(config.manifest).scope, opened.latest_day()
        click.echo(f"{config.party}, {scope}, items on {day} (UTC)")
        for entry in config.publishers:
            for kind, quota in sorted({BatchClass.PROEF: TRIALS_PER_DAY, **entry.daily_quota}.items()):
                used = opened.usage(entry.oin, scope, kind)
                from_quota = used.items - used.allowed
                click.echo(
                    f"  {entry.oin} {kind.value}: {from_quota} of {quota}, {used.allowed} from allowances, "
                    f"{used.repeats} sent again"
                )
        granted = opened.allowances()
        click.echo("allowances" if granted else "no allowances were granted")
        for each in granted:
            click.echo(
                f"  {each.publisher} {each.batch_class.value}: {each.used} of {each.items}, until {each.until}: "
                f"{each.reason}"
            )


@ledger.command()
@config_option
@click.option(
    "--days",
    type=click.IntRange(1, 400),
    default=8,
    show_default=True,
    help="A's go on to today, B's to yesterday.",
)
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The file to write, anew."
)
def statement(config_path: Path, days: int, out: Path) -> None:
    """Sign a statement of what was counted, to compare with the other pseudonymiser's."""
    with _opened(config_path) as (config, opened):
        secrets = PseudonymiserSecrets.load(config.keys)
        today = max(opened.latest_day(), datetime.now(UTC).date())
        # B states days that are over: what it counts while A makes its statement would look as if A had not.
        last = today - timedelta(days=1) if secrets.party == "B" else today
        first = last - timedelta(days=days - 1)
        made = Statement.of(secrets.party, secrets.scope, (first, last), opened.counted(first, last))
        try:
            out.write_bytes(made.sign(secrets.signing))
        except OSError as error:
            raise KeyFault(f"{out} cannot be written: {error.strerror}") from error
    click.echo(f"made {out}: {len(made.runs)} runs of sequences, {first} to {last}")


@ledger.command("compare")
@click.option("--manifest", "manifest_path", type=_file, required=True, help="Says whose signatures count.")
@click.option(
    "--fingerprint", required=True, help="Of that manifest, as compared with the parties themselves."
)
@click.argument("of_a", metavar="A", type=_file)
@click.argument("of_b", metavar="B", type=_file)
def compare_statements(manifest_path: Path, fingerprint: str, of_a: Path, of_b: Path) -> None:
    """Compare a statement of A with one of B; ends with 3 when B counted what A did not.

    Nobody reaches B but through A. So that means: A's ledger was put back, or A's key is in other hands, or B counts
    what it did not get. Ask B first, for a week, and then A, for a year: what B counts today, A may have counted when B
    was away.
    """
    try:
        manifest = Manifest.load_pinned(manifest_path, fingerprint, required=True)
        a, b = (Statement.verify(path.read_bytes(), manifest) for path in (of_a, of_b))
        differences = compare(a, b)
    except CryptoError as fault:
        stop(fault)
    for each in differences:
        who = "only B counted" if each.verdict == "alarm" else "only A counted, on its way or refused by B"
        numbers = ", ".join(_spelled(run) for run in each.sequences[:_SHOWN])
        more = f" and {len(each.sequences) - _SHOWN} more" if len(each.sequences) > _SHOWN else ""
        click.echo(f"{each.verdict}: {each.publisher} {each.batch_class}: {who}: {numbers}{more}")
    if not differences:
        click.echo(f"A and B counted the same, {max(a.first, b.first)} to {min(a.last, b.last)}")
    if any(each.verdict == "alarm" for each in differences):
        sys.exit(EXIT_ALARM)


def _spelled(run: tuple[int, int]) -> str:
    first, last = run
    return str(first) if first == last else f"{first}-{last}"


__all__ = ["EXIT_ALARM", "EXIT_SETUP", "config_option", "ledger", "stop"]
