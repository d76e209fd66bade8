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
from signal_index.model import StaffMember
from signal_index.model.review import Indicator, LookRef
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


# --- Watching ---------------------------------------------------------------------------------------------------------

NEXT_WEEK = (datetime.now(UTC) + timedelta(days=7)).date().isoformat()
AS = ("--as", "p.officer")


def test_a_worker_is_watched_listed_for_it_and_let_go(shell: Shell) -> None:
    made = shell("review", "watch", "put", "--worker", "w.een", "--until", NEXT_WEEK, *AS)
    assert made.exit_code == 0, made.output
    shell("review", "run")
    lines = shell("review", "list", *AS).output.splitlines()
    assert all("medewerker" in line for line in lines if "opvallend" in line)
    assert sum("opvallend" in line for line in lines) == 2
    (line,) = shell("review", "watch", "list", *AS).output.splitlines()
    assert f"worker w.een  until {NEXT_WEEK}  put by p.officer" in line
    assert shell("review", "watch", "lift", line.split()[0], *AS).output == "watch: lifted\n"
    assert shell("review", "watch", "list", *AS).output == "nothing is under watch\n"
    assert shell("review", "watch", "lift", line.split()[0], *AS).exit_code == 1
    put, lifted = (shell.world.records(event)[0] for event in ("watch.put", "watch.lifted"))
    assert put.fields["worker"] == lifted.fields["worker"] == "w.een"


def test_a_case_is_watched_with_every_worker_of_its_resident_and_the_list_names_no_case(shell: Shell) -> None:
    world, number = shell.world, "WT-2026-0301"
    rows = [world.relation(worker, case_reference=number) for worker in ("w.een", "w.twee")]
    elsewhere = world.relation("w.twee", case_reference="WT-2026-0999")
    world.register_relations(*((world.PEOPLE[0], row) for row in (*rows, elsewhere)))
    made = shell("review", "watch", "put", "--case", number, "--until", NEXT_WEEK, *AS)
    assert made.exit_code == 0, made.output
    listed = shell("review", "watch", "list", *AS).output
    assert "  resident " in listed
    assert number not in listed
    assert not any(str(uuid.UUID(bytes=row.relation_id)) in listed for row in rows)
    found = world.database.run(lambda tx: tx.relations.get(world.GEMEENTE, elsewhere.relation_id))
    look = audit.event(
        "lookup.answered",
        datetime.now(UTC),
        actor="w.twee",
        organisation=world.GEMEENTE,
        token="t",
        relation=str(uuid.UUID(bytes=elsewhere.relation_id)),
        subject=found.person,
    )
    receipt = world.database.run(lambda tx: tx.audit.append(look))
    lease_is_over = datetime.now(UTC) + timedelta(minutes=5)
    world.database.run(lambda tx: tx.log.integrate(lease_is_over, 10_000))
    shell("review", "run")
    review = world.database.run(lambda tx: tx.reviews.get(LookRef(receipt.writer, receipt.number)))
    assert Indicator.WATCHED in {reason.indicator for reason in review.reasons}


def test_a_case_number_that_means_two_residents_is_not_guessed_at(shell: Shell) -> None:
    world = shell.world
    rows = [world.relation(case_reference="WT-2026-0301") for _ in range(2)]
    world.register_relations(*zip(world.PEOPLE[:2], rows, strict=True))
    refused = shell("review", "watch", "put", "--case", "WT-2026-0301", "--until", NEXT_WEEK, *AS)
    assert refused.exit_code == 1
    assert "meer inwoners" in refused.output


def test_whoever_works_elsewhere_cannot_be_told_from_nobody(shell: Shell) -> None:
    shell.world.database.run(
        lambda tx: tx.staff.put(StaffMember("w.elders", "00000099000000000099", "zuid", active=True))
    )
    answers = {
        shell("review", "watch", "put", "--worker", who, "--until", NEXT_WEEK, *AS).output
        for who in ("w.elders", "w.niemand")
    }
    assert len(answers) == 1
    assert "niet gevonden" in answers.pop()


@pytest.mark.parametrize(
    "words",
    [
        ("put", "--until", NEXT_WEEK),
        ("put", "--until", NEXT_WEEK, "--worker", "w.een", "--case", "WT-2026-0301"),
        ("put", "--until", "morgen", "--worker", "w.een"),
        ("lift", "zz"),
    ],
)
def test_a_watch_that_is_said_wrongly_is_a_usage_error(shell: Shell, words: tuple[str, ...]) -> None:
    assert shell("review", "watch", *words, *AS).exit_code == 2
    assert shell.world.records("watch.put") == []


def test_only_a_privacy_officer_watches_by_command(shell: Shell) -> None:
    for words in (("list",), ("put", "--worker", "w.een", "--until", NEXT_WEEK), ("lift", "00" * 16)):
        assert shell("review", "watch", *words, "--as", "w.een").exit_code == 1
    assert len(shell.world.records("action.refused")) == 3
