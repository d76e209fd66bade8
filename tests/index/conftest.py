"""A whole index in one process: real keys, real chain arithmetic, a real SQLite file and the real application.

Only the network between the parties is left out; `tests/demo` runs that with real processes.
"""

import asyncio
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import event

from crypto.answers import Acknowledgement, Refusal, Reply, verify
from crypto.batch import Batch, BatchClass, Header, apply_hop, compose
from crypto.chain import Bsn
from crypto.chain.crew import Alone
from crypto.encoding import Month
from crypto.keyfiles import IndexSecrets, PseudonymiserSecrets, PublisherSecrets
from crypto.sheet import (
    AgeBand,
    BeperkingOperation,
    BeperkingRow,
    SignaalOperation,
    SignaalRow,
    ZorgrelatieOperation,
    ZorgrelatieRow,
)
from policy.rulesets import RuleSet, bundled, load
from policy.vocabulary import Role
from signal_index.insecure_issuer import InsecureIssuer, make_keys
from signal_index.model import Actor, AuditEntry, ContactRoute, Publication, Publisher, Register, StaffMember
from signal_index.model.administration import Change, Why
from signal_index.model.sourcing import SigningKey
from signal_index.ports import Transaction
from signal_index.settings import IssuerSettings
from signal_index.store import SqlDatabase, initialise, open_database, upgrade
from signal_index.usecases.administration import acting, appointing, proposals
from signal_index.usecases.administration import register as registering
from signal_index.usecases.administration import staff as staffing
from signal_index.web.api.rates import Limiter, Rate
from signal_index.web.app import Surface, create_app
from signal_index.web.desk import Desk
from signal_index.web.identity import Identity
from signal_index.wiring import token_rules
from tests.support.keys import agreed
from tests.support.rules import Fixed, agree

T = TypeVar("T")

SCOPE = "regio-test"
DAY = date(2026, 3, 3)
GEMEENTE = "00000099000000000001"
ZORG = "00000099000000000002"
REGIE = "00000099000000000003"
BRP = "00000099000000000004"
SYSTEM = "zaaksysteem"  # the client id of the system that workers' tokens were given to
N = 4  # items in a batch; each is proven three times
RULES = load(bundled())
BUSY = Limiter({Rate.LOOK: 100_000, Rate.WORK: 100_000})  # a test does in a second what people do in a day
ADMINISTRATORS = ("f.beheer", "f.tweede")
SETTING_UP = Actor.in_all_roles(acting.SET_UP, None, second_factor=True, token_id="test")


def test_bsns(count: int) -> list[Bsn]:
    """The first official test numbers that pass the eleven-test."""
    found: list[Bsn] = []
    number = 999900006
    while len(found) < count:
        digits = str(number)
        weights = (9, 8, 7, 6, 5, 4, 3, 2, -1)
        if sum(int(d) * w for d, w in zip(digits, weights, strict=True)) % 11 == 0:
            found.append(Bsn.parse(digits))
        number += 1
    return found


test_bsns.__test__ = False  # type: ignore[attr-defined]  # pytest would take it for a test


@cache
def _empty_database() -> bytes:
    """A database with the present tables and nothing in them; migrating took half the time of making a world."""
    with TemporaryDirectory() as folder:
        made = Path(folder) / "empty.sqlite"
        upgrade(made)
        return made.read_bytes()


@dataclass
class Sender:
    """A publisher's own side: its key and where it is in its sequence."""

    secrets: PublisherSecrets
    sequence: int = 1
    generations: dict[tuple[str, str], int] = field(default_factory=dict)


class World:
    """One index with its chain, senders and staff."""

    GEMEENTE, ZORG, REGIE, BRP = GEMEENTE, ZORG, REGIE, BRP
    DAY = DAY
    PEOPLE = test_bsns(12)

    _app: FastAPI | None
    _served: Desk

    def __init__(self, folder: Path, *, with_brp: bool = False, n: int = N) -> None:
        self.folder = folder
        self.N = n
        self.clock = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
        self.secrets = IndexSecrets.generate(SCOPE, 1, created=DAY)
        self.b = PseudonymiserSecrets.generate("B", self.secrets.public(), created=DAY)
        self.a = PseudonymiserSecrets.generate("A", self.b.public(), created=DAY)
        self.manifest = agreed(self.secrets, self.b, self.a)
        self.path = folder / "index.sqlite"
        self.path.touch(mode=0o600)
        self.path.write_bytes(_empty_database())
        initialise(self.path, self.secrets, self.clock)
        self.database = open_database(self.path, self.secrets, writer_kind="serve")
        self.senders = {
            oin: Sender(PublisherSecrets.generate(oin, created=DAY)) for oin in (GEMEENTE, ZORG, REGIE, BRP)
        }
        private, public = make_keys(folder)
        self.issuer = InsecureIssuer("dev", private)
        rules = token_rules(
            IssuerSettings(name="https://idp.test", audience="index", keys=public), environment="dev"
        )
        identity = Identity(rules, lambda: self.clock)
        self.desk = Desk(
            self.database,
            Fixed(RULES),
            self.secrets,
            self.manifest,
            identity,
            lambda: self.clock,
            Alone(),
            BUSY,
            decision_clients=frozenset({SYSTEM}),
        )
        self.adopt(self.database)
        self.database.run(agree)
        self._register(with_brp=with_brp)
        self._staff()

    def adopt(self, database: SqlDatabase) -> None:
        """Serve this database from now on."""
        self.database = database
        self.desk = replace(self.desk, database=database)
        self._served, self._app = self.desk, None

    def succeed_rules(self, files: Mapping[str, str]) -> RuleSet:
        """Have two people agree to another set of rules just now, and serve by it."""
        self.database.run(
            lambda tx: agree(tx, files, at=self.clock + timedelta(milliseconds=len(tx.rulebook.all())))
        )
        rules = load(files)
        self.desk = replace(self.desk, rulebook=Fixed(rules))
        self.adopt(self.database)
        return rules

    @property
    def app(self) -> FastAPI:
        """The index as a web application; making one takes longer than many a test that asks it nothing."""
        if self._app is None:
            self._app = create_app(self._served, Surface.ALL)
        return self._app

    @app.setter
    def app(self, app: FastAPI) -> None:
        self._app = app

    def _register(self, *, with_brp: bool) -> None:
        def publisher(oin: str, *classes: BatchClass, organisations: Sequence[str] = ()) -> Publisher:
            key = self.senders[oin].secrets.public().verify_key.public_bytes_raw()
            return Publisher(
                oin,
                f"Organisatie {oin[-1]}",
                (SigningKey(key),),
                self.N,
                frozenset(classes),
                frozenset(organisations),
            )

        def publication(source: str, kind: str, oin: str) -> Publication:
            return Publication(source, f"Bron {source[-4:]}", kind, oin, ContactRoute("Balie", "085-0000000"))

        publishers = [
            publisher(GEMEENTE, BatchClass.SIGNAAL),
            publisher(ZORG, BatchClass.SIGNAAL),
            publisher(REGIE, BatchClass.ZORGRELATIE, organisations=[GEMEENTE]),
        ]
        if with_brp:
            publishers.append(publisher(BRP, BatchClass.BEPERKING))
        publications = (
            publication("agb:00000001", "wmo-voorziening", GEMEENTE),
            publication("agb:00000002", "wmo-voorziening", GEMEENTE),
            publication("agb:00000003", "jeugdhulp", GEMEENTE),
            publication("kvk:00000004", "schuldhulptraject", ZORG),
        )
        register = Register(tuple(publishers), publications)
        types = [kind.code for kind in RULES.in_force(DAY).catalogue.types]
        self.database.run(lambda tx: registering.import_register(tx, SETTING_UP, register, types, self.clock))

    def _staff(self) -> None:
        roles = {
            "w.een": Role.TEAM_MEMBER, "w.twee": Role.TEAM_MEMBER, "t.lead": Role.TEAM_LEAD,
            "p.officer": Role.PRIVACY_OFFICER,
        }  # fmt: skip
        members = [StaffMember(name, GEMEENTE, "noord", active=True) for name in (*roles, *ADMINISTRATORS)]
        self.database.run(lambda tx: staffing.import_staff(tx, SETTING_UP, members, self.clock))
        self.database.run(lambda tx: appointing.appoint_first(tx, SETTING_UP, ADMINISTRATORS, self.clock))
        for name, role in roles.items():
            self.change(Change.grant(name, role.value))

    def act_as(self, staff_id: str, act: Callable[[Transaction, Actor], T]) -> T:
        """One act of a member of staff, in all roles she has."""

        def job(tx: Transaction) -> T:
            member = tx.staff.get(staff_id)
            return act(tx, Actor.in_all_roles(staff_id, member, second_factor=True, token_id="test"))

        return self.database.run(job)

    def change(self, change: Change, why: Why = Why.NEW_TASK) -> None:
        """Change something about a member of staff, with both who administer when that takes two."""
        one, other = ADMINISTRATORS
        waiting = self.act_as(
            one, lambda tx, actor: proposals.request_change(tx, actor, change, self.clock, why=why)
        )
        if waiting is not None:
            self.act_as(
                other,
                lambda tx, actor: proposals.decide(tx, actor, waiting.proposal_id, self.clock, approve=True),
            )

    # --- Sending, over the whole chain ----------------------------------------------------------------------------

    def batch(
        self, oin: str, batch_class: BatchClass, items: Sequence[tuple[Bsn | None, Any]], **changed: Any
    ) -> Batch:
        """Compose a batch of the publisher's next sequence, fill it up, and take it over both hops."""
        sender = self.senders[oin]
        header = Header(
            audience=f"index:{SCOPE}",
            scope=SCOPE,
            key_epoch=1,
            publisher=oin,
            batch_class=batch_class,
            incarnation=self.database.incarnation,
            sequence=sender.sequence,
            n=self.N,
            composed_at=int(self.clock.timestamp()),
        )
        header = replace(header, **changed)
        fillers = {
            BatchClass.SIGNAAL: SignaalRow(SignaalOperation.FILLER),
            BatchClass.ZORGRELATIE: ZorgrelatieRow(ZorgrelatieOperation.FILLER),
            BatchClass.BEPERKING: BeperkingRow(BeperkingOperation.FILLER),
        }
        filled = [*items, *[(None, fillers.get(batch_class))] * (header.n - len(items))]
        encoded = [(person, row.encode()) for person, row in filled]
        batch = compose(header, encoded, self.manifest, sender.secrets.signing)
        return self.hopped(batch)

    def hopped(self, batch: Batch) -> Batch:
        """Take a batch over both hops."""
        return apply_hop(apply_hop(batch, self.a, self.manifest), self.b, self.manifest)

    def post(self, batch: Batch | bytes) -> httpx.Response:
        """Post a batch to the sources surface."""
        body = batch.encode() if isinstance(batch, Batch) else batch
        return self.request(
            "POST", "/v1/leveringen", content=body, headers={"content-type": "application/octet-stream"}
        )

    def send(
        self, oin: str, batch_class: BatchClass, items: Sequence[tuple[Bsn | None, Any]]
    ) -> Acknowledgement | Refusal:
        """Send the publisher's next sequence and read the signed answer; an acknowledgement moves it on."""
        response = self.post(self.batch(oin, batch_class, items))
        answer = verify(response.content, self.secrets.public().verify_key)
        assert not isinstance(answer, Reply)
        assert response.status_code == (200 if isinstance(answer, Acknowledgement) else 409)
        if isinstance(answer, Acknowledgement):
            self.senders[oin].sequence += 1
        return answer

    def accept(self, oin: str, batch_class: BatchClass, items: Sequence[tuple[Bsn | None, Any]]) -> None:
        """Send, and insist on an acknowledgement."""
        answer = self.send(oin, batch_class, items)
        assert isinstance(answer, Acknowledgement), answer

    def publish(self, oin: str, source: str, kind: str, wishes: dict[Bsn, str], generation: int = 1) -> None:
        """A complete set: opened, filled and sealed, in as few batches as that takes."""

        def row(operation: SignaalOperation, **rest: Any) -> SignaalRow:
            return SignaalRow(operation, source=source, type=kind, generation=generation, **rest)

        asserts = [
            (bsn, row(SignaalOperation.ASSERT, since=Month.parse(since))) for bsn, since in wishes.items()
        ]
        seal = row(SignaalOperation.SEAL_SET, count=len(wishes), as_of=self.clock.date())
        self._complete_set(oin, BatchClass.SIGNAAL, row(SignaalOperation.OPEN_SET), asserts, seal)

    def _complete_set(
        self, oin: str, batch_class: BatchClass, opening: Any, items: Sequence[tuple[Bsn, Any]], seal: Any
    ) -> None:
        # In one batch rows on persons come before control rows, so these need a set that was opened before.
        if not items:
            self.accept(oin, batch_class, [(None, opening), (None, seal)])
            return
        self.accept(oin, batch_class, [(None, opening)])
        rest = [*items, (None, seal)]
        for start in range(0, len(rest), self.N):
            self.accept(oin, batch_class, rest[start : start + self.N])

    def publish_nothing_else(self) -> None:
        """Seal an empty set for every source, so that none of them is out of date."""
        for publication in self.database.run(lambda tx: tx.register.publications()):
            if self.database.run(lambda tx: tx.series.current(publication.source, publication.type)) is None:  # noqa: B023
                self.publish(publication.publisher, publication.source, publication.type, {})

    def relation(self, worker: str = "w.een", **changed: Any) -> ZorgrelatieRow:
        """A relation row of the municipality, live today unless changed."""
        row = ZorgrelatieRow(
            ZorgrelatieOperation.REGISTER,
            relation_id=uuid.uuid4().bytes,
            generation=1,
            organisation=GEMEENTE,
            team="noord",
            worker=worker,
            case_reference="WT-2026-0001",
            valid_from=date(2026, 1, 1),
            valid_until=date(2026, 12, 31),
            registered_by="i.intake",
            age_band=AgeBand.ADULT,
        )
        return replace(row, **changed)

    def register_relations(self, *items: tuple[Bsn, ZorgrelatieRow]) -> None:
        """A complete set of care relations."""
        opening = ZorgrelatieRow(ZorgrelatieOperation.OPEN_SET, generation=1)
        seal = replace(opening, operation=ZorgrelatieOperation.SEAL_SET, count=len(items))
        self._complete_set(REGIE, BatchClass.ZORGRELATIE, opening, items, seal)

    # --- Asking ---------------------------------------------------------------------------------------------------

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """One HTTP request to the application."""

        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="https://index.test") as client:
                return await client.request(method, path, **options)

        return asyncio.run(ask())

    def token(
        self, staff_id: str = "w.een", *, second_factor: bool = True, client: str | None = SYSTEM
    ) -> dict[str, str]:
        """The Authorization header of a member of staff, in the system that she works with."""
        token = self.issuer.token(
            staff_id, "https://idp.test", "index", self.clock, second_factor=second_factor, client=client
        )
        return {"Authorization": f"Bearer {token}"}

    def look(
        self,
        relation_id: bytes,
        staff_id: str = "w.een",
        purpose: str = "voorbereiding-huisbezoek",
        **token: Any,
    ) -> httpx.Response:
        """Look up one relation."""
        question = {"zorgrelatie": str(uuid.UUID(bytes=relation_id)), "doel": purpose}
        return self.request("POST", "/v1/raadplegingen", json=question, headers=self.token(staff_id, **token))

    @staticmethod
    def masked(response: httpx.Response) -> bytes:
        """The body with its receipt masked; everything else must be equal byte for byte."""
        assert response.status_code == 200, response.text
        content, marker = response.content, b'"ontvangstbewijs":'
        start = content.index(marker)
        return content[:start] + content[content.index(b"}", start) :]

    def watch(self, statements: list[str]) -> None:
        """Collect every SQL statement from now on."""
        event.listen(
            self.database._engine, "before_cursor_execute", lambda *args: statements.append(str(args[2]))
        )

    def trace(self, statements: list[str]) -> None:
        """Collect what SQLite executes from now on, values and all, whichever way it was asked."""

        def listen(tx: Any) -> None:
            tx.audit._connection.connection.driver_connection.set_trace_callback(statements.append)

        self.database.run(listen)

    def records(self, *events: str) -> list[AuditEntry]:
        """Records of these events, newest first."""
        found: list[AuditEntry] = self.database.run(lambda tx: list(tx.audit.entries(events=events or None)))
        return found


@pytest.fixture
def new_world(tmp_path: Path) -> Iterator[Callable[..., World]]:
    """Makes fresh worlds, each in a folder of its own, and closes them."""
    made: list[World] = []

    def make(**options: Any) -> World:
        folder = tmp_path / f"world-{len(made)}"
        folder.mkdir()
        made.append(World(folder, **options))
        return made[-1]

    yield make
    for world in made:
        world.database.close()


@pytest.fixture
def world(new_world: Callable[..., World]) -> World:
    """One fresh world."""
    return new_world()
