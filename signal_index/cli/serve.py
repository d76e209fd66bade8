"""`signal-index serve`: one surface of the index, or all of them for a trial."""

import sys
from pathlib import Path

import click
import uvicorn

from signal_index.web.app import Surface, create_app
from signal_index.wiring import build_desk, open_index

from .options import config_option, plain_errors, settings_of


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
    """Serve the index until interrupted."""
    settings = settings_of(config)
    with plain_errors(), open_index(settings, writer_kind="serve") as index:
        app = create_app(build_desk(index), Surface(surface))
        server = uvicorn.Server(
            uvicorn.Config(
                app,
                host=settings.server.host,
                port=settings.server.port if port is None else port,
                log_level="warning",
                access_log=False,  # a log line is not an audit record, and paths must not pile up in files
                server_header=False,
                date_header=False,
                timeout_graceful_shutdown=10,
            )
        )
        sys.stderr.write(f"serving {surface} on http://{server.config.host}:{server.config.port}\n")
        server.run()
