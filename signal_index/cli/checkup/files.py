"""The files an index starts from: settings, libsodium, and keys with their manifest."""

from dataclasses import dataclass
from pathlib import Path

from crypto.errors import CryptoError
from crypto.group.known_answers import self_test
from crypto.keyfiles import IndexSecrets, Manifest
from signal_index.errors import SetupFault
from signal_index.settings import IssuerSettings, Settings, load
from signal_index.wiring import token_rules

from .findings import Findings, Yielding, mend, ok

_OTHERS_MAY_WRITE = 0o022


def settings(config: Path) -> Yielding[Settings | None]:
    """The settings file: readable, every field known, and nobody else can change it."""
    try:
        stated = load(config)
    except SetupFault as fault:
        yield mend("settings", fault.detail)
        return None
    if config.stat().st_mode & _OTHERS_MAY_WRITE:
        text = f"others can change {config} and so name other keys"
        yield mend("settings", text, f"run chmod go-w {config}")
    else:
        yield ok("settings", f"{config} is complete and holds no unknown field")
    for_whom = "for made-up data only" if stated.environment == "dev" else "pinned keys and TLS only"
    yield ok("environment", f"{stated.environment}: {for_whom}")
    if stated.oin is not None:
        name = f"{stated.site.organisation}, " if stated.site is not None else ""
        yield ok("organisation", f"{name}OIN {stated.oin}")
    return stated


def libsodium() -> Yielding[bool]:
    """The library computes what the standards say; without it no key can be read."""
    try:
        self_test()
    except CryptoError as fault:
        yield mend("libsodium", str(fault))
        return False
    yield ok("libsodium", "passes its self-test")
    return True


def keys(path: Path) -> Yielding[IndexSecrets | None]:
    """The key file: there, and for its owner only."""
    try:
        secrets = IndexSecrets.load(path)
    except CryptoError as fault:
        yield mend("keys", str(fault), "signal-index keys index makes one")
        return None
    yield ok("keys", f"scope {secrets.scope}, epoch {secrets.epoch}, made on {secrets.created}")
    return secrets


@dataclass(frozen=True)
class Pinned:
    """Which manifest, and how sure we are that it is the one the parties agreed on.

    Args:
        fingerprint: None when nobody compared one, as only a trial may.
        required: whether to go without is a fault.
    """

    path: Path
    fingerprint: str | None
    required: bool


def manifest(pinned: Pinned, keys: Path, secrets: IndexSecrets | None) -> Yielding[Manifest | None]:
    """The manifest: every proof and approval in it holds, it is the pinned one, and it pins these keys."""
    point, remake = "manifest", "make it anew from everybody's public files with signal-index keys manifest"
    try:
        found = Manifest.load_pinned(pinned.path, pinned.fingerprint, required=pinned.required)
    except CryptoError as fault:
        yield mend(
            point, str(fault), "signal-index keys manifest makes one: deploy/ceremony/README.md says how"
        )
        return None
    if secrets is None:
        yield ok(point, f"{pinned.path} can be read")
    elif (found.scope, found.epoch) != (secrets.scope, secrets.epoch):
        yield mend(point, f"{pinned.path} is for another scope or epoch than {keys}", remake)
    elif found.index != secrets.public():
        yield mend(point, f"{pinned.path} pins other keys than {keys} holds", remake)
    else:
        yield ok(point, "pins these keys, and those of pseudonymisers A and B")
    return found


def token_keys(issuer: IssuerSettings, environment: str) -> Findings:
    """The pinned keys of whoever issues tokens for programs."""
    try:
        rules = token_rules(issuer, environment=environment)
    except SetupFault as fault:
        yield mend("tokens", fault.detail, "ask the identity provider for its JWK set and put it there")
        return
    yield ok("tokens", f"{len(rules.keys)} pinned key(s) of {issuer.name}")
