"""The daily e-mail: numbers and a link, over a mail server that is really there, at most once a day for anybody."""

import asyncio
import email
import email.policy
import ipaddress
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.x509.oid import NameOID

from signal_index.cli.mail import mailbox, text_of
from signal_index.errors import SetupFault
from signal_index.model import LookupRequest
from signal_index.model.workplace import Informed, MessageKind
from signal_index.settings import MailSettings, SiteSettings
from signal_index.usecases.workplace import messages, views

SITE = """
[site]
url = "https://signaalindex.gemeente.example"
organisation = "Gemeente Voorbeeld"
accessibility_contact = "toegankelijk@gemeente.example"
privacy_contact = "privacy@gemeente.example"
[sign_in]
issuer = "https://idp.gemeente.example"
client_id = "signaalindex"
"""
SENDER = "signaalindex@gemeente.example"
MAIL = """
[mail]
host = "127.0.0.1"
port = {port}
sender = "{sender}"
starttls = {starttls}
"""
WISHES = {
    "w.een": "wil@gemeente.example",
    "w.twee": "noor@gemeente.example",
    "w.drie": "aisha@gemeente.example",
}


class Server(Controller):
    """A mail server on a free port of this machine; it remembers what it took, and fails when it is told to.

    Args:
        refuses: addresses it has no mailbox for.
        hangs_up_after: it says goodbye when it took so many e-mails; a new connection is welcome.
        gone_after: it takes no connection any more once it took so many e-mails.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(self, hostname="127.0.0.1", port=0, **options)
        self.received: list[Envelope] = []
        self.refuses: set[str] = set()
        self.hangs_up_after: int | None = None
        self.gone_after: int | None = None

    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]

    def stop(self, no_assert: bool = False) -> None:  # noqa: FBT001, FBT002 - aiosmtpd's signature
        """Go away; a second time changes nothing."""
        if self._thread is not None:
            super().stop(no_assert)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take a recipient, or not."""
        if address in self.refuses:
            return f"550 5.1.1 no mailbox {address}"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take an e-mail."""
        self.received.append(envelope)
        if len(self.received) == self.gone_after and self.server is not None:
            self.server.close()
        return "250 OK"

    async def handle_NOOP(self, _server: SMTP, _session: Session, _envelope: Envelope, _arg: str) -> str:  # noqa: N802
        """Still there?"""
        if len(self.received) in {self.hangs_up_after, self.gone_after}:
            self.hangs_up_after = None
            return "421 4.3.2 closing"
        return "250 OK"

    @property
    def addresses(self) -> list[str]:
        """Who got something, in order."""
        return [address for envelope in self.received for address in envelope.rcpt_tos]

    def letter(self) -> EmailMessage:
        """The last e-mail."""
        content = self.received[-1].content
        assert isinstance(content, bytes)
        return email.message_from_bytes(content, policy=email.policy.default)


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """Starts mail servers, and stops them."""
    started: list[Server] = []

    def start(**options: Any) -> Server:
        server = Server(**options)
        server.start()
        started.append(server)
        return server

    yield start
    for server in started:
        server.stop()


@pytest.fixture
def server(serve: Callable[..., Server], shell: Any) -> Server:
    """A mail server without TLS, named in the settings."""
    started = serve()
    _configure(shell, started)
    return started


def _configure(shell: Any, server: Server, *, starttls: bool = False) -> None:
    shell.configure(SITE + MAIL.format(port=server.port, sender=SENDER, starttls=str(starttls).lower()))


@pytest.fixture
def wishes(office: Any) -> Any:
    """An office in which three workers want the digest, and have out-of-date sources to read of."""
    office.hire("w.drie")
    for staff_id, address in WISHES.items():
        _wish(office, staff_id, address)
    return office


def _wish(office: Any, staff_id: str, address: str | None) -> None:
    office.act(
        staff_id,
        lambda tx, actor: messages.set_digest(
            tx, actor, address, office.world.clock, wanted=address is not None
        ),
    )


# --- What it says -------------------------------------------------------------------------------------------------

_SITE = SiteSettings(
    url="https://signaalindex.gemeente.example",
    organisation="Gemeente Voorbeeld",
    accessibility_contact="toegankelijk@gemeente.example",
    privacy_contact="privacy@gemeente.example",
)
ONE_AND_MORE = [
    (
        MessageKind.TELL_RESIDENT,
        "- 1 keer vertelt u de inwoner nog dat u keek",
        "- 3 keer vertelt u de inwoner nog",
    ),
    (MessageKind.COVER_ENDS, "- 1 vervanging eindigt binnenkort", "- 3 vervangingen eindigen binnenkort"),
    (MessageKind.RELATION_ENDS, "- 1 zorgrelatie eindigt binnenkort", "- 3 zorgrelaties eindigen binnenkort"),
    (MessageKind.TEAM_DUE, "- 1 team wacht op uw bevestiging", "- 3 teams wachten op uw bevestiging"),
    (MessageKind.QUESTION_ANSWERED, "- 1 vraag is beantwoord", "- 3 vragen zijn beantwoord"),
    (MessageKind.SOURCE_STALE, "- 1 bron is niet actueel", "- 3 bronnen zijn niet actueel"),
]


@pytest.mark.parametrize(("kind", "one", "more"), ONE_AND_MORE)
def test_every_kind_of_message_has_its_line(kind: MessageKind, one: str, more: str) -> None:
    assert f"\n{one}\n" in text_of({kind: 1}, _SITE)
    assert f"\n{more}" in text_of({kind: 3}, _SITE)


def test_there_is_a_line_for_every_kind() -> None:
    assert {kind for kind, _, _ in ONE_AND_MORE} == set(MessageKind)
    everything = text_of(dict.fromkeys(MessageKind, 2), _SITE)
    assert everything.count("\n- ") == len(MessageKind)


def test_the_e_mail_holds_numbers_and_a_link_and_nothing_that_names_anybody(
    office: Any, shell: Any, server: Server
) -> None:
    relation = office.relation(valid_until=date(2026, 3, 10), case_reference="WT-2026-0042")
    request = LookupRequest(relation.relation_id, "voorbereiding-huisbezoek", frozenset(), Informed.NOT_YET)
    office.act(
        "w.een", lambda tx, actor: views.open_view(tx, office.RULES, actor, request, office.world.clock)
    )
    _wish(office, "w.een", WISHES["w.een"])
    result = shell("digest")
    assert result.exit_code == 0, result.output
    letter = server.letter()
    assert (letter["From"], letter["To"]) == (SENDER, WISHES["w.een"])
    assert letter["Subject"] == "Signaalindex: u heeft berichten"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["Date"].datetime == office.world.clock
    assert str(letter["Message-ID"]).endswith("@gemeente.example>")
    assert letter.get_content_type() == "text/plain"
    assert letter.get_content().replace("\r\n", "\n") == (
        "Goedendag,\n\n"
        "Dit staat voor u klaar bij Signaalindex:\n\n"
        "- 1 keer vertelt u de inwoner nog dat u keek\n"
        "- 1 zorgrelatie eindigt binnenkort\n"
        "- 4 bronnen zijn niet actueel\n\n"
        "Lees uw berichten op:\nhttps://signaalindex.gemeente.example/berichten\n\n"
        "In deze e-mail staan geen namen en geen zaken.\n"
        "Wilt u deze e-mail niet meer? Zet hem uit op de pagina Berichten.\n"
    )
    content = server.received[0].content
    assert isinstance(content, bytes)
    for told in (b"w.een", b"WT-2026", b"Bron", b"agb:", b"wmo", relation.relation_id.hex().encode()):
        assert told not in content, told


# --- Who gets it, and how often -----------------------------------------------------------------------------------


def test_everybody_who_asked_gets_one_of_her_own(wishes: Any, shell: Any, server: Server) -> None:
    result = shell("digest")
    assert result.exit_code == 0, result.output
    assert result.output.splitlines()[-1] == "digest: 3 sent, 0 failed, 0 taken up earlier today"
    assert sorted(server.addresses) == sorted(WISHES.values())
    assert all(len(envelope.rcpt_tos) == 1 for envelope in server.received)
    assert wishes.world.records("digest.sent")[0].fields == {"day": "2026-03-03", "messages": 3}


def test_nobody_gets_two_on_one_day_however_often_it_runs(wishes: Any, shell: Any, server: Server) -> None:
    shell("digest")
    again = shell("digest")
    assert again.exit_code == 0
    assert again.output.splitlines()[-1] == "digest: 0 sent, 0 failed, 3 taken up earlier today"
    wishes.world.clock = datetime(2026, 3, 3, 22, 59, tzinfo=UTC)  # a minute to midnight in the Netherlands
    shell("expire")
    shell("digest")
    assert len(server.received) == 3
    assert len(wishes.world.records("digest.sent")) == 1
    wishes.world.clock += timedelta(minutes=1)
    shell("expire")
    shell("digest")
    assert len(server.received) == 6


def test_an_address_that_fails_stops_nobody_else_and_is_tried_again_tomorrow(
    wishes: Any, shell: Any, server: Server
) -> None:
    server.refuses = {WISHES["w.drie"]}
    result = shell("digest")
    assert result.exit_code == 1
    assert sorted(server.addresses) == sorted([WISHES["w.een"], WISHES["w.twee"]])
    assert "digest: 2 sent, 1 failed, 0 taken up earlier today" in result.output
    assert "1 of 3 e-mails were refused" in result.output
    assert "@" not in result.output
    assert wishes.world.records("digest.sent")[0].fields["messages"] == 2
    server.refuses = set()
    assert shell("digest").exit_code == 0
    assert len(server.received) == 2
    wishes.world.clock += timedelta(days=1)
    assert shell("digest").exit_code == 0
    assert WISHES["w.drie"] in server.addresses


def test_when_every_address_fails_nothing_is_recorded_as_sent(
    wishes: Any, shell: Any, server: Server
) -> None:
    server.refuses = set(WISHES.values())
    result = shell("digest")
    assert result.exit_code == 1
    assert "3 of 3 e-mails were refused" in result.output
    assert not wishes.world.records("digest.sent")


def test_a_server_that_hangs_up_in_between_is_called_again(wishes: Any, shell: Any, server: Server) -> None:
    server.hangs_up_after = 1
    result = shell("digest")
    assert result.exit_code == 0, result.output
    assert len(server.received) == 3


def test_when_the_server_goes_away_the_rest_is_sent_by_the_next_run(
    wishes: Any, shell: Any, server: Server, serve: Callable[..., Server]
) -> None:
    server.gone_after = 1
    result = shell("digest")
    assert result.exit_code == 1
    assert "2 of 3 e-mails were not tried" in result.output
    assert wishes.world.records("digest.sent")[0].fields["messages"] == 1
    back = serve()
    _configure(shell, back)
    result = shell("digest")
    assert "digest: 2 sent, 0 failed, 1 taken up earlier today" in result.output
    assert sorted(server.addresses + back.addresses) == sorted(WISHES.values())


def test_without_a_server_nothing_is_taken_up(
    wishes: Any, shell: Any, serve: Callable[..., Server], server: Server
) -> None:
    server.stop()
    result = shell("digest")
    assert result.exit_code == 2
    assert f"cannot hand over mail at 127.0.0.1:{server.port}" in result.output
    back = serve()
    _configure(shell, back)
    assert shell("digest").exit_code == 0
    assert len(back.received) == 3


def test_with_nothing_to_send_no_server_is_called(office: Any, shell: Any, server: Server) -> None:
    _wish(office, "w.een", WISHES["w.een"])
    office.world.publish_nothing_else()
    server.stop()
    result = shell("digest")
    assert (result.exit_code, result.output) == (0, "digest: nothing to send\n")


# --- Trying it out ------------------------------------------------------------------------------------------------


def test_a_dry_run_counts_and_sends_nothing(wishes: Any, shell: Any, server: Server) -> None:
    for _ in range(2):
        result = shell("digest", "--dry-run")
        assert (result.exit_code, result.output) == (0, "digest: 3 to send (12 bron-niet-actueel)\n")
    assert not server.received
    assert not wishes.world.records("digest.sent")
    shell("digest")
    assert len(server.received) == 3
    assert shell("digest", "--dry-run").output == "digest: nothing to send\n"


@pytest.mark.parametrize("missing", ["mail", "site"])
def test_without_its_settings_the_command_says_what_is_missing(
    shell: Any, server: Server, missing: str
) -> None:
    mail = MAIL.format(port=server.port, sender=SENDER, starttls="false")
    shell.configure({"mail": SITE, "site": mail}[missing])
    result = shell("digest")
    assert result.exit_code == 2
    assert "[mail] and [site]" in result.output


# --- TLS ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def tls(tmp_path: Path) -> tuple[ssl.SSLContext, Path]:
    """The server's side of TLS for this machine, and the certificate to trust."""
    key = generate_private_key(SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail server under test")])
    begin = datetime.now(UTC) - timedelta(hours=1)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    trusted, private = tmp_path / "mail.pem", tmp_path / "mail.key"
    trusted.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    private.write_bytes(key.private_bytes(pem, pkcs8, serialization.NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(trusted, private)
    return context, trusted


def test_an_e_mail_goes_over_tls_when_the_certificate_verifies(
    wishes: Any,
    shell: Any,
    serve: Callable[..., Server],
    tls: tuple[ssl.SSLContext, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    context, trusted = tls
    server = serve(tls_context=context, require_starttls=True)
    _configure(shell, server, starttls=True)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    result = shell("digest")
    assert result.exit_code == 0, result.output
    assert len(server.received) == 3


def test_a_certificate_nobody_vouches_for_gets_no_e_mail(
    wishes: Any, shell: Any, serve: Callable[..., Server], tls: tuple[ssl.SSLContext, Path]
) -> None:
    server = serve(tls_context=tls[0], require_starttls=True)
    _configure(shell, server, starttls=True)
    result = shell("digest")
    assert result.exit_code == 2
    assert "cannot hand over mail" in result.output
    assert not server.received


def test_a_server_without_tls_gets_no_e_mail_unless_the_settings_say_so(
    wishes: Any, shell: Any, server: Server
) -> None:
    _configure(shell, server, starttls=True)
    assert shell("digest").exit_code == 2
    assert not server.received


def test_mail_without_tls_is_for_trials_only(server: Server) -> None:
    settings = MailSettings(host="127.0.0.1", port=server.port, sender=SENDER, starttls=False)
    with pytest.raises(SetupFault, match="starttls"), mailbox(settings, environment="production"):
        pass
    with mailbox(settings, environment="dev") as box:
        box.make_ready()
