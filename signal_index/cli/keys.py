"""`signal-index keys`: each party makes its own keys, in the order index, B, A; nobody makes two parties' keys."""

import re
from datetime import UTC, date, datetime
from pathlib import Path

import click

from crypto.errors import CryptoError
from crypto.keyfiles import (
    Approval,
    IndexPublic,
    IndexSecrets,
    Manifest,
    Parts,
    PseudonymiserPublic,
    PseudonymiserSecrets,
    PublisherPublic,
    PublisherSecrets,
    spelled,
)
from crypto.tokens import read_json_object

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


_index_part = click.option("--index", "index", type=_file, required=True, help="index.public.json")
_b_part = click.option("--b", "b", type=_file, required=True, help="b.public.json")
_a_part = click.option("--a", "a", type=_file, required=True, help="a.public.json")
_out = click.option(
    "--out", "out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The file to write."
)


def _parts(index: Path, b: Path, a: Path) -> Parts:
    """Read the three public files and check every proof in them."""
    return Parts(IndexPublic.load(index), PseudonymiserPublic.load(b), PseudonymiserPublic.load(a))


@keys.command()
@click.option("--keys", "own", type=_file, required=True, help="Your own key file; it stays where it is.")
@_index_part
@_b_part
@_a_part
@_out
def approve(own: Path, index: Path, b: Path, a: Path, out: Path) -> None:
    """Fourth, each of the three: check the public files together and approve them.

    Checks every proof and that your own part is yours, then shows the fingerprint. Read it aloud to the other two
    parties, over the phone or in person, before you hand over the approval.
    """
    with plain_errors():
        parts = _parts(index, b, a)
        is_index = _kind(own) == IndexSecrets.KIND
        secrets = IndexSecrets.load(own) if is_index else PseudonymiserSecrets.load(own)
        parts.approve(secrets).save(out)
    click.echo(f"every proof holds; the fingerprint of these parts is\n  {spelled(parts.fingerprint)}")
    click.echo("read it aloud to the other parties before you hand over the approval")
    _made(out)


@keys.command()
@_index_part
@_b_part
@_a_part
@click.option(
    "--approval",
    "approvals",
    type=_file,
    multiple=True,
    required=True,
    help="An approval; give this three times, for the index, B and A.",
)
@_out
def manifest(index: Path, b: Path, a: Path, approvals: tuple[Path, ...], out: Path) -> None:
    """Fifth: put the public files and the three approvals into the manifest that everybody pins."""
    with plain_errors():
        agreed = Manifest.agreed(_parts(index, b, a), [Approval.load(each) for each in approvals])
        agreed.save(out)
    _say_fingerprint(agreed)
    _made(out)


@keys.command()
@click.argument("file", metavar="FILE", type=_file)
def show(file: Path) -> None:
    """Check a manifest or a publisher's public file and show its fingerprint, to compare before you use it."""
    with plain_errors():
        if _kind(file) == PublisherPublic.KIND:
            _say_publisher(PublisherPublic.load(file))
            return
        found = Manifest.load(file)
    click.echo(f"scope {found.scope}, epoch {found.epoch}; every proof and approval holds")
    for name, part in (("index", found.index), ("B", found.b), ("A", found.a)):
        click.echo(f"  {name}: keys made on {part.created}")
    _say_fingerprint(found)


def _kind(file: Path) -> object:
    try:
        return read_json_object(file.read_bytes()).get("kind")
    except (CryptoError, OSError):
        return None


def _say_publisher(public: PublisherPublic) -> None:
    click.echo(f"publisher {public.publisher}, fingerprint\n  {spelled(public.fingerprint)}")
    click.echo("pseudonymisers A and B each compare it with the source by phone, before they let it pass")


def _say_fingerprint(agreed: Manifest) -> None:
    click.echo(f"fingerprint\n  {spelled(agreed.fingerprint)}")
    click.echo(f'to pin it: manifest_fingerprint = "{agreed.fingerprint.hex()}"')


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
    _say_publisher(secrets.public())
