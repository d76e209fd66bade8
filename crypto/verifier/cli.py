"""Commands of the verifier: `verify` checks an export, `verify-receipt` one record. Both only read.

Exit codes: 0 proven, 1 something does not hold, 2 the input cannot be read.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final, NoReturn

import click

from crypto.errors import CryptoError, MalformedInput, VerificationFailed
from crypto.log.notes import NOTE_BYTES_MAX, Verifier
from crypto.log.proof import PROOF_BYTES_MAX

from . import verdict
from .archive import Archive
from .verdict import Answer, Receipt, Trust

EXIT_DOES_NOT_HOLD: Final = 1
EXIT_UNREADABLE: Final = 2

_KEY_BYTES_MAX: Final = 4096
_PROGRESS_STEP: Final = 1 << 16

_file = click.Path(path_type=Path)
_Command = Callable[..., None]


def _key_options(command: _Command) -> _Command:
    options = (
        click.option(
            "--log-key", required=True, metavar="KEY", help="Key of the log: its text, or a file with it."
        ),
        click.option(
            "--witness-key",
            "witness_keys",
            multiple=True,
            metavar="KEY",
            help="Key of a witness; may repeat.",
        ),
        click.option(
            "--witnesses",
            type=click.IntRange(min=0),
            metavar="N",
            help="How many of those witnesses must have signed. Default: all of them.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.group()
def verifier() -> None:
    """Check the log of an index without trusting the index."""


@verifier.command()
@click.argument("export", type=_file)
@_key_options
@click.option("--kept", type=_file, help="A checkpoint of this log that you kept earlier.")
@click.option("--keep-as", type=_file, help="When all holds: write the checkpoint to this new file, to keep.")
def verify(
    *,
    export: Path,
    log_key: str,
    witness_keys: tuple[str, ...],
    witnesses: int | None,
    kept: Path | None,
    keep_as: Path | None,
) -> None:
    """Check an EXPORT of the log: signatures, tree, numbers and records."""
    try:
        trust = _trust(log_key, witness_keys, witnesses)
        earlier = None if kept is None else _read(kept, NOTE_BYTES_MAX)
        if keep_as is not None and keep_as.exists():
            raise MalformedInput(f"{keep_as}: is there already, and may be the checkpoint of last time")
        with Archive.open(export) as archive:
            answer = verdict.verify_export(archive, trust, earlier, _show_progress)
        _keep(answer, keep_as)
    except CryptoError as fault:
        _stop(fault)
    _say(answer)


@verifier.command(name="verify-receipt")
@click.argument("proof", type=_file)
@click.option(
    "--receipt", required=True, metavar="WRITER/NUMBER/LEAF", help="The receipt, as the index gave it."
)
@_key_options
def verify_receipt(
    *, proof: Path, receipt: str, log_key: str, witness_keys: tuple[str, ...], witnesses: int | None
) -> None:
    """Check with a PROOF file that the record of one receipt is in the log."""
    try:
        trust = _trust(log_key, witness_keys, witnesses)
        answer = verdict.verify_receipt(_read(proof, PROOF_BYTES_MAX), Receipt.parse(receipt), trust)
    except CryptoError as fault:
        _stop(fault)
    _say(answer)


def _trust(log_key: str, witness_keys: tuple[str, ...], witnesses: int | None) -> Trust:
    keys = tuple(map(_key, witness_keys))
    needed = len(keys) if witnesses is None else witnesses
    if needed > len(keys):
        raise MalformedInput(f"--witnesses asks for {needed}, and {len(keys)} keys of witnesses were given")
    return Trust(_key(log_key), keys, needed)


def _key(value: str) -> Verifier:
    """A verifier key from its own text, or from a file."""
    try:
        return Verifier.parse(value)
    except MalformedInput as fault:
        text = _read(Path(value), _KEY_BYTES_MAX).decode("utf-8", errors="replace")
        try:
            return Verifier.parse(text.removesuffix("\n"))
        except MalformedInput:
            raise MalformedInput(f"{value} holds no verifier key: {fault}") from None


def _read(path: Path, size_max: int) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(size_max + 1)
    except (OSError, ValueError) as fault:
        raise MalformedInput(f"{path}: cannot be read") from fault
    if len(data) > size_max:
        raise MalformedInput(f"{path}: too large for what it should be")
    return data


def _keep(answer: Answer, path: Path | None) -> None:
    if path is None:
        return
    try:
        with path.open("xb") as file:
            file.write(answer.checkpoint)
    except OSError as fault:
        raise MalformedInput(f"{path}: the checkpoint cannot be written there: {fault.strerror}") from fault


def _show_progress(done: int, size: int) -> None:
    if sys.stderr.isatty() and (done == size or done % _PROGRESS_STEP == 0):
        click.echo(f"\r{done:,} of {size:,} entries", err=True, nl=done == size)


def _say(answer: Answer) -> None:
    numbered = list(enumerate((*answer.proven, *answer.open), start=1))
    for title, part in (
        ("Proven", numbered[: len(answer.proven)]),
        ("Not proven", numbered[len(answer.proven) :]),
    ):
        click.echo(f"{title}:")
        for number, sentence in part:
            click.echo(f"{number:>3}. {sentence}")


def _stop(fault: CryptoError) -> NoReturn:
    if isinstance(fault, VerificationFailed):
        click.echo(f"DOES NOT HOLD: {fault}.", err=True)
        sys.exit(EXIT_DOES_NOT_HOLD)
    click.echo(f"Cannot be read: {fault}.", err=True)
    sys.exit(EXIT_UNREADABLE)
