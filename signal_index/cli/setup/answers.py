"""The answers: as they are kept until the set-up is done, as a file has them, and as earlier settings give them."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from signal_index.errors import SetupFault

from .writing import atomically, draft_of, scalar_lines

Answers = dict[str, str]
"""By the key of a question, what was answered, as it was typed."""

NONE = "-"
"""The answer that there is no such thing."""

TRIAL_ISSUER = "https://proef.invalid"
"""What the stand-in for an identity provider is called in a trial."""


def kept_in(config: Path) -> Path:
    """Where answers are kept until the set-up is done."""
    return config.with_name(f"{config.name}.answers")


def keep(config: Path, given: Mapping[str, str]) -> None:
    """Keep what was answered so far."""
    head = "# What was answered so far; signal-index setup goes on from here, and takes this file away at the end.\n"
    atomically(kept_in(config), head + "\n".join(scalar_lines(given)) + "\n")


def forget(config: Path) -> None:
    """Take the kept answers away, and what an interrupted run left of them: the settings hold them now."""
    kept_in(config).unlink(missing_ok=True)
    draft_of(kept_in(config)).unlink(missing_ok=True)


def known(config: Path) -> Answers:
    """What earlier settings say, and above that what was answered in a set-up that was not finished.

    Raises:
        SetupFault: one of the two files cannot be used.
    """
    given = of_settings(config)
    return given | read(kept_in(config)) if kept_in(config).exists() else given


def read(file: Path) -> Answers:
    """Read a file with answers: texts, and whole numbers or true and false where they read better.

    Raises:
        SetupFault: it is no such file.
    """
    document = read_toml(file)
    odd = [name for name, value in document.items() if not isinstance(value, str | int)]
    if odd:
        raise SetupFault(f'{file}: give each answer as a text, such as {odd[0]} = "…"')
    return {name: _text(value) for name, value in document.items()}


def _text(value: str | int) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def read_toml(file: Path) -> dict[str, Any]:
    """Read a TOML file.

    Raises:
        SetupFault: it cannot be read, or is not TOML.
    """
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SetupFault(f"cannot read {file}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SetupFault(f"{file} is not valid TOML: {error}") from error


_PLAIN = ("environment", "oin", "database", "keys", "manifest", "manifest_fingerprint")
_NESTED = {
    "site_url": ("site", "url"),
    "organisation": ("site", "organisation"),
    "accessibility_contact": ("site", "accessibility_contact"),
    "privacy_contact": ("site", "privacy_contact"),
    "identity_provider": ("sign_in", "issuer"),
    "client_id": ("sign_in", "client_id"),
    "client_secret_file": ("sign_in", "client_secret_file"),
    "token_audience": ("issuer", "audience"),
    "token_keys": ("issuer", "keys"),
    "pseudonymiser_a": ("pseudonymisers", "a"),
    "pseudonymiser_b": ("pseudonymisers", "b"),
}
_OF_WITNESS = {
    "witness_key": "key",
    "witness_certificate": "certificate",
    "witness_key_file": "key_file",
    "witness_address": "address",
}
_SAID_BY_ABSENCE = (
    "manifest_fingerprint",
    "site_url",
    "client_secret_file",
    "pseudonymiser_a",
    "pseudonymiser_b",
    "witness_key",
    "witness_certificate",
)


def of_settings(config: Path) -> Answers:
    """The answers that a settings file stands for; none when there is no such file.

    Raises:
        SetupFault: it is there, and is not TOML.
    """
    if not config.exists():
        return {}
    document = read_toml(config)
    given = {name: str(document[name]) for name in _PLAIN if name in document}
    for name, (section, field) in _NESTED.items():
        if field in document.get(section, {}):
            given[name] = str(document[section][field])
    for witness in document.get("witnesses", [])[:1]:
        given |= {answer: str(witness[field]) for answer, field in _OF_WITNESS.items() if field in witness}
    if "port" in document.get("server", {}):
        given["listen"] = f"{document['server'].get('host', '127.0.0.1')}:{document['server']['port']}"
    return dict.fromkeys(_SAID_BY_ABSENCE, NONE) | given


def settings(answers: Answers, before: Mapping[str, Any]) -> dict[str, Any]:
    """The settings these answers stand for; what is not asked stays as it was.

    Args:
        answers: checked.
        before: the settings so far, as read; empty for none.
    """
    changed = dict(before)
    for name in _PLAIN:
        _put(changed, name, answers.get(name))
    for name, (section, field) in _NESTED.items():
        inner = dict(changed.get(section, {}))
        _put(inner, field, answers.get(name))
        _put(changed, section, inner)
    host, _, port = answers["listen"].rpartition(":")
    changed["server"] = {**changed.get("server", {}), "host": host.strip("[]"), "port": int(port)}
    if answers["site_url"] == NONE:
        changed = {name: value for name, value in changed.items() if name not in {"site", "sign_in"}}
    changed["issuer"] = {**changed["issuer"], "name": _issuer(answers, before)}
    return _with_witness(changed, answers)


def _put(place: dict[str, Any], name: str, value: object) -> None:
    """Set a value, or take it away when the answer was that there is none."""
    if value in (None, NONE, {}):
        place.pop(name, None)
    else:
        place[name] = value


def _issuer(answers: Answers, before: Mapping[str, Any]) -> str:
    """Who issues tokens for programs: the identity provider, unless somebody set another one by hand."""
    was, signed_in = before.get("issuer", {}).get("name"), before.get("sign_in", {}).get("issuer")
    if was is not None and was not in {signed_in, TRIAL_ISSUER}:
        return str(was)
    return answers.get("identity_provider", TRIAL_ISSUER)


def _with_witness(changed: dict[str, Any], answers: Answers) -> dict[str, Any]:
    """The first witness as answered; more of them stay as they were."""
    first, *others = changed.get("witnesses", [{}]) or [{}]
    if answers["witness_key"] == NONE:
        changed.pop("witnesses", None)
        return changed
    stated = dict(first)
    for answer, field in _OF_WITNESS.items():
        _put(stated, field, answers.get(answer))
    return {**changed, "witnesses": [stated, *others]}
