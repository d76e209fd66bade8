"""Putting a set of rules in force: one person proposes it, and two others agree to its digest."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path

import click

from policy.rulesets import RuleSet
from policy.upkeep.cases import read_cases
from signal_index.cli.options import config_option
from signal_index.cli.session import as_option, now, opened, run_as, setting_up_option
from signal_index.model import Actor
from signal_index.model.rulebook import HeldRuleSet, RuleFiles, RuleSetState
from signal_index.ports import Transaction
from signal_index.usecases.rulebook.deciding import approve_rules, refuse_rules
from signal_index.usecases.rulebook.in_use import rules_of
from signal_index.usecases.rulebook.on_record import counting
from signal_index.usecases.rulebook.proposing import propose_rules
from signal_index.usecases.rulebook.reading import DIGITS, DIGITS_MIN, Changes, changes_between, named
from signal_index.wiring import Index

from .reading import folder_argument, in_short, read

_Deciding = Callable[[Transaction, Actor, str, datetime], HeldRuleSet]

_STATES = {
    RuleSetState.WAITING: "waits",
    RuleSetState.REFUSED: "refused",
    RuleSetState.ADOPTED: "counted before",
}
_as = as_option("functioneel-beheerder or privacy-officer")
_digest = click.argument("digest")


@click.command()
@folder_argument
@setting_up_option
@config_option
def propose(folder: Path | None, staff_id: str | None, config: Path) -> None:
    """Put a set of rules before two people who must agree to it.

    They are a functioneel beheerder and a privacy officer. Its cases must be decided as expected.
    Nothing counts yet: two others than who proposes it approve its digest.
    """
    with opened(config) as index:
        files, rules = read(folder)
        _require_cases(files, rules)
        held = run_as(index, staff_id, lambda tx, actor: propose_rules(tx, actor, files, now()))
    click.echo(f"rules: {in_short(rules)}")
    click.echo(f"rules: set {held.digest} waits for a {_and(held)}")
    click.echo(
        f"rules: each runs signal-index rules approve {_short(held)} --as STAFF_ID, or decides on the page Regels"
    )


def _require_cases(files: RuleFiles, rules: RuleSet) -> None:
    failing = [case.title for case in read_cases(files) if case.failures(rules.in_force(case.day))]
    if failing:
        raise click.ClickException(f"{len(failing)} cases fail, such as: {failing[0]}; see: rules test")


@click.command()
@_digest
@_as
@click.option("--yes", "sure", is_flag=True, help="Do not ask; only with all 64 digits of DIGEST.")
@config_option
def approve(digest: str, *, staff_id: str, sure: bool, config: Path) -> None:
    """Agree to a set that somebody else proposed.

    With the second of the two people it counts. Outside a trial each of the three does her part from an account of
    the operating system of her own, or on her page Regels.
    DIGEST is as `rules list` shows it; its first 12 digits are enough, and then you compare all 64 before you agree.
    """
    if sure and len(digest) != DIGITS:
        raise click.UsageError(
            f"--yes goes with all {DIGITS} digits of the digest, as `rules list` shows them"
        )
    with opened(config) as index:
        digest = _introduce(index, digest, config)
        if not sure:
            click.confirm(f"Is {digest} the digest of the report you read? Approve it?", abort=True)
        trial = index.settings.environment == "dev"
        held = _decided(index, digest, staff_id, partial(approve_rules, trial=trial))
    if held.state is RuleSetState.ADOPTED:
        click.echo("rules: approved by both; they count from now on, each rule from its own first day")
    else:
        click.echo(f"rules: approved; they wait for a {_and(held)}")


@click.command()
@_digest
@_as
@config_option
def refuse(digest: str, staff_id: str, config: Path) -> None:
    """Refuse a set; to be approved it has to be proposed again.

    DIGEST is as `rules list` shows it; its first 12 digits are enough.
    """
    with opened(config) as index:
        held = _decided(index, digest, staff_id, refuse_rules)
    click.echo(f"rules: refused {held.digest}")


@click.command("list")
@config_option
def list_sets(config: Path) -> None:
    """Show every set that was proposed, its state, who and when.

    Rules are about nobody, and for everybody.
    """
    with opened(config) as index:
        held, current = index.database.run(lambda tx: (tx.rulebook.all(), counting(tx)))
    for each in held:
        click.echo(_line(each, counts=each.digest == current))
    if not held:
        click.echo("no rules yet; start with: signal-index rules propose --help")


def _decided(index: Index, digest: str, staff_id: str, decide: _Deciding) -> HeldRuleSet:
    return run_as(index, staff_id, lambda tx, actor: decide(tx, actor, named(tx, digest).digest, now()))


def _introduce(index: Index, digest: str, config: Path) -> str:
    """Say what is about to be agreed to, and how to see what it changes; its whole digest."""

    def read_set(tx: Transaction) -> tuple[HeldRuleSet, RuleSet | None, Changes, str | None]:
        held, current = named(tx, digest), counting(tx)
        before = {} if current is None else tx.rulebook.files(current) or {}
        after = tx.rulebook.files(held.digest) or {}
        return held, rules_of(tx, held.digest), changes_between(before, after), current

    held, rules, changes, current = index.database.run(read_set)
    click.echo(
        f"rules: set {held.digest}, proposed by {held.proposed_by} at {held.proposed_at:%Y-%m-%d %H:%M} UTC"
    )
    if rules is not None:
        click.echo(f"rules: {in_short(rules)}")
    for word, names in (("new", changes.added), ("changed", changes.altered), ("gone", changes.gone)):
        if names and current is not None:
            click.echo(f"rules: {word}: {', '.join(names)}")
    if current is not None:
        command = f"signal-index rules diff {current[:DIGITS_MIN]} {_short(held)} --config {config}"
        click.echo(f"rules: what it opens and closes: {command}")
    else:
        click.echo(f"rules: what it shows: signal-index rules show {_short(held)} --config {config}")
    return held.digest


def _line(held: HeldRuleSet, *, counts: bool) -> str:
    state = "counts" if counts else _STATES[held.state]
    said = [f"proposed by {held.proposed_by} {held.proposed_at:%Y-%m-%d}"]
    said += [f"approved by {each.staff_id} ({each.role}) {each.at:%Y-%m-%d}" for each in held.approvals]
    if held.refused_by is not None:
        said.append(f"refused by {held.refused_by} {held.refused_at:%Y-%m-%d}")
    elif held.missing:
        said.append(f"waits for a {_and(held)}")
    return f"{held.digest}  {state}  {', '.join(said)}"


def _and(held: HeldRuleSet) -> str:
    return " and a ".join(held.missing)


def _short(held: HeldRuleSet) -> str:
    return held.digest[:DIGITS_MIN]
