"""The commands of the workplace; none of them shows who works on what.

`digest` takes each e-mail up before it hands it over, so that nobody gets two on one day, however often it is run or
wherever it stops. An e-mail the mail server refuses is tried again tomorrow; one that was never tried, at the next run.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from smtplib import SMTPException
from typing import NoReturn

import click

from signal_index.errors import SetupFault
from signal_index.ports import Transaction
from signal_index.settings import MailSettings
from signal_index.usecases.workplace.messages import Digest, claim_digest, digests, record_sent
from signal_index.wiring import Index

from .mail import Letterhead, Mailbox, mailbox
from .options import config_option
from .session import now, opened


@dataclass
class _Tally:
    """How far one run is."""

    sent: int = 0
    failed: int = 0
    earlier: int = 0


@click.command()
@click.option("--dry-run", is_flag=True, help="Say how much would be sent, and send nothing.")
@config_option
def digest(config: Path, *, dry_run: bool) -> None:
    """Mail everybody who asked for it what is due, in numbers only; run it once a day."""
    with opened(config) as index:
        mail, letterhead = _mail_and_letterhead(index)
        rules = index.read_rules()
        waiting = index.database.run(lambda tx: digests(tx, rules, now()))
        if dry_run or not waiting:
            click.echo(_summary(_rehearsed(index, waiting)))
            return
        tally = _Tally()
        try:
            with mailbox(mail, environment=index.settings.environment) as box:
                _send_all(index, box, waiting, tally=tally, letterhead=letterhead)
        finally:
            index.database.run(lambda tx: record_sent(tx, tally.sent, now()))
    _close(tally, len(waiting))


def _mail_and_letterhead(index: Index) -> tuple[MailSettings, Letterhead]:
    mail, site = index.settings.mail, index.settings.site
    if mail is None or site is None:
        raise SetupFault("the digest needs the sections [mail] and [site] in the settings file")
    return mail, Letterhead(mail.sender, site)


class _Rehearsed(Exception):
    """Ends a job that must leave no trace, and carries out what would have been sent."""

    def __init__(self, digests_left: Sequence[Digest]) -> None:
        super().__init__()
        self.digests_left = digests_left


def _rehearsed(index: Index, waiting: Sequence[Digest]) -> Sequence[Digest]:
    """Which of these nobody took up today; they are taken up and, by raising, put back."""
    moment = now()

    def job(tx: Transaction) -> NoReturn:
        raise _Rehearsed([each for each in waiting if claim_digest(tx, each, moment)])

    try:
        index.database.run(job)
    except _Rehearsed as rehearsed:
        return rehearsed.digests_left


def _summary(waiting: Sequence[Digest]) -> str:
    """How many e-mails, and how many messages of each kind; no address."""
    if not waiting:
        return "digest: nothing to send"
    totals: Counter[str] = Counter()
    for each in waiting:
        totals.update({kind.value: count for kind, count in each.counts.items()})
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(totals.items()))
    return f"digest: {len(waiting)} to send ({kinds})"


def _send_all(
    index: Index, box: Mailbox, waiting: Sequence[Digest], *, tally: _Tally, letterhead: Letterhead
) -> None:
    """Every digest in turn; stops early only when there is no server any more to hand them to."""
    for number, each in enumerate(waiting, start=1):
        try:
            box.make_ready()
        except (SMTPException, OSError):
            return
        moment = now()
        if not index.database.run(lambda tx: claim_digest(tx, each, moment)):  # noqa: B023 - run before the next
            tally.earlier += 1
        elif box.send(letterhead.compose(each.address, each.counts, moment)):
            tally.sent += 1
        else:
            tally.failed += 1
        click.echo(f"digest: {number} of {len(waiting)}", err=True)


def _close(tally: _Tally, total: int) -> None:
    """The closing line; anything but a clean run ends with exit status 1."""
    click.echo(f"digest: {tally.sent} sent, {tally.failed} failed, {tally.earlier} taken up earlier today")
    untried = total - tally.sent - tally.failed - tally.earlier
    faults = []
    if tally.failed:
        faults.append(f"{tally.failed} of {total} e-mails were refused; they are tried again tomorrow")
    if untried:
        faults.append(f"{untried} of {total} e-mails were not tried: the mail server went away; run it again")
    if faults:
        raise click.ClickException("\n".join(faults))
