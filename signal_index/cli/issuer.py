"""`signal-index insecure-issuer`: tokens for demonstrations and tests."""

from datetime import UTC, datetime
from pathlib import Path

import click

from signal_index.insecure_issuer import InsecureIssuer, make_keys

from .options import config_option, plain_errors, settings_of


@click.group("insecure-issuer")
def insecure_issuer() -> None:
    """Stand in for the identity provider; only with environment = "dev"."""


@insecure_issuer.command()
@click.option(
    "--out", "folder", type=click.Path(file_okay=False, path_type=Path), default=Path(), help="Folder."
)
def new(folder: Path) -> None:
    """Make the issuer's key pair."""
    with plain_errors():
        private, public = make_keys(folder)
    click.echo(f"made {private} (keep secret)\nmade {public} (publish)")


@insecure_issuer.command()
@click.option("--key", type=click.Path(dir_okay=False, path_type=Path), required=True, help="issuer.key")
@click.option("--subject", required=True, help="Staff id the token is for.")
@click.option("--client", help="Client id of the system that the token is given to.")
@click.option("--second-factor/--no-second-factor", default=True, help="Whether the token vouches for one.")
@config_option
def token(key: Path, subject: str, client: str | None, second_factor: bool, config: Path) -> None:  # noqa: FBT001 - click passes by name
    """Print a token that is valid for an hour."""
    settings = settings_of(config)
    with plain_errors():
        issuer = InsecureIssuer(settings.environment, key)
        now = datetime.now(UTC)
        names = settings.issuer.name, settings.issuer.audience
        click.echo(issuer.token(subject, *names, now, second_factor=second_factor, client=client))
