"""Puts together what the surfaces need besides an open index: who is asking, the pages, and who keeps the log."""

import logging
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Final

from crypto.log.notes import Verifier
from signal_index import audit
from signal_index.errors import SetupFault, SignalIndexError
from signal_index.model import AuditEvent
from signal_index.settings import Settings, SignInSettings, WitnessSettings
from signal_index.store.provision import REVISION
from signal_index.usecases.oversight.health import Expected
from signal_index.usecases.rulebook.in_use import LOOKED_EVERY_SECONDS, RulesInUse
from signal_index.web.api.document import Imprint
from signal_index.web.api.rates import Limiter, Rate
from signal_index.web.desk import Desk, utc_now
from signal_index.web.identity import SECOND_FACTOR_ACR, Identity
from signal_index.web.pages.site import Front, open_site
from signal_index.web.pages.visits import Site
from signal_index.web.provider import Provider, Relying
from signal_index.witnessing.keeper import Courier, Keeper
from signal_index.witnessing.witness import Witness, client

from . import Index, token_rules, witness_key

_log = logging.getLogger(__name__)

CLOCK_BACK_MAX: Final = timedelta(minutes=5)
"""How far the clock may stand behind the newest record at a start: what machines that share a database may differ."""


def build_desk(index: Index) -> Desk:
    """What the HTTP surfaces need; from here on the rules that count are known."""
    index.read_rules()
    identity = Identity(token_rules(index.settings.issuer, environment=index.settings.environment), utc_now)
    limits, witnesses = index.settings.limits, index.settings.witnesses
    expected = Expected(
        tuple(each.key.partition("+")[0] for each in witnesses), index.settings.witnessed_within
    )
    limiter = Limiter({Rate.LOOK: limits.looks_per_minute, Rate.WORK: limits.requests_per_minute})
    return Desk(
        index.database,
        index.rulebook,
        index.secrets,
        index.manifest,
        identity,
        utc_now,
        index.crew,
        limiter,
        expected=expected,
        decision_clients=frozenset(index.settings.api.decision_clients),
    )


def build_imprint(settings: Settings) -> Imprint:
    """Who answers for the JSON interface: what the settings say, else what they say of the site."""
    api, site, stock = settings.api, settings.site, Imprint()
    origin = api.url or (site.url if site is not None else stock.origin)
    return Imprint(
        origin=origin,
        name=api.contact_name or (site.organisation if site is not None else stock.name),
        email=api.contact_email,
        url=api.contact_url or f"{origin}/hulp",
    )


def started(index: Index, surface: str, log_origin: str, now: datetime) -> AuditEvent:
    """The record of a start: from here on, this writer's records are made under these rules, keys and program."""
    return audit.event(
        "index.started",
        now,
        surface=surface,
        version=version("signal-index"),
        rule_set=index.rulebook.current.digest,
        manifest=index.manifest.fingerprint.hex(),
        key_epoch=index.secrets.epoch,
        schema=REVISION,
        log_origin=log_origin,
    )


def require_clock(index: Index, now: datetime) -> None:
    """Refuse to serve by a clock that was set back while nothing ran: what has ended would seem to run again.

    While a process runs its own chain sees to this; a new one begins with no time to compare with.

    Raises:
        SetupFault: the clock lies more than `CLOCK_BACK_MAX` before the newest record of any writer.
    """
    newest = index.database.run(lambda tx: next(iter(tx.audit.entries(limit=1)), None))
    if newest is not None and now < newest.at - CLOCK_BACK_MAX:
        raise SetupFault(
            f"the clock of this machine says {now:%Y-%m-%d %H:%M} UTC, and the newest record is of "
            f"{newest.at:%Y-%m-%d %H:%M} UTC: put the clock right. If it once ran ahead, wait for that moment, or "
            "put back a backup from before it and run signal-index db restored"
        )


@contextmanager
def watching_rules(rulebook: RulesInUse) -> Iterator[None]:
    """Use a set of rules soon after it is adopted, for as long as a process serves."""
    closing = threading.Event()

    def watch() -> None:
        while not closing.wait(LOOKED_EVERY_SECONDS):
            try:
                rulebook.refresh()
                found = rulebook.report(utc_now())
                if found is not None:
                    _log.error("rules %s are not what two people agreed to by the log", found.claimed)
            except SignalIndexError as error:
                _log.warning("the rules were not looked at: %s", error.code)

    watcher = threading.Thread(target=watch, name="rules-watcher", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        closing.set()
        watcher.join()


@contextmanager
def keeping_log(index: Index) -> Iterator[None]:
    """Keep the log's tree growing and cosigned, for as long as a process serves.

    Raises:
        SetupFault: a witness's key or our certificate for it is of no use, or real data would go without a witness.
    """
    if index.settings.environment == "production" and not index.settings.witnesses:
        raise SetupFault(
            "production needs a witness of the log: ask another organisation to run signal-index witness, and put its "
            "address and key in the settings under [[witnesses]]"
        )
    own = index.database.run(lambda tx: Verifier.parse(tx.log.verifier_key))
    with ExitStack() as clients:
        couriers = [
            Courier(index.database, _witness(each, own, clients), each.asked_every, utc_now)
            for each in index.settings.witnesses
        ]
        with Keeper(index.database, couriers, utc_now):
            yield


def _witness(stated: WitnessSettings, own: Verifier, clients: ExitStack) -> Witness:
    """A witness with a client of its own, so that no witness is shown the certificate meant for another."""
    both = stated.certificate, stated.key_file
    shown = (both[0], both[1]) if both[0] is not None and both[1] is not None else None
    return Witness(stated.address, witness_key(stated), own, clients.enter_context(client(shown)))


def build_site(settings: Settings, desk: Desk) -> Site | None:
    """What the pages need; None when the settings ask for none.

    Raises:
        SetupFault: a file the settings name cannot be read.
    """
    if settings.site is None or settings.sign_in is None:
        return None
    provider = Provider(_relying(settings.site.url, settings.sign_in), desk.now)
    site = settings.site
    front = Front(
        origin=site.url,
        name=site.name,
        organisation=site.organisation,
        accessibility_contact=site.accessibility_contact,
        privacy_contact=site.privacy_contact,
        demonstration=settings.environment == "dev",
        theme=site.theme,
        unused_days=settings.accounts.unused_days,
    )
    try:
        return open_site(desk, front, provider)
    except OSError as error:
        raise SetupFault(f"cannot read {error.filename}: {error.strerror}") from error


def _relying(origin: str, sign_in: SignInSettings) -> Relying:
    """What we are to the identity provider."""
    return Relying(
        issuer=sign_in.issuer,
        client_id=sign_in.client_id,
        client_secret=_read_secret(sign_in.client_secret_file),
        return_to=f"{origin}/inloggen/terug",
        signed_out=f"{origin}/uitgelogd",
        subject_claim=sign_in.subject_claim,
        second_factor_acr=SECOND_FACTOR_ACR | set(sign_in.second_factor_acr),
        second_factor_amr=frozenset(sign_in.second_factor_amr),
    )


def _read_secret(path: Path | None) -> str | None:
    if path is None:
        return None
    try:
        secret = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SetupFault(f"cannot read the client secret in {path}") from error
    if not secret:
        raise SetupFault(f"{path} is empty; it holds the client secret")
    return secret
