"""The commands `connector quarantine`: what was set aside, and the ways it leaves.

Invariants:
1. An entry names a place and a reason; the message itself was not kept. So what was read wrong is read again from a
   file that whoever runs the command names, and only what the index refused can be sent again by number.
2. Nothing leaves by itself, and what leaves is counted by day, reason and way, in words from a closed list.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID

import click

from connectors.config import Setup
from connectors.state import DROPPED, QuarantineEntry, State, Way
from crypto.sheet import ZorgrelatieRow, decode_row

from .remedies import to_do, why
from .report import Report, stream_name
from .running import (
    AS_OF,
    CONFIG,
    FILES,
    FORMAT,
    JSON,
    Unusable,
    at_work,
    day_of,
    ending,
    looking,
    send_waiting,
    take_files,
    today,
)

_NUMBERS: Final = click.argument("numbers", metavar="[NUMBER]...", nargs=-1, type=click.IntRange(min=1))
_REASON: Final = click.option("--reason", metavar="CODE", help="Only what was set aside for this reason.")
_SOURCE_FILE: Final = click.option("--source-file", metavar="NAME", help="Only what came from this file.")


@click.group("quarantine")
def quarantine() -> None:
    """Work on what was set aside: look, have it put right, read or send it again, or drop it."""


@quarantine.command("list")
@CONFIG
@_REASON
@_SOURCE_FILE
@JSON
def list_entries(config_path: Path, reason: str | None, source_file: str | None, *, as_json: bool) -> None:
    """List what was set aside: number, day, reason, and where to find it at the source."""
    run = Report(as_json=as_json)
    with ending(run):
        with looking(Setup.read(config_path)) as state:
            entries = _filtered(state, reason, source_file)
        for entry in entries:
            run.say(f"{entry.number:>5}  {entry.day}  {entry.reason}  {entry.place}: {why(entry.reason)}")
        run.say(f"{len(entries)} set aside", entries=[_told(entry) for entry in entries])


@quarantine.command()
@CONFIG
@click.argument("number", type=click.IntRange(min=1))
@JSON
def show(config_path: Path, number: int, *, as_json: bool) -> None:
    """Show one entry: what it is, where exactly, and what to do about it."""
    run = Report(as_json=as_json)
    with ending(run), looking(Setup.read(config_path)) as state:
        (entry,) = _numbered(state, (number,))
        about = _about(state, entry)
        run.say(f"{entry.number}, set aside on {entry.day}", **_told(entry))
        run.say(f"what:  {entry.reason}: {why(entry.reason)}")
        run.say(f"where: {_where(entry)}")
        for line in about:
            run.say(f"about: {line}")
        run.say(f"to do: {to_do(entry)}", to_do=to_do(entry), about=about)


@quarantine.command()
@CONFIG
@_NUMBERS
@click.option("--all", "everything", is_flag=True, help="Everything the index refused.")
@JSON
def retry(config_path: Path, numbers: tuple[int, ...], *, everything: bool, as_json: bool) -> None:
    """Send again what the index refused; what it refuses once more comes back as a new entry."""
    if bool(numbers) == everything:
        raise click.UsageError("name the numbers, or say --all")
    run = Report(as_json=as_json)
    with ending(run):
        setup = Setup.read(config_path)
        with at_work(setup) as (state, publisher):
            entries = _numbered(state, numbers) if numbers else state.quarantine.entries()
            refused = {entry.wish for entry in entries if entry.wish is not None}
            if numbers and not all(entry.wish for entry in entries):
                raise Unusable(_not_kept(entries))
            due = _make_due(state, refused)
            run.say(
                f"due again: {due}; nothing left to send of {len(refused) - due}",
                due_again=due,
                moot=len(refused) - due,
            )
            send_waiting(run, setup, publisher)


@quarantine.command()
@CONFIG
@FORMAT
@FILES
@AS_OF
@JSON
def reread(
    config_path: Path, format_name: str, files: tuple[Path, ...], as_of: datetime | None, *, as_json: bool
) -> None:
    """Take files in again, as `publish` does, and clear the entries of places in them that are fine now.

    For a file that was put right, or the same one after the settings were.
    """
    if not files:
        raise click.UsageError("name the files: the quarantine keeps no message")
    run = Report(as_json=as_json)
    day = day_of(as_of)
    with ending(run):
        take_files(run, config_path, format_name, files, day, settles=True)


@quarantine.command()
@CONFIG
@_NUMBERS
@_REASON
@_SOURCE_FILE
@click.option(
    "--because",
    type=click.Choice([way.value for way in DROPPED]),
    required=True,
    help="; ".join(f"{way}: {meaning}" for way, meaning in DROPPED.items()) + ".",
)
@JSON
def drop(
    config_path: Path,
    numbers: tuple[int, ...],
    reason: str | None,
    source_file: str | None,
    because: str,
    *,
    as_json: bool,
) -> None:
    """Drop entries, by number or by reason or file; day, reason and count stay written down.

    Nothing is published and nothing withdrawn by it.
    """
    if bool(numbers) == bool(reason or source_file):
        raise click.UsageError("name the numbers, or a --reason or --source-file")
    run = Report(as_json=as_json)
    with ending(run), at_work(Setup.read(config_path)) as (state, _):
        entries = _numbered(state, numbers) if numbers else _filtered(state, reason, source_file)
        with state.transaction():
            state.quarantine.settle(entries, today(), Way(because))
        run.say(f"{len(entries)} dropped: {DROPPED[Way(because)]}", dropped=len(entries))


def _filtered(state: State, reason: str | None, source_file: str | None) -> Sequence[QuarantineEntry]:
    # A name may be given as the file has it, or as the list shows it.
    return state.quarantine.entries(reason, state.safe_name(source_file) if source_file else None)


def _numbered(state: State, numbers: Sequence[int]) -> Sequence[QuarantineEntry]:
    found = {number: state.quarantine.get(number) for number in numbers}
    missing = [str(number) for number, entry in found.items() if entry is None]
    if missing:
        raise Unusable(f"there is no entry {', '.join(missing)}; see `connector quarantine list`")
    return [entry for entry in found.values() if entry is not None]


def _make_due(state: State, wishes: set[bytes]) -> int:
    """Make wishes due again and clear all entries about them; return how many are due."""
    with state.transaction():
        entries = [entry for entry in state.quarantine.entries() if entry.wish in wishes]
        state.quarantine.settle(entries, today(), Way.SENT_AGAIN)
        return sum(state.wishes.try_again(wish) for wish in wishes)


def _not_kept(entries: Sequence[QuarantineEntry]) -> str:
    numbers = ", ".join(str(entry.number) for entry in entries if entry.wish is None)
    return (
        f"{numbers}: not a row the index refused, or set aside by a version that did not write down which. Of what was "
        "read no message is kept: have it put right and run `connector quarantine reread CONFIG FORMAT FILE`"
    )


def _where(entry: QuarantineEntry) -> str:
    if entry.wish is not None:
        return f"refused by the index, {entry.place}"
    if entry.file is None or not entry.place.startswith(entry.file):
        return entry.place
    position = entry.place.removeprefix(entry.file).lstrip(":, ")
    return f"file {entry.file}, at {position}" if position else f"file {entry.file}, as a whole"


def _about(state: State, entry: QuarantineEntry) -> list[str]:
    """Say what a refused row is about: its source, or the relation as the case system knows it; never of whom."""
    held = state.wishes.held_by(entry.wish) if entry.wish else None
    if held is None:
        return []
    stream = state.streams.get(held.wish.stream_id)
    row = decode_row(stream.batch_class, held.wish.body)
    if not isinstance(row, ZorgrelatieRow):
        return [f"{stream_name(stream.source, stream.type)}, to {held.wish.intent}"]
    case = f" of case {row.case_reference}" if row.case_reference else ""
    return [f"relation {UUID(bytes=row.relation_id)}{case}, to {held.wish.intent}"]


def _told(entry: QuarantineEntry) -> Mapping[str, object]:
    return {
        "number": entry.number,
        "day": entry.day.isoformat(),
        "reason": entry.reason,
        "place": entry.place,
        "file": entry.file,
        "why": why(entry.reason),
    }
