"""The files an index starts from: settings, libsodium, keys with their manifest, and the rules."""

from datetime import date, timedelta
from pathlib import Path

from crypto.errors import CryptoError
from crypto.group.known_answers import self_test
from crypto.keyfiles import IndexSecrets
from policy.errors import RuleSetError
from policy.rulesets import RuleSet, bundled
from policy.rulesets import load as load_rules
from signal_index.errors import SetupFault
from signal_index.settings import Settings, load
from signal_index.wiring import load_manifest, load_secrets, token_rules

from .findings import Findings, Yielding, mend, ok

RULES_DAYS_AHEAD = 30

_OTHERS_MAY_WRITE = 0o022


def settings(config: Path) -> Yielding[Settings | None]:
    """The settings file: readable, every field known, and nobody else can change it."""
    try:
        stated = load(config)
    except SetupFault as fault:
        yield mend("settings", fault.detail)
        return None
    if config.stat().st_mode & _OTHERS_MAY_WRITE:
        text = f"others can change {config} and so name other keys: run chmod go-w {config}"
        yield mend("settings", text)
    else:
        yield ok("settings", f"{config} is complete and holds no unknown field")
    for_whom = "for made-up data only" if stated.environment == "dev" else "pinned keys and TLS only"
    yield ok("environment", f"{stated.environment}: {for_whom}")
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


def keys(stated: Settings) -> Yielding[IndexSecrets | None]:
    """The key file: there, for its owner only, and the one the manifest pins."""
    try:
        secrets = load_secrets(stated)
    except SetupFault as fault:
        yield mend("keys", f"{fault.detail} (signal-index keys index makes one)")
        yield from _manifest(stated, None)
        return None
    yield ok("keys", f"scope {secrets.scope}, epoch {secrets.epoch}, made on {secrets.created}")
    yield from _manifest(stated, secrets)
    return secrets


def _manifest(stated: Settings, secrets: IndexSecrets | None) -> Findings:
    point, remake = "manifest", "make it anew from everybody's public files with signal-index keys manifest"
    try:
        manifest = load_manifest(stated)
    except CryptoError as fault:
        yield mend(point, f"{fault} (signal-index keys manifest makes one)")
        return
    if secrets is None:
        yield ok(point, f"{stated.manifest} can be read")
    elif (manifest.scope, manifest.epoch) != (secrets.scope, secrets.epoch):
        yield mend(point, f"{stated.manifest} is for another scope or epoch than {stated.keys}: {remake}")
    elif manifest.index != secrets.public():
        yield mend(point, f"{stated.manifest} pins other keys than {stated.keys} holds: {remake}")
    else:
        yield ok(point, "pins these keys, and those of pseudonymisers A and B")


def token_keys(stated: Settings) -> Findings:
    """The pinned keys of whoever issues tokens for programs."""
    try:
        rules = token_rules(stated.issuer)
    except SetupFault as fault:
        yield mend("tokens", f"{fault.detail}: ask the identity provider for its JWK set and put it there")
        return
    yield ok("tokens", f"{len(rules.keys)} pinned key(s) of {stated.issuer.name}")


def rules(today: date) -> Yielding[RuleSet | None]:
    """The rules: sound as a set, and in force today and for a month to come."""
    try:
        found = load_rules(bundled())
    except RuleSetError as fault:
        yield mend("rules", f"{fault}: correct that file below policy/rules, or install the release again")
        return None
    days = (today + timedelta(days=ahead) for ahead in range(RULES_DAYS_AHEAD + 1))
    uncovered = next((day for day in days if not found.in_force(day).covers(day)), None)
    if uncovered is not None:
        text = f"no rules are in force on {uncovered}: add a version below policy/rules that begins by then"
        yield mend("rules", text)
    else:
        count = len(found.in_force(today).rules)
        yield ok("rules", f"{count} in force today and for {RULES_DAYS_AHEAD} days; set {found.digest[:12]}")
    return found
