"""Puts together what the surfaces need besides an open index: who is asking, and the pages."""

from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from signal_index import audit
from signal_index.errors import SetupFault
from signal_index.model import AuditEvent
from signal_index.settings import Settings, SignInSettings
from signal_index.store.provision import REVISION
from signal_index.web.desk import Desk, utc_now
from signal_index.web.identity import SECOND_FACTOR_ACR, Identity
from signal_index.web.pages.site import Front, open_site
from signal_index.web.pages.visits import Site
from signal_index.web.provider import Provider, Relying

from . import Index, token_rules


def build_desk(index: Index) -> Desk:
    """What the HTTP surfaces need."""
    identity = Identity(token_rules(index.settings.issuer), utc_now)
    return Desk(index.database, index.rules, index.secrets, index.manifest, identity, utc_now, index.crew)


def started(index: Index, surface: str, now: datetime) -> AuditEvent:
    """The record of a start: from here on, this writer's records are made under these rules, keys and program."""
    return audit.event(
        "index.started",
        now,
        surface=surface,
        version=version("signal-index"),
        rule_set=index.rules.digest,
        manifest=index.manifest.fingerprint.hex(),
        key_epoch=index.secrets.epoch,
        schema=REVISION,
    )


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
