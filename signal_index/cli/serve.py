"""`signal-index serve`: one surface of the index, or all of them for a trial."""

import gc
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import click
import uvicorn

from signal_index.errors import SetupFault
from signal_index.web.app import Surface, create_app
from signal_index.wiring import open_index
from signal_index.wiring.serving import (
    build_desk,
    build_imprint,
    build_site,
    keeping_log,
    require_clock,
    started,
    watching_rules,
)

from .options import config_option, plain_errors, settings_of

COLLECTED_AFTER: Final = (50_000, 20, 20)
"""Objects made before the collector looks for cycles among the youngest, and rounds before it looks at older ones."""


class _Server(uvicorn.Server):
    """A server after which the keeper of the log and the database are closed as well, when a signal ends it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on SIGINT and SIGTERM; unlike the stock one, do not raise the signal again, which ends the process."""
        with super().capture_signals():
            yield
            self._captured_signals.clear()


@click.command()
@click.option(
    "--surface",
    type=click.Choice([surface.value for surface in Surface]),
    default=Surface.ALL.value,
    show_default=True,
    help="Which surface; run three processes in production.",
)
@click.option("--port", type=click.IntRange(0, 65535), help="Instead of the port in the settings.")
@config_option
def serve(surface: str, port: int | None, config: Path) -> None:
    """Serve the index until SIGINT or SIGTERM."""
    settings = settings_of(config)
    address = (settings.server.host, settings.server.port if port is None else port)
    with plain_errors(), open_index(settings, writer_kind="serve") as index:
        desk = build_desk(index)
        require_clock(index, desk.now())
        index.database.run(lambda tx: tx.audit.append(started(index, surface, tx.log.origin, desk.now())))
        app = create_app(desk, Surface(surface), build_site(settings, desk), build_imprint(settings))
        with _listen(address) as listening, keeping_log(index), watching_rules(index.rulebook):
            host, bound_port = listening.getsockname()[:2]
            click.echo(f"serving {surface} on http://{host}:{bound_port}", err=True)
            # No access log: a log line is not an audit record, and paths must not pile up in files.
            options = uvicorn.Config(
                app,
                log_level="warning",
                access_log=False,
                server_header=False,
                date_header=False,
                timeout_graceful_shutdown=10,
            )
            spare_what_stays()
            _Server(options).run(sockets=[listening])


def spare_what_stays() -> None:
    """Never again look for garbage among what was loaded to serve; requests leave few cycles, so look for those less.

    Otherwise the collector goes over all tables, rules and routes every so often, and whoever asks then waits for it.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTED_AFTER)


def _listen(address: tuple[str, int]) -> socket.socket:
    try:
        return socket.create_server(address)
    except OSError as error:
        raise SetupFault(f"cannot listen on {address[0]}:{address[1]}: {error.strerror}") from error
