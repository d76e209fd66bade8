"""`signal-index keys`: each party makes its own keys, in the order index, B, A; nobody makes two parties' keys."""

import re
from datetime import UTC, date, datetime
from pathlib import Path

import click

from crypto.keyfiles import (
    IndexPublic,
    IndexSecrets,
    Manifest,
    PseudonymiserPublic,
    PseudonymiserSecrets,
    PublisherSecrets,
)

from .options import plain_errors

_folder = click.option(
    "--out",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="Folder for the key files; the current one by default.",
)
_file = click.Path(dir_okay=False, exists=True, path_type=Path)


def _today() -> date:
    return datetime.now(UTC).date()


def _oin(_: click.Context, __: click.Parameter, value: str) -> str:
    if not re.fullmatch(r"[0-9]{20}", value, re.ASCII):
        raise click.BadParameter("an OIN is 20 digits, such as 00000099000000000001")
    return value


def _made(*paths: Path) -> None:
    for path in paths:
        keep = "publish" if path.suffix == ".json" else "keep secret"
        click.echo(f"made {path} ({keep})")


@click.group()
def keys() -> None:
    """Make the keys of one party; run this on that party's own machine."""


@keys.command("index")
@click.option("--scope", required=True, help="The region this index serves, for example regio-noord.")
@click.option(
    "--epoch", type=click.IntRange(min=1), default=1, show_default=True, help="Number of this set of keys."
)
@_folder
def index_keys(scope: str, epoch: int, folder: Path) -> None:
    """First: the index makes its keys."""
    with plain_errors():
        secrets = IndexSecrets.generate(scope, epoch, created=_today())
        folder.mkdir(parents=True, exist_ok=True)
        secrets.save(folder / "index.key")
        secrets.public().save(folder / "index.public.json")
    _made(folder / "index.key", folder / "index.public.json")


@keys.command()
@click.argument("party", type=click.Choice(["A", "B"]))
@click.option(
    "--next",
    "towards",
    type=_file,
    required=True,
    help="Public file of the next party: for B the index's, for A B's.",
)
@_folder
def pseudonymiser(party: str, towards: Path, folder: Path) -> None:
    """Second B, third A: a pseudonymiser makes its keys towards the next party's public file."""
    with plain_errors():
        if party == "B":
            secrets = PseudonymiserSecrets.generate("B", IndexPublic.load(towards), created=_today())
        else:
            secrets = PseudonymiserSecrets.generate("A", PseudonymiserPublic.load(towards), created=_today())
        folder.mkdir(parents=True, exist_ok=True)
        name = party.lower()
        secrets.save(folder / f"{name}.key")
        secrets.public().save(folder / f"{name}.public.json")
    _made(folder / f"{name}.key", folder / f"{name}.public.json")


@keys.command()
@click.option("--index", "index", type=_file, required=True, help="index.public.json")
@click.option("--b", "b", type=_file, required=True, help="b.public.json")
@click.option("--a", "a", type=_file, required=True, help="a.public.json")
@click.option(
    "--out",
    "out",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="The manifest to write.",
)
def manifest(index: Path, b: Path, a: Path, out: Path) -> None:
    """Put the three public files into the manifest that every party pins."""
    with plain_errors():
        own = IndexPublic.load(index)
        parts = {"b": PseudonymiserPublic.load(b), "a": PseudonymiserPublic.load(a)}
        Manifest(scope=own.scope, epoch=own.epoch, index=own, **parts).save(out)
    _made(out)


@keys.command()
@click.argument("oin", callback=_oin)
@_folder
def publisher(oin: str, folder: Path) -> None:
    """A publisher makes its signing key and the key of its local state; OIN is its 20-digit number."""
    with plain_errors():
        secrets = PublisherSecrets.generate(oin, created=_today())
        folder.mkdir(parents=True, exist_ok=True)
        secrets.save(folder / "publisher.key")
        secrets.public().save(folder / "publisher.public.json")
    _made(folder / "publisher.key", folder / "publisher.public.json")
