"""The commands of review: score the log and list every week, judge, report, watch, and mail how much waits.

`run` and `mail` are for a timer, once a day; running them twice does no harm.
"""

from datetime import date, timedelta
from pathlib import Path
from random import Random
from secrets import SystemRandom
from smtplib import SMTPException

import click

from signal_index.cli.mail import Letterhead, Mailbox, mailbox
from signal_index.cli.options import LOOK, config_option, days_options
from signal_index.cli.session import as_option, now, opened, run_as
from signal_index.errors import SetupFault
from signal_index.model.days import Days
from signal_index.model.review import GROUNDS, Ground, Judgement, LookRef
from signal_index.review.policy import POLICY
from signal_index.usecases.oversight import alert, kept, scoring, worklist
from signal_index.wiring import Index

from .watches import watch


@click.group()
def review() -> None:
    """Which looks a privacy officer judges, and whether she did; never what was shown."""


review.add_command(watch)


@review.command()
@config_option
def run(config: Path) -> None:
    """Score every new look, and make the work list of every week that is over; run it once a day."""
    with opened(config) as index:
        scored, listed = run_review(index, SystemRandom())
    click.echo(f"review: {scored} looks scored")
    for each in listed:
        click.echo(
            f"review: week of {each.week.monday}: {each.striking} stand out and {each.sampled} drawn by lot,"
            f" of {each.week.looks} looks"
        )


def run_review(index: Index, chance: Random) -> tuple[int, list[scoring.Listed]]:
    """One run: score to the end of the tree, list, and forget what has passed its term.

    Args:
        index: open.
        chance: the source of the lot.

    Returns:
        How many looks were scored, and the weeks that were listed.
    """
    database = index.database
    reading = database.run(lambda tx: scoring.begin(tx, POLICY, now()))
    while database.run(lambda tx: scoring.go_on(tx, reading)):
        pass
    listed = database.run(lambda tx: scoring.list_weeks(tx, POLICY, chance, now()))
    term = timedelta(days=index.settings.retention.looks_days)
    database.run(lambda tx: scoring.forget(tx, now() - term))
    return reading.scored, list(listed)


@review.command("list")
@as_option("privacy-officer")
@config_option
def list_open(staff_id: str, config: Path) -> None:
    """Show what waits for a judgement, the earliest due first; that you read it is recorded."""
    with opened(config) as index:
        found = run_as(index, staff_id, lambda tx, actor: worklist.worklist(tx, actor, POLICY, now()))
    for item in found.items:
        state = "late" if item.late else "asked" if item.asked else "open"
        why = " ".join(str(sentence) for sentence in item.why)
        click.echo(
            f"{item.ref.writer.hex()}/{item.ref.number}  due {item.due_on}  {state}  {item.chosen}  {why}"
        )
    if not found.items:
        click.echo("nothing waits for a judgement")


_GROUNDS_BY_JUDGEMENT = "\n".join(
    ("\b", "Grounds by judgement:", *(f"{each}: {', '.join(grounds)}" for each, grounds in GROUNDS.items()))
)


@review.command(epilog=_GROUNDS_BY_JUDGEMENT)
@click.argument("look", type=LOOK)
@as_option("privacy-officer")
@click.option("--judgement", type=click.Choice([each.value for each in Judgement]), required=True)
@click.option("--ground", type=click.Choice([each.value for each in Ground]), required=True)
@config_option
def judge(look: LookRef, staff_id: str, judgement: str, ground: str, config: Path) -> None:
    """Judge one look of the work list; a question waits for a second judgement."""
    verdict = worklist.Verdict(look, Judgement(judgement), Ground(ground))
    with opened(config) as index:
        judged = run_as(index, staff_id, lambda tx, actor: worklist.judge(tx, actor, verdict, POLICY, now()))
    until = f", final judgement due {judged.follow_up_on}" if judged.is_open else ""
    click.echo(f"review: {judgement}{until}")


@review.command()
@as_option("privacy-officer")
@days_options
@config_option
def report(staff_id: str, first: date, last: date, config: Path) -> None:
    """Tell whether the review policy was kept in days that are over; figures only."""
    days = Days(first, last)
    with opened(config) as index:
        found = run_as(index, staff_id, lambda tx, actor: kept.kept(tx, actor, POLICY, days, now()))
    click.echo(f"{found.first_day} - {found.last_day}: {found.weeks} lists, of {found.looks} looks")
    click.echo(f"chosen: {found.listed} stand out, {found.sampled} drawn by lot")
    click.echo(f"judged in time: {found.in_time}, late: {found.late}, open: {found.open}")
    click.echo(", ".join(f"{judgement}: {count}" for judgement, count in found.judgements))
    for each in found.by_indicator:
        listed, wrong = (("fewer than 10" if count is None else count) for count in (each.listed, each.wrong))
        click.echo(f"  {each.indicator}: {listed}, of which wrong {wrong}")
    for monday in found.missing:
        click.echo(f"no list of the week of {monday}")


@review.command()
@config_option
def mail(config: Path) -> None:
    """Mail each organisation how many of its looks wait, to its address in the settings; run it once a day."""
    with opened(config) as index:
        settings, site = index.settings.mail, index.settings.site
        if settings is None or not settings.review_to or site is None:
            raise SetupFault("review mail needs mail.review_to and the section [site] in the settings file")
        head = Letterhead(settings.sender, site)
        with mailbox(settings, environment=index.settings.environment) as box:
            told = [_mail_one(index, box, head, *each) for each in settings.review_to.items()]
    for count in filter(None, told):
        click.echo(f"review: mailed that {count} wait")
    if not any(told):
        click.echo("review: nothing to mail")


def _mail_one(index: Index, box: Mailbox, head: Letterhead, organisation: str, address: str) -> int:
    """Tell one organisation how much waits; how much that was, 0 when there was nothing to tell."""
    try:
        box.make_ready()
    except (SMTPException, OSError) as error:
        raise click.ClickException("the mail server went away; run it again") from error
    moment = now()
    found = index.database.run(lambda tx: alert.claim_alert(tx, organisation, moment))
    if found is None:
        return 0
    if not box.send(head.compose_alert(address, found, moment)):
        raise click.ClickException("an e-mail was refused; it is tried again tomorrow")
    index.database.run(lambda tx: alert.record_mailed(tx, moment))
    return found.open


review.add_command(watch)
