"""Commands of the witness: make its key and its memory, run it, look at it, end an alarm. Nothing is made unasked."""

import json
import logging
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from crypto.keyfiles import WitnessSecrets
from crypto.log.notes import COSIGNATURE, Verifier
from crypto.witness import listening
from crypto.witness.app import create_app
from crypto.witness.config import Config, Place, load_secrets
from crypto.witness.memory import Memory, evidence
from crypto.witness.state_commands import (
    acknowledge,
    compare,
    config_option,
    now_seconds,
    plain_faults,
    status,
)
from crypto.witness.walk import Witness, log

KEY_FILE: Final = "witness.key"


class _JsonLines(logging.Formatter):
    """One JSON object per line; of a record only its level, name and the fields that were chosen for it."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record; messages of libraries lose their arguments and traces, which may hold anything."""
        fields = getattr(
            record, "fields", {"event": "library", "logger": record.name, "text": str(record.msg)}
        )
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        return json.dumps({"at": at, "level": record.levelname.lower(), **fields})


@click.group()
def witness() -> None:
    """Cosign the checkpoints of an index's log, outside its operator's reach."""


witness.add_command(status)
witness.add_command(compare)
witness.add_command(acknowledge)


@witness.command()
@click.option("--name", required=True, help="Name of this witness, such as fg.gemeente.example/getuige.")
@click.option(
    "--out",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="Folder for the key file; the current one by default.",
)
def keys(name: str, folder: Path) -> None:
    """Make the key of a witness, and print its public half for the index and for auditors."""
    with plain_faults():
        secrets = WitnessSecrets.generate(name, created=datetime.now(UTC).date())
        public = Verifier.of(name, secrets.signing, COSIGNATURE).text
        folder.mkdir(parents=True, exist_ok=True)
        secrets.save(folder / KEY_FILE)
    click.echo(f"made {folder / KEY_FILE} (keep secret); the line below is its public half", err=True)
    click.echo(public)


@witness.command()
@config_option
def init(config_path: Path) -> None:
    """Make a new, empty memory and the folder for evidence; refuses when there is a memory.

    For a new key only. A witness that loses its memory gets a new name and a new key: with the old key it could be
    made to contradict what it cosigned before.
    """
    with plain_faults():
        config = Config.read(config_path)
        evidence.make_folder(config.evidence)
        Memory.create(config.memory, load_secrets(config), now_seconds())
    click.echo(f"made {config.memory}", err=True)


@witness.command()
@config_option
def serve(config_path: Path) -> None:
    """Serve until SIGINT or SIGTERM."""
    with plain_faults():
        config = Config.read(config_path)
        place = Place.load(config)
        evidence.make_folder(config.evidence)
        memory = Memory.open(config.memory, place.secrets, to_serve=True)
        at = listening.bound(config.host, config.port)
    _log_to_stderr()
    try:
        _make_evidence_good(config, memory)
        walk = Witness(place, memory, config.evidence, lambda: datetime.now(UTC))
        listening.serve(create_app(walk, config.quiet_after_seconds), at)
    finally:
        memory.close()


def _make_evidence_good(config: Config, memory: Memory) -> None:
    try:
        evidence.lay_down_missing(config.evidence, memory)
    except OSError:
        # The memory has it too, and cosigning does not depend on the folder.
        log.error("evidence", extra={"fields": {"event": "evidence-not-written"}})


def _log_to_stderr() -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    log.setLevel(logging.INFO)
