"""The command `connector run`: puts the service together, and ends it in order.

Invariants:
1. Settings, key files, state and addresses are all in order before anything is taken in; otherwise it ends with 2 and
   says what to do, and systemd does not start it again.
2. An end it was asked for is 0. An unexpected error is 1, and the log says where it was, not what it said.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click
from starlette.applications import Starlette

from connectors.config import Setup, SetupFault
from connectors.formats import FormatFault, Unreachable, place_of
from connectors.service import folder, telling
from connectors.service.calling import Caller
from connectors.service.folder import Folder
from connectors.service.life import Life, Stopping, Systemd
from connectors.service.listening import Listening, figures_app
from connectors.service.loop import Loop
from connectors.service.polling import Polling
from connectors.service.settings import Poll, Running, Webhook
from connectors.service.taking import Inbox
from connectors.service.telling import Figures
from connectors.service.webhook import DELIVERED, Door, Spool, Tokens
from connectors.state import State, StateFault
from crypto.errors import CryptoError

from .report import EXIT_REFUSED

EXIT_FAULT: Final = 1


def _now() -> datetime:
    return datetime.now(UTC)


@click.command()
@click.argument("config_path", metavar="CONFIG", type=click.Path(path_type=Path))
def run(config_path: Path) -> None:
    """Take in and send, for as long as it is left running.

    Watches the folders, asks the sources and receives the deliveries that CONFIG names under [[inbox]], [[poll]] and
    [webhook]. What it does goes to standard error, one JSON object per line; how it stands is shown by `connector
    status`, and served under [metrics].

    SIGTERM and Ctrl-C end it. It can be stopped or killed at any moment, and goes on where it was.
    """
    life = Life(Systemd.from_environment())
    life.mind_signals()
    telling.to_stderr()
    try:
        _serve(config_path, life)
    except Stopping:
        telling.note("stopped")
    except (SetupFault, StateFault, FormatFault, CryptoError) as fault:
        click.echo(f"connector: {fault}", err=True)
        sys.exit(EXIT_REFUSED)
    except Exception as error:  # noqa: BLE001 - the outermost edge: what it says may quote anything
        telling.warn("fault", place=place_of(error))
        sys.exit(EXIT_FAULT)


COMMANDS: Final[tuple[click.Command, ...]] = (run,)


def _serve(config_path: Path, life: Life) -> None:
    """Put everything together, and work until it is over.

    Raises:
        Stopping: it is over.
    """
    setup = Setup.read(config_path)
    figures = Figures(_now())
    with closing(State.open(setup.state_path, setup.secrets, setup.manifest.scope)) as state:
        spool = _spool(setup.running.webhook, setup.running.rhythm.scan_seconds, state)
        inboxes = [*_folders(setup.running, state), *_polls(setup.running, life), *([spool] if spool else [])]
        loop = Loop(setup, state, inboxes, life=life, figures=figures, clock=_now)
        apps = _apps(setup.running, loop, figures, lambda outcome: _delivered(outcome, figures, spool, life))
        with closing(Listening(apps)) as listening:
            listening.start()
            for (setting, _), at in zip(apps, listening.addresses, strict=True):
                telling.note("listening", setting=setting, address=at)
            life.systemd.say("READY=1")
            telling.note("ready")
            if not inboxes:
                telling.warn(
                    "nothing-comes-in", advice="the settings name no inbox, poll or webhook: this only sends"
                )
            try:
                loop.run(lambda: listening.is_up)
            finally:
                life.systemd.say("STOPPING=1")


def _folders(running: Running, state: State) -> Iterator[Inbox]:
    for number, inbox in enumerate(running.inbox, start=1):
        place = folder.Place(
            inbox.folder,
            inbox.format,
            inbox.pattern,
            heartbeat=inbox.heartbeat,
            keep_days=inbox.keep_days,
            scan_seconds=running.rhythm.scan_seconds,
        )
        yield Folder(f"inbox-{number}", place, state.safe_name, _now)


def _polls(running: Running, life: Life) -> Iterator[Inbox]:
    for number, poll in enumerate(running.poll, start=1):
        name = f"poll-{number}"
        yield Polling(name, poll, _caller(name, poll), life, _now)


def _caller(name: str, poll: Poll) -> Caller:
    caller = Caller(poll, _now)
    try:
        caller.check()
    except Unreachable as fault:
        raise SetupFault(f"{name}: a file it names cannot be used ({fault.code})") from fault
    return caller


def _spool(webhook: Webhook | None, scan_seconds: float, state: State) -> Folder | None:
    """The webhook's folder as an inbox."""
    if webhook is None:
        return None
    place = folder.Place(
        webhook.spool,
        webhook.format,
        heartbeat=webhook.heartbeat,
        keep_days=webhook.keep_days,
        scan_seconds=scan_seconds,
        written_whole=True,
    )
    return Folder("webhook", place, state.safe_name, _now)


def _apps(
    running: Running, loop: Loop, figures: Figures, delivered: Callable[[str], None]
) -> list[tuple[str, Starlette]]:
    """What listens, each with the setting that says where."""
    apps = []
    if running.metrics is not None:
        app = figures_app(lambda: figures.text, loop.is_alive, loop.ready)
        apps.append((running.metrics.listen, app))
    if running.webhook is not None:
        apps.append((running.webhook.listen, _door(running.webhook, delivered).app()))
    return apps


def _door(webhook: Webhook, delivered: Callable[[str], None]) -> Door:
    try:
        tokens = Tokens.read(webhook.token)
        spool = Spool(webhook.spool, _now)
    except (OSError, ValueError) as fault:
        raise SetupFault(f"webhook: its token or its spool cannot be used ({fault})") from fault
    return Door(webhook, tokens, spool, delivered)


def _delivered(outcome: str, figures: Figures, spool: Folder | None, life: Life) -> None:
    """Have a delivery taken in at once; called by the thread that serves."""
    figures.count("deliveries_total", outcome=outcome)
    if outcome == DELIVERED and spool is not None:
        spool.next_at = 0.0
        life.wake()
