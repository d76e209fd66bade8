"""Is one set of rules well written, does it do what its cases say, does it keep its promises, what does it show?"""

from datetime import date
from pathlib import Path

import click

from policy.catalogue import Catalogue
from policy.in_force import InForce
from policy.upkeep.cases import read_cases, untried
from policy.upkeep.style import remarks
from signal_index.cli.options import DAY, config_option, plain_errors

from .reading import SET, chosen, folder_argument, in_short, read, require_solver, today


@click.command()
@folder_argument
def lint(folder: Path | None) -> None:
    """Say whether a set loads, and which texts are hard to read."""
    with plain_errors():
        _, rules = read(folder)
        found = list(remarks(rules))
    for remark in found:
        click.echo(f"rules: {remark}")
    if found:
        raise click.ClickException(f"{len(found)} texts to look at")
    click.echo(f"rules: well written; {in_short(rules)}")
    click.echo(f"rules: digest {rules.digest}")


@click.command(name="test")
@folder_argument
def try_cases(folder: Path | None) -> None:
    """Decide every case, and name the rules that no case holds."""
    with plain_errors():
        files, rules = read(folder)
        cases = read_cases(files)
        failing = [(case, case.failures(rules.in_force(case.day))) for case in cases]
        loose = list(untried(rules, cases))
    for case, outcomes in failing:
        for outcome in outcomes:
            level = f" up to {outcome.level.value}" if outcome.level else ""
            reasons = ", ".join(outcome.reasons) or "no rule"
            click.echo(
                f"rules: {case.file}: {case.title}: {outcome.code} is {outcome.outcome}{level} by {reasons}"
            )
    for rule in loose:
        click.echo(f"rules: {rule.key} needs {' and '.join(rule.needs())}")
    wrong = sum(1 for _, outcomes in failing if outcomes)
    if wrong or loose:
        raise click.ClickException(f"{wrong} of {len(cases)} cases fail; {len(loose)} rules need more cases")
    click.echo(f"rules: {len(cases)} cases decided as expected; leaving out any rule makes one fail")


@click.command()
@folder_argument
def prove(folder: Path | None) -> None:
    """Say whether every promise holds, and every rule is of use.

    It looks for a look-up that breaks a promise, a rule without effect and a guard that is not needed.

    Everything is checked for each stretch of days in which no rule changes, over every look-up there can be.
    """
    require_solver()
    from policy.proving.checks import check  # noqa: PLC0415 - the solver is not installed everywhere

    broken = count = 0
    with plain_errors():
        _, rules = read(folder)
        for epoch in rules.epochs:
            click.echo(f"rules: {_days(epoch)}")
            for each in check(epoch, rules.promises):
                count += 1
                click.echo(
                    f"rules:   {'kept' if each.kept else 'BROKEN'}  {each.about.value}: {each.subject}"
                )
                if not each.kept:
                    broken += 1
                    click.echo(f"rules:     {each.said()}")
    if broken:
        raise click.ClickException(f"{broken} of {count} checks fail")
    click.echo(f"rules: all {count} checks hold, for every look-up on every day")


@click.command()
@click.argument("which", metavar="[SET]", required=False, type=SET)
@click.option("--on", "day", type=DAY, help="The day to show; today if left out.")
@config_option
def show(which: Path | str | None, day: date | None, config: Path) -> None:
    """Show the rules of a day, and the most that each purpose may show.

    SET is a folder, or a digest (12 digits or more) of a set that was proposed. Left out, it is the rules of this
    release; which set counts in an index, `rules list` says.

    The most is what the grants name, whatever the facts: a condition of a rule, or a guard, can make it less.
    """
    with plain_errors():
        rules = chosen(which, config)
    when = day or today()
    in_force = rules.in_force(when)
    if not in_force.covers(when):
        raise click.ClickException(f"on {when} no rules are in force: nothing is shown to anybody")
    click.echo(f"rules: {_days(in_force)}; digest {rules.digest}")
    for rule in in_force.rules:
        basis = in_force.catalogue.legal_basis(rule.legal_basis)
        assert basis is not None, "a loaded rule names a basis of its catalogue"
        click.echo(f"{rule.key}: {rule.title} ({basis.law}, {basis.article})")
    click.echo("\nrules: the most that each purpose may show, of each kind of signal; facts can make it less")
    off = ", ".join(_off(rules.catalogue, in_force.catalogue))
    if off:
        click.echo(f"rules: nobody can choose on that day: {off}")
    for purpose in in_force.catalogue.purposes:
        click.echo(f"\n{purpose.code}: {purpose.label_nl} ({', '.join(purpose.roles)})")
        highest = in_force.highest(purpose)
        for kind in in_force.catalogue.types:
            level = highest.get(kind.code)
            click.echo(f"  {kind.code:<32} {level.value if level else '-'}")


def _off(every: Catalogue, then: Catalogue) -> list[str]:
    return [each.code for each in every.purposes if then.purpose(each.code) is None]


def _days(epoch: InForce) -> str:
    return f"from {epoch.starts} until {epoch.ends}" if epoch.ends else f"from {epoch.starts} on"
