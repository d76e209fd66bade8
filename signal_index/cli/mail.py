"""Sends the daily digest and the alert of the review: what they say, and the one place that speaks to a mail server.

Invariants:
1. An e-mail holds a number per kind of message and the address of the site; no name, no reference, no source.
2. A mail server is spoken to over TLS with a certificate that verifies, or not at all; without TLS only in `dev`.

Whoever controls the mail server learns which members of staff have something to read, and how much of each kind.
"""

import smtplib
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid, parseaddr

from signal_index.errors import SetupFault
from signal_index.model.workplace import MessageKind
from signal_index.settings import MailSettings, SiteSettings
from signal_index.usecases.oversight.worklist import Waiting

TIMEOUT_SECONDS = 20

# One and several, by kind; the number comes first.
_LINES: Mapping[MessageKind, tuple[str, str]] = {
    MessageKind.TELL_RESIDENT: (
        "keer vertelt u de inwoner nog dat u keek",
        "keer vertelt u de inwoner nog dat u keek",
    ),
    MessageKind.COVER_ENDS: ("vervanging eindigt binnenkort", "vervangingen eindigen binnenkort"),
    MessageKind.RELATION_ENDS: ("zorgrelatie eindigt binnenkort", "zorgrelaties eindigen binnenkort"),
    MessageKind.TEAM_DUE: ("team wacht op uw bevestiging", "teams wachten op uw bevestiging"),
    MessageKind.QUESTION_ANSWERED: ("vraag is beantwoord", "vragen zijn beantwoord"),
    MessageKind.SOURCE_STALE: ("bron is niet actueel", "bronnen zijn niet actueel"),
}


def text_of(counts: Mapping[MessageKind, int], site: SiteSettings) -> str:
    """What the digest says.

    Args:
        counts: how many messages of each kind; more than none in all.
        site: where to read them.
    """
    ordered = [(kind, counts[kind]) for kind in _LINES if counts.get(kind)]
    lines = "\n".join(f"- {count} {_LINES[kind][count > 1]}" for kind, count in ordered)
    return (
        "Goedendag,\n\n"
        f"Dit staat voor u klaar bij {site.name}:\n\n{lines}\n\n"
        f"Lees uw berichten op:\n{site.url}/berichten\n\n"
        "In deze e-mail staan geen namen en geen zaken.\n"
        "Wilt u deze e-mail niet meer? Zet hem uit op de pagina Berichten.\n"
    )


def alert_text(waiting: Waiting, site: SiteSettings) -> str:
    """What the e-mail to whoever reviews says: how many wait, how many for too long, and where to read on."""
    looks = "is 1 raadpleging" if waiting.open == 1 else f"zijn {waiting.open} raadplegingen"
    late = (
        f"Daarvan {'is' if waiting.late == 1 else 'zijn'} er {waiting.late} te laat.\n\n"
        if waiting.late
        else ""
    )
    return (
        "Goedendag,\n\n"
        f"Er {looks} te beoordelen bij {site.name}.\n\n"
        f"{late}"
        f"Bekijk de werklijst op:\n{site.url}/toezicht/werklijst\n\n"
        "In deze e-mail staan geen namen en geen zaken.\n"
    )


@dataclass(frozen=True)
class Letterhead:
    """What is the same in every e-mail of one run.

    Args:
        sender: address it comes from.
    """

    sender: str
    site: SiteSettings

    def compose(self, address: str, counts: Mapping[MessageKind, int], now: datetime) -> EmailMessage:
        """One e-mail in plain text, marked so that no out-of-office answers it (RFC 3834).

        Args:
            address: where it goes to.
            counts: see `text_of`.
            now: aware; becomes its date.
        """
        return self._letter(address, "u heeft berichten", text_of(counts, self.site), now)

    def compose_alert(self, address: str, waiting: Waiting, now: datetime) -> EmailMessage:
        """One e-mail that says how many looks wait for a judgement, and where.

        Args:
            address: where it goes to.
            waiting: how many; more than none is open.
            now: aware; becomes its date.
        """
        return self._letter(
            address, "er zijn raadplegingen te beoordelen", alert_text(waiting, self.site), now
        )

    def _letter(self, address: str, subject: str, text: str, now: datetime) -> EmailMessage:
        message = EmailMessage(policy=SMTP)
        message["From"] = self.sender
        message["To"] = address
        message["Subject"] = f"{self.site.name}: {subject}"
        message["Date"] = format_datetime(now)
        message["Message-ID"] = make_msgid(domain=parseaddr(self.sender)[1].rpartition("@")[2])
        message["Auto-Submitted"] = "auto-generated"
        message["Content-Language"] = "nl"
        message.set_content(text, cte="quoted-printable")
        return message


class Mailbox:
    """A connection to the mail server, opened again when the server hangs up between two e-mails."""

    def __init__(self, settings: MailSettings) -> None:
        self._settings = settings
        self._smtp = self._connected()

    def _connected(self) -> smtplib.SMTP:
        smtp = smtplib.SMTP(self._settings.host, self._settings.port, timeout=TIMEOUT_SECONDS)
        try:
            if self._settings.starttls:
                smtp.starttls(context=ssl.create_default_context())
        except BaseException:
            smtp.close()
            raise
        return smtp

    def make_ready(self) -> None:
        """See to it that the server listens, so that nothing is taken up which cannot be sent.

        Raises:
            OSError: it does not, also not on a new connection; `smtplib.SMTPException` is one.
        """
        try:
            ready = self._smtp.noop()[0] == 250
        except smtplib.SMTPException:
            ready = False
        if not ready:
            self._smtp.close()
            self._smtp = self._connected()

    def send(self, message: EmailMessage) -> bool:
        """Hand one e-mail over; False when the server does not take it."""
        try:
            self._smtp.send_message(message)
        except (smtplib.SMTPException, OSError):
            return False
        return True

    def close(self) -> None:
        """Say goodbye, or hang up."""
        try:
            self._smtp.quit()
        except (smtplib.SMTPException, OSError):
            self._smtp.close()


@contextmanager
def mailbox(settings: MailSettings, *, environment: str) -> Iterator[Mailbox]:
    """A connection to the mail server for as long as the block lasts.

    Raises:
        SetupFault: the server does not answer, or not over TLS with a certificate that verifies.
    """
    if not settings.starttls and environment != "dev":
        raise SetupFault('mail.starttls = false is only for environment = "dev"')
    try:
        box = Mailbox(settings)
    except (smtplib.SMTPException, OSError) as error:
        where = f"{settings.host}:{settings.port}"
        raise SetupFault(f"cannot hand over mail at {where}: {_plain(error)}") from error
    try:
        yield box
    finally:
        box.close()


def _plain(error: Exception) -> str:
    """The kind of fault; what a server answers may name an address."""
    return getattr(error, "strerror", None) or type(error).__name__
