"""What the commands about rules share: finding a set, and the solver that not every machine has."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from importlib.util import find_spec
from pathlib import Path

import click

from policy.rule_text import Kind
from policy.rulesets import RuleSet, bundled, found_in
from signal_index.model import dutch_day
from signal_index.usecases.rulebook.in_use import loaded, rules_of
from signal_index.usecases.rulebook.reading import named

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
language_option = click.option(
    "--language",
    type=click.Choice(["nl", "en"]),
    default="nl",
    show_default=True,
    help="Language of what is said.",
)
_DIGITS = re.compile(r"[0-9a-fA-F]{12,64}")


class _Set(click.ParamType[Path | str]):
    """A folder with rules, or the first digits of the digest of a set that was proposed."""

    name = "set"

    def convert(
        self, value: Path | str, param: click.Parameter | None, ctx: click.Context | None
    ) -> Path | str:
        if not Path(value).is_dir() and not _DIGITS.fullmatch(str(value)):
            self.fail(f"{value} is no folder, and no digest of 12 digits or more", param, ctx)
        return Path(value) if Path(value).is_dir() else str(value)


SET = _Set()
folder_argument = click.argument("folder", required=False, type=FOLDER)


def read(folder: Path | None) -> tuple[Mapping[str, str], RuleSet]:
    """The files of a set and the set itself.

    Raises:
        RuleSetError: the set cannot be read or does not load.
    """
    files = bundled() if folder is None else found_in(folder)
    return files, loaded(files)


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


def chosen(which: Path | str | None, config: Path) -> RuleSet:
    """A set of rules, wherever it is.

    Args:
        which: a folder, or the first digits of a digest; None for the rules of this release.
        config: the settings file of the index whose rulebook has that digest.

    Raises:
        RuleSetError: the folder is no set of rules.
        NotFound: no set has this digest.
    """
    if not isinstance(which, str):
        return read(which)[1]
    # Only here: a folder is compared on machines without an index.
    from signal_index.cli.session import opened  # noqa: PLC0415

    with opened(config) as index:
        found = index.database.run(lambda tx: rules_of(tx, named(tx, which).digest))
    assert found is not None, "a set that is named has files"
    return found


def in_short(rules: RuleSet) -> str:
    """How much of everything there is in a set."""
    versions = rules.versions
    guards = sum(rule.kind is Kind.GUARD for rule in versions)
    kinds, purposes = len(rules.catalogue.types), len(rules.catalogue.purposes)
    stretches = "1 stretch" if len(rules.epochs) == 1 else f"{len(rules.epochs)} stretches"
    return (
        f"{guards} guards, {len(versions) - guards} grants, {kinds} kinds of signal, {purposes} purposes,"
        f" {len(rules.promises)} promises, {stretches} of days"
    )
