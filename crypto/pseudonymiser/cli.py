"""Commands of the pseudonymiser: `serve` runs it, `ledger` looks after its quota ledger. Nothing is made unasked."""

import json
import logging
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click
import uvicorn

from crypto.chain.crew import Workers
from crypto.errors import CryptoError
from crypto.group.known_answers import self_test
from crypto.pseudonymiser.app import Pseudonymiser, create_app, log
from crypto.pseudonymiser.config import Config, Place
from crypto.pseudonymiser.ledger import Ledger
from crypto.pseudonymiser.ledger_commands import EXIT_SETUP, config_option, ledger, stop

GRACE_SECONDS: Final = 10
"""How long deliveries under way may take to finish after a signal to stop."""


class _JsonLines(logging.Formatter):
    """One JSON object per line; of a record only its level, name and the fields that were chosen for it."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record; messages of libraries lose their arguments and traces, which may hold anything."""
        fields = getattr(
            record, "fields", {"event": "library", "logger": record.name, "text": str(record.msg)}
        )
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        return json.dumps({"at": at, "level": record.levelname.lower(), **fields})


class _Server(uvicorn.Server):
    """A server that says where it listens, and that a signal ends with exit code 0."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start listening, then say where."""
        await super().startup(sockets)
        for server in self.servers:
            host, port = server.sockets[0].getsockname()[:2]
            click.echo(f"pseudonymiser ready on http://{host}:{port}", err=True)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on SIGINT and SIGTERM; unlike the stock one, do not raise the signal again afterwards."""
        with super().capture_signals():
            yield
            self._captured_signals.clear()


@click.group()
def pseudonymiser() -> None:
    """Run pseudonymiser A or B."""


pseudonymiser.add_command(ledger)


@pseudonymiser.command()
@config_option
def serve(config_path: Path) -> None:
    """Serve until SIGINT or SIGTERM."""
    try:
        self_test()
        config = Config.read(config_path)
        place = Place.load(config)
        ledger = Ledger.open(config.ledger, config.party)
    except CryptoError as fault:
        stop(fault)
    _log_to_stderr()
    _warn_about_clock(ledger)
    crew = Workers(config.workers)
    walk = Pseudonymiser(place, ledger, config.next_hop, lambda: datetime.now(UTC), crew)
    server = _Server(
        uvicorn.Config(
            create_app(walk),
            host=config.host,
            port=config.port,
            http="h11",
            ws="none",
            loop="asyncio",
            lifespan="on",
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    )
    try:
        server.run()
    finally:
        crew.close()
        ledger.close()
    if not server.started:
        sys.exit(EXIT_SETUP)


def _log_to_stderr() -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    log.setLevel(logging.INFO)


def _warn_about_clock(ledger: Ledger) -> None:
    latest, today = ledger.latest_day(), datetime.now(UTC).date()
    if latest > today:
        fields = {"event": "clock-behind-ledger", "counting_against": latest.isoformat()}
        log.warning("clock", extra={"fields": fields})
