"""The commands of review, against a real index and a real mail server."""

import socket
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from click.testing import CliRunner, Result

from signal_index import audit
from signal_index.cli import main
from signal_index.store import open_database

CONFIG = """
environment = "dev"
database = "index.sqlite"
keys = "index.key"
manifest = "manifest.json"
[issuer]
name = "https://idp.test"
audience = "index"
keys = "issuer.public.json"
[site]
url = "https://signaal.example"
organisation = "Gemeente"
accessibility_contact = "a@gemeente.example"
privacy_contact = "p@gemeente.example"
[sign_in]
issuer = "https://login.example"
client_id = "signaal"
[mail]
host = "localhost"
port = {port}
sender = "index@gemeente.example"
starttls = false
review_to = "toezicht@gemeente.example"
"""


class Mailroom:
    """A mail server that keeps what it gets."""

    def __init__(self) -> None:
        self.received: list[EmailMessage] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802, ARG002 - aiosmtpd's
        assert isinstance(envelope.content, bytes)
        parsed = message_from_bytes(envelope.content, policy=default)
        assert isinstance(parsed, EmailMessage)
        self.received.append(parsed)
        return "250 OK"


@pytest.fixture
def mailroom() -> Iterator[tuple[Mailroom, int]]:
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        port = probe.getsockname()[1]
    room = Mailroom()
    controller = Controller(room, hostname="localhost", port=port)
    controller.start()
    yield room, port
    controller.stop()


class Shell:
    """Runs commands on the index of a world in which looks were made last week."""

    def __init__(self, world: Any, port: int) -> None:
        self.folder: Path = world.folder
        world.secrets.save(self.folder / "index.key")
        world.manifest.save(self.folder / "manifest.json")
        self.config = self.folder / "index.toml"
        self.config.write_text(CONFIG.format(port=port))
        self.world = world

    def __call__(self, *words: str) -> Result:
        return CliRunner().invoke(main, [*words, "--config", str(self.config)])


@pytest.fixture
def shell(world: Any, mailroom: tuple[Mailroom, int]) -> Shell:
    """Two looks last week, one at a case that the worker made herself."""
    made = Shell(world, mailroom[1])
    monday = datetime.now(UTC).replace(hour=10, minute=0)
    monday -= timedelta(days=monday.weekday() + 7)
    own, other = (str(uuid.uuid4()) for _ in range(2))
    who: dict[str, Any] = {"actor": "w.een", "organisation": world.GEMEENTE, "token": "t"}
    events = [
        audit.event("relation.registered", monday, relation=own, self_registered=True, **who),
        audit.event("lookup.answered", monday + timedelta(hours=1), relation=own, **who),
        audit.event("lookup.answered", monday + timedelta(hours=2), relation=other, **who),
    ]
    with open_database(world.path, world.secrets, writer_kind="serve") as database:
        database.run(lambda tx: [tx.audit.append(event) for event in events])
        database.run(lambda tx: tx.log.integrate(datetime.now(UTC), 10_000))
    return made


def test_a_timer_may_run_the_review_as_often_as_it_likes(shell: Shell) -> None:
    first, second = shell("review", "run"), shell("review", "run")
    assert first.exit_code == second.exit_code == 0, first.output
    assert "2 looks scored" in first.output
    assert "1 stand out and 1 drawn by lot, of 2 looks" in first.output
    assert second.output == "review: 0 looks scored\n"


def test_a_look_is_listed_judged_and_reported(shell: Shell) -> None:
    shell("review", "run")
    lines = shell("review", "list", "--as", "p.officer").output.splitlines()
    assert len(lines) == 2
    striking = next(line for line in lines if "opvallend" in line)
    assert "De medewerker maakte deze zaak kort ervoor zelf aan." in striking
    assert "w.een" not in "".join(lines)
    look = striking.split()[0]
    words = ("review", "judge", look, "--as", "p.officer", "--judgement")
    assert shell(*words, "vraag", "--ground", "medewerker-gevraagd").output.startswith("review: vraag, final")
    assert shell(*words, "terecht", "--ground", "huisbezoek").output == "review: terecht\n"
    again = shell(*words, "terecht", "--ground", "huisbezoek")
    assert again.exit_code != 0
    assert "al beoordeeld" in again.output
    assert len(shell("review", "list", "--as", "p.officer").output.splitlines()) == 1
    too_soon = shell("review", "report", "--as", "p.officer", "--from", "2020-01-01", "--until", "2999-01-01")
    assert too_soon.exit_code != 0
    found = shell("review", "report", "--as", "p.officer", "--from", "2020-01-01", "--until", "2020-12-31")
    assert "0 lists, of 0 looks" in found.output


def test_a_worker_is_watched_until_somebody_lifts_it(shell: Shell) -> None:
    until = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
    put = shell("review", "watch", "put", "medewerker", "w.een", "--until", until, "--as", "p.officer")
    assert put.exit_code == 0, put.output
    [line] = shell("review", "watch", "list", "--as", "p.officer").output.splitlines()
    assert line.endswith(f"medewerker  w.een  until {until}")
    shell("review", "run")
    listed = shell("review", "list", "--as", "p.officer").output
    assert listed.count("Onder toezicht: medewerker") == 2
    lifted = shell("review", "watch", "lift", line.split()[0], "--as", "p.officer")
    assert lifted.output == "watch: lifted\n"
    assert shell("review", "watch", "list", "--as", "p.officer").output == "nothing is under watch\n"


def test_what_cannot_be_watched_is_said_in_words(shell: Shell) -> None:
    until = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
    refused = shell("review", "watch", "put", "zaak", "w.een", "--until", until, "--as", "p.officer")
    assert refused.exit_code == 1
    assert "Deze zaak is niet gevonden" in refused.output


def test_whoever_is_no_privacy_officer_is_refused_on_record(shell: Shell) -> None:
    shell("review", "run")
    refused = shell("review", "list", "--as", "w.een")
    assert refused.exit_code != 0
    assert [record.fields["reason"] for record in shell.world.records("action.refused")] == ["role"]


@pytest.mark.parametrize("look", ["", "zz/1", "0011223344556677", "00/1", "0011223344556677/x"])
def test_a_look_that_is_no_look_is_a_usage_error(shell: Shell, look: str) -> None:
    result = shell(
        "review", "judge", look, "--as", "p.officer", "--judgement", "terecht", "--ground", "huisbezoek"
    )
    assert result.exit_code == 2
    assert "as review list prints it" in result.output


def test_the_mail_holds_a_number_and_where_to_go(shell: Shell, mailroom: tuple[Mailroom, int]) -> None:
    assert shell("review", "mail").output == "review: nothing to mail\n"
    shell("review", "run")
    assert shell("review", "mail").output == "review: mailed that 2 wait\n"
    assert shell("review", "mail").output == "review: nothing to mail\n"
    [letter] = mailroom[0].received
    assert letter["To"] == "toezicht@gemeente.example"
    text = letter.get_content()
    assert "Er zijn 2 raadplegingen te beoordelen" in text
    assert "https://signaal.example/toezicht/werklijst" in text
    assert "w.een" not in letter.as_string()
    assert [record.fields["messages"] for record in shell.world.records("review.mailed")] == [1]


def test_without_an_address_the_mail_says_what_is_missing(shell: Shell) -> None:
    shell.config.write_text(shell.config.read_text().replace('review_to = "toezicht@gemeente.example"', ""))
    result = shell("review", "mail")
    assert result.exit_code == 2
    assert "mail.review_to" in result.output
