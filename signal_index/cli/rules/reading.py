"""What the commands about rules share: finding a set, and the solver that not every machine has."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from importlib.util import find_spec
from pathlib import Path

import click

from policy.rulesets import RuleSet, bundled, found_in, load
from signal_index.model import dutch_day

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
language_option = click.option(
    "--language",
    type=click.Choice(["nl", "en"]),
    default="nl",
    show_default=True,
    help="Language of what is said.",
)
folder_argument = click.argument("folder", required=False, type=FOLDER)


def read(folder: Path | None) -> tuple[Mapping[str, str], RuleSet]:
    """The files of a set and the set itself.

    Raises:
        RuleSetError: the set cannot be read or does not load.
    """
    files = bundled() if folder is None else found_in(folder)
    return files, load(files)


def today() -> date:
    """The Dutch calendar day."""
    return dutch_day(datetime.now(UTC))


def require_solver() -> None:
    """Say what to install when there is no solver.

    Raises:
        click.ClickException: there is none.
    """
    if find_spec("z3") is None:
        raise click.ClickException(
            "this needs the solver z3: install signal-index with the extra `proofs`, or run it where that is done"
        )
