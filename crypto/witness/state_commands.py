"""`witness status`, `compare` and `acknowledge`: what a person asks a witness, and the one thing she tells it."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from crypto.errors import CryptoError, KeyFault
from crypto.log.checkpoint import Checkpoint
from crypto.log.lines import NUMBER_MAX
from crypto.log.merkle import EMPTY_ROOT
from crypto.witness.config import Config, Place, tag
from crypto.witness.judgement import Happening, Tree
from crypto.witness.memory import Entry, Memory, evidence
from crypto.witness.problems import Refused
from crypto.witness.state import LogState, clock_alarm, states, written

EXIT_ALARM: Final = 1
"""Exit code when something is not as it should be."""

EXIT_SETUP: Final = 2
"""Exit code for keys, settings or a memory that an operator has to mend."""

REASON_LENGTH_MAX: Final = 500
NEAREST: Final = 3
"""Trees a person is offered to compare with, when the one she names was not cosigned."""

config_option = click.option(
    "--config",
    "config_path",
    required=True,
    type=click.Path(path_type=Path),
    help="TOML file with the settings.",
)


def now_seconds() -> int:
    """Return the time, in seconds since 1970."""
    return int(datetime.now(UTC).timestamp())


@contextmanager
def plain_faults() -> Iterator[None]:
    """Say what is wrong in one line and end the command."""
    try:
        yield
    except CryptoError as fault:
        click.echo(f"witness: {fault}", err=True)
        sys.exit(EXIT_SETUP)
    except Refused:
        click.echo(
            "witness: the memory does not answer: is the disk full, or is another process holding it?",
            err=True,
        )
        sys.exit(EXIT_SETUP)


@contextmanager
def _opened(config_path: Path, *, every_row: bool) -> Iterator[tuple[Config, Place, Memory]]:
    """Open the memory a configuration names, beside the process that serves; faults end the command."""
    with plain_faults():
        config = Config.read(config_path)
        place = Place.load(config)
        memory = Memory.open(config.memory, place.secrets, to_serve=False, every_row=every_row)
        try:
            yield config, place, memory
        finally:
            memory.close()


@click.command()
@config_option
@click.option("--check", is_flag=True, help="Say only what is wrong, and end with 1 if anything is.")
@click.option("--history", is_flag=True, help="Show every checkpoint that was cosigned, and every alarm.")
def status(config_path: Path, *, check: bool, history: bool) -> None:
    """Show how every log stands. Without --check the whole memory is read for it, which takes seconds per year."""
    with _opened(config_path, every_row=not check) as (config, place, memory):
        now = datetime.now(UTC)
        found = states(memory, place.logs, now, config.quiet_after_seconds)
        wrong = [sentence for each in found for sentence in each.alarms()]
        wrong += [
            sentence for sentence in (clock_alarm(memory, now), _evidence_fault(config, memory)) if sentence
        ]
        if not check:
            _show(place, found, memory)
        if history:
            _show_history(memory)
    for sentence in wrong:
        click.echo(f"ALARM: {sentence}")
    if check:
        click.echo(
            "nothing is wrong" if not wrong else "see deploy/witness/README.md for what to do", err=True
        )
        sys.exit(EXIT_ALARM if wrong else 0)


@click.command()
@config_option
@click.argument("origin")
@click.argument("size", type=click.IntRange(min=0))
@click.argument("root")
def compare(config_path: Path, origin: str, size: int, root: str) -> None:
    """Say whether the tree of this SIZE and ROOT (as in a checkpoint) is one that was cosigned for this log.

    For a restored index: whether what came back is a part of the log as it was.
    """
    with _opened(config_path, every_row=True) as (_, _, memory):
        tree = Checkpoint.parse(f"{origin}\n{size}\n{root}\n")
        last = memory.cosigned_up_to(origin, NUMBER_MAX, 1)
        below = memory.cosigned_up_to(origin, size, NEAREST)
    if not last:
        click.echo(f"nothing was ever cosigned for {origin}")
        sys.exit(EXIT_ALARM)
    is_same = _verdict(last[0], below, (tree.size, tree.root))
    sys.exit(0 if is_same else EXIT_ALARM)


@click.command()
@config_option
@click.argument("origin")
@click.option("--reason", required=True, help="What was found, for whoever reads the history later.")
def acknowledge(config_path: Path, origin: str, reason: str) -> None:
    """Close the alarms of a log after looking into them; cosigning goes on from the last cosigned checkpoint.

    The evidence stays. What was not cosigned because of an alarm is not cosigned now either.
    """
    with _opened(config_path, every_row=False) as (_, _, memory):
        if not 0 < len(reason.strip()) <= REASON_LENGTH_MAX or not reason.isprintable():
            raise KeyFault(f"a reason has 1 to {REASON_LENGTH_MAX} printable characters")
        with memory.turn() as turn:
            kinds = sorted(kind.value for kind in turn.standing(origin).open_alarms)
            if kinds:
                tree = turn.standing(origin).tree
                turn.add(now_seconds(), origin, Happening.ACKNOWLEDGED, tree, reason.strip())
    if not kinds:
        click.echo(f"witness: {origin} has no alarm to acknowledge", err=True)
        sys.exit(EXIT_SETUP)
    click.echo(f"acknowledged for {origin}: {', '.join(kinds)}")


def _evidence_fault(config: Config, memory: Memory) -> str | None:
    try:
        evidence.make_folder(config.evidence)
        evidence.lay_down_missing(config.evidence, memory)
    except (OSError, KeyFault):
        return f"evidence cannot be written in {config.evidence}; the memory holds it"
    return None


def _show(place: Place, found: list[LogState], memory: Memory) -> None:
    click.echo(f"witness {place.own.name}\n  verifier key {place.own.text}")
    for each in found:
        size, root = each.standing.tree
        latest = (
            "never" if each.latest_at is None else f"{written(each.latest_at)}, {each.silent_seconds} s ago"
        )
        click.echo(f"log {each.origin}\n  cosigned last {latest}\n  size and root {size} {_base64(root)}")
        for grown in memory.cosigned_up_to(each.origin, NUMBER_MAX, 1):
            click.echo(f"  grew last {written(grown.at)}")
        click.echo(f"  address /checkpoint/{tag(each.origin)}")


def _show_history(memory: Memory) -> None:
    for each in memory.happened():
        size, root = each.tree
        words = each.said if each.what is Happening.ACKNOWLEDGED else _base64(root)
        click.echo(f"{written(each.at)} {each.what.value} {each.origin} {size} {words}")


def _verdict(last: Entry, below: Sequence[Entry], tree: Tree) -> bool:
    """Say how a tree relates to what was cosigned, and return whether it is one of those."""
    size = tree[0]
    if tree == (0, EMPTY_ROOT) or any(each.tree == tree for each in below):
        click.echo(f"the same: this tree was cosigned. The last one was cosigned at {written(last.at)},")
        click.echo(f"with size {last.tree[0]}: {last.tree[0] - size} later records are not in this tree")
        return True
    if below and below[0].tree[0] == size:
        click.echo(f"OTHER: for size {size} another root was cosigned: {_base64(below[0].tree[1])}")
        click.echo("this is not the log as it was")
        return False
    click.echo(
        f"unknown: nothing was cosigned for exactly size {size}. Ask the index for its root at a size below,"
    )
    click.echo("and compare that; these were cosigned:")
    for each in below:
        click.echo(f"{written(each.at)} {each.tree[0]} {_base64(each.tree[1])}")
    return False


def _base64(root: bytes) -> str:
    return Checkpoint("x", 0, root).text.splitlines()[2]
