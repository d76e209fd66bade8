"""A world with an office in it: staff to add, somebody to act as, and refusals as the edge records them."""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from click.testing import CliRunner, Result

from policy.rulesets import bundled, load
from signal_index.cli import database, index, main, session, workplace
from signal_index.cli.administration import impediments
from signal_index.errors import SignalIndexError
from signal_index.model import Actor, AuditEntry, CareRelation, Register, StaffMember
from signal_index.model.workplace import Entrance
from signal_index.ports import Transaction
from signal_index.web.desk import Caller

CONFIG = """
environment = "dev"
database = "index.sqlite"
keys = "index.key"
manifest = "manifest.json"
[issuer]
name = "https://idp.test"
audience = "index"
keys = "issuer.public.json"
"""
RULES = load(bundled())
LOOKS = frozenset({"wijkteammedewerker"})


class Office:
    """What people do in one world."""

    RULES = RULES

    def __init__(self, world: Any) -> None:
        self.world = world

    def run(self, job: Callable[[Transaction], Any]) -> Any:
        """One transaction."""
        return self.world.database.run(job)

    def act(self, staff_id: str, job: Callable[[Transaction, Actor], Any], role: str | None = None) -> Any:
        """One transaction of a member of staff; in all her roles unless one is named."""
        return self.run(lambda tx: job(tx, self._actor(tx, staff_id, role)))

    @staticmethod
    def _actor(tx: Transaction, staff_id: str, role: str | None) -> Actor:
        staff = tx.staff.get(staff_id)
        if role is None:
            return Actor.in_all_roles(staff_id, staff, second_factor=True, token_id="test")
        return Actor.in_one_role(staff_id, staff, role, second_factor=True, token_id="test")

    def refused(
        self, staff_id: str, job: Callable[[Transaction, Actor], Any], role: str | None = None
    ) -> tuple[SignalIndexError, AuditEntry]:
        """An attempt as the edge runs it: the error she gets, and the record of it."""
        caller = Caller(staff_id, "test", "surface-under-test")
        before = len(self.world.records("action.refused"))
        with pytest.raises(SignalIndexError) as raised:
            asyncio.run(self.world.desk.run_for(caller, lambda tx: job(tx, self._actor(tx, staff_id, role))))
        records = self.world.records("action.refused")
        assert len(records) == before + 1
        assert (records[0].fields["actor"], records[0].fields["surface"]) == (staff_id, caller.surface)
        return raised.value, records[0]

    def hire(
        self, staff_id: str, roles: Collection[str] = LOOKS, organisation: str | None = None, **changed: Any
    ) -> None:
        """Put somebody in the staff table, with exactly these roles."""
        member = StaffMember(staff_id, organisation or self.world.GEMEENTE, "noord", active=True)

        def job(tx: Transaction) -> None:
            tx.staff.put(replace(member, **changed))
            known = tx.staff.get(staff_id)
            for role in known.roles if known is not None else ():
                tx.staff.revoke(staff_id, role)
            for role in roles:
                tx.staff.grant(staff_id, role, "f.beheer", self.world.clock)

        self.run(job)

    def open_doors(self, *entrances: Entrance) -> None:
        """Register these entrances and no others."""

        def job(tx: Transaction) -> None:
            known = Register(
                tuple(tx.register.publishers()), tuple(tx.register.publications()), tuple(entrances)
            )
            tx.register.replace(known)

        self.run(job)

    def relation(self, worker: str = "w.een", person: int = 0, **changed: Any) -> CareRelation:
        """A relation that is simply there, in a world whose feed has been heard."""
        row = self.world.relation(worker=worker, **changed)
        self.world.register_relations((self.world.PEOPLE[person], row))
        found = self.run(lambda tx: tx.relations.get(self.world.GEMEENTE, row.relation_id))
        assert isinstance(found, CareRelation)
        return found

    def on(self, day: date) -> None:
        """Go to nine o'clock in the morning of a day."""
        moment = self.world.clock
        self.world.clock = moment.replace(year=day.year, month=day.month, day=day.day)


@pytest.fixture
def office(world: Any) -> Office:
    """The office of a fresh world."""
    return Office(world)


@pytest.fixture
def new_office(new_world: Callable[..., Any]) -> Callable[[], Office]:
    """Makes offices in worlds of their own."""
    return lambda: Office(new_world())


class Shell:
    """Runs commands on the index of an office, at the office's own time."""

    def __init__(self, office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder = office.world.folder
        office.world.secrets.save(self._folder / "index.key")
        office.world.manifest.save(self._folder / "manifest.json")
        for module in (database, index, impediments, session, workplace):
            monkeypatch.setattr(module, "now", lambda: office.world.clock)
        self.configure("")

    def configure(self, sections: str) -> None:
        """Add these sections to the settings."""
        (self._folder / "index.toml").write_text(CONFIG + sections)

    def __call__(self, *words: str) -> Result:
        """One command."""
        return CliRunner().invoke(main, [*words, "--config", str(self._folder / "index.toml")])


@pytest.fixture
def shell(office: Office, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A shell on the index of the office."""
    return Shell(office, monkeypatch)
