"""`signal-index entrance`: the key and the links of a system that opens cases here, such as a regiesysteem.

Its vendor runs this on the vendor's own machine; neither command reads settings or needs an index. A vendor can
compare the links of the own system with the ones made here.

Invariants:
1. A key that exists is never overwritten; its file is for its owner only, and not read when others can.
2. A link is good for two minutes and, since the index remembers it, once.

Whoever holds the key can bring a worker of that organisation to a case of his choice, and show her nothing.
"""

import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from urllib.parse import urlencode, urlsplit
from uuid import UUID

import click
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from crypto.errors import KeyFault
from crypto.tokens import encode_base64url, issue
from signal_index.usecases.workplace.arrivals import (
    RELATION_CLAIM,
    TICKET_SECONDS_MAX,
    TICKET_TYPE,
    ticket_key_id,
)

from .options import plain_errors

SECRET, PUBLIC = "entrance.key", "entrance.public.toml"  # file names
PATH, PARAMETER = "/openen", "kaartje"

_OTHERS = 0o077
_KEY = click.Path(dir_okay=False, path_type=Path)


@click.group()
def entrance() -> None:
    """Let a regiesysteem open a case here for a worker who is at work in it."""


@entrance.command()
@click.option(
    "--issuer", required=True, help="What the system calls itself in its links: an address of its own."
)
@click.option("--name", default="<name of the system>", help="What people call the system.")
@click.option(
    "--organisation",
    default="<OIN of the organisation, 20 digits>",
    help="OIN of the organisation whose cases it opens.",
)
@click.option(
    "--out", "folder", type=click.Path(file_okay=False, path_type=Path), default=Path(), help="Folder."
)
def new(issuer: str, name: str, organisation: str, folder: Path) -> None:
    """Make the key pair of a system, and print what goes into the register of the index."""
    key = Ed25519PrivateKey.generate()
    stated = {
        "issuer": issuer,
        "name": name,
        "organisation": organisation,
        "verify_key": encode_base64url(key.public_key().public_bytes_raw()),
    }
    public = "\n".join(["[[entrances]]", *(f"{field} = {_quoted(value)}" for field, value in stated.items())])
    with plain_errors():
        folder.mkdir(parents=True, exist_ok=True)
        _refuse_existing(folder / SECRET, folder / PUBLIC)
        _write_new(folder / SECRET, _pem(key), mode=0o600)
        _write_new(folder / PUBLIC, public + "\n", mode=0o644)
    click.echo(
        f"made {folder / SECRET} (keep secret)\nmade {folder / PUBLIC} (for the register):\n\n{public}"
    )


@entrance.command()
@click.option("--key", "path", type=_KEY, required=True, help=f"The system's {SECRET}.")
@click.option("--issuer", required=True, help="As in the register of the index.")
@click.option("--audience", required=True, help="index:SCOPE, with the scope of the index.")
@click.option("--site", required=True, help="Where the worker's pages are: scheme and host.")
@click.option("--worker", required=True, help="Staff id of the worker it is for.")
@click.option("--relation", type=click.UUID, required=True, help="The care relation to open.")
def link(*, path: Path, issuer: str, audience: str, site: str, worker: str, relation: UUID) -> None:
    """Print a link that opens one case for one worker, once, within two minutes."""
    with plain_errors():
        key = _load(path)
        ticket = issue(
            key,
            ticket_key_id(key.public_key().public_bytes_raw()),
            "EdDSA",
            _claims(issuer, audience, worker, relation),
            token_type=TICKET_TYPE,
        )
    click.echo(f"{_origin(site)}{PATH}?{urlencode({PARAMETER: ticket})}")


def _claims(issuer: str, audience: str, worker: str, relation: UUID) -> dict[str, object]:
    now = int(datetime.now(UTC).timestamp())
    return {
        "iss": issuer,
        "aud": audience,
        "sub": worker,
        RELATION_CLAIM: str(relation),
        "jti": token_hex(16),
        "iat": now,
        "exp": now + TICKET_SECONDS_MAX,
    }


def _origin(site: str) -> str:
    parts = urlsplit(site.rstrip("/"))
    if parts.scheme not in {"http", "https"} or not parts.netloc or parts.path or parts.query:
        raise click.BadParameter("a scheme and a host, such as https://index.example", param_hint="--site")
    return f"{parts.scheme}://{parts.netloc}"


def _quoted(text: str) -> str:
    """The text as a TOML string on one line."""
    if not text or not text.isprintable():
        raise click.BadParameter("one line of text is needed for the issuer, the name and the organisation")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _pem(key: Ed25519PrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")


def _refuse_existing(*paths: Path) -> None:
    for path in paths:
        if path.exists():
            raise KeyFault(f"{path} exists and keys are never overwritten: choose another folder")


def _write_new(path: Path, text: str, *, mode: int) -> None:
    """Write a file that is not there yet, never readable by more people than it should be.

    Raises:
        KeyFault: it is there.
    """
    try:
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode), "w") as file:
            file.write(text)
    except FileExistsError:
        _refuse_existing(path)
        raise


def _load(path: Path) -> Ed25519PrivateKey:
    """Read the key of a system.

    Raises:
        KeyFault: others may read it too, or it is no such key.
    """
    if path.exists() and path.stat().st_mode & _OTHERS:
        raise KeyFault(f"{path} is open to others than its owner: run chmod 600 {path}")
    key = None
    with suppress(ValueError, TypeError):  # not chained: the reader's error may quote the file
        key = load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFault(f"{path} is not a key that signal-index entrance new made")
    return key
